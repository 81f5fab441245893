//! The list of tests in which Windows and this system differ.

use std::cell::Cell;

use crate::process::Failure;

/// Where it stands.
pub const FILE: &str = "exceptions.txt";

/// How a test differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not there on Windows.
    Absent,
    /// It is there on Windows only.
    Extra,
    /// It is there and is not run under Wine.
    Skip,
    /// The program is not built for Windows.
    Omit,
}

#[derive(Debug)]
struct Entry {
    line: usize,
    verdict: Verdict,
    program: String,
    test: String,
    used: Cell<bool>,
}

/// The list. Entries remember whether they were needed.
#[derive(Debug)]
pub struct Exceptions {
    entries: Vec<Entry>,
}

impl Exceptions {
    /// Reads the list: `absent | PROGRAM | TEST | REASON`, likewise `extra`, `skip` and `omit`; `#` starts a comment line. A `*` in TEST stands
    /// for anything.
    ///
    /// # Errors
    /// A line has another form or no reason.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let lines = lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
        let entries = lines.map(|(line, text)| {
            Entry::parse(line, text).ok_or_else(|| {
                Failure(format!(
                    "{FILE}:{line}: expected `absent | PROGRAM | TEST | REASON`, or `extra`, `skip` or `omit`"
                ))
            })
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// Is this test listed with this verdict?
    pub fn lists(&self, verdict: Verdict, program: &str, test: &str) -> bool {
        let fits = |entry: &&Entry| entry.verdict == verdict && entry.program == program && matches(&entry.test, test);
        let mut fitting = self.entries.iter().filter(fits).peekable();
        let any = fitting.peek().is_some();
        fitting.for_each(|entry| entry.used.set(true));
        any
    }

    /// What is wrong with the list: the entries that no test needed.
    pub fn unused(&self) -> Vec<String> {
        let unused = self.entries.iter().filter(|entry| !entry.used.get());
        unused
            .map(|entry| format!("{FILE}:{}: no such difference: {} {}", entry.line, entry.program, entry.test))
            .collect()
    }
}

impl Entry {
    fn parse(line: usize, text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('|').map(str::trim).collect();
        let [verdict, program, test, reason] = parts[..] else { return None };
        let verdict = match verdict {
            "absent" => Verdict::Absent,
            "extra" => Verdict::Extra,
            "skip" => Verdict::Skip,
            "omit" => Verdict::Omit,
            _ => return None,
        };
        let complete = [program, test, reason].iter().all(|part| !part.is_empty());
        let entry = Self { line, verdict, program: program.into(), test: test.into(), used: Cell::new(false) };
        complete.then_some(entry)
    }
}

/// Does the text fit the pattern, in which `*` stands for anything?
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).filter(|&at| left.is_char_boundary(at)).any(|at| matches(rest, &left[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_need_a_reason() {
        for text in ["absent | p | t", "absent | p | t | ", "other | p | t | r", "# c\nabsent | p |  | r"] {
            assert!(Exceptions::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_entry_that_nothing_needs_is_told() {
        let list = Exceptions::parse("# c\nabsent | p | a::*::c | r\nskip | p | b | r").unwrap();
        assert!(list.lists(Verdict::Absent, "p", "a::b::c"));
        assert!(!list.lists(Verdict::Absent, "p", "a::b::d"));
        assert!(!list.lists(Verdict::Absent, "q", "a::b::c"));
        assert!(!list.lists(Verdict::Absent, "p", "b"));
        let unused = list.unused();
        assert_eq!(unused.len(), 1);
        assert!(unused[0].contains("exceptions.txt:3"), "{unused:?}");
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("*", "") && matches("*", "x") && matches("a*", "a") && matches("*::shm::*", "a::shm::b"));
        assert!(!matches("a*", "b") && !matches("*b", "a") && !matches("*::shm::*", "a::shm"));
    }
}
