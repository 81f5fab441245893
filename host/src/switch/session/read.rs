//! Reading: what has come, in order, from slots, from fetched memory, or by RDMA straight into the program's buffer.

use std::io;
use std::sync::PoisonError;
use std::time::Instant;

use super::state::{Fault, Fetch, Incoming, State};
use super::transfer::Memory;
use super::{Session, Waited};
use crate::deadline::after;

/// How much is fetched into the switch's own memory at once.
const OWN: usize = 256 * 1024;

impl Session {
    /// Reads bytes; says how many. 0: the end of the peer's stream, or no room.
    ///
    /// # Errors
    /// The connection's end; `WouldBlock` or `TimedOut` as asked for.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let timeout = *self.read_timeout.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.is_nonblocking(), timeout) {
            (true, _) => self.read_now(buffer),
            (false, None) => self.read_until(buffer, None),
            (false, Some(time)) => self.read_until(buffer, Some(after(time))),
        }
    }

    /// Reads what there is.
    ///
    /// # Errors
    /// The connection's end, or `WouldBlock`.
    pub fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.read_until(buffer, Some(Instant::now())).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut if error.get_ref().is_none() => io::ErrorKind::WouldBlock.into(),
            _ => error,
        })
    }

    fn read_until(&self, buffer: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let _one = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock().reading = true;
        // RDMA into the program's memory cannot be given up in between, so a read with a limit gets it through our own.
        let mut reading = Reading { buffer, direct: until.is_none(), in_place: false };
        let waited = self.wait(until, |state| reading.step(state));
        self.lock().reading = false;
        match waited {
            Waited::Got(Ok(bytes)) => Ok(bytes),
            Waited::Got(Err(fault)) => {
                if reading.in_place {
                    // The peer or the provider may still write to the program's memory; after this nobody does.
                    self.close();
                    self.lock().fetch = None;
                }
                Err(fault.into())
            }
            // Without an inner error: a connection that timed out has one.
            Waited::Timeout => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// From now on reads find the end of the stream.
    pub fn end_reading(&self) {
        self.lock().reads_ended = true;
        self.bell.ring();
    }
}

struct Reading<'a> {
    buffer: &'a mut [u8],
    direct: bool,
    /// A transfer into the buffer is under way.
    in_place: bool,
}

impl Reading<'_> {
    /// What the program gets now, if anything.
    fn step(&mut self, state: &mut State) -> Option<Result<usize, Fault>> {
        if self.in_place
            && let Some(bytes) = state.fetched.take()
        {
            self.in_place = false;
            return Some(Ok(bytes));
        }
        if self.in_place {
            return state.fault.map(Err);
        }
        if state.reads_ended {
            return Some(Ok(0));
        }
        let copied = take(state, self.buffer);
        if copied > 0 {
            return Some(Ok(copied));
        }
        if state.incoming.is_empty() && state.peer_fin {
            return Some(Ok(0));
        }
        if let Some(fault) = state.fault {
            return Some(Err(fault));
        }
        if state.fetch.is_none()
            && let Some(remote) = state.remote()
        {
            self.fetch(state, remote);
        }
        None
    }

    fn fetch(&mut self, state: &mut State, remote: usize) {
        let direct = self.direct && self.buffer.len() >= remote.min(OWN / 4);
        let memory = if direct {
            Memory::Program { start: self.buffer.as_mut_ptr(), length: remote.min(self.buffer.len()) }
        } else {
            Memory::own(remote.min(OWN))
        };
        match state.begin_fetch(memory) {
            Ok(()) => self.in_place = direct,
            Err(fault) => state.fail(fault),
        }
    }
}

/// Copies what is there.
fn take(state: &mut State, buffer: &mut [u8]) -> usize {
    let mut copied = 0;
    while copied < buffer.len() {
        match state.incoming.front_mut() {
            Some(Incoming::Slot { slot, start, end }) => {
                let count = (*end - *start).min(buffer.len() - copied);
                let bytes = &state.receives.bytes(*slot)[*start..*start + count];
                buffer[copied..copied + count].copy_from_slice(bytes);
                copied += count;
                *start += count;
                if start == end {
                    let slot = *slot;
                    state.incoming.pop_front();
                    state.give_back(slot);
                }
            }
            Some(Incoming::Bytes { bytes, start }) => {
                let count = (bytes.len() - *start).min(buffer.len() - copied);
                buffer[copied..copied + count].copy_from_slice(&bytes[*start..*start + count]);
                copied += count;
                *start += count;
                if *start == bytes.len() {
                    state.incoming.pop_front();
                }
            }
            _ => break,
        }
    }
    copied
}

impl State {
    /// Fetches what the peer offers into the switch's own memory, if nobody reads: else two sides that both write much, before
    /// either reads, would wait for each other. Bounded, as every stream's buffers are.
    pub fn fetch_ahead(&mut self) {
        const MOST: usize = 4 << 20;
        let size = |one: &Incoming| if let Incoming::Bytes { bytes, .. } = one { bytes.len() } else { 0 };
        let kept: usize = self.incoming.iter().map(size).sum();
        if self.reading || self.fetch.is_some() || self.fault.is_some() || kept >= MOST {
            return;
        }
        if let Some(remote) = self.remote()
            && let Err(fault) = self.begin_fetch(Memory::own(remote.min(OWN)))
        {
            self.fail(fault);
        }
    }

    /// Everything that operations may still use.
    pub fn abandon(&mut self) -> impl Sized + use<> {
        use crate::switch::region::Region;
        let fetch: Option<Fetch> = self.fetch.take();
        let receives = std::mem::replace(&mut self.receives, Region::new(1, 8));
        (fetch, receives, std::mem::replace(&mut self.sends, Region::new(1, 8)))
    }
}
