//! What the front end says about a spec: numbered, placed, sorted.

mod catalogue;
mod code;
mod json;
mod render;

pub use catalogue::{Explanation, all, explain};
pub use code::Code;

use crate::source::Source;

/// A place in one of the sources: byte offsets, `end` excluded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Index of the file in the order in which the sources were given.
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

/// Does the diagnostic stop the stage, or is it advice?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// No model comes out.
    Error,
    /// The model comes out all the same.
    Warning,
}

impl Level {
    /// The word that stands in front of a message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A place with a remark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// The remark; may be empty for the primary place.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its number in the catalogue.
    pub code: Code,
    /// Error or warning.
    pub level: Level,
    /// One sentence: what is wrong.
    pub message: String,
    /// Where it is wrong.
    pub primary: Label,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Sets the remark at the primary place.
    pub fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.primary.text = one_line(text.into());
        self
    }

    /// Adds another place.
    pub fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.secondary.push(Label { span, text: one_line(text.into()) });
        self
    }

    /// Says how to mend it.
    pub fn hint(&mut self, text: impl Into<String>) -> &mut Self {
        self.hint = Some(one_line(text.into()));
        self
    }

    /// Makes it a warning.
    pub fn warning(&mut self) -> &mut Self {
        self.level = Level::Warning;
        self
    }
}

/// A file as diagnostics need it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    path: String,
    /// Empty when the text is not fit to be shown (binary, unreadable, too large).
    text: String,
}

/// A position for people: line and column from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// All findings of a run, with the text that they point into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    files: Vec<File>,
    items: Vec<Diagnostic>,
    /// How many more there were than are kept.
    dropped: usize,
}

/// A file's bytes as text. That all of it is UTF-8 is seen at once; only what is not is gone through piece by piece.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
}

impl Diagnostics {
    /// None yet, about no file.
    pub fn new() -> Self {
        Self::default()
    }

    /// None yet, about these files; spans count them in this order.
    pub(crate) fn about(sources: &[Source]) -> Self {
        let files =
            sources.iter().map(|source| File { path: source.shown.clone(), text: text(&source.text) }).collect();
        Self { files, items: Vec::new(), dropped: 0 }
    }

    /// Leaves the text of a file out of what is shown: it is binary or far too large.
    pub(crate) fn hide_text(&mut self, file: u32) {
        if let Some(file) = self.files.get_mut(file as usize) {
            file.text.clear();
        }
    }

    /// Records an error; the returned builder adds label, further places and hint.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let at = self.items.len();
        self.items.push(Diagnostic {
            code,
            level: Level::Error,
            message: one_line(message.into()),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            hint: None,
        });
        &mut self.items[at]
    }

    /// Records an error about a whole file or folder that is not among the sources.
    pub(crate) fn file_error(&mut self, code: Code, path: &str, message: impl Into<String>) -> &mut Diagnostic {
        let file = match self.files.iter().position(|file| file.path == path) {
            Some(at) => at,
            None => {
                self.files.push(File { path: path.to_owned(), text: String::new() });
                self.files.len() - 1
            }
        };
        self.error(code, Span { file: file as u32, start: 0, end: 0 }, message)
    }

    /// Drops those from `start` on that `keep` does not want.
    pub(crate) fn retain_from(&mut self, start: usize, mut keep: impl FnMut(&Diagnostic) -> bool) {
        let late = self.items.split_off(start.min(self.items.len()));
        self.items.extend(late.into_iter().filter(|item| keep(item)));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Is there an error among them?
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.level == Level::Error)
    }

    /// All of them; by file and position once [`Diagnostics::sort`] has run, as it has on what [`crate::compile`] returns.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter()
    }

    /// Takes over what was found in these same files.
    pub(crate) fn append(&mut self, found: Self) {
        self.items.extend(found.items);
    }

    /// Takes over what `other` found, with its files.
    pub fn merge(&mut self, other: Self) {
        let base = self.files.len() as u32;
        self.files.extend(other.files);
        self.dropped += other.dropped;
        for mut item in other.items {
            item.primary.span.file += base;
            item.secondary.iter_mut().for_each(|label| label.span.file += base);
            self.items.push(item);
        }
        self.sort();
    }

    /// Sorts by path and position, drops repetitions, and keeps the first [`MOST`] (errors before warnings): nobody reads more,
    /// and a broken file could otherwise make millions.
    pub fn sort(&mut self) {
        let files = &self.files;
        let path = |span: Span| files.get(span.file as usize).map_or("", |file| file.path.as_str());
        self.items.sort_by(|a, b| {
            let key =
                |item: &Diagnostic| (item.primary.span.start, item.primary.span.end, item.code, item.message.clone());
            path(a.primary.span).cmp(path(b.primary.span)).then_with(|| key(a).cmp(&key(b)))
        });
        self.items.dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span && a.message == b.message);
        if self.items.len() > MOST {
            let before = self.items.len();
            let mut errors = self.items.iter().filter(|item| item.level == Level::Error).count().min(MOST);
            let mut warnings = MOST - errors;
            self.items.retain(|item| {
                let left = if item.level == Level::Error { &mut errors } else { &mut warnings };
                let keep = *left > 0;
                *left = left.saturating_sub(1);
                keep
            });
            self.dropped += before - self.items.len();
        }
    }

    /// How many were found beyond those that are kept.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Path of the file that a span lies in.
    pub fn path(&self, span: Span) -> &str {
        self.files.get(span.file as usize).map_or("", |file| file.path.as_str())
    }

    /// Text of the file that a span lies in; empty when it is not fit to be shown.
    pub fn text(&self, span: Span) -> &str {
        self.files.get(span.file as usize).map_or("", |file| file.text.as_str())
    }

    /// Where a span begins and ends.
    pub fn position(&self, span: Span) -> (Position, Position) {
        let text = self.text(span);
        (position_in(text, span.start as usize), position_in(text, span.end as usize))
    }
}

/// How many diagnostics are kept.
pub const MOST: usize = 500;

/// The longest word that is worth a suggestion, in bytes.
const LONGEST_WORD: usize = 100;

/// The longest text that is shown, in characters: what is quoted from a spec may be of any length.
const LONGEST: usize = 600;

/// A text of one line that is fit for a terminal, whatever was quoted in it.
fn one_line(text: String) -> String {
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return text;
    }
    let mut out: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if out.len() < text.len() && text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

/// Line and column of a byte offset; an offset inside a character counts as that character's start.
pub(crate) fn position_in(text: &str, offset: usize) -> Position {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

/// The candidate that `word` was probably meant to be.
pub(crate) fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST_WORD)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().min(word.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
