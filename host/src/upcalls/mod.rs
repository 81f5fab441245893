//! What the host offers a provider: the state behind the upcalls. The C functions themselves are in `functions`.
//!
//! As in ws2_32 there is one of everything in a process: upcalls carry no pointer to "their" host.

pub mod apc;
pub mod catalog;
pub mod events;
pub mod functions;
pub mod handles;
pub mod hook;
pub mod last_error;
pub mod messages;
pub mod ports;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; the states behind upcalls are whole even where a thread panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
