//! Changes of the addresses that a transport has: `SIO_ADDRESS_LIST_CHANGE`, and the event of the same name.
//!
//! While somebody wants to be told, the driver thread compares what the transport answers now with what it answered before.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::ended::{End, Ended, Moved, Posted};
use super::endpoint::Endpoint;
use super::events::{self, Levels};
use super::part::{Busy, Held};
use super::transfer::Later;
use crate::code;
use crate::rt::{Code, Outcome, SocketRef};
use crate::transport::{Bell, Transport};

/// How long an answer of the transport counts as new: asking a system for its addresses takes a few system calls.
pub const LOOK: Duration = Duration::from_millis(250);

/// What an instance knows of its addresses.
#[derive(Default)]
pub struct Addresses(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Sorted: systems tell them in any order.
    list: Vec<Ipv4Addr>,
    looked: Option<Instant>,
    /// How often the list was found changed.
    changes: u64,
}

impl Addresses {
    /// How often the list has changed so far. The transport is asked `at_once`, or if its last answer is old.
    fn changes(&self, transport: &impl Transport, at_once: bool) -> u64 {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if at_once || known.looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
            let mut list = transport.addresses();
            list.sort_unstable();
            if list != known.list {
                // The first answer changes nothing: nobody has seen the number before.
                known.changes += 1;
                known.list = list;
            }
            known.looked = Some(Instant::now());
        }
        known.changes
    }
}

/// Who wants to be told of a change.
#[derive(Default)]
pub struct Changes {
    /// Operations, and how many changes there had been when they began.
    posted: Vec<(u64, Posted)>,
    /// The event is due once for changes after this many.
    event: Option<u64>,
}

impl Changes {
    /// Is an operation in progress?
    pub fn is_posted(&self) -> bool {
        !self.posted.is_empty()
    }

    /// Ends all operations; the event is due no more.
    pub fn end_all(&mut self, end: End, ended: &mut Ended<'_>) {
        self.event = None;
        self.posted.drain(..).for_each(|(_, posted)| ended.push(posted, end));
    }

    /// Ends what has waited for one of `changes`. Returns whether the event is due.
    fn note(&mut self, changes: u64, ended: &mut Ended<'_>) -> bool {
        let (over, waiting) = self.posted.drain(..).partition(|(seen, _)| *seen < changes);
        self.posted = waiting;
        let over: Vec<(u64, Posted)> = over;
        over.into_iter().for_each(|(_, posted)| ended.push(posted, End::Moved(Moved::default())));
        self.event.take_if(|seen| *seen < changes).is_some()
    }
}

impl Busy for Changes {
    fn is_busy(&self) -> bool {
        self.is_posted() || self.event.is_some()
    }
}

impl<T: Transport> Endpoint<T> {
    pub(super) fn changes(&self) -> Held<'_, Changes> {
        self.changes.lock()
    }

    /// May somebody want to be told of a change?
    pub(super) fn is_changing(&self) -> bool {
        self.changes.may_be_busy()
    }

    /// `SIO_ADDRESS_LIST_CHANGE`: ends with the next change.
    pub(super) fn address_change(
        self: &Arc<Self>,
        socket: &SocketRef<'_, Arc<Self>>,
        later: Option<Later<'_>>,
    ) -> Result<Outcome<Moved>, Code> {
        if let Some(later) = later {
            later.prepare(socket)?;
        }
        let seen = self.home.addresses.changes(&self.home.transport, true);
        let overlapped = later.is_some();
        {
            let mut changes = self.changes();
            let posted = later.map(|later| later.begin(socket)).transpose()?;
            changes.event = Some(seen);
            changes.posted.extend(posted.map(|posted| (seen, posted)));
        }
        // The driver may be asleep without limit, for another of the socket's wishes.
        self.bell().ring();
        if overlapped {
            self.posted();
            return Ok(Outcome::Pending);
        }
        if self.life().options.nonblocking {
            let code = if self.call_driver() { code::WSAEWOULDBLOCK } else { code::WSAENOBUFS };
            return Err(Code(code));
        }
        loop {
            let changed = || (self.home.addresses.changes(&self.home.transport, false) > seen).then_some(());
            match self.wait(socket, Some(LOOK), changed) {
                Ok(()) => return Ok(Outcome::Done(Moved::default())),
                Err(Code(code::WSAETIMEDOUT)) => {}
                Err(code) => return Err(code),
            }
        }
    }

    /// Tells of a change, if there was one. The driver comes by regularly.
    pub(super) fn serve_changes(&self) {
        if !self.is_changing() {
            return;
        }
        let count = self.home.addresses.changes(&self.home.transport, false);
        let mut ended = Ended::new(&self.upcalling);
        let due = {
            let mut changes = self.changes();
            // Of a socket that is closed, its close ends what is posted.
            !self.is_closed() && changes.note(count, &mut ended)
        };
        self.tell(ended);
        if due {
            self.note_address_change();
        }
    }

    fn note_address_change(&self) {
        let signalling = self.signalling();
        let telling = {
            let mut events = self.events();
            // Once for each call of the control code, whatever was told before.
            events.rearm(events::ADDRESS_LIST_CHANGE);
            let telling = events.note(Levels { events: events::ADDRESS_LIST_CHANGE, ..Levels::default() });
            // Under the lock under which a close ends the registration.
            telling.map(|telling| (self.enter(), telling))
        };
        self.tell_event(telling, signalling);
    }
}
