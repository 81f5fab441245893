//! The sending direction of a socket: the sends that are posted, oldest first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ended::{End, Ended, Moved};
use super::part::Busy;
use super::receiving::{Step, Target, settle};
use crate::code;
use crate::rt::Code;
use crate::transport::{Connection, Gather, Mode, Sent};

/// A send.
pub struct Send {
    data: Gather,
    at: usize,
    /// May the transport go on using the memory after it has taken the send?
    lend: bool,
    lent: bool,
}

impl Send {
    pub fn new(data: Gather, lend: bool) -> Self {
        Self { data, at: 0, lend, lent: false }
    }

    /// How many bytes were taken.
    pub fn taken(&self) -> usize {
        self.at
    }

    /// Was it taken whole, with its memory still in use?
    pub fn is_lent(&self) -> bool {
        self.lent
    }

    /// Hands bytes to the transport, if it is this send's turn.
    pub fn advance(&mut self, connection: &impl Connection, mode: Mode) -> Step {
        if self.data.is_empty() && mode == Mode::Stream {
            // A stream has no empty parts.
            return connection.ready().fault.map_or(Step::Done(Moved::default()), |fault| Step::Failed(fault.code()));
        }
        loop {
            match connection.send(&self.data, self.at, self.lend) {
                Ok(Sent::All) => {
                    self.at = self.data.len();
                    return Step::Done(Moved::bytes(self.at));
                }
                Ok(Sent::Lent) => {
                    self.at = self.data.len();
                    self.lent = true;
                    return Step::Wait;
                }
                Ok(Sent::Part(count)) if count > 0 => self.at = (self.at + count).min(self.data.len()),
                Ok(Sent::Part(_) | Sent::Full) => return Step::Wait,
                Err(fault) => return Step::Failed(fault.code()),
            }
        }
    }
}

/// The sending direction.
pub struct Sending<C> {
    /// Once there is one.
    pub connection: Option<Arc<C>>,
    /// `WSPShutdown` was called for it.
    pub shut: bool,
    /// The peer is still to be told so, behind what is posted.
    finish: bool,
    queue: VecDeque<(u64, Send, Target)>,
    /// Taken by the transport, which still uses their memory.
    lent: VecDeque<(u64, Send, Target)>,
    /// How many of those have ended, ever.
    released: u64,
    answers: Vec<(u64, Result<Moved, Code>)>,
    newest: u64,
}

impl<C: Connection> Busy for Sending<C> {
    fn is_busy(&self) -> bool {
        Self::is_busy(self)
    }
}

impl<C: Connection> Sending<C> {
    pub fn new(connection: Option<Arc<C>>) -> Self {
        let (queue, lent, answers) = (VecDeque::new(), VecDeque::new(), Vec::new());
        Self { connection, shut: false, finish: false, queue, lent, released: 0, answers, newest: 0 }
    }

    /// Is a send posted that the transport has not taken yet?
    pub fn is_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Is a send posted?
    pub fn is_busy(&self) -> bool {
        self.is_queued() || !self.lent.is_empty() || self.finish
    }

    /// Posts a send behind the others. Returns the number by which its answer is asked for.
    pub fn push(&mut self, send: Send, target: Target) -> u64 {
        self.newest += 1;
        let queue = if send.lent { &mut self.lent } else { &mut self.queue };
        queue.push_back((self.newest, send, target));
        self.newest
    }

    /// Hands posted data to the transport, and ends what it has finished with. On a socket that is `closed` what fails is left to
    /// its close.
    pub fn pump(&mut self, mode: Mode, closed: &AtomicBool, ended: &mut Ended<'_>) {
        let Some(connection) = &self.connection else { return };
        if !self.lent.is_empty() {
            let released = connection.released();
            while self.released < released {
                let Some((number, send, target)) = self.lent.pop_front() else { break };
                self.released += 1;
                settle(&mut self.answers, number, target, End::Moved(Moved::bytes(send.at)), ended);
            }
        }
        while let Some((_, send, _)) = self.queue.front_mut() {
            let step = send.advance(&**connection, mode);
            let lent = send.lent;
            let failed = matches!(step, Step::Failed(_));
            if step == Step::Wait && !lent || failed && closed.load(Ordering::Acquire) {
                break;
            }
            let Some((number, send, target)) = self.queue.pop_front() else { break };
            match step {
                Step::Wait => self.lent.push_back((number, send, target)),
                Step::Done(moved) => settle(&mut self.answers, number, target, End::Moved(moved), ended),
                Step::Failed(code) => settle(&mut self.answers, number, target, End::Failed(code), ended),
            }
        }
        self.break_lent(closed, ended);
        if self.finish
            && self.queue.is_empty()
            && let Some(connection) = &self.connection
        {
            connection.finish();
            self.finish = false;
        }
    }

    /// On a connection that is broken, nothing lent comes back by itself.
    fn break_lent(&mut self, closed: &AtomicBool, ended: &mut Ended<'_>) {
        let Some(connection) = &self.connection else { return };
        if self.lent.is_empty() {
            return;
        }
        if let Some(fault) = connection.ready().fault
            && !closed.load(Ordering::Acquire)
        {
            for (number, _, target) in self.lent.drain(..) {
                settle(&mut self.answers, number, target, End::Failed(fault.code()), ended);
            }
        }
    }

    /// No more will be sent: the peer gets the end behind what is posted.
    pub fn finish(&mut self, mode: Mode, closed: &AtomicBool, ended: &mut Ended<'_>) {
        self.shut = true;
        self.finish = true;
        self.pump(mode, closed, ended);
    }

    /// The answer to a send that a thread waits for.
    pub fn answer(&mut self, number: u64) -> Option<Result<Moved, Code>> {
        let at = self.answers.iter().position(|(of, _)| *of == number)?;
        Some(self.answers.swap_remove(at).1)
    }

    /// Has no connection from now on. What is posted stays until it is ended.
    pub fn detach(&mut self) {
        self.connection = None;
        self.shut = false;
        self.released = 0;
    }

    /// Gives a send up that the transport has not taken whole. `None` if there is no such send.
    pub fn withdraw(&mut self, number: u64) -> Option<Send> {
        let at = self.queue.iter().position(|(of, ..)| *of == number)?;
        self.queue.remove(at).map(|(_, send, _)| send)
    }

    /// Aborts what is posted and not begun.
    pub fn flush(&mut self, ended: &mut Ended<'_>) {
        let begun = self.queue.iter().take_while(|(_, send, _)| send.at > 0).count();
        for (number, _, target) in self.queue.drain(begun..) {
            settle(&mut self.answers, number, target, End::Failed(Code(code::WSA_OPERATION_ABORTED)), ended);
        }
    }

    /// Ends all that the transport has not taken whole, if there is a connection to send them on.
    pub fn end_queued(&mut self, end: End, ended: &mut Ended<'_>) {
        if self.connection.is_none() {
            return;
        }
        for (number, _, target) in self.queue.drain(..) {
            settle(&mut self.answers, number, target, end, ended);
        }
    }

    /// Ends all that are posted. The connection must have been closed before, so that lent memory is free.
    pub fn end_all(&mut self, end: End, ended: &mut Ended<'_>) {
        self.finish = false;
        for (number, _, target) in self.lent.drain(..).chain(self.queue.drain(..)) {
            settle(&mut self.answers, number, target, end, ended);
        }
    }
}
