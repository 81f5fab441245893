//! Topics: rules that belong to no single function.

use super::super::markdown::merge;
use super::html::{Markup, Table, tag};
use super::layout::{Page, Sections};
use super::parts;
use super::prose::{self, Names};
use super::site::{Here, Site, only, source_line};
use crate::model::Topic;

/// Path of a topic's page.
pub(super) fn topic_path(topic: &Topic) -> String {
    format!("topics/{}.html", topic.name)
}

/// The list of topics.
pub(super) fn index(site: &Site<'_>) -> Page {
    let path = "topics.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "What holds for the interface as a whole, by subject.";
    let mut body = parts::opening("Topics", lead);
    let all = site.model.profiles.len();
    let mut table = Table::new(&["Topic", "About", "Rules"]);
    for (profiles, topic) in merge::topics(site.model) {
        let mut name = Markup::from(here.link(&topic_path(topic), topic.title.as_str()));
        name.push(here.badges(&profiles, all));
        let about = topic.text.trim().split("\n\n").next().unwrap_or_default();
        let cells = [name, prose::inline(about, here, Names::default()), topic.rules.len().to_string().into()];
        table.row(only(tag("tr"), &profiles, all), cells);
    }
    body.push(table.finish("stack topics"));
    Page { path, title: "Topics".to_owned(), about: lead.to_owned(), body, sections: vec![], class: "page" }
}

/// A page for each topic.
pub(super) fn pages(site: &Site<'_>) -> Vec<Page> {
    merge::topics(site.model).into_iter().map(|(profiles, topic)| page(&profiles, topic, site)).collect()
}

fn page(profiles: &[&str], topic: &Topic, site: &Site<'_>) -> Page {
    let path = topic_path(topic);
    let here = Here::new(site, &path);
    let crumbs = tag("div")
        .class("crumbs")
        .add(here.link("topics.html", "Topics"))
        .add(" \u{b7} ")
        .add(source_line(&topic.origin));
    let badges = profiles.iter().map(|profile| here.badge(profile));
    let mut opening = Markup::from(crumbs);
    opening.push(tag("h1").add(&topic.title).add(" ").add_all(badges));
    opening.push(prose::block(&topic.text, here, Names::default()));
    let mut page = Sections { body: opening, ..Sections::default() };
    let rules = topic.rules.iter().map(|rule| parts::rule(rule, Markup::default(), here, &[], None));
    page.add("rules", "Rules", tag("ul").class("rules").add_all(rules));
    let about = format!("{}: rules of the Winsock service-provider interface", topic.title);
    Page { path, title: topic.title.clone(), about, body: page.body, sections: page.list, class: "page" }
}
