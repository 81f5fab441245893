//! A queue for each thread, which the host's alertable waits and its blocking hook empty.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{Duration, Instant};

use wsp::ffi;

use super::super::lock;
use super::{Function, Woken};
use crate::deadline::after;
use crate::os;

struct Queue {
    id: usize,
    calls: Mutex<VecDeque<(Function, usize)>>,
    /// Set while there are calls.
    filled: os::Event,
}

/// What a `WSATHREADID` of this host has in `Reserved`.
const MARK: usize = 0x5753_5054;

static NEXT: AtomicUsize = AtomicUsize::new(4);
static THREADS: LazyLock<Mutex<HashMap<usize, Weak<Queue>>>> = LazyLock::new(Mutex::default);

thread_local! {
    static MINE: Option<Mine> = Mine::new();
}

struct Mine(Arc<Queue>);

impl Mine {
    /// `None` if the system has no more events.
    fn new() -> Option<Self> {
        let id = NEXT.fetch_add(4, Ordering::Relaxed);
        let queue = Arc::new(Queue { id, calls: Mutex::default(), filled: os::Event::new().ok()? });
        lock(&THREADS).insert(id, Arc::downgrade(&queue));
        Some(Self(queue))
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        lock(&THREADS).remove(&self.0.id);
    }
}

fn mine() -> Option<Arc<Queue>> {
    MINE.try_with(|mine| mine.as_ref().map(|mine| Arc::clone(&mine.0))).ok().flatten()
}

/// The identification of this thread, for calls that queue nothing.
pub fn identify() -> Option<ffi::WSATHREADID> {
    mine().map(|queue| ffi::WSATHREADID { ThreadHandle: queue.id, Reserved: MARK })
}

/// An identification to be closed: there is nothing to be held open.
#[expect(clippy::unnecessary_wraps, reason = "on Windows the system may refuse")]
pub fn opened(thread: ffi::WSATHREADID) -> Option<ffi::WSATHREADID> {
    Some(thread)
}

pub fn closed(_: ffi::WSATHREADID) {}

/// Queues a call. `false` if this identifies no living thread.
pub fn queue(thread: ffi::WSATHREADID, function: Function, context: usize) -> bool {
    let queue = lock(&THREADS).get(&thread.ThreadHandle).and_then(Weak::upgrade).filter(|_| thread.Reserved == MARK);
    let Some(queue) = queue else { return false };
    let mut calls = lock(&queue.calls);
    calls.push_back((function, context));
    queue.filled.set();
    true
}

/// Runs what is queued to this thread. Returns how many calls that were.
pub fn run_queued() -> usize {
    let Some(queue) = mine() else { return 0 };
    let mut ran = 0;
    loop {
        let next = {
            let mut calls = lock(&queue.calls);
            let next = calls.pop_front();
            if calls.is_empty() {
                queue.filled.reset();
            }
            next
        };
        let Some((function, context)) = next else { return ran };
        // SAFETY: queued through `WPUQueueApc`, for being called so.
        unsafe { function(context) };
        ran += 1;
    }
}

/// Runs what is queued, or waits for that or the event.
pub fn wait(event: Option<&os::Event>, time: Duration) -> Woken {
    let deadline = after(time);
    loop {
        match run_queued() {
            0 => {}
            ran => return Woken::Calls(ran),
        }
        let Some(queue) = mine() else { return Woken::Timeout };
        let left = deadline.saturating_duration_since(Instant::now());
        let all: Vec<&os::Event> = [&queue.filled].into_iter().chain(event).collect();
        match os::wait_any(&all, left) {
            Some(0) => {}
            Some(_) => return Woken::Event,
            None => return Woken::Timeout,
        }
    }
}
