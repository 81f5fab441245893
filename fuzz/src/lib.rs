//! What fuzz targets have in common.

pub mod tag;

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use wsp::transport::{Bell, Region};

/// Sleeps at the bell until there is an answer.
pub fn until<R>(bell: &impl Bell, mut attempt: impl FnMut() -> Option<R>) -> R {
    loop {
        let ticket = bell.arm();
        let result = attempt();
        if result.is_none() {
            bell.sleep(ticket, None);
        }
        bell.disarm();
        if let Some(result) = result {
            return result;
        }
    }
}

const MARGIN: usize = 64;
const UNTOUCHED: u8 = 0xA7;

/// Memory with margins, which an overrun is seen in that a sanitizer does not see: the kernel's.
pub struct Block {
    base: *mut [u8],
}

impl Block {
    /// So many bytes.
    pub fn new(size: usize) -> Self {
        Self { base: Box::into_raw(vec![UNTOUCHED; MARGIN + size + MARGIN].into_boxed_slice()) }
    }

    /// How many bytes.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.base.len() - 2 * MARGIN
    }

    /// Where they are. Whoever asks sees to it that nothing uses them once this value is dropped.
    pub fn region(&self) -> Region {
        // SAFETY: inside the allocation, which this value keeps.
        unsafe { Region::new(self.base.cast::<u8>().add(MARGIN), self.len()) }
    }

    /// What they are now.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: as above; nothing writes to them while the caller looks, by the caller's order of things.
        unsafe { std::slice::from_raw_parts(self.base.cast::<u8>().add(MARGIN), self.len()) }
    }

    /// Is there nothing beside them that was not there before?
    pub fn is_intact(&self) -> bool {
        // SAFETY: the allocation of `new`.
        let all = unsafe { &*self.base };
        all[..MARGIN].iter().chain(&all[MARGIN + self.len()..]).all(|byte| *byte == UNTOUCHED)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it came from `Box::into_raw` in `new`.
        drop(unsafe { Box::from_raw(self.base) });
    }
}

/// The memory of a connection over shared memory, mapped once more.
pub struct Segment {
    base: *mut u8,
    length: usize,
}

impl Segment {
    /// The files of all segments of this process.
    fn files() -> Vec<PathBuf> {
        let open = std::fs::read_dir("/proc/self/fd").expect("the system lists open files");
        let is_segment = |path: &PathBuf| {
            std::fs::read_link(path).is_ok_and(|target| target.to_string_lossy().starts_with("/memfd:wsp-connection"))
        };
        open.filter_map(|entry| Some(entry.ok()?.path())).filter(is_segment).collect()
    }

    /// Waits until the last connection's is gone: another thread may just be looking at it.
    pub fn wait_until_none() {
        while !Self::files().is_empty() {
            std::thread::yield_now();
        }
    }

    /// The segment of the only connection.
    ///
    /// # Panics
    /// There is none.
    pub fn find() -> Self {
        let path = Self::files().pop().expect("there is a connection");
        let file = OpenOptions::new().read(true).write(true).open(path).expect("the file is there");
        Self::map(&file)
    }

    fn map(file: &File) -> Self {
        let length = file.metadata().expect("the file has a size").len() as usize;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping of a file that is so long.
        let base =
            unsafe { libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        assert_ne!(base, libc::MAP_FAILED, "memory is mapped");
        Self { base: base.cast(), length }
    }

    /// How many bytes.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.length
    }

    fn word(&self, at: usize) -> &AtomicU32 {
        assert!(at.is_multiple_of(4) && at + 4 <= self.length);
        // SAFETY: aligned and inside the mapping; only atomics and copies that may race are used on it.
        unsafe { &*self.base.add(at).cast::<AtomicU32>() }
    }

    /// The word at an offset, which is a multiple of 4.
    pub fn get(&self, at: usize) -> u32 {
        self.word(at).load(Ordering::Relaxed)
    }

    /// Changes it.
    pub fn set(&self, at: usize, value: u32) {
        self.word(at).store(value, Ordering::Relaxed);
    }

    /// All words.
    pub fn words(&self) -> Vec<u32> {
        (0..self.length).step_by(4).map(|at| self.get(at)).collect()
    }

    /// Where lines of 64 bytes begin that are not as before; of long stretches, which are data, the first few.
    pub fn lines_that_differ(&self, before: &[u32]) -> Vec<usize> {
        const LINE: usize = 16;
        const FEW: usize = 4;
        let mut found = Vec::new();
        let mut stretch = 0;
        for (line, (before, now)) in before.chunks(LINE).zip(self.words().chunks(LINE)).enumerate() {
            stretch = if before == now { 0 } else { stretch + 1 };
            if (1..=FEW).contains(&stretch) {
                found.push(line * LINE * 4);
            }
        }
        found
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: the mapping of `map`.
        unsafe { libc::munmap(self.base.cast(), self.length) };
    }
}
