//! What a process uses, and the loader's lock.

use std::ffi::{c_int, c_void};
use std::fs;

/// What this process uses.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Open descriptors.
    pub handles: usize,
    /// Threads.
    pub threads: usize,
    /// Ranges of mapped memory.
    pub mappings: usize,
}

/// Stacks and heaps of ended threads that the C library keeps for the next.
const RESERVE: usize = 32;

impl Used {
    /// At this moment.
    pub fn now() -> Self {
        Self {
            handles: fs::read_dir("/proc/self/fd").unwrap().count(),
            threads: fs::read_dir("/proc/self/task").unwrap().count(),
            mappings: fs::read_to_string("/proc/self/maps").unwrap().lines().count(),
        }
    }

    /// Is it no more than before?
    pub fn within(self, before: Self) -> bool {
        self.handles <= before.handles && self.threads <= before.threads && self.mappings <= before.mappings + RESERVE
    }
}

/// Calls while the loader's lock is held.
pub fn with_loaders_lock<F: FnOnce()>(body: F) {
    unsafe extern "C" fn first<F: FnOnce()>(_: *mut libc::dl_phdr_info, _: usize, body: *mut c_void) -> c_int {
        // SAFETY: the pointer from below, which nobody else uses.
        let body = unsafe { &mut *body.cast::<Option<F>>() };
        if let Some(body) = body.take() {
            body();
        }
        // The loader asks for no further library.
        1
    }
    let mut body = Some(body);
    // SAFETY: the function takes the pointer for what it is.
    unsafe { libc::dl_iterate_phdr(Some(first::<F>), (&raw mut body).cast()) };
    assert!(body.is_none(), "it was called");
}
