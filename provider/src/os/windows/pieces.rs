//! Pieces of memory for one system call.

use windows_sys::Win32::Networking::WinSock::WSABUF;
use wsp::transport::Region;

/// The largest number of pieces in one system call.
const PIECES: usize = 16;

/// The most bytes in one system call: the system counts them in 32 bits.
const BYTES: usize = 1 << 30;

/// Pieces of memory, in the form that the system takes.
#[derive(Default)]
pub struct Pieces {
    pieces: [WSABUF; PIECES],
    count: usize,
    length: usize,
}

impl Pieces {
    /// Adds as much of a piece as goes into one call. There must be room for a piece. Returns whether that is all of it.
    pub fn push(&mut self, base: *mut u8, length: usize) -> bool {
        let taken = length.min(BYTES - self.length);
        self.pieces[self.count] = WSABUF { len: taken as u32, buf: base };
        self.count += 1;
        self.length += taken;
        taken == length
    }

    /// Adds regions as long as there is room for one more behind them. Returns whether that is all of them.
    pub fn extend(&mut self, mut regions: impl Iterator<Item = Region>) -> bool {
        loop {
            if self.count + 1 >= PIECES {
                return regions.next().is_none();
            }
            let Some(region) = regions.next() else { return true };
            if !self.push(region.as_ptr(), region.len()) {
                return false;
            }
        }
    }

    /// How many bytes in all.
    pub fn len(&self) -> usize {
        self.length
    }

    /// The pieces.
    pub fn as_slice(&self) -> &[WSABUF] {
        &self.pieces[..self.count]
    }
}
