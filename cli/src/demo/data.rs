//! Data that is checked byte for byte on its way.

use std::io::{IsTerminal as _, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::text::{DIM, PLAIN};

/// Pieces in which data is sent.
const PIECE: usize = 24 * 1024 + 7;

/// The outcome of a thread.
pub fn joined(handle: thread::ScopedJoinHandle<'_, Result<(), String>>) -> Result<(), String> {
    handle.join().unwrap_or_else(|_| Err("a thread of the demo panicked".into()))
}

/// Sends the sequence of this seed.
pub fn send(mut to: impl Write, seed: u64, bytes: usize) -> Result<(), String> {
    let mut pattern = Pattern(seed);
    let mut left = bytes;
    let mut piece = vec![0; PIECE];
    while left > 0 {
        let count = left.min(PIECE);
        piece[..count].fill_with(|| pattern.next());
        to.write_all(&piece[..count]).map_err(|error| format!("sending: {error}"))?;
        left -= count;
    }
    Ok(())
}

/// Receives the sequence of this seed, and checks every byte.
pub fn receive(mut from: impl Read, seed: u64, bytes: usize, shown: bool) -> Result<(), String> {
    let mut progress = Progress::new(shown, bytes);
    let mut pattern = Pattern(seed);
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    while done < bytes {
        let count = from.read(&mut piece).map_err(|error| format!("receiving: {error}"))?;
        if count == 0 {
            return Err(format!("the stream ended after {done} of {bytes} bytes"));
        }
        if let Some(at) = piece[..count].iter().position(|byte| *byte != pattern.next()) {
            return Err(format!("byte {} is not what was sent", done + at));
        }
        done += count;
        progress.show(done);
    }
    progress.clear();
    Ok(())
}

/// A byte sequence that shows a byte lost, doubled or moved.
pub struct Pattern(pub u64);

impl Pattern {
    /// The next byte.
    pub fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }
}

/// A line that tells how far it is, on a terminal.
struct Progress {
    shown: bool,
    total: usize,
    last: Instant,
}

impl Progress {
    fn new(shown: bool, total: usize) -> Self {
        Self { shown: shown && std::io::stderr().is_terminal(), total, last: Instant::now() }
    }

    fn show(&mut self, done: usize) {
        if self.shown && self.last.elapsed() > Duration::from_millis(100) {
            self.last = Instant::now();
            anstream::eprint!("\r{DIM}data       {} of {} MiB{PLAIN}", done >> 20, self.total >> 20);
        }
    }

    fn clear(&self) {
        if self.shown {
            anstream::eprint!("\r\x1b[K");
        }
    }
}
