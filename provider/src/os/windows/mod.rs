//! Windows: sections, semaphores, named pipes and a completion port for them; Winsock and its sockets, waited for through mio.

pub mod memory;
pub mod names;
pub mod net;
pub mod pieces;
mod pipe;
pub mod poll;
pub mod process;
mod security;
pub mod socket;
pub mod sources;
pub mod sync;
mod tables;
mod tcp_socket;

use std::io;
use std::os::windows::io::{FromRawHandle as _, OwnedHandle};

use windows_sys::Win32::Foundation::{self as codes, HANDLE, INVALID_HANDLE_VALUE};
use wsp::transport::Fault;

/// What can be passed to another process.
pub type Descriptor = OwnedHandle;

/// The fault for an error of the system.
pub fn fault(error: io::Error) -> Fault {
    match error.raw_os_error().and_then(|code| u32::try_from(code).ok()) {
        Some(codes::ERROR_TOO_MANY_OPEN_FILES) => Fault::TooManyOpen,
        Some(
            codes::ERROR_NO_SYSTEM_RESOURCES
            | codes::ERROR_COMMITMENT_LIMIT
            | codes::ERROR_NOT_ENOUGH_QUOTA
            | codes::ERROR_WORKING_SET_QUOTA,
        ) => Fault::NoBuffers,
        // How a pipe says that the other end is gone, or a process's number that there is no such process.
        Some(codes::ERROR_PIPE_NOT_CONNECTED | codes::ERROR_INVALID_PARAMETER) => Fault::Reset,
        _ => Fault::from(error),
    }
}

/// The fault for the error of the call just made.
fn last() -> Fault {
    fault(io::Error::last_os_error())
}

/// The code of the error of the call just made.
fn last_code() -> u32 {
    io::Error::last_os_error().raw_os_error().unwrap_or_default().cast_unsigned()
}

/// The handle that a call has just made, or the error.
///
/// # Safety
/// Nobody else closes it.
unsafe fn made(handle: HANDLE) -> Result<OwnedHandle, Fault> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(last());
    }
    // SAFETY: a good handle, ours alone by the caller's word.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Text as the system takes it.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// A time in milliseconds, at least as long.
fn milliseconds(limit: std::time::Duration) -> u32 {
    // The greatest number means for ever.
    u32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX).min(u32::MAX - 1)
}
