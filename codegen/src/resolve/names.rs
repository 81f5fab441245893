//! Everything that has a name: who declares it, and finding it again.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostics, Span, suggest};
use crate::model::Origin;
use crate::shape::Text;
use crate::source::Source;
use crate::syntax::declare::{Constant, ErrorCode, Group, Profile, State, Table, Topic, Type};
use crate::syntax::function::{Amendment, Function};
use crate::syntax::{File, Parsed, declared_twice};

/// Declarations of one kind, in spec order.
#[derive(Debug)]
pub struct Registry<'a, T> {
    /// What people call such a thing.
    noun: &'static str,
    /// The number for an unknown one.
    unknown: Code,
    items: Vec<(&'a str, &'a T)>,
    index: BTreeMap<&'a str, (usize, Span)>,
}

impl<'a, T> Registry<'a, T> {
    fn new(noun: &'static str, unknown: Code) -> Self {
        Self { noun, unknown, items: Vec::new(), index: BTreeMap::new() }
    }

    fn add(&mut self, name: &'a Text, item: &'a T, diags: &mut Diagnostics) {
        if let Some((_, first)) = self.index.get(name.value.as_str()) {
            declared_twice(self.noun, &name.value, name.span, *first, diags);
            return;
        }
        self.index.insert(&name.value, (self.items.len(), name.span));
        self.items.push((&name.value, item));
    }

    /// The one of this name.
    pub fn get(&self, name: &str) -> Option<&'a T> {
        self.index.get(name).map(|(at, _)| self.items[*at].1)
    }

    /// The one of this name; reports that there is none.
    pub fn find(&self, name: &Text, diags: &mut Diagnostics) -> Option<&'a T> {
        let found = self.get(&name.value);
        if found.is_none() {
            self.report(name, diags);
        }
        found
    }

    /// Reports that there is none of this name.
    pub fn report(&self, name: &Text, diags: &mut Diagnostics) {
        let diagnostic = diags.error(self.unknown, name.span, format!("there is no {} `{}`", self.noun, name.value));
        match suggest(&name.value, self.names()) {
            Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
            None => diagnostic.hint(format!("declare it, or name a {} that is declared", self.noun)),
        };
    }

    /// All of them in spec order.
    pub fn iter(&self) -> impl Iterator<Item = &'a T> {
        self.items.iter().map(|(_, item)| *item)
    }

    /// All names in spec order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.items.iter().map(|(name, _)| *name)
    }
}

/// Everything that has a name.
#[derive(Debug)]
pub struct Names<'a> {
    sources: &'a [Source],
    /// For each source, where its lines begin.
    lines: Vec<Vec<u32>>,
    /// Profiles; a base stands before those that narrow it once [`Names::order_profiles`] has passed.
    pub profiles: Registry<'a, Profile>,
    /// C types.
    pub types: Registry<'a, Type>,
    /// Groups of constants; one that an author's folder repeats adds to the first.
    pub groups: Vec<&'a Group>,
    /// Constants.
    pub constants: Registry<'a, Constant>,
    /// Error codes.
    pub codes: Registry<'a, ErrorCode>,
    /// Tables.
    pub tables: Registry<'a, Table>,
    /// States.
    pub states: Registry<'a, State>,
    /// Functions.
    pub functions: Registry<'a, Function>,
    /// Topics.
    pub topics: Registry<'a, Topic>,
    /// An author's changes.
    pub amendments: Vec<&'a Amendment>,
}

impl<'a> Names<'a> {
    /// Collects what the files declare and reports what is declared twice.
    pub fn collect(sources: &'a [Source], files: &'a [Parsed], diags: &mut Diagnostics) -> Self {
        let mut names = Self {
            sources,
            lines: sources.iter().map(|source| line_starts(&source.text)).collect(),
            profiles: Registry::new("profile", Code::UnknownProfile),
            types: Registry::new("type", Code::UnknownType),
            groups: Vec::new(),
            constants: Registry::new("constant", Code::UnknownConstant),
            codes: Registry::new("error code", Code::UnknownCode),
            tables: Registry::new("table", Code::UnknownTable),
            states: Registry::new("state", Code::UnknownState),
            functions: Registry::new("function", Code::UnknownFunction),
            topics: Registry::new("topic", Code::UnknownFunction),
            amendments: Vec::new(),
        };
        for file in files {
            names.add(&file.content, diags);
        }
        names.twice_in_rust(diags);
        names
    }

    fn add(&mut self, content: &'a File, diags: &mut Diagnostics) {
        match content {
            File::Profiles(file) => file.profiles.iter().for_each(|item| self.profiles.add(&item.name, item, diags)),
            File::Types(file) => file.types.iter().for_each(|item| self.types.add(&item.name, item, diags)),
            File::Codes(file) => file.codes.iter().for_each(|item| self.codes.add(&item.name, item, diags)),
            File::Tables(file) => file.tables.iter().for_each(|item| self.tables.add(&item.name, item, diags)),
            File::States(file) => file.states.iter().for_each(|item| self.states.add(&item.name, item, diags)),
            File::Function(item) => self.functions.add(&item.function, item, diags),
            File::Topic(item) => self.topics.add(&item.topic, item, diags),
            File::Amendment(item) => self.amendments.push(item),
            File::Groups(file) => {
                for group in &file.groups {
                    let earlier = self.groups.iter().find(|other| other.name.value == group.name.value);
                    if let Some(earlier) = earlier.filter(|_| !self.overlay(group.span)) {
                        let message = format!("the group `{}` is declared twice", group.name.value);
                        diags
                            .error(Code::DeclaredTwice, group.name.span, message)
                            .also(earlier.name.span, "first here");
                    }
                    self.groups.push(group);
                    group.constants.iter().for_each(|item| self.constants.add(&item.name, item, diags));
                }
            }
        }
    }

    /// Names that only Rust sees must differ too: the variants of the codes.
    fn twice_in_rust(&self, diags: &mut Diagnostics) {
        let mut variants: BTreeMap<&str, Span> = BTreeMap::new();
        for code in self.codes.iter() {
            if let Some(first) = variants.insert(&code.variant.value, code.variant.span) {
                diags
                    .error(
                        Code::BadRustName,
                        code.variant.span,
                        format!("two codes have the variant `{}`", code.variant.value),
                    )
                    .also(first, "first here")
                    .hint("give one of them another variant");
            }
        }
    }

    /// The profiles, a base before those that narrow it; reports unknown and circular bases.
    pub fn order_profiles(&self, diags: &mut Diagnostics) -> Vec<&'a Profile> {
        let mut ordered: Vec<&Profile> = Vec::new();
        let mut waiting: Vec<&Profile> = Vec::new();
        for profile in self.profiles.iter() {
            if profile.base.as_ref().is_none_or(|base| self.profiles.find(base, diags).is_some()) {
                waiting.push(profile);
            }
        }
        while !waiting.is_empty() {
            let ready = |profile: &&Profile| {
                profile.base.as_ref().is_none_or(|base| ordered.iter().any(|done| done.name.value == base.value))
            };
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(ready);
            if now.is_empty() {
                for profile in &later {
                    let message = format!("the profile `{}` has no base that stands by itself", profile.name.value);
                    diags
                        .error(Code::NoBaseProfile, profile.name.span, message)
                        .hint("a base may not lead back to the profile");
                }
                return ordered;
            }
            ordered.extend(now);
            waiting = later;
        }
        ordered
    }

    /// Where a span was declared.
    pub fn origin(&self, span: Span) -> Origin {
        let file = span.file as usize;
        match (self.sources.get(file), self.lines.get(file)) {
            (Some(source), Some(lines)) => {
                let line = lines.partition_point(|start| *start <= span.start).max(1);
                Origin { file: source.path.clone(), line, overlay: source.overlay }
            }
            _ => Origin { file: String::new(), line: 1, overlay: false },
        }
    }

    /// Does a span lie in an author's own folder?
    pub fn overlay(&self, span: Span) -> bool {
        self.sources.get(span.file as usize).is_some_and(|source| source.overlay)
    }
}

/// The offsets at which lines begin.
fn line_starts(text: &[u8]) -> Vec<u32> {
    let after = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u32 + 1);
    std::iter::once(0).chain(after).collect()
}
