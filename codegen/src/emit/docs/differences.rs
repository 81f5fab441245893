//! What a function's profiles do not agree on, side by side.

use super::super::markdown::describe;
use super::super::markdown::merge::Entry;
use super::html::{Markup, code, tag};
use super::parts::sentence;
use super::site::{Here, error_anchor};
use crate::model::{Function, Param};

/// A table with a column per profile; empty when there is nothing to compare.
pub(super) fn section(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    if entry.readings.len() < 2 {
        return Markup::default();
    }
    let mut rows: Vec<(Markup, Vec<Markup>)> = Vec::new();
    for (label, read) in TRAITS {
        let cells = entry
            .readings
            .iter()
            .map(|(_, function)| read(function).map(|text| sentence(&text, function, here)).unwrap_or_default());
        rows.push((label.into(), cells.collect()));
    }
    for same in entry.items(|function| &function.params, |param| &param.name) {
        let name = &same[0].2.name;
        let cells = entry.readings.iter().map(|(_, function)| param(function, name, here)).collect();
        rows.push((tag("a").href(format!("#param-{name}")).add(code(name)).into(), cells));
    }
    rows.push((
        "Errors only here".into(),
        per_profile(
            entry,
            |f| &f.errors,
            |a, b| (&a.code, &a.delivery) == (&b.code, &b.delivery),
            |error| {
                tag("a").href(format!("#{}", error_anchor(&error.code, &error.delivery))).add(code(&error.code)).into()
            },
        ),
    ));
    rows.push((
        "Rules only here".into(),
        per_profile(
            entry,
            |f| &f.rules,
            |a, b| a.id == b.id,
            |rule| tag("a").href(format!("#{}", rule.id)).add(code(&rule.id)).into(),
        ),
    ));
    rows.retain(|(_, cells)| cells.iter().any(|cell| *cell != cells[0]));
    if rows.is_empty() {
        return tag("p").add("The profiles agree on everything about this function.").into();
    }
    table(entry, rows, here)
}

fn table(entry: &Entry<'_>, rows: Vec<(Markup, Vec<Markup>)>, here: Here<'_, '_>) -> Markup {
    let profiles = entry.profiles();
    let titles = profiles.iter().map(|profile| tag("th").attr("scope", "col").add(here.badge(profile)));
    let head = tag("thead").add(tag("tr").add(tag("th").attr("scope", "col").add("What")).add_all(titles));
    let body = rows.into_iter().map(|(label, cells)| {
        let cells = cells.into_iter().zip(&profiles).map(|(cell, profile)| {
            let empty = cell.is_empty();
            let cell_tag = tag("td").attr("data-label", profile);
            if empty { cell_tag.add("\u{2013}") } else { cell_tag.add(cell) }
        });
        tag("tr").add(tag("th").attr("scope", "row").add(label)).add_all(cells)
    });
    tag("table").class("stack differences").add(head).add(tag("tbody").add_all(body)).into()
}

type Trait = (&'static str, fn(&Function) -> Option<String>);

const TRAITS: [Trait; 9] = [
    ("Summary", |function| Some(function.summary.clone())),
    ("Provider", describe::duty),
    ("A panic becomes", |function| function.fallback.as_ref().map(|code| format!("`{code}`"))),
    ("Success", |function| Some(describe::success(function))),
    ("Waiting", |function| Some(describe::blocking(&function.blocking))),
    ("Requires", |function| spans(&function.states.requires)),
    ("Becomes", |function| spans(&function.states.becomes)),
    ("Must call", |function| spans(&function.upcalls.must)),
    ("May call", |function| spans(&function.upcalls.may)),
];

fn spans(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("`{}`", names.join("`, `")))
}

fn param(function: &Function, name: &str, here: Here<'_, '_>) -> Markup {
    let Some(param) = function.params.iter().find(|param| param.name == *name) else { return Markup::default() };
    let mut out = sentence(&param.text, function, here);
    for text in facts(param, function) {
        out.push(tag("span").class("note").add(sentence(&text, function, here)));
    }
    out
}

fn facts(param: &Param, function: &Function) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(describe::null(param, function).map(|text| format!("NULL: {text}")));
    facts.extend(describe::length(param, function).map(|text| format!("Length: {text}")));
    facts.extend(param.allowed.as_ref().map(|set| format!("Allowed: {}", describe::allowed(set, function))));
    facts
}

/// For each profile, the items that not every other profile has.
fn per_profile<'m, T: 'm>(
    entry: &Entry<'m>,
    list: impl Fn(&'m Function) -> &'m Vec<T>,
    same: impl Fn(&T, &T) -> bool,
    show: impl Fn(&T) -> Markup,
) -> Vec<Markup> {
    let everywhere =
        |item: &T| entry.readings.iter().all(|(_, function)| list(function).iter().any(|other| same(item, other)));
    entry
        .readings
        .iter()
        .map(|(_, function)| Markup::join(list(function).iter().filter(|item| !everywhere(item)).map(&show), " "))
        .collect()
}
