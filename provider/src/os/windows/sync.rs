//! Waking the threads of another process, and the barrier for one side of an uneven race.
//!
//! `WaitOnAddress` knows the threads of one process only. So the sleepers count themselves in a second word, and who wakes takes
//! the count and lets so many through a semaphore, which both processes have a handle of.

use std::os::windows::io::AsRawHandle as _;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;

use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Threading::{
    CreateSemaphoreW, FlushProcessWriteBuffers, ReleaseSemaphore, WaitForSingleObject,
};
use wsp::transport::Fault;

use super::{Descriptor, made, milliseconds};

/// More sleepers than this are a lie of the other process's.
const MANY: u32 = 1024;

/// How long somebody may take from counting sleepers to letting them through.
const PATIENCE: Duration = Duration::from_millis(100);

/// What wakes the threads of a process that sleep on a word of shared memory.
#[derive(Debug)]
pub struct Alarm([Descriptor; 1]);

impl Alarm {
    /// A new one.
    pub fn new() -> Result<Self, Fault> {
        // SAFETY: no pointers to memory are passed; the handle is new.
        unsafe { made(CreateSemaphoreW(ptr::null(), 0, i32::MAX, ptr::null())) }.map(|semaphore| Self([semaphore]))
    }

    /// The one that another process passed.
    pub fn adopt(mut parts: impl Iterator<Item = Descriptor>) -> Result<Self, Fault> {
        parts.next().map(|semaphore| Self([semaphore])).ok_or(Fault::Reset)
    }

    /// What passes it to another process.
    pub fn parts(&self) -> &[Descriptor] {
        &self.0
    }

    /// Sleeps until somebody wakes, unless the word is no longer `expected`. May return early. `waiting` counts who sleeps.
    pub fn wait(&self, word: &AtomicU32, waiting: &AtomicU32, expected: u32, limit: Duration) {
        // Pairs with `wake`: either it counts us, or we see that the word has changed.
        waiting.fetch_add(1, Ordering::SeqCst);
        if word.load(Ordering::SeqCst) != expected {
            return self.leave(waiting);
        }
        if !self.pass(limit) {
            self.leave(waiting);
        } else if word.load(Ordering::SeqCst) == expected {
            // Nobody has counted us: this was for one who has not come to the semaphore yet. It must have time to do so.
            self.release(1);
            std::thread::sleep(Duration::from_millis(1));
            self.leave(waiting);
        }
    }

    /// Wakes all who sleep on the word, in any process. The word was changed before.
    pub fn wake(&self, _word: &AtomicU32, waiting: &AtomicU32) {
        match waiting.swap(0, Ordering::SeqCst).min(MANY) {
            0 => {}
            sleepers => self.release(sleepers as i32),
        }
    }

    /// Is counted no longer.
    fn leave(&self, waiting: &AtomicU32) {
        let left = waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1));
        if left.is_err() {
            // Somebody has counted us and lets one through for us, which must not stay.
            self.pass(PATIENCE);
        }
    }

    /// Passes the semaphore, if somebody lets us through in time.
    fn pass(&self, limit: Duration) -> bool {
        // SAFETY: a handle of our own.
        unsafe { WaitForSingleObject(self.0[0].as_raw_handle(), milliseconds(limit)) == WAIT_OBJECT_0 }
    }

    fn release(&self, count: i32) {
        // SAFETY: a handle of our own; the count before is not asked for. It fails if the count is at its end, where one more changes
        // nothing, or if what another process passed is no semaphore, which is its loss.
        unsafe { ReleaseSemaphore(self.0[0].as_raw_handle(), count, ptr::null_mut()) };
    }
}

/// Orders what every other thread of this process did before against what this one does after, at no cost for them:
/// their side of the race is a plain store, a compiler fence, and a plain load.
///
/// Returns whether the system can do it, which it can.
pub fn barrier() -> bool {
    fence(Ordering::SeqCst);
    // SAFETY: no arguments, no conditions.
    unsafe { FlushProcessWriteBuffers() };
    true
}
