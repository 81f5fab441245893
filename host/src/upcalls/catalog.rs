//! The catalog: the entries that providers are started for, and what is counted for each.

use std::collections::{HashMap, hash_map};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use wsp::ffi;

use super::lock;

macro_rules! upcalls {
    ($($name:ident),* $(,)?) => {
        /// An upcall, by the C name without its `WPU`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is the upcall of its name")]
        pub enum Upcall { $($name),* }

        const UPCALLS: usize = [$(Upcall::$name),*].len();
    };
}
upcalls!(
    CloseEvent,
    CloseSocketHandle,
    CreateEvent,
    CreateSocketHandle,
    FDIsSet,
    GetProviderPath,
    ModifyIFSHandle,
    PostMessage,
    QueryBlockingCallback,
    QuerySocketHandleContext,
    QueueApc,
    ResetEvent,
    SetEvent,
    OpenCurrentThread,
    CloseThread,
    CompleteOverlappedRequest,
);

/// How often each upcall was called.
pub struct Counts([AtomicU64; UPCALLS]);

impl Counts {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; UPCALLS])
    }

    /// How often this one was called.
    pub fn get(&self, upcall: Upcall) -> u64 {
        self.0[upcall as usize].load(Ordering::Acquire)
    }

    pub(super) fn add(&self, upcall: Upcall) {
        self.0[upcall as usize].fetch_add(1, Ordering::AcqRel);
    }
}

/// Of all providers together.
pub static TOTAL: Counts = Counts::new();

/// A catalog entry.
pub struct Entry {
    pub info: ffi::WSAPROTOCOL_INFOW,
    pub path: Option<PathBuf>,
    /// Of the upcalls that name the entry or one of its sockets.
    pub counts: Counts,
    /// `WPUCreateSocketHandle` fails.
    pub refuse_handles: AtomicBool,
    /// A closed handle is the next to be given out.
    pub reissue_handles: AtomicBool,
    pub(super) closed_handles: Mutex<Vec<usize>>,
}

/// Far above the numbers in catalogs of systems.
static NEXT: AtomicU32 = AtomicU32::new(0x0100_0001);
static ENTRIES: LazyLock<Mutex<HashMap<u32, Arc<Entry>>>> = LazyLock::new(Mutex::default);

/// A number that no entry has had, and a provider identification made of it.
pub fn identify(info: &mut ffi::WSAPROTOCOL_INFOW) {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    info.dwCatalogEntryId = id;
    info.ProviderId = ffi::GUID { Data1: id, Data2: 0x5057, Data3: 0x4853, Data4: [0x8f, 0x0d, 0, 0, 0, 0, 0, 1] };
}

/// Enters a provider. The entry's number, and a provider identification made of it, replace those in `info`.
pub fn enter(mut info: ffi::WSAPROTOCOL_INFOW, path: Option<PathBuf>) -> Arc<Entry> {
    identify(&mut info);
    let entry = Entry::new(info, path);
    lock(&ENTRIES).insert(info.dwCatalogEntryId, Arc::clone(&entry));
    entry
}

/// Enters a provider by the entry's own number. `Err`: the entry that has the number already.
pub fn enter_as(info: ffi::WSAPROTOCOL_INFOW, path: Option<PathBuf>) -> Result<(), Arc<Entry>> {
    match lock(&ENTRIES).entry(info.dwCatalogEntryId) {
        hash_map::Entry::Occupied(taken) => Err(Arc::clone(taken.get())),
        hash_map::Entry::Vacant(free) => {
            free.insert(Entry::new(info, path));
            Ok(())
        }
    }
}

impl Entry {
    /// Is it this provider's?
    pub fn is_of(&self, provider: &ffi::GUID) -> bool {
        wsp::rt::same_guid(&self.info.ProviderId, provider)
    }

    fn new(info: ffi::WSAPROTOCOL_INFOW, path: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            info,
            path,
            counts: Counts::new(),
            refuse_handles: AtomicBool::new(false),
            reissue_handles: AtomicBool::new(false),
            closed_handles: Mutex::default(),
        })
    }
}

/// Removes a provider.
pub fn remove(id: u32) {
    lock(&ENTRIES).remove(&id);
}

/// The entry of this number.
pub fn find(id: u32) -> Option<Arc<Entry>> {
    lock(&ENTRIES).get(&id).cloned()
}

/// The entry of this provider.
pub fn find_provider(id: &ffi::GUID) -> Option<Arc<Entry>> {
    lock(&ENTRIES).values().find(|entry| entry.is_of(id)).cloned()
}

/// Is any provider in use?
pub fn in_use() -> bool {
    !lock(&ENTRIES).is_empty()
}
