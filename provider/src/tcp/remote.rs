//! Memory that is opened to the peer, by key, and transfers to and from the peer's: all of it done by the owner of the memory.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wsp::transport::{Access, Exposures, Fault, Gather, Rdma, Region, Remote, Scatter, Transfer};

use super::Connection;
use super::connection::{Core, condition};
use super::messages::Messages;
use super::wire::{HEADER, Header, Kind, OUTSTANDING, PIECE, REQUEST, Request};
use crate::bytes::{Reader, Writer};
use crate::moves::{Moves, Side, nothing};

/// The part of a key that counts exposures; above it is the generation of the end, so that no key ever comes twice.
const COUNTED: u32 = 40;

/// What the peer is still to get for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Its bytes were written, or refused.
    Written {
        /// Were they refused?
        refused: bool,
    },
    /// The bytes that it asks for.
    Contents(Request),
}

/// What one end opens, and what it asks for.
#[derive(Debug)]
pub struct Remotes {
    exposures: Exposures,
    generation: u32,
    /// Was anything ever opened?
    exposed: AtomicBool,
    moves: Mutex<Moves>,
    /// How many transfers are under way.
    moving: AtomicUsize,
}

impl Remotes {
    /// Nothing yet. The generation counts the processes that had this end.
    pub fn new(generation: u32) -> Self {
        let (exposures, exposed) = (Exposures::default(), AtomicBool::new(false));
        let (moves, moving) = (Mutex::new(Moves::new(PIECE)), AtomicUsize::new(0));
        Self { exposures, generation, exposed, moves, moving }
    }

    /// Puts what another process has to know; `None` if too many had it.
    pub fn save(&self, to: &mut Writer) -> Option<()> {
        to.word(self.generation.checked_add(1).filter(|generation| *generation < 1 << (64 - COUNTED))?);
        to.flag(self.exposed.load(Ordering::Acquire));
        Some(())
    }

    /// Takes it; `None` if it is not that.
    pub fn restore(from: &mut Reader<'_>) -> Option<Self> {
        let remotes = Self::new(from.word()?);
        // What the giver had open the peer may still ask for.
        remotes.exposed.store(from.flag()?, Ordering::Release);
        Some(remotes)
    }

    /// Our transfers.
    pub fn moves(&self) -> MutexGuard<'_, Moves> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how many transfers there are.
    pub fn count(&self, moves: &Moves) {
        self.moving.store(moves.len(), Ordering::Release);
    }

    /// Are transfers under way?
    pub fn under_way(&self) -> bool {
        self.moving.load(Ordering::Acquire) > 0
    }

    /// Could the peer, or we, want something of this end apart from messages?
    pub fn is_active(&self) -> bool {
        self.exposed.load(Ordering::Acquire) || self.under_way()
    }

    /// Would a message that is sent now overtake a transfer? What a peer reads after an access to its memory must not.
    pub fn overtaken(&self) -> bool {
        self.under_way() && !self.moves().is_ordered()
    }

    /// Gives up what is under way: its memory is not used when this returns.
    pub fn abandon(&self, fault: Fault) {
        let mut moves = self.moves();
        moves.abandon(fault);
        self.count(&moves);
    }

    /// Closes all that is open: the peer reaches none of it when this returns.
    pub fn withdraw_all(&self) {
        self.exposures.withdraw_all();
    }

    fn expose(&self, region: Region, access: Access) -> u64 {
        self.exposed.store(true, Ordering::Release);
        u64::from(self.generation) << COUNTED | self.exposures.expose(region, access)
    }

    /// What was exposed under a key of ours.
    fn counted(&self, key: u64) -> Option<u64> {
        (key >> COUNTED == u64::from(self.generation)).then_some(key & ((1 << COUNTED) - 1))
    }

    /// Runs `body` on the part of open memory that a transfer is about.
    fn with(
        &self,
        request: &Request,
        allowed: impl FnOnce(Access) -> bool,
        body: impl FnOnce(Region),
    ) -> Result<(), Fault> {
        let key = self.counted(request.key).ok_or(Fault::Access)?;
        self.exposures.with(key, request.offset, request.total, allowed, body)
    }

    /// May the peer write what it wants to write?
    pub fn allows(&self, request: &Request) -> bool {
        self.with(request, |access| access.write, |_| {}).is_ok()
    }

    /// Runs `body` on the memory that the peer writes, from a byte of the piece on.
    pub fn write(&self, request: &Request, from: usize, body: impl FnOnce(Scatter)) -> Result<(), Fault> {
        let write = |whole: Region| {
            if let Some(part) = whole.part(request.at + from, request.length - from) {
                body(Scatter::of(part));
            }
        };
        self.with(request, |access| access.write, write)
    }

    /// The frame that answers a request.
    pub fn answer(&self, answer: Answer, used: u32) -> (Header, Vec<u8>) {
        match answer {
            Answer::Written { refused } => {
                (Header { kind: Kind::Written, marked: refused, length: 0, used }, Vec::new())
            }
            Answer::Contents(request) => {
                let mut bytes = vec![0; request.length];
                let read = |whole: Region| {
                    whole.copy_to(request.at, &mut bytes);
                };
                let refused = self.with(&request, |access| access.read, read).is_err();
                if refused {
                    bytes.clear();
                }
                (Header { kind: Kind::Contents, marked: refused, length: bytes.len(), used }, bytes)
            }
        }
    }

    /// Makes the next request with `put`, which gets the frame's head and its data. Returns whether there was one to make.
    pub fn ask(&self, used: u32, put: impl FnOnce(&[u8], &Gather, usize, usize) -> io::Result<()>) -> io::Result<bool> {
        if !self.under_way() {
            return Ok(false);
        }
        let mut moves = self.moves();
        if moves.unanswered() >= OUTSTANDING {
            return Ok(false);
        }
        let Some((moving, at, length)) = moves.next() else { return Ok(false) };
        let total = moving.side.len();
        let request = Request { key: moving.key, offset: moving.offset, total, at, length };
        let (kind, carried) = if moving.side.writes() { (Kind::Write, length) } else { (Kind::Read, 0) };
        let mut head = [0; HEADER + REQUEST];
        let header = Header { kind, marked: false, length: REQUEST + carried, used };
        head[..HEADER].copy_from_slice(&header.bytes());
        head[HEADER..].copy_from_slice(&request.bytes());
        match &moving.side {
            Side::Write(data) => put(&head, data, at, carried)?,
            Side::Read(_) => put(&head, &nothing(), 0, 0)?,
        }
        moves.asked();
        Ok(true)
    }
}

impl Core {
    fn transfer(&self, messages: &Messages, side: Side, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        let allowed = if side.writes() { remote.access.write } else { remote.access.read };
        let inside = offset.checked_add(side.len() as u64).is_some_and(|end| end <= remote.length);
        if !allowed || !inside {
            return Err(Fault::Access);
        }
        self.usable()?;
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        {
            let mut moves = messages.remote.moves();
            if !moves.add(side, remote.key, offset) {
                return Ok(Transfer::Full);
            }
            messages.remote.count(&moves);
        }
        self.serve(messages);
        Ok(Transfer::Running)
    }
}

impl Connection {
    fn messages(&self) -> Result<&Messages, Fault> {
        self.0.messages.as_deref().ok_or(Fault::NotSupported)
    }
}

impl Rdma for Connection {
    fn expose(&self, region: Region, access: Access) -> Result<u64, Fault> {
        if self.0.is(condition::OVER) {
            return Err(Fault::NoBuffers);
        }
        Ok(self.messages()?.remote.expose(region, access))
    }

    fn withdraw(&self, key: u64) -> Result<(), Fault> {
        let remote = &self.messages()?.remote;
        remote.exposures.withdraw(remote.counted(key).ok_or(Fault::BadClaim)?)?;
        if remote.exposures.is_empty() {
            // Who is late is to be told so.
            self.0.serve_from_now();
        }
        Ok(())
    }

    fn write(&self, data: &Gather, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        self.0.transfer(self.messages()?, Side::Write(data.clone()), remote, offset)
    }

    fn read(&self, room: &Scatter, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        self.0.transfer(self.messages()?, Side::Read(room.clone()), remote, offset)
    }

    fn finished(&self) -> Option<Result<(), Fault>> {
        let messages = self.messages().ok()?;
        self.0.serve(messages);
        messages.remote.moves().finished()
    }
}
