//! Moving a session to another process, and taking one over.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use super::open::Role;
use super::state::{Control, Fault, Incoming, Move, Peer, State};
use super::{Session, Waited};
use crate::deadline::after;
use crate::error::Error;
use crate::switch::credit::Credits;
use crate::switch::options::SwitchOptions;
use crate::switch::socket::SanSocket;
use crate::switch::wire::{Message, Reader, WireError};

/// A session without connection: what the next process needs, beside the provider's own structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub peer: Peer,
    pub credits: Credits,
    next_id: u32,
    fin_sent: bool,
    fin_taken: bool,
    peer_fin: bool,
    peer_moves: bool,
    /// What the program has not read. The peer's offers stay good: the connection stays.
    unread: Vec<Incoming>,
    local: SocketAddrV4,
    remote: SocketAddrV4,
}

impl Session {
    /// Brings what is under way to its end, and agrees with the peer that nothing is sent until the resume. Then only receives
    /// are posted.
    ///
    /// # Errors
    /// The connection's end, or a peer that does not answer in time; the session goes on then.
    pub fn suspend(&self, patience: Duration) -> Result<Moved, Fault> {
        let until = Some(after(patience));
        {
            let mut state = self.lock();
            state.moving = Move::Asked;
        }
        let settled = self.wait(until, |state| {
            let settled = state.fetch.is_none() && state.control.is_empty() && state.flying.is_empty();
            match state.fault {
                Some(fault) => Some(Err(fault)),
                None => settled.then_some(Ok(())),
            }
        });
        let timeout =
            Fault::Provider(Error::Documented { function: "WSPDuplicateSocket", code: wsp::code::WSAETIMEDOUT });
        if let Err(fault) = finish(settled, timeout) {
            self.lock().moving = Move::Settled;
            return Err(fault);
        }
        self.lock().control.push_back(Control::Suspend);
        let agreed = self.wait(until, |state| match state.fault {
            Some(fault) => Some(Err(fault)),
            None => (state.moving == Move::Agreed && state.flying.is_empty()).then_some(Ok(())),
        });
        // The peer waits for a resume now: there is no way back.
        if let Err(fault) = finish(agreed, timeout) {
            self.abort();
            return Err(fault);
        }
        let mut state = self.lock();
        let socket = Arc::clone(&state.socket);
        state.sends.deregister(&socket);
        Ok(self.record(&mut state))
    }

    fn record(&self, state: &mut State) -> Moved {
        let mut unread = Vec::new();
        for part in std::mem::take(&mut state.incoming) {
            unread.push(match part {
                Incoming::Slot { slot, start, end } => {
                    Incoming::Bytes { bytes: state.receives.bytes(slot)[start..end].into(), start: 0 }
                }
                other => other,
            });
        }
        let (peer, credits) = match &state.peer {
            Some((peer, credits)) => (*peer, credits.clone()),
            None => (Peer { message_size: 256, rdma_read: false, session: [0; 16] }, Credits::new(0, 0)),
        };
        Moved {
            peer,
            credits,
            next_id: state.next_id,
            fin_sent: state.fin_sent,
            fin_taken: state.fin_taken,
            peer_fin: state.peer_fin,
            peer_moves: state.peer_moves.is_some(),
            unread,
            local: self.local,
            remote: self.remote,
        }
    }

    /// After `WSPDuplicateSocket`: the posted receives have ended with nothing, and their registration with them.
    pub fn moved_away(&self) {
        let mut state = self.lock();
        state.receives.forget_registration();
        state.posted.clear();
        state.fail(Fault::Closed);
    }

    /// Takes a session over on a socket that has been imported.
    ///
    /// # Errors
    /// The provider's.
    pub fn resume(socket: Arc<SanSocket>, options: &SwitchOptions, moved: Moved) -> Result<Self, Fault> {
        let role = if moved.next_id.is_multiple_of(2) { Role::Connecting } else { Role::Accepting };
        let session = Self::prepare(socket, options, role, (moved.local, moved.remote))?;
        {
            let mut state = session.lock();
            let posted = u16::try_from(state.receives.count()).unwrap_or(u16::MAX);
            let mut credits = moved.credits;
            (credits.total, credits.peers, credits.untold) = (u32::from(posted), u32::from(posted), 0);
            state.peer = Some((moved.peer, credits));
            state.next_id = moved.next_id;
            state.fin_sent = moved.fin_sent;
            state.fin_taken = moved.fin_taken;
            state.peer_fin = moved.peer_fin;
            state.incoming = moved.unread.into();
            let message_size = u32::try_from(state.receives.bytes(0).len()).unwrap_or(u32::MAX);
            state.send(Message::Resume { receives: posted, message_size });
            state.peer_moves = moved.peer_moves.then_some(true);
            state.progress();
            if let Some(fault) = state.fault {
                return Err(fault);
            }
        }
        Ok(session)
    }
}

fn finish(waited: Waited<Result<(), Fault>>, timeout: Fault) -> Result<(), Fault> {
    match waited {
        Waited::Got(result) => result,
        Waited::Timeout => Err(timeout),
    }
}

impl Moved {
    /// The connection's address on this side.
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// The peer's address.
    pub fn remote_addr(&self) -> SocketAddrV4 {
        self.remote
    }

    /// As bytes.
    pub fn write(&self, to: &mut Vec<u8>) {
        let Self { peer, credits, .. } = self;
        let flags = [self.fin_sent, self.fin_taken, self.peer_fin, self.peer_moves, peer.rdma_read];
        to.extend(flags.map(u8::from));
        for number in [peer.message_size, credits.ours, credits.peer_total, self.next_id] {
            to.extend(number.to_le_bytes());
        }
        to.extend(peer.session);
        for address in [self.local, self.remote] {
            to.extend(address.ip().octets());
            to.extend(address.port().to_le_bytes());
        }
        to.extend(number(self.unread.len()));
        for part in &self.unread {
            match part {
                // Slots have become bytes.
                Incoming::Slot { .. } => {}
                Incoming::Bytes { bytes, start } => {
                    to.push(0);
                    to.extend(number(bytes.len() - start));
                    to.extend(&bytes[*start..]);
                }
                Incoming::Offer { id, descriptor, taken, length } => {
                    to.push(1);
                    [id, taken, length].iter().for_each(|value| to.extend(value.to_le_bytes()));
                    to.extend(number(descriptor.len()));
                    to.extend(descriptor);
                }
                Incoming::Request { id, left } => {
                    to.push(2);
                    [id, left].iter().for_each(|value| to.extend(value.to_le_bytes()));
                }
            }
        }
    }

    /// From bytes.
    ///
    /// # Errors
    /// They are none.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let [fin_sent, fin_taken, peer_fin, peer_moves, rdma_read] = reader.take::<5>()?.map(|flag| flag != 0);
        let (message_size, ours, peer_total, next_id) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
        let session = reader.take()?;
        let mut address = || -> Result<SocketAddrV4, WireError> {
            Ok(SocketAddrV4::new(Ipv4Addr::from(reader.take::<4>()?), reader.u16()?))
        };
        let (local, remote) = (address()?, address()?);
        let count = reader.u32()?;
        let unread = (0..count).map(|_| read_part(reader)).collect::<Result<_, _>>()?;
        if message_size < 256 || ours > peer_total {
            return Err(WireError::Length);
        }
        let mut credits = Credits::new(0, 0);
        (credits.ours, credits.peer_total) = (ours, peer_total);
        let peer = Peer { message_size, rdma_read, session };
        Ok(Self { peer, credits, next_id, fin_sent, fin_taken, peer_fin, peer_moves, unread, local, remote })
    }
}

fn number(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn read_part(reader: &mut Reader<'_>) -> Result<Incoming, WireError> {
    Ok(match reader.take::<1>()? {
        [0] => {
            let length = reader.u32()?;
            Incoming::Bytes { bytes: reader.slice(length)?.into(), start: 0 }
        }
        [1] => {
            let (id, taken, length, described) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
            if taken >= length {
                return Err(WireError::Length);
            }
            Incoming::Offer { id, descriptor: reader.slice(described)?.to_vec(), taken, length }
        }
        [2] => match (reader.u32()?, reader.u32()?) {
            (_, 0) => return Err(WireError::Length),
            (id, left) => Incoming::Request { id, left },
        },
        _ => return Err(WireError::Kind),
    })
}
