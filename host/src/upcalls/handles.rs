//! Socket handles: opaque values, each with the provider's context.

use std::cell::RefCell;
use std::collections::{HashMap, hash_map};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use wsp::ffi;

use super::catalog::{self, Entry};
use super::lock;
use super::ports::Association;

/// What the host knows of a handle.
#[derive(Clone)]
pub struct Handle {
    pub entry_id: u32,
    pub entry: Option<Arc<Entry>>,
    /// What the provider gave; handles of the operating system have none.
    pub context: Option<usize>,
    pub port: Option<Association>,
}

static HANDLES: LazyLock<Mutex<HashMap<usize, Handle>>> = LazyLock::new(Mutex::default);

/// Multiples of four, as the handles of Windows are, and never an index into anything.
static NEXT: AtomicUsize = AtomicUsize::new(0x5100);
const STEP: usize = 4;

/// A new handle; `None` if the entry has been told to refuse.
pub fn create(entry_id: u32, context: usize) -> Option<usize> {
    let entry = catalog::find(entry_id);
    let mut reissued = None;
    if let Some(entry) = &entry {
        if entry.refuse_handles.load(Ordering::Acquire) {
            return None;
        }
        if entry.reissue_handles.load(Ordering::Acquire) {
            reissued = lock(&entry.closed_handles).pop();
        }
    }
    let handle = Handle { entry_id, entry, context: Some(context), port: None };
    let value = insert(reissued, handle);
    // Gone at the end of a thread: then nobody watches.
    let _ = CREATED.try_with(|created| {
        if let Some(created) = created.borrow_mut().as_mut() {
            created.push(value);
        }
    });
    Some(value)
}

/// Enters a handle under a value that no other has: a handle of the operating system that was taken over may have the next one.
fn insert(mut wanted: Option<usize>, handle: Handle) -> usize {
    let mut handles = lock(&HANDLES);
    loop {
        let value = wanted.take().unwrap_or_else(|| NEXT.fetch_add(STEP, Ordering::Relaxed));
        if let hash_map::Entry::Vacant(free) = handles.entry(value) {
            free.insert(handle);
            return value;
        }
    }
}

thread_local! {
    /// The handles made on this thread since a watch began.
    static CREATED: RefCell<Option<Vec<usize>>> = const { RefCell::new(None) };
}

/// Makes a call to a provider, and says which handles it created on this thread meanwhile. A caller that is handed another
/// descriptor than the handle (the switch) learns so which handle belongs to it.
pub fn watch<T>(call: impl FnOnce() -> T) -> (T, Vec<usize>) {
    let before = CREATED.with(|created| created.replace(Some(Vec::new())));
    let result = call();
    let made = CREATED.with(|created| created.replace(before));
    (result, made.unwrap_or_default())
}

/// Takes over a handle of the operating system. `false` if it is one already.
pub fn adopt(entry_id: u32, value: usize) -> bool {
    let handle = Handle { entry_id, entry: catalog::find(entry_id), context: None, port: None };
    let mut handles = lock(&HANDLES);
    let new = !handles.contains_key(&value);
    if new {
        handles.insert(value, handle);
    }
    new
}

/// What is known of a handle.
pub fn find(value: usize) -> Option<Handle> {
    lock(&HANDLES).get(&value).cloned()
}

/// Ends a handle.
pub fn close(value: usize) -> Option<Handle> {
    let mut handles = lock(&HANDLES);
    let handle = handles.remove(&value)?;
    if let Some(entry) = &handle.entry
        && handle.context.is_some()
        && entry.reissue_handles.load(Ordering::Acquire)
    {
        lock(&entry.closed_handles).push(value);
    }
    Some(handle)
}

/// Associates a handle with a completion port. `false` if there is no such handle.
pub fn associate(value: usize, port: Association) -> bool {
    lock(&HANDLES).get_mut(&value).map(|handle| handle.port = Some(port)).is_some()
}

/// Ends all handles of this provider.
pub fn forget(provider: &ffi::GUID) {
    lock(&HANDLES).retain(|_, handle| !handle.entry.as_ref().is_some_and(|entry| entry.is_of(provider)));
}

/// How many handles of this entry are open.
pub fn open(entry_id: u32) -> usize {
    lock(&HANDLES).values().filter(|handle| handle.entry_id == entry_id).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_handle_is_made_over_one_that_was_taken_over() {
        let next = NEXT.load(Ordering::Relaxed);
        // Other tests may make handles meanwhile: one of these is hit.
        let taken: Vec<usize> = (0..64).map(|step| next + step * STEP).filter(|value| adopt(0, *value)).collect();
        let made = create(0, 7).unwrap();
        assert!(!taken.contains(&made));
        for value in taken {
            assert_eq!(close(value).unwrap().context, None, "still the system's");
        }
        assert_eq!(close(made).unwrap().context, Some(7));
    }
}
