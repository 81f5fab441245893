//! Differences that are known and right.

use std::collections::{BTreeMap, BTreeSet};

use crate::Error;
use crate::compare::Difference;

/// Where they stand.
pub const FILE: &str = "known_differences.txt";

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The metadata has no such item.
    Absent,
    /// The metadata says something else, and is wrong.
    Differs,
    /// The item has another name in the metadata.
    Named,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Line in the file, from 1.
    pub line: usize,
    /// What it says.
    pub verdict: Verdict,
    /// What it is about, as in [`Difference::item`].
    pub item: String,
    /// What is declared, when that differs.
    pub ours: String,
    /// What the metadata says, or its name for the item; empty when the item is absent.
    pub theirs: String,
}

/// The list.
#[derive(Debug, Clone, Default)]
pub struct Known {
    entries: Vec<Entry>,
}

impl Known {
    /// Reads the list: `absent | ITEM | REASON`, `differs | ITEM | OURS | METADATA | REASON`, `named | OURS | THEIRS | REASON`; `#` starts a
    /// comment line.
    ///
    /// # Errors
    /// A line has another form or no reason, or repeats an earlier one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut entries = Vec::new();
        let mut seen = BTreeSet::new();
        for (line, text) in (1..).zip(text.lines().map(str::trim)) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let entry = Entry::parse(line, text).ok_or_else(|| {
                Error(format!(
                    "{FILE}:{line}: expected `absent | ITEM | REASON`, `differs | ITEM | OURS | METADATA | REASON` or `named | OURS | THEIRS | REASON`"
                ))
            })?;
            if !seen.insert((entry.verdict, entry.item.clone(), entry.ours.clone(), entry.theirs.clone())) {
                return Err(Error(format!("{FILE}:{line}: `{}` is listed twice", entry.item)));
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Our name and the metadata's, of the `named` entries but the one on the line `without`.
    pub fn names(&self, without: Option<usize>) -> BTreeMap<&str, &str> {
        let named = self.entries.iter().filter(|entry| entry.verdict == Verdict::Named && Some(entry.line) != without);
        named.map(|entry| (entry.item.as_str(), entry.theirs.as_str())).collect()
    }

    /// Line of the entry that lets this difference pass.
    pub fn entry(&self, difference: &Difference) -> Option<usize> {
        let same = |entry: &&Entry| {
            let says = match &difference.theirs {
                None => entry.verdict == Verdict::Absent,
                Some(theirs) => {
                    entry.verdict == Verdict::Differs && entry.ours == difference.ours && entry.theirs == *theirs
                }
            };
            says && entry.item == difference.item
        };
        self.entries.iter().find(same).map(|entry| entry.line)
    }
}

impl Entry {
    fn parse(line: usize, text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('|').map(str::trim).collect();
        if parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        let (verdict, item, ours, theirs) = match parts[..] {
            ["absent", item, _reason] => (Verdict::Absent, item, "", ""),
            ["differs", item, ours, theirs, _reason] => (Verdict::Differs, item, ours, theirs),
            ["named", ours, theirs, _reason] => (Verdict::Named, ours, "", theirs),
            _ => return None,
        };
        Some(Self { line, verdict, item: item.to_owned(), ours: ours.to_owned(), theirs: theirs.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_need_a_reason_and_stand_once() {
        let error = |text| Known::parse(text).unwrap_err().0;
        assert!(error("absent | X").contains("known_differences.txt:1: expected"));
        assert!(error("# x\n\ndiffers | X | 0 | 1 |").contains(":3: expected"));
        assert!(error("other | X | because").contains("expected"));
        assert!(error("absent | X | a\nabsent | X | b").contains(":2: `X` is listed twice"));
    }

    #[test]
    fn an_entry_fits_one_difference_only() {
        let list = "# list\ndiffers | A.b | int8 | int32 | wrong\nabsent | C | newer";
        let known = Known::parse(list).unwrap();
        let line = |item: &str, ours: &str, theirs: Option<&str>| {
            let theirs = theirs.map(str::to_owned);
            known.entry(&Difference { item: item.into(), ours: ours.into(), theirs })
        };
        assert_eq!(line("A.b", "int8", Some("int32")), Some(2));
        assert_eq!(line("A.b", "int8", Some("int16")), None);
        assert_eq!(line("A.b", "int16", Some("int32")), None);
        assert_eq!(line("A.b", "int8", None), None);
        assert_eq!(line("C", "a function", None), Some(3));
        assert_eq!(line("C", "0", Some("1")), None);
    }
}
