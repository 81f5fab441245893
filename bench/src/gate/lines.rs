//! Which cache lines a call writes, and whether another thread's calls touch them too.
//!
//! Two threads with a socket and memory of their own take turns; a memory tracer lists what each touches. A line that one
//! writes and the other reads or writes is shared. The bare functions, which store to one variable, must be found to share
//! it: else the tracing itself is broken.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use wsp_bench::variant::{Callee, FUNCTIONS, MODES, Variant};

use crate::table::Table;
use crate::tool;

const CALLS: u64 = 8;
const LINE: u64 = 64;

/// What was found for every entry point.
pub struct Lines {
    table: Table,
    /// No entry point shares a line, and the control does.
    pub met: bool,
}

impl Lines {
    /// Prints the table.
    pub fn print(&self, json: bool) {
        self.table.print(json);
    }
}

/// Traces every entry point.
///
/// # Errors
/// valgrind is missing or fails, or the program does.
pub fn run(program: &Path) -> Result<Lines, String> {
    let mut lines = Lines { table: Table::new(&["call", "written_by_one", "shared_lines", "verdict"]), met: true };
    for mode in MODES {
        for function in FUNCTIONS {
            for callee in [Callee::Table, Callee::Winsock, Callee::San] {
                let variant = Variant { function, callee, mode };
                let [one, other] = trace(program, variant)?;
                let shared = one.shared(&other);
                let control = callee == Callee::Table;
                let good = control != shared.is_empty() && !one.written.is_empty() && !other.written.is_empty();
                lines.met &= good;
                let verdict = match (control, good) {
                    (true, true) => "control: its one variable was found".to_owned(),
                    (true, false) => "CONTROL FAILED: its one variable was not found".to_owned(),
                    (false, true) => "D3 met: nothing shared is written".to_owned(),
                    (false, false) => format!("D3 MISSED: {shared:x?}"),
                };
                let row = [variant.to_string(), one.written.len().to_string(), shared.len().to_string(), verdict];
                lines.table.row(row);
            }
        }
    }
    Ok(lines)
}

/// Lines that one thread's calls touched.
#[derive(Default)]
struct Touched {
    read: BTreeSet<u64>,
    written: BTreeSet<u64>,
}

impl Touched {
    fn add(&mut self, kind: &str, address: u64, size: u64) {
        let lines = address / LINE..=(address + size.max(1) - 1) / LINE;
        if matches!(kind, "L" | "M") {
            self.read.extend(lines.clone());
        }
        if matches!(kind, "S" | "M") {
            self.written.extend(lines);
        }
    }

    fn shared(&self, other: &Self) -> Vec<u64> {
        let meets = |line: &&u64, they: &Self| they.read.contains(line) || they.written.contains(line);
        let mine = self.written.iter().filter(|line| meets(line, other));
        let theirs = other.written.iter().filter(|line| meets(line, self));
        mine.chain(theirs).map(|line| line * LINE).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn trace(program: &Path, variant: Variant) -> Result<[Touched; 2], String> {
    let mut command = tool::command("valgrind", ["--tool=lackey", "--basic-counts=no", "--trace-mem=yes"]);
    command.arg(program).args(["threads", &variant.to_string(), &CALLS.to_string()]);
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| tool::not_started("valgrind", &error))?;
    let mut marks = String::new();
    let mut reader = Reader::default();
    let problem = |error: std::io::Error| format!("{variant}: cannot read the trace: {error}");
    if let Some(trace) = child.stderr.take() {
        for line in BufReader::new(trace).lines() {
            reader.line(&line.map_err(problem)?);
        }
    }
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut marks).map_err(problem)?;
    }
    let status = child.wait().map_err(problem)?;
    if !status.success() {
        return Err(format!("{variant}: {status}: {}", reader.said.join("\n")));
    }
    let marks: Vec<u64> = marks.split_whitespace().filter_map(|mark| u64::from_str_radix(mark, 16).ok()).collect();
    reader.split(&marks).ok_or_else(|| format!("{variant}: the trace lacks the marks"))
}

/// Keeps the end of the trace, from the first of the program's marks on; where they are is known only when it has ended.
#[derive(Default)]
struct Reader {
    accesses: Vec<(Kind, u64, u32)>,
    said: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Load,
    Store,
    Modify,
}

impl Reader {
    /// ` S 1ffeffe7e8,8`: kind, address, size. Instructions begin with `I`; what valgrind itself says, with `==`.
    fn line(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let kind = match words.next() {
            Some("L") => Kind::Load,
            Some("S") => Kind::Store,
            Some("M") => Kind::Modify,
            Some("I") => return,
            _ => {
                self.said.push(line.to_owned());
                return;
            }
        };
        let place = words.next().and_then(|word| word.split_once(','));
        if let Some((address, size)) = place
            && let (Ok(address), Ok(size)) = (u64::from_str_radix(address, 16), size.parse())
        {
            self.accesses.push((kind, address, size));
        }
    }

    /// What lies between the first two marks and between the last two.
    fn split(&self, marks: &[u64]) -> Option<[Touched; 2]> {
        let at =
            |mark: &u64| self.accesses.iter().rposition(|(kind, address, _)| *kind == Kind::Store && address == mark);
        let &[Some(a), Some(b), Some(c), Some(d)] = marks.iter().map(at).collect::<Vec<_>>().as_slice() else {
            return None;
        };
        let between = |from: usize, to: usize| {
            let mut touched = Touched::default();
            for (kind, address, size) in self.accesses.get(from + 1..to)? {
                let kind = match kind {
                    Kind::Load => "L",
                    Kind::Store => "S",
                    Kind::Modify => "M",
                };
                touched.add(kind, *address, u64::from(*size));
            }
            Some(touched)
        };
        Some([between(a, b)?, between(c, d)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_written_by_one_and_touched_by_the_other_is_shared() {
        let mut reader = Reader::default();
        let trace = " S 1000,4\nI  04001,3\n S 5000,8\n L 9000,8\n S 2000,4\n S 3000,4\n L 5038,8\n M 7000,4\n L 9000,8\n S 4000,4";
        trace.lines().for_each(|line| reader.line(line));
        let [one, other] = reader.split(&[0x1000, 0x2000, 0x3000, 0x4000]).unwrap();
        assert_eq!(one.shared(&other), [0x5000]);
        assert_eq!(other.written, BTreeSet::from([0x7000 / LINE]));
    }

    #[test]
    fn reading_the_same_line_is_not_sharing() {
        let mut one = Touched::default();
        one.add("L", 0x5000, 8);
        one.add("S", 0x6000, 8);
        let mut other = Touched::default();
        other.add("L", 0x5000, 8);
        other.add("S", 0x6040, 8);
        assert!(one.shared(&other).is_empty());
        other.add("S", 0x603f, 2);
        assert_eq!(one.shared(&other), [0x6000]);
    }

    #[test]
    fn a_trace_without_marks_is_told() {
        assert!(Reader::default().split(&[1, 2, 3, 4]).is_none());
    }
}
