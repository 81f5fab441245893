//! Frames to the peer.
//!
//! Nothing can be put between the header of a frame and its end. What the system does not take of a message stays in the caller's
//! memory, and the send goes on with it; what it does not take of anything else is copied here and goes first next time.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::atomic::Ordering;

use wsp::transport::{Ending, Fault, Gather, Region, Sent};

use super::connection::Core;
use super::messages::Messages;
use super::remote::Answer;
use super::wire::{FRAGMENT, HEADER, Header, Kind, WINDOW};
use crate::bytes::{Reader, Writer};
use crate::os::net;

/// Rather than to send less of a message than this, a sender waits for the peer to use something up.
const WORTH: usize = WINDOW as usize / 4;

/// The direction to the peer.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// Bytes that go before everything else.
    owed: VecDeque<u8>,
    /// How much of the message's frame that was begun is still to come from the message.
    left: usize,
    /// Has a message begun whose last frame has not?
    midst: bool,
    /// What the peer asked for and has not got, oldest first.
    pub answers: VecDeque<Answer>,
}

/// What became of a try.
enum Tried {
    Taken(usize),
    /// The system has no room.
    Full,
    /// The peer has used up too little.
    Starved,
}

impl Outgoing {
    /// Is nothing owed?
    pub fn is_idle(&self) -> bool {
        self.owed.is_empty()
    }

    /// Could another process go on with it? Not in the midst of a message, nor with answers that it knows nothing of.
    pub fn can_move(&self) -> bool {
        self.left == 0 && !self.midst && self.answers.is_empty()
    }

    /// What another process has to know.
    pub fn save(&self, to: &mut Writer) {
        to.bytes(&self.owed.iter().copied().collect::<Vec<u8>>());
    }

    /// What another process has saved.
    pub fn restore(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { owed: from.bytes()?.iter().copied().collect(), left: 0, midst: false, answers: VecDeque::new() })
    }

    fn write_owed(&mut self, core: &Core) -> io::Result<bool> {
        while !self.owed.is_empty() {
            match net::send(&core.socket, self.owed.as_slices().0, std::iter::empty::<Region>()) {
                Ok(count) => drop(self.owed.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Sends a frame that is not a message's, or keeps what the system does not take. Nothing may be owed.
    fn put(&mut self, core: &Core, head: &[u8], data: &Gather, at: usize, length: usize) -> io::Result<()> {
        let sent = match net::send(&core.socket, head, data.regions(at, length)) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        self.owed.extend(head.iter().skip(sent));
        let done = sent.saturating_sub(head.len());
        let mut rest = vec![0; length - done];
        data.copy_to(at + done, &mut rest);
        self.owed.extend(rest);
        Ok(())
    }
}

impl Core {
    /// Writes what goes before messages: what is owed, answers, what was used up, requests. Returns whether that is all.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn write_owed(&self, messages: &Messages, out: &mut Outgoing) -> Result<bool, Fault> {
        self.usable()?;
        let written = self.write_all_owed(messages, out).map_err(|error| self.fail(messages, error))?;
        messages.owing.store(!written || !out.answers.is_empty(), Ordering::Release);
        if !written {
            self.want_room(true);
        }
        Ok(written)
    }

    fn write_all_owed(&self, messages: &Messages, out: &mut Outgoing) -> io::Result<bool> {
        let account = &messages.account;
        while out.write_owed(self)? {
            if out.left > 0 {
                // First the rest of the message.
                return Ok(true);
            }
            if let Some(answer) = out.answers.pop_front() {
                let (header, contents) = messages.remote.answer(answer, account.tell());
                out.owed.extend(header.bytes());
                out.owed.extend(contents);
            } else if account.is_due() {
                let header = Header { kind: Kind::Used, marked: false, length: 0, used: account.tell() };
                out.owed.extend(header.bytes());
            } else {
                let asked = messages
                    .remote
                    .ask(account.tell(), |head, data, at, length| out.put(self, head, data, at, length))?;
                if !asked {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Takes bytes of a message from `at` on.
    pub fn send_message(&self, messages: &Messages, data: &Gather, at: usize) -> Result<Sent, Fault> {
        let rest = data.len().saturating_sub(at);
        let mut tried = self.try_send(messages, data, at, rest)?;
        if matches!(tried, Tried::Starved) {
            // Said before the look, so that whoever reads it after that rings.
            messages.starved.store(true, Ordering::SeqCst);
            self.take_in(messages);
            tried = self.try_send(messages, data, at, rest)?;
        }
        Ok(match tried {
            Tried::Taken(count) if count >= rest => Sent::All,
            Tried::Taken(count) if count > 0 => Sent::Part(count),
            _ => Sent::Full,
        })
    }

    fn try_send(&self, messages: &Messages, data: &Gather, at: usize, rest: usize) -> Result<Tried, Fault> {
        self.usable()?;
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let mut out = messages.outgoing();
        if at == 0 && (out.left > 0 || out.midst) {
            // A message was given up in its midst: the peer waits for the rest of it, and would get this one.
            drop(out);
            self.close(Ending::Abortive);
            return Err(Fault::Aborted);
        }
        let owing = !out.owed.is_empty() || messages.owing.load(Ordering::Acquire) || messages.account.is_due();
        if owing && !self.write_owed(messages, &mut out)? {
            return Ok(Tried::Full);
        }
        let tried = if out.left > 0 {
            self.go_on(&mut out, data, at)
        } else if messages.remote.overtaken() {
            Ok(Tried::Full)
        } else {
            self.begin(messages, &mut out, data, at, rest)
        };
        match tried {
            Ok(Tried::Taken(count)) => {
                if out.left == 0 && messages.account.is_due() {
                    // There was no place for it within the message.
                    self.write_owed(messages, &mut out)?;
                }
                if at == 0 && count >= rest {
                    self.want_room(false);
                }
                Ok(Tried::Taken(count))
            }
            Ok(tried) => Ok(tried),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.want_room(true);
                Ok(Tried::Full)
            }
            Err(error) => Err(self.fail(messages, error)),
        }
    }

    /// Sends more of the frame that was begun.
    fn go_on(&self, out: &mut Outgoing, data: &Gather, at: usize) -> io::Result<Tried> {
        let count = net::send(&self.socket, &[], data.regions(at, out.left))?;
        out.left -= count;
        Ok(Tried::Taken(count))
    }

    /// Begins a frame.
    fn begin(
        &self,
        messages: &Messages,
        out: &mut Outgoing,
        data: &Gather,
        at: usize,
        rest: usize,
    ) -> io::Result<Tried> {
        let account = &messages.account;
        let credit = account.credit() as usize;
        if credit < HEADER + rest.min(WORTH) {
            return Ok(Tried::Starved);
        }
        let length = rest.min(FRAGMENT).min(credit - HEADER);
        let header = Header { kind: Kind::Message, marked: length == rest, length, used: account.tell() }.bytes();
        // Before it is sent: the peer may have used it up before the call returns.
        account.send(length);
        let count =
            net::send(&self.socket, &header, data.regions(at, length)).inspect_err(|_| account.unsend(length))?;
        if count > HEADER || length == 0 && count == HEADER {
            out.left = length - (count - HEADER);
            out.midst = length < rest;
            return Ok(Tried::Taken(count - HEADER));
        }
        // The frame has begun, and so has the message, if it has any bytes.
        out.owed.extend(&header[count..]);
        messages.owing.store(true, Ordering::Release);
        let mut first = [0];
        let begun = data.copy_to(at, &mut first[..length.min(1)]);
        out.owed.extend(&first[..begun]);
        out.left = length - begun;
        out.midst = length < rest;
        Ok(Tried::Taken(begun))
    }
}
