//! A transport's own thread, whose leaving can be waited for. It is not joined: whoever ends it may hold a lock of the loader's
//! that the thread needs to end for good.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wsp::transport::Fault;

/// How long the end of the transport waits for the thread.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where such a thread is.
pub struct Helper {
    stopping: AtomicBool,
    gone: Mutex<bool>,
    left: Condvar,
}

impl Helper {
    /// Not started.
    pub fn new() -> Self {
        Self { stopping: AtomicBool::new(false), gone: Mutex::new(true), left: Condvar::new() }
    }

    fn gone(&self) -> MutexGuard<'_, bool> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is the thread to end?
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Has the thread end: `wake` ends its sleep. Waits until it has left this code, a second at most.
    pub fn stop(&self, wake: impl FnOnce()) {
        self.stopping.store(true, Ordering::Release);
        wake();
        let waited = self.left.wait_timeout_while(self.gone(), PATIENCE, |gone| !*gone);
        drop(waited);
    }
}

/// Says that the thread is gone, however it ends; also if it does not begin.
struct Leaving<T> {
    home: Arc<T>,
    helper: fn(&T) -> &Helper,
}

impl<T> Drop for Leaving<T> {
    fn drop(&mut self) {
        let helper = (self.helper)(&self.home);
        *helper.gone() = true;
        helper.left.notify_all();
    }
}

/// Starts the thread of `home`, which keeps its state where `helper` finds it.
///
/// # Errors
/// [`Fault::NoBuffers`]: the system has no more threads.
pub fn start<T: Send + Sync + 'static>(
    name: &str,
    home: &Arc<T>,
    helper: fn(&T) -> &Helper,
    run: fn(&Arc<T>),
) -> Result<(), Fault> {
    *helper(home).gone() = false;
    let leaving = Leaving { home: Arc::clone(home), helper };
    let body = move || run(&leaving.home);
    std::thread::Builder::new().name(name.into()).spawn(body).map(drop).map_err(|_| Fault::NoBuffers)
}
