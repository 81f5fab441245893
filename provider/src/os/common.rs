//! What is the same on every system: what its files say and are asked, and the limits that both sides of a connection count on.

use super::Descriptor;

/// The largest frame.
pub const FRAME: usize = 96 * 1024;
/// The most descriptors in one frame.
pub const DESCRIPTORS: usize = 24;

/// What became of the attempt to read a frame.
#[derive(Debug)]
pub enum Incoming {
    /// The first bytes of the buffer, and these descriptors.
    Frame(usize, Vec<Descriptor>),
    /// None is there now.
    Nothing,
    /// The other end is gone, and everything was read.
    Gone,
}

/// What happened to what a poller waits for.
#[derive(Debug, Clone, Copy)]
pub struct Happened {
    /// The number that it was added with.
    pub token: u64,
}

/// In which direction memory is copied, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the other process.
    Read,
    /// To the other process.
    Write,
}

/// What is the matter with a socket now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// There are bytes, or the end, or an error.
    pub readable: bool,
    /// There is room, or an error.
    pub writable: bool,
    /// The peer sends nothing more.
    pub ended: bool,
    /// The connection is broken, or was not made.
    pub broken: bool,
}
