//! The peers: the same two functions without the generated code around them, found by name.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use wsp::ffi;
use wsp::winsock::check;

/// Where the work goes. Public, or the compiler would see that nobody reads it and leave the work out.
#[unsafe(no_mangle)]
pub static BENCH_WORK: AtomicU32 = AtomicU32::new(0);

/// What every variant does.
///
/// # Safety
/// `errno` is writable, and `bytes` if the call is not overlapped.
#[inline(always)]
unsafe fn work(flags: u32, overlapped: bool, bytes: *mut u32, errno: *mut i32) -> i32 {
    BENCH_WORK.store(flags, Ordering::Relaxed);
    // SAFETY: the caller's contract.
    unsafe {
        if overlapped {
            errno.write_unaligned(wsp::code::WSA_IO_PENDING);
            return ffi::SOCKET_ERROR;
        }
        bytes.write_unaligned(1);
        errno.write_unaligned(0);
    }
    0
}

/// What every variant of the receive does.
///
/// # Safety
/// As for [`work`]; `flags` is good.
#[inline(always)]
unsafe fn receive(flags: *mut u32, overlapped: bool, bytes: *mut u32, errno: *mut i32) -> i32 {
    // SAFETY: the caller's contract.
    let result = unsafe { work(flags.read_unaligned(), overlapped, bytes, errno) };
    if !overlapped {
        // SAFETY: the caller's contract.
        unsafe { flags.write_unaligned(0) };
    }
    result
}

/// How a call ends whose checks failed; no measured call does. As in the real thing it is a tail call to something unknown.
#[cold]
#[inline(never)]
fn refused() -> i32 {
    black_box(ffi::SOCKET_ERROR)
}

/// What one checks by hand who has no generator: NULL, and the flags.
#[inline(always)]
fn by_hand(buffers: ffi::LPWSABUF, bytes: *mut u32, flags: u32, overlapped: bool, errno: *mut i32) -> bool {
    const KNOWN: u32 = ffi::MSG_OOB | ffi::MSG_PARTIAL | ffi::MSG_DONTROUTE;
    !errno.is_null() && !buffers.is_null() && (!bytes.is_null() || overlapped) && flags & !KNOWN == 0
}

/// A function of nine parameters with the given checks before the given work.
macro_rules! peer {
    ($(#[$doc:meta])* $name:ident, $flags:ty,
     |$s:ident, $buffers:ident, $count:ident, $bytes:ident, $f:ident, $overlapped:ident, $routine:ident, $thread:ident, $errno:ident|
     $checks:expr, $work:ident) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// To be called with what the interface asks for.
        #[unsafe(no_mangle)]
        #[allow(clippy::too_many_arguments, unused_variables, reason = "the interface has so many")]
        pub unsafe extern "system" fn $name(
            $s: ffi::SOCKET,
            $buffers: ffi::LPWSABUF,
            $count: u32,
            $bytes: ffi::LPDWORD,
            $f: $flags,
            $overlapped: ffi::LPWSAOVERLAPPED,
            $routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
            $thread: ffi::LPWSATHREADID,
            $errno: ffi::LPINT,
        ) -> i32 {
            let in_order: bool = $checks;
            // SAFETY: the caller's contract.
            unsafe {
                if in_order {
                    return $work($f, !$overlapped.is_null(), $bytes, $errno);
                }
            }
            refused()
        }
    };
}

peer!(
    /// `WSPSend` without any check.
    bench_send_bare, u32, |s, buffers, count, bytes, flags, overlapped, routine, thread, errno| true, work
);
peer!(
    /// `WSPRecv` without any check.
    bench_recv_bare, *mut u32, |s, buffers, count, bytes, flags, overlapped, routine, thread, errno| true, receive
);
peer!(
    /// `WSPSend` with the checks that one writes by hand.
    bench_send_by_hand, u32,
    |s, buffers, count, bytes, flags, overlapped, routine, thread, errno|
    by_hand(buffers, bytes, flags, !overlapped.is_null(), errno), work
);
peer!(
    /// `WSPRecv` with the checks that one writes by hand.
    bench_recv_by_hand, *mut u32,
    |s, buffers, count, bytes, flags, overlapped, routine, thread, errno|
    // SAFETY: read only if not NULL, and then readable by the caller's contract.
    !flags.is_null() && by_hand(buffers, bytes, unsafe { flags.read_unaligned() }, !overlapped.is_null(), errno), receive
);
peer!(
    /// `WSPSend` with the generated checks and nothing else of the generated code.
    bench_send_checked, u32,
    |s, buffers, count, bytes, flags, overlapped, routine, thread, errno|
    // SAFETY: the caller's contract.
    unsafe { check::send_passes(s, buffers, count, bytes, flags, overlapped, routine, thread, errno) }, work
);
peer!(
    /// `WSPRecv` with the generated checks and nothing else of the generated code.
    bench_recv_checked, *mut u32,
    |s, buffers, count, bytes, flags, overlapped, routine, thread, errno|
    // SAFETY: the caller's contract.
    unsafe { check::recv_passes(s, buffers, count, bytes, flags, overlapped, routine, thread, errno) }, receive
);
