//! How the end of operations wakes the threads that wait in a session, or the keeper if none does.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Instant;

use super::keeper::Nudge;
use crate::upcalls::ports::{Packet, Sink};

/// Rung whenever something may have changed.
#[derive(Default)]
pub struct Bell {
    rings: AtomicU64,
    sleepers: AtomicUsize,
    /// Threads that are inside and will look by themselves.
    inside: AtomicUsize,
    nudged: AtomicBool,
    lock: Mutex<()>,
    rung: Condvar,
    /// Tasks to be woken, once.
    tasks: Mutex<Vec<Waker>>,
    has_tasks: AtomicBool,
    nudge: OnceLock<Nudge>,
}

impl Bell {
    /// From now on the keeper is nudged when it rings and nobody is inside.
    pub fn attach(&self, nudge: Nudge) {
        // The first stays; there is one per session.
        let _ = self.nudge.set(nudge);
    }

    /// How often it has rung: to be read before looking.
    pub fn rings(&self) -> u64 {
        self.rings.load(Ordering::SeqCst)
    }

    /// Wakes whoever sleeps.
    pub fn ring(&self) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            // The lock orders this after the sleeper's last look.
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.rung.notify_all();
        }
        self.wake_tasks();
    }

    /// The next ring wakes this task.
    pub fn register(&self, task: &Waker) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if !tasks.iter().any(|known| known.will_wake(task)) {
            tasks.push(task.clone());
        }
        self.has_tasks.store(true, Ordering::SeqCst);
    }

    /// Do tasks wait?
    pub fn has_tasks(&self) -> bool {
        self.has_tasks.load(Ordering::SeqCst)
    }

    fn wake_tasks(&self) {
        if self.has_tasks.swap(false, Ordering::SeqCst) {
            let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
            tasks.into_iter().for_each(Waker::wake);
        }
    }

    /// Sleeps until it has rung more than `seen` times. `false` after the time.
    pub fn wait(&self, seen: u64, until: Option<Instant>) -> bool {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rung = true;
        while self.rings() == seen {
            guard = match until {
                None => self.rung.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        rung = false;
                        break;
                    }
                    self.rung.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        drop(guard);
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        rung
    }

    /// A thread comes in; until the value is dropped the keeper is left alone.
    pub fn enter(&self) -> Inside<'_> {
        self.inside.fetch_add(1, Ordering::SeqCst);
        Inside { bell: self, seen: self.rings() }
    }

    /// The keeper has taken the nudge.
    pub fn taken(&self) {
        self.nudged.store(false, Ordering::SeqCst);
    }

    /// Has the keeper look, unless it is about to.
    pub fn nudge(&self) {
        if let Some(nudge) = self.nudge.get()
            && !self.nudged.swap(true, Ordering::SeqCst)
        {
            nudge.send();
        }
    }
}

impl Sink for Bell {
    fn ended(&self, _: Packet) {
        // A task that is woken comes in by itself.
        let has_tasks = self.has_tasks();
        self.ring();
        // Behind the ring: a thread that leaves meanwhile is either seen here to be gone, or sees the ring.
        if !has_tasks && self.inside.load(Ordering::SeqCst) == 0 {
            self.nudge();
        }
    }
}

/// A thread that is inside a session.
pub struct Inside<'a> {
    bell: &'a Bell,
    /// As many rings as this thread has looked after.
    seen: u64,
}

impl Inside<'_> {
    /// This many rings have been looked after.
    pub fn saw(&mut self, rings: u64) {
        self.seen = rings;
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let last = self.bell.inside.fetch_sub(1, Ordering::SeqCst) == 1;
        // What rang after the last look, and found us inside, is the keeper's now.
        if last && self.bell.rings() != self.seen {
            self.bell.nudge();
        }
    }
}
