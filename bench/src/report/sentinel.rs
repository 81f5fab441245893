//! Keeps measurements only from quiet times.
//!
//! Shared machines have spells in which everything that crosses processors is several times slower. A raw exchange between
//! two threads is timed before and after each group; the group counts only if both are near the best of the whole run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Groups that a result needs.
const WANTED: usize = 9;
/// Groups that are tried.
const TRIED: usize = 40;
/// How much slower than the best a quiet exchange may be.
const QUIET: f64 = 1.35;
/// How long an exchange goes on.
const EXCHANGE: Duration = Duration::from_millis(20);
/// The number that ends an exchange.
const STOP: u32 = u32::MAX;

/// A value from each kept group.
#[derive(Debug, Clone)]
pub struct Sample {
    /// In ascending order.
    values: Vec<f64>,
    /// How many of the groups were quiet.
    quiet: usize,
    tried: usize,
}

impl Sample {
    /// The middle value.
    pub fn median(&self) -> f64 {
        self.values.get(self.values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Smallest and greatest.
    pub fn range(&self) -> (f64, f64) {
        let ends = (self.values.first(), self.values.last());
        (ends.0.copied().unwrap_or(f64::NAN), ends.1.copied().unwrap_or(f64::NAN))
    }

    /// How many groups were kept, of how many, and how many of those were not quiet.
    pub fn kept(&self) -> String {
        let kept = self.values.len();
        let noisy = kept - self.quiet.min(kept);
        let noisy = if noisy == 0 { String::new() } else { format!(", {noisy} NOISY") };
        format!("{kept} of {}{noisy}", self.tried)
    }

    /// All values, however busy the machine was.
    pub fn all(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let tried = values.len();
        Self { values, quiet: tried, tried }
    }

    /// The groups that were quiet; if they are too few, the quietest, marked as such.
    fn of(groups: &[(f64, [f64; 2])]) -> Self {
        let best = groups.iter().flat_map(|(_, around)| around).copied().fold(f64::INFINITY, f64::min);
        let mut ranked: Vec<(f64, f64)> =
            groups.iter().map(|(value, around)| (around[0].max(around[1]) / best, *value)).collect();
        ranked.sort_by(|one, other| one.0.total_cmp(&other.0));
        let quiet = ranked.iter().filter(|(noise, _)| *noise <= QUIET).count();
        let kept = quiet.max(WANTED.min(ranked.len()));
        let mut values: Vec<f64> = ranked[..kept].iter().map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        Self { values, quiet, tried: groups.len() }
    }
}

/// Measures group after group until enough were quiet.
///
/// # Errors
/// Those of `measure`.
pub fn sample(mut measure: impl FnMut() -> Result<f64, String>) -> Result<Sample, String> {
    let mut groups = Vec::new();
    let mut before = exchange();
    loop {
        let value = measure()?;
        let after = exchange();
        groups.push((value, [before, after]));
        before = after;
        let sample = Sample::of(&groups);
        if sample.quiet >= WANTED || groups.len() >= TRIED {
            return Ok(sample);
        }
    }
}

/// Two threads pass a number to and fro. Seconds per round trip, over a fixed time: on a busy machine a fixed number of
/// round trips could take minutes.
fn exchange() -> f64 {
    #[repr(align(128))]
    struct Line(AtomicU32);
    let (there, back) = (Line(AtomicU32::new(0)), Line(AtomicU32::new(0)));
    let next = |line: &Line, before: u32| {
        let mut spins = 0_u32;
        loop {
            let number = line.0.load(Ordering::Acquire);
            if number != before {
                return number;
            }
            spins += 1;
            // Whoever shares the processor with the other thread would wait for ever.
            if spins.is_multiple_of(1_000) {
                thread::yield_now();
            }
            std::hint::spin_loop();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while number != STOP {
                number = next(&there, number);
                back.0.store(number, Ordering::Release);
            }
        });
        let start = Instant::now();
        let mut trips = 0;
        while start.elapsed() < EXCHANGE {
            for _ in 0..100 {
                there.0.store(trips + 1, Ordering::Release);
                trips = next(&back, trips);
            }
        }
        let taken = start.elapsed();
        there.0.store(STOP, Ordering::Release);
        taken.as_secs_f64() / f64::from(trips)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_with_a_slow_exchange_on_either_side_are_left_out() {
        let mut groups = vec![(3.0, [1.0, 1.3]), (90.0, [1.0, 1.4]), (80.0, [2.0, 1.0])];
        groups.extend([(1.0, [1.1, 1.0]); WANTED - 1]);
        let sample = Sample::of(&groups);
        assert_eq!((sample.median(), sample.range()), (1.0, (1.0, 3.0)));
        assert_eq!(sample.kept(), "9 of 11");
    }

    #[test]
    fn too_few_quiet_groups_are_filled_up_and_marked() {
        let sample = Sample::of(&[(1.0, [1.0, 1.0]), (2.0, [3.0, 1.0])]);
        assert_eq!(sample.range(), (1.0, 2.0));
        assert_eq!(sample.kept(), "2 of 2, 1 NOISY");
    }
}
