//! The report: times, as ratios measured side by side. Nothing here fails because it is slow.

mod author;
mod sentinel;

use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use sentinel::Sample;
use wsp_bench::calls::Caller;
use wsp_bench::library::Library;
use wsp_bench::variant::{Callee, Function, Mode, Variant};

use crate::table::Table;
use crate::tool;

/// Measures and prints all.
///
/// # Errors
/// Something could not be built, run or loaded.
pub fn run(json: bool) -> Result<bool, String> {
    let mut table = Table::new(&["target", "what", "unit", "median", "min", "max", "limit", "kept"]);
    let mut add = |target: &str, what: &str, unit: &str, limit: &str, sample: &Sample| {
        let number = |value: f64| format!("{value:.3}");
        let (min, max) = sample.range();
        let cells = [target, what, unit].map(str::to_owned);
        let [target, what, unit] = cells;
        table.row([target, what, unit, number(sample.median()), number(min), number(max), limit.into(), sample.kept()]);
    };
    let library = Library::open()?;
    for callee in [Callee::Winsock, Callee::San] {
        let variant = Variant { function: Function::Send, callee, mode: Mode::Synchronous };
        let sample = sentinel::sample(|| two_threads(&library, variant))?;
        add("D4", &format!("{variant}: two threads, a socket each"), "x one thread", "1.15", &sample);
    }
    for release in [true, false] {
        let program = tool::build("regenerate", release)?;
        let how = if release { "optimised" } else { "unoptimised" };
        let sample = sentinel::sample(|| Ok(regenerate(&program, "ours")? / regenerate(&program, "bindgen")?))?;
        let limit = if release { "0.6, aim 0.15" } else { "" };
        add("C1", &format!("everything regenerated, {how}"), "x windows-bindgen", limit, &sample);
        let sample = sentinel::sample(|| regenerate(&program, "ours"))?;
        add("", &format!("the same, {how}"), "s", "", &sample);
    }
    let author = author::Author::new()?;
    add("C3", "clean build of a provider crate, 2 jobs", "s", "30", &sentinel::sample_of(1, || author.clean_build())?);
    let again = sentinel::sample(|| author.build_again())?;
    add("C3", "the same, nothing changed: no build script runs", "s", "", &again);
    table.print(json);
    Ok(true)
}

/// Time per call with two threads, in times of that with one.
fn two_threads(library: &Library, variant: Variant) -> Result<f64, String> {
    const CALLS: u64 = 2_000_000;
    let mut first = Caller::new(library, variant)?;
    let mut second = Caller::new(library, variant)?;
    first.verify()?;
    second.verify()?;
    let start = Instant::now();
    first.run(CALLS);
    let alone = start.elapsed();
    let begin = Barrier::new(2);
    let timed = |caller: &mut Caller<'_>| {
        // The thread's first call is slower.
        caller.run(1);
        begin.wait();
        let start = Instant::now();
        caller.run(CALLS);
        start.elapsed()
    };
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(|| timed(&mut second));
        (timed(&mut first), other.join())
    });
    let other = other.map_err(|_| "the second thread panicked")?;
    Ok((one + other).as_secs_f64() / 2.0 / alone.as_secs_f64())
}

/// Seconds of one regeneration in a process of its own.
fn regenerate(program: &Path, what: &str) -> Result<f64, String> {
    let folder = std::env::temp_dir().join(format!("wsp-bench-{}-regenerate", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let output = tool::run(tool::command(program, [what]).arg(&folder));
    // Everything is written anew each time.
    let _ = std::fs::remove_dir_all(&folder);
    let text = String::from_utf8_lossy(&output?.stdout).into_owned();
    text.trim().parse().map_err(|_| format!("{} printed `{text}` instead of seconds", program.display()))
}
