//! The index of error codes: what each means and who gives it.

use super::super::markdown::merge::Entry;
use super::html::{Markup, Table, tag};
use super::layout::{Page, Sections};
use super::parts;
use super::prose::{self, Names};
use super::site::{Here, Site, error_anchor, only, source_line};
use crate::model::{Code, Delivery, ErrorEntry, Function};
use std::collections::BTreeMap;

/// An overview of all codes, then each with the functions that give it.
pub(super) fn page(site: &Site<'_>) -> Page {
    let path = "errors.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "Every code, what it means, its number, the NTSTATUS of an operation that ended with it, and who gives it when.";
    let mut page = Sections { body: parts::opening("Error codes", lead), ..Sections::default() };
    let mut table = Table::new(&["Code", "Value", "NTSTATUS", "Meaning", "Functions"]);
    for code in &site.model.codes {
        let name = tag("a").href(format!("#{}", code.name)).add(super::html::code(&code.name));
        let givers = site.who(|function| function.errors.iter().any(|error| error.code == code.name));
        let ntstatus = code.ntstatus.map(|status| super::html::code(&format!("0x{status:08X}")));
        let meaning = prose::inline(&code.text, here, Names { plain: &[&code.name] });
        let cells =
            [name.into(), code.value.to_string().into(), ntstatus.into(), meaning, givers.len().to_string().into()];
        table.row(tag("tr"), cells);
    }
    page.add("all", "All codes", table.finish("stack codes"));
    let givers = givers(site);
    page.add("who", "Who gives what", Markup::join(site.model.codes.iter().map(|code| one(code, &givers, here)), ""));
    Page {
        path,
        title: "Error codes".to_owned(),
        about: lead.to_owned(),
        body: page.body,
        sections: page.list,
        class: "page",
    }
}

/// A function that gives a code: the readings that do, all in the same way.
struct Giver<'s> {
    entry: &'s Entry<'s>,
    same: Vec<(&'s Function, &'s str, &'s ErrorEntry)>,
}

/// Who gives what, by code.
fn givers<'s>(site: &'s Site<'s>) -> BTreeMap<&'s str, Vec<Giver<'s>>> {
    let mut givers: BTreeMap<&str, Vec<Giver<'_>>> = BTreeMap::new();
    for entry in &site.entries {
        for same in entry.items(|function| &function.errors, |error| (&error.code, &error.delivery)) {
            givers.entry(&same[0].2.code).or_default().push(Giver { entry, same });
        }
    }
    givers
}

fn one(code: &Code, givers: &BTreeMap<&str, Vec<Giver<'_>>>, here: Here<'_, '_>) -> Markup {
    let head = tag("h3")
        .id(&code.name)
        .add(super::html::code(&code.name))
        .add(tag("span").class("value").add(code.value.to_string()))
        .add(source_line(&code.origin));
    let mut out = Markup::from(head);
    out.push(tag("p").add(prose::inline(&code.text, here, Names { plain: &[&code.name] })));
    let mut table = Table::new(&["Function", "When", "Delivered"]);
    for Giver { entry, same } in givers.get(code.name.as_str()).into_iter().flatten() {
        let total = entry.readings.len();
        let (function, _, first) = same[0];
        let profiles: Vec<&str> = same.iter().map(|(_, profile, _)| *profile).collect();
        let anchor = format!("#{}", error_anchor(&first.code, &first.delivery));
        let mut name = Markup::from(here.entry_link(entry, &anchor));
        name.push(here.badges(&profiles, total));
        let when =
            parts::merged_items(same, total, here, |error, function| parts::sentence(&error.when, function, here));
        let delivered = match &first.delivery {
            Delivery::Call => "call".to_owned(),
            _ => super::super::markdown::describe::delivery(&first.delivery, function),
        };
        let row = only(tag("tr"), &profiles, total);
        table.row(row, [name, when, prose::inline(&delivered, here, Names::default())]);
    }
    let outcomes = here.site.who(|function| function.outcomes.iter().any(|outcome| outcome.code == code.name));
    if !outcomes.is_empty() {
        let anchor = format!("#outcome-{}", code.name);
        let links = outcomes.iter().map(|(entry, _)| here.entry_link(entry, &anchor));
        out.push(
            tag("p").class("callout").add("An outcome, not an error, of ").add(Markup::join(links, ", ")).add("."),
        );
    }
    match table.is_empty() {
        false => out.push(table.finish("stack givers")),
        true if outcomes.is_empty() => out.push(tag("p").class("hint").add("No function gives it.")),
        true => {}
    }
    out
}
