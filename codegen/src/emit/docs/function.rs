//! The page of one function.

use super::super::export::guid_text;
use super::super::markdown::describe;
use super::super::markdown::merge::Entry;
use super::html::{Markup, Table, code, tag};
use super::layout::{Page, Sections};
use super::parts::{self, chip, fact, merged, merged_items, own_names, sentence};
use super::prose::{self, Names};
use super::site::{Here, Site, check_anchor, error_anchor, only, source_line};
use super::{differences, signature, states, upcalls};
use crate::model::{Delivery, Function, FunctionKind, Param};

/// Everything that is known of a function, its profiles side by side.
pub(super) fn page(entry: &Entry<'_>, site: &Site<'_>) -> Page {
    let path = format!("functions/{}.html", entry.name);
    let here = Here::new(site, &path);
    let function = entry.first();
    let mut page = Sections { body: opening(entry, here), ..Sections::default() };
    page.body.push(signature::section(entry, here));
    page.body.push(at_a_glance(entry, here));
    page.add(
        "description",
        "Description",
        merged(entry, here, |function| prose::block(&function.prose, here, Names { plain: &own_names(function) })),
    );
    page.add("parameters", "Parameters", params(entry, here));
    page.add("return", "Return value", returns(entry, here));
    page.add("errors", "Errors", errors(entry, here));
    page.add("examples", "Examples", examples(entry, here));
    page.add("behaviour", "Blocking and overlapped", behaviour(entry, here));
    page.add("states", "Socket state", states::of_function(entry, here));
    page.add("upcalls", "Upcalls", upcalls::of_function(entry, here));
    page.add("differences", "Between the profiles", differences::section(entry, here));
    page.add("checks", "Checks made for you", checks(entry, here));
    page.add("rules", "Rules", rules(entry, here));
    page.add("see-also", "See also", see_also(entry, here));
    let (about, body, sections) = (function.summary.trim().to_owned(), page.body, page.list);
    Page { title: entry.name.to_owned(), about, body, sections, class: "page function", path }
}

fn opening(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let function = entry.first();
    let mut crumbs = vec![Markup::from(describe::kind(function.kind))];
    let places = merged(entry, here, |function| match (&function.table, function.slot) {
        (Some(table), Some(slot)) => {
            let target = format!("tables.html#{table}-{slot}");
            tag("span").add(format!("slot {slot} of ")).add(here.link(&target, code(table))).into()
        }
        _ => Markup::default(),
    });
    crumbs.extend((!places.is_empty()).then_some(places));
    crumbs.push(code(&function.header).into());
    let badges = entry.profiles().into_iter().map(|profile| here.badge(profile));
    let mut out = Markup::from(tag("div").class("crumbs").add(Markup::join(crumbs, " \u{b7} ")));
    out.push(tag("h1").add(entry.name).add(" ").add_all(badges));
    out.push(tag("div").class("lead").add(merged(entry, here, |function| sentence(&function.summary, function, here))));
    out
}

fn at_a_glance(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let function = entry.first();
    let guid = function.guid.as_ref().and_then(|name| here.site.model.constant(name));
    tag("dl")
        .class("facts")
        .add(fact(
            "Provider",
            merged(entry, here, |f| describe::duty(f).map(|duty| sentence(&duty, f, here)).unwrap_or_default()),
        ))
        .add(fact(
            "A panic becomes",
            merged(entry, here, |f| f.fallback.as_ref().map(|fallback| here.name(fallback)).unwrap_or_default()),
        ))
        .add(fact("GUID", guid.and_then(guid_text).map(|text| code(&text)).into()))
        .add(fact(
            "Builds",
            function.builds.map(|builds| format!("{} only", describe::builds(builds))).unwrap_or_default().into(),
        ))
        .add(fact("Spec", source_line(&function.origin).into()))
        .add(fact(
            "Vendor's page",
            merged(entry, here, |f| {
                f.link.as_ref().map(|link| tag("a").href(link).attr("rel", "external").add(short_link(link))).into()
            }),
        ))
        .into()
}

/// The end of an address, which is what tells pages apart.
fn short_link(link: &str) -> &str {
    link.trim_end_matches('/').rsplit('/').next().unwrap_or(link)
}

fn params(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let total = entry.readings.len();
    let mut table = Table::new(&["Parameter", "Type", "Meaning"]);
    for same in entry.items(|function| &function.params, |param| &param.name) {
        let (_, _, first) = same[0];
        let anchor = format!("param-{}", first.name);
        let mut ty = parts::c_type(&first.ty, here);
        let mut words = tag("div").class("chips").add(chip(describe::direction(first.direction), "dir"));
        if same.iter().all(|(_, _, param)| param.optional) {
            words = words.add(chip("optional", "dir"));
        }
        ty.push(words);
        let mut meaning = merged_items(&same, total, here, |param, function| sentence(&param.text, function, here));
        meaning.push(tag("dl").class("facts").add_all(PARAM_FACTS.map(|(label, read)| {
            fact(
                label,
                merged_items(&same, total, here, |param, function| {
                    read(param, function).map(|text| sentence(&text, function, here)).unwrap_or_default()
                }),
            )
        })));
        meaning.push(source_line(&first.origin));
        let name = tag("a").href(format!("#{anchor}")).add(code(&first.name));
        table.row(tag("tr").id(&anchor), [name.into(), ty, meaning]);
    }
    if table.is_empty() { "None.".into() } else { table.finish("stack params") }
}

type ParamFact = (&'static str, fn(&Param, &Function) -> Option<String>);

/// What is said of a parameter beside its text.
const PARAM_FACTS: [ParamFact; 5] = [
    ("Socket", |param, _| describe::socket(param).map(str::to_owned)),
    ("NULL", describe::null),
    ("Length", describe::length),
    ("Allowed", |param, function| param.allowed.as_ref().map(|allowed| describe::allowed(allowed, function))),
    ("Travels with", |param, function| {
        param.context.map(|callback| format!("`{}`", describe::param_name(function, callback)))
    }),
];

fn returns(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let mut out = Markup::from(
        tag("dl")
            .class("facts wide")
            .add(fact("Success", merged(entry, here, |f| sentence(&describe::success(f), f, here))))
            .add(fact("Failure", merged(entry, here, |f| sentence(&describe::error_via(f), f, here)))),
    );
    out.push(merged(entry, here, |function| {
        prose::block(&function.returns.text, here, Names { plain: &own_names(function) })
    }));
    let total = entry.readings.len();
    for same in entry.items(|function| &function.outcomes, |outcome| &outcome.code) {
        let profiles: Vec<&str> = same.iter().map(|(_, profile, _)| *profile).collect();
        let when = merged_items(&same, total, here, |outcome, function| sentence(&outcome.when, function, here));
        let note = only(tag("div").class("callout").id(format!("outcome-{}", same[0].2.code)), &profiles, total);
        out.push(
            note.add(here.badges(&profiles, total))
                .add(tag("strong").add(here.name(&same[0].2.code)).add(" is not an error. "))
                .add(when),
        );
    }
    out
}

fn errors(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let total = entry.readings.len();
    let mut table = Table::new(&["Code", "Value", "When", "Source"]);
    for same in entry.items(|function| &function.errors, |error| (&error.code, &error.delivery)) {
        let (_, _, first) = same[0];
        let profiles: Vec<&str> = same.iter().map(|(_, profile, _)| *profile).collect();
        let anchor = error_anchor(&first.code, &first.delivery);
        let mut name = here.name(&first.code);
        name.push(here.badges(&profiles, total));
        let value = here.site.model.code(&first.code).map(|code| code.value.to_string());
        let when = merged_items(&same, total, here, |error, function| {
            let mut when = sentence(&error.when, function, here);
            if error.delivery != Delivery::Call {
                let delivery = format!("Delivered {}.", describe::delivery(&error.delivery, function));
                when.push(tag("span").class("note").add(sentence(&delivery, function, here)));
            }
            if let Some(note) = &error.note {
                when.push(tag("span").class("note").add(sentence(note, function, here)));
            }
            when
        });
        let source = merged_items(&same, total, here, |error, _| {
            let word = describe::source(error.source);
            chip(word, word).attr("title", describe::source_meaning(error.source)).into()
        });
        let link =
            tag("a").class("anchor").href(format!("#{anchor}")).attr("aria-label", format!("Link to {}", first.code));
        name.push(link.add("#"));
        let row = only(tag("tr").id(&anchor), &profiles, total);
        table.row(row, [name, value.into(), when, source]);
    }
    let mut out = Markup::default();
    if !table.is_empty() {
        let delivery = describe::delivery(&Delivery::Call, entry.first());
        let delivery = format!("Delivered {delivery}, unless a row says otherwise.");
        out.push(tag("p").class("hint").add(sentence(&delivery, entry.first(), here)));
        out.push(table.finish("stack errors"));
    }
    out.push(never(entry, here));
    out
}

fn never(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    merged(entry, here, |function| match function.never.as_slice() {
        [] => Markup::default(),
        codes => tag("p").class("callout").add("Never given, by the page's own word: ").add(here.names(codes)).into(),
    })
}

fn examples(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    merged(entry, here, |function| {
        let mut out = Markup::default();
        for example in &function.examples {
            let width = example.values.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            let mut lines = Markup::default();
            for (name, value) in &example.values {
                lines.push(format!("{name:width$} = "));
                match here.site.place(value) {
                    Some(place) => lines.push(here.link(place, value)),
                    None => lines.push(value),
                }
                lines.push("\n");
            }
            out.push(tag("h3").add(sentence(&example.title, function, here)));
            if !lines.is_empty() {
                out.push(tag("div").class("code").add(tag("pre").attr("tabindex", "0").add(tag("code").add(lines))));
            }
            out.push(prose::block(&example.text, here, Names { plain: &own_names(function) }));
        }
        out
    })
}

fn behaviour(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    if entry.first().kind == FunctionKind::Upcall && entry.first().completion.is_none() {
        return merged(entry, here, |f| tag("p").add(sentence(&describe::blocking(&f.blocking), f, here)).into());
    }
    let mut out = Markup::from(tag("dl").class("facts wide").add(fact(
        "Waiting",
        merged(entry, here, |function| sentence(&describe::blocking(&function.blocking), function, here)),
    )));
    out.push(merged(entry, here, |function| {
        let Some(completion) = &function.completion else { return Markup::default() };
        let param = |index: usize| code(describe::param_name(function, index));
        let facts = tag("dl")
            .class("facts wide")
            .add(fact("Overlapped with", param(completion.operation).into()))
            .add(fact("Completion routine", completion.routine.map(param).into()))
            .add(fact("Runs on the thread of", completion.thread.map(param).into()));
        let mut out = Markup::from(facts);
        out.push(prose::block(&completion.text, here, Names { plain: &own_names(function) }));
        out
    }));
    out
}

fn checks(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let total = entry.readings.len();
    let mut table = Table::new(&["Check", "Fails with", "When", "Spec"]);
    let mut seen: Vec<String> = Vec::new();
    for same in entry.items(|function| &function.checks, |check| (&check.id, &check.code)) {
        let (_, _, check) = same[0];
        let profiles: Vec<&str> = same.iter().map(|(_, profile, _)| *profile).collect();
        let mut anchor = check_anchor(&check.id);
        // The same check may fail with another code in another profile.
        if seen.contains(&anchor) {
            anchor = format!("{anchor}-{}", profiles.join("-"));
        }
        let mut name: Markup = tag("a").href(format!("#{anchor}")).add(code(&check.id)).into();
        name.push(here.badges(&profiles, total));
        let text = merged_items(&same, total, here, |check, function| sentence(&check.text, function, here));
        let row = only(tag("tr").id(&anchor), &profiles, total);
        let fails = match &check.code {
            Some(failure) => here.name(failure),
            None => "the failure value alone".into(),
        };
        seen.push(anchor);
        table.row(row, [name, fails, text, source_line(&check.origin).into()]);
    }
    if table.is_empty() { Markup::default() } else { table.finish("stack checks") }
}

fn rules(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let total = entry.readings.len();
    let own = own_names(entry.first());
    let items: Vec<_> = entry
        .rules()
        .into_iter()
        .map(|(profiles, rule)| {
            only(parts::rule(rule, here.badges(&profiles, total), here, &own, None), &profiles, total)
        })
        .collect();
    if items.is_empty() { Markup::default() } else { tag("ul").class("rules").add_all(items).into() }
}

fn see_also(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    merged(entry, here, |function| match function.see_also.as_slice() {
        [] => Markup::default(),
        names => tag("p").add(here.names(names)).into(),
    })
}
