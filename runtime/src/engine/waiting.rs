//! Calls that block: spin a little, then sleep, and heed the host's blocking hook.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::ffi;
use crate::rt::Upcalls;
use crate::transport::Bell;

/// How long a thread tries before it sleeps: about what it costs to be woken on another processor, so that what is answered
/// sooner costs no system call, and what is not costs twice the time at most.
const SPIN: Duration = Duration::from_micros(100);
/// Tries after the first between which the processor is kept: what is answered within these costs no call of the system. They are two
/// lots, as a try may be such a call that takes its time, and the clock is looked at after each lot.
const EAGER: [u32; 2] = [3, 28];
/// Tries between two offers of the processor.
const TRIES: u32 = 8;

/// How often a blocking hook is called while nothing happens.
const HOOK_PERIOD: Duration = Duration::from_millis(10);

/// Why a wait ended without result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The time is over.
    TimedOut,
    /// The host's hook or `WSPCancelBlockingCall` ended it.
    Interrupted,
}

thread_local! {
    /// Is a blocking call with a hook in progress on this thread, and was it cancelled?
    static CALL: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Cancels the blocking call that is in progress on this thread. `false` if there is none.
pub fn cancel() -> bool {
    CALL.try_with(|call| call.get().is_some() && call.replace(Some(true)).is_some()).unwrap_or(false)
}

/// The host's hook for blocking calls.
struct Hook {
    function: unsafe extern "system" fn(usize) -> ffi::WINBOOL,
    context: usize,
    outer: Option<bool>,
}

impl Hook {
    fn of(upcalls: &Upcalls, catalog_entry_id: u32) -> Option<Self> {
        let answer = upcalls.query_blocking_callback(catalog_entry_id).ok()?;
        let function = answer.callback?;
        let outer = CALL.try_with(|call| call.replace(Some(false))).unwrap_or(None);
        Some(Self { function, context: answer.context, outer })
    }

    /// Lets the host do its work. `false`: the call is to end.
    fn call(&self) -> bool {
        // SAFETY: the host gave the function and its context for this.
        let go_on = unsafe { (self.function)(self.context) } != 0;
        go_on && CALL.try_with(Cell::get) != Ok(Some(true))
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let _ = CALL.try_with(|call| call.set(self.outer));
    }
}

/// Takes the announcement of a sleeper back.
struct Armed<'a, B: Bell>(&'a B);

impl<B: Bell> Drop for Armed<'_, B> {
    fn drop(&mut self) {
        self.0.disarm();
    }
}

/// Tries until there is a result. No lock may be held.
///
/// # Errors
/// [`Stop`], once `limit` is over or the host wants the call to end.
pub fn wait<R>(
    bell: &impl Bell,
    host: Option<(&Upcalls, u32)>,
    limit: Option<Duration>,
    mut attempt: impl FnMut() -> Option<R>,
) -> Result<R, Stop> {
    if limit == Some(Duration::ZERO) {
        return attempt().ok_or(Stop::TimedOut);
    }
    if let Some(result) = spin(&mut attempt) {
        return Ok(result);
    }
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let hook = host.and_then(|(upcalls, entry)| Hook::of(upcalls, entry));
    loop {
        let ticket = bell.arm();
        let armed = Armed(bell);
        if let Some(result) = attempt() {
            return Ok(result);
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(Stop::TimedOut);
        }
        if hook.as_ref().is_some_and(|hook| !hook.call()) {
            return Err(Stop::Interrupted);
        }
        let period = hook.as_ref().map(|_| HOOK_PERIOD).or(host.and(alertable::PERIOD));
        bell.sleep(ticket, left.into_iter().chain(period).min());
        drop(armed);
        if host.is_some() {
            alertable::run();
        }
    }
}

/// Tries for a while, without sleeping.
fn spin<R>(mut attempt: impl FnMut() -> Option<R>) -> Option<R> {
    if !has_peers() {
        return None;
    }
    let mut tries = |count| {
        (0..count).find_map(|_| {
            let result = attempt();
            if result.is_none() {
                std::hint::spin_loop();
            }
            result
        })
    };
    if let Some(result) = tries(1) {
        return Some(result);
    }
    let (begun, mut eager) = (Instant::now(), EAGER.into_iter());
    while begun.elapsed() < SPIN {
        let count = eager.next().unwrap_or_else(|| {
            // A thread that was just woken is often put on the processor of who woke it: it must not wait there for the spinning to end.
            std::thread::yield_now();
            TRIES
        });
        if let Some(result) = tries(count) {
            return Some(result);
        }
    }
    None
}

/// Calls that the system has queued to this thread run while a call waits, and the call goes on. A bell's sleep is none that the
/// system counts as alertable, so it is cut into short ones.
#[cfg(windows)]
mod alertable {
    use std::time::Duration;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn SleepEx(milliseconds: u32, alertable: i32) -> u32;
    }

    pub const PERIOD: Option<Duration> = Some(Duration::from_millis(10));

    pub fn run() {
        // SAFETY: no lock is held, so what runs may call anything.
        unsafe { SleepEx(0, 1) };
    }
}

/// Elsewhere such calls are the host's, which runs them in its blocking hook.
#[cfg(not(windows))]
mod alertable {
    use std::time::Duration;

    pub const PERIOD: Option<Duration> = None;

    pub fn run() {}
}

/// With one processor nobody answers while we spin.
fn has_peers() -> bool {
    static MANY: OnceLock<bool> = OnceLock::new();
    *MANY.get_or_init(|| std::thread::available_parallelism().is_ok_and(|count| count.get() > 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::LocalBell;

    #[test]
    fn a_wait_without_result_ends_with_its_limit() {
        let bell = LocalBell::default();
        assert_eq!(wait(&bell, None, Some(Duration::from_millis(1)), || None::<()>), Err(Stop::TimedOut));
        assert_eq!(wait(&bell, None, Some(Duration::ZERO), || Some(1)), Ok(1));
    }

    #[test]
    fn without_time_there_is_one_try() {
        let (bell, mut tries) = (LocalBell::default(), 0);
        let mut attempt = || {
            tries += 1;
            None::<()>
        };
        assert_eq!(wait(&bell, None, Some(Duration::ZERO), &mut attempt), Err(Stop::TimedOut));
        assert_eq!(tries, 1);
    }

    #[test]
    fn without_a_blocking_call_there_is_nothing_to_cancel() {
        assert!(!cancel());
    }
}
