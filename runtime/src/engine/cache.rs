//! Memory that is registered in this process, and the cache of it: what was deregistered is found again by the next who registers the
//! same memory, until the host says that the memory is freed.
//!
//! A registration is kept by the sockets on which it was made: it goes with the last of them, at its close.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::code;
use crate::rt::Code;
use crate::transport::{Access, Fault, Pin, Region};

/// How many registrations that nobody uses a socket keeps.
const IDLE: usize = 64;

const INVALID: Code = Code(code::WSAEINVAL);

/// What a registration is found by: where, how many bytes, for reading, for writing.
type Key = (usize, usize, bool, bool);

/// A registration.
pub struct Kept {
    handle: usize,
    pub region: Region,
    pub access: Access,
    /// The host has said that the memory is freed: nobody finds it again.
    freed: AtomicBool,
    used: Mutex<Used>,
}

struct Used {
    /// How often it is registered at present, on all sockets.
    times: usize,
    pin: Pin,
}

impl Kept {
    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By what the host names it.
    pub fn handle(&self) -> usize {
        self.handle
    }

    fn is_freed(&self) -> bool {
        self.freed.load(Ordering::Acquire)
    }

    /// Does any of its bytes lie from `start` on, before `end`?
    fn overlaps(&self, start: usize, end: usize) -> bool {
        let first = self.region.as_ptr() as usize;
        first < end && start < first.saturating_add(self.region.len())
    }

    /// One registration fewer.
    fn release(&self) {
        let pin = {
            let mut used = self.used();
            used.times = used.times.saturating_sub(1);
            // Freed under a registration: what the transport has goes with the last of them.
            if used.times == 0 && self.is_freed() { used.pin.take() } else { None }
        };
        drop(pin);
    }
}

/// The registrations of an instance.
#[derive(Default)]
pub struct Cache(Mutex<Known>);

#[derive(Default)]
struct Known {
    newest: usize,
    all: HashMap<Key, Weak<Kept>>,
    /// So many entries before those whose registration is gone are looked for.
    sweep_at: usize,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers memory: finds it, or has the transport `pin` it. Handles count up: they are no pointers.
    ///
    /// # Errors
    /// The transport's.
    pub fn register(
        &self,
        region: Region,
        access: Access,
        pin: impl FnOnce() -> Result<Pin, Fault>,
    ) -> Result<Arc<Kept>, Code> {
        let key = (region.as_ptr() as usize, region.len(), access.read, access.write);
        // Held over the pinning, so that the same memory is not pinned twice.
        let mut known = self.lock();
        if let Some(kept) = known.all.get(&key).and_then(Weak::upgrade) {
            kept.used().times += 1;
            return Ok(kept);
        }
        let pin = pin()?;
        if known.all.len() >= known.sweep_at {
            known.all.retain(|_, kept| kept.strong_count() > 0);
            known.sweep_at = (known.all.len() * 2).max(IDLE);
        }
        known.newest += 1;
        let handle = known.newest;
        let used = Mutex::new(Used { times: 1, pin });
        let kept = Arc::new(Kept { handle, region, access, freed: AtomicBool::new(false), used });
        known.all.insert(key, Arc::downgrade(&kept));
        Ok(kept)
    }

    /// Forgets whatever has a byte in the range: the host frees it.
    ///
    /// # Errors
    /// `WSAEINVAL` if nothing has, or there is no such range; `WSAEFAULT` if something is registered still. It is not found again
    /// either, and is let go when it is deregistered.
    pub fn forget(&self, start: usize, size: usize) -> Result<(), Code> {
        let end = start.checked_add(size).filter(|end| *end > start).ok_or(INVALID)?;
        let mut gone = Vec::new();
        self.lock().all.retain(|_, kept| match kept.upgrade() {
            Some(kept) if kept.overlaps(start, end) => {
                gone.push(kept);
                false
            }
            kept => kept.is_some(),
        });
        if gone.is_empty() {
            return Err(INVALID);
        }
        let mut busy = false;
        for kept in gone {
            let pin = {
                let mut used = kept.used();
                kept.freed.store(true, Ordering::Release);
                busy |= used.times > 0;
                if used.times == 0 { used.pin.take() } else { None }
            };
            drop(pin);
        }
        if busy { Err(Code(code::WSAEFAULT)) } else { Ok(()) }
    }
}

/// What one socket has registered. An operation that uses a registration shares it.
#[derive(Default)]
pub struct Held {
    all: HashMap<usize, Registered>,
    /// Those that are not registered at present, the oldest first.
    idle: VecDeque<usize>,
}

struct Registered {
    local: Arc<Local>,
    /// How often the host has it by its handle.
    times: usize,
    /// How often it is open to the peer. Of these the host has descriptors, and no handle.
    open: usize,
}

impl Registered {
    fn is_idle(&self) -> bool {
        self.times + self.open == 0
    }
}

/// A registration on one socket.
pub struct Local(Arc<Kept>);

impl std::ops::Deref for Local {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        &self.0
    }
}

impl Held {
    /// Notes a registration that was made on the socket. Returns its handle.
    pub fn add(&mut self, kept: Arc<Kept>) -> usize {
        let registered = self.entry(kept);
        registered.times += 1;
        registered.local.handle()
    }

    /// Notes one that is open to the peer. Returns the handle for [`close`](Self::close), which no call of the host's can name it by.
    pub fn open(&mut self, kept: Arc<Kept>) -> usize {
        let registered = self.entry(kept);
        registered.open += 1;
        registered.local.handle()
    }

    fn entry(&mut self, kept: Arc<Kept>) -> &mut Registered {
        let handle = kept.handle();
        let registered =
            self.all.entry(handle).or_insert_with(|| Registered { local: Arc::new(Local(kept)), times: 0, open: 0 });
        if registered.is_idle() {
            self.idle.retain(|idle| *idle != handle);
        }
        registered
    }

    /// The registration that a handle names, if it is registered on this socket.
    pub fn get(&self, handle: usize) -> Option<&Arc<Local>> {
        self.all.get(&handle).filter(|registered| registered.times > 0).map(|registered| &registered.local)
    }

    /// Gives a registration up: it is kept for the next.
    ///
    /// # Errors
    /// `WSAEINVAL` if there is none, or an operation in progress uses it and no other registration is left for it.
    pub fn remove(&mut self, handle: usize) -> Result<(), Code> {
        let registered = self.all.get_mut(&handle).filter(|registered| registered.times > 0).ok_or(INVALID)?;
        if registered.times == 1 && Arc::strong_count(&registered.local) > 1 {
            return Err(INVALID);
        }
        registered.times -= 1;
        self.release(handle);
        Ok(())
    }

    /// The memory is open to the peer once less.
    ///
    /// # Errors
    /// `WSAEINVAL` if it is not open.
    pub fn close(&mut self, handle: usize) -> Result<(), Code> {
        let registered = self.all.get_mut(&handle).filter(|registered| registered.open > 0).ok_or(INVALID)?;
        registered.open -= 1;
        self.release(handle);
        Ok(())
    }

    /// One use fewer: what is not registered any more is kept for the next.
    fn release(&mut self, handle: usize) {
        let Some(registered) = self.all.get(&handle) else { return };
        registered.local.release();
        if registered.is_idle() {
            self.keep(handle);
        }
    }

    /// Keeps what is not registered any more, within limits.
    fn keep(&mut self, handle: usize) {
        self.idle.push_back(handle);
        let all = &mut self.all;
        // What was freed meanwhile is of no use.
        self.idle.retain(|idle| {
            let useful = all.get(idle).is_some_and(|registered| !registered.local.is_freed());
            if !useful {
                all.remove(idle);
            }
            useful
        });
        if self.idle.len() > IDLE
            && let Some(oldest) = self.idle.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    /// Gives everything up, the cached too: the socket is closed.
    pub fn clear(&mut self) {
        self.idle.clear();
        for (_, registered) in self.all.drain() {
            (0..registered.times + registered.open).for_each(|_| registered.local.release());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    const READ: Access = Access { read: true, write: false };

    fn region(block: &[u8]) -> Region {
        // SAFETY: nothing here reads or writes the memory.
        unsafe { Region::new(block.as_ptr().cast_mut(), block.len()) }
    }

    /// A pin that counts itself.
    struct Counted(Arc<AtomicUsize>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A cache over a transport that counts what is pinned, and ever was.
    #[derive(Default)]
    struct Pinning {
        cache: Cache,
        now: Arc<AtomicUsize>,
        ever: AtomicUsize,
    }

    impl Pinning {
        fn register(&self, held: &mut Held, block: &[u8]) -> usize {
            let pin = || {
                self.now.fetch_add(1, Ordering::Relaxed);
                self.ever.fetch_add(1, Ordering::Relaxed);
                let pin: Pin = Some(Box::new(Counted(Arc::clone(&self.now))));
                Ok(pin)
            };
            held.add(self.cache.register(region(block), READ, pin).unwrap())
        }

        fn forget(&self, block: &[u8]) -> Result<(), Code> {
            self.cache.forget(block.as_ptr() as usize, block.len())
        }

        fn counts(&self) -> (usize, usize) {
            (self.now.load(Ordering::Relaxed), self.ever.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn what_was_deregistered_is_used_again() {
        let (pinning, mut held, block) = (Pinning::default(), Held::default(), [0; 64]);
        let handle = pinning.register(&mut held, &block);
        assert_eq!(held.remove(handle), Ok(()));
        assert!(held.get(handle).is_none(), "cached is not registered");
        assert_eq!(held.remove(handle), Err(INVALID));
        assert_eq!(pinning.register(&mut held, &block), handle);
        assert_eq!(pinning.counts(), (1, 1));
        assert_ne!(pinning.register(&mut held, &block[..32]), handle, "other memory, if only in length");
    }

    #[test]
    fn what_is_open_to_the_peer_has_no_handle_for_the_host() {
        let (pinning, mut held, block) = (Pinning::default(), Held::default(), [0; 64]);
        let pin = || -> Result<Pin, Fault> { Ok(None) };
        let handle = held.open(pinning.cache.register(region(&block), READ, pin).unwrap());
        assert!(held.get(handle).is_none());
        assert_eq!(held.remove(handle), Err(INVALID), "a handle that was guessed");
        assert_eq!(pinning.register(&mut held, &block), handle, "the same memory, registered as well");
        assert_eq!(held.remove(handle), Ok(()));
        assert_eq!(held.close(handle), Ok(()), "and still open meanwhile");
        assert_eq!(held.close(handle), Err(INVALID));
    }

    #[test]
    fn a_registration_that_a_second_socket_shares_goes_with_the_last() {
        let (pinning, block) = (Pinning::default(), [0; 64]);
        let (mut one, mut other) = (Held::default(), Held::default());
        let handle = pinning.register(&mut one, &block);
        assert!(other.get(handle).is_none(), "good on its socket only");
        assert_eq!(pinning.register(&mut other, &block), handle);
        assert_eq!(pinning.register(&mut other, &block), handle);
        assert_eq!(other.remove(handle), Ok(()));
        assert!(other.get(handle).is_some(), "registered twice");
        one.clear();
        assert!(other.get(handle).is_some());
        assert_eq!(pinning.counts(), (1, 1));
        other.clear();
        assert_eq!(pinning.counts(), (0, 1), "released with the last socket, cached or not");
    }

    #[test]
    fn freed_memory_is_never_found_again() {
        let block = [0; 64];
        for freed in [&block[..], &block[10..20], &block[63..], &block[..1]] {
            let (pinning, mut held) = (Pinning::default(), Held::default());
            let handle = pinning.register(&mut held, &block);
            held.remove(handle).unwrap();
            assert_eq!(pinning.forget(freed), Ok(()));
            assert_eq!(pinning.counts(), (0, 1), "and what the transport had for it is gone");
            assert_eq!(pinning.forget(freed), Err(INVALID), "nothing is left to forget");
            assert_ne!(pinning.register(&mut held, &block), handle);
        }
    }

    #[test]
    fn memory_that_is_freed_while_registered_is_let_go_with_its_registration() {
        let (pinning, mut held, block) = (Pinning::default(), Held::default(), [0; 64]);
        let handle = pinning.register(&mut held, &block);
        assert_eq!(pinning.forget(&block), Err(Code(code::WSAEFAULT)));
        assert!(held.get(handle).is_some(), "still registered");
        assert_ne!(pinning.register(&mut held, &block), handle, "but found by nobody");
        held.remove(handle).unwrap();
        assert_eq!(pinning.counts(), (1, 2));
    }

    #[test]
    fn ranges_that_are_none_and_neighbours_forget_nothing() {
        let (pinning, mut held, block) = (Pinning::default(), Held::default(), [0; 64]);
        let handle = pinning.register(&mut held, &block[16..48]);
        held.remove(handle).unwrap();
        let start = block.as_ptr() as usize;
        for (start, size) in [(start, 16), (start + 48, 16), (start + 20, 0), (start + 20, usize::MAX), (1, 1)] {
            assert_eq!(pinning.cache.forget(start, size), Err(INVALID), "{start:#x}, {size:#x}");
        }
        assert_eq!(pinning.register(&mut held, &block[16..48]), handle);
        held.remove(handle).unwrap();
        assert_eq!(pinning.cache.forget(1, usize::MAX - 1), Ok(()), "everything");
    }

    #[test]
    fn what_nobody_uses_is_kept_within_limits() {
        let (pinning, mut held, block) = (Pinning::default(), Held::default(), [0; 4 * IDLE]);
        for start in 0..3 * IDLE {
            let handle = pinning.register(&mut held, &block[start..]);
            held.remove(handle).unwrap();
        }
        assert_eq!(pinning.counts(), (IDLE, 3 * IDLE));
        assert!(pinning.cache.lock().all.len() <= 2 * IDLE, "nor does the cache grow with what is gone");
    }

    #[test]
    fn a_registration_in_use_stays_and_goes_once() {
        let (pinning, mut held, block) = (Pinning::default(), Held::default(), [0; 8]);
        let handle = pinning.register(&mut held, &block);
        let used = held.get(handle).cloned();
        assert_eq!(held.remove(handle), Err(INVALID));
        drop(used);
        assert_eq!(held.remove(handle), Ok(()));
        assert_eq!(held.remove(handle), Err(INVALID));
    }
}
