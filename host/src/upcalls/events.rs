//! Event objects by number.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use super::lock;
use crate::os;

static EVENTS: LazyLock<Mutex<HashMap<usize, Arc<os::Event>>>> = LazyLock::new(Mutex::default);

/// A new event, by its number.
///
/// # Errors
/// The system's.
pub fn create() -> io::Result<Arc<os::Event>> {
    let event = Arc::new(os::Event::new()?);
    lock(&EVENTS).insert(event.raw(), Arc::clone(&event));
    Ok(event)
}

/// What a number stands for. On Windows it may be an event that the program has from the system.
pub enum Found {
    /// An event of the host's, which stays while this is kept.
    Own(Arc<os::Event>),
    /// None of those.
    Other(usize),
}

/// What this number stands for now.
pub fn find(raw: usize) -> Found {
    lock(&EVENTS).get(&raw).cloned().map_or(Found::Other(raw), Found::Own)
}

impl Found {
    /// Sets it. `false` if there is no event.
    pub fn set(&self) -> bool {
        match self {
            Self::Own(event) => {
                event.set();
                true
            }
            Self::Other(raw) => os::set_raw(*raw),
        }
    }
}

/// Sets the event of this number. `false` if there is none.
pub fn set(raw: usize) -> bool {
    find(raw).set()
}

/// Resets the event of this number. `false` if there is none.
pub fn reset(raw: usize) -> bool {
    match find(raw) {
        Found::Own(event) => {
            event.reset();
            true
        }
        Found::Other(raw) => os::reset_raw(raw),
    }
}

/// Ends an event. `false` if there is none.
pub fn close(raw: usize) -> bool {
    lock(&EVENTS).remove(&raw).is_some()
}

/// An event object of the host's, for overlapped calls and event selection. Reset by hand.
pub struct Event(Arc<os::Event>);

impl Event {
    /// A new event, not set.
    ///
    /// # Errors
    /// The system's, when it has no more of them.
    pub fn new() -> io::Result<Self> {
        create().map(Self)
    }

    /// The number that providers know it by. Even: the low bit is a flag in an overlapped record.
    pub fn raw(&self) -> usize {
        self.0.raw()
    }

    /// Is it set?
    pub fn is_set(&self) -> bool {
        self.wait(Duration::ZERO)
    }

    /// Waits until it is set. `false` after `time`.
    pub fn wait(&self, time: Duration) -> bool {
        os::wait_any(&[&self.0], time).is_some()
    }

    /// Sets it.
    pub fn set(&self) {
        self.0.set();
    }

    /// Resets it.
    pub fn reset(&self) {
        self.0.reset();
    }

    pub(crate) fn os(&self) -> &os::Event {
        &self.0
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        close(self.0.raw());
    }
}
