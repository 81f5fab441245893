//! A part of a socket under a lock of its own, with a flag that spares the lock where there is nothing to do.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What has something to do or not.
pub trait Busy {
    /// Is there something that whoever comes by should go on with?
    fn is_busy(&self) -> bool;
}

/// A part under a lock.
///
/// Without the lock it counts as busy while somebody holds it, and else if it was so when it was last let go. So who finds it
/// not busy comes before whoever has it next: before that one's tries, and so before anything that follows from these.
pub struct Part<P> {
    busy: AtomicBool,
    inner: Mutex<P>,
}

impl<P: Busy> Part<P> {
    /// A part that has nothing to do yet.
    pub fn new(inner: P) -> Self {
        Self { busy: AtomicBool::new(false), inner: Mutex::new(inner) }
    }

    /// Takes the lock.
    pub fn lock(&self) -> Held<'_, P> {
        // A transport that panics under the lock spoils the socket, whose close still has to work.
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.busy.store(true, Ordering::Relaxed);
        Held { inner, busy: &self.busy }
    }

    /// May there be something to do?
    pub fn may_be_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }
}

/// A part whose lock is held.
pub struct Held<'a, P: Busy> {
    inner: MutexGuard<'a, P>,
    busy: &'a AtomicBool,
}

impl<P: Busy> Deref for Held<'_, P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.inner
    }
}

impl<P: Busy> DerefMut for Held<'_, P> {
    fn deref_mut(&mut self) -> &mut P {
        &mut self.inner
    }
}

impl<P: Busy> Drop for Held<'_, P> {
    fn drop(&mut self) {
        self.busy.store(self.inner.is_busy(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Busy for u32 {
        fn is_busy(&self) -> bool {
            *self > 0
        }
    }

    #[test]
    fn the_flag_says_what_was_left_and_whether_somebody_is_there() {
        let part = Part::new(0_u32);
        assert!(!part.may_be_busy());
        let held = part.lock();
        assert!(part.may_be_busy());
        drop(held);
        assert!(!part.may_be_busy());
        *part.lock() = 1;
        assert!(part.may_be_busy());
        *part.lock() = 0;
        assert!(!part.may_be_busy());
    }
}
