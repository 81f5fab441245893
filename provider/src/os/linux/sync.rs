//! Sleeping on a word of shared memory, and the barrier for one side of an uneven race.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;

use rustix::thread::futex::{self, Flags};
use rustix::thread::{MembarrierCommand, membarrier};
use rustix::time::Timespec;

/// Sleeps until somebody wakes, unless the word is no longer `expected`. May return early.
pub fn wait(word: &AtomicU32, expected: u32, limit: Duration) {
    let limit = Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    // Whatever it answers, the caller looks again.
    let _ = futex::wait(word, Flags::empty(), expected, Some(&limit));
}

/// Wakes all who sleep on the word, in any process.
pub fn wake(word: &AtomicU32) {
    let _ = futex::wake(word, Flags::empty(), i32::MAX as u32);
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
