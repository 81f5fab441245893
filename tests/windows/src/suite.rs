//! The tests as Windows programs: the same as on this system, and all of them good.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, Built};
use crate::exceptions::{self, Exceptions, Verdict};
use crate::process::{self, Failure};
use crate::table::Table;
use crate::target::X64;
use crate::wine::{Run, Wine};

/// The packages whose tests are to run on Windows.
pub const PACKAGES: &[&str] =
    &["wsp", "wsp-catalog", "wsp-cli", "wsp-codegen", "wsp-host", "wsp-provider", "wsp-tests"];

/// Builds the tests for both systems, runs those for Windows and compares the two.
///
/// # Errors
/// A test fails under Wine, or is on one system only and not in the list of exceptions.
pub fn run() -> Result<(), Failure> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join(exceptions::FILE);
    let list =
        fs::read_to_string(&list).map_err(|error| Failure(format!("cannot read {}: {error}", list.display())))?;
    let exceptions = Exceptions::parse(&list)?;
    // One command for all: packages that are built together share the features of what they depend on.
    let selected = selection(&exceptions)?;
    let arguments: Vec<&str> =
        ["--no-run", "--lib", "--bin=wsp"].into_iter().chain(selected.iter().map(String::as_str)).collect();
    let here = programs(cargo::this_system("test", &arguments)?);
    let there = cargo::windows(&X64, "test", &arguments)?;
    // Also those of the programs that tests run.
    let folders: BTreeSet<PathBuf> =
        there.iter().filter_map(|built| built.program.as_deref()?.parent()).map(Path::to_owned).collect();
    let there = programs(there);
    let wine = Wine::start(X64, &folders.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    let titles: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    let mut outcomes = Vec::new();
    for title in titles {
        let outcome = compare(&wine, &exceptions, title, here.get(title), there.get(title))?;
        if outcome.linux + outcome.windows > 0 {
            println!("{title}: {} of {} passed", outcome.passed, outcome.windows);
            outcomes.push(outcome);
        }
    }
    print(&outcomes);
    let wrong: Vec<String> =
        outcomes.iter().flat_map(|outcome| &outcome.wrong).cloned().chain(exceptions.unused()).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Failure(format!("\n{}", wrong.join("\n")))) }
}

/// Arguments that name the packages, and all their tests but those that are listed as left out.
fn selection(exceptions: &Exceptions) -> Result<Vec<String>, Failure> {
    let mut arguments: Vec<String> =
        PACKAGES.iter().flat_map(|package| ["-p".to_owned(), package.to_string()]).collect();
    for (package, test) in cargo::test_targets()? {
        let ours = PACKAGES.contains(&package.as_str());
        if ours && !exceptions.lists(Verdict::Omit, &format!("{package} {test}"), "*") {
            arguments.extend(["--test".to_owned(), test]);
        }
    }
    Ok(arguments)
}

/// The programs with tests, by their titles.
fn programs(built: Vec<Built>) -> BTreeMap<String, Built> {
    built
        .into_iter()
        .filter(|built| built.tests && built.program.is_some())
        .map(|built| (built.title(), built))
        .collect()
}

/// What a program has shown.
struct Outcome {
    title: String,
    linux: usize,
    windows: usize,
    passed: usize,
    absent: usize,
    extra: usize,
    skipped: usize,
    wrong: Vec<String>,
}

fn compare(
    wine: &Wine,
    exceptions: &Exceptions,
    title: &str,
    here: Option<&Built>,
    there: Option<&Built>,
) -> Result<Outcome, Failure> {
    let linux = here.map(list_here).transpose()?.unwrap_or_default();
    let windows = there.map(|built| list_there(wine, built)).transpose()?.unwrap_or_default();
    let absent: Vec<_> = linux.difference(&windows).collect();
    let extra: Vec<_> = windows.difference(&linux).collect();
    let skipped: Vec<_> = windows.iter().filter(|test| exceptions.lists(Verdict::Skip, title, test)).collect();
    let mut wrong = Vec::new();
    for (verdict, tests, system) in [(Verdict::Absent, &absent, "this system"), (Verdict::Extra, &extra, "Windows")] {
        let unlisted: Vec<_> = tests.iter().filter(|test| !exceptions.lists(verdict, title, test)).collect();
        if let Some(first) = unlisted.first() {
            let count = unlisted.len();
            let listed = exceptions::FILE;
            wrong.push(format!("{title}: {count} on {system} only, and not in {listed}, such as {first}"));
        }
    }
    let mut passed = 0;
    if let Some((built, program)) = there.and_then(|built| Some((built, built.program.as_deref()?))) {
        let mut arguments = Vec::new();
        if !skipped.is_empty() {
            arguments.push("--exact");
        }
        arguments.extend(skipped.iter().flat_map(|test| ["--skip", test]));
        let all_passed = |run: &Run| run.status.success() && count_passed(&run.text) + skipped.len() == windows.len();
        let run = wine.run(program, &built.folder, &arguments, all_passed)?;
        passed = count_passed(&run.text);
        if !all_passed(&run) {
            wrong.push(format!("{title} under Wine: {}\n{}", run.status, tail(&run.text)));
        }
    }
    let (linux, windows) = (linux.len(), windows.len());
    let (absent, extra, skipped) = (absent.len(), extra.len(), skipped.len());
    Ok(Outcome { title: title.to_owned(), linux, windows, passed, absent, extra, skipped, wrong })
}

fn print(outcomes: &[Outcome]) {
    let heading = ["program", "here", "Wine", "passed", "skipped", "here only", "Windows only"];
    let mut table = Table::new(&heading);
    let mut sums = [0; 6];
    for it in outcomes {
        let counts = [it.linux, it.windows, it.passed, it.skipped, it.absent, it.extra];
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        table.row([it.title.clone()].into_iter().chain(counts.map(|count| count.to_string())));
    }
    table.row(["together".to_owned()].into_iter().chain(sums.map(|count| count.to_string())));
    print!("\n{table}");
}

fn list_here(built: &Built) -> Result<BTreeSet<String>, Failure> {
    let Some(program) = &built.program else { return Ok(BTreeSet::new()) };
    Ok(names(&process::text(Command::new(program).arg("--list").current_dir(&built.folder))?))
}

fn list_there(wine: &Wine, built: &Built) -> Result<BTreeSet<String>, Failure> {
    let Some(program) = &built.program else { return Ok(BTreeSet::new()) };
    let whole = |run: &Run| run.status.success() && ends_as_a_list(&run.text);
    let run = wine.run(program, &built.folder, &["--list"], whole)?;
    if whole(&run) {
        Ok(names(&run.text))
    } else {
        Err(Failure(format!("{} does not start under Wine ({}):\n{}", program.display(), run.status, run.text)))
    }
}

/// The tests in a program's list of them.
fn names(list: &str) -> BTreeSet<String> {
    list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// Whether a list has come to its end, `3 tests, 0 benchmarks`.
fn ends_as_a_list(list: &str) -> bool {
    list.lines().last().is_some_and(|line| line.ends_with(" benchmarks"))
}

/// The number in `test result: ok. 12 passed; 0 failed; …`; none if the program did not get so far.
fn count_passed(text: &str) -> usize {
    let passed = |line: &str| -> Option<usize> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        counts.split_once(" passed;")?.0.parse().ok()
    };
    text.lines().filter_map(passed).sum()
}

/// The end of what a program wrote, which has the failures.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.ends_with("... ok")).collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_results_of_the_test_harness_are_read() {
        let list = "a::b: test\nc: benchmark\nd: test\n\n2 tests, 1 benchmarks\n";
        assert_eq!(names(list).into_iter().collect::<Vec<_>>(), ["a::b", "d"]);
        assert!(ends_as_a_list(list));
        assert!(!ends_as_a_list("a::b: test\n"), "the rest was lost");
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(count_passed(&format!("running 12 tests\n{line}\n")), 12);
        assert_eq!(count_passed("test result: FAILED. 3 passed; 1 failed; 0 ignored"), 3);
        assert_eq!(count_passed("running 12 tests\ntest a ... ok\n"), 0);
    }
}
