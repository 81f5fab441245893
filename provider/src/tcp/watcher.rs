//! The thread that sees to sockets of which no thread of the host's knows: those who come to a listener, connections that are
//! being made, connections that are closed and have not arrived yet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use wsp::transport::Fault;

use super::arrival::Arrival;
use super::connection::Core;
use super::instance::Instance;
use super::lingering::Lingering;
use super::listener::Queue;
use super::poller::{Poller, Wanted};
use crate::helper::{self, Helper};
use crate::os::sources::Source;

/// What a socket is watched for.
#[derive(Clone)]
pub enum Watched {
    /// It listens.
    Listener(Weak<Queue>),
    /// Somebody came to a listener and has not said what it wants.
    Arrival(Arc<Arrival>),
    /// A connection that was asked for is being made.
    Asker(Weak<Core>),
    /// A connection whose peer may ask for memory that is not open any more.
    Agent(Weak<Core>),
    /// A closed connection whose last bytes are on the way.
    Lingering(Arc<Lingering>),
}

struct Entry {
    what: Watched,
    /// When to look at it in any case.
    until: Option<Instant>,
}

/// Sockets and what they are watched for, by their numbers, which count up.
pub struct Watcher {
    poller: Poller,
    watched: Mutex<BTreeMap<usize, Entry>>,
    newest: AtomicUsize,
    helper: Helper,
}

impl Watcher {
    /// Without thread and sockets.
    pub fn new() -> Result<Self, Fault> {
        Ok(Self {
            poller: Poller::new()?,
            watched: Mutex::default(),
            newest: AtomicUsize::new(0),
            helper: Helper::new(),
        })
    }

    /// A number for a socket.
    pub fn number(&self) -> usize {
        self.newest.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Watches a socket, under a number of its own; looks at it after a time in any case.
    pub fn add(
        &self,
        socket: &impl Source,
        number: usize,
        what: Watched,
        within: Option<Duration>,
    ) -> Result<(), Fault> {
        let wanted = if matches!(what, Watched::Asker(_)) { Wanted::Both } else { Wanted::Input };
        self.insert(number, Entry { what, until: within.and_then(|within| Instant::now().checked_add(within)) });
        self.poller.add(socket, number, wanted).inspect_err(|_| drop(self.watched().remove(&number)))
    }

    fn insert(&self, number: usize, entry: Entry) {
        let earlier = {
            let mut watched = self.watched();
            let earliest = watched.values().filter_map(|entry| entry.until).min();
            let earlier = entry.until.is_some_and(|until| earliest.is_none_or(|earliest| until < earliest));
            watched.insert(number, entry);
            earlier
        };
        if earlier {
            self.poller.wake();
        }
    }

    /// Looks at something that is watched after a time, again. To be called by the watching thread.
    pub fn look_again(&self, number: usize, within: Duration) {
        if let Some(entry) = self.watched().get_mut(&number) {
            entry.until = Some(Instant::now() + within);
        }
    }

    /// Watches it no longer.
    pub fn remove(&self, socket: &impl Source, number: usize) {
        self.unwatch(socket);
        self.forget(number);
    }

    /// Has nothing more told about a socket, whose number is still to be [forgotten](Self::forget).
    pub fn unwatch(&self, socket: &impl Source) {
        self.poller.remove(socket);
    }

    /// Gives a number up whose socket is not watched any more.
    pub fn forget(&self, number: usize) {
        let removed = self.watched().remove(&number);
        // Out of the lock: it may hold what is watched, too.
        drop(removed);
    }

    /// Those who came and have not said what they want, oldest first.
    pub fn arrivals(&self) -> Vec<(usize, Arc<Arrival>)> {
        let arrival = |(number, entry): (&usize, &Entry)| match &entry.what {
            Watched::Arrival(arrival) => Some((*number, Arc::clone(arrival))),
            _ => None,
        };
        self.watched().iter().filter_map(arrival).collect()
    }

    fn watched(&self) -> MutexGuard<'_, BTreeMap<usize, Entry>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread, and waits until it has left this code: a second at most. What is watched is let go.
    pub fn stop(&self) {
        self.helper.stop(|| self.poller.wake());
        let rest = std::mem::take(&mut *self.watched());
        drop(rest);
    }

    /// How long nothing has to be looked at.
    fn idle(&self) -> Option<Duration> {
        let next = self.watched().values().filter_map(|entry| entry.until).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// What is to be looked at because its time has come; that is said once.
    fn due(&self) -> Vec<(usize, Watched)> {
        let now = Instant::now();
        let mut watched = self.watched();
        let due = watched.iter_mut().filter(|(_, entry)| entry.until.is_some_and(|until| until <= now));
        due.map(|(number, entry)| {
            entry.until = None;
            (*number, entry.what.clone())
        })
        .collect()
    }
}

/// Starts the thread.
///
/// # Errors
/// The system has no more threads.
pub fn start(instance: &Arc<Instance>) -> Result<(), Fault> {
    helper::start("wsp-tcp", instance, |instance| &instance.watcher.helper, watch)
}

fn watch(instance: &Arc<Instance>) {
    let watcher = &instance.watcher;
    let mut happened = Vec::new();
    while !watcher.helper.is_stopping() {
        happened.clear();
        watcher.poller.wait(watcher.idle(), |number| happened.push(number));
        for number in &happened {
            let what = watcher.watched().get(number).map(|entry| entry.what.clone());
            if let Some(what) = what {
                look(instance, *number, what, false);
            }
        }
        for (number, what) in watcher.due() {
            look(instance, number, what, true);
        }
    }
}

fn look(instance: &Arc<Instance>, number: usize, what: Watched, late: bool) {
    match what {
        Watched::Listener(queue) => {
            if let Some(queue) = queue.upgrade() {
                queue.welcome(number);
            }
        }
        Watched::Arrival(arrival) => arrival.look(instance, number, late),
        Watched::Asker(core) => {
            if let Some(core) = core.upgrade() {
                let _ = core.advance();
            }
        }
        Watched::Agent(core) => {
            if let Some(core) = core.upgrade()
                && let Some(messages) = &core.messages
                && core.serve_in_turn(messages)
            {
                instance.watcher.look_again(number, Duration::ZERO);
            }
        }
        Watched::Lingering(lingering) => lingering.look(instance, number),
    }
}
