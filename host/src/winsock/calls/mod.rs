//! The socket calls as programs in C make them, each handed on to the provider's function.

mod control;
mod data;
mod life;
mod names;
mod ready;

use std::sync::Arc;

use wsp::rt::addr::{fits, span};
use wsp::rt::{ErrorList, Outcome};
use wsp::{code, ffi};

use super::Ws2;
use super::failure::Failure;
use super::providers::Started;
use super::thread::{self, InCall};
use crate::error::Error;
use crate::socket::nonsense;

/// The socket calls as programs in C make them: pointers are handed on to the provider as they are. A call that fails sets the
/// [last error](super::last_error) of its thread.
///
/// # Safety
/// For all of them: pointers must be what the socket call of that name wants. What a provider promises to refuse may be
/// passed too, if it is one that keeps its promise.
#[derive(Clone, Copy)]
pub struct Calls<'a>(&'a Ws2);

/// Calls the provider's function in this entry of its table, and sorts what it returned. For use in an `unsafe` function whose
/// caller vouches for the pointers.
macro_rules! downcall {
    ($provider:ident.$entry:ident, $error:ident, $good:expr; $($argument:expr),* $(,)?) => {{
        let good: fn(_) -> bool = $good;
        match $provider.table.raw().$entry {
            None => Err($crate::winsock::calls::absent::<wsp::winsock::error::$error>()),
            Some(function) => {
                // Stays 0 unless the provider stores something.
                let mut errno = 0;
                // SAFETY: start-up succeeded, so this is a function of the declared type; the caller vouches for the pointers.
                let returned = unsafe { function($($argument,)* &raw mut errno) };
                if good(returned) {
                    Ok(returned)
                } else {
                    Err($crate::winsock::failure::Failure::reported::<wsp::winsock::error::$error>(errno))
                }
            }
        }
    }};
}
use downcall;

/// 0: it worked.
fn zero(returned: i32) -> bool {
    returned == 0
}

fn nonzero(returned: i32) -> bool {
    returned != 0
}

fn valid(returned: ffi::SOCKET) -> bool {
    returned != ffi::INVALID_SOCKET
}

fn absent<E: ErrorList>() -> Failure {
    Failure::Provider(Error::Absent { function: E::FUNCTION })
}

/// Can the pointer be a program's? NULL cannot.
fn good<T>(pointer: *const T) -> bool {
    fits(span(pointer as usize))
}

fn refuse<T>(call: &'static str, code: i32) -> Result<T, Failure> {
    Err(Failure::Refused { call, code })
}

/// Sorts out the failure that is none.
fn started(returned: Result<i32, Failure>) -> Result<Outcome<()>, Failure> {
    match returned {
        Ok(_) => Ok(Outcome::Done(())),
        Err(failure) if failure.code() == code::WSA_IO_PENDING => {
            thread::set_last_error(code::WSA_IO_PENDING);
            Ok(Outcome::Pending)
        }
        Err(failure) => Err(failure),
    }
}

/// The outcome of a call that was not overlapped.
fn at_once(function: &'static str, outcome: Outcome<()>) -> Result<(), Failure> {
    match outcome {
        Outcome::Done(()) => Ok(()),
        Outcome::Pending => Err(nonsense(function, "a pending operation to a call that is not overlapped").into()),
    }
}

impl<'a> Calls<'a> {
    pub(super) fn new(ws2: &'a Ws2) -> Self {
        Self(ws2)
    }

    /// A call: refused before start-up and in a blocking hook. A failure becomes the last error.
    pub(super) fn run<T>(self, call: &'static str, body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.run_in_hook_too(call, || if thread::is_in_hook() { refuse(call, code::WSAEINPROGRESS) } else { body() })
    }

    fn run_in_hook_too<T>(self, call: &'static str, body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let outcome = if self.0.is_started_up() { body() } else { refuse(call, code::WSANOTINITIALISED) };
        if let Err(failure) = &outcome {
            thread::set_last_error(failure.code());
        }
        outcome
    }

    /// A call on a socket, to its provider.
    fn on<T>(
        self,
        call: &'static str,
        socket: ffi::SOCKET,
        body: impl FnOnce(&Started) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.run(call, || {
            let Some(provider) = self.provider_of(socket) else { return refuse(call, code::WSAENOTSOCK) };
            inside(&provider, body)
        })
    }

    /// The provider of a socket. A handle of the system that is unknown here may have been inherited: the providers that work with
    /// such handles are asked whether it is theirs.
    fn provider_of(self, socket: ffi::SOCKET) -> Option<Arc<Started>> {
        let providers = &self.0.0.providers;
        providers.of_handle(socket).or_else(|| {
            let held = providers.hold();
            let mut with_handles = held.catalog().entries.clone();
            with_handles.retain(|entry| entry.info().dwServiceFlags1 & ffi::XP1_IFS_HANDLES != 0);
            let all: Vec<_> = with_handles.iter().filter_map(|entry| held.provider(entry).ok()).collect();
            drop(held);
            all.into_iter().find(|provider| claims(provider, socket))
        })
    }
}

/// Does this provider say that the handle is its own?
fn claims(provider: &Started, socket: ffi::SOCKET) -> bool {
    let mut info = [0; size_of::<ffi::WSAPROTOCOL_INFOW>()];
    let mut room = wsp::rt::Room::new(&mut info);
    provider.table.get_sock_opt(socket, ffi::SOL_SOCKET, ffi::SO_PROTOCOL_INFOW, &mut room).is_ok()
}

/// Runs the part of a call that is the provider's.
fn inside<T>(provider: &Arc<Started>, body: impl FnOnce(&Started) -> Result<T, Failure>) -> Result<T, Failure> {
    let _in_call = InCall::enter(provider);
    body(provider)
}
