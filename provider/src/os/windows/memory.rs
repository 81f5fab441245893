//! Sections of the paging file, and their mappings. A section vanishes with its last user, and no access to it can fail.

use std::os::windows::io::{AsHandle, AsRawHandle as _};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_READ, FILE_MAP_WRITE, MEM_COMMIT, MEM_MAPPED, MEMORY_BASIC_INFORMATION,
    MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, PAGE_READWRITE, UnmapViewOfFile, VirtualQuery,
};
use windows_sys::Win32::System::ProcessStatus::K32GetMappedFileNameW;
use windows_sys::Win32::System::Threading::GetCurrentProcess;
use wsp::transport::Fault;

use super::{Descriptor, last, made};

/// In front of what is [stored](store): how much it is.
const HEADER: usize = 8;

/// Makes memory, full of zeros. The name is for the eyes of other systems.
pub fn create(_name: &str, size: usize) -> Result<Descriptor, Fault> {
    let size = size as u64;
    let (high, low) = ((size >> 32) as u32, size as u32);
    // SAFETY: no pointers to memory are passed; the handle is new.
    unsafe { made(CreateFileMappingW(INVALID_HANDLE_VALUE, ptr::null(), PAGE_READWRITE, high, low, ptr::null())) }
}

/// Checks what another process passed: as large as is expected, and of the paging file, so that no access can ever fail.
pub fn check(file: &Descriptor, size: usize) -> Result<(), Fault> {
    let mapping = Mapping::new(file, size).map_err(|_| Fault::Reset)?;
    if mapping.is_plain() { Ok(()) } else { Err(Fault::Reset) }
}

/// What tells memory apart. Here two handles of one section do not look the same, so what is passed twice is mapped twice.
pub fn identity(_file: &Descriptor) -> Result<(u64, u64), Fault> {
    static NEWEST: AtomicU64 = AtomicU64::new(0);
    Ok((0, NEWEST.fetch_add(1, Ordering::Relaxed)))
}

/// Another handle of the same.
pub fn duplicate(file: impl AsHandle) -> Result<Descriptor, Fault> {
    file.as_handle().try_clone_to_owned().map_err(super::fault)
}

/// Memory with these bytes.
pub fn store(name: &str, bytes: &[u8]) -> Result<Descriptor, Fault> {
    let file = create(name, HEADER + bytes.len())?;
    let mapping = Mapping::new(&file, HEADER + bytes.len())?;
    let base = mapping.base().as_ptr();
    // SAFETY: the mapping is writable and as large as both together; nobody else knows of it yet.
    unsafe {
        base.cast::<u64>().write(bytes.len() as u64);
        ptr::copy_nonoverlapping(bytes.as_ptr(), base.add(HEADER), bytes.len());
    }
    Ok(file)
}

/// The bytes that another process [stored](store), which must be fewer than so many.
pub fn contents(file: Descriptor, limit: usize) -> Result<Vec<u8>, Fault> {
    // Before anything is read: an access to other memory could fail.
    check(&file, HEADER).map_err(|_| Fault::BadClaim)?;
    let header = Mapping::new(&file, HEADER)?;
    // SAFETY: the mapping is so large, and aligned; whatever is there is a number. It may change, but is read once.
    let length = unsafe { header.base().as_ptr().cast::<u64>().read_volatile() };
    let length = usize::try_from(length).ok().filter(|length| *length < limit).ok_or(Fault::BadClaim)?;
    check(&file, HEADER + length).map_err(|_| Fault::BadClaim)?;
    let mapping = Mapping::new(&file, HEADER + length)?;
    let mut bytes = vec![0; length];
    // SAFETY: the mapping is as large as both together.
    unsafe { ptr::copy_nonoverlapping(mapping.base().as_ptr().add(HEADER), bytes.as_mut_ptr(), length) };
    Ok(bytes)
}

/// Memory that other processes may have mapped as well, and change at any time.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    length: usize,
}

// SAFETY: an address range that stays mapped until the value is dropped; all access goes through atomics or raw copies.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps what was [checked](check), or [created](create) so large.
    pub fn new(file: impl AsHandle, size: usize) -> Result<Self, Fault> {
        // SAFETY: a new mapping at an address of the system's choice touches no memory that anything else knows of. It fails if the
        // section is smaller.
        let base =
            unsafe { MapViewOfFile(file.as_handle().as_raw_handle(), FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, size) };
        let base = NonNull::new(base.Value.cast()).ok_or_else(last)?;
        Ok(Self { base, length: size })
    }

    /// Where it begins.
    pub fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Is all of it there for good: committed and in no file?
    fn is_plain(&self) -> bool {
        let mut found = MEMORY_BASIC_INFORMATION::default();
        let size = size_of_val(&found);
        // SAFETY: the pointers are to a mapping, which is only looked at, and to a local of the size stated.
        let got = unsafe { VirtualQuery(self.base.as_ptr().cast(), &raw mut found, size) };
        let mut name = [0_u16; 8];
        // SAFETY: the buffer is a local of the size stated; the name is cut to it.
        let named = unsafe {
            K32GetMappedFileNameW(GetCurrentProcess(), self.base.as_ptr().cast(), name.as_mut_ptr(), name.len() as u32)
        };
        let whole = found.RegionSize >= self.length && found.State == MEM_COMMIT && found.Type == MEM_MAPPED;
        got == size && whole && found.Protect == PAGE_READWRITE && named == 0
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let view = MEMORY_MAPPED_VIEW_ADDRESS { Value: self.base.as_ptr().cast() };
        // SAFETY: the range was mapped by `new`, and whoever points into it holds a count of this value.
        let unmapped = unsafe { UnmapViewOfFile(view) };
        debug_assert!(unmapped != 0, "a mapping of our own cannot fail to be unmapped");
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::System::Memory::SEC_RESERVE;

    use super::*;

    #[test]
    fn only_committed_sections_of_the_right_size_are_taken() {
        let good = create("test", 8192).unwrap();
        assert_eq!(check(&good, 8192), Ok(()));
        assert_eq!(check(&good, 65536 * 2), Err(Fault::Reset));
        let section = |file, kind| {
            // SAFETY: no pointers to memory are passed; the handle is new.
            unsafe { made(CreateFileMappingW(file, ptr::null(), kind, 0, 8192, ptr::null())) }.unwrap()
        };
        // Its pages may not be there.
        assert_eq!(check(&section(INVALID_HANDLE_VALUE, PAGE_READWRITE | SEC_RESERVE), 8192), Err(Fault::Reset));
        let reserved = section(INVALID_HANDLE_VALUE, PAGE_READWRITE | SEC_RESERVE);
        assert_eq!(contents(reserved, 8192), Err(Fault::BadClaim), "looked at before it is read");
        // Its bytes may not be there.
        let file = tempfile();
        assert_eq!(check(&section(file.as_raw_handle(), PAGE_READWRITE), 8192), Err(Fault::Reset));
        assert_eq!(check(&file.into(), 8192), Err(Fault::Reset));
    }

    fn tempfile() -> std::fs::File {
        use std::os::windows::fs::OpenOptionsExt as _;
        const DELETE_ON_CLOSE: u32 = 0x0400_0000;
        let path = std::env::temp_dir().join(format!("wsp-section-{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).custom_flags(DELETE_ON_CLOSE);
        options.open(path).unwrap()
    }
}
