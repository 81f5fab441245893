//! The one thread of an instance that sleeps for sockets whose hosts do not ask: it runs while an operation is pending that needs a
//! notification, while events are registered, and while memory is open to a peer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Home;
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
    running: bool,
    stopped: bool,
}

impl<T: Transport> Default for Driver<T> {
    fn default() -> Self {
        let state = State { watched: Vec::new(), running: false, stopped: false };
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
        if !state.running && !state.stopped {
            let home = Arc::clone(home);
            let spawned = std::thread::Builder::new().name("wsp driver".into()).spawn(move || run(&home));
            if spawned.is_err() {
                state.watched.pop();
                endpoint.unmark_watched();
                return false;
            }
            state.running = true;
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
        let waited = self.changed.wait_timeout_while(state, LEAVE, |state| state.running);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Who is to be looked after. Sleeps while there is nobody; `None` at the end.
    fn watched(&self) -> Option<Vec<Arc<Endpoint<T>>>> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if !state.watched.is_empty() {
                return Some(state.watched.clone());
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn dismiss(&self, endpoint: &Arc<Endpoint<T>>) {
        self.lock().watched.retain(|watched| !Arc::ptr_eq(watched, endpoint));
    }
}

/// Tells the driver that its thread has left, however it does.
struct Leaving<'a, T: Transport>(&'a Driver<T>);

impl<T: Transport> Drop for Leaving<'_, T> {
    fn drop(&mut self) {
        self.0.lock().running = false;
        self.0.changed.notify_all();
    }
}

fn run<T: Transport>(home: &Home<T>) {
    let driver = &home.driver;
    let _leaving = Leaving(driver);
    let bell = home.transport.bell();
    while let Some(watched) = driver.watched() {
        let ticket = bell.arm();
        let mut idle = false;
        for endpoint in &watched {
            // A transport that panics spoils its own socket.
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| endpoint.poll())).is_err() {
                endpoint.spoil();
            }
            if !endpoint.wants_driver() {
                driver.dismiss(endpoint);
                endpoint.unmark_watched();
                // Somebody may have wanted it in between and found the mark still set.
                if endpoint.wants_driver() && !endpoint.mark_watched() {
                    driver.lock().watched.push(Arc::clone(endpoint));
                }
                idle = true;
            }
        }
        if !idle && !driver.lock().stopped {
            bell.sleep(ticket, None);
        }
        bell.disarm();
    }
}
