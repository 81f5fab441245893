//! The synchronisation primitives of this module: those of `std`, or loom's when a model is checked.

#[cfg(not(loom))]
pub(super) use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, fence},
    },
    thread_local,
};

#[cfg(loom)]
pub(super) use loom::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, fence},
    },
    thread_local,
};

/// Declares functions that are `const`, except under loom, whose atomics have no constant constructor.
macro_rules! const_fns {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident ($($arg:ident : $ty:ty),*) -> $ret:ty $body:block)*) => {$(
        #[cfg(not(loom))]
        $(#[$meta])* $vis const fn $name($($arg: $ty),*) -> $ret $body
        #[cfg(loom)]
        $(#[$meta])* $vis fn $name($($arg: $ty),*) -> $ret $body
    )*};
}
pub(crate) use const_fns;
