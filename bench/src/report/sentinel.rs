//! Keeps measurements only from quiet times.
//!
//! Shared machines have spells in which everything that crosses processors is several times slower. A raw exchange between
//! two threads is timed before and after each group; the group counts only if both are near the best of the whole run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wsp_bench_net::{Sample, WANTED};

/// Groups that are tried.
const TRIED: usize = 40;
/// How long an exchange goes on.
const EXCHANGE: Duration = Duration::from_millis(20);
/// The number that ends an exchange.
const STOP: u32 = u32::MAX;

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
        if sample.quiet() >= WANTED || groups.len() >= TRIED {
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
