//! Prose of the spec as Markdown that means nothing more than it says.

use std::borrow::Cow;

/// A text on one line, with single spaces. Most texts already are.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let mut before = b' ';
    let is_right = |byte: u8| {
        let is_right = byte.is_ascii_graphic() || (byte == b' ' && before != b' ');
        before = byte;
        is_right
    };
    match text.bytes().all(is_right) && !text.ends_with(' ') {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

/// The paragraphs of a text, each on one line; the items of a list each on their own.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut current = String::new();
    for line in text.lines().map(str::trim).chain([""]) {
        if line.is_empty() {
            if !current.is_empty() {
                paragraphs.push(std::mem::take(&mut current));
            }
            continue;
        }
        if !current.is_empty() {
            current.push(if line.starts_with("- ") { '\n' } else { ' ' });
        }
        current.push_str(line);
    }
    paragraphs
}

/// Escapes everything that Markdown or rustdoc would read as more than text, outside of code spans.
pub(crate) fn escape(text: &str) -> String {
    let text = text.trim();
    let balanced = text.matches('`').count().is_multiple_of(2);
    let mut out = String::with_capacity(text.len() + 16);
    if text.starts_with('#') {
        out.push('\\');
    }
    let is_special = |byte| matches!(byte, b'\\' | b'`' | b'*' | b'[' | b']' | b'<' | b'>' | b'|' | b'~');
    push_escaped(&mut out, text, is_special, balanced);
    out
}

/// Adds a text with a backslash before everything special outside of code, which backticks enclose if it `has_code`.
pub(crate) fn push_escaped(out: &mut String, text: &str, is_special: impl Fn(u8) -> bool, has_code: bool) {
    let (mut code, mut rest) = (false, text);
    while let Some(at) = rest.bytes().position(&is_special) {
        out.push_str(&rest[..at]);
        let (special, after) = rest[at..].split_at(1);
        if special == "`" && has_code {
            code = !code;
        } else if !code {
            out.push('\\');
        }
        out.push_str(special);
        rest = after;
    }
    out.push_str(rest);
}

/// A text as the cell of a table: on one line, without a bar that would end the cell.
pub(crate) fn cell(text: &str) -> String {
    let escaped = escape(&one_line(text));
    let mut out = String::with_capacity(escaped.len());
    let mut before = ' ';
    for c in escaped.chars() {
        if c == '|' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_outside_of_code_only() {
        assert_eq!(escape("a [b] <c> `d[0]|<e>` *f*"), "a \\[b\\] \\<c\\> `d[0]|<e>` \\*f\\*");
        assert_eq!(escape("a ` alone"), "a \\` alone");
        assert_eq!(escape("# 1"), "\\# 1");
    }

    #[test]
    fn a_cell_has_no_bar_of_its_own() {
        assert_eq!(cell("a | b\n `c|d`"), "a \\| b `c\\|d`");
    }

    #[test]
    fn one_line_has_single_spaces() {
        for (text, line) in [("a b", "a b"), (" a", "a"), ("a ", "a"), ("a  b", "a b"), ("a\n\tä", "a ä"), ("", "")] {
            assert_eq!(one_line(text), line);
        }
        assert!(matches!(one_line("a `b` c."), Cow::Borrowed(_)));
    }

    #[test]
    fn paragraphs_lose_their_indentation() {
        assert_eq!(paragraphs("a\n  b\n\n    c\n- d\n  e\n"), ["a b", "c\n- d e"]);
    }
}
