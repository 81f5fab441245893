//! Pieces of memory for one system call.

use wsp::transport::Region;

/// The largest number of pieces in one system call.
const PIECES: usize = 16;

/// Pieces of memory, in the form that the system takes.
#[derive(Debug)]
pub struct Pieces {
    pieces: [libc::iovec; PIECES],
    count: usize,
    length: usize,
}

impl Default for Pieces {
    fn default() -> Self {
        let none = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        Self { pieces: [none; PIECES], count: 0, length: 0 }
    }
}

impl Pieces {
    /// Is there no room for another?
    pub fn full(&self) -> bool {
        self.count == PIECES
    }

    /// Adds a piece. There must be room.
    pub fn push(&mut self, base: *mut libc::c_void, length: usize) {
        self.pieces[self.count] = libc::iovec { iov_base: base, iov_len: length };
        self.count += 1;
        self.length = self.length.saturating_add(length);
    }

    /// Adds regions as long as there is room for one more behind them. Returns whether that is all of them.
    pub fn extend(&mut self, mut regions: impl Iterator<Item = Region>) -> bool {
        loop {
            if self.count + 1 >= PIECES {
                return regions.next().is_none();
            }
            let Some(region) = regions.next() else { return true };
            self.push(region.as_ptr().cast(), region.len());
        }
    }

    /// How many bytes in all.
    pub fn len(&self) -> usize {
        self.length
    }

    /// The pieces.
    pub fn as_slice(&self) -> &[libc::iovec] {
        &self.pieces[..self.count]
    }

    /// The pieces, as the calls want them that do not write to the list, but say so.
    pub fn as_mut_ptr(&mut self) -> *mut libc::iovec {
        self.pieces.as_mut_ptr()
    }
}
