//! Where the threads of a process sleep, and how other processes wake them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;

use wsp::transport::{Bell, Fault};

use super::segment::{Place, Shared};
use crate::os::memory::{self, Mapping};
use crate::os::sync;

const SIZE: usize = 4096;

/// A peer that means ill can spoil the page, and its ringing with it. No sleep is longer than this, so that costs time only.
const LONGEST: Duration = Duration::from_millis(500);

#[derive(Debug)]
#[repr(C, align(64))]
struct Page {
    sleepers: AtomicU32,
    rung: AtomicU32,
}

// SAFETY: atomics only.
unsafe impl Shared for Page {}

/// A bell in a page of its own, which peers map as well.
#[derive(Debug)]
pub struct Doorbell {
    page: Place<Page>,
    file: OwnedFd,
    identity: (u64, u64),
}

impl Doorbell {
    /// A bell of this process.
    pub fn new() -> Result<Self, Fault> {
        Self::map(memory::create("wsp-bell", SIZE)?)
    }

    /// The bell that another process passed.
    pub fn of_peer(file: OwnedFd) -> Result<Self, Fault> {
        memory::check(&file, SIZE)?;
        Self::map(file)
    }

    fn map(file: OwnedFd) -> Result<Self, Fault> {
        let page = Place::new(&Arc::new(Mapping::new(&file, SIZE)?), 0);
        let identity = memory::identity(&file)?;
        Ok(Self { page, file, identity })
    }

    /// What tells bells apart.
    pub fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// The file, to pass it on.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Wakes who sleeps, if anybody does. What happened must be ordered before by a fence.
    #[inline]
    pub fn ring_fenced(&self) {
        if self.page.sleepers.load(Ordering::Relaxed) != 0 {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        self.page.rung.fetch_add(1, Ordering::Release);
        sync::wake(&self.page.rung);
    }
}

impl Bell for Doorbell {
    fn arm(&self) -> u32 {
        self.page.sleepers.fetch_add(1, Ordering::SeqCst);
        // Pairs with the fence before `ring_fenced`: the sleeper's second look comes after its announcement.
        fence(Ordering::SeqCst);
        self.page.rung.load(Ordering::Acquire)
    }

    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        sync::wait(&self.page.rung, ticket, limit.unwrap_or(LONGEST).min(LONGEST));
    }

    fn disarm(&self) {
        self.page.sleepers.fetch_sub(1, Ordering::Release);
    }

    fn ring(&self) {
        fence(Ordering::SeqCst);
        self.ring_fenced();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn a_sleeper_is_woken_through_another_mapping() {
        let (bell, happened) = (Arc::new(Doorbell::new().unwrap()), Arc::new(AtomicBool::new(false)));
        let theirs = Doorbell::of_peer(memory::duplicate(bell.file()).unwrap()).unwrap();
        assert_eq!(bell.identity(), theirs.identity());
        let other = {
            let happened = Arc::clone(&happened);
            std::thread::spawn(move || {
                happened.store(true, Ordering::Relaxed);
                theirs.ring();
            })
        };
        loop {
            let ticket = bell.arm();
            let done = happened.load(Ordering::Relaxed);
            if !done {
                bell.sleep(ticket, None);
            }
            bell.disarm();
            if done {
                break;
            }
        }
        assert!(other.join().is_ok());
    }

    #[test]
    fn a_bell_rung_after_the_ticket_is_heard() {
        let bell = Doorbell::new().unwrap();
        let ticket = bell.arm();
        bell.ring();
        assert_ne!(bell.page.rung.load(Ordering::Relaxed), ticket);
        bell.sleep(ticket, None);
        bell.disarm();
    }

    #[test]
    fn an_unsealed_file_is_no_bell() {
        let file = std::fs::File::open("/dev/zero").unwrap();
        assert_eq!(Doorbell::of_peer(file.into()).err(), Some(Fault::Reset));
    }
}
