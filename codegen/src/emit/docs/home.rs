//! The first page: what the interface is, its profiles, its functions by what they do.

use super::super::markdown::KINDS;
use super::super::markdown::describe;
use super::super::markdown::merge::Entry;
use super::html::{Markup, Table, Tag, code, tag};
use super::layout::{Page, Sections};
use super::parts::{merged, sentence};
use super::prose::{self, Names};
use super::site::{Here, Site, only};
use crate::model::{Function, FunctionKind, SocketUse};

const LEAD: &str = "How a DLL becomes a provider of sockets on Windows: the functions that the host calls, the upcalls \
that it offers in return, and every rule, check and error code that binds the two.";

/// The index of the site.
pub(super) fn page(site: &Site<'_>) -> Page {
    let path = "index.html".to_owned();
    let here = Here::new(site, &path);
    let opening = tag("div")
        .class("hero")
        .add(tag("h1").add("The Winsock service-provider interface"))
        .add(tag("p").class("lead").add(LEAD))
        .add(counts(site, here));
    let mut page = Sections { body: opening.into(), ..Sections::default() };
    page.body.push(picture(site, here));
    page.add("profiles", "Two readings of one interface", profiles(site, here));
    for kind in KINDS {
        let entries: Vec<&Entry<'_>> = site.entries.iter().filter(|entry| entry.first().kind == kind).collect();
        if kind == FunctionKind::Table {
            for (anchor, title, purpose) in PURPOSES {
                let chosen = entries.iter().copied().filter(|entry| self::purpose(entry.first()) == purpose);
                page.add(anchor, title, functions(chosen, here));
            }
        } else {
            page.add(&anchor(kind), &format!("{}s", describe::kind(kind)), functions(entries.into_iter(), here));
        }
    }
    let (body, sections) = (page.body, page.list);
    Page { path, title: "Overview".to_owned(), about: LEAD.to_owned(), body, sections, class: "page home" }
}

fn anchor(kind: FunctionKind) -> String {
    describe::kind(kind).to_lowercase().replace(' ', "-")
}

/// What a table function is about, told from its declaration.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Purpose {
    Life,
    Overlapped,
    Socket,
    Other,
}

const PURPOSES: [(&str, &str, Purpose); 4] = [
    ("life", "The life of a socket", Purpose::Life),
    ("overlapped", "Transfer and control, also overlapped", Purpose::Overlapped),
    ("on-a-socket", "Asked of a socket", Purpose::Socket),
    ("beside-sockets", "Beside single sockets", Purpose::Other),
];

fn purpose(function: &Function) -> Purpose {
    let changes = function.states.becomes.iter().any(|state| !function.states.requires.contains(state));
    let releases = function.params.iter().any(|param| param.socket == Some(SocketUse::Release));
    if function.completion.is_some() {
        Purpose::Overlapped
    } else if changes || releases || function.returns.creates.is_some() {
        Purpose::Life
    } else if function.params.iter().any(|param| param.socket.is_some()) {
        Purpose::Socket
    } else {
        Purpose::Other
    }
}

fn functions<'e, 'm: 'e>(entries: impl Iterator<Item = &'e Entry<'m>>, here: Here<'_, '_>) -> Markup {
    let all = here.site.model.profiles.len();
    let mut table = Table::new(&["Function", "What it does", "Profiles"]);
    for entry in entries {
        let profiles = entry.profiles();
        let badges = Markup::join(profiles.iter().map(|profile| here.badge(profile)), " ");
        let summary = merged(entry, here, |function| sentence(&function.summary, function, here));
        table.row(only(tag("tr"), &profiles, all), [here.name(entry.name), summary, badges]);
    }
    if table.is_empty() { Markup::default() } else { table.finish("stack functions") }
}

fn counts(site: &Site<'_>, here: Here<'_, '_>) -> Tag {
    let rules: usize = site.entries.iter().map(|entry| entry.rules().len()).sum::<usize>()
        + super::super::markdown::merge::topics(site.model).iter().map(|(_, topic)| topic.rules.len()).sum::<usize>();
    let checks: usize = site.entries.iter().map(|entry| entry.items(|f| &f.checks, |check| &check.id).len()).sum();
    let count = |path: &str, number: usize, what: &str| {
        tag("li").add(here.link(path, tag("b").add(number.to_string())).add(" ").add(what))
    };
    tag("ul")
        .class("counts")
        .add(count("index.html#profiles", site.entries.len(), "functions"))
        .add(count("errors.html", site.model.codes.len(), "error codes"))
        .add(count("rules.html", rules, "rules"))
        .add(count("checks.html", checks, "checks"))
        .add(count("types.html", site.model.types.len(), "types"))
}

/// Host above, provider below, the two tables between them.
fn picture(site: &Site<'_>, here: Here<'_, '_>) -> Tag {
    let lanes = site.model.profiles.iter().map(|profile| {
        let all = site.model.profiles.len();
        // How many slots of a table have a function in this profile.
        let slots = |name: &str| {
            let slots = site.model.table(name).map(|table| table.slots.as_slice()).unwrap_or_default();
            match slots.iter().filter(|slot| profile.function(slot).is_some()).count() {
                all if all == slots.len() => format!("{all} slots"),
                used => format!("{used} of {} slots", slots.len()),
            }
        };
        let line = |class: &str, arrow: &str, name: &str, what: String| {
            tag("div")
                .class(class)
                .add(tag("span").attr("aria-hidden", "true").add(arrow))
                .add(here.name(name))
                .add(tag("small").add(what))
        };
        only(tag("div").class("lane"), &[&profile.name], all)
            .add(here.badge(&profile.name))
            .add(line("down", "\u{2193}", &profile.startup, "starts the provider".to_owned()))
            .add(line("down", "\u{2193}", &profile.table, format!("{}, called by the host", slots(&profile.table))))
            .add(line(
                "up",
                "\u{2191}",
                &profile.upcalls,
                format!("{}, called by the provider", slots(&profile.upcalls)),
            ))
    });
    tag("figure")
        .class("picture")
        .add(tag("div").class("end").add("Host").add(tag("small").add("ws2_32, a layered provider, or the switch")))
        .add(tag("div").class("lanes").add_all(lanes))
        .add(tag("div").class("end").add("Provider").add(tag("small").add("your DLL")))
}

fn profiles(site: &Site<'_>, here: Here<'_, '_>) -> Markup {
    let cards = site.model.profiles.iter().map(|profile| {
        let number = |kind| profile.of_kind(kind).count();
        let facts = format!(
            "{} table functions, {} upcalls, {} extension functions",
            number(FunctionKind::Table),
            number(FunctionKind::Upcall),
            number(FunctionKind::Extension)
        );
        tag("article")
            .class("card")
            .add(tag("h3").add(here.badge(&profile.name)).add(" ").add(&profile.title))
            .add(prose::block(&profile.text, here, Names::default()))
            .add(tag("p").class("hint").add(facts))
            .add(profile.base.as_ref().map(|base| tag("p").class("hint").add("Narrows ").add(code(base)).add(".")))
    });
    tag("div").class("cards").add_all(cards).into()
}
