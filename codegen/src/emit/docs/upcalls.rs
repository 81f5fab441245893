//! Who calls back whom.

use super::super::markdown::merge::Entry;
use super::html::{Markup, Table, code, tag};
use super::layout::Page;
use super::parts::{fact, merged, opening, own_names, sentence};
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
    let callers = callers(entry.name, here);
    if !callers.is_empty() {
        out.push(tag("dl").class("facts wide").add_all(callers.map_facts()));
    }
    out
}

/// Who makes an upcall.
struct Callers {
    must: Markup,
    may: Markup,
}

impl Callers {
    fn is_empty(&self) -> bool {
        self.must.is_empty() && self.may.is_empty()
    }

    fn map_facts(self) -> [Markup; 2] {
        [fact("Made by", self.must), fact("May be made by", self.may)]
    }
}

fn callers(upcall: &str, here: Here<'_, '_>) -> Callers {
    let total = |entry: &Entry<'_>| entry.readings.len();
    let list = |test: &dyn Fn(&Function) -> bool| {
        let found = here.site.who(test).into_iter().map(|(entry, profiles)| {
            let mut item = Markup::from(here.entry_link(entry, "#upcalls"));
            item.push(here.badges(&profiles, total(entry)));
            only(tag("span"), &profiles, total(entry)).add(item)
        });
        Markup::join(found, " ")
    };
    let has = |names: &[String]| names.iter().any(|name| name == upcall);
    Callers { must: list(&|function| has(&function.upcalls.must)), may: list(&|function| has(&function.upcalls.may)) }
}

/// All upcalls with those who make them.
pub(super) fn page(site: &Site<'_>) -> Page {
    let path = "upcalls.html".to_owned();
    let here = Here::new(site, &path);
    let mut table = Table::new(&["Upcall", "What it does", "Must be made by", "May be made by"]);
    let all = site.model.profiles.len();
    let called = |entry: &&Entry<'_>| {
        let kind = entry.first().kind;
        kind == FunctionKind::Upcall || (kind == FunctionKind::Export && !callers(entry.name, here).is_empty())
    };
    for entry in site.entries.iter().filter(called) {
        let Callers { must, may } = callers(entry.name, here);
        let mut name = here.name(entry.name);
        name.push(here.badges(&entry.profiles(), all));
        let summary = merged(entry, here, |function| sentence(&function.summary, function, here));
        table.row(only(tag("tr").id(entry.name), &entry.profiles(), all), [name, summary, must, may]);
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
    body.push(tag("p").class("hint").add("A name in ").add(code("code")).add(" leads to its page."));
    Page { path, title: "Upcalls".to_owned(), about: lead.to_owned(), body, sections: vec![], class: "page" }
}
