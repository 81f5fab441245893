//! Where threads sleep until something happens.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

#[cfg(loom)]
use loom::sync::{
    Condvar, Mutex,
    atomic::{AtomicU32, Ordering, fence},
};
#[cfg(not(loom))]
use std::sync::{
    Condvar, Mutex,
    atomic::{AtomicU32, Ordering, fence},
};

use crate::handles::const_fns;

/// Where threads of one process sleep until something happens to any connection of theirs.
///
/// A thread that is about to sleep calls [`arm`](Self::arm), looks once more whether what it waits for has happened, calls
/// [`sleep`](Self::sleep), and [`disarm`](Self::disarm) in any case. Who makes something happen does so first and rings then.
/// So either the sleeper sees it, or the bell has rung since the ticket was drawn and `sleep` returns at once.
pub trait Bell: Send + Sync + 'static {
    /// Announces a sleeper. Returns the ticket to sleep with.
    fn arm(&self) -> u32;

    /// Sleeps until the bell has rung since the ticket was drawn, or the time is over. May return early.
    fn sleep(&self, ticket: u32, limit: Option<Duration>);

    /// Takes the announcement back.
    fn disarm(&self);

    /// Wakes all who sleep. Costs next to nothing while nobody does.
    fn ring(&self);
}

impl<B: Bell> Bell for Arc<B> {
    fn arm(&self) -> u32 {
        (**self).arm()
    }

    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        (**self).sleep(ticket, limit);
    }

    fn disarm(&self) {
        (**self).disarm();
    }

    fn ring(&self) {
        (**self).ring();
    }
}

/// A bell that only this process rings.
#[derive(Debug)]
pub struct LocalBell {
    sleepers: AtomicU32,
    rung: Mutex<u32>,
    woken: Condvar,
}

impl LocalBell {
    const_fns! {
        /// A bell that nobody has rung.
        pub fn new() -> Self {
            Self { sleepers: AtomicU32::new(0), rung: Mutex::new(0), woken: Condvar::new() }
        }
    }
}

impl Default for LocalBell {
    fn default() -> Self {
        Self::new()
    }
}

impl Bell for LocalBell {
    fn arm(&self) -> u32 {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        // Pairs with the fence in `ring`: the sleeper's second look comes after its announcement.
        fence(Ordering::SeqCst);
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        while *rung == ticket {
            rung = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.woken.wait(rung).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return,
                Some(left) => self.woken.wait_timeout(rung, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    fn disarm(&self) {
        self.sleepers.fetch_sub(1, Ordering::Release);
    }

    fn ring(&self) {
        // What happened is visible before the look for sleepers; pairs with `arm`.
        fence(Ordering::SeqCst);
        if self.sleepers.load(Ordering::Relaxed) > 0 {
            let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
            *rung = rung.wrapping_add(1);
            drop(rung);
            self.woken.notify_all();
        }
    }
}

/// A bell for a network that does not tell when something happens: sleepers look again every millisecond. It is rung by this
/// process besides. Simple, and good enough to begin with; a sleeping call costs up to a millisecond and a little processor time.
#[derive(Debug, Default)]
pub struct TickingBell(LocalBell);

/// How long something may stay unseen.
const TICK: Duration = Duration::from_millis(1);

impl Bell for TickingBell {
    fn arm(&self) -> u32 {
        self.0.arm()
    }

    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        self.0.sleep(ticket, Some(limit.map_or(TICK, |limit| limit.min(TICK))));
    }

    fn disarm(&self) {
        self.0.disarm();
    }

    fn ring(&self) {
        self.0.ring();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn a_bell_rung_between_ticket_and_sleep_is_heard() {
        let bell = LocalBell::default();
        let ticket = bell.arm();
        bell.ring();
        bell.sleep(ticket, None);
        bell.disarm();
    }

    #[test]
    fn a_sleeper_is_woken_by_another_thread() {
        let (bell, happened) = (Arc::new(LocalBell::default()), Arc::new(AtomicBool::new(false)));
        let other = {
            let (bell, happened) = (Arc::clone(&bell), Arc::clone(&happened));
            std::thread::spawn(move || {
                happened.store(true, Ordering::Relaxed);
                bell.ring();
            })
        };
        loop {
            let ticket = bell.arm();
            let done = happened.load(Ordering::Relaxed);
            if !done {
                bell.sleep(ticket, None);
            }
            bell.disarm();
            if done {
                break;
            }
        }
        assert!(other.join().is_ok());
    }

    #[test]
    fn a_ticking_bell_ends_the_sleep_though_nobody_rings() {
        let bell = TickingBell::default();
        let ticket = bell.arm();
        bell.sleep(ticket, None);
        bell.disarm();
    }

    #[test]
    fn a_limit_ends_the_sleep() {
        let bell = LocalBell::default();
        let ticket = bell.arm();
        bell.sleep(ticket, Some(Duration::from_millis(1)));
        bell.disarm();
    }
}
