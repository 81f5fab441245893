//! Diagnostics for people: like the compiler's own, and one line each for build scripts.

use std::fmt::{self, Write as _};

use annotate_snippets::{AnnotationKind, Group, Level as Shown, Origin, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, Level, Span};

/// The longest line that is drawn, in bytes.
const LONGEST_LINE: usize = 4096;

impl Diagnostics {
    /// The full text: message, place with caret, labels, hint. `color` uses terminal escapes.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for item in &self.items {
            out.push_str(&renderer.render(&[self.group(item)]));
            out.push_str("\n\n");
        }
        out.push_str(&self.summary());
        out
    }

    /// One line each: `path:line:column: error[WSP0012]: message (hint)`.
    pub fn render_short(&self) -> String {
        let mut out = String::new();
        for item in &self.items {
            let (at, _) = self.position(item.primary.span);
            let _ = write!(
                out,
                "{}:{}:{}: {}[{}]: {}",
                self.path(item.primary.span),
                at.line,
                at.column,
                item.level.word(),
                item.code,
                item.message
            );
            if let Some(hint) = &item.hint {
                let _ = write!(out, " ({hint})");
            }
            out.push('\n');
        }
        out
    }

    fn group<'a>(&'a self, item: &'a Diagnostic) -> Group<'a> {
        let level = match item.level {
            Level::Error => Shown::ERROR,
            Level::Warning => Shown::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(item.message.as_str()).id(item.code.to_string()));
        let primary = item.primary.span;
        if self.text(primary).is_empty() {
            group = group.element(Origin::path(self.path(primary)));
        } else if !self.can_be_drawn(primary) {
            let (at, _) = self.position(primary);
            group = group.element(Origin::path(self.path(primary)).line(at.line).char_column(at.column));
        } else {
            let mut files = vec![primary.file];
            let others = item.secondary.iter().map(|label| label.span).filter(|span| span.file != primary.file);
            files.extend(others.filter(|span| self.can_be_drawn(*span)).map(|span| span.file));
            files.dedup();
            for file in files {
                group = group.element(self.snippet(item, file));
            }
        }
        if let Some(hint) = &item.hint {
            group = group.element(Shown::HELP.message(hint.as_str()));
        }
        group
    }

    /// Is the line of a place short enough to be drawn? Drawing takes time for every character of it.
    fn can_be_drawn(&self, span: Span) -> bool {
        let bytes = self.text(span).as_bytes();
        let at = (span.start as usize).min(bytes.len());
        let line_break = |byte: &u8| *byte == b'\n';
        let before = bytes[..at].iter().rev().take(LONGEST_LINE).position(line_break).unwrap_or(at);
        let after = bytes[at..].iter().take(LONGEST_LINE).position(line_break).unwrap_or(bytes.len() - at);
        before + after < LONGEST_LINE
    }

    /// The part of `item` that lies in one file.
    fn snippet<'a>(&'a self, item: &'a Diagnostic, file: u32) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let whole = Span { file, start: 0, end: 0 };
        let text = self.text(whole);
        let mut snippet = Snippet::source(text).path(self.path(whole));
        if item.primary.span.file == file {
            let label = (!item.primary.text.is_empty()).then_some(item.primary.text.as_str());
            snippet =
                snippet.annotation(AnnotationKind::Primary.span(shown_range(text, item.primary.span)).label(label));
        }
        for label in item.secondary.iter().filter(|label| label.span.file == file && self.can_be_drawn(label.span)) {
            let range = shown_range(text, label.span);
            snippet = snippet.annotation(AnnotationKind::Context.span(range).label(label.text.as_str()));
        }
        snippet
    }

    /// How many errors and warnings there are, and where to read more.
    fn summary(&self) -> String {
        let errors = self.items.iter().filter(|item| item.level == Level::Error).count();
        let warnings = self.items.len() - errors;
        let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let mut parts = Vec::new();
        if errors > 0 {
            parts.push(count(errors, "error"));
        }
        if warnings > 0 {
            parts.push(count(warnings, "warning"));
        }
        match self.items.first() {
            Some(first) => {
                if self.dropped > 0 {
                    parts.push(format!("{} more are not shown", self.dropped));
                }
                format!("{}; `wsp explain {}` says more\n", parts.join(", "), first.code)
            }
            None => String::new(),
        }
    }
}

/// A range that can be drawn: inside the text, on character boundaries, within one line, at least one character wide where
/// there is one.
fn shown_range(text: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |at: usize| {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start as usize);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let mut end = floor(span.end as usize).clamp(start, line_end);
    if end == start {
        end = text[start..line_end].chars().next().map_or(start, |c| start + c.len_utf8());
    }
    start..end
}

impl fmt::Display for Diagnostics {
    /// The full text without colour.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
