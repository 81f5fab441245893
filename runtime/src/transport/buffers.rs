//! A caller's memory for as long as an operation on it lasts.

use std::ptr;

use crate::rt::{BufferEntry, Buffers, BuffersOut};

/// Memory of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pointer: *mut u8,
    length: usize,
}

// SAFETY: an address and a length; whoever made the region vouches for the memory wherever it is used.
unsafe impl Send for Region {}
// SAFETY: as above. Copies may race with the caller's own accesses, which is the caller's affair as with any device.
unsafe impl Sync for Region {}

impl Region {
    /// Names memory.
    ///
    /// # Safety
    /// It must stay good, for the kind of access that the region is handed on for, until the operation or the registration that
    /// it is handed on for has ended.
    pub const unsafe fn new(pointer: *mut u8, length: usize) -> Self {
        Self { pointer, length }
    }

    /// Where it begins.
    pub fn as_ptr(self) -> *mut u8 {
        self.pointer
    }

    /// How many bytes.
    pub fn len(self) -> usize {
        self.length
    }

    /// None at all?
    pub fn is_empty(self) -> bool {
        self.length == 0
    }

    /// A part of it; `None` if it does not lie inside.
    pub fn part(self, offset: usize, length: usize) -> Option<Self> {
        let end = offset.checked_add(length)?;
        (end <= self.length).then(|| Self { pointer: self.pointer.wrapping_add(offset), length })
    }

    /// Copies from `offset` on, as much as there is and fits. Returns how much.
    pub fn copy_to(self, offset: usize, to: &mut [u8]) -> usize {
        let count = self.length.saturating_sub(offset).min(to.len());
        if count > 0 {
            // SAFETY: inside the region, which is good by `new`'s contract; `to` is a slice of ours.
            unsafe { ptr::copy(self.pointer.add(offset), to.as_mut_ptr(), count) };
        }
        count
    }

    /// Copies to `offset` and on, as much as fits. Returns how much.
    pub fn copy_from(self, offset: usize, from: &[u8]) -> usize {
        let count = self.length.saturating_sub(offset).min(from.len());
        if count > 0 {
            // SAFETY: inside the region, which is good by `new`'s contract; `from` is a slice of ours.
            unsafe { ptr::copy(from.as_ptr(), self.pointer.add(offset), count) };
        }
        count
    }
}

/// Entries that are kept without allocation. Nearly all calls have one.
const INLINE: usize = 2;

/// The regions of one operation, in order.
#[derive(Debug, Clone)]
struct Regions {
    inline: [Region; INLINE],
    count: usize,
    /// All of them, if they are more than `INLINE`.
    many: Vec<Region>,
    total: usize,
}

impl Regions {
    #[inline]
    fn collect(entries: impl Iterator<Item = Region>) -> Self {
        let none = Region { pointer: ptr::null_mut(), length: 0 };
        let mut all = Self { inline: [none; INLINE], count: 0, many: Vec::new(), total: 0 };
        for region in entries {
            if region.is_empty() {
                continue;
            }
            all.total = all.total.saturating_add(region.length);
            match all.inline.get_mut(all.count) {
                Some(place) => *place = region,
                None => all.push_more(region),
            }
            all.count += 1;
        }
        all
    }

    #[cold]
    fn push_more(&mut self, region: Region) {
        if self.many.is_empty() {
            self.many.extend_from_slice(&self.inline);
        }
        self.many.push(region);
    }

    /// From byte `at` on, as much as lies together.
    #[inline]
    fn run(&self, at: usize) -> Option<Region> {
        let [first, _] = self.inline;
        if at < first.length && self.many.is_empty() {
            return Some(Region { pointer: first.pointer.wrapping_add(at), length: first.length - at });
        }
        self.from(at, usize::MAX).next()
    }

    fn as_slice(&self) -> &[Region] {
        if self.many.is_empty() { &self.inline[..self.count] } else { &self.many }
    }

    /// The regions from byte `at` on, at most `limit` bytes.
    fn from(&self, at: usize, limit: usize) -> impl Iterator<Item = Region> + '_ {
        let (mut skip, mut left) = (at, limit);
        self.as_slice().iter().filter_map(move |region| {
            if skip >= region.length {
                skip -= region.length;
                return None;
            }
            let length = (region.length - skip).min(left);
            let part = region.part(skip, length).filter(|part| !part.is_empty());
            skip = 0;
            left -= length;
            part
        })
    }
}

macro_rules! regions {
    ($(#[$doc:meta])* $name:ident, $lifted:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(Regions);

        impl $name {
            /// Takes over the buffers of a call.
            ///
            /// # Safety
            /// What they name must stay good until the operation has ended.
            pub unsafe fn capture<B: BufferEntry>(buffers: $lifted<'_, B>) -> Self {
                Self(Regions::collect(buffers.entries().map(|entry| {
                    let (pointer, length) = entry.parts();
                    Region { pointer, length }
                })))
            }

            /// One region.
            pub fn of(region: Region) -> Self {
                Self(Regions::collect(std::iter::once(region)))
            }

            /// How many bytes in all.
            pub fn len(&self) -> usize {
                self.0.total
            }

            /// None at all?
            pub fn is_empty(&self) -> bool {
                self.0.total == 0
            }

            /// From byte `at` on, as much as lies together: all of it in most cases. `None` behind the end.
            #[inline]
            pub fn run(&self, at: usize) -> Option<Region> {
                self.0.run(at)
            }

            /// The regions from byte `at` on, at most `limit` bytes: for a transport that moves them by its own means.
            pub fn regions(&self, at: usize, limit: usize) -> impl Iterator<Item = Region> + '_ {
                self.0.from(at, limit)
            }
        }
    };
}

regions!(
    /// The bytes of a send, wherever they are.
    Gather, Buffers
);
regions!(
    /// The room of a receive, wherever it is.
    Scatter, BuffersOut
);

impl Gather {
    /// Copies the bytes from `at` on, as many as there are and fit. Returns how many.
    pub fn copy_to(&self, at: usize, to: &mut [u8]) -> usize {
        let mut done = 0;
        for region in self.regions(at, to.len()) {
            done += region.copy_to(0, &mut to[done..]);
        }
        done
    }
}

impl Scatter {
    /// Takes over buffers that the interface passes like data to send, and wants filled.
    ///
    /// # Safety
    /// What they name must stay good, for writing, until the operation has ended.
    pub unsafe fn capture_room<B: BufferEntry>(buffers: Buffers<'_, B>) -> Self {
        // SAFETY: the caller's contract.
        Self(unsafe { Gather::capture(buffers) }.0)
    }

    /// Copies to byte `at` and on, as much as fits. Returns how much.
    pub fn copy_from(&self, at: usize, from: &[u8]) -> usize {
        let mut done = 0;
        for region in self.regions(at, from.len()) {
            done += region.copy_from(0, &from[done..]);
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Regions of the lengths given, in one block of memory.
    fn cut(block: &mut [u8], lengths: &[usize]) -> Vec<Region> {
        let mut at = 0;
        lengths
            .iter()
            .map(|length| {
                // SAFETY: the lengths sum up to the block's, which outlives the regions in every test.
                let region = unsafe { Region::new(block[at..].as_mut_ptr(), *length) };
                at += length;
                region
            })
            .collect()
    }

    proptest! {
        #[test]
        fn copies_see_one_run_of_bytes(lengths in prop::collection::vec(0_usize..9, 0..8), at in 0_usize..40, room in 0_usize..40) {
            let total: usize = lengths.iter().sum();
            let mut block: Vec<u8> = (0..total).map(|byte| byte as u8).collect();
            let expected: Vec<u8> = block.iter().copied().skip(at).take(room).collect();
            let data = Gather(Regions::collect(cut(&mut block, &lengths).into_iter()));
            let mut to = vec![0xFF; room];
            let count = data.copy_to(at, &mut to);
            prop_assert_eq!(data.len(), total);
            prop_assert_eq!(data.run(at), data.regions(at, usize::MAX).next());
            prop_assert_eq!(&to[..count], &expected[..]);
        }

        #[test]
        fn copies_fill_one_run_of_bytes(lengths in prop::collection::vec(0_usize..9, 0..8), at in 0_usize..40, size in 0_usize..40) {
            let total: usize = lengths.iter().sum();
            let mut block = vec![0_u8; total];
            let room = Scatter(Regions::collect(cut(&mut block, &lengths).into_iter()));
            let count = room.copy_from(at, &vec![7; size]);
            let expected = size.min(total.saturating_sub(at));
            prop_assert_eq!(count, expected);
            prop_assert_eq!(block.iter().filter(|byte| **byte == 7).count(), expected);
            prop_assert!(block.iter().skip(at).take(expected).all(|byte| *byte == 7));
        }
    }

    #[test]
    fn a_part_beyond_the_end_is_none() {
        let mut block = [0_u8; 4];
        // SAFETY: the block outlives the region.
        let region = unsafe { Region::new(block.as_mut_ptr(), 4) };
        assert!(region.part(4, 0).is_some_and(Region::is_empty));
        assert!(region.part(4, 1).is_none() && region.part(usize::MAX, 2).is_none());
    }
}
