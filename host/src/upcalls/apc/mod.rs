//! Asynchronous procedure calls, queued to a thread and run in its alertable waits. On Windows the system's; elsewhere the
//! host has a queue for each thread.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use wsp::ffi;

use super::events::Event;
use super::lock;

#[cfg(not(windows))]
mod queued;
#[cfg(windows)]
mod system;

#[cfg(not(windows))]
use queued as own;
#[cfg(windows)]
use system as own;

pub(crate) use own::identify;
pub(super) use own::queue;
pub use own::run_queued;

type Function = unsafe extern "system" fn(usize);

thread_local! {
    static EXPECTING: Cell<bool> = const { Cell::new(false) };
}

/// The identification of this thread, for overlapped calls with a completion routine. `None` if the system has no more events or
/// handles.
pub fn current_thread() -> Option<ffi::WSATHREADID> {
    let _ = EXPECTING.try_with(|expecting| expecting.set(true));
    identify()
}

/// May calls be queued to this thread that only its blocking hook would run?
pub(super) fn is_expecting() -> bool {
    cfg!(not(windows)) && EXPECTING.try_with(Cell::get).unwrap_or(false)
}

/// The identifications that were handed out and not closed, by both of their numbers.
static OPEN: LazyLock<Mutex<HashMap<(usize, usize), usize>>> = LazyLock::new(Mutex::default);

/// What `WPUOpenCurrentThread` gives: to be closed once.
pub(super) fn open() -> Option<ffi::WSATHREADID> {
    let thread = own::opened(current_thread()?)?;
    *lock(&OPEN).entry((thread.ThreadHandle, thread.Reserved)).or_default() += 1;
    Some(thread)
}

/// Closes what [`open`] gave. `false` if that is not so, or was closed as often as it was opened.
pub(super) fn close(thread: ffi::WSATHREADID) -> bool {
    let key = (thread.ThreadHandle, thread.Reserved);
    let mut open = lock(&OPEN);
    let Some(count) = open.get_mut(&key) else { return false };
    *count -= 1;
    if *count == 0 {
        open.remove(&key);
    }
    own::closed(thread);
    true
}

/// What ended an alertable wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// This many calls ran. On Windows the program's own are not counted, and end the wait all the same.
    Calls(usize),
    /// The event is set.
    Event,
    /// Neither happened in time.
    Timeout,
}

/// Waits alertably: until calls queued to this thread have run, or `event` is set. On Windows every alertable wait of the system's
/// runs them as well.
pub fn wait_alertable(event: Option<&Event>, time: Duration) -> Woken {
    own::wait(event.map(Event::os), time)
}
