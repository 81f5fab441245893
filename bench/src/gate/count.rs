//! Counts the instructions of one call, and finds which of them are locked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wsp_bench::variant::Variant;

use super::listing::Listings;
use crate::tool;

/// So many calls that what happens once (the loop's own beginning, the first call) is less than one instruction for each.
const CALLS: u64 = 20_000;

/// What one call of a variant comes to.
pub struct Count {
    /// Of which variant.
    pub variant: Variant,
    /// Instructions of one call, with the caller's loop around it, which is the same for all.
    pub instructions: u64,
    /// Locked instructions that every call executes.
    pub locked: Vec<String>,
}

/// Runs the program under the counter.
///
/// # Errors
/// valgrind or objdump is missing or fails, or the program does.
pub fn run(program: &Path, variant: Variant, listings: &mut Listings) -> Result<Count, String> {
    let arguments = ["calls", &variant.to_string(), &CALLS.to_string()];
    let Measured { instructions, locked } = measure(program, &variant.to_string(), &arguments, CALLS, listings)?;
    Ok(Count { variant, instructions, locked })
}

/// What was counted, for one of many repetitions.
pub struct Measured {
    /// Instructions.
    pub instructions: u64,
    /// Locked instructions that every repetition executes.
    pub locked: Vec<String>,
}

/// Runs a program under the counter, which does something `times` times in a function called `measured_*`.
///
/// # Errors
/// As above.
pub fn measure(
    program: &Path,
    name: &str,
    arguments: &[&str],
    times: u64,
    listings: &mut Listings,
) -> Result<Measured, String> {
    let file = std::env::temp_dir().join(format!("wsp-bench-{}-{name}.callgrind", std::process::id()));
    let output = format!("--callgrind-out-file={}", file.display());
    let mut command = tool::command(
        "valgrind",
        [
            "--tool=callgrind",
            "--dump-instr=yes",
            "--compress-pos=no",
            "--compress-strings=no",
            "--toggle-collect=measured_*",
            &output,
        ],
    );
    command.arg(program).args(arguments);
    let ran = tool::run(&mut command);
    let text = fs::read_to_string(&file);
    // It is in the folder for temporary files: a leftover would harm nobody.
    let _ = fs::remove_file(&file);
    ran?;
    let profile = parse(&text.map_err(|error| format!("valgrind wrote no {}: {error}", file.display()))?);
    let hot = profile.hot(times / 2);
    if hot.is_empty() {
        return Err(format!("{name}: the counter saw no call; are the loops still called `measured_*`?"));
    }
    let mut locked = Vec::new();
    for (object, addresses) in &hot {
        locked.extend(listings.locked(object, addresses)?);
    }
    Ok(Measured { instructions: profile.total / times, locked })
}

/// How often each instruction of each object was executed.
#[derive(Default)]
struct Profile {
    total: u64,
    executed: BTreeMap<PathBuf, BTreeMap<u64, u64>>,
}

impl Profile {
    /// The instructions that are executed at least so often: those of every call.
    fn hot(&self, least: u64) -> BTreeMap<&Path, BTreeSet<u64>> {
        let hot = |counts: &BTreeMap<u64, u64>| -> BTreeSet<u64> {
            counts.iter().filter(|(_, count)| **count >= least).map(|(address, _)| *address).collect()
        };
        let all = self.executed.iter().map(|(object, counts)| (object.as_path(), hot(counts)));
        all.filter(|(_, addresses)| !addresses.is_empty()).collect()
    }
}

/// Reads callgrind's format, written without compression: `ob=` says the object of what follows, a line with an address is the
/// cost of that instruction, and the line after `calls=` is the cost of what was called, which is counted where it belongs.
fn parse(text: &str) -> Profile {
    let mut profile = Profile::default();
    let mut object = PathBuf::new();
    let mut inclusive = false;
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("ob=") {
            object = path.into();
        } else if let Some(total) = line.strip_prefix("totals: ") {
            profile.total = total.trim().parse().unwrap_or(0);
        } else if line.starts_with("calls=") {
            inclusive = true;
        } else if let Some(rest) = line.strip_prefix("0x") {
            if std::mem::take(&mut inclusive) {
                continue;
            }
            let mut words = rest.split_whitespace();
            let address = words.next().and_then(|word| u64::from_str_radix(word, 16).ok());
            let cost = words.nth(1).and_then(|word| word.parse::<u64>().ok());
            if let (Some(address), Some(cost)) = (address, cost) {
                *profile.executed.entry(object.clone()).or_default().entry(address).or_default() += cost;
            }
        }
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_added_up_per_instruction_without_those_of_what_is_called() {
        let text = "ob=/a.so\nfn=f\n0x10 3 20000\n0x14 3 5\ncalls=20000 0x99 7\n0x14 3 400000\n\
                    ob=/b.so\n0x10 1 20000\n0x10 2 1\ntotals: 440006\n";
        let profile = parse(text);
        assert_eq!(profile.total, 440_006);
        assert_eq!(profile.executed[Path::new("/a.so")], BTreeMap::from([(0x10, 20_000), (0x14, 5)]));
        assert_eq!(profile.executed[Path::new("/b.so")], BTreeMap::from([(0x10, 20_001)]));
        assert_eq!(profile.hot(10_000)[Path::new("/a.so")], BTreeSet::from([0x10]));
    }
}
