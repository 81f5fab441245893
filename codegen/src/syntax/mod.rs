//! The files of a spec, read but not yet understood: every value with its place.

pub mod declare;
pub mod function;
pub mod value;

use crate::diagnostic::{Code, Diagnostics, Span, suggest};
use crate::parallel::each;
use crate::shape::{Read, Reader, Schema, word_list};
use crate::source::Source;
use crate::yaml::{self, Kind, Node};

/// A file, by what it declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// Profiles.
    Profiles(declare::Profiles),
    /// C types.
    Types(declare::Types),
    /// Constants.
    Groups(declare::Groups),
    /// Error codes.
    Codes(declare::Codes),
    /// Function tables.
    Tables(declare::Tables),
    /// States.
    States(declare::States),
    /// A function.
    Function(Box<function::Function>),
    /// An author's change to a function.
    Amendment(Box<function::Amendment>),
    /// A topic.
    Topic(declare::Topic),
}

/// A kind of file: the key that tells it, and how it is read and described. Adding a kind is adding a row.
pub struct FileKind {
    /// The key that only this kind has at its top.
    pub key: &'static str,
    /// Keys that other kinds have too are no sign while this one is there.
    read: fn(&Node, &mut Reader<'_>) -> Option<File>,
    /// What such a file holds.
    pub schema: fn() -> Schema,
}

macro_rules! kinds {
    ($($key:literal => $variant:ident($ty:ty),)*) => {
        /// All kinds of files. `topic`, `function` and `amend` come first: such files have keys that tell other kinds.
        pub const KINDS: &[FileKind] = &[$(FileKind {
            key: $key,
            read: |node, cx| <$ty as Read>::read(node, cx).map(File::$variant),
            schema: <$ty as Read>::schema,
        },)*];
    };
}

kinds! {
    "function" => Function(Box<function::Function>),
    "amend" => Amendment(Box<function::Amendment>),
    "topic" => Topic(declare::Topic),
    "profiles" => Profiles(declare::Profiles),
    "types" => Types(declare::Types),
    "groups" => Groups(declare::Groups),
    "codes" => Codes(declare::Codes),
    "tables" => Tables(declare::Tables),
    "states" => States(declare::States),
}

/// The kinds of files that declare one thing, whose name stands at their key; the others hold lists.
const NAMED: [&str; 3] = ["function", "amend", "topic"];

/// A read file with the index of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// Index of the source.
    pub file: u32,
    /// What it says.
    pub content: File,
}

/// Reads all sources.
pub fn parse(sources: &[Source], diags: &mut Diagnostics) -> Vec<Parsed> {
    let text = |(file, source)| Some((file, yaml::decode(file, source, diags)?));
    let texts: Vec<(u32, &str)> = (0..).zip(sources).filter_map(text).collect();
    let nodes = each(&texts, diags, |&(file, text), diags| Some((file, yaml::read(file, text, diags)?)));
    let Some(profiles) = profile_names(&nodes, diags) else { return Vec::new() };
    each(&nodes, diags, |(file, node), diags| {
        let mut cx = Reader { diags, profiles: &profiles };
        Some(Parsed { file: *file, content: read_file(node, &mut cx)? })
    })
}

fn read_file(node: &Node, cx: &mut Reader<'_>) -> Option<File> {
    let Kind::Map(map) = &node.value else {
        cx.wrong_type(node, "a mapping");
        return None;
    };
    // Functions have `profiles` and `states` too, of another form: one whose first key is misspelt is no file of those.
    let tells = |key: &str, value: &Node| match &value.value {
        _ if map.len() == 1 || NAMED.contains(&key) => true,
        Kind::List(items) => items.iter().all(|item| matches!(item.value, Kind::Map(_))),
        _ => false,
    };
    let is_there = |kind: &&FileKind| map.iter().any(|(key, value)| key.value == kind.key && tells(kind.key, value));
    if let Some(kind) = KINDS.iter().find(is_there) {
        return (kind.read)(node, cx);
    }
    let keys = || KINDS.iter().map(|kind| kind.key);
    let near = |key: &str| suggest(key, keys()).filter(|meant| *meant != key);
    let meant = map.iter().find_map(|(key, _)| near(&key.value).map(|meant| (key, meant)));
    let diagnostic = cx.diags.error(Code::UnknownFile, node.span, "nothing here tells what this file declares");
    match meant {
        Some((key, meant)) => diagnostic.hint(format!("did you mean `{meant}` by `{}`?", key.value)),
        None => diagnostic.hint(format!("a file has one of the keys {}", word_list(keys()))),
    };
    None
}

/// The names of the profiles, read ahead: they are keys in other files. `None`: one stands twice, and that has been reported; what
/// other files say cannot be judged then.
fn profile_names(nodes: &[(u32, Node)], diags: &mut Diagnostics) -> Option<Vec<String>> {
    let mut names: Vec<(String, Span)> = Vec::new();
    let mut twice = false;
    for (_, node) in nodes {
        let Kind::Map(map) = &node.value else { continue };
        // Functions and topics have a list of this name too, of plain names.
        let Some((_, Node { value: Kind::List(items), .. })) = map.iter().find(|(key, _)| key.value == "profiles")
        else {
            continue;
        };
        for item in items {
            let Kind::Map(profile) = &item.value else { continue };
            let name = profile.iter().find(|(key, _)| key.value == "name");
            let Some((_, Node { value: Kind::Text(name), span })) = name else { continue };
            match names.iter().find(|(known, _)| known == name) {
                Some((_, first)) => {
                    twice = true;
                    declared_twice("profile", name, *span, *first, diags);
                }
                None => names.push((name.clone(), *span)),
            }
        }
    }
    (!twice).then(|| names.into_iter().map(|(name, _)| name).collect())
}

/// Reports that a name is given again.
pub fn declared_twice(noun: &str, name: &str, again: Span, first: Span, diags: &mut Diagnostics) {
    diags
        .error(Code::DeclaredTwice, again, format!("the {noun} `{name}` is declared twice"))
        .label("again here")
        .also(first, "first here")
        .hint("keep one of them");
}
