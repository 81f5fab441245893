//! JSON, as little of it as is written here: the schema of the spec's files and machine-readable diagnostics.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A JSON value, which may borrow its text. Objects keep the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Number(i128),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// A string.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// An object with these members in this order.
    pub fn object(members: impl IntoIterator<Item = (&'a str, Json<'a>)>) -> Self {
        Self::Object(members.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
    }

    /// Indented text that ends with a line feed; the same bytes for the same value.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, indent: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Text(text) => write_text(out, text),
            Self::List(items) => {
                write_items(out, indent, ('[', ']'), items, |out, item, indent| item.write(out, indent))
            }
            Self::Object(members) => write_items(out, indent, ('{', '}'), members, |out, (key, value), indent| {
                write_text(out, key);
                out.push_str(": ");
                value.write(out, indent);
            }),
        }
    }
}

fn write_items<T>(
    out: &mut String,
    indent: usize,
    ends: (char, char),
    items: &[T],
    one: impl Fn(&mut String, &T, usize),
) {
    out.push(ends.0);
    for (at, item) in items.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        indented(out, indent + 1);
        one(out, item, indent + 1);
    }
    if !items.is_empty() {
        out.push('\n');
        indented(out, indent);
    }
    out.push(ends.1);
}

fn indented(out: &mut String, levels: usize) {
    (0..levels).for_each(|_| out.push_str("  "));
}

/// Where the first character stands that is not written as it is. Most text is ASCII and has none, which is quickly seen byte by byte.
fn to_escape(text: &str) -> Option<usize> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    let from = text.bytes().position(|byte| !plain(byte))?;
    let at = text[from..].find(|c| matches!(c, '"' | '\\' | '\0'..='\x1f' | '\x7f'..='\u{9f}'))?;
    Some(from + at)
}

/// Appends a string in its quotes.
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // Stretches without anything to escape are copied whole.
    while let Some(at) = to_escape(rest) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut chars = from.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c) => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}
