//! Writing: small data in messages, large data by RDMA, the end of the stream.

use std::io;
use std::sync::PoisonError;
use std::time::Instant;

use wsp::ffi;

use super::state::{Control, Fault, Location, Move, State};
use super::transfer::{Memory, Transfer, Way};
use super::{Session, Waited};
use crate::switch::credit::Class;
use crate::switch::wire::{HEADER, Message, OFFER_HEAD};
use crate::switch::{freeing, memory};

impl Session {
    /// Writes bytes; says how many.
    ///
    /// # Errors
    /// The connection's end; `BrokenPipe` after the end of this side's stream; `WouldBlock` as asked for.
    pub fn write(&self, data: &[u8]) -> io::Result<usize> {
        // A large write waits for the peer to fetch it: that a program which may not wait cannot have.
        if self.is_nonblocking() {
            return self.write_now(data);
        }
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.writes_nothing(data)? {
            return Ok(0);
        }
        if data.len() <= self.limits.threshold {
            return self.write_message(data, None);
        }
        let data = &data[..data.len().min(self.limits.rdma_size)];
        let reads = self.lock().peer.as_ref().is_some_and(|(peer, _)| peer.rdma_read);
        let written = if reads { self.offer(data) } else { self.push(data) };
        written.map_err(io::Error::from)
    }

    /// Writes what fits into one message, if one can be sent now.
    ///
    /// # Errors
    /// The connection's end; `BrokenPipe`; `WouldBlock`.
    pub fn write_now(&self, data: &[u8]) -> io::Result<usize> {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.writes_nothing(data)? { Ok(0) } else { self.write_message(data, Some(Instant::now())) }
    }

    fn writes_nothing(&self, data: &[u8]) -> io::Result<bool> {
        if self.lock().fin_sent { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(data.is_empty()) }
    }

    fn write_message(&self, data: &[u8], until: Option<Instant>) -> io::Result<usize> {
        let sent = self.wait(until, |state| {
            state.fetch_ahead();
            part(state, data)
        });
        match sent {
            Waited::Got(written) => Ok(written?),
            Waited::Timeout => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Waits, and fetches ahead what the peer offers meanwhile.
    fn wait_large<T>(&self, mut check: impl FnMut(&mut State) -> Option<Result<T, Fault>>) -> Result<T, Fault> {
        let waited = self.wait(None, |state| {
            state.fetch_ahead();
            check(state).or_else(|| state.fault.map(Err))
        });
        match waited {
            Waited::Got(result) => result,
            Waited::Timeout => Err(Fault::Closed),
        }
    }

    /// The read path: the peer reads from our memory.
    fn offer(&self, data: &[u8]) -> Result<usize, Fault> {
        let (first, rest) = data.split_at(self.first_part(data.len()));
        let descriptor = self.socket.describe(memory::read_only(rest), ffi::MEM_READ)?;
        let (first, rest) = if OFFER_HEAD + descriptor.len() + first.len() <= self.lock().message_size() {
            (first, rest)
        } else {
            // The descriptor turns out to be longer than thought: all goes by RDMA.
            self.socket.deregister_rdma(&descriptor)?;
            freeing::memory_freed(rest);
            return self.offer_all(data);
        };
        self.offered(first, rest, &descriptor)
    }

    fn offer_all(&self, data: &[u8]) -> Result<usize, Fault> {
        let descriptor = self.socket.describe(memory::read_only(data), ffi::MEM_READ)?;
        self.offered(&[], data, &descriptor)
    }

    fn offered(&self, first: &[u8], rest: &[u8], descriptor: &[u8]) -> Result<usize, Fault> {
        let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        let result = self.announce(|id| Message::Offer { id, length, descriptor, first }).and_then(|id| {
            self.wait_large(|state| match state.done {
                Some((ended, _, failed)) if ended == id => {
                    state.done = None;
                    Some(if failed { Err(Fault::Rules("it cannot read what it was offered")) } else { Ok(()) })
                }
                _ => None,
            })
        });
        if self.socket.is_closed() || self.socket.deregister_rdma(descriptor).is_err() {
            // The peer might go on reading what is the program's again.
            self.lock().fail(Fault::Closed);
            self.close();
        }
        // The program's again, who may free it.
        freeing::memory_freed(rest);
        result.map(|()| first.len() + rest.len())
    }

    /// The write path: the peer tells where to write.
    fn push(&self, data: &[u8]) -> Result<usize, Fault> {
        let (first, rest) = data.split_at(self.first_part(data.len()));
        let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        let id = self.announce(|id| Message::Request { id, length, first })?;
        let mut written = 0;
        while written < rest.len() {
            let location = self.wait_large(|state| state.location.take().map(Ok))?;
            let room = location.length as usize;
            if location.id != id || room == 0 || room > rest.len() - written {
                return self.broken("it wants another transfer than was announced");
            }
            self.write_to(&location, &rest[written..written + room])?;
            written += room;
        }
        Ok(data.len())
    }

    /// One `WSPRdmaWrite`, and the message that it is done, in this order.
    fn write_to(&self, location: &Location, data: &[u8]) -> Result<(), Fault> {
        let memory = Memory::Program { start: data.as_ptr().cast_mut(), length: data.len() };
        let transfer = Transfer::start(&self.socket, Way::Write, memory, &location.descriptor, 0)?;
        let ended = self.wait_large(|state| transfer.result(&state.socket).map(Ok));
        let bytes = match ended {
            Ok(result) => {
                transfer.end(&self.socket);
                result?
            }
            Err(fault) => {
                // The provider may still read the program's memory; after this nobody does.
                self.close();
                drop(transfer);
                return Err(fault);
            }
        };
        let failed = bytes as usize != data.len();
        let mut state = self.lock();
        state.control.push_back(Control::Done { id: location.id, bytes, failed });
        state.progress();
        Ok(())
    }

    fn broken<T>(&self, why: &'static str) -> Result<T, Fault> {
        self.lock().fail(Fault::Rules(why));
        Err(Fault::Rules(why))
    }

    /// How much of a large write goes with its announcement.
    fn first_part(&self, length: usize) -> usize {
        let room = self.lock().message_size().saturating_sub(OFFER_HEAD);
        // Something is left for the transfer itself.
        (self.options.first_part as usize).min(room / 2).min(length - 1)
    }

    /// Sends the message that announces a large write, and gives the write's number.
    fn announce<'a>(&self, message: impl Fn(u32) -> Message<'a>) -> Result<u32, Fault> {
        self.wait_large(|state| {
            if !state.can_send(Class::Data) {
                return None;
            }
            let id = state.next_id;
            state.next_id = state.next_id.wrapping_add(2);
            state.done = None;
            state.send(message(id));
            Some(state.fault.map_or(Ok(id), Err))
        })
    }

    /// Ends this side's stream; the peer's goes on.
    ///
    /// # Errors
    /// The connection's end, or `WouldBlock` as asked for.
    pub fn end_stream(&self) -> io::Result<()> {
        self.end_stream_until(self.is_nonblocking().then(Instant::now))
    }

    /// Ends this side's stream, if that can be sent now.
    ///
    /// # Errors
    /// The connection's end, or `WouldBlock`.
    pub fn end_stream_now(&self) -> io::Result<()> {
        self.end_stream_until(Some(Instant::now()))
    }

    fn end_stream_until(&self, until: Option<Instant>) -> io::Result<()> {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.wait(until, |state| (state.end_stream() || state.fault.is_some()).then_some(state.fault)) {
            Waited::Got(None) => Ok(()),
            // A peer that has ended its stream and gone has nothing left to be told.
            Waited::Got(Some(Fault::Provider(_))) if self.lock().peer_fin => Ok(()),
            Waited::Got(Some(fault)) => Err(fault.into()),
            Waited::Timeout => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// As much as fits into one message, if one can be sent.
fn part(state: &mut State, data: &[u8]) -> Option<Result<usize, Fault>> {
    if let Some(fault) = state.fault {
        return Some(Err(fault));
    }
    if !state.can_send(Class::Data) {
        return None;
    }
    let count = data.len().min(state.message_size() - HEADER);
    state.send(Message::Data(&data[..count]));
    Some(state.fault.map_or(Ok(count), Err))
}

impl State {
    /// Sends the end of the stream if it can be sent now. `true`: it has been sent.
    pub fn end_stream(&mut self) -> bool {
        if !self.fin_sent && self.moving == Move::Settled && self.can_send(Class::Data) {
            self.fin_sent = true;
            self.send(Message::Fin);
        }
        self.fin_sent
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Provider(error) => error.into(),
            Fault::Wire(_) | Fault::Rules(_) => Self::new(io::ErrorKind::InvalidData, fault),
            Fault::Closed => Self::new(io::ErrorKind::ConnectionAborted, fault),
        }
    }
}
