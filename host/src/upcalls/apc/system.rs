//! The system's own queues: what is queued here runs in every alertable wait of its thread, whoever waits.
//!
//! An identification holds a handle of the thread, and in `Reserved` a number that no other thread ever has: the values of
//! handles are used again, so they alone say nothing of who is meant.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::Duration;

use wsp::ffi;

use super::super::lock;
use super::{Function, Woken};
use crate::os::{self, Alerted, ThreadHandle};

struct Thread {
    number: usize,
    handle: ThreadHandle,
}

/// Multiples of four, and far from small numbers that somebody may think of.
static NEXT: AtomicUsize = AtomicUsize::new(0x5753_0000);
static THREADS: LazyLock<Mutex<HashMap<usize, Weak<Thread>>>> = LazyLock::new(Mutex::default);

thread_local! {
    static MINE: Option<Mine> = Mine::new();
    /// How many calls have run on this thread.
    static RAN: Cell<usize> = const { Cell::new(0) };
}

struct Mine(Arc<Thread>);

impl Mine {
    /// `None` if the system has no more handles.
    fn new() -> Option<Self> {
        let number = NEXT.fetch_add(4, Ordering::Relaxed);
        let thread = Arc::new(Thread { number, handle: ThreadHandle::of_current().ok()? });
        lock(&THREADS).insert(number, Arc::downgrade(&thread));
        Some(Self(thread))
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        lock(&THREADS).remove(&self.0.number);
    }
}

/// The identification of this thread; the handle in it is the host's own.
pub fn identify() -> Option<ffi::WSATHREADID> {
    let id = |mine: &Mine| ffi::WSATHREADID { ThreadHandle: mine.0.handle.raw(), Reserved: mine.0.number };
    MINE.try_with(|mine| mine.as_ref().map(id)).ok().flatten()
}

/// The same thread with a handle that is the caller's. `None` if the system has no more.
pub fn opened(thread: ffi::WSATHREADID) -> Option<ffi::WSATHREADID> {
    let handle = ThreadHandle::of_current().ok()?;
    Some(ffi::WSATHREADID { ThreadHandle: handle.into_raw(), ..thread })
}

/// Closes the handle that [`opened`] gave.
pub fn closed(thread: ffi::WSATHREADID) {
    // SAFETY: `close` has found this handle among those that were handed out, and forgotten it.
    drop(unsafe { ThreadHandle::from_raw(thread.ThreadHandle) });
}

/// Queues a call. `false` if this identifies no living thread.
pub fn queue(thread: ffi::WSATHREADID, function: Function, context: usize) -> bool {
    let Some(thread) = lock(&THREADS).get(&thread.Reserved).and_then(Weak::upgrade) else { return false };
    let call = Box::into_raw(Box::new((function, context)));
    let queued = thread.handle.queue(counted, call as usize);
    if !queued {
        // SAFETY: from the box above, and the system did not take it.
        drop(unsafe { Box::from_raw(call) });
    }
    queued
}

/// What the system calls on the thread.
unsafe extern "system" fn counted(call: usize) {
    // SAFETY: the address of a box from `queue`, which the system hands on once.
    let (function, context) = *unsafe { Box::from_raw(call as *mut (Function, usize)) };
    let _ = RAN.try_with(|ran| ran.set(ran.get() + 1));
    // SAFETY: queued through `WPUQueueApc`, for being called so.
    unsafe { function(context) };
}

fn ran() -> usize {
    RAN.try_with(Cell::get).unwrap_or(0)
}

/// Runs what is queued to this thread. Returns how many calls of providers that were.
pub fn run_queued() -> usize {
    let before = ran();
    os::sleep_alertable(Duration::ZERO);
    ran() - before
}

/// Runs what is queued, or waits for that or the event.
pub fn wait(event: Option<&os::Event>, time: Duration) -> Woken {
    let before = ran();
    // An event that is set would end the second wait before anything runs.
    let woken = match (os::sleep_alertable(Duration::ZERO), event) {
        (Alerted::Called, _) => Alerted::Called,
        (_, Some(event)) => event.wait_alertable(time),
        (_, None) => os::sleep_alertable(time),
    };
    match woken {
        Alerted::Called => Woken::Calls(ran() - before),
        Alerted::Set => Woken::Event,
        Alerted::Timeout => Woken::Timeout,
    }
}
