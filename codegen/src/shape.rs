//! Spec types, each declared once with `shape!`: the struct with its places, the reader that collects every error, and the
//! description from which the JSON Schema is made.

use std::ops::Deref;

use crate::diagnostic::{Code, Diagnostics, Span, suggest};
use crate::yaml::{Kind, Node, Spanned};

/// What reading needs besides the node.
pub struct Reader<'a> {
    /// Where errors go.
    pub diags: &'a mut Diagnostics,
    /// Names of all profiles: the keys under which a function's differences stand.
    pub profiles: &'a [String],
}

impl Reader<'_> {
    /// Reports that `node` is not what was expected.
    pub fn wrong_type(&mut self, node: &Node, expected: &str) {
        let message = format!("expected {expected}, found {}", node.value.describe());
        let diagnostic = self.diags.error(Code::WrongType, node.span, message);
        if expected == "text" && !matches!(node.value, Kind::List(_) | Kind::Map(_) | Kind::Null) {
            diagnostic.hint("put it in quotes");
        }
    }
}

/// What can be read from a node.
pub trait Read: Sized {
    /// Reads a node. `None`: it is unusable, and why has been reported.
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self>;
    /// Describes what can be read.
    fn schema() -> Schema;
}

/// Description of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// Text; with a pattern when only some will do.
    Text(Option<&'static str>),
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// One of these words.
    Words(Vec<&'static str>),
    /// A list of such values.
    List(Box<Schema>),
    /// A mapping from any key to such values.
    Entries(Box<Schema>),
    /// A mapping with stated keys.
    Shape(Definition),
    /// Any one of these.
    AnyOf(Vec<Schema>),
}

/// Description of a mapping with stated keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its keys.
    pub members: Vec<Member>,
    /// What stands under the profiles' names, where they are keys.
    pub profiles: Option<Box<Schema>>,
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key.
    pub key: &'static str,
    /// Must it be there?
    pub required: bool,
    /// What it means.
    pub doc: &'static str,
    /// What stands there.
    pub schema: Schema,
}

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
            Kind::Text(text) => Some(Spanned::new(text.trim_end().to_owned(), node.span)),
            _ => {
                cx.wrong_type(node, "text");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::Text(None)
    }
}

/// A name as C has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident(pub Text);

/// A name of ours; hyphens are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub Text);

macro_rules! names {
    ($ty:ident, $pattern:literal, $what:literal, $allowed:expr) => {
        impl Deref for $ty {
            type Target = Text;

            fn deref(&self) -> &Text {
                &self.0
            }
        }

        impl Read for $ty {
            fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
                let text = Text::read(node, cx)?;
                let allowed: fn(char) -> bool = $allowed;
                if text.value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && text.value.chars().all(allowed)
                {
                    return Some(Self(text));
                }
                cx.diags.error(Code::BadText, node.span, format!("`{}` is not a name", text.value)).hint($what);
                None
            }

            fn schema() -> Schema {
                Schema::Text(Some($pattern))
            }
        }
    };
}

names!(Ident, "^[A-Za-z_][A-Za-z0-9_]*$", "letters, digits and `_`, not a digit first", |c| c.is_ascii_alphanumeric()
    || c == '_');
names!(Name, "^[A-Za-z_][A-Za-z0-9_-]*$", "letters, digits, `_` and `-`, a letter first", |c| c
    .is_ascii_alphanumeric()
    || c == '_'
    || c == '-');

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
        Schema::AnyOf(vec![Schema::Text(None), Schema::Number])
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

/// The mapping that a shape is being read from.
pub struct Fields<'n> {
    span: Span,
    shape: &'static str,
    map: &'n [(Spanned<String>, Node)],
    /// Keys that misspelt ones were probably meant to be; that these are missing is not reported again.
    meant: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Begins with a node: checks that it is a mapping and reports keys that are not among `keys` (nor profile names, if
    /// those are keys here).
    pub fn open(
        node: &'n Node,
        shape: &'static str,
        keys: &[&'static str],
        profiles: bool,
        cx: &mut Reader<'_>,
    ) -> Option<Self> {
        let Kind::Map(map) = &node.value else {
            cx.wrong_type(node, &format!("a mapping ({shape})"));
            return None;
        };
        let mut meant = Vec::new();
        for (key, _) in map {
            let name = key.value.as_str();
            if keys.contains(&name) || (profiles && cx.profiles.iter().any(|profile| profile == name)) {
                continue;
            }
            let free = keys.iter().copied().filter(|known| !map.iter().any(|(other, _)| other.value == *known));
            let suggestion = suggest(name, free);
            let diagnostic = cx.diags.error(Code::UnknownKey, key.span, format!("unknown key `{name}` in {shape}"));
            if let Some(known) = suggestion {
                diagnostic.hint(format!("did you mean `{known}`?"));
                meant.push(known);
            } else {
                let names = cx.profiles.iter().map(String::as_str).filter(|_| profiles);
                diagnostic.hint(format!(
                    "the keys here are {}",
                    keys.iter().copied().chain(names).collect::<Vec<_>>().join(", ")
                ));
            }
        }
        Some(Self { span: node.span, shape, map, meant })
    }

    fn find(&self, key: &str) -> Option<&'n Node> {
        self.map.iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    /// The value of a key that must be there.
    pub fn required<T: Read>(&self, key: &'static str, cx: &mut Reader<'_>) -> Option<T> {
        match self.find(key) {
            Some(node) => T::read(node, cx),
            None => {
                if !self.meant.contains(&key) {
                    let message = format!("the key `{key}` is missing in {}", self.shape);
                    cx.diags.error(Code::MissingKey, self.span, message).hint(format!("add `{key}: …`"));
                }
                None
            }
        }
    }

    /// The value of a key that may be there.
    pub fn optional<T: Read>(&self, key: &'static str, cx: &mut Reader<'_>) -> Option<T> {
        self.find(key).and_then(|node| T::read(node, cx))
    }

    /// What stands under profiles' names.
    pub fn profiles<T: Read>(&self, keys: &[&'static str], cx: &mut Reader<'_>) -> Vec<(Text, T)> {
        let mut out = Vec::new();
        for (key, node) in self.map {
            let named = cx.profiles.contains(&key.value) && !keys.contains(&key.value.as_str());
            if let (true, Some(value)) = (named, named.then(|| T::read(node, cx)).flatten()) {
                out.push((key.clone(), value));
            }
        }
        out
    }
}

/// Declares a spec type: struct, reader and description in one.
///
/// ```text
/// shape! {
///     /// What it is.
///     pub struct State ("a state") {
///         /// What the key means.
///         name: required Name,
///         ty ("type"): optional Text,        // the key when it differs from the field
///     }
///     profiles: Difference                   // what may stand under profiles' names
/// }
/// ```
///
/// `pub struct A (…) sharing { … } with B (…) { … }` declares `A` with all keys and `B` with the shared ones as they are and
/// all others optional: what a profile may say anew.
macro_rules! shape {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident ($what:literal) {
            $( $(#[doc = $fdoc:literal])* $field:ident $(($key:literal))? : $mode:ident $ty:ty, )*
        }
        $(profiles: $profile:ty)?
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            /// Where it stands.
            pub span: $crate::diagnostic::Span,
            $( $(#[doc = $fdoc])* pub $field: $crate::shape::shape!(@type $mode $ty), )*
            $( /// What stands under profiles' names.
            pub profile_keys: Vec<($crate::shape::Text, $profile)>, )?
        }

        impl $crate::shape::Read for $name {
            fn read(node: &$crate::yaml::Node, cx: &mut $crate::shape::Reader<'_>) -> Option<Self> {
                const KEYS: &[&str] = &[$( $crate::shape::shape!(@key $field $($key)?), )*];
                let with_profiles = false $( || { let _ = stringify!($profile); true } )?;
                let fields = $crate::shape::Fields::open(node, $what, KEYS, with_profiles, cx)?;
                $( let $field = fields.$mode::<$ty>($crate::shape::shape!(@key $field $($key)?), cx); )*
                $( let profile_keys = fields.profiles::<$profile>(KEYS, cx); )?
                Some(Self {
                    span: node.span,
                    $( $field: $crate::shape::shape!(@take $mode $field), )*
                    $( profile_keys: { let _ = stringify!($profile); profile_keys }, )?
                })
            }

            fn schema() -> $crate::shape::Schema {
                $crate::shape::Schema::Shape($crate::shape::Definition {
                    name: stringify!($name),
                    doc: concat!($($doc),*).trim_ascii(),
                    members: vec![$( $crate::shape::Member {
                        key: $crate::shape::shape!(@key $field $($key)?),
                        required: $crate::shape::shape!(@is_required $mode),
                        doc: concat!($($fdoc),*).trim_ascii(),
                        schema: <$ty as $crate::shape::Read>::schema(),
                    }, )*],
                    profiles: None $( .or(Some(Box::new(<$profile as $crate::shape::Read>::schema()))) )?,
                })
            }
        }
    };
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident ($what:literal) sharing {
            $( $(#[doc = $sdoc:literal])* $sfield:ident $(($skey:literal))? : $smode:ident $sty:ty, )*
        } with $partial:ident ($pwhat:literal) {
            $( $(#[doc = $fdoc:literal])* $field:ident $(($key:literal))? : $mode:ident $ty:ty, )*
        }
    ) => {
        $crate::shape::shape! {
            $(#[doc = $doc])*
            pub struct $name ($what) {
                $( $(#[doc = $sdoc])* $sfield $(($skey))? : $smode $sty, )*
                $( $(#[doc = $fdoc])* $field $(($key))? : $mode $ty, )*
            }
        }
        $crate::shape::shape! {
            #[doc = $pwhat]
            pub struct $partial ($pwhat) {
                $( $(#[doc = $sdoc])* $sfield $(($skey))? : $smode $sty, )*
                $( $(#[doc = $fdoc])* $field $(($key))? : optional $ty, )*
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@type required $ty:ty) => { $ty };
    (@type optional $ty:ty) => { Option<$ty> };
    (@take required $field:ident) => { $field? };
    (@take optional $field:ident) => { $field };
    (@is_required required) => { true };
    (@is_required optional) => { false };
}

/// Declares the words that stand for the values of an enum.
macro_rules! words {
    ($ty:ty { $($word:literal => $value:expr),* $(,)? }) => {
        impl $crate::shape::Word for $ty {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $value)),*];
        }
    };
}

pub(crate) use {shape, words};
