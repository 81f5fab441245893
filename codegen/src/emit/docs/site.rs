//! What every page needs to know of the whole site: where each name is explained, and who refers to whom.

use super::super::markdown::merge::{Entry, entries};
use super::html::{Markup, Piece, Tag, code, tag};
use crate::model::{Function, Model, Origin};
use std::collections::{BTreeMap, BTreeSet};

/// The model with its cross references.
pub(super) struct Site<'m> {
    pub model: &'m Model,
    pub entries: Vec<Entry<'m>>,
    /// Where a name is explained, as a path from the site's root.
    places: BTreeMap<&'m str, String>,
}

/// The place from which links are made.
#[derive(Clone, Copy)]
pub(super) struct Here<'s, 'm> {
    pub site: &'s Site<'m>,
    /// Path of the page from the site's root.
    pub path: &'s str,
    /// `..` and a slash for each folder the page is in.
    pub root: &'static str,
}

impl<'m> Site<'m> {
    pub fn new(model: &'m Model) -> Self {
        let entries = entries(model);
        let mut places = BTreeMap::new();
        for ty in &model.types {
            places.insert(ty.name.as_str(), format!("types.html#{}", ty.name));
        }
        for constant in model.groups.iter().flat_map(|group| &group.constants) {
            places.insert(&constant.name, format!("constants.html#{}", constant.name));
        }
        for table in &model.tables {
            places.insert(&table.name, format!("tables.html#{}", table.name));
        }
        for code in &model.codes {
            places.insert(&code.name, format!("errors.html#{}", code.name));
        }
        for entry in &entries {
            let page = format!("functions/{}.html", entry.name);
            for (_, function) in &entry.readings {
                places.entry(&function.pointer).or_insert_with(|| page.clone());
            }
            places.insert(entry.name, page);
        }
        Self { model, entries, places }
    }

    /// Where a name is explained.
    pub fn place(&self, name: &str) -> Option<&str> {
        self.places.get(name).map(String::as_str)
    }

    /// The functions of which some reading satisfies `test`, with the names of those profiles.
    pub fn who(&self, test: impl Fn(&Function) -> bool) -> Vec<(&Entry<'m>, Vec<&'m str>)> {
        let profiles = |entry: &Entry<'m>| -> Vec<&'m str> {
            entry
                .readings
                .iter()
                .filter(|(_, function)| test(function))
                .map(|(profile, _)| profile.name.as_str())
                .collect()
        };
        self.entries.iter().map(|entry| (entry, profiles(entry))).filter(|(_, profiles)| !profiles.is_empty()).collect()
    }
}

impl<'s, 'm> Here<'s, 'm> {
    pub fn new(site: &'s Site<'m>, path: &'s str) -> Self {
        Self { site, path, root: if path.contains('/') { "../" } else { "" } }
    }

    /// A path from the site's root as it is seen from here.
    pub fn to(&self, target: &str) -> String {
        match target.strip_prefix(self.path) {
            Some(anchor) if anchor.starts_with('#') => anchor.to_owned(),
            _ => [self.root, target].concat(),
        }
    }

    /// A link to a path from the site's root.
    pub fn link(&self, target: &str, label: impl Piece) -> Tag {
        tag("a").href(self.to(target)).add(label)
    }

    /// A name as code, linked to where it is explained, if that is not this very page.
    pub fn name(&self, name: &str) -> Markup {
        match self.site.place(name) {
            Some(place) if place != self.path => self.link(place, code(name)).into(),
            _ => code(name).into(),
        }
    }

    /// Several names.
    pub fn names(&self, names: &[String]) -> Markup {
        Markup::join(names.iter().map(|name| self.name(name)), ", ")
    }

    /// An error code of a function, linked to the row of that function's table.
    pub fn entry_link(&self, entry: &Entry<'_>, anchor: &str) -> Tag {
        self.link(&format!("functions/{}.html{anchor}", entry.name), code(entry.name))
    }

    /// A badge for each profile, unless they are all of `all`.
    pub fn badges(&self, profiles: &[&str], all: usize) -> Markup {
        if profiles.len() == all {
            return Markup::default();
        }
        Markup::join(profiles.iter().map(|profile| self.badge(profile)), " ")
    }

    /// The badge of a profile.
    pub fn badge(&self, profile: &str) -> Tag {
        let index = self.site.model.profiles.iter().position(|known| known.name == profile).unwrap_or(0);
        tag("span").class(&format!("badge p{index}")).add(profile)
    }
}

/// Marks an element as belonging to some profiles only, so that the switch can hide it.
pub(super) fn only(element: Tag, profiles: &[&str], all: usize) -> Tag {
    if profiles.len() == all { element } else { element.attr("data-p", profiles.join(" ")) }
}

/// The spec line that something came from.
pub(super) fn source_line(origin: &Origin) -> Tag {
    let file = origin.file.rsplit('/').next().unwrap_or(&origin.file);
    let line = origin.line.to_string();
    let whose = if origin.overlay { ", an author's own spec" } else { "" };
    let title = ["Declared in ", &origin.file, ":", &line, whose].concat();
    tag("span").class("src").attr("title", title).add([file, ":", &line].concat())
}

/// Anchor of an error in a function's page.
pub(super) fn error_anchor(code: &str, delivery: &crate::model::Delivery) -> String {
    use crate::model::Delivery;
    match delivery {
        Delivery::Call => format!("error-{code}"),
        Delivery::Completion => format!("error-{code}-completion"),
        Delivery::Event(event) => format!("error-{code}-{event}"),
    }
}

/// A check's id without the function's name.
pub(super) fn check_anchor(id: &str) -> String {
    format!("check-{}", id.split_once('.').map_or(id, |(_, rest)| rest))
}

/// The states that some function of a profile enters or needs.
pub(super) fn used_states(functions: &[Function]) -> BTreeSet<&str> {
    functions
        .iter()
        .flat_map(|function| function.states.requires.iter().chain(&function.states.becomes))
        .map(String::as_str)
        .collect()
}
