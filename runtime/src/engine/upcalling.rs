//! Is a socket closed, and is anybody telling its host something?
//!
//! Whoever tells something enters first, and who takes a posted operation to end it enters under the lock that a close takes as
//! well; whoever closes says so first and then looks who has entered. So either the one sees that the socket is closed, or the
//! other waits: nothing of a socket comes to its host after its close.

use std::cell::RefCell;

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(not(loom))]
thread_local! {
    /// The sockets that this thread has entered.
    static INSIDE: RefCell<Vec<*const Upcalling>> = const { RefCell::new(Vec::new()) };
}
#[cfg(loom)]
loom::thread_local! {
    static INSIDE: RefCell<Vec<*const Upcalling>> = RefCell::new(Vec::new());
}

/// Counts those who are telling a socket's host something, so that its close can wait for them.
#[derive(Debug, Default)]
pub struct Upcalling {
    count: AtomicUsize,
    closed: AtomicBool,
}

/// An upcall in progress, or what is about to become one.
#[must_use = "it lasts as long as this value"]
#[derive(Debug)]
pub struct Inside<'a>(&'a Upcalling);

impl Upcalling {
    /// This thread is about to start an operation, or to tell something. No lock that a close takes may be waited for until the
    /// value is dropped.
    pub fn enter(&self) -> Inside<'_> {
        self.count.fetch_add(1, Ordering::SeqCst);
        in_order();
        // A thread that is just ending has no stack of upcalls any more; then nothing of it can be closed from within either.
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().push(self));
        Inside(self)
    }

    /// Have other threads entered?
    pub fn elsewhere(&self) -> bool {
        self.count.load(Ordering::SeqCst) > self.here()
    }

    /// Has this thread entered?
    pub fn is_entered_here(&self) -> bool {
        self.here() > 0
    }

    /// How often this thread has entered.
    fn here(&self) -> usize {
        INSIDE
            .try_with(|inside| inside.borrow().iter().filter(|upcalling| std::ptr::eq(**upcalling, self)).count())
            .unwrap_or(0)
    }

    /// Says that the socket is closed.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        in_order();
    }

    /// Is it closed?
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Set once it is closed.
    pub fn closed(&self) -> &AtomicBool {
        &self.closed
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| {
            let mut inside = inside.borrow_mut();
            // Mostly the last; what is told of one socket may outlive what is told of another.
            if let Some(at) = inside.iter().rposition(|upcalling| std::ptr::eq(*upcalling, self.0)) {
                inside.remove(at);
            }
        });
        self.0.count.fetch_sub(1, Ordering::SeqCst);
        in_order();
    }
}

/// What was stored is stored before what is loaded next. The sequentially consistent accesses see to that; loom takes these for
/// less than they are.
#[inline(always)]
fn in_order() {
    #[cfg(loom)]
    if !crate::handles::barrier::mutant::is(crate::handles::barrier::mutant::Mutant::NoOrder) {
        loom::sync::atomic::fence(Ordering::SeqCst);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn upcalls_of_this_thread_do_not_count_as_elsewhere() {
        let (upcalling, another) = (Upcalling::default(), Upcalling::default());
        assert!(!upcalling.elsewhere() && !upcalling.is_entered_here());
        let outer = upcalling.enter();
        assert!(upcalling.is_entered_here() && !another.is_entered_here());
        let between = another.enter();
        let inner = upcalling.enter();
        assert!(!upcalling.elsewhere());
        std::thread::scope(|scope| {
            assert!(scope.spawn(|| upcalling.elsewhere()).join().unwrap_or(false));
        });
        drop(outer);
        assert!(!upcalling.elsewhere() && !another.elsewhere());
        drop((between, inner));
        std::thread::scope(|scope| {
            assert!(!scope.spawn(|| upcalling.elsewhere()).join().unwrap_or(true));
        });
    }
}
