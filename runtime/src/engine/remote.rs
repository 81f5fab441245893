//! Remote memory as calls: reads and writes of what the peer has opened.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cache::{Kept, Local};
use super::ended::{End, Ended, Moved};
use super::endpoint::Endpoint;
use super::memory::{self, Registrations};
use super::part::Busy;
use super::receiving::{Step, Target, settle};
use super::transfer::Later;
use crate::code;
use crate::rt::{Bytes, Code, Outcome, SizedOut, SocketRef};
use crate::transport::{Access, Connection, Gather, Region, Remote, Scatter, Transfer, Transport};

/// The local side of a transfer.
pub enum Side {
    /// To be written to the peer's memory.
    Write(Gather),
    /// To be filled from the peer's memory.
    Read(Scatter),
}

impl Side {
    fn len(&self) -> usize {
        match self {
            Self::Write(data) => data.len(),
            Self::Read(room) => room.len(),
        }
    }
}

/// A transfer.
pub struct Remotely {
    side: Side,
    remote: Remote,
    offset: u64,
    /// Kept from being deregistered meanwhile.
    _used: Vec<Arc<Local>>,
}

impl Remotely {
    fn start(&self, connection: &impl Connection) -> Result<Transfer, Code> {
        let rdma = connection.rdma().ok_or(Code(code::WSAEOPNOTSUPP))?;
        Ok(match &self.side {
            Side::Write(data) => rdma.write(data, &self.remote, self.offset)?,
            Side::Read(room) => rdma.read(room, &self.remote, self.offset)?,
        })
    }
}

/// The transfers of a socket.
pub struct Transfers {
    pub registrations: Registrations,
    queue: VecDeque<(u64, Remotely, Target)>,
    running: VecDeque<(u64, Remotely, Target)>,
    answers: Vec<(u64, Result<Moved, Code>)>,
    newest: u64,
}

impl Default for Transfers {
    fn default() -> Self {
        let (queue, running) = (VecDeque::new(), VecDeque::new());
        Self { registrations: Registrations::default(), queue, running, answers: Vec::new(), newest: 0 }
    }
}

impl Busy for Transfers {
    fn is_busy(&self) -> bool {
        Self::is_busy(self) || self.registrations.is_exposed()
    }
}

impl Transfers {
    /// Is a transfer in progress?
    pub fn is_busy(&self) -> bool {
        !self.queue.is_empty() || !self.running.is_empty()
    }

    fn push(&mut self, transfer: Remotely, target: Target) -> u64 {
        self.newest += 1;
        self.queue.push_back((self.newest, transfer, target));
        self.newest
    }

    /// Starts what can be started, ends what has ended. On a socket that is `closed` nothing is left to do but its close.
    pub fn pump(&mut self, connection: &impl Connection, closed: &AtomicBool, ended: &mut Ended<'_>) {
        if closed.load(Ordering::Acquire) {
            return;
        }
        while let Some((_, transfer, _)) = self.queue.front() {
            let step = match transfer.start(connection) {
                Ok(Transfer::Full) => break,
                Ok(Transfer::Running) => Step::Wait,
                Ok(Transfer::Done) => Step::Done(Moved::bytes(transfer.side.len())),
                Err(code) => Step::Failed(code),
            };
            let Some((number, transfer, target)) = self.queue.pop_front() else { break };
            let end = match step {
                Step::Wait => {
                    self.running.push_back((number, transfer, target));
                    continue;
                }
                Step::Done(moved) => End::Moved(moved),
                Step::Failed(code) => End::Failed(code),
            };
            drop(transfer);
            settle(&mut self.answers, number, target, end, ended);
        }
        while !self.running.is_empty()
            && let Some(outcome) = connection.rdma().and_then(|rdma| rdma.finished())
        {
            let Some((number, transfer, target)) = self.running.pop_front() else { break };
            let end = match outcome {
                Ok(()) => End::Moved(Moved::bytes(transfer.side.len())),
                Err(fault) => End::Failed(fault.code()),
            };
            drop(transfer);
            settle(&mut self.answers, number, target, end, ended);
        }
        if let Some(fault) = connection.ready().fault.filter(|_| self.is_busy() && !closed.load(Ordering::Acquire)) {
            self.end_all(End::Failed(fault.code()), ended);
        }
    }

    fn answer(&mut self, number: u64) -> Option<Result<Moved, Code>> {
        let at = self.answers.iter().position(|(of, _)| *of == number)?;
        Some(self.answers.swap_remove(at).1)
    }

    /// Ends all of them.
    pub fn end_all(&mut self, end: End, ended: &mut Ended<'_>) {
        for (number, transfer, target) in self.running.drain(..).chain(self.queue.drain(..)) {
            drop(transfer);
            settle(&mut self.answers, number, target, end, ended);
        }
    }
}

impl<T: Transport> Endpoint<T> {
    /// Starts a transfer, or does it.
    pub(super) fn transfer(
        self: &Arc<Self>,
        socket: &SocketRef<'_, Arc<Self>>,
        side: Side,
        used: Vec<Arc<Local>>,
        (target, offset): (Bytes<'_>, u32),
        later: Option<Later<'_>>,
    ) -> Result<Outcome<Moved>, Code> {
        if let Some(later) = later {
            later.prepare(socket)?;
        }
        let connection = self.connection().ok_or_else(|| self.unconnected())?;
        let remote = memory::understand(&memory::take(target)?, connection.peer(), connection.local())?;
        let end = u64::from(offset).checked_add(side.len() as u64);
        if end.is_none_or(|end| end > remote.length) {
            return Err(Code(code::WSAEINVAL));
        }
        let allowed = match side {
            Side::Write(_) => remote.access.write,
            Side::Read(_) => remote.access.read,
        };
        if !allowed {
            return Err(Code(code::WSAEACCES));
        }
        let transfer = Remotely { side, remote, offset: offset.into(), _used: used };
        let mut ended = Ended::new(&self.upcalling);
        let number = {
            let mut transfers = self.transfers();
            let target = match later {
                Some(later) => Target::Posted(later.begin(socket)?),
                None => Target::Waiter,
            };
            let number = transfers.push(transfer, target);
            transfers.pump(&*connection, self.closed(), &mut ended);
            number
        };
        self.tell(ended);
        if later.is_some() {
            self.posted();
            return Ok(Outcome::Pending);
        }
        let waited = self.wait(socket, None, || {
            let mut ended = Ended::new(&self.upcalling);
            let answer = {
                let mut transfers = self.transfers();
                transfers.pump(&*connection, self.closed(), &mut ended);
                transfers.answer(number)
            };
            self.tell(ended);
            answer
        });
        match waited {
            Ok(answer) => answer.map(Outcome::Done),
            // Whoever closed has ended it, after the connection: its memory is free.
            Err(code) => self.transfers().answer(number).unwrap_or(Err(code)).map(Outcome::Done),
        }
    }

    /// Registers memory for local use.
    pub(super) fn register(&self, region: Region, access: Access) -> Result<usize, Code> {
        self.connection().ok_or_else(|| self.unconnected())?;
        let kept = self.keep(region, access)?;
        Ok(self.transfers().registrations.local.add(kept))
    }

    fn keep(&self, region: Region, access: Access) -> Result<Arc<Kept>, Code> {
        self.home.cache.register(region, access, || self.home.transport.pin(region, access))
    }

    /// Ends a registration.
    pub(super) fn deregister(&self, handle: usize) -> Result<(), Code> {
        self.transfers().registrations.local.remove(handle)
    }

    /// Opens memory to the peer and stores its descriptor.
    pub(super) fn expose(
        self: &Arc<Self>,
        region: Region,
        access: Access,
        descriptor: SizedOut<'_>,
    ) -> Result<(), Code> {
        let connection = self.connection().ok_or_else(|| self.unconnected())?;
        if descriptor.capacity() < memory::DESCRIPTOR {
            let _ = descriptor.put(&[0; memory::DESCRIPTOR]);
            return Err(Code(code::WSAEFAULT));
        }
        let rdma = connection.rdma().ok_or(Code(code::WSAENOBUFS))?;
        let kept = self.keep(region, access)?;
        let handle = self.transfers().registrations.local.open(kept);
        let key = match rdma.expose(region, access) {
            Ok(key) => key,
            Err(fault) => {
                self.transfers().registrations.local.close(handle)?;
                return Err(fault.code());
            }
        };
        let remote = Remote { key, length: region.len() as u64, access };
        let bytes = memory::describe(&remote, connection.local(), connection.peer());
        self.transfers().registrations.note_exposed(bytes, key, handle);
        self.call_driver();
        descriptor.put(&bytes).map_err(|_| Code(code::WSAEFAULT))
    }

    /// Closes memory to the peer.
    pub(super) fn withdraw(&self, descriptor: Bytes<'_>) -> Result<(), Code> {
        let (key, handle) = self.transfers().registrations.take_exposed(&memory::take(descriptor)?)?;
        // Before the memory counts as free: a transport may still be copying. What it fails with, it has closed already.
        let connection = self.connection();
        let withdrawn =
            connection.as_ref().and_then(|connection| connection.rdma()).map_or(Ok(()), |rdma| rdma.withdraw(key));
        self.transfers().registrations.local.close(handle)?;
        Ok(withdrawn?)
    }

    /// Closes all memory to the peer. To be done before the connection goes.
    pub(super) fn withdraw_all(&self, connection: &T::Connection) {
        let keys = self.transfers().registrations.clear();
        if let Some(rdma) = connection.rdma() {
            for key in keys {
                // A connection that is broken has closed it already.
                let _ = rdma.withdraw(key);
            }
        }
    }
}
