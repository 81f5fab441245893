//! Transfers that the owner of the memory does for the peer: requests and answers in rings of their own.
//!
//! Answers have a ring apart from requests, and whoever asked takes them without condition, so neither side can wait for the
//! other in a circle.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wsp::transport::{Fault, Gather};

use super::layout;
use super::record::{Front, Kind};
use super::remote::Remotes;
use super::ring::{Cursor, Nonsense, Ring};
use crate::moves::{Moves, Side, nothing};
use crate::os::memory::Mapping;

/// The most bytes in one request or answer.
const FRAGMENT: usize = 16 * 1024;
const ASK_WRITE: u64 = 1;
const ASK_READ: u64 = 2;
const DONE: u64 = 0;
const REFUSED: u64 = 1;

/// What is to be done after some progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pumped {
    /// The peer's sleepers have something to look at.
    pub ring: bool,
    /// The peer's agent has, whether or not anybody is there.
    pub kick: bool,
}

/// Both roles: serving the peer's requests, and making our own.
#[derive(Debug)]
pub struct Agent {
    /// What the peer asks, and what we answer.
    asked: Ring,
    answers: Ring,
    /// What we ask, and what the peer answers.
    asks: Ring,
    answered: Ring,
    moves: Mutex<Moves>,
    count: AtomicUsize,
    serving: Mutex<()>,
}

impl Agent {
    /// The agent of an end.
    pub fn new(mapping: &Arc<Mapping>, end: usize) -> Self {
        let ring = |offset| Ring::new(mapping, offset, layout::REMOTE);
        Self {
            asked: ring(layout::asked(1 - end)),
            answers: ring(layout::answered(end)),
            asks: ring(layout::asked(end)),
            answered: ring(layout::answered(1 - end)),
            moves: Mutex::new(Moves::new(FRAGMENT)),
            count: AtomicUsize::new(0),
            serving: Mutex::default(),
        }
    }

    fn moves(&self) -> MutexGuard<'_, Moves> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Are transfers under way?
    pub fn under_way(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Queues a transfer. Returns whether there was room.
    pub fn ask(&self, side: Side, key: u64, offset: u64) -> bool {
        let mut moves = self.moves();
        let added = moves.add(side, key, offset);
        self.count.store(moves.len(), Ordering::Release);
        added
    }

    /// The outcome of the oldest transfer that has ended.
    pub fn finished(&self) -> Option<Result<(), Fault>> {
        self.moves().finished()
    }

    /// Gives up what is under way: its memory is not used when this returns.
    pub fn abandon(&self, fault: Fault) {
        let mut moves = self.moves();
        moves.abandon(fault);
        self.count.store(0, Ordering::Release);
    }

    /// Takes answers and makes requests.
    pub fn pump(&self) -> Result<Pumped, Nonsense> {
        if !self.under_way() {
            return Ok(Pumped::default());
        }
        let mut moves = self.moves();
        let starved = self.take_answers(&mut moves)?;
        let asked = self.make_requests(&mut moves)?;
        self.count.store(moves.len(), Ordering::Release);
        Ok(Pumped { ring: starved || asked, kick: starved || asked })
    }

    /// Returns whether the peer's agent has waited for room.
    fn take_answers(&self, moves: &mut Moves) -> Result<bool, Nonsense> {
        let mut starved = false;
        let mut cursor = self.answered.cursor();
        while let Some(front) = self.answered.front(&cursor)? {
            let (moving, at, length) = moves.awaited().ok_or(Nonsense)?;
            let [status, ..] = self.answered.words(&cursor);
            let fault = match (&moving.side, status) {
                (Side::Read(room), DONE) if is(&front, length) => {
                    self.answered.take_attached(&cursor, 0, room.regions(at, length));
                    None
                }
                (Side::Write(_), DONE) if is(&front, 0) => None,
                (_, REFUSED) if is(&front, 0) => Some(Fault::Access),
                _ => return Err(Nonsense),
            };
            moves.answered(fault);
            cursor = self.answered.after(&cursor, &front);
            starved |= self.answered.commit(&cursor);
        }
        Ok(starved)
    }

    /// Returns whether any was made.
    fn make_requests(&self, moves: &mut Moves) -> Result<bool, Nonsense> {
        let mut made = false;
        while let Some((moving, at, length)) = moves.next() {
            let total = moving.side.len() as u64;
            let words = |what| [what, moving.key, moving.offset, total, at as u64, length as u64];
            let put = match &moving.side {
                Side::Write(data) => self.asks.put_words(&words(ASK_WRITE), data, at, length)?,
                Side::Read(_) => self.asks.put_words(&words(ASK_READ), &nothing(), 0, 0)?,
            };
            if !put {
                break;
            }
            made = true;
            moves.asked();
        }
        Ok(made)
    }

    /// Serves the peer's requests, as far as there is room for answers. Returns whether any was.
    pub fn serve(&self, open: &Remotes) -> Result<bool, Nonsense> {
        if self.asked.front(&self.asked.cursor())?.is_none() {
            return Ok(false);
        }
        let _serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut served = false;
        let mut cursor = self.asked.cursor();
        while let Some(front) = self.asked.front(&cursor)? {
            if !self.answers.has_room(1, FRAGMENT)? {
                break;
            }
            self.answer(open, &cursor, &front)?;
            cursor = self.asked.after(&cursor, &front);
            self.asked.commit(&cursor);
            served = true;
        }
        Ok(served)
    }

    /// Does what one request asks. There is room for the answer.
    fn answer(&self, open: &Remotes, cursor: &Cursor, front: &Front) -> Result<(), Nonsense> {
        let [what, key, offset, total, at, length, ..] = self.asked.words(cursor);
        let number = |value: u64| usize::try_from(value).map_err(|_| Nonsense);
        let (total, at, length) = (number(total)?, number(at)?, number(length)?);
        let carried = if what == ASK_WRITE { length } else { 0 };
        let fits = at.checked_add(length).is_some_and(|end| end <= total);
        if length > FRAGMENT || !fits || !is(front, carried) {
            return Err(Nonsense);
        }
        // All of the transfer is checked with each piece, so nothing is written of one that does not fit.
        let range = (offset, total);
        let mut put = Ok(false);
        let done = match what {
            ASK_WRITE => open.with(
                key,
                range,
                |access| access.write,
                |whole| self.asked.take_attached(cursor, 0, whole.part(at, length).into_iter()),
            ),
            ASK_READ => open.with(
                key,
                range,
                |access| access.read,
                |whole| {
                    let data = whole.part(at, length).map_or_else(nothing, Gather::of);
                    put = self.answers.put_words(&[DONE], &data, 0, length);
                },
            ),
            _ => return Err(Nonsense),
        };
        match done {
            Ok(()) if what == ASK_READ => put?,
            Ok(()) => self.answers.put_words(&[DONE], &nothing(), 0, 0)?,
            Err(_) => self.answers.put_words(&[REFUSED], &nothing(), 0, 0)?,
        };
        Ok(())
    }
}

/// Is the record words with so many bytes attached?
fn is(front: &Front, attached: usize) -> bool {
    front.kind == Kind::Attached && front.length == attached
}
