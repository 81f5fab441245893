//! Sleeping on a word of shared memory, and the barrier for one side of an uneven race.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;

use rustix::thread::futex::{self, Flags};
use rustix::thread::{MembarrierCommand, membarrier};
use rustix::time::Timespec;
use wsp::transport::Fault;

use super::Descriptor;

/// What wakes the threads of a process that sleep on a word of shared memory. Here the word itself is enough.
#[derive(Debug)]
pub struct Alarm;

impl Alarm {
    /// A new one.
    pub fn new() -> Result<Self, Fault> {
        Ok(Self)
    }

    /// The one that another process passed.
    pub fn adopt(_parts: impl Iterator<Item = Descriptor>) -> Result<Self, Fault> {
        Ok(Self)
    }

    /// What passes it to another process.
    pub fn parts(&self) -> &[Descriptor] {
        &[]
    }

    /// Sleeps until somebody wakes, unless the word is no longer `expected`. May return early. `_waiting` is a word for the use of
    /// systems that do not count sleepers by themselves.
    pub fn wait(&self, word: &AtomicU32, _waiting: &AtomicU32, expected: u32, limit: Duration) {
        let limit = Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(limit.subsec_nanos()),
        };
        // Whatever it answers, the caller looks again.
        let _ = futex::wait(word, Flags::empty(), expected, Some(&limit));
    }

    /// Wakes all who sleep on the word, in any process. The word was changed before.
    pub fn wake(&self, word: &AtomicU32, _waiting: &AtomicU32) {
        let _ = futex::wake(word, Flags::empty(), i32::MAX as u32);
    }
}

/// Orders what every other thread of this process did before against what this one does after, at no cost for them:
/// their side of the race is a plain store, a compiler fence, and a plain load.
///
/// Returns whether the system can do it.
pub fn barrier() -> bool {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    fence(Ordering::SeqCst);
    *REGISTERED.get_or_init(|| membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok())
        && membarrier(MembarrierCommand::PrivateExpedited).is_ok()
}
