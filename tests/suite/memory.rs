//! Memory for raw calls: for each pointer a region of its own, filled with something that makes sense there.

use std::mem::offset_of;

use wsp::ffi;
use wsp_host::to_sockaddr;

use crate::support::any;

/// What a pointer points to.
#[derive(Debug, Clone, Copy)]
pub enum Filling {
    /// Nothing in particular.
    Zeroes,
    /// A number.
    Number(u32),
    /// An address.
    Address,
    /// One buffer of 16 bytes.
    Buffers,
    /// The text of an address.
    Text,
}

const REGION: usize = 2048;

/// Regions, one for each pointer.
pub struct Memory {
    /// Whole numbers, so that the regions are aligned.
    words: Vec<u64>,
    count: usize,
}

impl Memory {
    /// So many regions, filled.
    pub fn new(fillings: impl ExactSizeIterator<Item = Filling>) -> Self {
        let count = fillings.len();
        let mut memory = Self { words: vec![0; count * REGION / 8], count };
        for (at, filling) in fillings.enumerate() {
            memory.fill(at, filling);
        }
        memory
    }

    /// Where the regions are.
    pub fn pointers(&mut self) -> Vec<usize> {
        let start = self.words.as_mut_ptr() as usize;
        (0..self.count).map(|at| start + at * REGION).collect()
    }

    fn fill(&mut self, at: usize, filling: Filling) {
        match filling {
            Filling::Zeroes => {}
            Filling::Number(number) => self.put(at, 0, &number.to_ne_bytes()),
            Filling::Address => self.put(at, 0, &to_sockaddr(any())),
            Filling::Text => {
                let text: Vec<u8> = "127.0.0.1:80".encode_utf16().flat_map(u16::to_ne_bytes).collect();
                self.put(at, 0, &text);
            }
            Filling::Buffers => {
                let data = self.pointers()[at] + REGION / 2;
                self.put(at, offset_of!(ffi::WSABUF, len), &16_u32.to_ne_bytes());
                self.put(at, offset_of!(ffi::WSABUF, buf), &data.to_ne_bytes());
            }
        }
    }

    fn put(&mut self, region: usize, offset: usize, bytes: &[u8]) {
        for (at, byte) in bytes.iter().enumerate() {
            let place = region * REGION + offset + at;
            let mut word = self.words[place / 8].to_ne_bytes();
            word[place % 8] = *byte;
            self.words[place / 8] = u64::from_ne_bytes(word);
        }
    }
}
