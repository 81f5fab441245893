//! Files of memory, sealed against change of size, and their mappings.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt as _;
use std::ptr::{self, NonNull};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};
use wsp::transport::Fault;

use super::{Descriptor, fault};

const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// What `statfs` calls the file system behind files of memory. Memory of huge pages is another one, and may fault.
const TMPFS: u64 = 0x0102_1994;

/// Makes a file of memory, full of zeros. It vanishes with its last user.
pub fn create(name: &str, size: usize) -> Result<Descriptor, Fault> {
    let file = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).map_err(fault)?;
    rustix::fs::ftruncate(&file, size as u64).map_err(fault)?;
    rustix::fs::fcntl_add_seals(&file, SEALS).map_err(fault)?;
    Ok(file)
}

/// Checks what another process passed: of the size that is expected, and sealed, so that no access can ever fault.
pub fn check(file: impl AsFd, size: usize) -> Result<(), Fault> {
    let sealed = rustix::fs::fcntl_get_seals(&file).is_ok_and(|seals| seals.contains(SEALS));
    let sized = rustix::fs::fstat(&file).is_ok_and(|stat| u64::try_from(stat.st_size) == Ok(size as u64));
    let plain = rustix::fs::fstatfs(&file).is_ok_and(|stat| stat.f_type as u64 == TMPFS);
    if sealed && sized && plain { Ok(()) } else { Err(Fault::Reset) }
}

/// What tells files of memory apart.
pub fn identity(file: impl AsFd) -> Result<(u64, u64), Fault> {
    rustix::fs::fstat(&file).map(|stat| (stat.st_dev, stat.st_ino)).map_err(fault)
}

/// Another descriptor of the same file.
pub fn duplicate(file: impl AsFd) -> Result<Descriptor, Fault> {
    file.as_fd().try_clone_to_owned().map_err(Fault::from)
}

/// A file of memory with these bytes.
pub fn store(name: &str, bytes: &[u8]) -> Result<Descriptor, Fault> {
    let file = File::from(rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC).map_err(fault)?);
    file.write_all_at(bytes, 0)?;
    Ok(file.into())
}

/// The bytes of a file that another process passed, which must be fewer than so many.
pub fn contents(file: Descriptor, limit: usize) -> Result<Vec<u8>, Fault> {
    let (file, mut bytes, mut at) = (File::from(file), vec![0; limit], 0);
    loop {
        match file.read_at(&mut bytes[at..], at as u64)? {
            0 if at < limit => break,
            0 => return Err(Fault::BadClaim),
            count => at += count,
        }
    }
    bytes.truncate(at);
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
    /// Maps a file whose size was [checked](check), or that was [created](create) so large.
    pub fn new(file: impl AsFd, size: usize) -> Result<Self, Fault> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address of the system's choice touches no memory that anything else knows of.
        let base = unsafe { rustix::mm::mmap(ptr::null_mut(), size, protection, MapFlags::SHARED, file, 0) };
        let base = NonNull::new(base.map_err(fault)?.cast()).ok_or(Fault::NoBuffers)?;
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
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new`, and whoever points into it holds a count of this value.
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.length) };
        debug_assert!(unmapped.is_ok(), "a mapping of our own cannot fail to be unmapped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_of_one_file_have_one_identity() {
        let [one, other] = [(); 2].map(|()| create("test", 4096).unwrap());
        assert_eq!(identity(&one), identity(duplicate(&one).unwrap()));
        assert_ne!(identity(&one), identity(&other));
    }

    #[test]
    fn only_sealed_files_of_the_right_size_are_taken() {
        let good = create("test", 8192).unwrap();
        assert_eq!(check(&good, 8192), Ok(()));
        assert_eq!(check(&good, 4096), Err(Fault::Reset));
        assert!(rustix::fs::ftruncate(&good, 0).is_err());
        let unsealed = rustix::fs::memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::fs::ftruncate(&unsealed, 8192).unwrap();
        assert_eq!(check(&unsealed, 8192), Err(Fault::Reset));
        assert_eq!(check(std::fs::File::open("/dev/null").unwrap(), 8192), Err(Fault::Reset));
    }
}
