//! Where the threads of a process sleep: in the system's wait for all their sockets.
//!
//! One of the sleepers, the leader, waits for the sockets; the others wait for the leader. So whoever waits alone for a message
//! is woken by the system and by nobody else, and who sends wakes nobody.

use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wsp::transport::{self, Fault};

use super::poller::{Poller, Wanted};
use crate::os::sources::Source;

/// No sleep is longer, so that a time-out that nobody else watches is noticed.
const LONGEST: Duration = Duration::from_millis(500);

/// The number of every socket: whatever happens, all sleepers look.
const ANY: usize = 1;

#[derive(Debug, Default)]
struct State {
    rung: u32,
    /// Is a thread waiting for the sockets?
    led: bool,
    followers: u32,
}

/// A bell that is rung by connections, and by this process.
pub struct Doorbell {
    sleepers: AtomicU32,
    state: Mutex<State>,
    woken: Condvar,
    poller: Poller,
}

impl Doorbell {
    /// A bell that nothing rings yet.
    pub fn new() -> Result<Self, Fault> {
        let (sleepers, state, woken) = (AtomicU32::new(0), Mutex::default(), Condvar::new());
        Ok(Self { sleepers, state, woken, poller: Poller::new()? })
    }

    /// Lets what arrives at a socket ring.
    pub fn add(&self, socket: &impl Source) -> Result<(), Fault> {
        self.poller.add(socket, ANY, Wanted::Input)
    }

    /// Lets room in a socket ring, too, or no more.
    pub fn want_room(&self, socket: &impl Source, wanted: bool) {
        self.poller.change(socket, ANY, if wanted { Wanted::Both } else { Wanted::Input });
    }

    /// Lets a socket ring no more.
    pub fn remove(&self, socket: &impl Source) {
        self.poller.remove(socket);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the sockets, on behalf of all sleepers.
    fn lead(&self, limit: Duration) {
        let mut happened = false;
        self.poller.wait(Some(limit), |_| happened = true);
        let mut state = self.state();
        state.led = false;
        // A follower has to lead now; and what happened is for anybody who has drawn a ticket.
        if happened || state.followers > 0 {
            state.rung = state.rung.wrapping_add(1);
            self.woken.notify_all();
        }
    }
}

impl transport::Bell for Doorbell {
    fn arm(&self) -> u32 {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        // Pairs with the fence in `ring`: the sleeper's second look comes after its announcement.
        fence(Ordering::SeqCst);
        self.state().rung
    }

    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        let limit = limit.unwrap_or(LONGEST).min(LONGEST);
        let mut state = self.state();
        if state.rung != ticket {
            return;
        }
        if !state.led {
            state.led = true;
            drop(state);
            return self.lead(limit);
        }
        state.followers += 1;
        let silent = |state: &mut State| state.rung == ticket;
        let waited = self.woken.wait_timeout_while(state, limit, silent).unwrap_or_else(PoisonError::into_inner);
        let mut state = waited.0;
        state.followers -= 1;
    }

    fn disarm(&self) {
        self.sleepers.fetch_sub(1, Ordering::Release);
    }

    fn ring(&self) {
        // What happened is visible before the look for sleepers; pairs with `arm`.
        fence(Ordering::SeqCst);
        if self.sleepers.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut state = self.state();
        state.rung = state.rung.wrapping_add(1);
        let led = state.led;
        drop(state);
        self.woken.notify_all();
        if led {
            self.poller.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use wsp::transport::{Bell as _, Region};

    use super::*;
    use crate::os::net;

    fn until(bell: &Doorbell, happened: impl Fn() -> bool) {
        loop {
            let ticket = bell.arm();
            let done = happened();
            if !done {
                bell.sleep(ticket, None);
            }
            bell.disarm();
            if done {
                break;
            }
        }
    }

    #[test]
    fn all_sleepers_are_woken_by_a_thread() {
        let (bell, happened) = (Arc::new(Doorbell::new().unwrap()), Arc::new(AtomicBool::new(false)));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| until(&bell, || happened.load(Ordering::Relaxed)));
            }
            happened.store(true, Ordering::Relaxed);
            bell.ring();
        });
    }

    #[test]
    fn all_sleepers_are_woken_by_a_socket() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (other, _) = listener.accept().unwrap();
        other.set_nonblocking(true).unwrap();
        let other = net::Socket::from(other);
        let bell = Doorbell::new().unwrap();
        bell.add(&other).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    until(&bell, || net::receive(&other, std::iter::empty::<Region>(), &mut [0; 1], true).is_ok())
                });
            }
            one.write_all(b"x").unwrap();
        });
    }

    #[test]
    fn a_bell_rung_after_the_ticket_is_heard() {
        let bell = Doorbell::new().unwrap();
        let ticket = bell.arm();
        bell.ring();
        assert_ne!(bell.state().rung, ticket);
        bell.sleep(ticket, None);
        bell.disarm();
    }
}
