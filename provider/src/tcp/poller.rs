//! Waiting for many sockets at once.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token, Waker};
use wsp::transport::Fault;

use crate::os::sources::{Registry, Source};

/// Under this number a wake by [`Poller::wake`] appears to mio.
const WOKEN: Token = Token(0);

/// What happened at a time. The rest is told next time.
const EVENTS: usize = 64;

/// What a socket is watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Bytes, requests, the end.
    Input,
    /// Room as well.
    Both,
}

impl Wanted {
    fn interest(self) -> Interest {
        match self {
            Self::Input => Interest::READABLE,
            Self::Both => Interest::READABLE | Interest::WRITABLE,
        }
    }
}

/// Sockets to wait for. Each is reported once per change, not as long as a state lasts.
pub struct Poller {
    poll: Mutex<(Poll, Events)>,
    registry: Registry,
    waker: Waker,
}

impl Poller {
    /// With no sockets.
    pub fn new() -> Result<Self, Fault> {
        let poll = Poll::new()?;
        let (registry, waker) = (Registry::new(poll.registry().try_clone()?), Waker::new(poll.registry(), WOKEN)?);
        Ok(Self { poll: Mutex::new((poll, Events::with_capacity(EVENTS))), registry, waker })
    }

    /// Adds a socket under a number, not 0. What is the matter with it already is reported, too.
    pub fn add(&self, socket: &impl Source, number: usize, wanted: Wanted) -> Result<(), Fault> {
        self.registry.add(socket, number, wanted.interest()).map_err(Fault::from)
    }

    /// Changes what a socket is watched for.
    pub fn change(&self, socket: &impl Source, number: usize, wanted: Wanted) {
        // It fails only if the socket is not in.
        let _ = self.registry.change(socket, number, wanted.interest());
    }

    /// Takes a socket out. Needed before it is closed: it may live on in another process.
    pub fn remove(&self, socket: &impl Source) {
        // It fails only if the socket is not in.
        let _ = self.registry.remove(socket);
    }

    /// Makes [`wait`](Self::wait) return.
    pub fn wake(&self) {
        // It fails only if so many wakes wait that one more changes nothing.
        let _ = self.waker.wake();
    }

    /// Waits until something happens or the time is over; may return early. One thread at a time waits. Calls `each` for what
    /// happened.
    pub fn wait(&self, limit: Option<Duration>, mut each: impl FnMut(usize)) {
        let mut waiting = self.poll.lock().unwrap_or_else(PoisonError::into_inner);
        let (poll, events) = &mut *waiting;
        // Interrupted, it found nothing; there is no other way for it to fail.
        if poll.poll(events, limit).is_ok() {
            let tokens = events.iter().map(|event| event.token()).filter(|token| *token != WOKEN);
            tokens.filter_map(|token| self.registry.told(token)).for_each(&mut each);
        }
    }
}
