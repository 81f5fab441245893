//! The rings in a mapped file: how they lie there, and how a thread writes its own.

use std::cell::Cell;
use std::mem::size_of;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use super::map::Map;

/// What a file begins with. The last digit is the version of the layout.
pub const MAGIC: [u8; 8] = *b"WSPTRAC1";
/// Threads that record at a time.
pub const RINGS: usize = 64;
/// Calls that a ring keeps.
pub const RECORDS: usize = 1024;
/// Longest name of a function, with its profile in front.
pub const NAME: usize = 40;

/// The beginning of the file.
#[repr(C)]
pub struct Header {
    pub magic: [u8; 8],
    pub process: u32,
    pub rings: u32,
    pub records: u32,
    pub record_size: u32,
    /// Calls of threads that found no ring.
    pub lost: AtomicU64,
    pub spare: [u64; 4],
}

/// One call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    /// Nanoseconds since the file was made, when the call began.
    pub at: u64,
    pub socket: u64,
    /// Nanoseconds that it took, at most some four seconds.
    pub took: u32,
    pub code: i32,
    /// Filled up with zeros.
    pub function: [u8; NAME],
}

/// The calls of one thread.
#[repr(C)]
pub struct Ring {
    /// Calls ever recorded: the newest is at `(count - 1) % RECORDS`.
    pub count: AtomicU64,
    /// Which of the threads that ever recorded it was; 0: nobody's yet.
    pub thread: AtomicU32,
    /// Does a living thread write it?
    pub used: AtomicU32,
    pub spare: [u64; 6],
    pub entries: [Entry; RECORDS],
}

/// All of the file.
#[repr(C)]
pub struct Layout {
    pub header: Header,
    pub rings: [Ring; RINGS],
}

const _: () = assert!(size_of::<Header>() == 64 && size_of::<Entry>() == 64 && size_of::<Ring>() == 64 * (RECORDS + 1));

/// The rings of a library.
pub struct Rings {
    layout: NonNull<Layout>,
    /// The moment that times are told from.
    origin: Instant,
    threads: AtomicU32,
}

// SAFETY: the mapping stays for ever; counters are atomic, and the rest of a ring is written by the one thread that has claimed it.
unsafe impl Send for Rings {}
// SAFETY: as above.
unsafe impl Sync for Rings {}

/// A thread's claim to a ring.
struct Claim(&'static Ring);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.used.store(0, Ordering::Release);
    }
}

thread_local! {
    static MINE: Cell<Option<Claim>> = const { Cell::new(None) };
}

impl Rings {
    /// Takes a mapped file over. It is all zeros.
    pub fn new(map: Map, process: u32) -> Option<Self> {
        let layout: NonNull<Layout> = map.leak()?;
        // SAFETY: the mapping is of the layout's size, aligned to a page, and nobody else has it yet.
        unsafe {
            let header = &raw mut (*layout.as_ptr()).header;
            (*header).process = process;
            (*header).rings = RINGS as u32;
            (*header).records = RECORDS as u32;
            (*header).record_size = size_of::<Entry>() as u32;
            (*header).magic = MAGIC;
        }
        Some(Self { layout, origin: Instant::now(), threads: AtomicU32::new(0) })
    }

    /// Records a call on the calling thread's ring.
    pub fn record(&'static self, function: &str, begun: Instant, socket: usize, code: i32) {
        let mut entry = Entry {
            at: nanoseconds(begun.saturating_duration_since(self.origin)),
            socket: socket as u64,
            took: u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX),
            code,
            function: [0; NAME],
        };
        let length = function.len().min(NAME);
        entry.function[..length].copy_from_slice(&function.as_bytes()[..length]);
        // Taken out while it is used: whoever comes in between on this thread claims another.
        let written = MINE.try_with(|mine| {
            let Some(claim) = mine.take().or_else(|| self.claim()) else { return false };
            write(claim.0, entry);
            mine.set(Some(claim));
            true
        });
        if written != Ok(true) {
            // SAFETY: the mapping stays for ever.
            unsafe { (*self.layout.as_ptr()).header.lost.fetch_add(1, Ordering::Relaxed) };
        }
    }

    /// A ring for this thread: a fresh one if there is one, else that of a thread that has ended.
    fn claim(&'static self) -> Option<Claim> {
        // SAFETY: the mapping stays for ever, and only shared parts and atomics are reached through the reference.
        let rings = unsafe { &(*self.layout.as_ptr()).rings };
        let free = |ring: &&Ring| ring.used.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        let fresh = rings.iter().filter(|ring| ring.thread.load(Ordering::Relaxed) == 0).find(free);
        let ring = fresh.or_else(|| rings.iter().find(free))?;
        ring.count.store(0, Ordering::Release);
        ring.thread.store(self.threads.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        Some(Claim(ring))
    }
}

/// Writes an entry, then counts it: who reads the file finds whole entries.
fn write(ring: &Ring, entry: Entry) {
    let count = ring.count.load(Ordering::Relaxed);
    let place = &raw const ring.entries[count as usize % RECORDS];
    // SAFETY: the entry belongs to the thread that has claimed the ring; the memory is a writable mapping, and nothing in this process
    // reads it.
    unsafe { place.cast_mut().write_volatile(entry) };
    ring.count.store(count + 1, Ordering::Release);
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
