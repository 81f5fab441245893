//! The frame around every page: head, bar, list of functions, contents of the page.

use super::super::markdown::{KINDS, describe};
use super::html::{self, Markup, Tag, code, tag};
use super::site::{Here, Site, only};
use super::topics::topic_path;

/// A page before it is framed.
pub(super) struct Page {
    /// Path from the site's root.
    pub path: String,
    pub title: String,
    /// One sentence for the `description` of the document.
    pub about: String,
    pub body: Markup,
    /// Anchors and labels of the page's sections.
    pub sections: Vec<(String, String)>,
    /// `page` and whatever else sets how wide things are.
    pub class: &'static str,
}

/// The overview pages, as the bar names them.
pub(super) const OVERVIEWS: [(&str, &str); 9] = [
    ("index.html", "Overview"),
    ("errors.html", "Error codes"),
    ("states.html", "States"),
    ("upcalls.html", "Upcalls"),
    ("tables.html", "Tables"),
    ("types.html", "Types"),
    ("constants.html", "Constants"),
    ("rules.html", "Rules"),
    ("checks.html", "Checks"),
];

/// Sets the remembered theme and profile before anything is painted.
const EARLY: &str = "try{var d=document.documentElement,l=localStorage;['theme','profile'].forEach(function(k){\
var v=l.getItem('wsp-'+k);if(v)d.setAttribute('data-'+k,v)})}catch(e){}";

/// What is the same around all pages of a folder, but for the link to the page itself.
struct Frame {
    bar: Markup,
    side: Markup,
}

/// The frames of the pages at the root and of those in a folder.
pub(super) struct Frames([Frame; 2]);

impl Frames {
    pub fn new(site: &Site<'_>) -> Self {
        Self(["", "../"].map(|root| {
            let here = Here { site, path: "", root };
            Frame { bar: bar(here).into(), side: sidebar(here).into() }
        }))
    }

    /// The frame of a page.
    fn of(&self, here: Here<'_, '_>) -> Frame {
        let Self([root, folder]) = self;
        let frame = if here.root.is_empty() { root } else { folder };
        let link = format!("<a href=\"{}{}\"", here.root, here.path);
        let current = |markup: &Markup| markup.with(&format!("{link}>"), &format!("{link} aria-current=\"page\">"));
        Frame { bar: current(&frame.bar), side: current(&frame.side) }
    }
}

/// The whole document.
pub(super) fn document(page: Page, frames: &Frames, site: &Site<'_>) -> String {
    let here = Here::new(site, &page.path);
    let Frame { bar, side } = frames.of(here);
    // The frame and the page are tens of kilobytes each: they should be moved once.
    let bytes = bar.len() + side.len() + page.body.len() + 8192;
    let main = tag("main").id("main").class(page.class).holding((page.body, footer()));
    let columns = tag("div").class("columns").holding((side, main, contents(&page.sections)));
    let skip = tag("a").class("skip").href("#main").add("Skip to the content");
    let body = tag("body").holding((skip, bar, columns));
    let head = head(&page.title, &page.about, here);
    html::document(tag("html").attr("lang", "en").attr("data-profile", "all").holding((head, body)), bytes)
}

fn head(title: &str, about: &str, here: Here<'_, '_>) -> Tag {
    let script = |path: &str| tag("script").attr("src", here.to(path)).flag("defer");
    tag("head")
        .add(tag("meta").attr("charset", "utf-8"))
        .add(tag("meta").attr("name", "viewport").attr("content", "width=device-width, initial-scale=1"))
        .add(tag("meta").attr("name", "color-scheme").attr("content", "light dark"))
        .add(tag("meta").attr("name", "description").attr("content", about))
        .add(tag("title").add(format!("{title} \u{b7} Winsock SPI")))
        // An icon inside the document: without one, browsers ask a server for it.
        .add(tag("link").attr("rel", "icon").href("data:,"))
        .add(tag("script").add(EARLY))
        .add(tag("link").attr("rel", "stylesheet").href(here.to("assets/style.css")))
        .add(script("assets/index.js"))
        .add(script("assets/site.js"))
}

fn bar(here: Here<'_, '_>) -> Tag {
    let brand = here.link("index.html", "Winsock SPI").class("brand");
    let input = tag("input")
        .id("q")
        .attr("type", "search")
        .attr("placeholder", "Function, code, constant, rule\u{2026}")
        .attr("aria-label", "Search")
        .attr("role", "combobox")
        .attr("aria-expanded", "false")
        .attr("aria-controls", "hits")
        .attr("aria-autocomplete", "list")
        .attr("autocomplete", "off")
        .attr("spellcheck", "false")
        .attr("data-root", here.root);
    let hits = tag("ul").id("hits").attr("role", "listbox").attr("aria-label", "Search results").flag("hidden");
    let search = tag("div").class("search").attr("role", "search").add(input).add(tag("kbd").add("/")).add(hits);
    let theme = tag("button")
        .id("theme")
        .attr("type", "button")
        .attr("aria-label", "Light or dark")
        .attr("title", "Light or dark")
        .add("\u{25d0}");
    let menu = tag("details")
        .class("menu")
        .add(tag("summary").attr("aria-label", "Menu").add("\u{2630}"))
        .add(tag("nav").attr("aria-label", "Pages").add(overviews(here)).add(topic_list(here)));
    tag("header").class("bar").add(menu).add(brand).add(search).add(switch(here)).add(theme)
}

/// Chooses which profile's items are shown.
fn switch(here: Here<'_, '_>) -> Tag {
    let button = |value: &str, label: &str, title: &str| {
        let pressed = if value == "all" { "true" } else { "false" };
        tag("button")
            .attr("type", "button")
            .attr("data-set", value)
            .attr("aria-pressed", pressed)
            .attr("title", title)
            .add(label)
    };
    let group = tag("div").class("switch").attr("role", "group").attr("aria-label", "Profile");
    let profiles = here.site.model.profiles.iter().map(|profile| button(&profile.name, &profile.name, &profile.title));
    group.add(button("all", "all", "Everything, what differs side by side")).add_all(profiles)
}

fn overviews(here: Here<'_, '_>) -> Tag {
    let items = OVERVIEWS.iter().map(|(path, label)| tag("li").add(here.link(path, *label)));
    tag("ul").class("pages").add_all(items)
}

fn topic_list(here: Here<'_, '_>) -> Markup {
    let topics = super::super::markdown::merge::topics(here.site.model);
    let all = here.site.model.profiles.len();
    let items = topics.into_iter().map(|(profiles, topic)| {
        only(tag("li"), &profiles, all).add(here.link(&topic_path(topic), topic.title.as_str()))
    });
    let mut out = Markup::from(tag("h2").add(here.link("topics.html", "Topics")));
    out.push(tag("ul").add_all(items));
    out
}

fn sidebar(here: Here<'_, '_>) -> Tag {
    let mut nav = tag("nav").class("side").attr("aria-label", "Site").add(overviews(here));
    let all = here.site.model.profiles.len();
    for kind in KINDS {
        let entries: Vec<_> = here.site.entries.iter().filter(|entry| entry.first().kind == kind).collect();
        if entries.is_empty() {
            continue;
        }
        let items = entries.into_iter().map(|entry| {
            let path = format!("functions/{}.html", entry.name);
            only(tag("li"), &entry.profiles(), all).add(here.link(&path, code(entry.name)))
        });
        nav = nav.add(tag("h2").add(format!("{}s", describe::kind(kind)))).add(tag("ul").add_all(items));
    }
    nav.add(topic_list(here))
}

fn contents(sections: &[(String, String)]) -> Markup {
    if sections.len() < 2 {
        return tag("div").class("toc").into();
    }
    let items = sections.iter().map(|(anchor, label)| tag("li").add(tag("a").href(format!("#{anchor}")).add(label)));
    tag("nav")
        .class("toc")
        .attr("aria-label", "On this page")
        .add(tag("h2").add("On this page"))
        .add(tag("ul").add_all(items))
        .into()
}

fn footer() -> Tag {
    tag("footer").add("Made from the spec; each item names the file and line it was declared on.")
}

/// Collects the sections of a page.
#[derive(Default)]
pub(super) struct Sections {
    pub body: Markup,
    pub list: Vec<(String, String)>,
}

impl Sections {
    /// Adds a section with a heading, unless it is empty.
    pub fn add(&mut self, anchor: &str, title: &str, content: impl Into<Markup>) {
        let content = content.into();
        if content.is_empty() {
            return;
        }
        let heading = tag("h2").id(anchor).add(title).add(
            tag("a").class("anchor").href(format!("#{anchor}")).attr("aria-label", format!("Link to {title}")).add("#"),
        );
        self.body.push(tag("section").attr("aria-labelledby", anchor).holding((heading, content)));
        self.list.push((anchor.to_owned(), title.to_owned()));
    }
}
