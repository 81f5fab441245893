//! Values in memory that other processes have, too.
//!
//! Another process may change every byte at any time, so nothing in it is ever seen through a reference, except for atomics. What is
//! read is checked by whoever reads it.

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::os::memory::Mapping;

/// What may be seen through a reference in shared memory.
///
/// # Safety
/// Only atomics, in `repr(C)`, without padding that matters: every pattern of bytes is a value, and it may change at any time.
pub unsafe trait Shared {}

/// One value in shared memory.
#[derive(Debug)]
pub struct Place<T> {
    at: NonNull<T>,
    _mapping: Arc<Mapping>,
}

// SAFETY: like `&T` together with what keeps it good.
unsafe impl<T: Shared + Sync> Send for Place<T> {}
// SAFETY: as above.
unsafe impl<T: Shared + Sync> Sync for Place<T> {}

impl<T: Shared> Place<T> {
    /// The value at an offset.
    ///
    /// # Panics
    /// If it does not lie inside or is not aligned: offsets come from the layout, never from another process.
    pub fn new(mapping: &Arc<Mapping>, offset: usize) -> Self {
        Self { at: locate(mapping, offset, 1), _mapping: Arc::clone(mapping) }
    }
}

impl<T: Shared> Deref for Place<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: inside the mapping and aligned (`locate`), which the count keeps; any bytes are a value (`Shared`).
        unsafe { self.at.as_ref() }
    }
}

/// Many values in shared memory, as many as a power of two.
#[derive(Debug)]
pub struct Places<T> {
    first: NonNull<T>,
    mask: u64,
    _mapping: Arc<Mapping>,
}

// SAFETY: like `&[T]` together with what keeps it good.
unsafe impl<T: Shared + Sync> Send for Places<T> {}
// SAFETY: as above.
unsafe impl<T: Shared + Sync> Sync for Places<T> {}

impl<T: Shared> Places<T> {
    /// The values from an offset on.
    ///
    /// # Panics
    /// As [`Place::new`], or if their number is not a power of two.
    pub fn new(mapping: &Arc<Mapping>, offset: usize, count: usize) -> Self {
        assert!(count.is_power_of_two(), "the number of places is a power of two");
        Self { first: locate(mapping, offset, count), mask: count as u64 - 1, _mapping: Arc::clone(mapping) }
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.mask + 1
    }

    /// The value at a position, which counts on for ever.
    pub fn at(&self, position: u64) -> &T {
        let index = (position & self.mask) as usize;
        // SAFETY: the masked index is below the count that `locate` found to lie inside the mapping.
        unsafe { self.first.add(index).as_ref() }
    }
}

/// The place of so many values at an offset.
///
/// # Panics
/// As [`Place::new`].
pub fn locate<T>(mapping: &Mapping, offset: usize, count: usize) -> NonNull<T> {
    let end = count.checked_mul(size_of::<T>()).and_then(|size| size.checked_add(offset));
    assert!(end.is_some_and(|end| end <= mapping.len()), "a place lies inside the segment");
    // SAFETY: the offset is not beyond the end of the mapping, just checked.
    let at = unsafe { mapping.base().add(offset) }.cast::<T>();
    assert!(at.is_aligned(), "a place is aligned");
    at
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::os::memory;

    // SAFETY: an atomic.
    unsafe impl Shared for AtomicU64 {}

    fn mapping() -> Arc<Mapping> {
        Arc::new(Mapping::new(memory::create("test", 4096).unwrap(), 4096).unwrap())
    }

    #[test]
    fn two_mappings_of_a_file_are_one_memory() {
        let file = memory::create("test", 4096).unwrap();
        let one = Place::<AtomicU64>::new(&Arc::new(Mapping::new(&file, 4096).unwrap()), 8);
        let other = Places::<AtomicU64>::new(&Arc::new(Mapping::new(&file, 4096).unwrap()), 0, 2);
        one.store(7, Ordering::Relaxed);
        assert_eq!((other.at(1).load(Ordering::Relaxed), other.at(u64::MAX).load(Ordering::Relaxed)), (7, 7));
    }

    #[test]
    #[should_panic(expected = "a place lies inside the segment")]
    fn a_place_outside_is_a_mistake_of_ours() {
        Place::<AtomicU64>::new(&mapping(), 4096);
    }
}
