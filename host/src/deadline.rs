//! Moments until which something is waited for.

use std::time::{Duration, Instant};

/// Longer than any program runs.
const EVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The moment after so much time. Whoever gives more than a moment can be after waits for ever.
pub fn after(time: Duration) -> Instant {
    Instant::now() + time.min(EVER)
}
