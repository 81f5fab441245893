//! The boundary to C: no panic crosses it, and result and code always agree.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of a thunk. A panic is reported by the process's panic hook and becomes the code that `on_panic` gives.
///
/// # Errors
/// The body's, or `on_panic`'s.
#[inline(always)]
pub fn guard<R>(body: impl FnOnce() -> Result<R, i32>, on_panic: impl FnOnce() -> i32) -> Result<R, i32> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(outcome) => outcome,
        Err(payload) => {
            discard(payload);
            Err(on_panic())
        }
    }
}

/// Drops what was thrown; its destructor may itself panic, and what that throws is leaked.
#[cold]
#[inline(never)]
fn discard(payload: Box<dyn std::any::Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

/// Turns the outcome into what C gets: the value and 0 in `*errno`, or the failure value and the code.
///
/// # Safety
/// Unless the outcome is `Err(0)` (the failure that cannot be stored), `errno` can be written.
#[inline(always)]
pub unsafe fn lower<R>(outcome: Result<R, i32>, errno: *mut i32, failure: R) -> R {
    match outcome {
        Ok(value) => {
            // SAFETY: a call that came to an end had its `errno` checked first.
            unsafe { errno.write_unaligned(0) };
            value
        }
        Err(code) => {
            if code != 0 {
                // SAFETY: the one failure without a good `errno` has no code.
                unsafe { errno.write_unaligned(code) };
            }
            failure
        }
    }
}
