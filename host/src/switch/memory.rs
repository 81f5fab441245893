//! Memory that a provider and its peer use while it is registered. Meanwhile it is named by its place: there is no reference to it,
//! which would promise that nobody writes there.

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

use wsp::transport::Region;

/// Names memory of the caller's, for access that only reads.
pub fn read_only(memory: &[u8]) -> Region {
    // SAFETY: who registers it ends that before the reference ends, or sees to it that the memory stays.
    unsafe { Region::new(memory.as_ptr().cast_mut(), memory.len()) }
}

/// Names memory of the caller's, for access of any kind.
pub fn writable(memory: &mut [u8]) -> Region {
    // SAFETY: as above.
    unsafe { Region::new(memory.as_mut_ptr(), memory.len()) }
}

/// Bytes of the switch's own. Whoever drops them knows that nobody uses them any more.
#[derive(Debug)]
pub struct Own {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the bytes are this value's alone, as those of a box.
unsafe impl Send for Own {}
// SAFETY: through a shared reference they are only copied, bytewise and volatile.
unsafe impl Sync for Own {}

impl From<Box<[u8]>> for Own {
    fn from(bytes: Box<[u8]>) -> Self {
        let length = bytes.len();
        Self { start: NonNull::from(Box::leak(bytes)).cast(), length }
    }
}

impl Own {
    /// Names them.
    pub fn region(&self) -> Region {
        // SAFETY: they stay as long as this value, which is dropped, as said there, when nobody uses them any more.
        unsafe { Region::new(self.start.as_ptr(), self.length) }
    }

    /// A copy of the bytes as they are now; others may be writing.
    pub fn copy(&self) -> Vec<u8> {
        // SAFETY: within the bytes; volatile, as others may be writing.
        (0..self.length).map(|at| unsafe { self.start.add(at).read_volatile() }).collect()
    }

    /// The bytes, which nobody uses any more.
    pub fn into_box(self) -> Box<[u8]> {
        let whole = ManuallyDrop::new(self);
        // SAFETY: the value is dropped no more.
        unsafe { whole.unbox() }
    }

    /// The box that the bytes are from.
    ///
    /// # Safety
    /// Once, and last: nothing of the value is used after it.
    unsafe fn unbox(&self) -> Box<[u8]> {
        // SAFETY: from a box of this length, which is made again but once, by the caller's word.
        unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.length)) }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // SAFETY: the value ends here, and nobody uses the bytes any more.
        drop(unsafe { self.unbox() });
    }
}
