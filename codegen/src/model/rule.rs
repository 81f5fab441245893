//! Rules, and the topics that hold those of no single function.

use super::Origin;

/// A rule of a function or topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Stable name, unique in the whole spec.
    pub id: String,
    /// Who sees to it.
    pub class: RuleClass,
    /// How binding it is.
    pub severity: Severity,
    /// The rule.
    pub text: String,
    /// Its subject: `return`, `state`, `order`, `blocking`, `overlapped`, `ownership`, `memory`, `upcall` or `other`.
    pub kind: String,
    /// The page it stands on.
    pub source: Option<String>,
    /// Path of the test that shows it.
    pub test: Option<String>,
    /// Ids of the checks that implement it, without the function's name.
    pub checks: Vec<String>,
    /// Of a note: why it is only one.
    pub reason: Option<String>,
    /// Where it was declared.
    pub origin: Origin,
}

/// Who sees to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleClass {
    /// The generated checks.
    Check,
    /// The provider; shown by a scenario.
    Behaviour,
    /// The caller or the host.
    Host,
    /// Nobody: history, contradictions and the like.
    Note,
}

/// How binding a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Always.
    Must,
    /// Unless there is a good reason.
    Should,
    /// As one likes.
    May,
    /// It only tells something.
    Info,
}

/// Rules that belong to no single function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it is about, in Markdown paragraphs.
    pub text: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Where it was declared.
    pub origin: Origin,
}
