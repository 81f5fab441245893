//! The receiving direction of a socket: the receives that are posted, oldest first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ended::{End, Ended, Moved, Posted};
use crate::code;
use crate::rt::Code;
use crate::transport::{Connection, Ending, Fault, Mode, Received, Scatter};

/// Who gets the result.
pub enum Target {
    /// The host, as an overlapped operation.
    Posted(Posted),
    /// A thread of ours that waits for it.
    Waiter,
}

/// A receive.
pub struct Receive {
    room: Scatter,
    peek: bool,
    done: usize,
}

/// Where a receive or send stands after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Not done: to be tried again.
    Wait,
    /// Done.
    Done(Moved),
    /// It cannot be done.
    Failed(Code),
}

impl Receive {
    pub fn new(room: Scatter, peek: bool) -> Self {
        Self { room, peek, done: 0 }
    }

    /// Has it no room?
    pub fn is_empty(&self) -> bool {
        self.room.is_empty()
    }

    /// Takes what has arrived, if it is this receive's turn.
    pub fn advance(&mut self, connection: &impl Connection, mode: Mode) -> Step {
        if self.room.is_empty() && mode == Mode::Stream {
            // Nothing is moved: it ends as soon as a receive with room would.
            let ready = connection.ready();
            return match ready.fault {
                Some(fault) if !ready.readable => Step::Failed(fault.code()),
                _ if ready.readable => Step::Done(Moved::default()),
                _ => Step::Wait,
            };
        }
        loop {
            match connection.receive(&self.room, self.done, self.peek) {
                Ok(Received::Bytes { count, last }) => {
                    self.done += count;
                    let full = self.done == self.room.len();
                    match mode {
                        Mode::Messages if last => return Step::Done(Moved::bytes(self.done)),
                        Mode::Messages if full => {
                            connection.close(Ending::Abortive);
                            return Step::Failed(Code(code::WSAEMSGSIZE));
                        }
                        Mode::Stream if full || self.peek => return Step::Done(Moved::bytes(self.done)),
                        _ => {}
                    }
                }
                Ok(Received::Nothing) if mode == Mode::Stream && self.done > 0 => {
                    return Step::Done(Moved::bytes(self.done));
                }
                Ok(Received::Nothing) => return Step::Wait,
                // The end of a message connection is always an error.
                Ok(Received::End) if mode == Mode::Messages => return Step::Failed(Fault::Reset.code()),
                Ok(Received::End) => return Step::Done(Moved::bytes(self.done)),
                Err(_) if mode == Mode::Stream && self.done > 0 => return Step::Done(Moved::bytes(self.done)),
                Err(fault) => return Step::Failed(fault.code()),
            }
        }
    }
}

/// The receiving direction.
pub struct Receiving<C> {
    /// Once there is one.
    pub connection: Option<Arc<C>>,
    /// `WSPShutdown` was called for it.
    pub shut: bool,
    queue: VecDeque<(u64, Receive, Target)>,
    answers: Vec<(u64, Result<Moved, Code>)>,
    newest: u64,
}

impl<C: Connection> Receiving<C> {
    pub fn new(connection: Option<Arc<C>>) -> Self {
        Self { connection, shut: false, queue: VecDeque::new(), answers: Vec::new(), newest: 0 }
    }

    /// Is a receive posted?
    pub fn is_busy(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Has a posted receive got a part of its message?
    pub fn is_begun(&self) -> bool {
        self.queue.front().is_some_and(|(_, receive, _)| receive.done > 0)
    }

    /// Posts a receive behind the others. Returns the number by which its answer is asked for.
    pub fn push(&mut self, receive: Receive, target: Target) -> u64 {
        self.newest += 1;
        self.queue.push_back((self.newest, receive, target));
        self.newest
    }

    /// Gives arrived data to the receives that are posted. On a socket that is `closed` what fails is left to its close, which
    /// says how operations end.
    pub fn pump(&mut self, mode: Mode, closed: &AtomicBool, ended: &mut Ended<'_>) {
        let Some(connection) = &self.connection else { return };
        while let Some((_, receive, _)) = self.queue.front_mut() {
            let end = match receive.advance(&**connection, mode) {
                Step::Wait => return,
                Step::Done(moved) => End::Moved(moved),
                Step::Failed(_) if closed.load(Ordering::Acquire) => return,
                Step::Failed(code) => End::Failed(code),
            };
            if let Some((number, _, target)) = self.queue.pop_front() {
                settle(&mut self.answers, number, target, end, ended);
            }
        }
    }

    /// The answer to a receive that a thread waits for.
    pub fn answer(&mut self, number: u64) -> Option<Result<Moved, Code>> {
        let at = self.answers.iter().position(|(of, _)| *of == number)?;
        Some(self.answers.swap_remove(at).1)
    }

    /// Has no connection from now on. What is posted stays until it is ended.
    pub fn detach(&mut self) {
        self.connection = None;
        self.shut = false;
    }

    /// Gives a receive up. `None` if it is not posted any more.
    pub fn withdraw(&mut self, number: u64) -> Option<Receive> {
        let at = self.queue.iter().position(|(of, ..)| *of == number)?;
        self.queue.remove(at).map(|(_, receive, _)| receive)
    }

    /// Ends all that are posted.
    pub fn end_all(&mut self, end: End, ended: &mut Ended<'_>) {
        for (number, _, target) in self.queue.drain(..) {
            settle(&mut self.answers, number, target, end, ended);
        }
    }
}

/// Records how one ended.
pub fn settle(
    answers: &mut Vec<(u64, Result<Moved, Code>)>,
    number: u64,
    target: Target,
    end: End,
    ended: &mut Ended<'_>,
) {
    match target {
        Target::Posted(posted) => ended.push(posted, end),
        Target::Waiter => {
            let answer = match end {
                End::Moved(moved) => Ok(moved),
                // What aborts an operation interrupts a call.
                End::Failed(Code(code::WSA_OPERATION_ABORTED)) | End::Silenced => Err(Code(code::WSAEINTR)),
                End::Failed(code) => Err(code),
            };
            answers.push((number, answer));
            ended.answered = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::upcalling::Upcalling;
    use super::*;

    #[test]
    fn what_aborts_an_operation_interrupts_a_call() {
        let of = Upcalling::default();
        let (mut ended, mut answers) = (Ended::new(&of), Vec::new());
        for end in [End::Failed(Code(code::WSA_OPERATION_ABORTED)), End::Silenced] {
            settle(&mut answers, 1, Target::Waiter, end, &mut ended);
            assert!(ended.answered && ended.count() == 0);
            assert_eq!(answers.pop(), Some((1, Err(Code(code::WSAEINTR)))));
        }
    }
}
