//! DLLs, Win32 events, threads, completion ports.

mod ports;
mod threads;

use std::ffi::{CStr, c_void};
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::time::Duration;
use std::{io, iter};

#[link(name = "kernel32")]
unsafe extern "system" {
    fn LoadLibraryExW(name: *const u16, file: usize, flags: u32) -> *mut c_void;
    fn FreeLibrary(module: *mut c_void) -> i32;
    fn GetProcAddress(module: *mut c_void, name: *const i8) -> *mut c_void;
    fn CreateEventW(security: *mut c_void, manual: i32, set: i32, name: *const u16) -> usize;
    fn SetEvent(event: usize) -> i32;
    fn ResetEvent(event: usize) -> i32;
    fn CloseHandle(handle: usize) -> i32;
    fn WaitForMultipleObjects(count: u32, handles: *const usize, all: i32, milliseconds: u32) -> u32;
}

pub use ports::PacketQueue;
pub use threads::{Alerted, ThreadHandle, sleep_alertable};

const LOAD_WITH_ALTERED_SEARCH_PATH: u32 = 8;

/// A loaded DLL.
pub struct Library(NonNull<c_void>);

// SAFETY: the loader's functions may be called from any thread.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

impl Library {
    /// Loads a file. The path should be absolute: the loader searches for a bare name.
    ///
    /// # Errors
    /// What the loader says.
    pub fn open(file: &Path) -> Result<Self, String> {
        let name: Vec<u16> = file.as_os_str().encode_wide().chain(iter::once(0)).collect();
        // SAFETY: a zero-terminated path. The library's initialisers run, which is what loading means.
        let module = unsafe { LoadLibraryExW(name.as_ptr(), 0, LOAD_WITH_ALTERED_SEARCH_PATH) };
        NonNull::new(module).map(Self).ok_or_else(|| io::Error::last_os_error().to_string())
    }

    /// Address of an exported function.
    pub fn symbol(&self, name: &CStr) -> Option<usize> {
        // SAFETY: the module is loaded, the name zero-terminated.
        let address = unsafe { GetProcAddress(self.0.as_ptr(), name.as_ptr().cast()) };
        (!address.is_null()).then_some(address as usize)
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: the module is loaded, and nothing that came from it is used any more.
        unsafe { FreeLibrary(self.0.as_ptr()) };
    }
}

/// A manual-reset event.
pub struct Event(usize);

impl Event {
    /// A new event, not set.
    ///
    /// # Errors
    /// The system's, when it has no more handles.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no name and no security attributes.
        let event = unsafe { CreateEventW(ptr::null_mut(), 1, 0, ptr::null()) };
        if event == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(event)) }
    }

    /// The handle: never 0, always even.
    pub fn raw(&self) -> usize {
        self.0
    }

    /// Sets it.
    pub fn set(&self) {
        // SAFETY: an open event.
        unsafe { SetEvent(self.0) };
    }

    /// Resets it.
    pub fn reset(&self) {
        // SAFETY: an open event.
        unsafe { ResetEvent(self.0) };
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: an open event that nobody else closes.
        unsafe { CloseHandle(self.0) };
    }
}

/// Sets an event that the host has not made. `false` if the system knows no event of this handle.
pub fn set_raw(event: usize) -> bool {
    // SAFETY: the system looks at the handle, and refuses what is none of an event.
    unsafe { SetEvent(event) != 0 }
}

/// Resets such an event.
pub fn reset_raw(event: usize) -> bool {
    // SAFETY: as above.
    unsafe { ResetEvent(event) != 0 }
}

/// Waits until one of the events is set; gives the place of the first that is. `None` after the time.
pub fn wait_any(events: &[&Event], time: Duration) -> Option<usize> {
    let handles: Vec<usize> = events.iter().map(|event| event.0).collect();
    // SAFETY: the array is readable and its length is right.
    let woken = unsafe { WaitForMultipleObjects(handles.len() as u32, handles.as_ptr(), 0, milliseconds(time)) };
    Some(woken as usize).filter(|at| *at < handles.len())
}

/// A time as the system's waits take it, rounded up; never the value that means for ever.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u32::MAX).min(u32::MAX - 1)
}

/// How many bits of an address of this machine name its network: not asked for here, so that each address is a subnet of its
/// own, and others are to be entered by hand.
pub fn subnet_bits(_: std::net::Ipv4Addr) -> Option<u8> {
    None
}
