//! Handle tables that are safe against close.
//!
//! A look-up and the reference to what it finds are one step: between them no other thread can close the handle and free the
//! value. A look-up takes no lock, executes no locked instruction and writes nothing that other threads write: the thread
//! announces the entry in a hazard slot of its own, then checks that the table still links it. A removal unlinks the entry,
//! issues a barrier on all running threads of the process, then looks through the hazard slots; an entry that is still in
//! use stays until a later removal or [`Table::reap`].
//!
//! Look-ups belong to ordinary code: a signal handler that interrupts one on its own thread must not start another.

#[cfg(loom)]
pub mod barrier;
#[cfg(not(loom))]
mod barrier;
mod entry;
mod first;
mod hazard;
mod host_keyed;
mod key;
mod slot_keyed;
mod sync;
pub(crate) use sync::const_fns;

use std::{mem, ptr, ptr::NonNull};

pub use entry::{Ref, Retained};
pub use host_keyed::HostKeyed;
pub use slot_keyed::SlotKeyed;

use entry::Entry;
use hazard::Slot;
pub use key::Key;
use key::{Cell, linked};
use sync::{Mutex, MutexGuard, Ordering};

/// Why a look-up found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The table links no entry with this handle: it was never inserted, or is removed.
    Unknown,
    /// The entry was [poisoned](Ref::poison). It can still be removed.
    Poisoned,
}

/// The table already links an entry with this handle, or the handle is INVALID_SOCKET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exists;

/// All slots of the table are in use or retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A table of values under handles that are made as `K` says: [`HostKeyed`] or [`SlotKeyed`].
///
/// Threads may insert, look up and remove at once; removals and insertions take a lock. No code of `T` runs under that
/// lock, so the value's constructor and destructor may use the table.
pub struct Table<T, K: Key> {
    keys: K,
    state: Mutex<State<T, K>>,
}

struct State<T, K: Key> {
    writer: K::Writer,
    live: usize,
    /// Removed entries, with the table's count, that were still in use or could not be shown not to be.
    retired: Vec<Retained<T>>,
}

impl<T> Table<T, HostKeyed> {
    const_fns! {
        /// An empty table.
        pub fn new() -> Self {
            let state = State { writer: host_keyed::Writer::NEW, live: 0, retired: Vec::new() };
            Self { keys: HostKeyed::new(), state: Mutex::new(state) }
        }
    }

    /// Inserts `value` under the handle that the host chose.
    ///
    /// # Errors
    /// [`Exists`] if the handle is in the table, or is INVALID_SOCKET; the value is dropped.
    pub fn insert(&self, handle: usize, value: T) -> Result<Retained<T>, Exists> {
        // Declared before the lock: if the value is refused, it is dropped after the lock.
        let entry = Retained::new(handle, value);
        let mut state = self.lock();
        if self.find(handle).is_some() {
            return Err(Exists);
        }
        let counted = entry.clone();
        if !self.keys.link(&mut state.writer, handle, counted.address()) {
            return Err(Exists);
        }
        mem::forget(counted); // The table's count.
        state.live += 1;
        drop(state);
        Ok(entry)
    }
}

impl<T> Table<T, SlotKeyed> {
    const_fns! {
        /// An empty table.
        pub fn new() -> Self {
            let state = State { writer: slot_keyed::Writer::NEW, live: 0, retired: Vec::new() };
            Self { keys: SlotKeyed::new(), state: Mutex::new(state) }
        }
    }

    /// Makes a handle, inserts the value that `make` returns for it, and returns both. Until then the handle is unknown.
    ///
    /// # Errors
    /// [`Full`] if there is no free slot; `make` is not called.
    ///
    /// # Panics
    /// If `make` does; then the handle is never made again.
    pub fn insert(&self, make: impl FnOnce(usize) -> T) -> Result<(usize, Retained<T>), Full> {
        let handle = {
            let mut state = self.lock();
            self.keys.reserve(&mut state.writer).ok_or(Full)?
        };
        let reserved = Reserved { table: self, handle };
        let entry = Retained::new(handle, make(handle));
        mem::forget(reserved);
        let mut state = self.lock();
        self.keys.link(handle, entry.clone().into_raw().cast());
        state.live += 1;
        drop(state);
        Ok((handle, entry))
    }
}

/// Gives the slot back if the value's constructor panics.
struct Reserved<'a, T> {
    table: &'a Table<T, SlotKeyed>,
    handle: usize,
}

impl<T> Drop for Reserved<'_, T> {
    fn drop(&mut self) {
        self.table.lock().writer.release(self.handle);
    }
}

impl<T> Default for Table<T, HostKeyed> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Default for Table<T, SlotKeyed> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, K: Key> Table<T, K> {
    /// Looks `handle` up and refers to what it finds, in one step.
    ///
    /// # Errors
    /// [`Miss::Unknown`] if there is no such entry, [`Miss::Poisoned`] if it was poisoned.
    #[inline]
    pub fn get(&self, handle: usize) -> Result<Ref<'_, T>, Miss> {
        self.get_at_once(handle).map_or_else(|| self.get_cold(handle).ok_or_else(|| self.why_missed(handle)), Ok)
    }

    /// The hot path of [`get`](Self::get) alone: finds nearly every entry that is there, and says nothing of the others.
    #[inline(always)]
    pub fn get_at_once(&self, handle: usize) -> Option<Ref<'_, T>> {
        let slot = hazard::free_first()?;
        Self::protect(self.keys.likely(handle)?, handle, slot, barrier::light)
    }

    /// Announces the entry of `cell`, a cell of this table, in `slot`, which must be free, and checks that the cell still links
    /// it. If it is not there (any more), poisoned or another handle's, the slot is free again.
    #[inline(always)]
    fn protect<'t>(cell: &'t Cell, handle: usize, slot: &'static Slot, barrier: impl FnOnce()) -> Option<Ref<'t, T>> {
        let entry = announce(cell, slot, barrier)?.cast::<Entry<T>>();
        // SAFETY: the table linked the entry when the slot was visible to whoever unlinks it, so it is not freed before the
        // slot is cleared.
        if unsafe { entry.as_ref() }.is_live(handle) {
            // SAFETY: as above; the slot was free, so it is this reference's alone.
            return Some(unsafe { Ref::new(entry, slot) });
        }
        release(slot);
        None
    }

    /// The look-up when the first slot is taken (a re-entered call), when the thread is new or exiting, when the system
    /// has no barrier for the whole process, and when the hot path missed.
    #[cold]
    #[inline(never)]
    fn get_cold(&self, handle: usize) -> Option<Ref<'_, T>> {
        hazard::with_slot(|slot| {
            loop {
                let version = self.keys.version();
                let cell = self.keys.cell(handle);
                let found = cell.and_then(|cell| Self::protect(cell, handle, slot, barrier::adaptive));
                if found.is_some() || self.keys.version() == version {
                    return found;
                }
            }
        })
    }

    /// Looks `handle` up as [`get`](Self::get) does, and finds a poisoned entry as well: for its end.
    #[cold]
    pub fn get_even_poisoned(&self, handle: usize) -> Option<Ref<'_, T>> {
        hazard::with_slot(|slot| {
            loop {
                let version = self.keys.version();
                let cell = self.keys.cell(handle);
                if let Some(entry) = cell.and_then(|cell| announce(cell, slot, barrier::adaptive)) {
                    let entry = entry.cast::<Entry<T>>();
                    // SAFETY: as in `protect`.
                    if unsafe { entry.as_ref() }.handle() == handle {
                        // SAFETY: as in `protect`.
                        return Some(unsafe { Ref::new(entry, slot) });
                    }
                    release(slot);
                }
                if self.keys.version() == version {
                    return None;
                }
            }
        })
    }

    /// A handle that was unknown a moment ago and is not poisoned now counts as unknown, whatever else it is now.
    #[cold]
    #[inline(never)]
    fn why_missed(&self, handle: usize) -> Miss {
        let is_poisoned = hazard::with_slot(|slot| {
            let entry = announce(self.keys.cell(handle)?, slot, barrier::adaptive)?.cast::<Entry<T>>();
            // SAFETY: as in `protect`.
            let poisoned = unsafe { entry.as_ref() }.is_poisoned(handle);
            release(slot);
            Some(poisoned)
        });
        if is_poisoned == Some(true) { Miss::Poisoned } else { Miss::Unknown }
    }

    /// Unlinks the entry with this handle. Later look-ups miss; the value is dropped with the last reference.
    ///
    /// # Errors
    /// [`Miss::Unknown`] if there is no such entry, as for all but one of several threads that remove it at once.
    pub fn remove(&self, handle: usize) -> Result<Retained<T>, Miss> {
        self.remove_if(handle, |_| true).ok_or(Miss::Unknown)
    }

    /// Unlinks exactly this entry, not one that has the same handle by now. False if the table does not link it.
    pub fn remove_entry(&self, entry: &Retained<T>) -> bool {
        self.remove_if(entry.handle(), |found| found == entry.address()).is_some()
    }

    fn remove_if(&self, handle: usize, wanted: impl FnOnce(NonNull<()>) -> bool) -> Option<Retained<T>> {
        let mut state = self.lock();
        let (cell, found) = self.find(handle)?;
        if !wanted(found.cast()) {
            return None;
        }
        self.keys.unlink(&mut state.writer, handle, cell);
        state.live -= 1;
        let mut batch = mem::take(&mut state.retired);
        drop(state);
        // SAFETY: the entry was linked, so the table's count kept it alive; being unlinked, it gives the count up here.
        let removed = unsafe { Retained::from_raw(found) };
        batch.push(removed.clone());
        self.retire(batch);
        Some(removed)
    }

    /// Unlinks all entries, then calls `f` for each.
    pub fn drain(&self, mut f: impl FnMut(Retained<T>)) {
        let mut state = self.lock();
        let mut removed = self.linked();
        for entry in &removed {
            if let Some((cell, _)) = self.find(entry.handle()) {
                self.keys.unlink(&mut state.writer, entry.handle(), cell);
            }
        }
        state.live = 0;
        let mut batch = mem::take(&mut state.retired);
        drop(state);
        // SAFETY: as in `remove_if`.
        batch.extend(removed.iter().map(|entry| unsafe { Retained::from_raw(entry.address().cast()) }));
        self.retire(batch);
        removed.drain(..).for_each(&mut f);
    }

    /// Calls `f` for each entry that is linked at the time of the call.
    pub fn for_each(&self, f: impl FnMut(Retained<T>)) {
        let state = self.lock();
        let linked = self.linked();
        drop(state);
        linked.into_iter().for_each(f);
    }

    /// The number of linked entries.
    pub fn len(&self) -> usize {
        self.lock().live
    }

    /// Whether no entry is linked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives up removed entries that were in use when they were removed and no longer are. Returns how many still are.
    pub fn reap(&self) -> usize {
        let batch = mem::take(&mut self.lock().retired);
        if !batch.is_empty() {
            self.retire(batch);
        }
        self.lock().retired.len()
    }

    /// Gives up the table's counts of unlinked entries, except of those that are in use.
    fn retire(&self, mut batch: Vec<Retained<T>>) {
        let in_use = barrier::heavy().then(hazard::in_use);
        // Without a barrier any of them may be in use.
        let is_in_use =
            |entry: &mut Retained<T>| in_use.as_ref().is_none_or(|in_use| in_use.contains(&entry.address().as_ptr()));
        let busy: Vec<_> = batch.extract_if(.., is_in_use).collect();
        if !busy.is_empty() {
            self.lock().retired.extend(busy);
        }
        // The rest is dropped here, outside the lock: destructors may use the table.
    }

    /// The linked entry with this handle and its cell. Only under the lock.
    fn find(&self, handle: usize) -> Option<(&Cell, NonNull<Entry<T>>)> {
        let cell = self.keys.cell(handle)?;
        let entry = linked(cell)?.cast::<Entry<T>>();
        // SAFETY: a linked entry is kept alive by the table's count, and is unlinked only under the lock.
        (unsafe { entry.as_ref() }.handle() == handle).then_some((cell, entry))
    }

    /// All linked entries. Only under the lock.
    fn linked(&self) -> Vec<Retained<T>> {
        let mut all = Vec::new();
        // SAFETY: as in `find`.
        self.keys.for_each(&mut |entry| all.push(unsafe { Retained::retain(entry.cast()) }));
        all
    }

    fn lock(&self) -> MutexGuard<'_, State<T, K>> {
        // Nothing panics half-way through a change under this lock.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Stores the entry that `cell` links in `slot`, then checks that `cell` still links it: then it is protected.
#[inline(always)]
fn announce(cell: &Cell, slot: &'static Slot, barrier: impl FnOnce()) -> Option<NonNull<()>> {
    let entry = linked(cell)?;
    // Release: the slot's earlier uses come before what follows from seeing this one.
    slot.store(entry.as_ptr(), Ordering::Release);
    barrier();
    if cell.load(Ordering::Acquire) == entry.as_ptr() {
        return Some(entry);
    }
    release(slot);
    None
}

#[inline(always)]
fn release(slot: &Slot) {
    slot.store(ptr::null_mut(), Ordering::Release);
}

impl<T, K: Key> Drop for Table<T, K> {
    fn drop(&mut self) {
        // SAFETY: linked, so the table's count keeps it alive and is given up here; the exclusive borrow shows that no
        // look-up runs and no `Ref` exists.
        self.keys.for_each(&mut |entry| drop(unsafe { Retained::<T>::from_raw(entry.cast()) }));
    }
}
