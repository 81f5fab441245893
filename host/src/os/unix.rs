//! Shared objects, and events that are eventfds.

use std::ffi::{CStr, CString, c_void};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;
use std::time::Duration;
use std::{io, ptr};

use crate::deadline::after;

/// A loaded shared object.
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
        let name = CString::new(file.as_os_str().as_bytes()).map_err(|_| "the path contains a zero byte".to_owned())?;
        // SAFETY: a zero-terminated path. The library's initialisers run, which is what loading means.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        NonNull::new(handle).map(Self).ok_or_else(loader_says)
    }

    /// Address of an exported function.
    pub fn symbol(&self, name: &CStr) -> Option<usize> {
        // SAFETY: the handle is open, the name zero-terminated.
        let address = unsafe { libc::dlsym(self.0.as_ptr(), name.as_ptr()) };
        (!address.is_null()).then_some(address as usize)
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing that came from it is used any more.
        unsafe { libc::dlclose(self.0.as_ptr()) };
    }
}

fn loader_says() -> String {
    // SAFETY: no arguments; the text is copied before the loader is called again on this thread.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "the loader gives no reason".to_owned();
    }
    // SAFETY: not NULL, and zero-terminated.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A manual-reset event.
pub struct Event(OwnedFd);

impl Event {
    /// A new event, not set.
    ///
    /// # Errors
    /// The system's, when it has no more descriptors.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no memory is involved.
        let first = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        let mut event = owned(first)?;
        // The low bit of an event's number is a flag in `OVERLAPPED`, so the number is even and the descriptor odd.
        let mut passed = Vec::new();
        while event.as_raw_fd() % 2 == 0 {
            // SAFETY: no memory is involved.
            let next = unsafe { libc::fcntl(event.as_raw_fd(), libc::F_DUPFD_CLOEXEC, event.as_raw_fd() + 1) };
            let next = owned(next)?;
            passed.push(std::mem::replace(&mut event, next));
        }
        Ok(Self(event))
    }

    /// The number that stands for it: never 0, always even.
    pub fn raw(&self) -> usize {
        self.0.as_raw_fd() as usize + 1
    }

    /// Sets it.
    pub fn set(&self) {
        let one = 1_u64;
        // SAFETY: eight readable bytes. A counter that is full is as set as can be.
        unsafe { libc::write(self.0.as_raw_fd(), ptr::from_ref(&one).cast(), 8) };
    }

    /// Resets it.
    pub fn reset(&self) {
        let mut count = 0_u64;
        // SAFETY: eight writable bytes. One read takes the whole count.
        unsafe { libc::read(self.0.as_raw_fd(), ptr::from_mut(&mut count).cast(), 8) };
    }
}

fn owned(descriptor: i32) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just made, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Events that the host has not made cannot be told from other descriptors here.
pub fn set_raw(_: usize) -> bool {
    false
}

/// As [`set_raw`].
pub fn reset_raw(_: usize) -> bool {
    false
}

/// How long after the system has failed to wait it is asked again.
const AGAIN: Duration = Duration::from_millis(10);

/// Waits until one of the events is set; gives the place of the first that is. `None` after the time.
pub fn wait_any(events: &[&Event], time: Duration) -> Option<usize> {
    let deadline = after(time);
    let mut polled: Vec<libc::pollfd> =
        events.iter().map(|event| libc::pollfd { fd: event.0.as_raw_fd(), events: libc::POLLIN, revents: 0 }).collect();
    loop {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        let milliseconds = i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        // SAFETY: the array is writable and its length is right.
        let ready = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) };
        if ready > 0 {
            return polled.iter().position(|one| one.revents != 0);
        }
        if left.is_zero() {
            return None;
        }
        if ready < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            // Memory may be there next time. Where it is for good (more events than there may be descriptors), no thread spins.
            std::thread::sleep(left.min(AGAIN));
        }
    }
}

/// How many bits of an address of this machine name its network. `None`: no interface has the address.
pub fn subnet_bits(address: Ipv4Addr) -> Option<u8> {
    let mut first = ptr::null_mut();
    // SAFETY: a place for the list's start.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return None;
    }
    let mut bits = None;
    let mut next = first;
    while let Some(entry) = NonNull::new(next) {
        // SAFETY: an entry of the list, which is freed below.
        let entry = unsafe { entry.as_ref() };
        if ipv4(entry.ifa_addr) == Some(address) {
            bits = ipv4(entry.ifa_netmask).and_then(|mask| u8::try_from(u32::from(mask).leading_ones()).ok());
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list from above, not used any more.
    unsafe { libc::freeifaddrs(first) };
    bits
}

/// The IPv4 address in a socket address of the system's.
fn ipv4(address: *const libc::sockaddr) -> Option<Ipv4Addr> {
    let address = NonNull::new(address.cast_mut())?;
    // SAFETY: the system's lists hold whole addresses of their families.
    unsafe {
        if i32::from(address.as_ref().sa_family) != libc::AF_INET {
            return None;
        }
        let address = address.cast::<libc::sockaddr_in>().as_ref();
        Some(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)))
    }
}
