//! Other processes: copying from and to their memory, and whether they live; and the addresses of the machine.

use std::hash::{BuildHasher, RandomState};
use std::os::windows::io::{AsRawHandle as _, OwnedHandle};
use std::sync::Arc;

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, WAIT_TIMEOUT};
use windows_sys::Win32::System::Diagnostics::Debug::{ReadProcessMemory, WriteProcessMemory};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_SYNCHRONIZE, PROCESS_VM_OPERATION, PROCESS_VM_READ, PROCESS_VM_WRITE, WaitForSingleObject,
};
use wsp::transport::{Fault, Region};

use super::socket::Socket;
pub use super::tables::addresses;
use super::{last_code, made};
pub use crate::os::common::Direction;

/// Who is at the other end of a local socket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The process.
    pub process: i32,
    /// Other systems have numbers for users.
    pub user: u32,
}

impl Credentials {
    /// May it give us something? There are no connections to others.
    pub fn may_give(&self) -> bool {
        true
    }
}

/// Who opened the other end.
pub fn credentials(socket: &Socket) -> Result<Credentials, Fault> {
    Ok(Credentials { process: socket.peer().cast_signed(), user: 0 })
}

/// This process.
pub fn own() -> i32 {
    std::process::id().cast_signed()
}

/// A number that is not easily met again. Nothing secret depends on it.
pub fn random() -> u64 {
    RandomState::new().hash_one(own())
}

/// Does the process exist?
pub fn alive(process: i32) -> bool {
    let Some(process) = u32::try_from(process).ok().filter(|process| *process > 0) else { return false };
    // SAFETY: the handle is new, and ours alone.
    match unsafe { made(OpenProcess(PROCESS_SYNCHRONIZE, 0, process)) } {
        // Somebody may still have a handle of a process that has ended.
        // SAFETY: a handle of our own.
        Ok(process) => unsafe { WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_TIMEOUT },
        // Not ours to wait for, it is alive, too.
        Err(_) => last_code() == ERROR_ACCESS_DENIED,
    }
}

/// The memory of another process, or of this one. While this lives no other process gets its number.
#[derive(Debug, Clone)]
pub struct Memory(Arc<OwnedHandle>);

impl Memory {
    /// The memory of a process, if the system lets us.
    pub fn of(who: &Credentials) -> Option<Self> {
        let rights = PROCESS_VM_READ | PROCESS_VM_WRITE | PROCESS_VM_OPERATION;
        // SAFETY: the handle is new, and ours alone.
        let process = unsafe { made(OpenProcess(rights, 0, who.process.cast_unsigned())) };
        process.ok().map(|process| Self(Arc::new(process)))
    }

    /// Copies between pieces of our memory and one run of the other process's. Returns how many bytes were copied, which is
    /// fewer than the pieces have if some memory is not there.
    ///
    /// # Errors
    /// The process or the first byte is not there.
    pub fn copy(&self, direction: Direction, ours: impl Iterator<Item = Region>, theirs: u64) -> Result<usize, Fault> {
        let mut copied = 0;
        for region in ours {
            let moved = self.copy_one(direction, region, theirs.wrapping_add(copied as u64));
            copied += moved;
            if moved < region.len() {
                return if copied == 0 { Err(Fault::Access) } else { Ok(copied) };
            }
        }
        Ok(copied)
    }

    /// Reads from the other process into pieces of our memory, if the process is the one that has `known.1` at address `known.0`.
    /// The answer is as for [`copy`](Self::copy).
    ///
    /// # Errors
    /// As for [`copy`](Self::copy), or it is another process.
    pub fn copy_known(
        &self,
        known: (u64, u64),
        ours: impl Iterator<Item = Region>,
        theirs: u64,
    ) -> Result<usize, Fault> {
        if self.read_word(known.0)? != known.1 {
            return Err(Fault::Access);
        }
        self.copy(Direction::Read, ours, theirs)
    }

    /// Reads one word of the other process.
    pub fn read_word(&self, address: u64) -> Result<u64, Fault> {
        let mut word = 0_u64;
        // SAFETY: a local, which outlives the copy.
        let region = unsafe { Region::new((&raw mut word).cast(), 8) };
        if self.copy_one(Direction::Read, region, address) == 8 { Ok(word) } else { Err(Fault::Access) }
    }

    /// Copies one piece. Returns how many bytes were copied.
    fn copy_one(&self, direction: Direction, ours: Region, theirs: u64) -> usize {
        let Ok(theirs) = usize::try_from(theirs) else { return 0 };
        let (process, mut moved) = (self.0.as_raw_handle(), 0);
        // SAFETY: the region is good for the access by its maker's word, the count is a local. The system checks the addresses of the
        // other process; a wrong one is an error and no access.
        let done = unsafe {
            match direction {
                Direction::Read => {
                    let from = theirs as *const std::ffi::c_void;
                    ReadProcessMemory(process, from, ours.as_ptr().cast(), ours.len(), &raw mut moved)
                }
                Direction::Write => {
                    let to = theirs as *const std::ffi::c_void;
                    WriteProcessMemory(process, to, ours.as_ptr().cast(), ours.len(), &raw mut moved)
                }
            }
        };
        if done == 0 { moved.min(ours.len()) } else { ours.len() }
    }
}
