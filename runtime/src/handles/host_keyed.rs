//! Handles that the host chooses: a lock-free map from handle to entry.
//!
//! Open addressing with linear probing. A removed entry leaves a mark that probing passes; when half of the cells are in
//! use or marked, the linked entries move to another array: of the same size if most were only marked, else twice as large.
//! A look-up may still be reading the array that they left. It is therefore emptied but kept until the table is dropped,
//! and serves again when the entries next move to its size.

use std::ptr::{self, NonNull};

use super::{
    entry::POISONED,
    key::{Cell, GONE, Key, linked},
    sync::{AtomicPtr, AtomicUsize, Ordering, const_fns},
};
use crate::settled::settled_ref;

/// log2 of the number of cells in the first array.
const FIRST_BITS: u32 = if cfg!(loom) { 1 } else { 6 };
/// 2^32 divided by the golden ratio: spreads the multiples of four that hosts tend to issue. Widened with its sign, as a
/// processor's instruction has it: the bits taken from a product are those above bit 32 as well, but from -0.38 times the handle.
const GOLDEN: usize = 0x9E37_79B9_u32.cast_signed() as usize;
/// From a cell to the next: places are counted in bytes, so that a look-up need not multiply. Loom's cells have another size.
const STEP: usize = if cfg!(loom) { 1 } else { size_of::<Cell>() };

/// The host chooses the handles: any value but INVALID_SOCKET.
pub struct HostKeyed {
    /// [`none`] before the first insertion.
    current: AtomicPtr<Array>,
    /// Counts the moves to another array.
    version: AtomicUsize,
}

/// Its parts are from boxes that [`Owned`] gives back, but those of `NONE`.
struct Array {
    /// The highest index, in steps: as many of a hash's bits say where a probe begins.
    mask: usize,
    cells: &'static [Cell],
    /// The handle of the entry in the cell with the same index, stored before the entry is. Apart from the cells: where a
    /// probe begins, the entry itself says whether it is the right one.
    keys: &'static [AtomicUsize],
}

/// In place of an array before the first insertion: look-ups need not ask whether there is one. Never written.
#[cfg(not(loom))]
static NONE: Array = Array { mask: 0, cells: &NO_CELLS, keys: &NO_KEYS };
#[cfg(not(loom))]
static NO_CELLS: [Cell; 1] = [Cell::new(ptr::null_mut())];
#[cfg(not(loom))]
static NO_KEYS: [AtomicUsize; 1] = [AtomicUsize::new(0)];

#[cfg(not(loom))]
const fn none() -> *mut Array {
    (&raw const NONE).cast_mut()
}
#[cfg(loom)]
const fn none() -> *mut Array {
    ptr::null_mut()
}

/// An array that look-ups may be reading, owned by the writer.
struct Owned(NonNull<Array>);

// SAFETY: an Array is Send and Sync, and the pointer owns it as a Box would.
unsafe impl Send for Owned {}

impl Owned {
    fn new(bits: u32) -> Self {
        let last = (1_usize << bits) - 1;
        let cells: Box<[_]> = (0..=last).map(|_| Cell::new(ptr::null_mut())).collect();
        let keys: Box<[_]> = (0..=last).map(|_| AtomicUsize::new(0)).collect();
        let array = Array { mask: last * STEP, cells: Box::leak(cells), keys: Box::leak(keys) };
        let array = Box::new(array);
        Self(NonNull::from(Box::leak(array)))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: all three are from the boxes in `new`; dropped with the table, when no look-up runs.
        unsafe {
            let array = Box::from_raw(self.0.as_ptr());
            drop(Box::from_raw(ptr::from_ref(array.cells).cast_mut()));
            drop(Box::from_raw(ptr::from_ref(array.keys).cast_mut()));
        }
    }
}

/// The arrays, and how full the current one is.
pub struct Writer {
    arrays: Vec<Owned>,
    /// Cells of the current array that link an entry.
    live: usize,
    /// Cells of the current array that link an entry or did.
    used: usize,
}

impl Writer {
    pub(super) const NEW: Self = Self { arrays: Vec::new(), live: 0, used: 0 };

    /// An empty array of this size, other than `current`.
    fn spare(&mut self, bits: u32, current: *const Array) -> NonNull<Array> {
        let fits = |owned: &&Owned| {
            // SAFETY: the writer's arrays live as long as it does.
            !ptr::eq(owned.0.as_ptr(), current) && unsafe { owned.0.as_ref() }.bits() == bits
        };
        if let Some(spare) = self.arrays.iter().find(fits) {
            return spare.0;
        }
        self.arrays.push(Owned::new(bits));
        self.arrays[self.arrays.len() - 1].0
    }
}

impl Array {
    fn bits(&self) -> u32 {
        self.cells.len().trailing_zeros()
    }

    /// Bits from the middle of the product: they depend on all bits of any handle that hosts issue.
    #[inline(always)]
    fn place(&self, handle: usize) -> usize {
        (handle.wrapping_mul(GOLDEN) >> (usize::BITS / 2 - STEP.ilog2())) & self.mask
    }

    /// Where the probe for this handle begins, and nearly always ends.
    #[inline(always)]
    fn first(&self, handle: usize) -> &Cell {
        if STEP == 1 {
            return &self.cells[self.place(handle)];
        }
        // SAFETY: a step is a cell's size: the mask leaves multiples of that, up to the last cell.
        unsafe { &*self.cells.as_ptr().byte_add(self.place(handle)) }
    }

    fn probe(&self, handle: usize) -> impl Iterator<Item = (&AtomicUsize, &Cell)> {
        let from = self.place(handle) / STEP;
        (from..self.cells.len()).chain(0..from).map(|index| (&self.keys[index], &self.cells[index]))
    }

    /// The first cell with this key is the right one, because an entry is linked in the first free cell of its probe.
    fn search(&self, handle: usize) -> Option<&Cell> {
        for (key, cell) in self.probe(handle) {
            // Acquire, both: the version is read after all of this.
            if key.load(Ordering::Acquire) == handle {
                return Some(cell);
            }
            if cell.load(Ordering::Acquire).is_null() {
                return None;
            }
        }
        None
    }

    /// Links an entry in the first cell that is free, and tells whether that cell was never used.
    fn link(&self, handle: usize, entry: NonNull<()>) -> bool {
        let free = |(_, cell): &(&AtomicUsize, &Cell)| linked(cell).is_none();
        let (key, cell) = self.probe(handle).find(free).expect("at most half of the cells are used");
        let fresh = cell.load(Ordering::Relaxed).is_null();
        key.store(handle, Ordering::Relaxed);
        cell.store(entry.as_ptr(), Ordering::Release);
        fresh
    }
}

impl HostKeyed {
    const_fns! {
        pub(super) fn new() -> Self {
            Self { current: AtomicPtr::new(none()), version: AtomicUsize::new(0) }
        }
    }

    #[inline(always)]
    fn current(&self) -> Option<&Array> {
        let current = self.current.load(Ordering::Acquire);
        #[cfg(loom)]
        if current == none() {
            return None;
        }
        // SAFETY: `NONE`, or an array of the writer's, which lives as long as the table.
        Some(unsafe { &*current })
    }

    /// The current array, once there is one.
    fn made(&self) -> Option<&Array> {
        self.current().filter(|array| !ptr::eq(*array, none()))
    }

    /// Links an entry whose handle is not in the map. False for INVALID_SOCKET.
    #[must_use]
    pub(super) fn link(&self, writer: &mut Writer, handle: usize, entry: NonNull<()>) -> bool {
        if handle == POISONED {
            return false;
        }
        let array = self.with_room(writer);
        writer.used += usize::from(array.link(handle, entry));
        writer.live += 1;
        true
    }

    /// The current array, in which at most half of the cells are used after the next insertion.
    fn with_room(&self, writer: &mut Writer) -> &Array {
        match self.made() {
            Some(array) if (writer.used + 1) * 2 <= array.cells.len() => array,
            Some(array) if writer.live * 4 < array.cells.len() => self.rehash(writer, array.bits(), Some(array)),
            Some(array) => self.rehash(writer, array.bits() + 1, Some(array)),
            None => self.rehash(writer, FIRST_BITS, None),
        }
    }

    /// Moves all entries to an array without marks.
    fn rehash(&self, writer: &mut Writer, bits: u32, old: Option<&Array>) -> &Array {
        let new = writer.spare(bits, old.map_or(ptr::null(), ptr::from_ref));
        // SAFETY: an array of the writer's lives as long as the table.
        let array = unsafe { new.as_ref() };
        for (key, cell) in old.iter().flat_map(|old| old.keys.iter().zip(old.cells)) {
            if let Some(entry) = linked(cell) {
                array.link(key.load(Ordering::Relaxed), entry);
            }
        }
        self.current.store(new.as_ptr(), Ordering::Release);
        // Whoever misses an entry in the old array sees a new version, and looks again.
        self.version.fetch_add(1, Ordering::Release);
        // A look-up in the old array must not find what is removed from the new one later.
        for cell in old.iter().flat_map(|old| old.cells) {
            cell.store(ptr::null_mut(), Ordering::Release);
        }
        writer.used = writer.live;
        array
    }
}

impl Key for HostKeyed {
    type Writer = Writer;

    fn cell(&self, handle: usize) -> Option<&Cell> {
        self.current()?.search(handle)
    }

    #[inline(always)]
    fn likely(&self, handle: usize) -> Option<&Cell> {
        Some(settled_ref(self.current()?.first(handle)))
    }

    fn version(&self) -> usize {
        self.version.load(Ordering::Acquire)
    }

    fn unlink(&self, writer: &mut Writer, _handle: usize, cell: &Cell) {
        cell.store(GONE, Ordering::Release);
        writer.live -= 1;
    }

    fn for_each(&self, f: &mut dyn FnMut(NonNull<()>)) {
        let cells = self.current().map_or(&[][..], |array| array.cells);
        cells.iter().filter_map(linked).for_each(f);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// An address to link; never followed.
    fn entry(n: usize) -> NonNull<()> {
        NonNull::new(ptr::without_provenance_mut(n * 64)).unwrap()
    }

    #[test]
    fn churn_of_new_handles_neither_loses_an_entry_nor_grows_the_map() {
        let (keys, mut writer) = (HostKeyed::new(), Writer::NEW);
        assert!(keys.link(&mut writer, 4, entry(4)));
        for handle in (8..40_000).step_by(4) {
            assert!(keys.link(&mut writer, handle, entry(handle)));
            let cell = keys.cell(handle).unwrap();
            assert_eq!(linked(cell), Some(entry(handle)));
            keys.unlink(&mut writer, handle, cell);
            assert!(keys.cell(handle).and_then(linked).is_none());
            assert_eq!(keys.cell(4).and_then(linked), Some(entry(4)));
        }
        assert_eq!(writer.arrays.len(), 2);
        assert_eq!(keys.current().unwrap().bits(), FIRST_BITS);
    }

    #[test]
    fn growth_keeps_all_entries_and_leaves_none_in_the_old_arrays() {
        let (keys, mut writer) = (HostKeyed::new(), Writer::NEW);
        for handle in 1..=5_000 {
            assert!(keys.link(&mut writer, handle, entry(handle)));
        }
        for handle in 1..=5_000 {
            assert_eq!(keys.cell(handle).and_then(linked), Some(entry(handle)));
        }
        let mut live = 0;
        for array in &writer.arrays {
            // SAFETY: the writer owns it.
            live += unsafe { array.0.as_ref() }.cells.iter().filter(|cell| linked(cell).is_some()).count();
        }
        assert_eq!(live, 5_000);
    }

    #[test]
    fn invalid_socket_is_refused() {
        let (keys, mut writer) = (HostKeyed::new(), Writer::NEW);
        assert!(!keys.link(&mut writer, POISONED, entry(1)));
        assert!(keys.cell(POISONED).is_none());
    }
}
