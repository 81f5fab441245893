//! Memory that is freed: providers may keep registrations of it, and have to hear of that before.
//!
//! The switch of Windows hears of what a program frees from the system. This one tells of its own memory when it frees it, and of a
//! program's when the program has it back, since it hears no more of it then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use wsp::san::caller::MemoryRegistrationCacheCallback;

use super::extensions::Extensions;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The providers of this process that keep registrations.
static PROVIDERS: RwLock<Vec<(u64, MemoryRegistrationCacheCallback)>> = RwLock::new(Vec::new());

/// A provider that is told, until this is dropped. Dropped, no call to it is in progress.
pub struct Told(u64);

impl Told {
    /// Tells a provider from now on, if it wants to know.
    pub fn new(extensions: &Extensions) -> Option<Self> {
        let callback = extensions.cache_callback?;
        let told = Self(NEXT.fetch_add(1, Ordering::Relaxed));
        PROVIDERS.write().unwrap_or_else(PoisonError::into_inner).push((told.0, callback));
        Some(told)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        PROVIDERS.write().unwrap_or_else(PoisonError::into_inner).retain(|(number, _)| *number != self.0);
    }
}

/// Tells every provider of this process for a system area network that memory is about to be freed: what they keep of it is forgotten.
/// For programs that registered memory through [`SanSocket`](super::SanSocket); the switch's own calls see to it themselves.
pub fn memory_freed(memory: &[u8]) {
    range_freed(memory.as_ptr(), memory.len());
}

/// The same for memory that nobody may look at.
pub(super) fn range_freed(start: *const u8, length: usize) {
    if length == 0 {
        return;
    }
    for (_, callback) in PROVIDERS.read().unwrap_or_else(PoisonError::into_inner).iter() {
        // What a provider never kept it says, and what it cannot let go cannot be helped here.
        // SAFETY: an address and a length; the memory is not used.
        let _ = unsafe { callback.memory_registration_cache_callback(start.cast_mut().cast(), length) };
    }
}
