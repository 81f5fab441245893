//! All rules by class, and what shows that they hold.

use super::super::markdown::{describe, merge};
use super::html::{Markup, Table, code, tag};
use super::layout::{Page, Sections};
use super::parts::{self, is_planned};
use super::site::{Here, Site, only};
use super::topics::topic_path;
use crate::model::{Rule, RuleClass};

const CLASSES: [RuleClass; 4] = [RuleClass::Check, RuleClass::Behaviour, RuleClass::Host, RuleClass::Note];

/// A function's or a topic's rules.
struct Owner<'s> {
    title: &'s str,
    page: String,
    total: usize,
    rules: Vec<(Vec<&'s str>, &'s Rule)>,
}

/// The overview with its coverage, and a list for each class.
pub(super) fn pages(site: &Site<'_>) -> Vec<Page> {
    let owners = owners(site);
    let mut pages = vec![overview(site, &owners)];
    pages.extend(CLASSES.map(|class| list(class, site, &owners)));
    pages
}

fn owners<'s>(site: &'s Site<'_>) -> Vec<Owner<'s>> {
    let functions = site.entries.iter().map(|entry| Owner {
        title: entry.name,
        page: format!("functions/{}.html", entry.name),
        total: entry.readings.len(),
        rules: entry.rules(),
    });
    let topics = merge::topics(site.model).into_iter().map(|(profiles, topic)| Owner {
        title: &topic.title,
        page: topic_path(topic),
        total: profiles.len(),
        rules: topic.rules.iter().map(|rule| (profiles.clone(), rule)).collect(),
    });
    functions.chain(topics).filter(|owner| !owner.rules.is_empty()).collect()
}

fn class_path(class: RuleClass) -> String {
    format!("rules-{}.html", describe::class(class))
}

/// How many of some rules are shown to hold, of those that can be.
#[derive(Default, Clone, Copy)]
struct Coverage {
    all: usize,
    shown: usize,
    planned: usize,
}

fn coverage<'r>(rules: impl Iterator<Item = &'r Rule>) -> Coverage {
    rules.fold(Coverage::default(), |sum, rule| Coverage {
        all: sum.all + 1,
        shown: sum.shown + usize::from(rule.class != RuleClass::Note && !is_planned(rule)),
        planned: sum.planned + usize::from(is_planned(rule)),
    })
}

fn overview(site: &Site<'_>, owners: &[Owner<'_>]) -> Page {
    let path = "rules.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "Every sentence that a provider or its host is held to, and what shows that it holds.";
    let mut page = Sections { body: parts::opening("Rules", lead), ..Sections::default() };
    let rules = || owners.iter().flat_map(|owner| owner.rules.iter().map(|(_, rule)| *rule));
    let mut classes = Table::new(&["Class", "Meaning", "Rules", "Shown", "Planned", "Coverage"]);
    for class in CLASSES {
        let sum = coverage(rules().filter(|rule| rule.class == class));
        let name = here.link(&class_path(class), describe::class(class)).into();
        classes.row(tag("tr"), numbers(name, Some(describe::class_meaning(class)), sum));
    }
    page.add("classes", "By class", classes.finish("stack coverage"));
    let mut by_owner = Table::new(&["Function or topic", "Rules", "Shown", "Planned", "Coverage"]);
    for owner in owners {
        let sum = coverage(owner.rules.iter().map(|(_, rule)| *rule));
        let name = here.link(&format!("{}#rules", owner.page), owner.title).into();
        by_owner.row(tag("tr"), numbers(name, None, sum));
    }
    page.add("owners", "By function and topic", by_owner.finish("stack coverage"));
    Page {
        path,
        title: "Rules".to_owned(),
        about: lead.to_owned(),
        body: page.body,
        sections: page.list,
        class: "page",
    }
}

fn numbers(name: Markup, meaning: Option<&str>, sum: Coverage) -> Vec<Markup> {
    let due = sum.shown + sum.planned;
    let bar = match due {
        0 => Markup::from("nothing to show"),
        due => {
            let percent = sum.shown * 100 / due;
            let meter = tag("progress").attr("max", due.to_string()).attr("value", sum.shown.to_string());
            let meter = meter.attr("aria-label", format!("{} of {due} shown", sum.shown));
            tag("span").class("meter").add(meter).add(format!(" {percent} %")).into()
        }
    };
    let mut cells = vec![name];
    cells.extend(meaning.map(Markup::from));
    cells.extend([sum.all, sum.shown, sum.planned].map(|count| Markup::from(count.to_string())));
    cells.push(bar);
    cells
}

fn list(class: RuleClass, site: &Site<'_>, owners: &[Owner<'_>]) -> Page {
    let path = class_path(class);
    let here = Here::new(site, &path);
    let title = format!("Rules: {}", describe::class(class));
    let mut page = Sections { body: parts::opening(&title, describe::class_meaning(class)), ..Sections::default() };
    for owner in owners {
        let rules: Vec<_> = owner
            .rules
            .iter()
            .filter(|(_, rule)| rule.class == class)
            .map(|(profiles, rule)| {
                let place = format!("{}#{}", owner.page, rule.id);
                let badges = here.badges(profiles, owner.total);
                only(parts::rule(rule, badges, here, &[owner.title], Some(&place)), profiles, owner.total)
            })
            .collect();
        if !rules.is_empty() {
            page.add(&owner.title.replace(' ', "-"), owner.title, tag("ul").class("rules").add_all(rules));
        }
    }
    if page.list.is_empty() {
        page.body.push(tag("p").add("There are none of class ").add(code(describe::class(class))).add("."));
    }
    let about = describe::class_meaning(class).to_owned();
    Page { path, title, about, body: page.body, sections: page.list, class: "page" }
}
