//! The host's services, as the provider holds them.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ffi;

/// The host's services. A cheap handle: clone it freely. Its methods are the upcalls, typed; see [`crate::upcall`].
///
/// Each start-up that succeeds hands a table over, and the newest counts for everybody.
#[derive(Clone)]
pub struct Upcalls {
    shared: Arc<Shared>,
}

struct Shared {
    current: AtomicPtr<ffi::WSPUPCALLTABLEEX>,
    /// Every table ever current, so that a thread which has just read `current` may go on using it. A process has as many as
    /// it has different hosts.
    tables: Mutex<Vec<Arc<ffi::WSPUPCALLTABLEEX>>>,
}

impl Upcalls {
    /// Takes a table over.
    pub(crate) fn new(table: ffi::WSPUPCALLTABLEEX) -> Self {
        let upcalls =
            Self { shared: Arc::new(Shared { current: AtomicPtr::default(), tables: Mutex::new(Vec::new()) }) };
        upcalls.replace(table);
        upcalls
    }

    /// Makes a table the current one.
    pub(crate) fn replace(&self, table: ffi::WSPUPCALLTABLEEX) {
        let mut tables = self.shared.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tables.iter().find(|known| same(known, &table)).cloned();
        let table = known.unwrap_or_else(|| {
            let table = Arc::new(table);
            tables.push(Arc::clone(&table));
            table
        });
        self.shared.current.store(Arc::as_ptr(&table).cast_mut(), Ordering::Release);
    }

    /// The current table.
    pub fn table(&self) -> &ffi::WSPUPCALLTABLEEX {
        // SAFETY: `current` was set by `new` and points into `tables`, which only grows as long as `self` lives.
        unsafe { &*self.shared.current.load(Ordering::Acquire) }
    }
}

impl std::fmt::Debug for Upcalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upcalls({:?})", self.shared.current)
    }
}

fn same(one: &ffi::WSPUPCALLTABLEEX, other: &ffi::WSPUPCALLTABLEEX) -> bool {
    const ENTRIES: usize = size_of::<ffi::WSPUPCALLTABLEEX>() / size_of::<usize>();
    // SAFETY: the table is an array of nullable functions, each of the size of a `usize`; any bits are a `usize`.
    let words = |table: &ffi::WSPUPCALLTABLEEX| unsafe { core::mem::transmute_copy::<_, [usize; ENTRIES]>(table) };
    words(one) == words(other)
}
