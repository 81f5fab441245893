//! Copies that others make: the processor's own, and the system's from process to process.

use std::hint::black_box;
use std::time::Instant;

use crate::link::{Pages, Problem, said};

/// How many bytes are copied for one figure.
const COPIED: usize = 200_000_000;

/// Seconds of one copy of memory that is in the caches.
pub fn memcpy(size: usize) -> f64 {
    let (from, mut to) = (Pages::new(size), Pages::new(size));
    let copy = || {
        to.copy_from_slice(black_box(&from));
        black_box(&mut *to);
        Ok(())
    };
    timed(size, copy).unwrap_or(f64::NAN)
}

/// Seconds of one copy by the call of the system that writes to another process's memory: to ourselves, which it does not tell
/// from others.
///
/// # Errors
/// The system does not allow it.
pub fn between_processes(size: usize) -> Result<f64, Problem> {
    let (from, mut to) = (Pages::new(size), Pages::new(size));
    timed(size, || {
        let local = libc::iovec { iov_base: from.as_ptr().cast_mut().cast(), iov_len: size };
        let remote = libc::iovec { iov_base: to.as_mut_ptr().cast(), iov_len: size };
        // SAFETY: it reads `from` and writes `to`, each of this size, which nobody else uses.
        let written = unsafe { libc::process_vm_writev(libc::getpid(), &raw const local, 1, &raw const remote, 1, 0) };
        if written == size as isize { Ok(()) } else { Err(said(std::io::Error::last_os_error())) }
    })
}

/// Seconds of one of many copies, after one that brings all into the caches.
fn timed(size: usize, mut copy: impl FnMut() -> Result<(), Problem>) -> Result<f64, Problem> {
    copy()?;
    let count = (COPIED / size).max(1);
    let start = Instant::now();
    (0..count).try_for_each(|_| copy())?;
    Ok(start.elapsed().as_secs_f64() / count as f64)
}
