//! One spanned tree per file. Everything that YAML allows and a spec does not need is refused here, with its place.

use std::collections::BTreeSet;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput};

use crate::diagnostic::{Code, Diagnostics, Span};
use crate::source::Source;

/// Bytes that a file may have.
const MAX_BYTES: usize = 1 << 20;
/// Levels that a file may nest.
const MAX_DEPTH: usize = 32;

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A node of the tree.
pub type Node = Spanned<Kind>;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing was written, or `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i128),
    /// A number with a fraction, a leading zero or too many digits; nothing in a spec is one, so the value is not kept.
    Fraction,
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping; each key once, in the order of the file.
    Map(Vec<(Spanned<String>, Node)>),
}

impl Kind {
    /// How people call it.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Fraction => "a number with a fraction, a leading 0 or too many digits",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads the text of one file, as [`decode`] gave it. `None`: it could not be read as YAML at all, and why has been reported.
pub fn read(file: u32, text: &str, diags: &mut Diagnostics) -> Option<Node> {
    let node = Builder { file, text, parser: Parser::new_from_str(text), depth: 0, diags }.document()?;
    if node.value == Kind::Null && text.trim_end().lines().all(|line| line.trim_start().starts_with('#')) {
        let span = Span { file, start: 0, end: 0 };
        diags.error(Code::EmptyFile, span, "this file says nothing").hint("fill it or remove it");
        return None;
    }
    Some(node)
}

/// The text of a file. `None`: it is too large or not text, and that has been reported.
pub fn decode<'a>(file: u32, source: &'a Source, diags: &mut Diagnostics) -> Option<&'a str> {
    let bytes = &source.text;
    if bytes.len() > MAX_BYTES {
        diags.hide_text(file);
        let message = format!("this file has {} bytes; at most {MAX_BYTES} are read", bytes.len());
        diags.error(Code::TooLarge, Span { file, start: 0, end: 0 }, message).hint("split it into several files");
        return None;
    }
    // The test alone looks at many bytes at once.
    if bytes.contains(&0) {
        let offset = bytes.iter().take_while(|byte| **byte != 0).count();
        diags.hide_text(file);
        let message = format!("this file holds binary data: byte {offset} is 0");
        diags.error(Code::BinaryFile, Span { file, start: 0, end: 0 }, message).hint("a spec file is UTF-8 text");
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => no_bare_return(file, text, diags).then_some(text),
        Err(error) => {
            let offset = error.valid_up_to();
            let message = format!("this file is not UTF-8: byte {offset} is 0x{:02X}", bytes[offset]);
            // What is shown has a replacement character there.
            let (start, width) = (offset as u32, char::REPLACEMENT_CHARACTER.len_utf8() as u32);
            let span = Span { file, start, end: start + width };
            diags.error(Code::NotUtf8, span, message).label("the first bad byte").hint("save the file as UTF-8");
            None
        }
    }
}

/// Are there no line ends that only YAML takes for some? Whatever shows places counts line feeds.
fn no_bare_return(file: u32, text: &str, diags: &mut Diagnostics) -> bool {
    let bytes = text.as_bytes();
    let is_bare = |at: &usize| bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    // The test alone looks at many bytes at once.
    let Some(at) = bytes.contains(&b'\r').then(|| (0..bytes.len()).find(is_bare)).flatten() else { return true };
    let span = Span { file, start: at as u32, end: at as u32 + 1 };
    diags
        .error(Code::BareReturn, span, "a carriage return alone ends a line here")
        .label("no line feed follows")
        .hint("save the file with LF line ends");
    false
}

/// Makes the tree of the parser's events and reports what a spec has no use for. Where it gives `None`, it has reported why
/// there is no tree.
struct Builder<'a, 'd> {
    file: u32,
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    /// Lists and mappings around what is read.
    depth: usize,
    diags: &'d mut Diagnostics,
}

impl<'a> Builder<'a, '_> {
    /// The one document of the file.
    fn document(mut self) -> Option<Node> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                _ if root.is_some() => {
                    self.diags
                        .error(Code::SeveralDocuments, span, "this file holds a second document")
                        .hint("put it into its own file");
                    return None;
                }
                event => root = Some(self.node(event, span)?),
            }
        }
        Some(root.unwrap_or(Node::new(Kind::Null, Span { file: self.file, start: 0, end: 0 })))
    }

    /// The next event with its place.
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        let (event, place) = match self.parser.next()? {
            Ok(event) => event,
            Err(error) => {
                self.report(&error);
                return None;
            }
        };
        let place = place.byte_range().unwrap_or_default();
        Some((event, Span { file: self.file, start: place.start as u32, end: place.end as u32 }))
    }

    /// The node that begins with an event.
    fn node(&mut self, event: Event<'a>, mut span: Span) -> Option<Node> {
        let (Event::Scalar(_, _, anchor, tag)
        | Event::SequenceStart(_, anchor, tag)
        | Event::MappingStart(_, anchor, tag)) = &event
        else {
            return self.anchor(span);
        };
        if *anchor != 0 {
            return self.anchor(span);
        }
        if let Some(tag) = tag {
            let message = format!("the tag `{}{}` is not allowed here", tag.original_handle(), tag.suffix());
            self.diags
                .error(Code::Tag, span, message)
                .label("the tagged value")
                .hint("remove the tag; quote what must be text");
        }
        let value = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
            Event::Scalar(text, ..) => Kind::Text(text.into_owned()),
            collection => {
                self.enter(span)?;
                let value = match collection {
                    Event::SequenceStart(..) => Kind::List(self.list()?),
                    _ => Kind::Map(self.map()?),
                };
                self.depth -= 1;
                value
            }
        };
        // The parser gives a block list or mapping an empty place; what it begins with is what people look at.
        if span.start == span.end {
            span = match &value {
                Kind::List(items) => items.first().map_or(span, |item| item.span),
                Kind::Map(entries) => entries.first().map_or(span, |(key, _)| key.span),
                _ => span,
            };
        }
        Some(Node { value, span })
    }

    fn anchor(&mut self, span: Span) -> Option<Node> {
        self.diags.error(Code::Anchor, span, "anchors and aliases are not allowed here").hint("write the value out");
        None
    }

    fn enter(&mut self, span: Span) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.too_deep(span);
            return None;
        }
        Some(())
    }

    fn too_deep(&mut self, span: Span) {
        let message = format!("this nests deeper than {MAX_DEPTH} levels");
        self.diags.error(Code::TooDeep, span, message).hint("no key of the vocabulary nests that deep");
    }

    fn list(&mut self) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Some(items),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self) -> Option<Vec<(Spanned<String>, Node)>> {
        let mut map: Vec<(Spanned<String>, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => {
                    self.unique(&mut map);
                    return Some(map);
                }
                (Event::Scalar(text, ScalarStyle::Plain, ..), span) if text == "<<" => {
                    self.diags
                        .error(Code::MergeKey, span, "merge keys (`<<`) are not allowed here")
                        .hint("write the keys out");
                    return None;
                }
                (event, span) => self.node(event, span)?,
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            let span = key.span;
            if let Some(name) = self.key_text(key) {
                map.push((Spanned::new(name, span), value));
            }
        }
    }

    /// Reports keys that stand twice, and leaves the first of each.
    fn unique(&mut self, map: &mut Vec<(Spanned<String>, Node)>) {
        let mut order: Vec<&Spanned<String>> = map.iter().map(|(key, _)| key).collect();
        // What is equal stays in the order of the file.
        order.sort_by(|a, b| a.value.cmp(&b.value));
        let mut again = BTreeSet::new();
        for same in order.chunk_by(|a, b| a.value == b.value) {
            for key in &same[1..] {
                self.diags
                    .error(Code::DuplicateKey, key.span, format!("the key `{}` stands here twice", key.value))
                    .label("again here")
                    .also(same[0].span, "first here")
                    .hint("keep one of them");
                again.insert(key.span);
            }
        }
        map.retain(|(key, _)| !again.contains(&key.span));
    }

    /// A key's text; `null`, `true` and numbers count as the text that is written.
    fn key_text(&mut self, key: Node) -> Option<String> {
        match key.value {
            Kind::Text(text) => Some(text),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Fraction if key.span.start < key.span.end => {
                Some(self.text.get(key.span.start as usize..key.span.end as usize).unwrap_or("").to_owned())
            }
            other => {
                let message = format!("a key must be text, and this is {}", other.describe());
                self.diags.error(Code::KeyNotText, key.span, message).hint("write `key: value`");
                None
            }
        }
    }

    /// Turns what the parser refuses into a diagnostic of ours.
    fn report(&mut self, error: &ScanError) {
        let start = error.marker().byte_offset().unwrap_or(0).min(self.text.len()) as u32;
        let span = Span { file: self.file, start, end: start };
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => self.too_deep(span),
            ErrorKind::UnknownAnchor => drop(self.anchor(span)),
            _ => drop(self.diags.error(Code::Syntax, span, format!("not well-formed: {}", error.info()))),
        }
    }
}

/// What text without quotes is, by the core schema of YAML, but that `TRUE` and `NULL` are C's constants here, so only the other
/// spellings are YAML's.
fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" => return Kind::Null,
        "true" | "True" => return Kind::Bool(true),
        "false" | "False" => return Kind::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Kind::Text(text.to_owned());
    }
    match whole(digits) {
        Some(number) => Kind::Number(if text.starts_with('-') { -number } else { number }),
        None if digits.parse::<f64>().is_ok() => Kind::Fraction,
        None => Kind::Text(text.to_owned()),
    }
}

/// A whole number of at most 64 bits, without its sign. Decimal ones have no 0 before them: some read that as octal.
fn whole(digits: &str) -> Option<i128> {
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => return None,
        _ => (10, digits),
    };
    // The library takes a sign here.
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(i128::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_quotes_is_what_it_looks_like() {
        let number = |value| Kind::Number(value);
        let text = |text: &str| Kind::Text(text.to_owned());
        for (written, meant) in [
            ("", Kind::Null),
            ("~", Kind::Null),
            ("null", Kind::Null),
            ("NULL", text("NULL")),
            ("true", Kind::Bool(true)),
            ("TRUE", text("TRUE")),
            ("0", number(0)),
            ("-1", number(-1)),
            ("+7", number(7)),
            ("0x7F000001", number(0x7F00_0001)),
            ("0o17", number(15)),
            ("0b101", number(5)),
            ("18446744073709551615", number(u64::MAX.into())),
            ("18446744073709551616", Kind::Fraction),
            ("017", Kind::Fraction),
            ("1.5", Kind::Fraction),
            (".5", Kind::Fraction),
            ("1e999", Kind::Fraction),
            ("0x", text("0x")),
            ("0x+1", text("0x+1")),
            ("--1", text("--1")),
            ("1.2.3", text("1.2.3")),
            ("-", text("-")),
            ("inf", text("inf")),
            ("0ä", text("0ä")),
        ] {
            assert_eq!(plain(written), meant, "{written}");
        }
    }
}
