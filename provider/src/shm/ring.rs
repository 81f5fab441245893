//! One way of a connection: records from one process to another, in shared memory.
//!
//! A record is a cell of two neighbouring cache lines: a header and up to 120 bytes. The header's lower half says which turn of
//! the ring it belongs to, so the consumer looks only at the cell it waits for, and a message of up to 56 bytes costs the transfer
//! of one line. What is larger than a few cells lies in a second ring of bytes, and the cell says how many.
//!
//! The consumer tells how far it has read every quarter of a turn only. A record therefore takes three quarters of either ring
//! at most: room for it appears at the latest when all before it was read.
//!
//! Positions count on for ever and lie in shared memory, so that another process can go on. Both processes can write all of
//! it: what is nonsense is found ([`Nonsense`]), what is merely wrong is the misfortune of this one connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use wsp::transport::{Gather, Region, Scatter};

use super::record::{Front, Kind, LENGTH, Marks, turn};
use super::segment::{self, Bytes, Place, Places, Shared};
use crate::os::memory::Mapping;

/// Bytes in one cell.
pub const CELL: usize = 120;
/// Words in one cell.
const WORDS: usize = CELL / 8;
/// The most bytes that are sent in cells alone.
pub const SMALL: usize = 2 * CELL;
/// Bytes in the ring of bytes begin at multiples of this.
const ALIGN: u64 = 64;

/// Shared memory says what cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonsense;

/// How many cells and bytes; powers of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Cells.
    pub cells: usize,
    /// Bytes.
    pub bytes: usize,
}

impl Shape {
    /// How much memory a ring takes; a multiple of 128 bytes.
    pub const fn size(self) -> usize {
        size_of::<Control>() + self.cells * size_of::<Cell>() + self.bytes
    }
}

#[derive(Debug)]
#[repr(C, align(128))]
struct Cell {
    header: AtomicU64,
    words: [AtomicU64; WORDS],
}

// SAFETY: atomics only.
unsafe impl Shared for Cell {}

/// Each part on lines of its own: the first is the producer's, the second written by it seldom, the third is the consumer's, the
/// fourth written by it seldom.
#[derive(Debug)]
#[repr(C)]
struct Control {
    producer: Producer,
    starving: Starving,
    consumer: Consumer,
    returned: Returned,
}

// SAFETY: atomics only.
unsafe impl Shared for Control {}

#[derive(Debug)]
#[repr(C, align(128))]
struct Producer {
    cells: AtomicU64,
    bytes: AtomicU64,
    /// What it last saw of `Returned`.
    free_cells: AtomicU64,
    free_bytes: AtomicU64,
    /// Sends whose memory was lent.
    lent: AtomicU64,
}

#[derive(Debug)]
#[repr(C, align(128))]
struct Starving {
    /// The producer waits for room.
    starving: AtomicU32,
}

#[derive(Debug)]
#[repr(C, align(128))]
struct Consumer {
    cells: AtomicU64,
    bytes: AtomicU64,
    partial: AtomicU64,
}

#[derive(Debug)]
#[repr(C, align(128))]
struct Returned {
    cells: AtomicU64,
    bytes: AtomicU64,
    /// Sends whose memory was lent and is not needed any more.
    lent: AtomicU64,
}

/// What [`Ring::take_small`] finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Small {
    /// No record.
    Nothing,
    /// A record that it does not take.
    Other,
    /// A whole message, which was taken.
    Taken {
        /// Its bytes.
        length: usize,
        /// Is the producer to be told that there is room?
        hungry: bool,
    },
}

/// How far the consumer has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The cell.
    cells: u64,
    /// The byte at which the next record's bytes begin.
    bytes: u64,
    /// How many bytes of the cell's record were read.
    pub partial: u64,
}

/// One way.
#[derive(Debug)]
pub struct Ring {
    control: Place<Control>,
    cells: Places<Cell>,
    bytes: Bytes,
}

impl Ring {
    /// The ring at an offset of a segment, which is zero at first.
    ///
    /// # Panics
    /// If it does not lie inside.
    pub fn new(mapping: &Arc<Mapping>, offset: usize, shape: Shape) -> Self {
        let cells = offset + size_of::<Control>();
        let bytes = cells + shape.cells * size_of::<Cell>();
        Self {
            control: Place::new(mapping, offset),
            cells: Places::new(mapping, cells, shape.cells),
            bytes: Bytes::new(mapping, bytes, shape.bytes),
        }
    }
}

/// The producer's side.
impl Ring {
    /// How many cells and bytes are free, as last seen.
    fn free(&self) -> Result<(u64, u64), Nonsense> {
        let producer = &self.control.producer;
        let cells = producer.cells.load(Ordering::Relaxed).wrapping_sub(producer.free_cells.load(Ordering::Relaxed));
        let bytes = producer.bytes.load(Ordering::Relaxed).wrapping_sub(producer.free_bytes.load(Ordering::Relaxed));
        let cells = self.cells.len().checked_sub(cells).ok_or(Nonsense)?;
        Ok((cells, self.bytes.len().checked_sub(bytes).ok_or(Nonsense)?))
    }

    /// Looks how far the consumer has come.
    fn refresh(&self) -> Result<(u64, u64), Nonsense> {
        let Control { producer, returned, .. } = &*self.control;
        // Pairs with `publish`: what was read is read before it is overwritten.
        producer.free_cells.store(returned.cells.load(Ordering::Acquire), Ordering::Relaxed);
        producer.free_bytes.store(returned.bytes.load(Ordering::Acquire), Ordering::Relaxed);
        self.free()
    }

    /// Is there room for so much? If not, the consumer will say when there may be.
    pub fn has_room(&self, cells: usize, bytes: usize) -> Result<bool, Nonsense> {
        Ok(self.room(cells, bytes)?.is_some())
    }

    /// The free bytes, if there is room for so much.
    fn room(&self, cells: usize, bytes: usize) -> Result<Option<u64>, Nonsense> {
        let enough = |(free_cells, free_bytes): (u64, u64)| {
            (free_cells >= cells as u64 && free_bytes >= bytes as u64).then_some(free_bytes)
        };
        if let Some(free) = enough(self.free()?) {
            return Ok(Some(free));
        }
        if let Some(free) = enough(self.refresh()?) {
            return Ok(Some(free));
        }
        self.control.starving.starving.store(1, Ordering::Relaxed);
        // Pairs with `publish`: either it sees that we starve, or we see what it published.
        fence(Ordering::SeqCst);
        Ok(enough(self.refresh()?))
    }

    fn write(&self, position: u64, front: Front, words: &[u64]) {
        let cell = self.cells.at(position);
        for (to, from) in cell.words.iter().zip(words) {
            to.store(*from, Ordering::Relaxed);
        }
        cell.header.store(front.header(position), Ordering::Release);
    }

    fn advance(&self, cells: u64, bytes: u64) {
        let producer = &self.control.producer;
        if bytes > 0 {
            producer.bytes.store(bytes.wrapping_add(producer.bytes.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
        producer.cells.store(cells.wrapping_add(producer.cells.load(Ordering::Relaxed)), Ordering::Relaxed);
    }

    /// Sends all the bytes from `at` on, at most [`SMALL`], in cells. Returns whether there was room.
    #[inline]
    pub fn put_small(&self, data: &Gather, at: usize, last: bool) -> Result<bool, Nonsense> {
        let producer = &self.control.producer;
        let position = producer.cells.load(Ordering::Relaxed);
        let used = position.wrapping_sub(producer.free_cells.load(Ordering::Relaxed));
        // Nearly all lie together and fit into one cell, and there is nearly always one.
        if used < self.cells.len()
            && let Some(run) = data.run(at)
            && run.len() <= CELL
            && run.len() == data.len() - at
        {
            let cell = self.cells.at(position);
            segment::put_words(&cell.words, run);
            let front = Front { kind: Kind::Inline, marks: Marks { last, returns: false }, length: run.len() };
            cell.header.store(front.header(position), Ordering::Release);
            producer.cells.store(position.wrapping_add(1), Ordering::Relaxed);
            return Ok(true);
        }
        self.put_pieces(data, at, last)
    }

    #[inline(never)]
    fn put_pieces(&self, data: &Gather, at: usize, last: bool) -> Result<bool, Nonsense> {
        let length = data.len().saturating_sub(at).min(SMALL);
        let count = length.div_ceil(CELL).max(1);
        if self.room(count, 0)?.is_none() {
            return Ok(false);
        }
        let position = self.control.producer.cells.load(Ordering::Relaxed);
        // The first cell comes last: the consumer, who waits for it, then finds all of them.
        for index in (0..count).rev() {
            let mut bytes = [0_u8; CELL];
            let part = (length - index * CELL).min(CELL);
            data.copy_to(at + index * CELL, &mut bytes[..part]);
            let words = bytes.as_chunks::<8>().0;
            let mut packed = [0; WORDS];
            packed.iter_mut().zip(words).for_each(|(to, from)| *to = u64::from_ne_bytes(*from));
            let marks = Marks { last: last && index + 1 == count, returns: false };
            let front = Front { kind: Kind::Inline, marks, length: part };
            self.write(position.wrapping_add(index as u64), front, &packed[..part.div_ceil(8)]);
        }
        self.advance(count as u64, 0);
        Ok(true)
    }

    /// Sends bytes from `at` on, at most `limit`, through the ring of bytes. Returns how many, which is less if there is no room.
    ///
    /// `last` if the end of the data ends a message.
    pub fn put_attached(&self, data: &Gather, at: usize, limit: usize, last: bool) -> Result<usize, Nonsense> {
        let Some(free) = self.room(1, ALIGN as usize)? else { return Ok(0) };
        let rest = data.len().saturating_sub(at);
        let length = rest.min(limit).min(usize::try_from(free).unwrap_or(usize::MAX)).min(usize::from(u16::MAX));
        let mut to = self.control.producer.bytes.load(Ordering::Relaxed);
        for region in data.regions(at, length) {
            self.bytes.put(to, region);
            to = to.wrapping_add(region.len() as u64);
        }
        let marks = Marks { last: last && length == rest, returns: false };
        self.write_next(Front { kind: Kind::Attached, marks, length }, &[]);
        Ok(length)
    }

    /// Sends words, with bytes attached. Returns whether there was room. `attached` is at most `u16::MAX` bytes.
    pub fn put_words(&self, words: &[u64], attached: &Gather, at: usize, length: usize) -> Result<bool, Nonsense> {
        if self.room(1, length.next_multiple_of(ALIGN as usize))?.is_none() {
            return Ok(false);
        }
        let mut to = self.control.producer.bytes.load(Ordering::Relaxed);
        for region in attached.regions(at, length) {
            self.bytes.put(to, region);
            to = to.wrapping_add(region.len() as u64);
        }
        self.write_next(Front { kind: Kind::Attached, marks: Marks::default(), length }, words);
        Ok(true)
    }

    fn write_next(&self, front: Front, words: &[u64]) {
        self.write(self.control.producer.cells.load(Ordering::Relaxed), front, words);
        self.advance(1, (front.length as u64).next_multiple_of(ALIGN));
    }

    /// Lends all the data from `at` on to the consumer. Returns whether there was room.
    pub fn put_loan(&self, data: &Gather, at: usize, last: bool) -> Result<bool, Nonsense> {
        let count = data.regions(at, usize::MAX).count();
        if count == 0 || count > self.cells.len() as usize / 2 || self.room(count, 0)?.is_none() {
            return Ok(false);
        }
        let producer = &self.control.producer;
        producer.lent.store(producer.lent.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        for (index, region) in data.regions(at, usize::MAX).enumerate() {
            let end = index + 1 == count;
            let front = Front { kind: Kind::Loan, marks: Marks { last: last && end, returns: end }, length: 0 };
            self.write_next(front, &[region.as_ptr() as u64, region.len() as u64]);
        }
        Ok(true)
    }

    /// How many sends were lent and how many of these have ended, since the connection began.
    pub fn loans(&self) -> (u64, u64) {
        let lent = self.control.producer.lent.load(Ordering::Relaxed);
        (lent, self.control.returned.lent.load(Ordering::Acquire).min(lent))
    }
}

/// The consumer's side.
impl Ring {
    /// Where reading goes on.
    pub fn cursor(&self) -> Cursor {
        let consumer = &self.control.consumer;
        Cursor {
            cells: consumer.cells.load(Ordering::Relaxed),
            bytes: consumer.bytes.load(Ordering::Relaxed),
            partial: consumer.partial.load(Ordering::Relaxed),
        }
    }

    /// Takes the message that is there, if it is all in one cell and there is room for it in one piece: nearly every small one.
    #[inline]
    pub fn take_small(&self, room: &Scatter, at: usize) -> Small {
        let Control { consumer, returned, .. } = &*self.control;
        let position = consumer.cells.load(Ordering::Relaxed);
        let cell = self.cells.at(position);
        // Pairs with `put_small`: the bytes of the record are there.
        let header = cell.header.load(Ordering::Acquire);
        if header as u32 != turn(position) {
            return Small::Nothing;
        }
        let length = (header >> LENGTH) as usize;
        let whole = Front { kind: Kind::Inline, marks: Marks { last: true, returns: false }, length };
        if header != whole.header(position) || length > CELL || consumer.partial.load(Ordering::Relaxed) != 0 {
            return Small::Other;
        }
        if length > 0 {
            let Some(to) = room.run(at).and_then(|run| run.part(0, length)) else { return Small::Other };
            segment::take_words(&cell.words, to);
        }
        let next = position.wrapping_add(1);
        consumer.cells.store(next, Ordering::Relaxed);
        let unreturned = next.wrapping_sub(returned.cells.load(Ordering::Relaxed));
        let hungry = unreturned >= self.cells.len() / 4 && self.publish(&self.cursor());
        Small::Taken { length, hungry }
    }

    /// The record at a cursor, if it is there.
    pub fn front(&self, cursor: &Cursor) -> Result<Option<Front>, Nonsense> {
        // Pairs with `write`: the words and bytes of the record are there.
        let header = self.cells.at(cursor.cells).header.load(Ordering::Acquire);
        if header as u32 != turn(cursor.cells) {
            return Ok(None);
        }
        let front = Front::parse(header).ok_or(Nonsense)?;
        let fits = match front.kind {
            Kind::Inline => front.length <= CELL,
            Kind::Attached => front.length as u64 <= self.bytes.len(),
            Kind::Loan => true,
        };
        if fits { Ok(Some(front)) } else { Err(Nonsense) }
    }

    /// The words of the record at a cursor.
    pub fn words(&self, cursor: &Cursor) -> [u64; WORDS] {
        let cell = self.cells.at(cursor.cells);
        std::array::from_fn(|index| cell.words[index].load(Ordering::Relaxed))
    }

    /// Copies from the record at the cursor, which has its bytes in the cell: from those on that were read, as many as fit.
    pub fn take_inline(&self, cursor: &Cursor, front: &Front, room: &Scatter, at: usize) -> usize {
        let mut bytes = [0_u8; CELL];
        let cell = self.cells.at(cursor.cells);
        for (to, from) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(&cell.words).take(front.length.div_ceil(8)) {
            *to = from.load(Ordering::Relaxed).to_ne_bytes();
        }
        let skip = usize::try_from(cursor.partial).unwrap_or(usize::MAX).min(front.length);
        room.copy_from(at, &bytes[skip..front.length])
    }

    /// Copies `length` bytes of the record at the cursor, which has them in the ring of bytes, from byte `from` of it on.
    pub fn take_attached(&self, cursor: &Cursor, from: u64, to: impl Iterator<Item = Region>) {
        let mut from = cursor.bytes.wrapping_add(from);
        for region in to {
            self.bytes.take(from, region);
            from = from.wrapping_add(region.len() as u64);
        }
    }

    /// The cursor behind a record.
    pub fn after(&self, cursor: &Cursor, front: &Front) -> Cursor {
        let bytes = if front.kind == Kind::Attached { (front.length as u64).next_multiple_of(ALIGN) } else { 0 };
        Cursor { cells: cursor.cells.wrapping_add(1), bytes: cursor.bytes.wrapping_add(bytes), partial: 0 }
    }

    /// Records how far was read. Returns whether the producer is to be told that there is room.
    pub fn commit(&self, cursor: &Cursor) -> bool {
        let Control { consumer, returned, .. } = &*self.control;
        consumer.cells.store(cursor.cells, Ordering::Relaxed);
        consumer.bytes.store(cursor.bytes, Ordering::Relaxed);
        consumer.partial.store(cursor.partial, Ordering::Relaxed);
        let cells = cursor.cells.wrapping_sub(returned.cells.load(Ordering::Relaxed));
        let bytes = cursor.bytes.wrapping_sub(returned.bytes.load(Ordering::Relaxed));
        (cells >= self.cells.len() / 4 || bytes >= self.bytes.len() / 4) && self.publish(cursor)
    }

    fn publish(&self, cursor: &Cursor) -> bool {
        let Control { starving, returned, .. } = &*self.control;
        returned.cells.store(cursor.cells, Ordering::Release);
        returned.bytes.store(cursor.bytes, Ordering::Release);
        // Pairs with `room`.
        fence(Ordering::SeqCst);
        let hungry = starving.starving.load(Ordering::Relaxed) != 0;
        if hungry {
            starving.starving.store(0, Ordering::Relaxed);
        }
        hungry
    }

    /// Gives back the memory of a send that was lent.
    pub fn give_back(&self) {
        let lent = &self.control.returned.lent;
        lent.store(lent.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
