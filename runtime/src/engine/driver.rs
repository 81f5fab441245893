//! The one thread of an instance that sleeps for sockets whose hosts do not ask: it runs while an operation is pending that needs a
//! notification, while events are registered, and while memory is open to a peer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use super::Home;
use super::changes;
use super::endpoint::Endpoint;
use crate::transport::{Bell, Transport};

/// How long clean-up waits for the thread to have left this code.
const LEAVE: Duration = Duration::from_secs(1);

/// The thread and what it looks after.
pub struct Driver<T: Transport> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T: Transport> {
    watched: Vec<Arc<Endpoint<T>>>,
    /// The thread, while it is in this code.
    running: Option<ThreadId>,
    stopped: bool,
}

impl<T: Transport> Default for Driver<T> {
    fn default() -> Self {
        let state = State { watched: Vec::new(), running: None, stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }
}

impl<T: Transport> Driver<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks after a socket from now on, until it needs it no more. `false` if no thread can be had.
    pub fn watch(&self, home: &Arc<Home<T>>, endpoint: &Arc<Endpoint<T>>) -> bool {
        if endpoint.mark_watched() {
            return true;
        }
        let mut state = self.lock();
        state.watched.push(Arc::clone(endpoint));
        if state.running.is_none() && !state.stopped {
            let home = Arc::clone(home);
            let spawned = std::thread::Builder::new().name("wsp driver".into()).spawn(move || run(&home));
            let Ok(thread) = spawned else {
                state.watched.pop();
                endpoint.unmark_watched();
                return false;
            };
            state.running = Some(thread.thread().id());
        }
        drop(state);
        self.changed.notify_all();
        home.transport.bell().ring();
        true
    }

    /// Ends the thread and waits until it has left this code, a second at most.
    pub fn stop(&self, bell: &impl Bell) {
        let mut state = self.lock();
        state.stopped = true;
        state.watched.clear();
        self.changed.notify_all();
        bell.ring();
        // A host may clean up within an upcall that the thread itself makes.
        let elsewhere =
            |state: &mut State<T>| state.running.is_some_and(|thread| thread != std::thread::current().id());
        let waited = self.changed.wait_timeout_while(state, LEAVE, elsewhere);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Sleeps until there is somebody to look after. `false` at the end.
    fn wait_for_work(&self) -> bool {
        let state = self.lock();
        let idle = |state: &mut State<T>| state.watched.is_empty() && !state.stopped;
        !self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Who is to be looked after; nobody at the end.
    fn watched(&self) -> Vec<Arc<Endpoint<T>>> {
        self.lock().watched.clone()
    }

    fn dismiss(&self, endpoint: &Arc<Endpoint<T>>) {
        self.lock().watched.retain(|watched| !Arc::ptr_eq(watched, endpoint));
    }
}

/// Tells the driver that its thread has left, however it does.
struct Leaving<'a, T: Transport>(&'a Driver<T>);

impl<T: Transport> Drop for Leaving<'_, T> {
    fn drop(&mut self) {
        self.0.lock().running = None;
        self.0.changed.notify_all();
    }
}

fn look_after<T: Transport>(endpoint: &Arc<Endpoint<T>>) {
    endpoint.poll();
    endpoint.serve_changes();
}

fn run<T: Transport>(home: &Home<T>) {
    let driver = &home.driver;
    let _leaving = Leaving(driver);
    let bell = home.transport.bell();
    while driver.wait_for_work() {
        // The ticket first: whoever is added after the look rings, and the sleep ends at once.
        let ticket = bell.arm();
        let watched = driver.watched();
        let mut changed = watched.is_empty();
        for endpoint in &watched {
            // A transport that panics spoils its own socket.
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look_after(endpoint))).is_err() {
                endpoint.spoil();
            }
            if !endpoint.wants_driver() {
                changed = true;
                driver.dismiss(endpoint);
                endpoint.unmark_watched();
                // Somebody may have wanted it in between and found the mark still set.
                if endpoint.wants_driver() && !endpoint.mark_watched() {
                    driver.lock().watched.push(Arc::clone(endpoint));
                }
            }
        }
        if !changed {
            // Addresses that change ring no bell.
            let limit = watched.iter().any(|endpoint| endpoint.is_changing()).then_some(changes::LOOK);
            bell.sleep(ticket, limit);
        }
        bell.disarm();
    }
}
