//! The entry behind a handle, and the two kinds of reference to it.

use std::{fmt, marker::PhantomData, ops::Deref, process, ptr, ptr::NonNull};

use super::{
    hazard::Slot,
    sync::{AtomicBool, AtomicUsize, Ordering},
};

/// INVALID_SOCKET: no entry has this handle, and no look-up of it finds a cell with an entry.
pub(super) const POISONED: usize = usize::MAX;

/// A value with its handle. Aligned so that no two entries share a cache line.
#[repr(align(64))]
pub(super) struct Entry<T> {
    /// What a look-up compares: the handle, or [`POISONED`].
    key: AtomicUsize,
    handle: usize,
    count: AtomicUsize,
    closing: AtomicBool,
    value: T,
}

impl<T> Entry<T> {
    pub(super) fn handle(&self) -> usize {
        self.handle
    }

    #[inline(always)]
    pub(super) fn is_live(&self, handle: usize) -> bool {
        self.key.load(Ordering::Relaxed) == handle
    }

    pub(super) fn is_poisoned(&self, handle: usize) -> bool {
        self.handle == handle && !self.is_live(handle)
    }

    fn poison(&self) {
        self.key.store(POISONED, Ordering::Relaxed);
    }

    fn begin_close(&self) -> bool {
        self.closing.compare_exchange(false, true, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    fn abandon_close(&self) {
        self.closing.store(false, Ordering::Release);
    }
}

/// Declares, for a reference type with an `entry()`, what both kinds offer.
macro_rules! entry_methods {
    () => {
        /// The handle under which the entry was inserted.
        pub fn handle(&self) -> usize {
            self.entry().handle
        }

        /// Makes later look-ups of this handle fail with [`Miss::Poisoned`](super::Miss::Poisoned). References that exist
        /// stay valid, and removing the entry still works.
        pub fn poison(&self) {
            self.entry().poison();
        }

        /// Claims the right to close this entry: true for exactly one caller, until [`abandon_close`](Self::abandon_close).
        /// Look-ups are not affected.
        #[must_use]
        pub fn begin_close(&self) -> bool {
            self.entry().begin_close()
        }

        /// Gives the right to close up again, after a close that failed. Only for whoever was given it.
        pub fn abandon_close(&self) {
            self.entry().abandon_close();
        }
    };
}

/// A counted reference to an entry, which may outlive the call, the entry's place in the table and the table.
///
/// The value is dropped with the last reference, on whichever thread that is.
pub struct Retained<T> {
    entry: NonNull<Entry<T>>,
    _owns: PhantomData<Entry<T>>,
}

// SAFETY: like Arc: any thread may reach the value through a shared reference, and any may drop it.
unsafe impl<T: Send + Sync> Send for Retained<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Retained<T> {}

impl<T> Retained<T> {
    pub(super) fn new(handle: usize, value: T) -> Self {
        let entry = Box::new(Entry {
            key: AtomicUsize::new(handle),
            handle,
            count: AtomicUsize::new(1),
            closing: AtomicBool::new(false),
            value,
        });
        // SAFETY: the count of 1 is this reference's.
        unsafe { Self::from_raw(NonNull::from(Box::leak(entry))) }
    }

    /// # Safety
    /// `entry` must be alive, and one of its counts becomes this reference's.
    pub(super) unsafe fn from_raw(entry: NonNull<Entry<T>>) -> Self {
        Self { entry, _owns: PhantomData }
    }

    /// Keeps the count, for a later [`from_raw`](Self::from_raw).
    pub(super) fn into_raw(self) -> NonNull<Entry<T>> {
        let entry = self.entry;
        std::mem::forget(self);
        entry
    }

    /// What the table's cells and the hazard slots hold.
    pub(super) fn address(&self) -> NonNull<()> {
        self.entry.cast()
    }

    /// A further reference to an entry that someone else keeps alive.
    ///
    /// # Safety
    /// `entry` must be alive during the call.
    pub(super) unsafe fn retain(entry: NonNull<Entry<T>>) -> Self {
        // SAFETY: alive, as the caller promises.
        let before = unsafe { entry.as_ref() }.count.fetch_add(1, Ordering::Relaxed);
        if before > isize::MAX as usize {
            // Leaked references would wrap the count and free a live value.
            process::abort();
        }
        // SAFETY: alive, and the count was just added.
        unsafe { Self::from_raw(entry) }
    }

    fn entry(&self) -> &Entry<T> {
        // SAFETY: this reference's count keeps the entry alive.
        unsafe { self.entry.as_ref() }
    }

    entry_methods!();
}

impl<T> Clone for Retained<T> {
    fn clone(&self) -> Self {
        // SAFETY: `self` keeps the entry alive.
        unsafe { Self::retain(self.entry) }
    }
}

impl<T> Deref for Retained<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.entry().value
    }
}

impl<T> Drop for Retained<T> {
    fn drop(&mut self) {
        if self.entry().count.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        // Every other reference's last use comes before the drop. A load and no fence: ThreadSanitizer understands no fences.
        self.entry().count.load(Ordering::Acquire);
        // SAFETY: the last count is gone, so nobody else can reach the entry: the table gives its own up only when no
        // hazard points at the entry. It came from a Box in `new`.
        let entry = unsafe { Box::from_raw(self.entry.as_ptr()) };
        drop_entry(entry);
    }
}

#[cfg(not(loom))]
fn drop_entry<T>(entry: Box<Entry<T>>) {
    drop(entry);
}

/// A model must be able to see a use after the drop, which is no longer possible once the memory is gone.
#[cfg(loom)]
fn drop_entry<T>(entry: Box<Entry<T>>) {
    let entry = Box::into_raw(entry);
    // SAFETY: nobody else can reach the entry, and its memory is leaked.
    unsafe { ptr::drop_in_place(&raw mut (*entry).value) };
}

impl<T> fmt::Debug for Retained<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Retained").field(&self.handle()).finish()
    }
}

/// A reference to an entry for the duration of a call, on the thread that looked it up.
///
/// It costs a hazard slot of that thread: what may block or outlive the call takes a [`retain`](Self::retain)ed reference and
/// drops this one. Whoever removes the entry drops this one first, or the value stays until a later
/// [`reap`](super::Table::reap).
pub struct Ref<'a, T> {
    // Not a reference: the entry may be freed as soon as `drop` has cleared the slot.
    entry: NonNull<Entry<T>>,
    /// Protects the entry.
    slot: &'static Slot,
    _table: PhantomData<&'a T>,
}

impl<T> Ref<'_, T> {
    /// # Safety
    /// `slot` must protect `entry`, and nobody else may clear it.
    #[inline(always)]
    pub(super) unsafe fn new(entry: NonNull<Entry<T>>, slot: &'static Slot) -> Self {
        Self { entry, slot, _table: PhantomData }
    }

    /// A counted reference to the same entry.
    #[must_use]
    pub fn retain(&self) -> Retained<T> {
        // SAFETY: `self` keeps the entry alive.
        unsafe { Retained::retain(self.entry) }
    }

    #[inline(always)]
    fn entry(&self) -> &Entry<T> {
        // SAFETY: the slot keeps the entry alive until `drop`.
        unsafe { self.entry.as_ref() }
    }

    entry_methods!();
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.entry().value
    }
}

impl<T> Drop for Ref<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // Release: the uses of the entry come before the slot is seen to be empty.
        self.slot.store(ptr::null_mut(), Ordering::Release);
    }
}

impl<T> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ref").field(&self.handle()).finish()
    }
}
