//! Sets of sockets, as `select` uses them.

use core::marker::PhantomData;
use core::mem::offset_of;

use super::memory::{read, store};
use crate::ffi;

/// A caller's `fd_set`: a count and as many descriptors, whatever length the header declares.
#[derive(Debug, Clone, Copy)]
pub struct SocketSet<'a> {
    set: *mut ffi::fd_set,
    call: PhantomData<&'a mut ffi::fd_set>,
}

impl SocketSet<'_> {
    /// Lifts a pointer.
    ///
    /// # Safety
    /// It must point to a set whose count is right, and be writable during the call.
    #[inline(always)]
    pub const unsafe fn new(set: *mut ffi::fd_set) -> Self {
        Self { set, call: PhantomData }
    }

    /// How many sockets.
    pub fn len(self) -> usize {
        // SAFETY: `new`'s contract.
        unsafe { read(&raw const (*self.set).fd_count) as usize }
    }

    /// Is it empty?
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The descriptors.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        // SAFETY: `at` is below the count.
        (0..self.len()).map(move |at| unsafe { read(self.member(at)) })
    }

    /// Keeps the descriptors for which `keep` says so, in order.
    pub fn retain(self, mut keep: impl FnMut(usize) -> bool) {
        let mut kept = 0;
        for at in 0..self.len() {
            // SAFETY: `at` is below the count.
            let socket = unsafe { read(self.member(at)) };
            if keep(socket) {
                // SAFETY: `kept` is at most `at`.
                unsafe { store(self.member(kept), socket) };
                kept += 1;
            }
        }
        // SAFETY: `new`'s contract. `kept` is at most the 32-bit count it started from.
        unsafe { store(&raw mut (*self.set).fd_count, kept as u32) };
    }

    fn member(self, at: usize) -> *mut usize {
        // The array may be longer than its declared type, so it is reached from the start of the set.
        self.set.cast::<u8>().wrapping_add(offset_of!(ffi::fd_set, fd_array)).cast::<usize>().wrapping_add(at)
    }
}
