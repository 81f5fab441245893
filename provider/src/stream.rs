//! A byte stream in one direction: a bounded buffer with an end.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wsp::ffi;
use wsp::rt::{Buffers, BuffersOut};

/// Bytes that a stream holds at most.
pub const CAPACITY: usize = 64 * 1024;

/// Why bytes could not be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The other side reset the connection.
    Reset,
    /// Our own descriptor was closed while we waited.
    Closed,
    /// Nothing could be moved without waiting.
    WouldBlock,
    /// The time given with `SO_RCVTIMEO` or `SO_SNDTIMEO` is over.
    TimedOut,
    /// The other side has given up receiving.
    NoReader,
}

/// How long a call may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Not at all.
    None,
    /// As long as it takes.
    Forever,
    /// This long.
    For(Duration),
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    /// No more bytes will be written.
    ended: bool,
    /// No more bytes will be read.
    unread: bool,
    reset: bool,
    /// The reader's, the writer's descriptor was closed.
    reader_closed: bool,
    writer_closed: bool,
}

/// A byte stream in one direction.
#[derive(Default)]
pub struct Stream {
    state: Mutex<State>,
    changed: Condvar,
}

impl Stream {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends all bytes, waiting for room as long as `patience` lasts. Progress is never reported as failure.
    pub fn send(&self, buffers: Buffers<'_, ffi::WSABUF>, patience: Patience) -> Result<usize, Broken> {
        let deadline = deadline(patience);
        let total = buffers.total();
        let mut sent = 0;
        let mut chunk = [0; 4096];
        let mut state = self.lock();
        while sent < total {
            if let Some(broken) = unwritable(&state) {
                return if sent > 0 { Ok(sent) } else { Err(broken) };
            }
            let room = CAPACITY.saturating_sub(state.bytes.len());
            if room == 0 {
                match self.wait(state, patience, deadline) {
                    Ok(woken) => state = woken,
                    Err(_) if sent > 0 => return Ok(sent),
                    Err(broken) => return Err(broken),
                }
                continue;
            }
            let limit = room.min(chunk.len());
            let count = buffers.copy_to(sent, &mut chunk[..limit]);
            state.bytes.extend(&chunk[..count]);
            sent += count;
            self.changed.notify_all();
        }
        match unwritable(&state) {
            Some(broken) if total == 0 => Err(broken),
            _ => Ok(sent),
        }
    }

    /// Receives as soon as there is a byte; 0 is the end of the stream.
    pub fn receive(
        &self,
        buffers: BuffersOut<'_, ffi::WSABUF>,
        peek: bool,
        patience: Patience,
    ) -> Result<usize, Broken> {
        let deadline = deadline(patience);
        let mut state = self.lock();
        loop {
            if state.reader_closed {
                return Err(Broken::Closed);
            }
            if state.reset {
                return Err(Broken::Reset);
            }
            if !state.bytes.is_empty() || buffers.total() == 0 {
                break;
            }
            if state.ended {
                return Ok(0);
            }
            state = self.wait(state, patience, deadline)?;
        }
        let (front, back) = state.bytes.as_slices();
        let mut taken = buffers.copy_from(0, front);
        if taken == front.len() {
            taken += buffers.copy_from(taken, back);
        }
        if !peek {
            state.bytes.drain(..taken);
            self.changed.notify_all();
        }
        Ok(taken)
    }

    /// How many bytes one receive could take.
    pub fn available(&self) -> usize {
        self.lock().bytes.len()
    }

    /// The writer is done: the reader gets what is there, then the end.
    pub fn end(&self) {
        self.change(|state| state.ended = true);
    }

    /// The reader is done: later sends fail.
    pub fn stop_reading(&self) {
        self.change(|state| {
            state.unread = true;
            state.bytes.clear();
        });
    }

    /// Both sides fail from now on.
    pub fn reset(&self) {
        self.change(|state| {
            state.reset = true;
            state.bytes.clear();
        });
    }

    /// Wakes whoever waits to read with our descriptor.
    pub fn close_reader(&self) {
        self.change(|state| state.reader_closed = true);
    }

    /// Wakes whoever waits to write with our descriptor.
    pub fn close_writer(&self) {
        self.change(|state| state.writer_closed = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        patience: Patience,
        deadline: Option<Instant>,
    ) -> Result<MutexGuard<'a, State>, Broken> {
        if patience == Patience::None {
            return Err(Broken::WouldBlock);
        }
        let Some(deadline) = deadline else {
            return Ok(self.changed.wait(state).unwrap_or_else(PoisonError::into_inner));
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Broken::TimedOut);
        }
        Ok(self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0)
    }
}

fn deadline(patience: Patience) -> Option<Instant> {
    match patience {
        Patience::For(time) => Instant::now().checked_add(time),
        Patience::None | Patience::Forever => None,
    }
}

fn unwritable(state: &State) -> Option<Broken> {
    if state.writer_closed {
        Some(Broken::Closed)
    } else if state.reset {
        Some(Broken::Reset)
    } else if state.unread {
        Some(Broken::NoReader)
    } else {
        None
    }
}
