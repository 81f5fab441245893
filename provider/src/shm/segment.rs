//! The memory that the two ends of a connection share, and safe views of it: [places](crate::place), and bulk, which is copied by
//! address.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use wsp::transport::Region;

use crate::os::memory::Mapping;
use crate::place::locate;
pub use crate::place::{Place, Places, Shared};

/// Copies all of `from` into words of shared memory.
///
/// # Panics
/// If they are too few.
#[inline]
pub fn put_words(words: &[AtomicU64], from: Region) {
    assert!(from.len() <= size_of_val(words), "what is put into words fits");
    // SAFETY: no more than the words have, which may be written through a shared reference, being atomics. The region is good for
    // reading by its maker's word, and our own memory, so it does not overlap.
    unsafe { ptr::copy_nonoverlapping(from.as_ptr(), words.as_ptr().cast::<u8>().cast_mut(), from.len()) };
}

/// Fills all of `to` from words of shared memory.
///
/// # Panics
/// If they are too few.
#[inline]
pub fn take_words(words: &[AtomicU64], to: Region) {
    assert!(to.len() <= size_of_val(words), "what is taken from words is there");
    // SAFETY: as in `put_words`, with the region good for writing. Copies that race give some bytes or others, never more.
    unsafe { ptr::copy_nonoverlapping(words.as_ptr().cast::<u8>(), to.as_ptr(), to.len()) };
}

/// Raw bytes in shared memory, as many as a power of two, used round and round.
#[derive(Debug)]
pub struct Bytes {
    first: NonNull<u8>,
    mask: u64,
    _mapping: Arc<Mapping>,
    _not_auto: PhantomData<*mut u8>,
}

// SAFETY: an address range that stays mapped, accessed by raw copies only.
unsafe impl Send for Bytes {}
// SAFETY: as above. Copies that race give some bytes or others, never more.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// The bytes from an offset on.
    ///
    /// # Panics
    /// As [`Places::new`].
    pub fn new(mapping: &Arc<Mapping>, offset: usize, count: usize) -> Self {
        assert!(count.is_power_of_two(), "the number of bytes is a power of two");
        let first = locate(mapping, offset, count);
        Self { first, mask: count as u64 - 1, _mapping: Arc::clone(mapping), _not_auto: PhantomData }
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.mask + 1
    }

    /// Copies all of `from` to a position, which counts on for ever.
    ///
    /// # Panics
    /// If it is more than there are bytes.
    pub fn put(&self, position: u64, from: Region) {
        let (start, first) = self.split(position, from.len());
        // SAFETY: both parts lie inside the mapping (`split`); the region is good for reading by its maker's word, and our own
        // memory, so it does not overlap.
        unsafe {
            ptr::copy_nonoverlapping(from.as_ptr(), self.first.as_ptr().add(start), first);
            ptr::copy_nonoverlapping(from.as_ptr().add(first), self.first.as_ptr(), from.len() - first);
        }
    }

    /// Fills all of `to` from a position.
    ///
    /// # Panics
    /// As [`put`](Self::put).
    pub fn take(&self, position: u64, to: Region) {
        let (start, first) = self.split(position, to.len());
        // SAFETY: as in `put`, with the region good for writing.
        unsafe {
            ptr::copy_nonoverlapping(self.first.as_ptr().add(start), to.as_ptr(), first);
            ptr::copy_nonoverlapping(self.first.as_ptr(), to.as_ptr().add(first), to.len() - first);
        }
    }

    /// Where a run begins, and how much of it lies before the wrap.
    fn split(&self, position: u64, length: usize) -> (usize, usize) {
        assert!(length as u64 <= self.len(), "a run is not longer than the ring");
        let start = (position & self.mask) as usize;
        (start, length.min(self.len() as usize - start))
    }
}

/// What an end says of itself. Only that end writes it, apart from `copying`.
#[derive(Debug)]
#[repr(C, align(128))]
pub struct End {
    /// How far it has come: one of the [`state`] values.
    pub state: AtomicU32,
    /// For the end that accepts: one of the [`verdict`] values.
    pub verdict: AtomicU32,
    /// The generation of the peer whose memory this end can copy from; 0 for none.
    pub can_copy: AtomicU32,
    /// Memory lent to the peer is not to be used any more.
    pub revoked: AtomicU32,
    /// This end is copying what the peer lent.
    pub copying: AtomicU32,
    /// More than one process uses this end.
    pub shared: AtomicU32,
    /// Which process is sending, where several use this end.
    pub send_lock: AtomicU32,
    /// Which process is receiving, where several use this end.
    pub receive_lock: AtomicU32,
    /// The processes that use this end, where it is shared.
    pub holders: [AtomicU32; HOLDERS],
}

/// The most processes that can use one end.
pub const HOLDERS: usize = 8;

// SAFETY: atomics only.
unsafe impl Shared for End {}

/// How far an end has come. It only ever rises.
pub mod state {
    /// It sends and receives.
    pub const OPEN: u32 = 0;
    /// It sends nothing more.
    pub const FINISHED: u32 = 1;
    /// It is gone; what it sent is good.
    pub const CLOSED: u32 = 2;
    /// It is gone, and nothing is good.
    pub const ABORTED: u32 = 3;
}

/// What became of the request for a connection.
pub mod verdict {
    /// It waits.
    pub const WAITING: u32 = 0;
    /// It was accepted.
    pub const ACCEPTED: u32 = 1;
    /// It was refused.
    pub const REFUSED: u32 = 2;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::os::memory;

    fn mapping() -> Arc<Mapping> {
        Arc::new(Mapping::new(memory::create("test", 4096).unwrap(), 4096).unwrap())
    }

    proptest! {
        #[test]
        fn positions_wrap_whatever_they_are(position: u64, length in 0_usize..=64) {
            let bytes = Bytes::new(&mapping(), 1024, 64);
            let mut data: Vec<u8> = (1..=length as u8).collect();
            let mut back = vec![0; length];
            // SAFETY: the vectors outlive the copies.
            let (from, to) = unsafe { (Region::new(data.as_mut_ptr(), length), Region::new(back.as_mut_ptr(), length)) };
            bytes.put(position, from);
            bytes.take(position, to);
            prop_assert_eq!(data, back);
        }
    }
}
