//! The blocking hook: what a provider calls again and again while a call of this thread waits.

use std::cell::Cell;
use std::marker::PhantomData;

use wsp::ffi;

use super::apc;

thread_local! {
    static INSTALLED: Cell<(ffi::LPBLOCKINGCALLBACK, usize)> = const { Cell::new((None, 0)) };
}

/// A hook on this thread, until it is dropped. While the hook answers `false` the provider gives the call up.
pub struct BlockingHook<F> {
    /// Boxed, so that its address stays.
    hook: Box<F>,
    before: (ffi::LPBLOCKINGCALLBACK, usize),
    /// Belongs to this thread.
    here: PhantomData<*const ()>,
}

impl<F: Fn() -> bool> BlockingHook<F> {
    /// Installs a hook. Hooks are dropped in the opposite order.
    pub fn install(hook: F) -> Self {
        let hook = Box::new(hook);
        let before = INSTALLED.get();
        INSTALLED.set((Some(call::<F>), &raw const *hook as usize));
        Self { hook, before, here: PhantomData }
    }

    /// The hook itself.
    pub fn hook(&self) -> &F {
        &self.hook
    }
}

impl<F> Drop for BlockingHook<F> {
    fn drop(&mut self) {
        INSTALLED.set(self.before);
    }
}

/// Installs a hook as C has it, and gives the one before.
pub fn replace(hook: (ffi::LPBLOCKINGCALLBACK, usize)) -> (ffi::LPBLOCKINGCALLBACK, usize) {
    INSTALLED.replace(hook)
}

/// What a provider is to call while a call of this thread waits, and the value to call it with. Away from Windows calls that were
/// queued to this thread run so, besides the hook: a provider cannot wait for them in the way that systems call alertable.
pub(super) fn installed() -> (ffi::LPBLOCKINGCALLBACK, usize) {
    let hook = INSTALLED.try_with(Cell::get).unwrap_or((None, 0));
    if hook.0.is_none() && apc::is_expecting() { (Some(run_queue), 0) } else { hook }
}

unsafe extern "system" fn run_queue(_: usize) -> ffi::WINBOOL {
    apc::run_queued();
    1
}

unsafe extern "system" fn call<F: Fn() -> bool>(context: usize) -> ffi::WINBOOL {
    // SAFETY: the address of a hook that lives as long as it is installed, and is called on its own thread only.
    let hook = unsafe { &*(context as *const F) };
    if apc::is_expecting() {
        apc::run_queued();
    }
    i32::from(hook())
}
