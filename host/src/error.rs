//! What can go wrong.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use wsp::code;
use wsp::rt::{CallError, Code, ErrorList};

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// With a code that the function documents.
    #[error("{function} failed with {}", Code(*code))]
    Documented {
        /// The function, by its C name.
        function: &'static str,
        /// The code.
        code: i32,
    },
    /// With a code that the function does not document: the provider is wrong. 0: it stored none.
    #[error("{function} failed with {}, which it does not document", Code(*code))]
    Undocumented {
        /// The function, by its C name.
        function: &'static str,
        /// The code.
        code: i32,
    },
    /// The provider's table has no such function: the provider is wrong.
    #[error("the provider's table has no {function}")]
    Absent {
        /// The function, by its C name.
        function: &'static str,
    },
    /// The answer makes no sense: the provider is wrong.
    #[error("{function} answered with {answer}")]
    Nonsense {
        /// The function, by its C name.
        function: &'static str,
        /// What it answered with.
        answer: &'static str,
    },
}

impl Error {
    /// The code, if there was one.
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Documented { code, .. } | Self::Undocumented { code, .. } => Some(code),
            Self::Absent { .. } | Self::Nonsense { .. } => None,
        }
    }
}

impl<E: ErrorList> From<CallError<E>> for Error {
    fn from(error: CallError<E>) -> Self {
        let function = E::FUNCTION;
        match error {
            CallError::Documented(error) => Self::Documented { function, code: error.code() },
            CallError::Undocumented(Code(code)) => Self::Undocumented { function, code },
            CallError::Absent(function) => Self::Absent { function },
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(kind(error.code()), error)
    }
}

/// The standard library's word for a code.
pub(crate) fn kind(code: Option<i32>) -> io::ErrorKind {
    match code {
        Some(code::WSAEWOULDBLOCK) => io::ErrorKind::WouldBlock,
        Some(code::WSAEINTR) => io::ErrorKind::Interrupted,
        Some(code::WSAETIMEDOUT) => io::ErrorKind::TimedOut,
        Some(code::WSAECONNRESET) => io::ErrorKind::ConnectionReset,
        Some(code::WSAECONNABORTED) => io::ErrorKind::ConnectionAborted,
        Some(code::WSAECONNREFUSED) => io::ErrorKind::ConnectionRefused,
        Some(code::WSAENOTCONN) => io::ErrorKind::NotConnected,
        Some(code::WSAEADDRINUSE) => io::ErrorKind::AddrInUse,
        Some(code::WSAEADDRNOTAVAIL) => io::ErrorKind::AddrNotAvailable,
        Some(code::WSAESHUTDOWN) => io::ErrorKind::BrokenPipe,
        Some(code::WSAEINVAL | code::WSAEFAULT) => io::ErrorKind::InvalidInput,
        Some(code::WSAEOPNOTSUPP) => io::ErrorKind::Unsupported,
        _ => io::ErrorKind::Other,
    }
}

/// There is no library of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// The file that the caller named is none.
    #[error("{}: no such file", file.display())]
    Named {
        /// The file.
        file: PathBuf,
    },
    /// The file that [`crate::library::VARIABLE`] names is none.
    #[error("{}: no such file; the variable {} names it", file.display(), crate::library::VARIABLE)]
    Variable {
        /// The file.
        file: PathBuf,
    },
    /// No file of the library's name is where it could be.
    #[error(
        "no provider library `{name}`; looked for:{}\nbuild the provider, or name its file in the variable {}",
        list(looked_for),
        crate::library::VARIABLE
    )]
    Nowhere {
        /// The library's name, as in `[lib] name`.
        name: String,
        /// The files looked for, in order.
        looked_for: Vec<PathBuf>,
    },
}

fn list(files: &[PathBuf]) -> String {
    let mut text = String::new();
    for file in files {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  {}", file.display());
    }
    text
}

/// Why a library could not be used as a provider. It is not loaded any more (but see [`StartError`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("{}: no such file", file.display())]
    NoFile {
        /// The file.
        file: PathBuf,
    },
    /// The loader refuses the file.
    #[error("{}: not a library that can be loaded: {reason}", file.display())]
    NotALibrary {
        /// The file.
        file: PathBuf,
        /// What the loader says.
        reason: String,
    },
    /// The library is no provider.
    #[error("{}: not a service provider: it does not export `{symbol}`", file.display())]
    NoEntryPoint {
        /// The file.
        file: PathBuf,
        /// The missing export.
        symbol: &'static str,
    },
    /// The provider does not start.
    #[error("{}: {reason}", file.display())]
    Start {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: StartError,
    },
}

/// Why a provider could not be started. Nothing of the start-up is left; a Rust provider's library stays mapped once its
/// start-up has got as far as the provider's own code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// Start-up failed.
    #[error("the provider does not start: {0}")]
    Failed(Error),
    /// The provider does not speak the version asked for.
    #[error("the provider refuses version {}.{} of the interface", requested & 0xFF, requested >> 8)]
    VersionRefused {
        /// The version asked for; the low byte is the major number.
        requested: u16,
    },
    /// The provider answered with a version that is not between 2.0 and the one asked for.
    #[error(
        "asked for version {}.{} of the interface, the provider offers {}.{}",
        requested & 0xFF, requested >> 8, offered & 0xFF, offered >> 8
    )]
    VersionUnusable {
        /// The version asked for.
        requested: u16,
        /// What the provider answered.
        offered: u16,
    },
    /// A provider for a system area network has no socket, or no list of its addresses, for the switch.
    #[error("the provider starts and is of no use to the switch: {0}")]
    Unusable(Error),
    /// A provider for a system area network lacks extension functions that the switch cannot do without.
    #[error("the provider lacks the mandatory extension functions {}", missing.join(", "))]
    NoExtension {
        /// The functions that are missing.
        missing: Vec<&'static str>,
    },
    /// Start-up reported success and left entries of the table NULL.
    #[error("start-up succeeded and left the table without {}", missing.join(", "))]
    IncompleteTable {
        /// The functions that are missing.
        missing: Vec<&'static str>,
    },
}
