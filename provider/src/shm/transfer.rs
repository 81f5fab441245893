//! Bytes from one end to the other.

use std::sync::PoisonError;
use std::sync::atomic::{Ordering, fence};

use wsp::transport::{Fault, Gather, Mode, Ready, Received, Scatter, Sent};

use super::connection::{Core, Way, condition};
use super::record::{Front, Kind};
use super::ring::{Cursor, Nonsense, SMALL, Small};
use super::segment::state;

/// The most bytes in one record: small enough that the peer begins to read while we still write.
const FRAGMENT: usize = 16 * 1024;
/// From here on it is quicker to lend memory than to copy it twice.
pub const CROSSOVER: usize = 16 * 1024;
/// The room that counts as writable.
const WRITABLE: usize = FRAGMENT;

impl Core {
    fn ended(&self) -> u32 {
        self.other.state.load(Ordering::Acquire)
    }

    /// Takes bytes of `data` from `at` on.
    pub fn send(&self, data: &Gather, at: usize, lend: bool) -> Result<Sent, Fault> {
        let turn = self.turn(Way::Out)?;
        if self.ended() >= state::CLOSED || self.is(condition::DEAD) {
            return Err(Fault::Reset);
        }
        // What a peer reads after an access to its memory must not overtake that.
        if self.remote.under_way() {
            return Ok(Sent::Full);
        }
        let sent = self.put(data, at, lend).map_err(|Nonsense| self.spoil())?;
        drop(turn);
        if sent != Sent::Full {
            self.links.ring();
        }
        Ok(sent)
    }

    fn put(&self, data: &Gather, at: usize, lend: bool) -> Result<Sent, Nonsense> {
        let (rest, messages) = (data.len().saturating_sub(at), self.facts.mode == Mode::Messages);
        if rest == 0 && (!messages || at > 0) {
            return Ok(Sent::All);
        }
        if rest <= SMALL {
            let put = self.outgoing.put_small(data, at, messages)?;
            return Ok(if put { Sent::All } else { Sent::Full });
        }
        if lend && rest >= CROSSOVER && self.lends() && self.outgoing.put_loan(data, at, messages)? {
            return Ok(Sent::Lent);
        }
        let mut taken = 0;
        while taken < rest {
            match self.outgoing.put_attached(data, at + taken, FRAGMENT, messages)? {
                0 => break,
                count => taken += count,
            }
        }
        Ok(match taken {
            0 => Sent::Full,
            _ if taken == rest => Sent::All,
            _ => Sent::Part(taken),
        })
    }

    /// How many sends that were lent have ended.
    pub fn released(&self) -> u64 {
        let (lent, ended) = self.outgoing.loans();
        // Nobody will give them back any more, and nobody uses them.
        let over = self.is(condition::DEAD | condition::OVER) || self.ended() >= state::CLOSED;
        (if over { lent } else { ended }).wrapping_sub(self.lent_before)
    }

    /// Puts what has arrived into `room` from `at` on.
    pub fn receive(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault> {
        let turn = self.turn(Way::In)?;
        if self.ended() == state::ABORTED {
            return Err(Fault::Reset);
        }
        let whole = self.facts.mode == Mode::Messages && !peek;
        match if whole { self.incoming.take_small(room, at) } else { Small::Other } {
            Small::Taken { length, hungry } => {
                if hungry {
                    self.links.ring();
                }
                return Ok(Received::Bytes { count: length, last: true });
            }
            Small::Nothing => {}
            Small::Other => {
                if let Some(received) = self.take(room, at, peek)? {
                    return Ok(received);
                }
            }
        }
        let over = self.over();
        if over == Over::No {
            return Ok(Received::Nothing);
        }
        // What was sent before the end was there before the end could be seen.
        if let Some(received) = self.take(room, at, peek)? {
            return Ok(received);
        }
        drop(turn);
        match over {
            Over::Orderly if self.facts.mode == Mode::Stream => Ok(Received::End),
            _ => Err(Fault::Reset),
        }
    }

    /// Will nothing more arrive than what is there?
    fn over(&self) -> Over {
        let dead = self.is(condition::DEAD);
        match self.ended() {
            state::OPEN if dead => Over::Broken,
            state::OPEN => Over::No,
            state::FINISHED if self.facts.mode == Mode::Messages && !dead => Over::No,
            state::FINISHED | state::CLOSED => Over::Orderly,
            _ => Over::Broken,
        }
    }

    fn take(&self, room: &Scatter, at: usize, peek: bool) -> Result<Option<Received>, Fault> {
        let messages = self.facts.mode == Mode::Messages;
        let mut taking = Taking { cursor: self.incoming.cursor(), count: 0, given_back: false, peek };
        let total = room.len().saturating_sub(at);
        let (mut seen, mut last) = (false, false);
        while let Some(front) = self.incoming.front(&taking.cursor).map_err(|Nonsense| self.spoil())? {
            if front.kind == Kind::Loan && self.is(condition::ARRIVING) && !self.is(condition::DEAD) {
                // It is not known yet whose memory it is.
                break;
            }
            seen = true;
            let done = match self.take_front(&mut taking, &front, room, at, total) {
                Ok(done) => done,
                // It will be told after what came before it.
                Err(_) if taking.count > 0 => break,
                Err(Nonsense) => return Err(self.spoil()),
            };
            last = done && messages && front.marks.last;
            if !done || last || taking.count == total {
                break;
            }
        }
        if !seen {
            return Ok(None);
        }
        if !peek && (self.incoming.commit(&taking.cursor) || taking.given_back) {
            self.links.ring();
        }
        Ok(Some(Received::Bytes { count: taking.count, last }))
    }

    /// Takes from one record. Returns whether nothing of it is left.
    fn take_front(
        &self,
        taking: &mut Taking,
        front: &Front,
        room: &Scatter,
        at: usize,
        total: usize,
    ) -> Result<bool, Nonsense> {
        let (cursor, loan) = (taking.cursor, self.loan(&taking.cursor, front));
        let length = loan.map_or(front.length as u64, |(_, length)| length);
        let left = length.checked_sub(cursor.partial).ok_or(Nonsense)?;
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(total - taking.count);
        let to = at + taking.count;
        match (front.kind, loan) {
            (Kind::Inline, _) => {
                self.incoming.take_inline(&cursor, front, room, to);
            }
            (Kind::Loan, Some((address, _))) if count > 0 => {
                self.borrow(address.wrapping_add(cursor.partial), room, to, count)?;
            }
            (Kind::Loan, _) => {}
            (Kind::Attached, _) => self.incoming.take_attached(&cursor, cursor.partial, room.regions(to, count)),
        }
        taking.count += count;
        if (count as u64) < left {
            taking.cursor.partial += count as u64;
            return Ok(false);
        }
        taking.cursor = self.incoming.after(&cursor, front);
        if front.marks.returns && !taking.peek {
            self.incoming.give_back();
            taking.given_back = true;
        }
        Ok(true)
    }

    /// Where the bytes of a record are that are in the peer's memory, and how many.
    fn loan(&self, cursor: &Cursor, front: &Front) -> Option<(u64, u64)> {
        (front.kind == Kind::Loan).then(|| {
            let [address, length, ..] = self.incoming.words(cursor);
            (address, length)
        })
    }

    /// Copies from memory that the peer lent.
    fn borrow(&self, address: u64, room: &Scatter, at: usize, count: usize) -> Result<(), Nonsense> {
        let who = self.readable.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((memory, identity)) = who else { return Err(Nonsense) };
        self.own.copying.store(1, Ordering::Relaxed);
        // Pairs with `revoke`.
        fence(Ordering::SeqCst);
        let copied = if self.other.revoked.load(Ordering::Relaxed) == 0 {
            let known = (identity.address, identity.word);
            memory.copy_known(known, room.regions(at, count), address)
        } else {
            Err(Fault::Reset)
        };
        self.own.copying.store(0, Ordering::Release);
        // A peer that did not wait may have used the memory for something else meanwhile.
        let good = copied == Ok(count) && self.other.revoked.load(Ordering::Acquire) == 0;
        if good { Ok(()) } else { Err(Nonsense) }
    }

    /// What could be done without waiting.
    pub fn ready(&self) -> Ready {
        let condition = self.condition.load(Ordering::Acquire);
        if condition & condition::OVER != 0 {
            self.abandon();
            let fault = if condition & condition::SPOILT != 0 { Fault::Reset } else { Fault::Aborted };
            return Ready { readable: true, writable: true, ended: true, fault: Some(fault) };
        }
        let (over, ended) = (self.over(), self.ended());
        let arrived = self.incoming.front(&self.incoming.cursor()) != Ok(None);
        let broken = match over {
            Over::No => false,
            Over::Orderly => self.facts.mode == Mode::Messages && !arrived,
            Over::Broken => ended == state::ABORTED || !arrived,
        };
        if broken {
            self.abandon();
        }
        let gone = ended >= state::CLOSED || condition & condition::DEAD != 0;
        let room = self.outgoing.has_room(SMALL.div_ceil(super::ring::CELL), WRITABLE);
        Ready {
            readable: arrived || over != Over::No,
            writable: gone || (room != Ok(false) && !self.remote.under_way()),
            ended: over != Over::No,
            fault: broken.then_some(Fault::Reset),
        }
    }

    /// Whoever is told of the end may free the memory of what is under way.
    fn abandon(&self) {
        if self.remote.under_way() {
            self.remote.agent.abandon(Fault::Reset);
        }
    }

    /// How many bytes one receive could give.
    pub fn available(&self) -> usize {
        let (mut cursor, mut count) = (self.incoming.cursor(), 0_usize);
        while let Ok(Some(front)) = self.incoming.front(&cursor) {
            let length = self.loan(&cursor, &front).map_or(front.length as u64, |(_, length)| length);
            let left = length.saturating_sub(cursor.partial);
            count = count.saturating_add(usize::try_from(left).unwrap_or(usize::MAX));
            cursor = self.incoming.after(&cursor, &front);
            if self.facts.mode == Mode::Messages && front.marks.last {
                break;
            }
        }
        count
    }

    /// Has everything sent arrived, or will it without us?
    pub fn drained(&self) -> bool {
        let (lent, ended) = self.outgoing.loans();
        lent == ended || self.is(condition::DEAD | condition::OVER)
    }
}

/// Does more arrive?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// Perhaps.
    No,
    /// No: the peer has finished.
    Orderly,
    /// No: the peer is gone.
    Broken,
}

/// A receive that is being filled.
struct Taking {
    cursor: Cursor,
    count: usize,
    given_back: bool,
    peek: bool,
}
