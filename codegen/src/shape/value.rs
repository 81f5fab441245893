//! The values that spec types are made of.

use std::ops::Deref;

use super::{Read, Reader, Schema};
use crate::diagnostic::{Code, Span, suggest};
use crate::yaml::{Kind, Node, Spanned};

/// Text with its place.
pub type Text = Spanned<String>;

impl Read for Text {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Kind::Text(text) if text.trim().is_empty() => {
                cx.diags
                    .error(Code::BadText, node.span, "this text is empty")
                    .hint("fill it, or leave the key out where it is optional");
                None
            }
            Kind::Text(text) => {
                if let Some(bad) = text.chars().find(is_unshowable) {
                    let message = format!("this text holds U+{:04X}, which steers and does not show", u32::from(bad));
                    cx.diags.error(Code::BadText, node.span, message).hint("remove it, or describe it in words");
                    return None;
                }
                Some(Spanned::new(text.trim_end().to_owned(), node.span))
            }
            _ => {
                cx.wrong_type(node, "text");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::Text("\\S")
    }
}

/// Control characters and those that turn the direction of writing: comments of code may not hold them.
fn is_unshowable(c: &char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A name as C has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident(pub Text);

/// A name of ours; hyphens are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub Text);

/// The address of a web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(pub Text);

/// The name of a C header, as `#include <…>` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header(pub Text);

macro_rules! patterns {
    ($ty:ident, $pattern:literal, $code:ident, $what:literal, $hint:literal, $fits:expr) => {
        impl Deref for $ty {
            type Target = Text;

            fn deref(&self) -> &Text {
                &self.0
            }
        }

        impl Read for $ty {
            fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
                let text = Text::read(node, cx)?;
                let fits: fn(&str) -> bool = $fits;
                if fits(&text.value) {
                    return Some(Self(text));
                }
                cx.diags.error(Code::$code, node.span, format!("`{}` is not {}", text.value, $what)).hint($hint);
                None
            }

            fn schema() -> Schema {
                Schema::Text($pattern)
            }
        }
    };
}

patterns!(Ident, "^[A-Za-z_][A-Za-z0-9_]*$", BadText, "a name", "letters, digits and `_`, not a digit first", |text| {
    is_made_of(text, "_", |c| c.is_ascii_alphabetic() || c == '_')
});
patterns!(
    Name,
    "^[A-Za-z_][A-Za-z0-9_-]*$",
    BadText,
    "a name",
    "letters, digits, `_` and `-`, a letter first",
    |text| is_made_of(text, "_-", |c| c.is_ascii_alphabetic() || c == '_')
);
// What stands in a page's `href`, in Markdown's `<…>` and in comments, so that nothing in it may end one of these.
patterns!(
    Link,
    "^https?://[!#-;=?-_a-~]+$",
    BadLink,
    "the address of a web page",
    "begin it with `https://` or `http://`; blanks, quotes, `<`, `>` and what is not ASCII are written as `%XX`",
    |text| text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`'))
    })
);
patterns!(
    Header,
    "^[A-Za-z0-9_][A-Za-z0-9_./+-]*$",
    BadHeader,
    "the name of a C header",
    "letters, digits, `_`, `.`, `/`, `+` and `-`, as between the brackets of `#include <…>`",
    |text| is_made_of(text, "_./+-", |c| c.is_ascii_alphanumeric() || c == '_')
);

/// Is it made of letters, digits and these others, and may it begin as it does?
fn is_made_of(text: &str, others: &str, first: fn(char) -> bool) -> bool {
    text.starts_with(first) && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

/// A whole number with its place.
pub type Number = Spanned<i128>;

impl Read for Number {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            Kind::Number(number) => Some(Spanned::new(number, node.span)),
            _ => {
                cx.wrong_type(node, "a whole number");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::Number
    }
}

/// True or false with its place.
pub type Flag = Spanned<bool>;

impl Read for Flag {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            Kind::Bool(value) => Some(Spanned::new(value, node.span)),
            _ => {
                cx.wrong_type(node, "`true` or `false`");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::Flag
    }
}

/// One of a few words.
pub trait Word: Copy + 'static {
    /// The words and what they stand for.
    const WORDS: &'static [(&'static str, Self)];
}

impl<T: Word> Read for Spanned<T> {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Kind::Text(text) = &node.value else {
            cx.wrong_type(node, &format!("one of {}", word_list(T::WORDS.iter().map(|(word, _)| *word))));
            return None;
        };
        if let Some((_, value)) = T::WORDS.iter().find(|(word, _)| word == text) {
            return Some(Spanned::new(*value, node.span));
        }
        let words = || T::WORDS.iter().map(|(word, _)| *word);
        let diagnostic =
            cx.diags.error(Code::UnknownWord, node.span, format!("`{text}` is not one of the words for this key"));
        diagnostic.label(format!("expected {}", word_list(words())));
        if let Some(meant) = suggest(text, words()) {
            diagnostic.hint(format!("did you mean `{meant}`?"));
        }
        None
    }

    fn schema() -> Schema {
        Schema::Words(T::WORDS.iter().map(|(word, _)| *word).collect())
    }
}

/// `a`, `b` or `c`.
pub fn word_list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Kind::List(items) => Some(items.iter().filter_map(|item| T::read(item, cx)).collect()),
            _ => {
                cx.wrong_type(node, "a list");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::List(Box::new(T::schema()))
    }
}

impl<T: Read> Read for Box<T> {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        T::read(node, cx).map(Box::new)
    }

    fn schema() -> Schema {
        T::schema()
    }
}

/// A constant's name, a number, or other text, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Text.
    Text(Text),
    /// A number.
    Number(Number),
}

impl Entry {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span,
            Self::Number(number) => number.span,
        }
    }

    /// As people would write it.
    pub fn written(&self) -> String {
        match self {
            Self::Text(text) => text.value.clone(),
            Self::Number(number) => number.value.to_string(),
        }
    }
}

impl Read for Entry {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Kind::Number(number) => Some(Self::Number(Spanned::new(*number, node.span))),
            Kind::Text(_) => Text::read(node, cx).map(Self::Text),
            _ => {
                cx.wrong_type(node, "a number or a constant's name");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Text::schema(), Schema::Number])
    }
}

/// A mapping with keys of the author's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries(pub Vec<(Text, Entry)>);

impl Read for Entries {
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Kind::Map(map) = &node.value else {
            cx.wrong_type(node, "a mapping");
            return None;
        };
        Some(Self(map.iter().filter_map(|(key, value)| Some((key.clone(), Entry::read(value, cx)?))).collect()))
    }

    fn schema() -> Schema {
        Schema::Entries(Box::new(Entry::schema()))
    }
}
