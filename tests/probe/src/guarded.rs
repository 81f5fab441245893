//! Memory that ends where it says: the byte behind it cannot be touched.

use std::io;
use std::ptr;

/// Regions that one call can use.
const REGIONS: usize = 96;

/// Room for the arguments of one call. Every piece lies at the end of its pages, and the page behind it is not accessible,
/// so that reading or writing one byte too many is noticed at once, without a sanitizer.
#[derive(Debug)]
pub struct Guarded {
    start: *mut u8,
    page: usize,
    used: usize,
    /// Pieces that found no region of their own, or are longer than one.
    spill: Vec<Box<[u8]>>,
}

impl Guarded {
    /// Reserves the room.
    ///
    /// # Panics
    /// The system has no memory for it.
    pub fn new() -> Self {
        // SAFETY: asks for a number.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("a page size");
        let length = REGIONS * 2 * page;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, wherever there is room.
        let start = unsafe { libc::mmap(ptr::null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "{}", io::Error::last_os_error());
        let start = start.cast::<u8>();
        for region in 0..REGIONS {
            let guard = start.wrapping_add((2 * region + 1) * page);
            // SAFETY: a page of the new mapping that nothing uses yet.
            let done = unsafe { libc::mprotect(guard.cast(), page, libc::PROT_NONE) };
            assert_eq!(done, 0, "{}", io::Error::last_os_error());
        }
        Self { start, page, used: 0, spill: Vec::new() }
    }

    /// Frees all pieces. Nothing may use them any more.
    pub fn clear(&mut self) {
        self.used = 0;
        self.spill.clear();
    }

    /// Puts the bytes at the end of a region and gives their address. No bytes at all lie right at the guard.
    pub fn place(&mut self, content: &[u8]) -> usize {
        if self.used == REGIONS || content.len() > self.page {
            let piece: Box<[u8]> = content.into();
            let address = piece.as_ptr().expose_provenance();
            self.spill.push(piece);
            return address;
        }
        let end = (2 * self.used + 1) * self.page;
        let at = self.start.wrapping_add(end - content.len());
        // SAFETY: the last bytes of an accessible page that no other piece uses; `content` is elsewhere.
        unsafe { ptr::copy_nonoverlapping(content.as_ptr(), at, content.len()) };
        self.used += 1;
        at.expose_provenance()
    }
}

impl Default for Guarded {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`, whose pieces nobody uses any more.
        unsafe { libc::munmap(self.start.cast(), REGIONS * 2 * self.page) };
    }
}
