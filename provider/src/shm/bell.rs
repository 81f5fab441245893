//! Where the threads of a process sleep, and how other processes wake them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;

use wsp::transport::{Bell, Fault, Sleepers};

use super::segment::{Place, Shared};
use crate::os::Descriptor;
use crate::os::memory::{self, Mapping};
use crate::os::sync::Alarm;

const SIZE: usize = 4096;

/// A peer that means ill can spoil the page, and its ringing with it. No sleep is longer than this, so that costs time only.
const LONGEST: Duration = Duration::from_millis(500);

#[derive(Debug)]
#[repr(C, align(64))]
struct Page {
    sleepers: Sleepers,
    /// For the use of the alarm.
    waiting: AtomicU32,
}

// SAFETY: atomics only.
unsafe impl Shared for Page {}

/// A bell in a page of its own, which peers map as well.
#[derive(Debug)]
pub struct Doorbell {
    page: Place<Page>,
    alarm: Alarm,
    file: Descriptor,
    identity: (u64, u64),
}

impl Doorbell {
    /// A bell of this process.
    pub fn new() -> Result<Self, Fault> {
        Self::map(memory::create("wsp-bell", SIZE)?, Alarm::new()?)
    }

    /// The bell that another process passed, as the [`parts`](Self::parts) that come next.
    pub fn of_peer(parts: &mut impl Iterator<Item = Descriptor>) -> Result<Self, Fault> {
        let file = parts.next().ok_or(Fault::Reset)?;
        memory::check(&file, SIZE)?;
        Self::map(file, Alarm::adopt(parts)?)
    }

    fn map(file: Descriptor, alarm: Alarm) -> Result<Self, Fault> {
        let page = Place::new(&Arc::new(Mapping::new(&file, SIZE)?), 0);
        let identity = memory::identity(&file)?;
        Ok(Self { page, alarm, file, identity })
    }

    /// What tells bells apart.
    pub fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// What passes it to another process.
    pub fn parts(&self) -> Vec<&Descriptor> {
        std::iter::once(&self.file).chain(self.alarm.parts()).collect()
    }

    /// Wakes who sleeps, if anybody does. What happened must be ordered before by a fence.
    #[inline]
    pub fn ring_fenced(&self) {
        if self.page.sleepers.claim() {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        self.alarm.wake(self.page.sleepers.word(), &self.page.waiting);
    }
}

impl Bell for Doorbell {
    fn arm(&self) -> u32 {
        self.page.sleepers.arm()
    }

    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        let limit = limit.unwrap_or(LONGEST).min(LONGEST);
        self.alarm.wait(self.page.sleepers.word(), &self.page.waiting, ticket, limit);
    }

    fn disarm(&self) {
        self.page.sleepers.disarm();
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
        let mut parts = bell.parts().into_iter().map(|part| memory::duplicate(part).unwrap());
        let theirs = Doorbell::of_peer(&mut parts).unwrap();
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
        assert!(bell.page.sleepers.has_rung(ticket));
        bell.sleep(ticket, None);
        bell.disarm();
    }

    #[test]
    fn a_sleeper_is_rung_once_until_it_sleeps_again() {
        let bell = Doorbell::new().unwrap();
        assert!(!bell.page.sleepers.claim(), "nobody sleeps");
        let first = bell.arm();
        assert!(bell.page.sleepers.claim());
        assert!(!bell.page.sleepers.claim(), "it is being woken");
        let second = bell.arm();
        assert_ne!(first, second);
        assert!(bell.page.sleepers.claim());
        bell.disarm();
        bell.disarm();
        bell.arm();
        bell.disarm();
        assert!(!bell.page.sleepers.claim(), "who was about to sleep did not");
    }

    #[test]
    fn another_file_is_no_bell() {
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(Doorbell::of_peer(&mut std::iter::once(file.into())).err(), Some(Fault::Reset));
    }
}
