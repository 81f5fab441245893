//! Operations that have ended and are still to be told: without any lock, since whoever is told may call again.

use super::upcalling::{Inside, Upcalling};
use crate::rt::{Code, Operation, Outcome};

/// An overlapped operation with the way to fail it: each function has its own list of errors.
pub struct Posted {
    pub operation: Operation,
    /// Is its end told to somebody, and not only stored?
    pub notified: bool,
    pub fail: fn(Operation, Code),
}

/// How an operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has moved bytes.
    Moved(Moved),
    /// It has failed.
    Failed(Code),
    /// It is aborted and nobody is told.
    Silenced,
}

/// What was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub bytes: u32,
    pub flags: u32,
}

impl Moved {
    /// So many bytes; more than 32 bits can count are impossible, since buffers are counted in as many.
    pub fn bytes(count: usize) -> Self {
        Self { bytes: u32::try_from(count).unwrap_or(u32::MAX), flags: 0 }
    }
}

/// The byte count of an outcome.
pub fn bytes(outcome: Outcome<Moved>) -> Outcome<u32> {
    outcome.map(|moved| moved.bytes)
}

impl Posted {
    fn end(self, end: End) {
        match end {
            End::Moved(Moved { bytes, flags }) => self.operation.complete(bytes, flags),
            End::Failed(code) => (self.fail)(self.operation, code),
            End::Silenced => self.operation.silence(),
        }
    }
}

/// Operations of a socket that have ended, in the order in which they did. Holds one without allocation.
pub struct Ended<'a> {
    of: &'a Upcalling,
    first: Option<(Posted, End)>,
    more: Vec<(Posted, End)>,
    /// Has a call ended that another thread waits in?
    pub answered: bool,
    /// Has the result of an operation been stored whose end nobody is told?
    pub stored: bool,
    /// From before the first was taken from where a close would find it, until all are told.
    inside: Option<Inside<'a>>,
}

impl<'a> Ended<'a> {
    /// None yet.
    pub fn new(of: &'a Upcalling) -> Self {
        Self { of, first: None, more: Vec::new(), answered: false, stored: false, inside: None }
    }

    /// Has a close wait from now on. To be called under the lock that operations are taken from under, or before they are begun.
    pub fn enter(&mut self) {
        let of = self.of;
        self.inside.get_or_insert_with(|| of.enter());
    }

    /// Adds an operation that is to be told, as with [`enter`](Self::enter). One whose end is only to be stored ends here: that
    /// calls nobody, so locks may be held, and a close that finds it no more under its lock finds its result.
    pub fn push(&mut self, posted: Posted, end: End) {
        if !posted.notified {
            posted.end(end);
            self.stored = true;
            return;
        }
        self.enter();
        if self.first.is_none() {
            self.first = Some((posted, end));
        } else {
            self.more.push((posted, end));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.first.is_none() && !self.answered
    }

    /// May a close be waiting?
    pub fn is_entered(&self) -> bool {
        self.inside.is_some()
    }

    /// How many are to be told.
    pub fn count(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    /// Tells all of them.
    pub fn tell(self) {
        for (posted, end) in self.first.into_iter().chain(self.more) {
            posted.end(end);
        }
        drop(self.inside);
    }
}
