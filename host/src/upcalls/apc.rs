//! Asynchronous procedure calls: a queue for each thread, emptied in alertable waits.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{Duration, Instant};

use wsp::ffi;

use super::events::Event;
use super::lock;
use crate::os;

type Function = unsafe extern "system" fn(usize);

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
    static EXPECTING: Cell<bool> = const { Cell::new(false) };
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

/// The identification of this thread, for overlapped calls with a completion routine. `None` if the system has no more events.
pub fn current_thread() -> Option<ffi::WSATHREADID> {
    let _ = EXPECTING.try_with(|expecting| expecting.set(true));
    identify()
}

/// May calls be queued to this thread?
pub(super) fn is_expecting() -> bool {
    EXPECTING.try_with(Cell::get).unwrap_or(false)
}

/// The identification of this thread, for calls that queue nothing.
pub(crate) fn identify() -> Option<ffi::WSATHREADID> {
    mine().map(|queue| ffi::WSATHREADID { ThreadHandle: queue.id, Reserved: MARK })
}

/// Queues a call. `false` if this identifies no living thread.
pub(super) fn queue(thread: ffi::WSATHREADID, function: Function, context: usize) -> bool {
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

/// What ended an alertable wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// This many calls ran.
    Calls(usize),
    /// The event is set.
    Event,
    /// Neither happened in time.
    Timeout,
}

/// Waits alertably: until calls queued to this thread have run, or `event` is set.
pub fn wait_alertable(event: Option<&Event>, time: Duration) -> Woken {
    let deadline = Instant::now() + time;
    loop {
        match run_queued() {
            0 => {}
            ran => return Woken::Calls(ran),
        }
        let Some(queue) = mine() else { return Woken::Timeout };
        let left = deadline.saturating_duration_since(Instant::now());
        let all: Vec<&os::Event> = [&queue.filled].into_iter().chain(event.map(Event::os)).collect();
        match os::wait_any(&all, left) {
            Some(0) => {}
            Some(_) => return Woken::Event,
            None => return Woken::Timeout,
        }
    }
}
