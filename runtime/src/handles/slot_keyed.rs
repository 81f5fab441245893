//! Handles that the table makes: a slot's index, and a generation that differs for each entry the slot ever had.

use std::ptr::{self, NonNull};

use super::{
    key::{Cell, Key, linked},
    sync::{AtomicPtr, Ordering, const_fns},
};
use crate::settled::settled_ref;

const SLOT_BITS: u32 = if cfg!(loom) {
    2
} else if usize::BITS == 64 {
    20
} else {
    16
};
/// One bit stays clear, so that no handle is INVALID_SOCKET.
const GENERATION_BITS: u32 = usize::BITS - 1 - SLOT_BITS;
const CHUNK_BITS: u32 = if cfg!(loom) { 1 } else { 10 };

/// The last index is never issued: INVALID_SOCKET maps to its cell, which must stay empty.
const SLOTS: usize = (1 << SLOT_BITS) - 1;
const NEXT_GENERATION: usize = 1 << SLOT_BITS;
const LAST_GENERATION: usize = (1 << GENERATION_BITS) - 1;

type Chunk = [Cell; 1 << CHUNK_BITS];

/// In place of a chunk that was not needed yet: look-ups need not ask whether there is one. Never written.
#[cfg(not(loom))]
static NONE: Chunk = [const { Cell::new(ptr::null_mut()) }; 1 << CHUNK_BITS];

#[cfg(not(loom))]
const fn none() -> *mut Chunk {
    (&raw const NONE).cast_mut()
}
#[cfg(loom)]
const fn none() -> *mut Chunk {
    ptr::null_mut()
}

/// The table makes the handles: a closed one misses even after its slot is reused. Never 0 nor INVALID_SOCKET.
///
/// 1,048,575 entries at once with 2^43 - 1 generations each on 64-bit systems, 65,535 with 2^15 - 1 on 32-bit systems.
pub struct SlotKeyed {
    /// Grows by a chunk at a time and never shrinks, so that look-ups need not protect the chunk.
    chunks: [AtomicPtr<Chunk>; 1 << (SLOT_BITS - CHUNK_BITS)],
}

/// Which handles come next.
pub struct Writer {
    /// The number of slots that were ever used.
    used: usize,
    /// For each free slot, the next handle that it makes.
    free: Vec<usize>,
}

impl Writer {
    pub(super) const NEW: Self = Self { used: 0, free: Vec::new() };

    /// Gives a slot back after `handle`. A slot whose generations are used up is retired: a handle is never made twice.
    pub(super) fn release(&mut self, handle: usize) {
        if handle >> SLOT_BITS < LAST_GENERATION {
            self.free.push(handle + NEXT_GENERATION);
        }
    }
}

impl SlotKeyed {
    const_fns! {
        pub(super) fn new() -> Self {
            #[cfg(not(loom))]
            let chunks = [const { AtomicPtr::new(none()) }; _];
            #[cfg(loom)]
            let chunks = std::array::from_fn(|_| AtomicPtr::new(none()));
            Self { chunks }
        }
    }

    /// Makes a handle that is not linked yet. None if all slots are in use or retired.
    pub(super) fn reserve(&self, writer: &mut Writer) -> Option<usize> {
        if let Some(handle) = writer.free.pop() {
            return Some(handle);
        }
        let slot = writer.used;
        if slot == SLOTS {
            return None;
        }
        let chunk = &self.chunks[slot >> CHUNK_BITS];
        if chunk.load(Ordering::Relaxed) == none() {
            let cells: Box<Chunk> = Box::new(std::array::from_fn(|_| Cell::new(ptr::null_mut())));
            chunk.store(Box::into_raw(cells), Ordering::Release);
        }
        writer.used += 1;
        Some(slot | NEXT_GENERATION)
    }

    /// Links an entry under a handle that was reserved for it.
    pub(super) fn link(&self, handle: usize, entry: NonNull<()>) {
        let cell = self.cell(handle).expect("a reserved handle has a cell");
        cell.store(entry.as_ptr(), Ordering::Release);
    }
}

impl Key for SlotKeyed {
    type Writer = Writer;

    #[inline(always)]
    fn cell(&self, handle: usize) -> Option<&Cell> {
        let chunk = self.chunks[(handle >> CHUNK_BITS) % self.chunks.len()].load(Ordering::Acquire);
        #[cfg(loom)]
        if chunk == none() {
            return None;
        }
        // SAFETY: from the Box in `reserve`, which is freed only by `drop`, or `NONE`.
        let chunk = unsafe { &*chunk };
        Some(settled_ref(&chunk[handle % chunk.len()]))
    }

    fn version(&self) -> usize {
        0 // A handle's cell is always the same.
    }

    fn unlink(&self, writer: &mut Writer, handle: usize, cell: &Cell) {
        cell.store(ptr::null_mut(), Ordering::Release);
        writer.release(handle);
    }

    fn for_each(&self, f: &mut dyn FnMut(NonNull<()>)) {
        for chunk in &self.chunks {
            let chunk = chunk.load(Ordering::Acquire);
            if chunk == none() {
                break;
            }
            // SAFETY: as in `cell`.
            unsafe { &*chunk }.iter().filter_map(linked).for_each(&mut *f);
        }
    }
}

impl Drop for SlotKeyed {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            let chunk = chunk.load(Ordering::Acquire);
            if chunk != none() {
                // SAFETY: from the Box in `reserve`; the exclusive borrow shows that nobody else uses it.
                drop(unsafe { Box::from_raw(chunk) });
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{super::entry::POISONED, *};

    #[test]
    fn a_slot_is_retired_when_its_generations_are_used_up() {
        let (keys, mut writer) = (SlotKeyed::new(), Writer::NEW);
        let first = keys.reserve(&mut writer).unwrap();
        let slot = first % NEXT_GENERATION;
        writer.release(slot | (LAST_GENERATION - 1) << SLOT_BITS);
        let last = keys.reserve(&mut writer).unwrap();
        assert_eq!(last, slot | LAST_GENERATION << SLOT_BITS);
        assert!(last < usize::MAX / 2 + 1);
        writer.release(last);
        assert_ne!(keys.reserve(&mut writer).unwrap() % NEXT_GENERATION, slot);
    }

    #[test]
    fn the_last_index_is_never_issued() {
        let (keys, mut writer) = (SlotKeyed::new(), Writer::NEW);
        writer.used = SLOTS - 1;
        let last = keys.reserve(&mut writer).unwrap();
        assert_ne!(last % NEXT_GENERATION, POISONED % NEXT_GENERATION);
        assert_eq!(keys.reserve(&mut writer), None);
        writer.release(last);
        assert_eq!(keys.reserve(&mut writer), Some(last + NEXT_GENERATION));
    }
}
