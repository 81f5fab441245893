//! What the numbers mean, each with an example of the mistake and of its correction. The examples are tested: each is a file
//! added to a small whole spec; the bad one yields its number, the good one yields no error.

mod files;
mod meaning;
mod names;
mod params;
mod shape;

use std::fmt;

use super::Code;

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The number.
    pub code: Code,
    /// One line.
    pub title: &'static str,
    /// What the mistake is, why it matters and how to mend it.
    pub text: &'static str,
    /// A spec file with the mistake; `\xNN` stands for that byte. Empty where a file cannot show it.
    pub bad: &'static str,
    /// The same file without the mistake.
    pub good: &'static str,
}

impl fmt::Display for Explanation {
    /// Title, text and examples, as a terminal shows them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n\n{}", self.code, self.title, self.text)?;
        for (heading, example) in [("Wrong", self.bad), ("Right", self.good)] {
            if !example.is_empty() {
                writeln!(f, "\n{heading}:\n")?;
                example.lines().try_for_each(|line| writeln!(f, "    {line}"))?;
            }
        }
        Ok(())
    }
}

/// Everything that is explained, in order of the numbers.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    [files::ENTRIES, shape::ENTRIES, names::ENTRIES, params::ENTRIES, meaning::ENTRIES].into_iter().flatten()
}

/// The explanation of a number.
pub fn explain(code: Code) -> Option<&'static Explanation> {
    all().find(|explanation| explanation.code == code)
}

macro_rules! explanations {
    ($($code:ident: $title:literal, $text:literal, $bad:literal, $good:literal;)*) => {
        pub const ENTRIES: &[Explanation] = &[$(Explanation {
            code: Code::$code,
            title: $title,
            text: $text,
            bad: $bad,
            good: $good,
        },)*];
    };
}

use explanations;
