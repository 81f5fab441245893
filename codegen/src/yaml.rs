//! One spanned tree per file. Everything that YAML allows and a spec does not need is refused here, with its place.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Tagged};

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
    /// A number with a fraction; nothing in a spec is one, so the value is not kept.
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
            Self::Fraction => "a fraction",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// What the parser made of a file that is text.
pub struct Raw(Result<RawNode, Error>);

/// Parses one file, which takes most of the time that reading takes; `None` if it is not text of a fair size. [`read`] reports.
pub fn parse(source: &Source) -> Option<Raw> {
    let text = std::str::from_utf8(&source.text).ok().filter(|text| text.len() <= MAX_BYTES)?;
    let budget = serde_saphyr::budget! { max_depth: MAX_DEPTH, max_anchors: 0, max_aliases: 0 };
    let options = serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    Some(Raw(serde_saphyr::from_str_with_options::<RawNode>(text, options)))
}

/// Reads one file from what [`parse`] made of it. `None`: it could not be read as YAML at all, and why has been reported.
pub fn read(file: u32, source: &Source, raw: Option<Raw>, diags: &mut Diagnostics) -> Option<Node> {
    let text = decode(file, source, diags)?;
    match raw?.0 {
        Ok(raw) => {
            let node = Converter { file, text, diags }.node(raw);
            if node.value == Kind::Null && text.trim_end().lines().all(|line| line.trim_start().starts_with('#')) {
                let span = Span { file, start: 0, end: 0 };
                diags.error(Code::EmptyFile, span, "this file says nothing").hint("fill it or remove it");
                return None;
            }
            Some(node)
        }
        Err(error) => {
            report(file, text, &error, diags);
            None
        }
    }
}

/// Checks size and encoding.
fn decode<'a>(file: u32, source: &'a Source, diags: &mut Diagnostics) -> Option<&'a str> {
    let bytes = &source.text;
    if bytes.len() > MAX_BYTES {
        diags.hide_text(file);
        let message = format!("this file has {} bytes; at most {MAX_BYTES} are read", bytes.len());
        diags.error(Code::TooLarge, Span { file, start: 0, end: 0 }, message).hint("split it into several files");
        return None;
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        diags.hide_text(file);
        let message = format!("this file holds binary data: byte {offset} is 0");
        diags.error(Code::BinaryFile, Span { file, start: 0, end: 0 }, message).hint("a spec file is UTF-8 text");
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
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

/// Turns what the parser refuses into a diagnostic of ours.
fn report(file: u32, text: &str, error: &Error, diags: &mut Diagnostics) {
    let error = error.without_snippet();
    let span = error.location().map_or(Span { file, start: 0, end: 0 }, |location| span_of(file, text, &location));
    match error {
        Error::Budget { breach: BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }, .. }
        | Error::UnknownAnchor { .. } => {
            diags.error(Code::Anchor, span, "anchors and aliases are not allowed here").hint("write the value out");
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            let message = format!("this nests deeper than {MAX_DEPTH} levels");
            diags.error(Code::TooDeep, span, message).hint("no key of the vocabulary nests that deep");
        }
        Error::Budget { .. } => {
            diags.error(Code::TooLarge, span, "this file holds more than is read").hint("split it into several files");
        }
        Error::MergeKeyNotAllowed { .. } | Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            diags.error(Code::MergeKey, span, "merge keys (`<<`) are not allowed here").hint("write the keys out");
        }
        Error::MultipleDocuments { .. } => {
            diags
                .error(Code::SeveralDocuments, span, "this file holds a second document")
                .hint("put it into its own file");
        }
        other => {
            let message = other.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(head, _)| head);
            diags.error(Code::Syntax, span, format!("not well-formed: {message}"));
        }
    }
}

/// A parser's place as byte offsets; where it knows no offset, from line and column.
fn span_of(file: u32, text: &str, location: &Location) -> Span {
    let inner = location.span();
    let start = match inner.byte_offset() {
        Some(offset) if offset > 0 || location.line() <= 1 => offset as usize,
        _ => offset_of(text, location.line() as usize, location.column() as usize),
    };
    let start = start.min(text.len());
    let end = (start + inner.byte_len().unwrap_or(0) as usize).min(text.len());
    Span { file, start: start as u32, end: end as u32 }
}

/// Byte offset of a line and column, both from 1, the column in characters.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or("");
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
}

/// The tree as the parser hands it over: tag and place of every node, repeated keys included.
struct RawNode(serde_saphyr::Spanned<Tagged<RawKind>>);

enum RawKind {
    Null,
    Bool(bool),
    Number(i128),
    Fraction,
    Text(String),
    List(Vec<RawNode>),
    Map(Vec<(RawNode, RawNode)>),
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_saphyr::Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Null)
    }

    fn visit_none<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawKind, E> {
        Ok(RawKind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawKind, E> {
        Ok(RawKind::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawKind, E> {
        Ok(RawKind::Number(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<RawKind, E> {
        Ok(RawKind::Number(value))
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<RawKind, E> {
        i128::try_from(value).map(RawKind::Number).map_err(|_| E::custom("this number is far too large"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<RawKind, E> {
        Ok(RawKind::Fraction)
    }

    fn visit_str<E>(self, value: &str) -> Result<RawKind, E> {
        Ok(RawKind::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawKind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(RawKind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawKind, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(RawKind::Map(map))
    }
}

/// Turns the parser's tree into ours and reports tags, repeated keys and keys that are not text.
struct Converter<'a> {
    file: u32,
    text: &'a str,
    diags: &'a mut Diagnostics,
}

impl Converter<'_> {
    fn node(&mut self, raw: RawNode) -> Node {
        let RawNode(serde_saphyr::Spanned { value: Tagged(kind, tag), referenced, .. }) = raw;
        let mut span = span_of(self.file, self.text, &referenced);
        if let Some(tag) = tag {
            let message = format!("the tag `{}` is not allowed here", tag.replace("tag:yaml.org,2002:", "!!"));
            self.diags
                .error(Code::Tag, span, message)
                .label("the tagged value")
                .hint("remove the tag; quote what must be text");
        }
        let value = match kind {
            // `TRUE` and `NULL` are C's constants here, so only the lower-case spellings are YAML's.
            RawKind::Null | RawKind::Bool(_) if self.is_upper_case(span) => Kind::Text(self.written(span).to_owned()),
            RawKind::Null => Kind::Null,
            RawKind::Bool(value) => Kind::Bool(value),
            RawKind::Number(value) => Kind::Number(value),
            RawKind::Fraction => Kind::Fraction,
            RawKind::Text(value) => Kind::Text(value),
            RawKind::List(items) => Kind::List(items.into_iter().map(|item| self.node(item)).collect()),
            RawKind::Map(entries) => {
                let map = self.map(entries);
                // The parser gives a block mapping an empty place; its first key is what people look at.
                if let (Some((key, _)), true) = (map.first(), span.start == span.end) {
                    span = key.span;
                }
                Kind::Map(map)
            }
        };
        if let (Kind::List(items), true) = (&value, span.start == span.end) {
            span = items.first().map_or(span, |item| item.span);
        }
        Node { value, span }
    }

    fn written(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn is_upper_case(&self, span: Span) -> bool {
        let written = self.written(span);
        !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_uppercase())
    }

    fn map(&mut self, entries: Vec<(RawNode, RawNode)>) -> Vec<(Spanned<String>, Node)> {
        let mut map: Vec<(Spanned<String>, Node)> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for (raw_key, raw_value) in entries {
            let key = self.node(raw_key);
            let value = self.node(raw_value);
            let Some(name) = self.key_text(&key) else { continue };
            if let Some(first) = seen.get(&name).copied() {
                self.diags
                    .error(Code::DuplicateKey, key.span, format!("the key `{name}` stands here twice"))
                    .label("again here")
                    .also(first, "first here")
                    .hint("keep one of them");
                continue;
            }
            seen.insert(name.clone(), key.span);
            map.push((Spanned::new(name, key.span), value));
        }
        map
    }

    /// A key's text; `null`, `true` and numbers count as the text that is written.
    fn key_text(&mut self, key: &Node) -> Option<String> {
        match &key.value {
            Kind::Text(text) => Some(text.clone()),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Fraction if key.span.start < key.span.end => {
                Some(self.written(key.span).to_owned())
            }
            other => {
                let message = format!("a key must be text, and this is {}", other.describe());
                self.diags.error(Code::KeyNotText, key.span, message).hint("write `key: value`");
                None
            }
        }
    }
}
