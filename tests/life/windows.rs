//! What a process uses, and the loader's lock.

use std::ffi::c_void;
use std::ptr;

/// What this process uses.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Open handles.
    pub handles: usize,
    /// Threads.
    pub threads: usize,
    /// Ranges of memory that are alike.
    pub mappings: usize,
}

/// Ranges that the heap splits and takes as it goes.
const RESERVE: usize = 32;

#[repr(C)]
struct ThreadEntry {
    size: u32,
    usage: u32,
    thread: u32,
    process: u32,
    rest: [i32; 3],
}

#[repr(C)]
struct Range {
    base: usize,
    allocation: usize,
    protection: u32,
    partition: u16,
    size: usize,
    state: u32,
    now: u32,
    kind: u32,
}

#[link(name = "kernel32")]
unsafe extern "system" {
    safe fn GetCurrentProcessId() -> u32;
    fn GetHandleInformation(handle: usize, flags: *mut u32) -> i32;
    safe fn CreateToolhelp32Snapshot(flags: u32, process: u32) -> usize;
    fn Thread32First(snapshot: usize, entry: *mut ThreadEntry) -> i32;
    fn Thread32Next(snapshot: usize, entry: *mut ThreadEntry) -> i32;
    fn VirtualQuery(address: *const c_void, range: *mut Range, size: usize) -> usize;
    safe fn CloseHandle(handle: usize) -> i32;
}

#[link(name = "ntdll")]
unsafe extern "system" {
    fn LdrLockLoaderLock(flags: u32, state: *mut u32, cookie: *mut usize) -> i32;
    safe fn LdrUnlockLoaderLock(flags: u32, cookie: usize) -> i32;
}

const THREADS: u32 = 4;

impl Used {
    /// At this moment.
    pub fn now() -> Self {
        Self { handles: handles(), threads: threads(), mappings: mappings() }
    }

    /// Is it no more than before?
    pub fn within(self, before: Self) -> bool {
        self.handles <= before.handles && self.threads <= before.threads && self.mappings <= before.mappings + RESERVE
    }
}

/// Asks for each number that a handle may have: Wine's `GetProcessHandleCount` says 0.
fn handles() -> usize {
    const LAST: usize = 1 << 17;
    let is_open = |handle: &usize| {
        let mut flags = 0;
        // SAFETY: a place for the flags; any number may be asked about.
        unsafe { GetHandleInformation(*handle, &raw mut flags) != 0 }
    };
    (4..LAST).step_by(4).filter(is_open).count()
}

fn threads() -> usize {
    let snapshot = CreateToolhelp32Snapshot(THREADS, 0);
    assert_ne!(snapshot, usize::MAX, "a list of threads can be had");
    let mut entry =
        ThreadEntry { size: size_of::<ThreadEntry>() as u32, usage: 0, thread: 0, process: 0, rest: [0; 3] };
    let mut count = 0;
    // SAFETY: an open list, and room for an entry of the size that it says.
    let mut more = unsafe { Thread32First(snapshot, &raw mut entry) };
    while more != 0 {
        count += usize::from(entry.process == GetCurrentProcessId());
        // SAFETY: as above.
        more = unsafe { Thread32Next(snapshot, &raw mut entry) };
    }
    CloseHandle(snapshot);
    count
}

fn mappings() -> usize {
    let mut range = Range { base: 0, allocation: 0, protection: 0, partition: 0, size: 0, state: 0, now: 0, kind: 0 };
    let (mut address, mut count) = (0_usize, 0);
    // SAFETY: any address may be asked about; there is room for the answer.
    while unsafe { VirtualQuery(ptr::without_provenance(address), &raw mut range, size_of::<Range>()) } != 0 {
        count += 1;
        let Some(next) = range.base.checked_add(range.size) else { break };
        address = next;
    }
    count
}

/// Calls while the loader's lock is held.
pub fn with_loaders_lock<F: FnOnce()>(body: F) {
    let mut cookie = 0;
    // SAFETY: a place for the cookie; no state is asked for.
    assert_eq!(unsafe { LdrLockLoaderLock(0, ptr::null_mut(), &raw mut cookie) }, 0);
    body();
    assert_eq!(LdrUnlockLoaderLock(0, cookie), 0);
}
