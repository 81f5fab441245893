//! What the headers have wrong, or not at all.

use std::collections::BTreeMap;

use crate::Error;
use crate::facts::Target;

/// Where it stands.
pub const FILE: &str = "known_header_errors.txt";

/// The list.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// By width and item, the line.
    lines: BTreeMap<(u64, String), usize>,
}

impl Known {
    /// Reads the list: `both | ITEM | REASON`, or `32` or `64` for one width only; `#` starts a comment line.
    ///
    /// # Errors
    /// A line has another form or no reason, or repeats an earlier one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut lines = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines().map(str::trim)) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = text.split('|').map(str::trim).collect();
            let (targets, item) = match parts[..] {
                ["both", item, reason] if !reason.is_empty() => (&Target::ALL[..], item),
                ["32", item, reason] if !reason.is_empty() => (&[Target::X86][..], item),
                ["64", item, reason] if !reason.is_empty() => (&[Target::X64][..], item),
                _ => return Err(Error(format!("{FILE}:{line}: expected `both | ITEM | REASON`, or `32` or `64`"))),
            };
            for target in targets {
                if lines.insert((target.pointer(), item.to_owned()), line).is_some() {
                    return Err(Error(format!("{FILE}:{line}: `{item}` is listed twice")));
                }
            }
        }
        Ok(Self { lines })
    }

    /// The items on this target, each with its line.
    pub fn items(&self, target: Target) -> BTreeMap<&str, usize> {
        let here = self.lines.iter().filter(|((pointer, _), _)| *pointer == target.pointer());
        here.map(|((_, item), line)| (item.as_str(), *line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_need_a_reason_and_stand_once() {
        let error = |text| Known::parse(text).unwrap_err().0;
        assert!(error("both | X").contains("known_header_errors.txt:1: expected"));
        assert!(error("# x\n\n64 | X |").contains(":3: expected"));
        assert!(error("both | X | a\n32 | X | b").contains(":2: `X` is listed twice"));
    }

    #[test]
    fn an_entry_is_for_its_widths() {
        let known = Known::parse("both | A | a\n32 | B | b").unwrap();
        assert_eq!(known.items(Target::X64).into_keys().collect::<Vec<_>>(), ["A"]);
        assert_eq!(known.items(Target::X86).into_keys().collect::<Vec<_>>(), ["A", "B"]);
    }
}
