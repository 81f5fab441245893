//! Waiting for many pipes at once: by a completion port, which has no limit as waiting for handles has.
//!
//! On each watched pipe one operation is under way that ends when there is something to be looked at: on a listening end the wait
//! for somebody to come, on others a read of no bytes, which leaves everything in the pipe. It is begun again by who has looked
//! and found nothing more, so each change is told once.

use std::os::windows::io::{AsRawHandle as _, OwnedHandle};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::IO::{
    CreateIoCompletionPort, GetQueuedCompletionStatusEx, OVERLAPPED, OVERLAPPED_ENTRY, PostQueuedCompletionStatus,
};
use windows_sys::Win32::System::Threading::INFINITE;
use wsp::transport::Fault;

use super::{last, made, milliseconds};
pub use crate::os::common::Happened;

/// How many events are taken at once.
const EVENTS: usize = 64;

/// What can be waited for.
pub trait Source {
    /// Is watched by a poller from now on, under a number of its own.
    fn watch(&self, port: &Arc<Port>, token: u64) -> Result<(), Fault>;

    /// Is watched no longer.
    fn unwatch(&self);
}

impl<S: Source> Source for &S {
    fn watch(&self, port: &Arc<Port>, token: u64) -> Result<(), Fault> {
        (**self).watch(port, token)
    }

    fn unwatch(&self) {
        (**self).unwatch();
    }
}

/// A completion port. Nothing is associated with it but pipes that have a [`Notice`].
#[derive(Debug)]
pub struct Port(OwnedHandle);

impl Port {
    /// Posts the end of an operation, or of none. Returns whether it was posted.
    fn post(&self, operation: *const OVERLAPPED) -> bool {
        // SAFETY: a handle of our own; the pointer is only handed on.
        unsafe { PostQueuedCompletionStatus(self.0.as_raw_handle(), 0, 0, operation) != 0 }
    }
}

/// How a pipe is watched. It has at most one operation under way for that.
#[derive(Debug, Default)]
pub struct Notice {
    /// 0 while nobody wants to know.
    token: AtomicU64,
    under_way: AtomicBool,
    /// An operation has ended.
    told: AtomicBool,
    /// A pipe stays with its first port.
    port: OnceLock<Arc<Port>>,
}

/// An operation under way, which belongs to the system until its end was taken from the port.
#[repr(C)]
struct Operation {
    overlapped: OVERLAPPED,
    notice: Arc<Notice>,
}

/// What an attempt to begin an operation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The port will tell its end.
    UnderWay,
    /// It has ended, and nothing will be told.
    Over,
}

impl Notice {
    /// Is told by this port from now on, under a number.
    pub fn set(&self, pipe: &OwnedHandle, port: &Arc<Port>, token: u64) -> Result<(), Fault> {
        if self.port.get().is_none() {
            // SAFETY: two handles of our own.
            let same = unsafe { CreateIoCompletionPort(pipe.as_raw_handle(), port.0.as_raw_handle(), 0, 0) };
            if same.is_null() {
                return Err(last());
            }
            // Who comes second has failed above.
            let _ = self.port.set(Arc::clone(port));
        }
        self.token.store(token, Ordering::Release);
        Ok(())
    }

    /// Is told no longer.
    pub fn clear(&self) {
        self.token.store(0, Ordering::Release);
    }

    /// Was the end of an operation told, whether or not anybody wanted to know?
    pub fn told(&self) -> bool {
        self.told.load(Ordering::Acquire)
    }

    /// Begins the operation whose end is told, if somebody wants to know and none is under way.
    pub fn begin(self: &Arc<Self>, begin: impl FnOnce(*mut OVERLAPPED) -> Begun) {
        let Some(port) = self.port.get().filter(|_| self.token.load(Ordering::Acquire) != 0) else { return };
        if self.under_way.swap(true, Ordering::AcqRel) {
            return;
        }
        let operation = Box::new(Operation { overlapped: OVERLAPPED::default(), notice: Arc::clone(self) });
        let operation = Box::into_raw(operation).cast::<OVERLAPPED>();
        if begin(operation) == Begun::Over && !port.post(operation) {
            self.under_way.store(false, Ordering::Release);
            // SAFETY: made above, and nobody knows of it.
            drop(unsafe { Box::from_raw(operation.cast::<Operation>()) });
        }
    }
}

/// Pipes to wait for. Each is reported once per change, not as long as a state lasts.
#[derive(Debug)]
pub struct Poller(Arc<Port>);

impl Poller {
    /// With no pipes.
    pub fn new() -> Result<Self, Fault> {
        // SAFETY: no pipe is associated; the handle is new.
        let port = unsafe { made(CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1)) }?;
        Ok(Self(Arc::new(Port(port))))
    }

    /// Adds a pipe under a number of its own, not 0.
    pub fn add(&self, source: impl Source, token: u64) -> Result<(), Fault> {
        source.watch(&self.0, token)
    }

    /// Takes a pipe out.
    pub fn remove(&self, source: impl Source) {
        source.unwatch();
    }

    /// Makes [`wait`](Self::wait) return.
    pub fn wake(&self) {
        self.0.post(ptr::null());
    }

    /// Waits until something happens or the time is over; may return early.
    pub fn wait(&self, limit: Option<Duration>) -> Vec<Happened> {
        let mut entries = [OVERLAPPED_ENTRY::default(); EVENTS];
        let mut count = 0;
        let (limit, port): (u32, HANDLE) = (limit.map_or(INFINITE, milliseconds), self.0.0.as_raw_handle());
        // SAFETY: a handle of our own; the pointers are to locals of the sizes stated.
        let found =
            unsafe { GetQueuedCompletionStatusEx(port, entries.as_mut_ptr(), EVENTS as u32, &raw mut count, limit, 0) };
        let count = if found == 0 { 0 } else { count as usize };
        let ended = entries.iter().take(count).filter(|entry| !entry.lpOverlapped.is_null());
        ended
            .map(|entry| {
                // SAFETY: only operations of notices end at this port, each once (what else is done with these pipes keeps away from
                // it by a mark at its event); the system is done with it.
                let operation = unsafe { Box::from_raw(entry.lpOverlapped.cast::<Operation>()) };
                operation.notice.told.store(true, Ordering::Release);
                operation.notice.under_way.store(false, Ordering::Release);
                Happened { token: operation.notice.token.load(Ordering::Acquire) }
            })
            .filter(|happened| happened.token != 0)
            .collect()
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        // Operations of pipes that are closed already. Those that end later are lost, with the few bytes they have.
        while !self.wait(Some(Duration::ZERO)).is_empty() {}
    }
}
