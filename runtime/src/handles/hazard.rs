//! Hazard slots: where each thread announces the entries that it is using.
//!
//! A record belongs to one thread at a time, is found again by the next thread when its owner exits, and is never freed:
//! there are as many as there were threads at once. One list serves all tables of the process.

use std::{cell::Cell, iter, ptr};

use super::{
    barrier,
    first::{first, set_first, taken},
    sync::{AtomicBool, AtomicPtr, Ordering, const_fns, thread_local},
};

/// Holds the address of the entry in use, or null. Written only by the owner of its record.
pub(super) type Slot = AtomicPtr<()>;

/// How many entries one thread uses at once with the slots of its own record: the usual depth of calls re-entered through
/// upcalls.
const SLOTS: usize = if cfg!(loom) { 2 } else { 8 };

/// Aligned so that no two threads write to one pair of cache lines.
#[repr(align(128))]
struct Record {
    slots: [Slot; SLOTS],
    owned: AtomicBool,
    next: Option<&'static Record>,
}

impl Record {
    fn free_slot(&self) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.load(Ordering::Relaxed).is_null())
    }

    /// Takes a record without owner, unless one of its slots still serves a reference.
    fn adopt(&self) -> bool {
        let free = !self.owned.load(Ordering::Relaxed)
            && self.owned.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if free && self.slots.iter().any(|slot| !slot.load(Ordering::Acquire).is_null()) {
            self.disown();
            return false;
        }
        free
    }

    /// Gives the record up. References that its slots serve stay protected: nobody adopts it before they are gone.
    fn disown(&self) {
        self.owned.store(false, Ordering::Release);
    }
}

struct Records {
    head: AtomicPtr<Record>,
}

impl Records {
    const_fns! {
        fn new() -> Self {
            Self { head: AtomicPtr::new(ptr::null_mut()) }
        }
    }

    fn head(&self) -> Option<&'static Record> {
        // SAFETY: the head is null or came from the Box leaked in `acquire`, which is never freed nor borrowed mutably again.
        unsafe { self.head.load(Ordering::Acquire).as_ref() }
    }

    fn iter(&self) -> impl Iterator<Item = &'static Record> + use<> {
        iter::successors(self.head(), |record| record.next)
    }

    fn acquire(&self) -> &'static Record {
        if let Some(record) = self.iter().find(|record| record.adopt()) {
            return record;
        }
        let mut record = Box::new(Record {
            slots: std::array::from_fn(|_| Slot::new(ptr::null_mut())),
            owned: AtomicBool::new(true),
            next: None,
        });
        loop {
            let head = self.head.load(Ordering::Acquire);
            // SAFETY: as in `head`.
            record.next = unsafe { head.as_ref() };
            let raw = Box::into_raw(record);
            match self.head.compare_exchange(head, raw, Ordering::AcqRel, Ordering::Relaxed) {
                // SAFETY: `raw` came from the Box above and is leaked from here on.
                Ok(_) => return unsafe { &*raw },
                // SAFETY: `raw` came from the Box above and was not published.
                Err(_) => record = unsafe { Box::from_raw(raw) },
            }
        }
    }
}

#[cfg(not(loom))]
static RECORDS: Records = Records::new();
#[cfg(loom)]
loom::lazy_static! {
    static ref RECORDS: Records = Records::new();
}

/// This thread's record, given back when the thread exits.
struct Owner(Cell<Option<&'static Record>>);

impl Owner {
    fn free_slot(&self) -> Option<&'static Slot> {
        let record = self.0.get().unwrap_or_else(|| {
            let record = RECORDS.acquire();
            self.0.set(Some(record));
            if barrier::light_suffices() {
                set_first(&record.slots[0]);
            }
            record
        });
        record.free_slot()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        set_first(taken());
        if let Some(record) = self.0.take() {
            record.disown();
        }
    }
}

#[cfg(not(loom))]
thread_local!(static OWNER: Owner = const { Owner(Cell::new(None)) });
#[cfg(loom)]
thread_local!(static OWNER: Owner = Owner(Cell::new(None)));

/// The calling thread's first slot, if it is free. It is the first of the thread's record, or [`taken`] if the thread has none
/// or if the light barrier does not suffice. No destructor runs for it, so that no look-up asks whether one was run.
#[inline(always)]
pub(super) fn free_first() -> Option<&'static Slot> {
    first().filter(|slot| own(slot).is_null())
}

/// What a slot of the calling thread's holds.
#[cfg(not(loom))]
#[inline(always)]
fn own(slot: &'static Slot) -> *mut () {
    // SAFETY: only the calling thread writes to its slots (nobody to the one that is always taken), so that no write is
    // concurrent. Read plainly, it need not come into a register.
    unsafe { *slot.as_ptr() }
}
#[cfg(loom)]
fn own(slot: &'static Slot) -> *mut () {
    slot.load(Ordering::Relaxed)
}

/// Calls `f` with a free slot, which it may leave in use. Gives the thread a record if it has none. If all of its slots are
/// taken, or if the thread is exiting, the slot is another record's, which serves just this once.
pub(super) fn with_slot<R>(f: impl FnOnce(&'static Slot) -> R) -> R {
    if let Some(slot) = OWNER.try_with(Owner::free_slot).ok().flatten() {
        return f(slot);
    }
    let record = RECORDS.acquire();
    let result = f(&record.slots[0]);
    record.disown();
    result
}

/// The addresses in use by any thread. Complete for an entry that was unlinked before a [`barrier::heavy`].
pub(super) fn in_use() -> Vec<*mut ()> {
    RECORDS
        .iter()
        .flat_map(|record| &record.slots)
        // Acquire: what the owner did with an entry comes before what follows from its absence here.
        .map(|slot| slot.load(Ordering::Acquire))
        .filter(|address| !address.is_null())
        .collect()
}
