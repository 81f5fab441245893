//! One direction of a connection: a bounded buffer with an end.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wsp::transport::{Fault, Gather, Mode, Received, Scatter, Sent};

/// Bytes that a pipe holds at most.
const CAPACITY: usize = 64 * 1024;
/// Messages that it holds at most: empty ones take no bytes.
const MESSAGES: usize = 1024;

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    /// How many bytes were ever taken out and put in.
    read: u64,
    written: u64,
    /// Where messages end, as counts of bytes put in.
    marks: VecDeque<u64>,
    /// No more will be put in.
    ended: bool,
    /// No more will be taken out.
    abandoned: bool,
    reset: bool,
}

/// One direction of a connection.
pub struct Pipe {
    mode: Mode,
    state: Mutex<State>,
}

impl Pipe {
    pub fn new(mode: Mode) -> Self {
        Self { mode, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts bytes in, as many as there is room for.
    pub fn send(&self, data: &Gather, at: usize) -> Result<Sent, Fault> {
        let mut state = self.lock();
        if state.reset || state.abandoned {
            return Err(Fault::Reset);
        }
        let room = CAPACITY - state.bytes.len();
        if state.marks.len() == MESSAGES || room == 0 && at < data.len() {
            return Ok(Sent::Full);
        }
        let mut count = 0;
        for region in data.regions(at, room) {
            let start = state.bytes.len();
            state.bytes.resize(start + region.len(), 0);
            let (front, back) = state.bytes.as_mut_slices();
            // The new bytes may lie across the buffer's wrap.
            let (skipped, from) = (start.saturating_sub(front.len()), start.min(front.len()));
            let split = region.copy_to(0, &mut front[from..]);
            region.copy_to(split, &mut back[skipped..]);
            count += region.len();
        }
        state.written += count as u64;
        if at + count < data.len() {
            return Ok(Sent::Part(count));
        }
        if self.mode == Mode::Messages {
            let end = state.written;
            state.marks.push_back(end);
        }
        Ok(Sent::All)
    }

    /// Takes bytes out, as many as there are of this message and fit.
    pub fn receive(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault> {
        let mut state = self.lock();
        if state.reset {
            return Err(Fault::Reset);
        }
        let here = match state.marks.front() {
            Some(mark) => usize::try_from(mark - state.read).unwrap_or(usize::MAX),
            None => state.bytes.len(),
        };
        let wanted = here.min(room.len().saturating_sub(at));
        let last = state.marks.front().is_some() && wanted == here;
        if here == 0 && !last {
            return match (state.ended, self.mode) {
                (false, _) => Ok(Received::Nothing),
                (true, Mode::Stream) => Ok(Received::End),
                (true, Mode::Messages) => Err(Fault::Reset),
            };
        }
        let (front, back) = state.bytes.as_slices();
        let first = wanted.min(front.len());
        room.copy_from(at, &front[..first]);
        room.copy_from(at + first, &back[..wanted - first]);
        if !peek {
            state.bytes.drain(..wanted);
            state.read += wanted as u64;
            if last {
                state.marks.pop_front();
            }
        }
        Ok(Received::Bytes { count: wanted, last })
    }

    /// Would a receive give something? Has the sender finished? Is the pipe broken?
    pub fn readable(&self) -> (bool, bool, Option<Fault>) {
        let state = self.lock();
        let something = !state.bytes.is_empty() || !state.marks.is_empty();
        let broken = state.reset || state.ended && self.mode == Mode::Messages && !something;
        (something || state.ended || state.reset, state.ended, broken.then_some(Fault::Reset))
    }

    /// Would a send take something, or fail?
    pub fn writable(&self) -> bool {
        let state = self.lock();
        state.reset || state.abandoned || state.bytes.len() < CAPACITY && state.marks.len() < MESSAGES
    }

    /// How many bytes one receive could take.
    pub fn available(&self) -> usize {
        self.lock().bytes.len()
    }

    /// The sender has finished: what is there can still be taken.
    pub fn end(&self) {
        self.lock().ended = true;
    }

    /// The receiver has gone: later sends fail.
    pub fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        state.bytes.clear();
        state.marks.clear();
    }

    /// Both sides fail from now on.
    pub fn reset(&self) {
        let mut state = self.lock();
        state.reset = true;
        state.bytes.clear();
        state.marks.clear();
    }
}
