//! Two cache lines that two processes write in turn: the least that a round trip can cost.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Link, Problem, said};

/// A line of its own for each direction; pairs of lines are fetched together.
#[repr(C, align(128))]
struct Line(AtomicU64);

/// One end.
pub struct Raw {
    lines: NonNull<[Line; 2]>,
    /// Which line is ours.
    side: usize,
    sent: u64,
    seen: u64,
    _file: File,
}

impl Raw {
    pub fn answer(tell: &mut dyn FnMut(&str) -> Result<(), Problem>) -> Result<Self, Problem> {
        // SAFETY: the name is a C string; the descriptor is new, and the file's from here on.
        let file = unsafe {
            let descriptor = libc::memfd_create(c"wsp-bench".as_ptr(), libc::MFD_CLOEXEC);
            if descriptor < 0 {
                return Err(said(std::io::Error::last_os_error()));
            }
            File::from_raw_fd(descriptor)
        };
        file.set_len(size_of::<[Line; 2]>() as u64).map_err(said)?;
        let place = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        let end = Self::map(file, 1)?;
        tell(&place)?;
        Ok(end)
    }

    pub fn ask(place: &str) -> Result<Self, Problem> {
        Self::map(OpenOptions::new().read(true).write(true).open(place).map_err(said)?, 0)
    }

    fn map(file: File, side: usize) -> Result<Self, Problem> {
        let (size, protection) = (size_of::<[Line; 2]>(), libc::PROT_READ | libc::PROT_WRITE);
        // SAFETY: a new mapping of a file of this size, anywhere.
        let memory = unsafe { libc::mmap(ptr::null_mut(), size, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        match NonNull::new(memory.cast()) {
            Some(lines) if memory != libc::MAP_FAILED => Ok(Self { lines, side, sent: 0, seen: 0, _file: file }),
            _ => Err(said(std::io::Error::last_os_error())),
        }
    }

    fn lines(&self) -> &[Line; 2] {
        // SAFETY: mapped, page-aligned and as large as that, until the process ends; atomics only.
        unsafe { self.lines.as_ref() }
    }
}

impl Link for Raw {
    fn send(&mut self, _: usize) -> Result<(), Problem> {
        self.sent += 1;
        self.lines()[self.side].0.store(self.sent, Ordering::Release);
        Ok(())
    }

    fn recv(&mut self, _: usize) -> Result<(), Problem> {
        self.seen += 1;
        while self.lines()[1 - self.side].0.load(Ordering::Acquire) < self.seen {
            std::hint::spin_loop();
        }
        Ok(())
    }
}

/// Keeps this process on the first processor that it may use.
pub fn stay_on_one_processor() {
    // SAFETY: plain data of which all zeros are good; read and set for this process.
    unsafe {
        let mut allowed: libc::cpu_set_t = std::mem::zeroed();
        let size = size_of::<libc::cpu_set_t>();
        if libc::sched_getaffinity(0, size, &raw mut allowed) == 0
            && let Some(first) = (0..libc::CPU_SETSIZE as usize).find(|one| libc::CPU_ISSET(*one, &allowed))
        {
            libc::CPU_ZERO(&mut allowed);
            libc::CPU_SET(first, &mut allowed);
            libc::sched_setaffinity(0, size, &raw const allowed);
        }
    }
}
