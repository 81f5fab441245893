//! Frames from the peer.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;

use wsp::transport::{Bell as _, Fault, Received, Region, Scatter};

use super::connection::Core;
use super::messages::Messages;
use super::remote::Answer;
use super::wire::{HEADER, Header, Kind, OUTSTANDING, REQUEST, Request};
use crate::moves::Side;
use crate::os::net;

/// What is read at once where it is not known yet what it is.
pub(super) const BUFFER: usize = 16 * 1024;

/// The most frames at once: a peer that sends without end does not keep whoever comes by.
const BURST: usize = 64;

/// The direction from the peer.
#[derive(Debug)]
pub struct Incoming {
    pub(super) buffer: Box<[u8]>,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The frame that is being read.
    pub(super) frame: Option<Frame>,
    /// What nobody has asked for yet, oldest first.
    pub(super) held: VecDeque<Held>,
    /// Has something happened that other threads may wait for?
    news: bool,
}

impl Default for Incoming {
    fn default() -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { buffer, start: 0, end: 0, frame: None, held: VecDeque::new(), news: false }
    }
}

/// A frame, and how much of its payload is still to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) header: Header,
    pub(super) left: usize,
    /// What a request asks, once it is known, and whether it is allowed.
    pub(super) request: Option<(Request, bool)>,
}

/// Bytes of a message.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    pub(super) at: usize,
    /// They end a frame, whose header counts as used up with them.
    pub(super) ends: bool,
    /// They end the message.
    pub(super) last: bool,
}

/// Nothing more is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Done,
    Dry,
}

/// A receive that is being filled.
struct Taking {
    count: usize,
    total: usize,
    last: bool,
}

impl Taking {
    fn left(&self) -> usize {
        self.total - self.count
    }
}

impl Incoming {
    /// Has something happened that other threads may wait for? Asked once.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Is there something of a message?
    pub fn has_message(&self) -> bool {
        !self.held.is_empty() || self.frame.is_some_and(|frame| frame.header.kind == Kind::Message)
    }

    /// How many bytes of the oldest message are kept.
    pub fn kept(&self) -> usize {
        let ends = self.held.iter().position(|held| held.last).map_or(self.held.len(), |last| last + 1);
        self.held.iter().take(ends).map(|held| held.bytes.len() - held.at).sum()
    }

    /// Reads more. `room` takes what comes first.
    fn read(
        &mut self,
        core: &Core,
        room: impl Iterator<Item = Region>,
        first: usize,
        spill: bool,
    ) -> Result<usize, Fault> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let rest = if spill { &mut self.buffer[self.end..] } else { &mut [] };
        match net::receive(&core.socket, room, rest, false) {
            // The end of a connection of messages is always an error.
            Ok(0) => Err(Fault::Reset),
            Ok(count) => {
                self.end += count.saturating_sub(first);
                Ok(count.min(first))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(core.broken(error)),
        }
    }

    /// Sees to it that so many bytes are in the buffer.
    fn need(&mut self, core: &Core, count: usize) -> Result<bool, Fault> {
        while self.end - self.start < count {
            let before = self.end - self.start;
            self.read(core, std::iter::empty::<Region>(), 0, true)?;
            if self.end - self.start == before {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.buffer[self.start..self.start + N]);
        self.start += N;
        bytes
    }

    /// Moves payload of the frame into `room`, as much as there is and fits.
    fn payload(&mut self, core: &Core, left: usize, room: &Scatter, at: usize) -> Result<usize, Fault> {
        let limit = left.min(room.len().saturating_sub(at));
        let buffered = (self.end - self.start).min(limit);
        if buffered > 0 || limit == 0 {
            room.copy_from(at, &self.buffer[self.start..self.start + buffered]);
            self.start += buffered;
            return Ok(buffered);
        }
        // What follows the frame comes along, if the frame can be read to its end.
        self.read(core, room.regions(at, limit), limit, limit == left)
    }

    /// Payload of the frame that is in the buffer, as much as there is.
    fn bytes(&mut self, core: &Core, left: usize) -> Result<&[u8], Fault> {
        self.need(core, left.min(1))?;
        let start = self.start;
        self.start += (self.end - start).min(left);
        Ok(&self.buffer[start..self.start])
    }

    /// Begins the next frame.
    fn begin(&mut self, core: &Core, messages: &Messages) -> Result<Step, Fault> {
        if !self.need(core, HEADER)? {
            return Ok(Step::Dry);
        }
        let header = Header::parse(self.take()).ok_or(Fault::Reset)?;
        if messages.account.peer_used(header.used)? && messages.starved.swap(false, Ordering::SeqCst) {
            self.news = true;
        }
        if header.kind == Kind::Message {
            messages.account.receive(header.length)?;
        }
        self.frame = Some(Frame { header, left: header.length, request: None });
        Ok(Step::Done)
    }

    /// Goes on with a frame that is not a message's.
    fn serve(&mut self, core: &Core, messages: &Messages, mut frame: Frame) -> Result<Step, Fault> {
        let step = match frame.header.kind {
            Kind::Message | Kind::Used => Step::Done,
            Kind::Read | Kind::Write => self.serve_request(core, messages, &mut frame)?,
            Kind::Written | Kind::Contents => self.serve_answer(core, messages, &mut frame)?,
        };
        self.frame = (step == Step::Dry).then_some(frame);
        Ok(step)
    }

    fn serve_request(&mut self, core: &Core, messages: &Messages, frame: &mut Frame) -> Result<Step, Fault> {
        let writes = frame.header.kind == Kind::Write;
        let (request, mut allowed) = match frame.request {
            Some(known) => known,
            None => {
                if !self.need(core, REQUEST)? {
                    return Ok(Step::Dry);
                }
                let request = Request::parse(self.take()).ok_or(Fault::Reset)?;
                frame.left -= REQUEST;
                if writes && request.length != frame.left {
                    return Err(Fault::Reset);
                }
                // All of the transfer is checked with each piece, so nothing is written of one that does not fit.
                *frame.request.insert((request, !writes || messages.remote.allows(&request)))
            }
        };
        while frame.left > 0 {
            let (at, left) = (request.length - frame.left, frame.left);
            let mut moved = Ok(0);
            allowed = allowed
                && messages.remote.write(&request, at, |room| moved = self.payload(core, left, &room, 0)).is_ok();
            if !allowed {
                moved = self.bytes(core, left).map(|bytes| bytes.len());
            }
            frame.request = Some((request, allowed));
            match moved? {
                0 => return Ok(Step::Dry),
                count => frame.left -= count,
            }
        }
        let answer = if writes { Answer::Written { refused: !allowed } } else { Answer::Contents(request) };
        let mut out = messages.outgoing();
        if out.answers.len() >= OUTSTANDING {
            return Err(Fault::Reset);
        }
        out.answers.push_back(answer);
        messages.owing.store(true, Ordering::Release);
        self.news = true;
        Ok(Step::Done)
    }

    fn serve_answer(&mut self, core: &Core, messages: &Messages, frame: &mut Frame) -> Result<Step, Fault> {
        let Header { kind, marked, length, .. } = frame.header;
        let mut moves = messages.remote.moves();
        let (moving, at, awaited) = moves.awaited().ok_or(Fault::Reset)?;
        match &moving.side {
            Side::Write(_) if kind == Kind::Written => {}
            Side::Read(room) if kind == Kind::Contents && (marked || length == awaited) => {
                while frame.left > 0 {
                    let place = at + (length - frame.left);
                    match self.payload(core, frame.left, room, place)? {
                        0 => return Ok(Step::Dry),
                        count => frame.left -= count,
                    }
                }
            }
            _ => return Err(Fault::Reset),
        }
        moves.answered(marked.then_some(Fault::Access));
        messages.remote.count(&moves);
        self.news = true;
        Ok(Step::Done)
    }

    /// Reads what there is, and keeps messages. Returns whether there may be more.
    ///
    /// # Errors
    /// Nothing more will come.
    pub fn keep(&mut self, core: &Core, messages: &Messages) -> Result<bool, Fault> {
        core.usable()?;
        let kept = self.keep_all(core, messages);
        kept.map_err(|fault| core.end(messages, fault))
    }

    fn keep_all(&mut self, core: &Core, messages: &Messages) -> Result<bool, Fault> {
        for _ in 0..2 * BURST {
            let step = match self.frame {
                None => self.begin(core, messages)?,
                Some(frame) if frame.header.kind == Kind::Message => self.hold(core, frame)?,
                Some(frame) => self.serve(core, messages, frame)?,
            };
            if step == Step::Dry {
                return Ok(false);
            }
        }
        // For who sleeps, as if it came now.
        self.news = true;
        Ok(true)
    }

    /// Keeps what there is of a message's frame.
    fn hold(&mut self, core: &Core, mut frame: Frame) -> Result<Step, Fault> {
        let mut bytes = self.bytes(core, frame.left)?.to_vec();
        frame.left -= bytes.len();
        let (ends, empty) = (frame.left == 0, bytes.is_empty());
        if empty && !ends {
            return Ok(Step::Dry);
        }
        let last = ends && frame.header.marked;
        match self.held.back_mut() {
            Some(held) if !held.ends => {
                held.bytes.append(&mut bytes);
                (held.ends, held.last) = (ends, last);
            }
            _ => self.held.push_back(Held { bytes, at: 0, ends, last }),
        }
        self.frame = (!ends).then_some(frame);
        self.news = true;
        Ok(Step::Done)
    }

    /// Takes from what is kept. Returns whether that is all for this receive.
    fn take_held(&mut self, messages: &Messages, taking: &mut Taking, room: &Scatter, at: usize) -> bool {
        let Some(held) = self.held.front_mut() else { return false };
        let end = held.bytes.len().min(held.at + taking.left());
        let count = room.copy_from(at + taking.count, &held.bytes[held.at..end]);
        held.at += count;
        taking.count += count;
        messages.account.use_up(count);
        if held.at < held.bytes.len() {
            return true;
        }
        if !held.ends {
            // The rest of the frame comes straight into the room.
            self.held.pop_front();
            return false;
        }
        messages.account.use_up(HEADER);
        taking.last = held.last;
        self.held.pop_front();
        taking.last
    }

    /// Takes what has come of a message's frame. Returns whether that is all for this receive.
    fn take_frame(
        &mut self,
        core: &Core,
        messages: &Messages,
        mut frame: Frame,
        (taking, room, at): (&mut Taking, &Scatter, usize),
    ) -> Result<bool, Fault> {
        let count = self.payload(core, frame.left, room, at + taking.count)?;
        frame.left -= count;
        taking.count += count;
        messages.account.use_up(count);
        if frame.left > 0 {
            self.frame = Some(frame);
            return Ok(count == 0 || taking.left() == 0);
        }
        self.frame = None;
        messages.account.use_up(HEADER);
        taking.last = frame.header.marked;
        Ok(taking.last)
    }

    fn fill(
        &mut self,
        core: &Core,
        messages: &Messages,
        (taking, room, at): (&mut Taking, &Scatter, usize),
    ) -> Result<(), Fault> {
        let mut served = 0;
        while served < BURST {
            let done = if self.held.is_empty() {
                match self.frame {
                    None => self.begin(core, messages)? == Step::Dry,
                    Some(frame) if frame.header.kind == Kind::Message => {
                        self.take_frame(core, messages, frame, (&mut *taking, room, at))?
                    }
                    Some(frame) => {
                        served += 1;
                        self.serve(core, messages, frame)? == Step::Dry
                    }
                }
            } else {
                self.take_held(messages, taking, room, at)
            };
            if done {
                return Ok(());
            }
        }
        self.news = true;
        Ok(())
    }

    /// Copies what is kept of the oldest message's first frame, which stays.
    fn peek(&self, room: &Scatter, at: usize) -> Option<Received> {
        let held = self.held.front()?;
        let count = room.copy_from(at, &held.bytes[held.at..]);
        let whole = held.at + count == held.bytes.len();
        (count > 0 || held.ends).then_some(Received::Bytes { count, last: whole && held.last })
    }
}

impl Core {
    /// Puts what has arrived of a message into `room` from `at` on.
    pub fn receive_message(
        &self,
        messages: &Messages,
        room: &Scatter,
        at: usize,
        peek: bool,
    ) -> Result<Received, Fault> {
        let mut incoming = messages.incoming();
        self.usable()?;
        if peek {
            let kept = incoming.keep(self, messages);
            return match incoming.peek(room, at) {
                Some(received) => Ok(received),
                None => kept.map(|_| Received::Nothing),
            };
        }
        let mut taking = Taking { count: 0, total: room.len().saturating_sub(at), last: false };
        let filled = incoming.fill(self, messages, (&mut taking, room, at));
        let begun = taking.count > 0 || taking.last || incoming.has_message() && taking.total == 0;
        let news = incoming.take_news();
        drop(incoming);
        let filled = filled.map_err(|fault| self.end(messages, fault));
        if messages.account.is_due() || messages.owing.load(Ordering::Acquire) {
            let _ = self.write_owed(messages, &mut messages.outgoing());
        }
        if news {
            self.instance.bell.ring();
        }
        // What came before the end is given first.
        if begun {
            return Ok(Received::Bytes { count: taking.count, last: taking.last });
        }
        filled.map(|()| Received::Nothing)
    }
}
