//! The report: times, as ratios measured side by side. Nothing here fails because it is slow.

mod author;
mod sentinel;

use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use wsp_bench::calls::Caller;
use wsp_bench::library::Library;
use wsp_bench::variant::{Callee, Function, Mode, Variant};
use wsp_bench_net::Sample;

use crate::table::Table;
use crate::tool;

/// Measures and prints all, or what belongs to one target.
///
/// # Errors
/// Something could not be built, run or loaded, or there is no such target.
pub fn run(only: Option<&str>, json: bool) -> Result<bool, String> {
    const TARGETS: [(&str, Measure); 3] = [("D4", dispatch), ("C1", generation), ("C3", author_build)];
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    if !TARGETS.iter().any(|(name, _)| wanted(name)) {
        return Err(format!("there is no target `{}`; there are D4, C1 and C3", only.unwrap_or_default()));
    }
    let mut rows = Rows(Table::new(&["target", "what", "unit", "median", "min", "max", "limit", "kept"]));
    for (name, measure) in TARGETS {
        if wanted(name) {
            eprintln!("measuring {name}");
            measure(&mut rows)?;
        }
    }
    rows.0.print(json);
    Ok(true)
}

/// Adds the rows of one target.
type Measure = fn(&mut Rows) -> Result<(), String>;

/// What was measured so far.
struct Rows(Table);

impl Rows {
    fn add(&mut self, target: &str, what: &str, unit: &str, limit: &str, sample: &Sample) {
        let number = |value: f64| format!("{value:.3}");
        let (min, max) = sample.range();
        let [target, what, unit, limit] = [target, what, unit, limit].map(str::to_owned);
        self.0.row([target, what, unit, number(sample.median()), number(min), number(max), limit, sample.kept()]);
    }
}

fn dispatch(rows: &mut Rows) -> Result<(), String> {
    let library = Library::open()?;
    let variant = |callee| Variant { function: Function::Send, callee, mode: Mode::Synchronous };
    // Calls that share nothing even so: what two threads cost on these processors, whatever they do.
    let control = variant(Callee::Direct);
    let sample = sentinel::sample(|| two_threads(&library, control))?;
    rows.add("D4", &format!("{control}: two threads that share nothing, a control"), "x one thread", "", &sample);
    for variant in [Callee::Winsock, Callee::San].map(variant) {
        let sample = sentinel::sample(|| two_threads(&library, variant))?;
        rows.add("D4", &format!("{variant}: two threads, a socket each"), "x one thread", "1.15", &sample);
        let beside = sentinel::sample(|| Ok(two_threads(&library, variant)? / two_threads(&library, control)?))?;
        rows.add("D4", &format!("{variant}: the same, beside the control"), "x control", "", &beside);
    }
    Ok(())
}

fn generation(rows: &mut Rows) -> Result<(), String> {
    for release in [true, false] {
        let program = tool::build("regenerate", release)?;
        let how = if release { "optimised" } else { "unoptimised" };
        let mut seconds = Vec::new();
        let mut outputs = Outputs::new();
        let ratios = sentinel::sample(|| {
            let ours = regenerate(&program, "ours", &outputs.next())?;
            seconds.push(ours);
            Ok(ours / regenerate(&program, "bindgen", &outputs.next())?)
        })?;
        let limit = if release { "0.6, aim 0.15" } else { "" };
        rows.add("C1", &format!("everything regenerated, {how}"), "x windows-bindgen", limit, &ratios);
        rows.add("C1", &format!("the same, {how}, quiet or not"), "s", "", &Sample::all(seconds));
    }
    Ok(())
}

fn author_build(rows: &mut Rows) -> Result<(), String> {
    let author = author::Author::new()?;
    let clean = Sample::all(vec![author.clean_build()?]);
    rows.add("C3", "clean build of a provider crate, 2 jobs", "s", "30", &clean);
    let again = sentinel::sample(|| author.build_again())?;
    rows.add("C3", "the same, nothing changed: no build script runs", "s", "", &again);
    Ok(())
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

/// Folders for what is generated, each a new one. They are removed together, at the end: ext4 gives no inode again that was freed in
/// the last seconds, and passes over all of them for each file that is made.
struct Outputs {
    folder: PathBuf,
    count: usize,
}

impl Outputs {
    fn new() -> Self {
        Self { folder: std::env::temp_dir().join(format!("wsp-bench-{}-regenerate", std::process::id())), count: 0 }
    }

    fn next(&mut self) -> PathBuf {
        self.count += 1;
        self.folder.join(self.count.to_string())
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Seconds of one regeneration in a process of its own, into a new folder.
fn regenerate(program: &Path, what: &str, folder: &Path) -> Result<f64, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let output = tool::run(tool::command(program, [what]).arg(folder))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().map_err(|_| format!("{} printed `{text}` instead of seconds", program.display()))
}
