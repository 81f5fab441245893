//! Pieces that several pages are put together from.

use super::super::markdown::describe;
use super::super::markdown::merge::{Entry, Variant, group};
use super::html::{Markup, Tag, code, tag};
use super::prose::{self, Names};
use super::site::{Here, check_anchor, only, source_line};
use crate::model::{Function, Profile, Rule, TypeRef};

/// What the profiles say: once when they agree, else each after its badges.
pub(super) fn variants(variants: Vec<Variant<'_, Markup>>, total: usize, here: Here<'_, '_>) -> Markup {
    let mut out = Markup::default();
    for variant in variants {
        if variant.value.is_empty() {
            continue;
        }
        match variant.profiles.len() == total {
            true => out.push(variant.value),
            false => out.push(
                only(tag("div").class("v"), &variant.profiles, total)
                    .add(tag("span").class("who").holding(here.badges(&variant.profiles, total)))
                    .add(tag("div").holding(variant.value)),
            ),
        }
    }
    out
}

/// What each reading of a function gives, merged.
pub(super) fn merged(entry: &Entry<'_>, here: Here<'_, '_>, read: impl FnMut(&Function) -> Markup) -> Markup {
    variants(entry.variants(read), entry.readings.len(), here)
}

/// The functions of each of these profiles that pass `test`, linked to a section of their pages.
pub(super) fn functions_with(
    profiles: &[&Profile],
    anchor: &str,
    here: Here<'_, '_>,
    test: impl Fn(&Function) -> bool,
) -> Markup {
    let lists = profiles.iter().map(|profile| {
        let found = profile.functions.iter().filter(|function| test(function));
        let links =
            found.map(|function| here.link(&format!("functions/{}.html{anchor}", function.name), code(&function.name)));
        (profile.name.as_str(), Markup::join(links, ", "))
    });
    variants(group(lists), profiles.len(), here)
}

/// What the readings that have some item say of it.
pub(super) fn merged_items<T>(
    same: &[(&Function, &str, &T)],
    total: usize,
    here: Here<'_, '_>,
    read: impl Fn(&T, &Function) -> Markup,
) -> Markup {
    let values = same.iter().map(|(function, profile, item)| (*profile, read(item, function)));
    // Where only some profiles have the item at all, its row already says so.
    let groups = group(values);
    let total = if groups.len() == 1 { groups[0].profiles.len() } else { total };
    variants(groups, total, here)
}

/// Names in the text of a function that are not worth a link there.
pub(super) fn own_names(function: &Function) -> Vec<&str> {
    let params = function.params.iter().map(|param| param.name.as_str());
    params.chain([function.name.as_str()]).collect()
}

/// A sentence about a function.
pub(super) fn sentence(text: &str, function: &Function, here: Here<'_, '_>) -> Markup {
    let own = own_names(function);
    prose::inline(text, here, Names { plain: &own })
}

/// A C type with its names linked.
pub(super) fn c_type(ty: &TypeRef, here: Here<'_, '_>) -> Markup {
    let mut out = Markup::default();
    for (index, word) in ty.c.split(' ').enumerate() {
        if index > 0 {
            out.push(" ");
        }
        let name = word.trim_end_matches('*');
        match here.site.place(name) {
            Some(place) => {
                out.push(here.link(place, breakable(name)));
                out.push(&word[name.len()..]);
            }
            None => out.push(word),
        }
    }
    tag("span").class("ty").holding(out).into()
}

/// A long name with the places where a line may end.
fn breakable(name: &str) -> Markup {
    let mut out = Markup::default();
    for (index, part) in name.split('_').enumerate() {
        if index > 0 {
            out.push("_");
            out.push(tag("wbr"));
        }
        out.push(part);
    }
    out
}

/// A small word in a box.
pub(super) fn chip(word: &str, class: &str) -> Tag {
    tag("span").class(&["chip ", class].concat()).add(word)
}

/// A rule, with what shows that it holds. `id`: the element is the rule's own place and gets its anchor.
pub(super) fn rule(rule: &Rule, who: Markup, here: Here<'_, '_>, own: &[&str], place: Option<&str>) -> Tag {
    let label = code(&rule.id);
    let (item, label) = match place {
        None => (tag("li").id(&rule.id), tag("a").class("rid").href(format!("#{}", rule.id)).add(label)),
        Some(place) => (tag("li"), here.link(place, label).class("rid")),
    };
    let severity = describe::severity(rule.severity);
    let head = tag("div")
        .class("rhead")
        .add(label)
        .add(chip(severity, severity))
        .add(chip(describe::class(rule.class), "class"))
        .add((rule.kind != "other").then(|| chip(&rule.kind, "kind")))
        .add(who)
        .add(source_line(&rule.origin));
    let text = tag("p").holding(prose::inline(&rule.text, here, Names { plain: own }));
    item.add(head).add(text).add(evidence(rule, here, place))
}

/// The test, the checks, the reason or the word `planned`.
fn evidence(rule: &Rule, here: Here<'_, '_>, place: Option<&str>) -> Markup {
    let page = place.and_then(|place| place.split_once('#')).map_or("", |(page, _)| page);
    let mut out = Markup::default();
    let mut line = |label: &str, class: &str, value: Markup| {
        out.push(tag("div").class(&["proof ", class].concat()).holding((tag("b").holding(label), " ", value)));
    };
    if !rule.checks.is_empty() {
        let checks = rule.checks.iter().map(|check| {
            let anchor = format!("#{}", check_anchor(&format!("_.{check}")));
            let target = if page.is_empty() { anchor } else { here.to(&format!("{page}{anchor}")) };
            tag("a").href(target).add(code(check))
        });
        line("Checks", "done", Markup::join(checks, ", "));
    }
    if let Some(test) = &rule.test {
        line("Test", "done", code(test).into());
    }
    if let Some(reason) = &rule.reason {
        line("Note", "why", prose::inline(reason, here, Names::default()));
    }
    if is_planned(rule) {
        line("Test", "planned", "planned".into());
    }
    if let Some(source) = &rule.source {
        line("Source", "why", source.as_str().into());
    }
    out
}

/// Nothing shows yet that the rule holds, and something should.
pub(super) fn is_planned(rule: &Rule) -> bool {
    use crate::model::RuleClass::{Behaviour, Check, Host, Note};
    match rule.class {
        Note => false,
        Check => rule.checks.is_empty() && rule.test.is_none(),
        Behaviour | Host => rule.test.is_none(),
    }
}

/// A line of label and value in a list of facts.
pub(super) fn fact(label: &str, value: Markup) -> Markup {
    if value.is_empty() {
        return value;
    }
    tag("div").class("fact").holding((tag("dt").holding(label), tag("dd").holding(value))).into()
}

/// Title, opening sentence.
pub(super) fn opening(title: &str, lead: &str) -> Markup {
    let mut out = Markup::from(tag("h1").holding(title));
    out.push(tag("p").class("lead").holding(lead));
    out
}
