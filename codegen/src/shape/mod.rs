//! Spec types, each declared once with `shape!`: the struct with its places, the reader that collects every error, and the
//! description from which the JSON Schema is made.

mod schema;
mod value;

pub use schema::*;
pub use value::*;

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
        let is_free = |known: &&'static str| !map.iter().any(|(key, _)| key.value == *known);
        for (key, _) in map {
            let name = key.value.as_str();
            if keys.contains(&name) || (profiles && cx.profiles.iter().any(|profile| profile == name)) {
                continue;
            }
            let suggestion = suggest(name, keys.iter().copied().filter(is_free));
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
