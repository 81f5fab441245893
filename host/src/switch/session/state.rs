//! The state of a session and its progress: what has arrived is taken, what has been sent is released, what waits is sent.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Error;
use crate::switch::credit::{Class, Credits};
use crate::switch::options::Completion;
use crate::switch::region::Region;
use crate::switch::session::transfer::{Memory, Target, Transfer, Way};
use crate::switch::socket::SanSocket;
use crate::switch::wire::{Message, Terms, WireError};

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The provider says so.
    #[error(transparent)]
    Provider(#[from] Error),
    /// The peer's bytes are no session.
    #[error("the peer breaks the session's rules: {0}")]
    Wire(#[from] WireError),
    /// The peer's messages contradict each other.
    #[error("the peer breaks the session's rules: {0}")]
    Rules(&'static str),
    /// This side has ended it.
    #[error("the connection was closed on this side")]
    Closed,
}

/// What has come and waits for the program, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Bytes in a slot of the receive region.
    Slot { slot: usize, start: usize, end: usize },
    /// Bytes that were fetched.
    Bytes { bytes: Box<[u8]>, start: usize },
    /// Bytes at the peer, to be read by RDMA.
    Offer { id: u32, descriptor: Vec<u8>, taken: u32, length: u32 },
    /// Bytes at the peer, who will write them by RDMA.
    Request { id: u32, left: u32 },
}

/// A transfer towards the program.
pub enum Fetch {
    Read { transfer: Box<Transfer>, id: u32, last: bool },
    Write { target: Target, id: u32, done: Option<(u32, bool)> },
}

/// Where the peer wants to have bytes written.
pub struct Location {
    pub id: u32,
    pub length: u32,
    pub descriptor: Vec<u8>,
}

/// Answers and requests that are not part of the stream.
#[derive(Debug)]
pub enum Control {
    Location { id: u32, length: u32, descriptor: Vec<u8> },
    Done { id: u32, bytes: u32, failed: bool },
    FinTaken,
    Suspend,
}

/// What was agreed on with the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    pub message_size: u32,
    pub rdma_read: bool,
    pub session: [u8; 16],
}

/// How far a move to another process has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Settled,
    Asked,
    Agreed,
}

pub struct State {
    pub socket: Arc<SanSocket>,
    pub completion: Completion,
    pub receives: Region,
    /// Slots with a posted receive, in the order of posting, which is that of completion.
    pub posted: VecDeque<usize>,
    pub sends: Region,
    pub free: Vec<usize>,
    pub flying: VecDeque<usize>,
    pub control: VecDeque<Control>,
    /// `None` until the peer has said its terms.
    pub peer: Option<(Peer, Credits)>,
    pub incoming: VecDeque<Incoming>,
    pub fetch: Option<Fetch>,
    /// What a fetch into the program's memory came to.
    pub fetched: Option<usize>,
    /// A thread reads.
    pub reading: bool,
    /// The program reads nothing more.
    pub reads_ended: bool,
    /// Ends of this side's own large writes.
    pub done: Option<(u32, u32, bool)>,
    pub location: Option<Location>,
    /// Of this side's next large write: even numbers are the connecting side's, odd ones the accepting side's.
    pub next_id: u32,
    pub fin_sent: bool,
    pub fin_taken: bool,
    pub peer_fin: bool,
    /// The peer moves; nothing may be sent once this has been taken.
    pub peer_moves: Option<bool>,
    pub moving: Move,
    pub fault: Option<Fault>,
}

/// Streams have at most this many large writes under way; the session's own writers one.
const MOST_OFFERS: usize = 4;

impl State {
    /// Takes what has happened into account. Says whether anything has.
    pub fn progress(&mut self) -> bool {
        if self.socket.is_closed() {
            return false;
        }
        let mut moved = false;
        while self.fault.is_none()
            && let Some(&slot) = self.posted.front()
        {
            match self.receives.result(slot, &self.socket) {
                Ok(Some(bytes)) => {
                    self.posted.pop_front();
                    moved = true;
                    if let Err(fault) = self.arrived(slot, bytes) {
                        self.fail(fault);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    moved = true;
                    self.fail(error.into());
                }
            }
        }
        moved |= self.release_sends();
        if self.fault.is_none() {
            moved |= self.step_fetch();
            moved |= self.flush();
        }
        moved
    }

    /// The session is over; the first reason is the one that counts.
    pub fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Slots whose sends have ended are free again.
    pub fn release_sends(&mut self) -> bool {
        let mut released = false;
        let mut place = 0;
        while let Some(&slot) = self.flying.get(place) {
            match self.sends.result(slot, &self.socket) {
                Ok(None) => place += 1,
                Ok(Some(_)) => {
                    self.flying.remove(place);
                    self.free.push(slot);
                    released = true;
                }
                Err(error) => {
                    self.fail(error.into());
                    return true;
                }
            }
        }
        released
    }

    /// A message has come into a slot.
    fn arrived(&mut self, slot: usize, bytes: usize) -> Result<(), Fault> {
        let message = &self.receives.bytes(slot)[..bytes];
        if let (told, Message::Data(data)) = Message::parse(message)? {
            let start = bytes - data.len();
            self.told(told)?;
            return if self.hold(slot, start, bytes) { Ok(()) } else { self.repost(slot) };
        }
        // All others are short and copied, so that the slot can be posted again at once.
        let copy = message.to_vec();
        let (told, parsed) = Message::parse(&copy)?;
        if let Message::Negotiate(terms) = parsed {
            self.agree(terms)?;
            return self.repost(slot);
        }
        self.told(told)?;
        let held = match parsed {
            Message::Offer { id, length, descriptor, first } => {
                let (start, descriptor) = (bytes - first.len(), descriptor.to_vec());
                self.announced(length)?;
                let held = self.hold(slot, start, bytes);
                self.incoming.push_back(Incoming::Offer { id, descriptor, taken: 0, length });
                held
            }
            Message::Request { id, length, first } => {
                let start = bytes - first.len();
                self.announced(length)?;
                let held = self.hold(slot, start, bytes);
                self.incoming.push_back(Incoming::Request { id, left: length });
                held
            }
            other => {
                self.controlled(other)?;
                false
            }
        };
        if held { Ok(()) } else { self.repost(slot) }
    }

    /// Credits that came with a message.
    fn told(&mut self, told: u16) -> Result<(), Fault> {
        let Some((_, credits)) = &mut self.peer else { return Err(Fault::Rules("it does not negotiate first")) };
        credits.receive(told).map_err(|_| Fault::Rules("it overdraws its credits"))
    }

    /// Keeps a slot until the program has read it. `false`: there is nothing in it.
    fn hold(&mut self, slot: usize, start: usize, end: usize) -> bool {
        if start < end {
            self.incoming.push_back(Incoming::Slot { slot, start, end });
        }
        start < end
    }

    fn announced(&self, length: u32) -> Result<(), Fault> {
        let open = |one: &&Incoming| matches!(one, Incoming::Offer { .. } | Incoming::Request { .. });
        if self.incoming.iter().filter(open).count() >= MOST_OFFERS {
            return Err(Fault::Rules("it offers too much at once"));
        }
        if length == 0 { Err(Fault::Rules("it offers nothing")) } else { Ok(()) }
    }

    /// The peer's first message.
    fn agree(&mut self, terms: Terms) -> Result<(), Fault> {
        if self.peer.is_some() {
            return Err(Fault::Rules("it negotiates twice"));
        }
        if terms.receives < crate::switch::credit::FEWEST || terms.message_size < 256 {
            return Err(Fault::Rules("its receives are too few or too small"));
        }
        let posted = u16::try_from(self.receives.count()).unwrap_or(u16::MAX);
        let credits = Credits::new(posted, terms.receives);
        let Terms { message_size, rdma_read, session, .. } = terms;
        self.peer = Some((Peer { message_size, rdma_read, session }, credits));
        Ok(())
    }

    fn controlled(&mut self, message: Message<'_>) -> Result<(), Fault> {
        match message {
            Message::Done { id, bytes, failed } => match &mut self.fetch {
                Some(Fetch::Write { id: open, done, .. }) if *open == id => {
                    *done = Some((bytes, failed));
                }
                _ if self.done.is_none() => self.done = Some((id, bytes, failed)),
                _ => return Err(Fault::Rules("it ends a transfer that has not begun")),
            },
            Message::Location { id, length, descriptor } => {
                if self.location.is_some() {
                    return Err(Fault::Rules("it gives a location twice"));
                }
                self.location = Some(Location { id, length, descriptor: descriptor.to_vec() });
            }
            Message::Fin => {
                self.peer_fin = true;
                self.control.push_back(Control::FinTaken);
            }
            Message::FinTaken => self.fin_taken = true,
            Message::Suspend => self.peer_moves = Some(false),
            Message::SuspendTaken => self.moving = Move::Agreed,
            Message::Resume { receives, message_size } => {
                if self.peer_moves.take().is_none() || receives < crate::switch::credit::FEWEST || message_size < 256 {
                    return Err(Fault::Rules("it resumes what it has not suspended"));
                }
                if let Some((peer, credits)) = &mut self.peer {
                    peer.message_size = message_size;
                    credits.renew(receives);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn repost(&mut self, slot: usize) -> Result<(), Fault> {
        self.post(slot)?;
        if let Some((_, credits)) = &mut self.peer {
            credits.posted();
        }
        Ok(())
    }

    /// Posts a receive into a slot.
    pub fn post(&mut self, slot: usize) -> Result<(), Fault> {
        self.receives.post(slot, &self.socket, self.completion == Completion::Polled)?;
        self.posted.push_back(slot);
        Ok(())
    }

    /// Gives a slot that the program has read back.
    pub fn give_back(&mut self, slot: usize) {
        // Once the session is over, or about to move, nothing is posted any more.
        if self.fault.is_none()
            && let Err(fault) = self.repost(slot)
        {
            self.fail(fault);
        }
    }

    /// May a message of this class be sent now?
    pub fn can_send(&self, class: Class) -> bool {
        let open = self.fault.is_none() && self.peer_moves.is_none() && !self.free.is_empty();
        // While this side moves it sends nothing new, but lets what is under way come to its end.
        let open = open
            && match self.moving {
                Move::Settled => true,
                Move::Asked => class != Class::Data,
                Move::Agreed => false,
            };
        open && self.peer.as_ref().is_some_and(|(_, credits)| credits.allows(class))
    }

    /// Sends a message that [`can_send`](Self::can_send) has allowed, or one of the move's.
    pub fn send(&mut self, message: Message<'_>) {
        let Some(slot) = self.free.pop() else { return self.fail(Fault::Rules("no slot is free")) };
        let told = self.peer.as_mut().map_or(0, |(_, credits)| credits.send());
        let polled = self.completion != Completion::Notified;
        let sent = match message.write(told, self.sends.bytes_mut(slot)) {
            Some(length) => self.sends.send(slot, length, &self.socket, polled).map_err(Fault::from),
            None => Err(Fault::Rules("its messages are too small for its descriptors")),
        };
        match sent {
            Ok(()) => self.flying.push_back(slot),
            Err(fault) => {
                self.free.push(slot);
                self.fail(fault);
            }
        }
    }

    /// The most bytes that a message to the peer may have.
    pub fn message_size(&self) -> usize {
        let peer = self.peer.as_ref().map_or(256, |(peer, _)| peer.message_size as usize);
        peer.min(self.sends.bytes(0).len())
    }

    /// Sends the control messages that wait, and credits if they are due.
    fn flush(&mut self) -> bool {
        let mut sent = false;
        while self.can_send(Class::Control)
            && let Some(control) = self.control.pop_front()
        {
            sent = true;
            match &control {
                Control::Location { id, length, descriptor } => {
                    self.send(Message::Location { id: *id, length: *length, descriptor });
                }
                &Control::Done { id, bytes, failed } => self.send(Message::Done { id, bytes, failed }),
                Control::FinTaken => self.send(Message::FinTaken),
                Control::Suspend => self.send(Message::Suspend),
            }
        }
        let due = self.peer.as_ref().is_some_and(|(_, credits)| credits.report_due());
        if due && self.can_send(Class::Report) {
            sent = true;
            self.send(Message::Credit);
        }
        self.take_leave() || sent
    }

    /// The last message to a peer that moves, once all others have gone.
    fn take_leave(&mut self) -> bool {
        let idle = self.flying.is_empty() && self.fault.is_none() && !self.free.is_empty();
        let posted = self.peer.as_ref().is_some_and(|(_, credits)| credits.allows(Class::Report));
        if self.peer_moves != Some(false) || !idle || !posted {
            return false;
        }
        self.peer_moves = Some(true);
        self.send(Message::SuspendTaken);
        true
    }

    /// Where in the stream the first bytes are that the peer still has.
    fn first_remote(&self) -> Option<usize> {
        self.incoming.iter().position(|one| matches!(one, Incoming::Offer { .. } | Incoming::Request { .. }))
    }

    /// Begins to fetch the first of the bytes that the peer still has.
    pub fn begin_fetch(&mut self, memory: Memory) -> Result<(), Fault> {
        match self.first_remote().and_then(|place| self.incoming.get(place)) {
            Some(Incoming::Offer { id, descriptor, taken, length }) => {
                let (id, last) = (*id, memory.len() as u32 >= length - taken);
                let transfer = Transfer::start(&self.socket, Way::Read, memory, descriptor, *taken)?;
                self.fetch = Some(Fetch::Read { transfer, id, last });
            }
            Some(Incoming::Request { id, .. }) => {
                let (id, length) = (*id, memory.len() as u32);
                let target = Target::expose(&self.socket, memory)?;
                let descriptor = target.descriptor.clone();
                self.control.push_back(Control::Location { id, length, descriptor });
                self.fetch = Some(Fetch::Write { target, id, done: None });
            }
            _ => {}
        }
        Ok(())
    }

    /// How many bytes the first part of the stream has that is still at the peer.
    pub fn remote(&self) -> Option<usize> {
        match self.first_remote().and_then(|place| self.incoming.get(place)) {
            Some(Incoming::Offer { taken, length, .. }) => Some((length - taken) as usize),
            Some(Incoming::Request { left, .. }) => Some(*left as usize),
            _ => None,
        }
    }

    /// Has the transfer towards the program ended?
    fn step_fetch(&mut self) -> bool {
        match self.fetch.take() {
            None => false,
            Some(Fetch::Read { transfer, id, last }) => match transfer.result(&self.socket) {
                None => {
                    self.fetch = Some(Fetch::Read { transfer, id, last });
                    false
                }
                Some(result) => {
                    let memory = transfer.end(&self.socket);
                    self.read_ended(result, memory, id, last);
                    true
                }
            },
            Some(Fetch::Write { target, id, done: None }) => {
                self.fetch = Some(Fetch::Write { target, id, done: None });
                false
            }
            Some(Fetch::Write { target, id, done: Some((bytes, failed)) }) => {
                self.write_ended(target, id, bytes, failed);
                true
            }
        }
    }

    fn read_ended(&mut self, result: Result<u32, Error>, memory: Memory, id: u32, last: bool) {
        let bytes = match result {
            Ok(bytes) if bytes as usize == memory.len() => bytes,
            Ok(_) => return self.fail(Fault::Rules("it has offered more than it has")),
            Err(error) => {
                self.control.push_back(Control::Done { id, bytes: 0, failed: true });
                return self.fail(error.into());
            }
        };
        let Some(place) = self.first_remote() else { return };
        if last {
            self.incoming.remove(place);
            self.control.push_back(Control::Done { id, bytes, failed: false });
        } else if let Some(Incoming::Offer { taken, .. }) = self.incoming.get_mut(place) {
            *taken += bytes;
        }
        self.keep(memory, place);
    }

    fn write_ended(&mut self, target: Target, id: u32, bytes: u32, failed: bool) {
        let ended = self.socket.deregister_rdma(&target.descriptor);
        target.memory.leave();
        let whole = bytes as usize == target.memory.len() && !failed;
        if let (Ok(()), true, Some(place)) = (&ended, whole, self.first_remote()) {
            if let Some(Incoming::Request { left, .. }) = self.incoming.get_mut(place) {
                *left -= bytes;
                if *left == 0 {
                    self.incoming.remove(place);
                }
            }
            return self.keep(target.memory, place);
        }
        // The peer may still write: the memory stays until the socket is closed.
        self.fetch = Some(Fetch::Write { target, id, done: None });
        self.fail(ended.map_or_else(Fault::from, |()| Fault::Rules("it has written less than it said")));
    }

    /// What was fetched is the program's already, or waits for it.
    fn keep(&mut self, memory: Memory, place: usize) {
        match memory {
            Memory::Program { length, .. } => self.fetched = Some(length),
            Memory::Own(bytes) => {
                self.incoming.insert(place, Incoming::Bytes { bytes: bytes.into_box(), start: 0 });
            }
        }
    }
}
