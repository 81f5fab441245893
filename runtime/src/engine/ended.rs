//! Operations that have ended and are still to be told: without any lock, since whoever is told may call again.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::rt::{Code, Operation};

/// An overlapped operation with the way to fail it: each function has its own list of errors.
pub struct Posted {
    pub operation: Operation,
    /// Is its end told to somebody, and not only stored?
    pub notified: bool,
    pub fail: fn(Operation, Code),
}

/// How an operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has moved bytes.
    Moved(Moved),
    /// It has failed.
    Failed(Code),
    /// It is aborted and nobody is told.
    Silenced,
}

/// What was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub bytes: u32,
    pub flags: u32,
}

impl Moved {
    /// So many bytes; more than 32 bits can count are impossible, since buffers are counted in as many.
    pub fn bytes(count: usize) -> Self {
        Self { bytes: u32::try_from(count).unwrap_or(u32::MAX), flags: 0 }
    }
}

impl Posted {
    fn end(self, end: End) {
        match end {
            End::Moved(Moved { bytes, flags }) => self.operation.complete(bytes, flags),
            End::Failed(code) => (self.fail)(self.operation, code),
            End::Silenced => self.operation.silence(),
        }
    }
}

/// Operations that have ended, in the order in which they did. Holds one without allocation.
#[derive(Default)]
pub struct Ended {
    first: Option<(Posted, End)>,
    more: Vec<(Posted, End)>,
    /// Has a call ended that another thread waits in?
    pub answered: bool,
}

impl Ended {
    pub fn push(&mut self, posted: Posted, end: End) {
        if self.first.is_none() {
            self.first = Some((posted, end));
        } else {
            self.more.push((posted, end));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.first.is_none() && !self.answered
    }

    /// How many of them are notified.
    pub fn notified(&self) -> usize {
        self.first.iter().chain(&self.more).filter(|(posted, _)| posted.notified).count()
    }

    /// Tells all of them.
    pub fn tell(self) {
        for (posted, end) in self.first.into_iter().chain(self.more) {
            posted.end(end);
        }
    }
}

thread_local! {
    /// The sockets whose upcalls are on this thread's stack.
    static INSIDE: RefCell<Vec<*const Upcalling>> = const { RefCell::new(Vec::new()) };
}

/// Counts the upcalls that are in progress for a socket, so that its close can wait for them.
#[derive(Debug, Default)]
pub struct Upcalling {
    count: AtomicUsize,
}

/// An upcall in progress.
pub struct Inside<'a>(&'a Upcalling);

impl Upcalling {
    /// An upcall begins on this thread.
    pub fn enter(&self) -> Inside<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        // A thread that is just ending has no stack of upcalls any more; then nothing of it can be closed from within either.
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().push(self));
        Inside(self)
    }

    /// Are upcalls in progress on other threads?
    pub fn elsewhere(&self) -> bool {
        let here = INSIDE
            .try_with(|inside| inside.borrow().iter().filter(|upcalling| std::ptr::eq(**upcalling, self)).count())
            .unwrap_or(0);
        self.count.load(Ordering::Acquire) > here
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().pop());
        self.0.count.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upcalls_of_this_thread_do_not_count_as_elsewhere() {
        let upcalling = Upcalling::default();
        assert!(!upcalling.elsewhere());
        let outer = upcalling.enter();
        let inner = upcalling.enter();
        assert!(!upcalling.elsewhere());
        std::thread::scope(|scope| {
            assert!(scope.spawn(|| upcalling.elsewhere()).join().unwrap_or(false));
        });
        drop((inner, outer));
        std::thread::scope(|scope| {
            assert!(!scope.spawn(|| upcalling.elsewhere()).join().unwrap_or(true));
        });
    }
}
