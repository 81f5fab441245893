//! Sends and receives as calls: at once, blocking, or overlapped.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::common::Direction;
use super::ended::{End, Ended, Moved, Posted};
use super::endpoint::Endpoint;
use super::events;
use super::options::Options;
use super::receiving::{Receive, Step, Target};
use super::sending::Send;
use super::waiting::{self, Stop};
use crate::code;
use crate::rt::{Code, ErrorList, Operation, Outcome, Overlapped, SocketRef};
use crate::transport::{Connection, Ending, Mode, Transport};

type Handle<'a, T> = SocketRef<'a, Arc<Endpoint<T>>>;

const WOULD_BLOCK: Code = Code(code::WSAEWOULDBLOCK);

/// The overlapped part of a call, and how its operation fails.
#[derive(Clone, Copy)]
pub struct Later<'a> {
    pub overlapped: Overlapped<'a>,
    pub fail: fn(Operation, Code),
}

impl<'a> Later<'a> {
    /// The overlapped part of a call whose errors are `E`.
    pub fn of<E: ErrorList + From<Code>>(overlapped: Overlapped<'a>) -> Self {
        Self { overlapped, fail: |operation, code| operation.fail(E::from(code)) }
    }

    /// Does the caller poll for the end? Only a SAN's host can ask for that.
    fn is_polled(self, mode: Mode) -> bool {
        mode == Mode::Messages && self.overlapped.event() & 1 != 0
    }

    /// Could its end be told? Asked before anything is moved, so that a refused call has moved nothing, and with no lock held. From
    /// here on the event says nothing of what was before.
    pub(super) fn prepare<T: Transport>(self, socket: &Handle<'_, T>) -> Result<(), Code> {
        if self.is_polled(socket.mode) {
            return Ok(());
        }
        if !self.overlapped.can_begin(socket) {
            return Err(Code(code::WSAEOPNOTSUPP));
        }
        let event = self.overlapped.event() & !1;
        if event != 0 && !self.overlapped.has_routine() {
            // A host that cannot reset an event cannot set it either: the record tells the end.
            let _ = socket.upcalls().reset_event(event);
        }
        Ok(())
    }

    /// Starts the operation, unless the socket is closed. Whoever calls holds the lock under which a close finds the operation,
    /// or has entered, so that a close waits.
    pub(super) fn begin<T: Transport>(self, socket: &Handle<'_, T>) -> Result<Posted, Code> {
        if socket.is_closed() {
            return Err(Code(code::WSAENOTSOCK));
        }
        let notified = !self.is_polled(socket.mode);
        let operation = if notified {
            self.overlapped.begin(socket).map_err(|_| Code(code::WSAEOPNOTSUPP))?
        } else {
            self.overlapped.begin_polled(socket)
        };
        if notified {
            socket.notifying.fetch_add(1, Ordering::AcqRel);
        }
        Ok(Posted { operation, notified, fail: self.fail })
    }
}

impl<T: Transport> Endpoint<T> {
    /// Ends an overlapped call that is done at once. In `san` all of them count as started.
    pub(super) fn done_at_once(
        &self,
        socket: &Handle<'_, T>,
        later: Later<'_>,
        moved: Moved,
    ) -> Result<Outcome<Moved>, Code> {
        if later.is_polled(self.mode) {
            later.overlapped.store_result(moved.bytes, moved.flags);
            return Ok(Outcome::Pending);
        }
        let mut ended = Ended::new(&self.upcalling);
        ended.enter();
        let begun = later.begin(socket).map(|posted| ended.push(posted, End::Moved(moved)));
        self.tell(ended);
        begun?;
        Ok(match self.mode {
            Mode::Stream => Outcome::Done(moved),
            Mode::Messages => Outcome::Pending,
        })
    }

    /// Why data cannot be moved at all in the stage the socket is in.
    pub(super) fn unconnected(&self) -> Code {
        Code(if self.is_closed() { code::WSAENOTSOCK } else { code::WSAENOTCONN })
    }

    /// What a call fails with that the transport fails: under a close, that is what interrupts it.
    fn failed(&self, code: Code) -> Code {
        if self.is_closed() { Code(code::WSAEINTR) } else { code }
    }

    /// Receives.
    pub(super) fn receive(
        self: &Arc<Self>,
        socket: &Handle<'_, T>,
        mut receive: Receive,
        later: Option<Later<'_>>,
    ) -> Result<Outcome<Moved>, Code> {
        if let Some(later) = later {
            later.prepare(socket)?;
        }
        let mut receiving = self.receiving();
        if receiving.shut || self.is_shut_in_common(Direction::Receive) {
            return Err(Code(code::WSAESHUTDOWN));
        }
        if receiving.connection.is_none() {
            drop(receiving);
            self.settle_connect();
            receiving = self.receiving();
        }
        let Some(connection) = &receiving.connection else {
            drop(receiving);
            return Err(self.unconnected());
        };
        if !receiving.is_busy() {
            let step = match later {
                None if self.mode == Mode::Stream && receive.is_empty() => {
                    connection.ready().fault.map_or(Step::Done(Moved::default()), |fault| Step::Failed(fault.code()))
                }
                _ => receive.advance(&**connection, self.mode),
            };
            match (step, later) {
                (Step::Failed(code), _) => return Err(self.failed(code)),
                (Step::Done(moved), None) => {
                    drop(receiving);
                    self.rearm(events::READ);
                    return Ok(Outcome::Done(moved));
                }
                (Step::Done(moved), Some(later)) => {
                    drop(receiving);
                    self.rearm(events::READ);
                    return self.done_at_once(socket, later, moved);
                }
                (Step::Wait, _) => {}
            }
        }
        let Some(later) = later else {
            let limit = self.patience(|options| options.receive_timeout);
            // Behind the lock another thread's would take the rest of a message that this one has begun.
            let number = limit.map(|limit| (receiving.push(receive, Target::Waiter), limit));
            drop(receiving);
            let moved = number.and_then(|(number, limit)| self.receive_waiting(socket, number, limit));
            self.rearm(events::READ);
            return moved.map(Outcome::Done);
        };
        let posted = later.begin(socket)?;
        receiving.push(receive, Target::Posted(posted));
        drop(receiving);
        self.rearm(events::READ);
        self.posted();
        Ok(Outcome::Pending)
    }

    /// After a call that lets events be told again: what holds after it is told.
    pub(super) fn rearm(&self, events: i32) {
        if self.is_eventful() {
            self.events().rearm(events);
            self.note_events();
        }
    }

    /// After an operation was posted, before who posted it leaves: whoever closes meanwhile has not seen it, and the driver may be needed. Nothing is tried
    /// again: what comes after the try under the lock rings the bell.
    pub(super) fn posted(self: &Arc<Self>) {
        if self.is_closed() {
            self.end_operations(End::Failed(Code(code::WSA_OPERATION_ABORTED)));
        } else if !self.call_driver() {
            self.end_operations(End::Failed(Code(code::WSAENOBUFS)));
        }
    }

    fn receive_waiting(&self, socket: &Handle<'_, T>, number: u64, limit: Option<Duration>) -> Result<Moved, Code> {
        let waited = self.wait(socket, limit, || {
            let mut ended = Ended::new(&self.upcalling);
            let answer = {
                let mut receiving = self.receiving();
                self.go_on_receiving(&mut receiving, &mut ended);
                receiving.answer(number)
            };
            ended.answered &= answer.is_none();
            self.tell(ended);
            answer
        });
        match waited {
            Ok(answer) => answer,
            Err(code) => {
                let mut receiving = self.receiving();
                receiving.withdraw(number);
                receiving.answer(number).unwrap_or(Err(code))
            }
        }
    }

    /// Sends.
    pub(super) fn send(
        self: &Arc<Self>,
        socket: &Handle<'_, T>,
        mut send: Send,
        later: Option<Later<'_>>,
    ) -> Result<Outcome<Moved>, Code> {
        if let Some(later) = later {
            later.prepare(socket)?;
        }
        let mut sending = self.sending();
        if sending.shut || self.is_shut_in_common(Direction::Send) {
            return Err(Code(code::WSAESHUTDOWN));
        }
        if sending.connection.is_none() {
            drop(sending);
            self.settle_connect();
            sending = self.sending();
        }
        let Some(connection) = &sending.connection else {
            drop(sending);
            return Err(self.unconnected());
        };
        if !sending.is_queued() {
            match (send.advance(&**connection, self.mode), later) {
                (Step::Failed(code), _) => return Err(self.failed(code)),
                (Step::Done(moved), None) => return Ok(Outcome::Done(moved)),
                (Step::Done(moved), Some(later)) => {
                    drop(sending);
                    return self.done_at_once(socket, later, moved);
                }
                (Step::Wait, _) => {}
            }
        }
        let Some(later) = later else {
            let limit = match self.patience(|options| options.send_timeout) {
                _ if send.is_lent() => None,
                Ok(limit) => limit,
                // Progress is never reported as failure.
                Err(_) if send.taken() > 0 => return Ok(Outcome::Done(Moved::bytes(send.taken()))),
                Err(code) => {
                    drop(sending);
                    self.rearm(events::WRITE);
                    return Err(code);
                }
            };
            // Under the lock still: another thread's bytes would come in the midst of what this one has begun.
            let number = sending.push(send, Target::Waiter);
            drop(sending);
            return self.send_waiting(socket, number, limit).map(Outcome::Done);
        };
        let posted = later.begin(socket)?;
        sending.push(send, Target::Posted(posted));
        drop(sending);
        self.posted();
        Ok(Outcome::Pending)
    }

    fn send_waiting(&self, socket: &Handle<'_, T>, number: u64, limit: Option<Duration>) -> Result<Moved, Code> {
        let waited = self.wait(socket, limit, || {
            let mut ended = Ended::new(&self.upcalling);
            let answer = {
                let mut sending = self.sending();
                self.go_on_sending(&mut sending, &mut ended);
                sending.answer(number)
            };
            ended.answered &= answer.is_none();
            self.tell(ended);
            answer
        });
        match waited {
            Ok(answer) => answer,
            Err(code) => self.give_up_send(number, code),
        }
    }

    /// A send that is waited for no more. Memory that the transport still uses is waited for in any case.
    fn give_up_send(&self, number: u64, code: Code) -> Result<Moved, Code> {
        let mut sending = self.sending();
        if let Some(send) = sending.withdraw(number) {
            return if send.taken() > 0 { Ok(Moved::bytes(send.taken())) } else { Err(code) };
        }
        if let Some(answer) = sending.answer(number) {
            return answer;
        }
        let connection = sending.connection.clone();
        drop(sending);
        if let Some(connection) = connection.filter(|_| !self.is_closed()) {
            // Cancelled by the host: after that only a close is sure to work, so the connection may go.
            connection.close(Ending::Abortive);
            self.end_operations(End::Failed(code));
        }
        // Otherwise whoever closes ends it, after the connection.
        let answered = waiting::wait(self.bell(), None, None, || self.sending().answer(number));
        answered.unwrap_or(Err(code))
    }

    /// How long a call may wait.
    ///
    /// # Errors
    /// `WSAEWOULDBLOCK` if it may not. Data calls of `san` always may.
    pub(super) fn patience(&self, limit: impl FnOnce(&Options) -> u32) -> Result<Option<Duration>, Code> {
        let life = self.life();
        if life.options.nonblocking && self.mode == Mode::Stream {
            return Err(WOULD_BLOCK);
        }
        Ok(Options::limit(limit(&life.options)))
    }

    /// Waits on behalf of a call on this socket.
    pub(super) fn wait<R>(
        &self,
        socket: &Handle<'_, T>,
        limit: Option<Duration>,
        mut attempt: impl FnMut() -> Option<R>,
    ) -> Result<R, Code> {
        let host = Some((socket.upcalls(), socket.catalog_entry_id()));
        let waited = waiting::wait(self.bell(), host, limit, || {
            attempt().map(Ok).or_else(|| self.is_closed().then_some(Err(Code(code::WSAEINTR))))
        });
        match waited {
            Ok(result) => result,
            Err(Stop::TimedOut) => Err(Code(code::WSAETIMEDOUT)),
            Err(Stop::Interrupted) => Err(Code(code::WSAEINTR)),
        }
    }

    /// May the transport keep the memory of a send? Not if the call may have to return before it is free again.
    pub(super) fn may_lend(&self, later: bool) -> bool {
        if later || self.mode == Mode::Messages {
            return true;
        }
        let life = self.life();
        !life.options.nonblocking && life.options.send_timeout == 0
    }
}
