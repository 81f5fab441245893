//! The processes at the other end of a connection: how they are reached, rung, and known to live.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bell::Doorbell;
use super::segment::HOLDERS;
use super::wire::Identity;
use crate::os::process::Credentials;
use crate::os::socket::Socket;

/// The most bells that a connection can have had. Each takes a descriptor of ours until the connection ends, and a peer could say
/// all day that it moves from one process to another.
const BELLS: usize = 256;

/// A process at the other end.
#[derive(Debug, Clone)]
pub struct Link {
    /// The number that the watcher knows the socket by.
    pub token: u64,
    /// The socket that leads there. It breaks when that process goes.
    pub socket: Arc<Socket>,
    /// The process's bell, once known.
    pub bell: Option<Arc<Doorbell>>,
    /// The process, by the kernel's word.
    pub process: Option<Credentials>,
    /// How its memory is recognised, once known.
    pub identity: Option<Identity>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Links {
    /// The bells to ring, for a quick look. Each points into `kept`.
    bells: [AtomicPtr<Doorbell>; HOLDERS],
    count: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    links: Vec<Link>,
    /// Every bell that ever was in `bells`.
    kept: Vec<Arc<Doorbell>>,
}

impl Links {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the processes at the other end where threads sleep.
    #[inline]
    pub fn ring(&self) {
        // What happened is visible before the look for sleepers, and before the look for bells: whoever adds one rings it.
        fence(Ordering::SeqCst);
        for bell in self.bells.iter().take(self.count.load(Ordering::Acquire)) {
            let bell = bell.load(Ordering::Acquire);
            if !bell.is_null() {
                // SAFETY: it points into an `Arc` in `kept`, from which nothing is taken before `self` is dropped.
                unsafe { &*bell }.ring_fenced();
            }
        }
    }

    /// All of them, now.
    pub fn all(&self) -> Vec<Link> {
        self.lock().links.clone()
    }

    /// The link with a number.
    pub fn find(&self, token: u64) -> Option<Link> {
        self.lock().links.iter().find(|link| link.token == token).cloned()
    }

    /// Is nobody there any more?
    pub fn is_empty(&self) -> bool {
        self.lock().links.is_empty()
    }

    /// Adds a link, or replaces the one with its number. Returns whether there was room for it.
    pub fn put(&self, link: Link) -> bool {
        let mut inner = self.lock();
        let kept = |bell: &Arc<Doorbell>| inner.kept.iter().any(|known| Arc::ptr_eq(known, bell));
        if inner.kept.len() >= BELLS && link.bell.as_ref().is_some_and(|bell| !kept(bell)) {
            return false;
        }
        if let Some(known) = inner.links.iter_mut().find(|known| known.token == link.token) {
            *known = link;
        } else if inner.links.len() < HOLDERS {
            inner.links.push(link);
        } else {
            return false;
        }
        self.list_bells(&mut inner);
        drop(inner);
        // What happened before the bell was known.
        self.ring();
        true
    }

    /// Takes links out. Returns those that were taken.
    pub fn take(&self, mut which: impl FnMut(&Link) -> bool) -> Vec<Link> {
        let mut inner = self.lock();
        let taken = inner.links.extract_if(.., |link| which(link)).collect();
        self.list_bells(&mut inner);
        taken
    }

    fn list_bells(&self, inner: &mut Inner) {
        let mut listed: Vec<Arc<Doorbell>> = Vec::new();
        for bell in inner.links.iter().filter_map(|link| link.bell.as_ref()) {
            if !listed.iter().any(|known| Arc::ptr_eq(known, bell)) {
                listed.push(Arc::clone(bell));
            }
        }
        for bell in &listed {
            if !inner.kept.iter().any(|known| Arc::ptr_eq(known, bell)) {
                inner.kept.push(Arc::clone(bell));
            }
        }
        let pointers = listed.iter().map(|bell| Arc::as_ptr(bell).cast_mut()).chain(std::iter::repeat(ptr::null_mut()));
        for (slot, pointer) in self.bells.iter().zip(pointers) {
            slot.store(pointer, Ordering::Release);
        }
        self.count.store(listed.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::socket;

    #[test]
    fn a_peer_that_goes_on_moving_is_given_up() {
        let links = Links::default();
        let (socket, _other) = socket::pair(crate::os::process::own()).unwrap();
        let (socket, first) = (Arc::new(socket), Arc::new(Doorbell::new().unwrap()));
        let moved = |bell: &Arc<Doorbell>| {
            links.put(Link {
                token: 1,
                socket: Arc::clone(&socket),
                bell: Some(Arc::clone(bell)),
                process: None,
                identity: None,
            })
        };
        assert!(moved(&first));
        for _ in 1..BELLS {
            assert!(moved(&Arc::new(Doorbell::new().unwrap())));
        }
        assert!(!moved(&Arc::new(Doorbell::new().unwrap())));
        assert!(moved(&first), "one that is known takes nothing");
    }
}
