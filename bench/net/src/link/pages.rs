//! Memory that is alike for all who are compared.

use std::ops::{Deref, DerefMut};

/// The unit of memory, in bytes.
const PAGE: usize = 4096;

/// Memory that begins with a page and was written, so that it is there: how fast a processor copies depends on where the two
/// sides begin, which an allocator leaves to chance.
pub struct Pages {
    memory: Box<[u8]>,
    start: usize,
    size: usize,
}

impl Pages {
    /// So many bytes, all 1.
    pub fn new(size: usize) -> Self {
        let memory = Self::around(size).into_boxed_slice();
        let start = Self::start(&memory);
        Self { memory, start, size }
    }

    /// Memory in which so many bytes are to begin with a page, for those who want a vector: at [`start`](Self::start).
    pub fn around(size: usize) -> Vec<u8> {
        vec![1; size + PAGE]
    }

    /// Where the first page of memory begins.
    pub fn start(memory: &[u8]) -> usize {
        memory.as_ptr().addr().next_multiple_of(PAGE) - memory.as_ptr().addr()
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.size]
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.size]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_begin_with_a_page() {
        for size in [1, 4096, 100_000] {
            let pages = Pages::new(size);
            assert_eq!((pages.len(), pages.as_ptr().addr() % PAGE), (size, 0));
        }
    }
}
