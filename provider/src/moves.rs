//! Transfers to and from a peer's memory that the peer's side does for us, piece by piece, in order.

use std::collections::VecDeque;

use wsp::transport::{Fault, Gather, Region, Scatter};

/// The most transfers at once.
const TRANSFERS: usize = 64;

/// The local side of a transfer.
#[derive(Debug, Clone)]
pub enum Side {
    /// To be written to the peer's memory.
    Write(Gather),
    /// To be filled from the peer's memory.
    Read(Scatter),
}

impl Side {
    /// How many bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Write(data) => data.len(),
            Self::Read(room) => room.len(),
        }
    }

    /// Is the peer's memory written?
    pub fn writes(&self) -> bool {
        matches!(self, Self::Write(_))
    }
}

/// No bytes.
pub fn nothing() -> Gather {
    // SAFETY: no memory is always good.
    Gather::of(unsafe { Region::new(std::ptr::null_mut(), 0) })
}

/// A transfer that is under way. Pieces are counted, not bytes: no bytes are one piece, too.
#[derive(Debug)]
pub struct Moving {
    /// The local side.
    pub side: Side,
    /// The peer's memory, as it named it.
    pub key: u64,
    /// Where in it the transfer begins.
    pub offset: u64,
    piece: usize,
    asked: usize,
    answered: usize,
    fault: Option<Fault>,
}

impl Moving {
    fn pieces(&self) -> usize {
        self.side.len().div_ceil(self.piece).max(1)
    }

    /// Where a piece begins, and how long it is.
    fn bounds(&self, index: usize) -> (usize, usize) {
        let at = index * self.piece;
        (at, (self.side.len() - at).min(self.piece))
    }

    fn is_asked(&self) -> bool {
        self.fault.is_some() || self.asked == self.pieces()
    }
}

/// The transfers of a connection, oldest first.
#[derive(Debug)]
pub struct Moves {
    piece: usize,
    moving: VecDeque<Moving>,
    outcomes: VecDeque<Result<(), Fault>>,
}

impl Moves {
    /// None yet, with the largest size of a piece.
    pub fn new(piece: usize) -> Self {
        Self { piece, moving: VecDeque::new(), outcomes: VecDeque::new() }
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.moving.len()
    }

    /// Adds one. Returns whether there was room.
    pub fn add(&mut self, side: Side, key: u64, offset: u64) -> bool {
        if self.moving.len() >= TRANSFERS {
            return false;
        }
        let (piece, asked, answered, fault) = (self.piece, 0, 0, None);
        self.moving.push_back(Moving { side, key, offset, piece, asked, answered, fault });
        true
    }

    /// The next piece to ask for: the transfer, where the piece begins and how long it is.
    pub fn next(&self) -> Option<(&Moving, usize, usize)> {
        let moving = self.moving.iter().find(|moving| !moving.is_asked())?;
        let (at, length) = moving.bounds(moving.asked);
        Some((moving, at, length))
    }

    /// The next piece was asked for.
    pub fn asked(&mut self) {
        if let Some(moving) = self.moving.iter_mut().find(|moving| !moving.is_asked()) {
            moving.asked += 1;
        }
    }

    /// The oldest piece that is not answered.
    pub fn awaited(&self) -> Option<(&Moving, usize, usize)> {
        let moving = self.moving.front().filter(|moving| moving.answered < moving.asked)?;
        let (at, length) = moving.bounds(moving.answered);
        Some((moving, at, length))
    }

    /// The oldest piece was answered.
    pub fn answered(&mut self, fault: Option<Fault>) {
        let Some(moving) = self.moving.front_mut() else { return };
        moving.answered += 1;
        moving.fault = moving.fault.or(fault);
        let over = |moving: &mut Moving| moving.answered == moving.asked && moving.is_asked();
        while let Some(moving) = self.moving.pop_front_if(over) {
            self.outcomes.push_back(moving.fault.map_or(Ok(()), Err));
        }
    }

    /// How many pieces were asked for and not answered.
    pub fn unanswered(&self) -> usize {
        self.moving.iter().map(|moving| moving.asked - moving.answered).sum()
    }

    /// Are all pieces asked for, and are none awaited that are read?
    pub fn is_ordered(&self) -> bool {
        self.moving.iter().all(|moving| moving.is_asked() && moving.side.writes())
    }

    /// The outcome of the oldest transfer that has ended.
    pub fn finished(&mut self) -> Option<Result<(), Fault>> {
        self.outcomes.pop_front()
    }

    /// Gives up what is under way.
    pub fn abandon(&mut self, fault: Fault) {
        let given_up = self.moving.drain(..).count();
        self.outcomes.extend(std::iter::repeat_n(Err(fault), given_up));
    }
}
