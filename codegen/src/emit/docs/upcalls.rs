//! Who calls back whom.

use super::super::markdown::merge::Entry;
use super::html::{Markup, Table, tag};
use super::layout::Page;
use super::parts::{self, fact, merged, opening, own_names, sentence};
use super::prose::{self, Names};
use super::site::{Here, Site, only};
use crate::model::{Function, FunctionKind};

/// The upcalls that a function must or may make and, for an upcall, the functions that make it.
pub(super) fn of_function(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let mut out = merged(entry, here, |function| {
        let upcalls = &function.upcalls;
        let facts = [("Must call", &upcalls.must), ("May call", &upcalls.may)]
            .map(|(label, names)| fact(label, here.names(names)));
        if facts.iter().all(Markup::is_empty) && upcalls.text.trim().is_empty() {
            return Markup::default();
        }
        let mut out = Markup::from(tag("dl").class("facts wide").add_all(facts));
        out.push(prose::block(&upcalls.text, here, Names { plain: &own_names(function) }));
        out
    });
    let [must, may] = callers(entry, here);
    if !must.is_empty() || !may.is_empty() {
        out.push(tag("dl").class("facts wide").add(fact("Made by", must)).add(fact("May be made by", may)));
    }
    out
}

/// Who must and who may make an upcall.
fn callers(upcall: &Entry<'_>, here: Here<'_, '_>) -> [Markup; 2] {
    let profiles: Vec<_> = upcall.readings.iter().map(|(profile, _)| *profile).collect();
    let lists: [fn(&Function) -> &Vec<String>; 2] =
        [|function| &function.upcalls.must, |function| &function.upcalls.may];
    lists.map(|list| {
        parts::functions_with(&profiles, "#upcalls", here, |function| {
            list(function).iter().any(|name| name == upcall.name)
        })
    })
}

/// All upcalls with those who make them.
pub(super) fn page(site: &Site<'_>) -> Page {
    let path = "upcalls.html".to_owned();
    let here = Here::new(site, &path);
    let mut table = Table::new(&["Upcall", "Must be made by", "May be made by"]);
    let all = site.model.profiles.len();
    for entry in &site.entries {
        let [must, may] = callers(entry, here);
        if entry.first().kind != FunctionKind::Upcall && must.is_empty() && may.is_empty() {
            continue;
        }
        let mut name = here.name(entry.name);
        name.push(here.badges(&entry.profiles(), all));
        let summary = merged(entry, here, |function| sentence(&function.summary, function, here));
        name.push(tag("div").class("note").add(summary));
        table.row(only(tag("tr").id(entry.name), &entry.profiles(), all), [name, must, may]);
    }
    let lead = "What a provider asks of its host, and which calls make it ask.";
    let mut body = opening("Upcalls", lead);
    let names = site.model.profiles.iter().map(|profile| {
        tag("li")
            .add(here.badge(&profile.name))
            .add(" ")
            .add(here.name(&profile.startup))
            .add(" is given ")
            .add(here.name(&profile.upcalls))
    });
    body.push(tag("ul").add_all(names));
    body.push(table.finish("stack upcalls"));
    Page { path, title: "Upcalls".to_owned(), about: lead.to_owned(), body, sections: vec![], class: "page" }
}
