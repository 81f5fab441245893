//! What belongs to a thread: its last error, its open type, its blocking hook, the calls that it is in.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use wsp::ffi;

use super::providers::Started;
use crate::upcalls::hook;

type Hook = Rc<dyn Fn() -> bool>;

thread_local! {
    static LAST_ERROR: Cell<i32> = const { Cell::new(0) };
    static OPEN_TYPE: Cell<i32> = const { Cell::new(0) };
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    /// The providers of the calls that this thread is in, the innermost last.
    static CALLS: RefCell<Vec<Arc<Started>>> = const { RefCell::new(Vec::new()) };
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
    static CANCELLED: Cell<bool> = const { Cell::new(false) };
}

/// The last error of this thread's socket calls, as `WSAGetLastError` gives it. A call that succeeds leaves it alone.
///
/// Kept here: on Windows the system's own is overwritten by almost everything that a thread does. Functions that a provider adds leave
/// theirs in [`wsp::rt::last_error`].
pub fn last_error() -> i32 {
    LAST_ERROR.get()
}

/// Sets the last error of this thread, and the system's.
pub fn set_last_error(code: i32) {
    LAST_ERROR.set(code);
    wsp::rt::set_last_error(code);
}

/// `SO_OPENTYPE` of this thread.
pub fn open_type() -> i32 {
    OPEN_TYPE.get()
}

pub fn set_open_type(value: i32) {
    OPEN_TYPE.set(value);
}

/// This thread is in a call to a provider as long as this lives.
pub struct InCall(());

impl InCall {
    pub fn enter(provider: &Arc<Started>) -> Self {
        CALLS.with_borrow_mut(|calls| calls.push(Arc::clone(provider)));
        if !IN_HOOK.get() {
            CANCELLED.set(false);
        }
        Self(())
    }
}

impl Drop for InCall {
    fn drop(&mut self) {
        // Dropped outside the borrow: the last use of a provider unloads its library.
        let _left = CALLS.with_borrow_mut(Vec::pop);
    }
}

/// Does this thread's blocking hook run? Then few calls are allowed.
pub fn is_in_hook() -> bool {
    IN_HOOK.get()
}

/// The provider of the call that waits on this thread.
pub fn waiting_in() -> Option<Arc<Started>> {
    CALLS.with_borrow(|calls| calls.last().cloned())
}

/// From now on the hook that runs ends the call.
pub fn cancel() {
    CANCELLED.set(true);
}

/// Installs a blocking hook on this thread, or takes it away.
pub fn install_hook(installed: Option<Hook>) {
    let function = installed.as_ref().map(|_| run_hook as unsafe extern "system" fn(usize) -> ffi::WINBOOL);
    let _before = HOOK.replace(installed);
    hook::replace((function, 0));
}

/// What providers call while a call of this thread waits. Runs the program's hook until that has no more to do, and says
/// whether to go on waiting.
unsafe extern "system" fn run_hook(_: usize) -> ffi::WINBOOL {
    let Some(installed) = HOOK.with_borrow(Option::clone) else { return ffi::TRUE };
    let before = IN_HOOK.replace(true);
    while installed() {}
    IN_HOOK.set(before);
    i32::from(!CANCELLED.get())
}

/// The thread's identification for one call; NULL if the system has no more events.
pub struct ThreadId(Option<ffi::WSATHREADID>);

impl ThreadId {
    pub fn current() -> Self {
        Self(crate::upcalls::apc::current_thread())
    }

    pub fn pointer(&mut self) -> *mut ffi::WSATHREADID {
        self.0.as_mut().map_or(ptr::null_mut(), ptr::from_mut)
    }
}
