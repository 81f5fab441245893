//! Waiting for many sockets at once.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::time::Timespec;
use wsp::transport::Fault;

use super::fault;
pub use crate::os::common::Happened;

/// What can be waited for.
pub use std::os::fd::AsFd as Source;

/// The number under which a wake by [`Poller::wake`] appears.
const WOKEN: u64 = 0;

/// Sockets to wait for. Each is reported once per change, not as long as a state lasts.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
    woken: OwnedFd,
}

impl Poller {
    /// With no sockets.
    pub fn new() -> Result<Self, Fault> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(fault)?;
        let woken = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(fault)?;
        epoll::add(&epoll, &woken, EventData::new_u64(WOKEN), EventFlags::IN | EventFlags::ET).map_err(fault)?;
        Ok(Self { epoll, woken })
    }

    /// Adds a socket under a number of its own, not 0.
    pub fn add(&self, socket: impl Source, token: u64) -> Result<(), Fault> {
        let wanted = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&self.epoll, socket, EventData::new_u64(token), wanted).map_err(fault)
    }

    /// Takes a socket out.
    pub fn remove(&self, socket: impl Source) {
        // It fails only if the socket is not in.
        let _ = epoll::delete(&self.epoll, socket);
    }

    /// Makes [`wait`](Self::wait) return.
    pub fn wake(&self) {
        let _ = rustix::io::write(&self.woken, &1_u64.to_ne_bytes());
    }

    /// Waits until something happens or the time is over; may return early.
    pub fn wait(&self, limit: Option<Duration>) -> Vec<Happened> {
        let limit = limit.map(|limit| Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(limit.subsec_nanos()),
        });
        let mut events = Vec::with_capacity(64);
        // Interrupted, it found nothing; there is no other way for it to fail.
        let _ = epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), limit.as_ref());
        events
            .iter()
            .map(|event: &Event| Happened { token: event.data.u64() })
            .filter(|happened| happened.token != WOKEN)
            .collect()
    }
}
