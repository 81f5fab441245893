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

/// Who sleeps, and who of them was rung already: what the ringers of a bell look at. It is two words, which may lie in memory
/// that processes share; whoever may write to them can keep sleepers from being woken, and do nothing worse.
///
/// The ticket is an odd number that changes with every ring. The first ringer makes it even, which tells the others that all who
/// sleep are being woken, until somebody draws the next ticket.
#[derive(Debug)]
#[repr(C)]
pub struct Sleepers {
    count: AtomicU32,
    rung: AtomicU32,
}

impl Sleepers {
    const_fns! {
        /// Nobody.
        pub fn new() -> Self {
            Self { count: AtomicU32::new(0), rung: AtomicU32::new(0) }
        }
    }

    /// Announces a sleeper. Returns the ticket to sleep with: until [`word`](Self::word) is another number.
    pub fn arm(&self) -> u32 {
        self.count.fetch_add(1, Ordering::SeqCst);
        let ticket = self.rung.fetch_or(1, Ordering::SeqCst) | 1;
        // Pairs with the fence before `claim`: the sleeper's second look comes after its announcement.
        fence(Ordering::SeqCst);
        ticket
    }

    /// Takes the announcement back.
    pub fn disarm(&self) {
        self.count.fetch_sub(1, Ordering::Release);
    }

    /// The word that is not the ticket any more once it has rung.
    pub fn word(&self) -> &AtomicU32 {
        &self.rung
    }

    /// Has it rung since the ticket was drawn?
    pub fn has_rung(&self, ticket: u32) -> bool {
        self.rung.load(Ordering::Acquire) != ticket
    }

    /// Rings, if anybody sleeps who was not rung yet: then the caller must wake all who sleep. What has happened must be ordered
    /// before by a sequentially consistent fence.
    #[must_use]
    #[inline]
    pub fn claim(&self) -> bool {
        self.count.load(Ordering::Relaxed) != 0 && self.claim_ticket()
    }

    #[cold]
    fn claim_ticket(&self) -> bool {
        let rung = self.rung.load(Ordering::Relaxed);
        // Where another was quicker, it wakes those whom this one would have woken. Who drew a ticket later looks later.
        rung & 1 == 1
            && self.rung.compare_exchange(rung, rung.wrapping_add(1), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

impl Default for Sleepers {
    fn default() -> Self {
        Self::new()
    }
}

/// A bell that only this process rings.
#[derive(Debug)]
pub struct LocalBell {
    sleepers: Sleepers,
    ringing: Mutex<()>,
    woken: Condvar,
}

impl LocalBell {
    const_fns! {
        /// A bell that nobody has rung.
        pub fn new() -> Self {
            Self { sleepers: Sleepers::new(), ringing: Mutex::new(()), woken: Condvar::new() }
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
        self.sleepers.arm()
    }

    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut ringing = self.ringing.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.sleepers.has_rung(ticket) {
            ringing = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.woken.wait(ringing).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return,
                Some(left) => self.woken.wait_timeout(ringing, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    fn disarm(&self) {
        self.sleepers.disarm();
    }

    fn ring(&self) {
        // What happened is visible before the look for sleepers; pairs with `arm`.
        fence(Ordering::SeqCst);
        if self.sleepers.claim() {
            // Whoever has looked at the ticket and is about to sleep has the lock until it sleeps.
            drop(self.ringing.lock().unwrap_or_else(PoisonError::into_inner));
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
