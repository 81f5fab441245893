//! Where things lie in the segment of a connection.
//!
//! The end that asked for the connection is number 0, the one that accepted it number 1. Pages that are never touched take no
//! memory.

use super::ring::Shape;
use super::segment::End;

/// Messages and bytes.
pub const DATA: Shape = Shape { cells: 128, bytes: 256 * 1024 };
/// What is asked of the peer's agent for remote memory, and what it answers.
pub const REMOTE: Shape = Shape { cells: 64, bytes: 128 * 1024 };
/// How many exposures of an end can be reached without its agent.
pub const SLOTS: usize = 256;
/// The bytes of one of them.
pub const SLOT: usize = 64;

const ENDS: usize = 0;
const TABLES: usize = 4096;
const DATA_RINGS: usize = TABLES + 2 * SLOTS * SLOT;
const ASKED: usize = DATA_RINGS + 2 * DATA.size();
const ANSWERED: usize = ASKED + 2 * REMOTE.size();

/// The size of a segment.
pub const SIZE: usize = (ANSWERED + 2 * REMOTE.size()).next_multiple_of(4096);

/// What an end says of itself.
pub const fn end(end: usize) -> usize {
    ENDS + end * size_of::<End>()
}

/// The exposures of an end.
pub const fn table(end: usize) -> usize {
    TABLES + end * SLOTS * SLOT
}

/// What an end sends.
pub const fn data(end: usize) -> usize {
    DATA_RINGS + end * DATA.size()
}

/// What an end asks of the peer's agent.
pub const fn asked(end: usize) -> usize {
    ASKED + end * REMOTE.size()
}

/// What an end's agent answers.
pub const fn answered(end: usize) -> usize {
    ANSWERED + end * REMOTE.size()
}

const _: () = assert!(end(2) <= TABLES && table(2) == DATA_RINGS && data(2) == ASKED && asked(2) == ANSWERED);
