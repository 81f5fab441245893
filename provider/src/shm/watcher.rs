//! The thread that sees to sockets while no other thread does: peers that die, processes that take what was handed over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use wsp::transport::{Bell, Fault};

use super::connection::Core;
use super::handover;
use super::instance::Instance;
use crate::helper::{self, Helper};
use crate::os::poll::{Poller, Source};
use crate::os::socket::Listener;

/// What a socket is watched for.
#[derive(Clone)]
pub enum Watched {
    /// It leads to the other end of a connection.
    Link(Weak<Core>),
    /// Somebody who waits at the bell looks at it.
    Bell,
    /// Another process comes for what was handed over.
    Claim(u32),
}

/// Sockets and what they are watched for.
pub struct Watcher {
    poller: Poller,
    watched: Mutex<HashMap<u64, Watched>>,
    newest: AtomicU64,
    helper: Helper,
}

impl Watcher {
    /// Without thread and sockets.
    pub fn new() -> Result<Self, Fault> {
        Ok(Self { poller: Poller::new()?, watched: Mutex::default(), newest: AtomicU64::new(0), helper: Helper::new() })
    }

    /// A number for a socket.
    pub fn token(&self) -> u64 {
        self.newest.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Watches a socket, under a number of its own.
    pub fn add(&self, socket: impl Source, token: u64, what: Watched) -> Result<(), Fault> {
        self.watched().insert(token, what);
        self.poller.add(socket, token).inspect_err(|_| drop(self.watched().remove(&token)))
    }

    /// Watches it no longer.
    pub fn remove(&self, socket: impl Source, token: u64) {
        self.poller.remove(socket);
        let removed = self.watched().remove(&token);
        // Out of the lock: it may hold what is watched, too.
        drop(removed);
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<u64, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the thread look how long it may sleep.
    pub fn wake(&self) {
        self.poller.wake();
    }

    /// Ends the thread, and waits until it has left this code: a second at most.
    pub fn stop(&self) {
        self.helper.stop(|| self.poller.wake());
    }
}

/// Starts the thread.
///
/// # Errors
/// The system has no more threads.
pub fn start(instance: &Arc<Instance>) -> Result<(), Fault> {
    helper::start("wsp-shm", instance, |instance| &instance.watcher.helper, watch)
}

fn watch(instance: &Arc<Instance>) {
    let watcher = &instance.watcher;
    while !watcher.helper.is_stopping() {
        let happened = watcher.poller.wait(handover::expire(&instance.claims));
        for happened in happened {
            let what = watcher.watched().get(&happened.token).cloned();
            match what {
                Some(Watched::Link(core)) => {
                    if let Some(core) = core.upgrade() {
                        core.serve_link(happened.token);
                    }
                }
                Some(Watched::Bell) => instance.bell.ring(),
                Some(Watched::Claim(claim)) => instance.claims.serve(claim),
                None => {}
            }
        }
    }
}

/// A socket that is watched, and no longer once this is dropped.
pub struct Watch<S: Source> {
    instance: Arc<Instance>,
    socket: Arc<S>,
    token: u64,
}

impl<S: Source> Watch<S> {
    /// Watches a socket.
    pub fn new(instance: &Arc<Instance>, socket: Arc<S>, what: Watched) -> Result<Self, Fault> {
        let token = instance.watcher.token();
        instance.watcher.add(&*socket, token, what)?;
        Ok(Self { instance: Arc::clone(instance), socket, token })
    }

    /// The socket.
    pub fn socket(&self) -> &Arc<S> {
        &self.socket
    }
}

impl AsRef<Listener> for Watch<Listener> {
    fn as_ref(&self) -> &Listener {
        &self.socket
    }
}

impl<S: Source> Drop for Watch<S> {
    fn drop(&mut self) {
        self.instance.watcher.remove(&*self.socket, self.token);
    }
}
