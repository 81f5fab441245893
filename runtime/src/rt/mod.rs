//! The floor under the generated code: what thunks, checks and typed arguments are made of.
//!
//! Provider authors meet [`SocketRef`], [`Upcalls`], [`Startup`], [`Operation`] and the argument types; the rest is called by
//! generated code.

pub mod addr;
mod buffers;
mod callback;
mod caller;
mod cell;
mod code;
mod export;
mod extension;
mod guard;
mod last_error;
mod memory;
mod operation;
mod sets;
mod socket;
pub mod trace;
mod upcalls;

#[doc(hidden)]
pub use crate::settled::one;
pub use buffers::{BufferEntry, Buffers, BuffersOut, buffer_fits, buffers_fit};
pub use callback::{Callback, ConnectRequest, Verdict};
pub use caller::{CallError, FdSet, OverlappedCall, Piece, PieceMut, Room, zeroed};
pub use cell::{Cell, Running, Startup};
pub use code::{Check, Code, CodeInfo, ErrorList, FromCode, describe, last_refusal, refuse};
pub use export::{Startable, host_export};
pub use extension::{Door, Extension, extension_door, same_guid};
pub use guard::{guard, lower};
pub use last_error::{last_error, lower_last, set_last_error};
pub use memory::{BadAddress, Bytes, BytesOut, In, InOut, Out, Pod, SizedOut, TooSmall, WideOut, WideStr};
pub use memory::{acquire, read, release, store};
pub use operation::{Operation, Overlapped, Unsupported};
pub use sets::SocketSet;
pub use socket::{Keys, Opened, Socket, SocketRef};
pub use upcalls::Upcalls;

/// What a call came to that may be overlapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It is done.
    Done(T),
    /// It has been started; its end is told through its [`Operation`].
    Pending,
}

impl<T> Outcome<T> {
    /// The same with another value, if it is done.
    pub fn map<U>(self, body: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(body(value)),
            Self::Pending => Outcome::Pending,
        }
    }
}
