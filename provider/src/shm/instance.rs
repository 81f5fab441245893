//! What all connections of one transport have in common.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wsp::transport::Fault;

use super::bell::Doorbell;
use super::handover::Claims;
use super::watcher::Watcher;
use super::wire::Identity;
use crate::os::Descriptor;
use crate::os::process::random;

/// One started transport.
pub struct Instance {
    /// Where this process's threads sleep.
    pub bell: Arc<Doorbell>,
    /// Who sees to sockets while nobody else does.
    pub watcher: Watcher,
    /// What waits for other processes to take it.
    pub claims: Claims,
    /// May memory be copied from process to process?
    pub single_copy: bool,
    word: Box<AtomicU64>,
    peers: Mutex<HashMap<(u64, u64), Weak<Doorbell>>>,
}

impl Instance {
    /// A new one, without its thread.
    pub fn new(single_copy: bool) -> Result<Self, Fault> {
        Ok(Self {
            bell: Arc::new(Doorbell::new()?),
            watcher: Watcher::new()?,
            claims: Claims::new(super::rendezvous::parcel),
            single_copy,
            word: Box::new(AtomicU64::new(random())),
            peers: Mutex::default(),
        })
    }

    /// How this process is recognised.
    pub fn identity(&self, generation: u32) -> Identity {
        Identity { address: self.word.as_ptr() as u64, word: self.word.load(Ordering::Relaxed), generation }
    }

    /// The bell that another process passed, as the parts that come next. The same bell is mapped once.
    pub fn bell_of_peer(&self, parts: &mut impl Iterator<Item = Descriptor>) -> Result<Arc<Doorbell>, Fault> {
        let bell = Doorbell::of_peer(parts)?;
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = peers.get(&bell.identity()).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let bell = Arc::new(bell);
        peers.retain(|_, known| known.strong_count() > 0);
        peers.insert(bell.identity(), Arc::downgrade(&bell));
        Ok(bell)
    }
}
