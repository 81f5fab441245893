//! The asymmetric barrier between a look-up and a close.
//!
//! A look-up stores its hazard and then loads the table's cell again; a close clears the cell and then loads the
//! hazards. Each side needs its store to be visible before its load, so that at least one of them sees the other.
//! The look-up is hot: it pays only for a compiler fence, and the close issues a barrier on every running thread of
//! the process on its behalf. Where the system has no such barrier, both sides execute a sequentially consistent fence.

pub(super) use imp::{heavy, light, light_suffices};

use super::sync::{Ordering, fence};

/// The look-up's barrier off the hot path, correct whether or not the close can issue one for the whole process.
pub(super) fn adaptive() {
    if light_suffices() {
        light();
    } else {
        fence(Ordering::SeqCst);
    }
}

#[cfg(all(target_os = "linux", not(miri), not(loom)))]
mod imp {
    use std::sync::{
        OnceLock,
        atomic::{Ordering, compiler_fence, fence},
    };

    /// The look-up's barrier; enough only if [`light_suffices`].
    #[inline(always)]
    pub(in super::super) fn light() {
        compiler_fence(Ordering::SeqCst);
    }

    /// Whether [`heavy`] orders the other threads' [`light`]. Decided once; a kernel older than 4.14 or a system-call
    /// filter may refuse.
    pub(in super::super) fn light_suffices() -> bool {
        static REGISTERED: OnceLock<bool> = OnceLock::new();
        *REGISTERED.get_or_init(|| membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
    }

    /// The close's barrier. False if it could not be issued: then a hazard may still be invisible.
    #[must_use]
    pub(in super::super) fn heavy() -> bool {
        if light_suffices() {
            return membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        }
        fence(Ordering::SeqCst);
        true
    }

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: membarrier takes three integers and touches no memory of the caller.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0 as libc::c_uint, 0 as libc::c_int) == 0 }
    }
}

#[cfg(all(windows, not(miri), not(loom)))]
mod imp {
    use std::sync::atomic::{Ordering, compiler_fence};

    #[link(name = "kernel32")]
    unsafe extern "system" {
        safe fn FlushProcessWriteBuffers();
    }

    /// The look-up's barrier.
    #[inline(always)]
    pub(in super::super) fn light() {
        compiler_fence(Ordering::SeqCst);
    }

    /// Whether [`heavy`] orders the other threads' [`light`]: always, on this system.
    pub(in super::super) fn light_suffices() -> bool {
        true
    }

    /// The close's barrier. It cannot fail on this system.
    #[must_use]
    pub(in super::super) fn heavy() -> bool {
        FlushProcessWriteBuffers();
        true
    }
}

#[cfg(any(miri, loom, not(any(target_os = "linux", windows))))]
mod imp {
    use super::super::sync::{Ordering, fence};

    /// The look-up's barrier.
    #[inline(always)]
    pub(in super::super) fn light() {
        #[cfg(loom)]
        if super::mutant::is(super::mutant::Mutant::NoLight) {
            return;
        }
        fence(Ordering::SeqCst);
    }

    /// Whether [`heavy`] orders the other threads' [`light`]: always, since both are full fences here.
    pub(in super::super) fn light_suffices() -> bool {
        true
    }

    /// The close's barrier. It cannot fail here.
    #[must_use]
    pub(in super::super) fn heavy() -> bool {
        #[cfg(loom)]
        if super::mutant::is(super::mutant::Mutant::NoHeavy) {
            return true;
        }
        fence(Ordering::SeqCst);
        true
    }
}

/// Deliberate defects, which show that the models would find them.
#[cfg(loom)]
pub mod mutant {
    use std::cell::Cell;

    /// What is left out.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Mutant {
        /// Nothing.
        None,
        /// The look-up's barrier.
        NoLight,
        /// The close's barrier.
        NoHeavy,
        /// The order between what a close and an operation say, and what they look at.
        NoOrder,
    }

    // Loom runs every thread of a model on the operating system's thread that started it.
    std::thread_local!(static ACTIVE: Cell<Mutant> = const { Cell::new(Mutant::None) });

    /// Plants `mutant` in the models that this thread runs from now on.
    pub fn plant(mutant: Mutant) {
        ACTIVE.set(mutant);
    }

    pub(crate) fn is(mutant: Mutant) -> bool {
        ACTIVE.get() == mutant
    }
}
