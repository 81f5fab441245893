//! Why a socket call failed.

use std::io;

use wsp::rt::{CallError, Code, ErrorList};

use crate::error::{Error, LoadError, StartError, kind};

/// The provider's table lacks entries.
pub const WSAEINVALIDPROCTABLE: i32 = 10104;
/// The provider speaks another version of the interface.
pub const WSAEINVALIDPROVIDER: i32 = 10105;
/// The provider cannot be loaded, or does not start.
pub const WSAEPROVIDERFAILEDINIT: i32 = 10106;
/// A call failed for no reason that could be told.
pub const WSASYSCALLFAILURE: i32 = 10107;

/// Why a socket call failed: a program sees its [`code`](Self::code) only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The host refuses the call; the provider was not asked.
    #[error("{call} is refused: {}", Code(*code))]
    Refused {
        /// The socket call.
        call: &'static str,
        /// The code.
        code: i32,
    },
    /// The provider refuses, or is wrong.
    #[error(transparent)]
    Provider(#[from] Error),
    /// The provider's library cannot be loaded, or the provider does not start.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A provider that is linked into this program does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A provider that asks for its own sockets in each of its start-ups: ws2_32 would start it until the stack is used up.
    #[error("the provider asks for a socket of its own in every start-up, without end")]
    Endless,
}

impl Failure {
    /// What the program sees as the last error.
    pub fn code(&self) -> i32 {
        match self {
            Self::Refused { code, .. } => *code,
            // A failure without a code, and what a host that checks nothing would crash on.
            Self::Provider(error) => error.code().filter(|code| *code != 0).unwrap_or(WSASYSCALLFAILURE),
            Self::Load(LoadError::Start { reason, .. }) | Self::Start(reason) => code_of_start(reason),
            Self::Load(_) | Self::Endless => WSAEPROVIDERFAILEDINIT,
        }
    }

    /// What the provider stored, sorted.
    pub(super) fn reported<E: ErrorList>(code: i32) -> Self {
        Self::Provider(CallError::<E>::reported(code).into())
    }
}

fn code_of_start(reason: &StartError) -> i32 {
    match reason {
        StartError::IncompleteTable { .. } => WSAEINVALIDPROCTABLE,
        StartError::VersionUnusable { .. } => WSAEINVALIDPROVIDER,
        _ => WSAEPROVIDERFAILEDINIT,
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        Self::new(kind(Some(failure.code())), failure)
    }
}
