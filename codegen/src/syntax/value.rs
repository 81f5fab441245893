//! Values with a small grammar of their own.

use crate::diagnostic::{Code, Span};
use crate::shape::{Entry, Ident, Number, Read, Reader, Schema, Text, shape};
use crate::yaml::{Kind, Node, Spanned};

/// What NULL means for a pointer parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Null {
    /// It is refused with this code, unless that parameter is not NULL.
    Refuse { code: Text, unless: Option<Text> },
    /// It may be passed.
    Allowed,
    /// The parameter is not looked at.
    Ignored,
    /// It may be passed and means this.
    Means(String),
}

impl Read for Spanned<Null> {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let text = Text::read(node, cx)?;
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let null = match words.as_slice() {
            ["refuse", code] => Some(Null::Refuse { code: part(&text, code), unless: None }),
            ["refuse", code, "unless", param] => {
                Some(Null::Refuse { code: part(&text, code), unless: Some(part(&text, param)) })
            }
            ["allowed"] => Some(Null::Allowed),
            ["ignored"] => Some(Null::Ignored),
            ["means", _, ..] => Some(Null::Means(text.value.trim_start()["means".len()..].trim().to_owned())),
            _ => None,
        };
        if null.is_none() {
            cx.diags
                .error(Code::BadNull, node.span, format!("`{}` does not say what NULL means", text.value))
                .hint("write `refuse CODE`, `refuse CODE unless PARAM`, `allowed`, `ignored` or `means TEXT`");
        }
        null.map(|null| Spanned::new(null, node.span))
    }

    fn schema() -> Schema {
        Schema::Text("^\\s*(refuse\\s+\\S+(\\s+unless\\s+\\S+)?|allowed|ignored|means\\s+\\S[\\s\\S]*)\\s*$")
    }
}

/// A word of a text, with its own place where the text stands in the file as it is read.
fn part(text: &Text, word: &str) -> Text {
    let plain = (text.span.end - text.span.start) as usize == text.value.len();
    let at = text
        .value
        .split_whitespace()
        .find(|other| std::ptr::eq(other.as_ptr(), word.as_ptr()) && other.len() == word.len());
    let offset = at.map(|other| other.as_ptr() as usize - text.value.as_ptr() as usize);
    let span = match offset {
        Some(offset) if plain => {
            let start = text.span.start + offset as u32;
            Span { start, end: start + word.len() as u32, ..text.span }
        }
        _ => text.span,
    };
    Spanned::new(word.to_owned(), span)
}

shape! {
    /// How many units a pointer leads to.
    pub struct Count ("a length") {
        /// The parameter that counts bytes.
        bytes: optional Ident,
        /// The parameter that counts elements.
        elements: optional Ident,
        /// The parameter that counts UTF-16 code units.
        wide: optional Ident,
        /// The least that is accepted.
        minimum: optional Number,
        /// The code for less.
        violation: optional Ident,
    }
}

/// How long the memory behind a pointer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// Counted by a parameter.
    Counted(Box<Count>),
    /// It ends with a zero.
    Nul(Span),
}

impl Length {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Counted(count) => count.span,
            Self::Nul(span) => *span,
        }
    }
}

impl Read for Length {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        if let Kind::Text(text) = &node.value {
            if text == "nul" {
                return Some(Self::Nul(node.span));
            }
            let message = format!("`{text}` is no length");
            cx.diags
                .error(Code::BadLength, node.span, message)
                .hint("write `nul`, or a mapping such as `{bytes: PARAM}`");
            return None;
        }
        let count = Count::read(node, cx)?;
        let units = [&count.bytes, &count.elements, &count.wide].into_iter().flatten().count();
        if units != 1 {
            let message = format!("a length names one counting parameter; this one names {units}");
            cx.diags.error(Code::BadLength, node.span, message).hint("keep one of `bytes`, `elements`, `wide`");
            return None;
        }
        if count.minimum.is_some() != count.violation.is_some() {
            cx.diags
                .error(Code::BadLength, node.span, "`minimum` and `violation` go together")
                .hint("say the least length and the code that less gets, or neither");
            return None;
        }
        if let Some(minimum) =
            count.minimum.as_ref().filter(|minimum| !(1..=i128::from(u32::MAX)).contains(&minimum.value))
        {
            cx.diags.error(Code::NumberRange, minimum.span, "a minimum is from 1 to 4294967295");
            return None;
        }
        Some(Self::Counted(Box::new(count)))
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Words(vec!["nul"]), Count::schema()])
    }
}

shape! {
    /// The values that a parameter may have.
    pub struct Allowed ("allowed values") {
        /// Any one of these.
        values: optional Vec<Entry>,
        /// Any combination of these.
        flags: optional Vec<Entry>,
        /// From the first to the second.
        range: optional Vec<Entry>,
        /// This alone.
        constant: optional Entry,
        /// The code for anything else.
        violation: required Ident,
        /// `PARAM.MEMBER`: no check when that member is not 0.
        unless: optional Text,
        /// What else is to be said.
        text: optional Text,
    }
}

/// What is the matter with the sets of an `allowed`; `None`: exactly one, and of a fit size.
pub fn allowed_problem(allowed: &Allowed) -> Option<&'static str> {
    let lists = [&allowed.values, &allowed.flags, &allowed.range];
    if lists.into_iter().flatten().count() + usize::from(allowed.constant.is_some()) != 1 {
        return Some("say exactly one of `values`, `flags`, `range`, `constant`");
    }
    if allowed.range.as_ref().is_some_and(|range| range.len() != 2) {
        return Some("a range has two ends");
    }
    if allowed.values.as_ref().or(allowed.flags.as_ref()).is_some_and(Vec::is_empty) {
        return Some("the set is empty");
    }
    None
}
