//! A session: what two switches run over a connection of a provider, so that it is a stream.
//!
//! Whoever is inside drives it: each call takes what has arrived, then does its own part, and else waits. While nobody is
//! inside, the [keeper](super::keeper) is nudged.

mod moving;
mod open;
mod read;
mod state;
mod transfer;
mod write;

use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use moving::Moved;
pub use open::Role;
pub use state::Fault;
use state::State;

use super::bell::{Bell, Inside};
use super::options::{Completion, SwitchOptions};
use super::socket::SanSocket;
use crate::deadline::after;

/// A session and its connection.
pub struct Session {
    socket: Arc<SanSocket>,
    bell: Arc<Bell>,
    options: SwitchOptions,
    /// One reader and one writer at a time.
    reader: Mutex<()>,
    writer: Mutex<()>,
    state: Mutex<State>,
    closing: Mutex<()>,
    limits: Limits,
    pub local: SocketAddrV4,
    pub remote: SocketAddrV4,
    pub nonblocking: AtomicBool,
    pub read_timeout: Mutex<Option<Duration>>,
}

/// What the provider says of its RDMA, and what we make of it.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Larger writes go by RDMA.
    threshold: usize,
    /// The most bytes of one.
    rdma_size: usize,
}

/// Why a wait ended without what was waited for.
enum Waited<T> {
    Got(T),
    /// The time was over.
    Timeout,
}

impl Session {
    /// Drives the session until `check` gives something, or the time is over. Nothing is locked while it waits.
    fn wait<T>(&self, until: Option<Instant>, mut check: impl FnMut(&mut State) -> Option<T>) -> Waited<T> {
        let mut inside = self.bell.enter();
        let mut pace = Pace::new(self.options.spin);
        loop {
            let mut seen = self.bell.rings();
            let (moved, got) = {
                let mut state = self.lock();
                let mut moved = state.progress();
                let got = check(&mut state);
                if got.is_some() {
                    // What the check has put into the queues goes at once.
                    seen = self.bell.rings();
                    moved |= state.progress();
                }
                (moved, got)
            };
            if moved {
                // Other threads may wait for just this.
                self.bell.ring();
            }
            // The own ring is nothing to look after; any other since the last look is, if nobody else does.
            inside.saw(seen + u64::from(moved));
            if let Some(got) = got {
                return Waited::Got(got);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Waited::Timeout;
            }
            if moved {
                pace = Pace::new(self.options.spin);
            } else {
                self.rest(&mut pace, &inside, seen, until);
            }
        }
    }

    /// Lets some time pass: first none, then until the bell rings, or a moment if operations are polled.
    fn rest(&self, pace: &mut Pace, _: &Inside<'_>, seen: u64, until: Option<Instant>) {
        if pace.spins() {
            return;
        }
        let polled = match self.options.completion {
            Completion::Polled => true,
            Completion::Notified => false,
            Completion::Adaptive => !self.lock().flying.is_empty(),
        };
        if polled {
            let nap = Instant::now() + pace.nap();
            self.bell.wait(seen, Some(until.map_or(nap, |until| until.min(nap))));
        } else {
            self.bell.wait(seen, until);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the keeper does when nobody is inside. `ahead`: what the peer offers is fetched before the program reads it.
    /// `true`: it should look again soon.
    pub fn look(&self, ahead: bool) -> bool {
        self.bell.taken();
        let (moved, offered) = {
            let mut state = self.lock();
            let moved = state.progress();
            if ahead {
                state.fetch_ahead();
            }
            // The end of polled sends is told by nobody, and a task may wait for it.
            let sending = self.bell.has_tasks() && !state.flying.is_empty();
            (moved, state.fault.is_none() && (state.remote().is_some() || sending))
        };
        if moved {
            self.bell.ring();
        }
        offered
    }

    /// A task waits: if it might be for sends whose end is told by nobody, the keeper looks for it.
    pub fn await_sends(&self) {
        if self.options.completion != Completion::Notified && !self.lock().flying.is_empty() {
            self.bell.nudge();
        }
    }

    /// The program has let go: one step towards the end. `true`: nothing is left to be done. Unless it is in a `hurry`, it waits
    /// for the end of the peer's stream too: to close before that is, for the peer, a reset.
    pub fn step_to_end(&self, hurry: bool) -> bool {
        self.bell.taken();
        let mut state = self.lock();
        state.progress();
        let told = state.fin_taken && state.flying.is_empty() && state.control.is_empty();
        // What comes now nobody reads, and a peer that sends more should learn of it.
        let over = hurry || state.peer_fin || !state.incoming.is_empty();
        if state.fault.is_some() || told && over {
            return true;
        }
        state.end_stream();
        false
    }

    /// Closes the connection at once. Afterwards no operation uses any memory.
    pub fn abort(&self) {
        self.lock().fail(Fault::Closed);
        self.close();
        self.bell.ring();
    }

    /// Closes the socket. Other threads' calls find it closed; whoever else wants to close it waits until it is.
    fn close(&self) {
        let _one = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.socket.is_closed() {
            // What does not close here is closed, or given up, with the session.
            let _ = self.socket.close();
        }
    }

    /// The provider's socket.
    pub fn socket(&self) -> &Arc<SanSocket> {
        &self.socket
    }

    /// Its bell.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Must the keeper look after it unasked?
    pub fn is_polled(&self) -> bool {
        self.options.completion == Completion::Polled
    }

    /// How long it may linger.
    pub fn linger(&self) -> Duration {
        self.options.linger
    }

    fn is_nonblocking(&self) -> bool {
        self.nonblocking.load(Ordering::Acquire)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !self.socket.is_closed() {
            // Memory that is not in use is deregistered first, as the switch does.
            if state.flying.is_empty() {
                state.sends.deregister(&self.socket);
            }
            let _ = self.socket.close();
        }
        if !self.socket.is_closed() {
            // A provider that does not close may still use the memory: it is given up.
            std::mem::forget(state.abandon());
        }
    }
}

/// How a wait passes the time.
struct Pace {
    spun_out: Instant,
    turns: u32,
    nap: Duration,
}

impl Pace {
    fn new(spin: Duration) -> Self {
        Self { spun_out: after(spin), turns: 0, nap: Duration::from_micros(50) }
    }

    /// One turn of spinning; `false` once there have been enough.
    fn spins(&mut self) -> bool {
        self.turns += 1;
        if !self.turns.is_multiple_of(16) {
            std::hint::spin_loop();
            return true;
        }
        // Where there are fewer processors than threads, the peer needs this one.
        std::thread::yield_now();
        Instant::now() < self.spun_out
    }

    /// How long the next nap is: the longer nothing happens the longer, up to a millisecond.
    fn nap(&mut self) -> Duration {
        let nap = self.nap;
        self.nap = (self.nap * 2).min(Duration::from_millis(1));
        nap
    }
}
