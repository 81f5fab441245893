//! A file as memory.

use std::fs::File;
use std::mem::{align_of, size_of};
use std::ptr::NonNull;

/// A mapped file; never unmapped.
pub struct Map {
    address: NonNull<u8>,
    length: usize,
}

impl Map {
    /// Maps a file of this length, for reading and writing. `None` if the system will not.
    pub fn new(file: &File, length: usize) -> Option<Self> {
        Some(Self { address: os::map(file, length)?, length })
    }

    /// The memory as a `T`, for ever. `None` if it is too small or not aligned for one.
    pub fn leak<T>(self) -> Option<NonNull<T>> {
        let fits = self.length >= size_of::<T>() && (self.address.as_ptr() as usize).is_multiple_of(align_of::<T>());
        fits.then(|| self.address.cast())
    }
}

#[cfg(unix)]
mod os {
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::ptr::{self, NonNull};

    pub fn map(file: &File, length: usize) -> Option<NonNull<u8>> {
        let (access, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping where the system likes it; the file is open for both.
        let address = unsafe { libc::mmap(ptr::null_mut(), length, access, shared, file.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED { None } else { NonNull::new(address.cast()) }
    }
}

#[cfg(windows)]
mod os {
    use core::ffi::c_void;
    use std::fs::File;
    use std::os::windows::io::AsRawHandle;
    use std::ptr::{self, NonNull};

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn CreateFileMappingW(
            file: *mut c_void,
            security: *mut c_void,
            protection: u32,
            high: u32,
            low: u32,
            name: *const u16,
        ) -> *mut c_void;
        fn MapViewOfFile(mapping: *mut c_void, access: u32, high: u32, low: u32, length: usize) -> *mut c_void;
        fn CloseHandle(handle: *mut c_void) -> i32;
    }

    const PAGE_READWRITE: u32 = 4;
    const FILE_MAP_WRITE: u32 = 2;

    pub fn map(file: &File, length: usize) -> Option<NonNull<u8>> {
        // SAFETY: the file is open for both; no security, no name; the length is the file's.
        let mapping =
            unsafe { CreateFileMappingW(file.as_raw_handle(), ptr::null_mut(), PAGE_READWRITE, 0, 0, ptr::null()) };
        if mapping.is_null() {
            return None;
        }
        // SAFETY: a mapping of at least this length.
        let view = unsafe { MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, length) };
        // SAFETY: the mapping's handle is ours; the view keeps the mapping alive.
        unsafe { CloseHandle(mapping) };
        NonNull::new(view.cast())
    }
}
