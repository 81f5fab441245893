//! Options, control codes, blocking hooks.

use std::ptr;
use std::rc::Rc;

use wsp::rt::Outcome;
use wsp::{code, ffi};

use super::data::Record;
use super::{Calls, at_once, downcall, good, refuse, started, zero};
use crate::winsock::Failure;
use crate::winsock::thread::{self, ThreadId};

/// The length of a `WSAPROTOCOL_INFOA`, and where its text begins; what is before that is as in the wide form.
const ANSI_INFO: i32 = 372;
const TEXT: usize = std::mem::offset_of!(ffi::WSAPROTOCOL_INFOW, szProtocol);
const WIDE_INFO: i32 = size_of::<ffi::WSAPROTOCOL_INFOW>() as i32;

impl Calls<'_> {
    /// `getsockopt`. `SO_OPENTYPE` is the host's own; for `SO_PROTOCOL_INFOA` the provider is asked for the wide form.
    ///
    /// # Errors
    /// `WSAEFAULT` for too little room in these two; the provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn get_sock_opt(
        self,
        s: ffi::SOCKET,
        level: i32,
        option: i32,
        value: *mut i8,
        length: ffi::LPINT,
    ) -> Result<(), Failure> {
        const CALL: &str = "getsockopt";
        match (level, option) {
            (ffi::SOL_SOCKET, ffi::SO_OPENTYPE) => self.run(CALL, || {
                // SAFETY: the caller's pointers, if they can be such.
                if !good(value) || !good(length) || unsafe { length.read_unaligned() } < 4 {
                    return refuse(CALL, code::WSAEFAULT);
                }
                // SAFETY: room for four bytes.
                unsafe {
                    value.cast::<i32>().write_unaligned(thread::open_type());
                    length.write_unaligned(4);
                }
                Ok(())
            }),
            (ffi::SOL_SOCKET, ffi::SO_PROTOCOL_INFOA) => self.on(CALL, s, |provider| {
                // SAFETY: the caller's pointers, if they can be such.
                if !good(value) || !good(length) || unsafe { length.read_unaligned() } < ANSI_INFO {
                    return refuse(CALL, code::WSAEFAULT);
                }
                let mut wide = [0_u8; WIDE_INFO as usize];
                let mut wide_length = WIDE_INFO;
                downcall!(provider.lpWSPGetSockOpt, GetSockOptError, zero;
                    s, level, ffi::SO_PROTOCOL_INFOW, wide.as_mut_ptr().cast(), &raw mut wide_length)?;
                let ansi = ansi(&wide);
                // SAFETY: room for that many bytes.
                unsafe {
                    value.cast::<u8>().copy_from(ansi.as_ptr(), ansi.len());
                    length.write_unaligned(ANSI_INFO);
                }
                Ok(())
            }),
            _ => self.on(CALL, s, |provider| {
                downcall!(provider.lpWSPGetSockOpt, GetSockOptError, zero; s, level, option, value, length).map(drop)
            }),
        }
    }

    /// `setsockopt`. `SO_OPENTYPE` is the host's own.
    ///
    /// # Errors
    /// `WSAEFAULT` for too short a value of that; the provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn set_sock_opt(
        self,
        s: ffi::SOCKET,
        level: i32,
        option: i32,
        value: *const i8,
        length: i32,
    ) -> Result<(), Failure> {
        const CALL: &str = "setsockopt";
        if (level, option) == (ffi::SOL_SOCKET, ffi::SO_OPENTYPE) {
            return self.run(CALL, || {
                if !good(value) || length < 4 {
                    return refuse(CALL, code::WSAEFAULT);
                }
                // SAFETY: four bytes of the caller's.
                thread::set_open_type(unsafe { value.cast::<i32>().read_unaligned() });
                Ok(())
            });
        }
        self.on(CALL, s, |provider| {
            downcall!(provider.lpWSPSetSockOpt, SetSockOptError, zero; s, level, option, value, length).map(drop)
        })
    }

    /// `WSAIoctl`. The functions that a provider adds are asked for so, by GUID: the host has none of its own.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`]; what an overlapped call was given stays until it has ended.
    pub unsafe fn wsa_ioctl(
        self,
        s: ffi::SOCKET,
        code: ffi::DWORD,
        (input, input_length): (ffi::LPVOID, ffi::DWORD),
        (output, output_length): (ffi::LPVOID, ffi::DWORD),
        bytes: ffi::LPDWORD,
        (record, routine): Record,
    ) -> Result<Outcome<()>, Failure> {
        let mut thread = ThreadId::current();
        self.on("WSAIoctl", s, |provider| {
            started(downcall!(provider.lpWSPIoctl, IoctlError, zero;
                s, code, input, input_length, output, output_length, bytes, record, routine, thread.pointer()))
        })
    }

    /// `ioctlsocket`: the same four bytes are input and output.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn ioctl_socket(self, s: ffi::SOCKET, code: ffi::DWORD, argument: *mut u32) -> Result<(), Failure> {
        let both = (argument.cast(), 4);
        let mut bytes = 0;
        // SAFETY: the caller's pointer, and a count.
        let outcome = unsafe { self.wsa_ioctl(s, code, both, both, &raw mut bytes, (ptr::null_mut(), None)) }?;
        self.noting(|| at_once("WSPIoctl", outcome))
    }

    /// `WSASetBlockingHook`, for programs of version 1: while a blocking call of this thread waits, the hook is called until it
    /// says that it has no more to do (`false`). In the hook only [`is_blocking`](Self::is_blocking) and
    /// [`cancel_blocking_call`](Self::cancel_blocking_call) are allowed.
    ///
    /// # Errors
    /// `WSAEOPNOTSUPP` if the program started up with version 2.
    pub fn set_blocking_hook(self, hook: impl Fn() -> bool + 'static) -> Result<(), Failure> {
        self.version_one("WSASetBlockingHook", || {
            thread::install_hook(Some(Rc::new(hook)));
            Ok(())
        })
    }

    /// `WSAUnhookBlockingHook`: no hook any more.
    ///
    /// # Errors
    /// As [`set_blocking_hook`](Self::set_blocking_hook).
    pub fn unhook_blocking_hook(self) -> Result<(), Failure> {
        self.version_one("WSAUnhookBlockingHook", || {
            thread::install_hook(None);
            Ok(())
        })
    }

    /// `WSAIsBlocking`: does the blocking hook of this thread run?
    pub fn is_blocking(self) -> bool {
        thread::is_in_hook()
    }

    /// `WSACancelBlockingCall`: the call that waits on this thread ends with `WSAEINTR`.
    ///
    /// # Errors
    /// `WSAEOPNOTSUPP` if the program started up with version 2, `WSAEINVAL` if no call waits; the provider's.
    pub fn cancel_blocking_call(self) -> Result<(), Failure> {
        const CALL: &str = "WSACancelBlockingCall";
        self.version_one(CALL, || {
            let Some(provider) = thread::waiting_in() else { return refuse(CALL, code::WSAEINVAL) };
            thread::cancel();
            downcall!(provider.lpWSPCancelBlockingCall, CancelBlockingCallError, zero;).map(drop)
        })
    }

    fn version_one<T>(self, call: &'static str, body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.run_in_hook_too(call, || if self.0.has_hooks() { body() } else { refuse(call, code::WSAEOPNOTSUPP) })
    }

    /// What is found wrong after the provider's part becomes the last error, too.
    pub(super) fn noting<T>(self, body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        body().inspect_err(|failure| thread::set_last_error(failure.code()))
    }
}

/// A `WSAPROTOCOL_INFOW` as a `WSAPROTOCOL_INFOA`; characters beyond ASCII become question marks.
fn ansi(wide: &[u8; WIDE_INFO as usize]) -> [u8; ANSI_INFO as usize] {
    let mut ansi = [0; ANSI_INFO as usize];
    ansi[..TEXT].copy_from_slice(&wide[..TEXT]);
    for (narrow, unit) in ansi[TEXT..].iter_mut().zip(wide[TEXT..].chunks_exact(2)) {
        let unit = u16::from_ne_bytes([unit[0], unit[1]]);
        *narrow = u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?');
    }
    ansi
}
