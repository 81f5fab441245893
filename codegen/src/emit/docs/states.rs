//! The states in the life of a socket: which calls they allow and where those lead.

use super::super::markdown::merge::{Entry, Variant};
use super::html::{Markup, Table, Tag, tag};
use super::layout::{Page, Sections};
use super::parts::{self, fact, merged, own_names};
use super::prose::{self, Names};
use super::site::{Here, Site, only, used_states};
use crate::model::{Function, Profile, State};

/// A function's place among the states, with the diagram.
pub(super) fn of_function(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let named = |function: &Function| !function.states.requires.is_empty() || !function.states.becomes.is_empty();
    let list = |label: &str, read: fn(&Function) -> &[String]| {
        fact(label, merged(entry, here, |function| titles(read(function), here)))
    };
    let facts = [list("Requires", |f| &f.states.requires), list("Becomes", |f| &f.states.becomes)];
    let mut out = Markup::default();
    if facts.iter().any(|fact| !fact.is_empty()) {
        out.push(tag("dl").class("facts wide").add_all(facts));
    }
    out.push(merged(entry, here, |function| {
        prose::block(&function.states.text, here, Names { plain: &own_names(function) })
    }));
    // Profiles that agree on this function share a diagram: that of the first of them.
    for variant in entry.variants(|function| (&function.states.requires, &function.states.becomes)) {
        let of_variant = entry.readings.iter().find(|(profile, _)| profile.name == variant.profiles[0]);
        let Some((profile, function)) = of_variant.filter(|(_, function)| named(function)) else { continue };
        let diagram = vec![Variant { profiles: variant.profiles, value: diagram(profile, Some(function), here) }];
        out.push(parts::variants(diagram, entry.readings.len(), here));
    }
    out
}

/// Titles of states, linked to where they are explained.
fn titles(names: &[String], here: Here<'_, '_>) -> Markup {
    Markup::join(names.iter().map(|name| title(name, here)), ", ")
}

fn title(name: &str, here: Here<'_, '_>) -> Tag {
    let title = here.site.model.states.iter().find(|state| state.name == *name).map_or(name, |state| &state.title);
    here.link(&format!("states.html#state-{name}"), title)
}

/// All states, all transitions.
pub(super) fn page(site: &Site<'_>) -> Page {
    let path = "states.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "Which calls a socket allows in each state of its life, and where they take it.";
    let mut page = Sections { body: parts::opening("States of a socket", lead), ..Sections::default() };
    for profile in &site.model.profiles {
        if !used_states(&profile.functions).is_empty() {
            let section =
                only(tag("div"), &[&profile.name], site.model.profiles.len()).add(diagram(profile, None, here));
            page.add(&format!("diagram-{}", profile.name), &format!("Transitions in {}", profile.name), section);
        }
    }
    let mut table = Table::new(&["State", "Allows", "Entered by"]);
    let profiles: Vec<&Profile> = site.model.profiles.iter().collect();
    for state in &site.model.states {
        let mut name = Markup::from(state.title.as_str());
        name.push(tag("div").class("note").add(prose::inline(&state.text, here, Names::default())));
        let lists: [fn(&Function) -> &Vec<String>; 2] = [|f| &f.states.requires, |f| &f.states.becomes];
        let [allows, entered] =
            lists.map(|list| parts::functions_with(&profiles, "#states", here, |f| list(f).contains(&state.name)));
        table.row(tag("tr").id(format!("state-{}", state.name)), [name, allows, entered]);
    }
    page.add("states", "The states", table.finish("stack states"));
    Page {
        path,
        title: "States".to_owned(),
        about: lead.to_owned(),
        body: page.body,
        sections: page.list,
        class: "page",
    }
}

const BOX: (usize, usize) = (176, 26);
const ROW: usize = 36;
const LANE: usize = 30;
const LEFT: usize = 4;
const FIRST_LANE: usize = LEFT + BOX.0 + 44;

/// A column of states; beside it a line per function that leads from where it is allowed to where it ends.
/// With `own`, that function's line and states stand out and only it is named.
fn diagram(profile: &Profile, own: Option<&Function>, here: Here<'_, '_>) -> Markup {
    let used = used_states(&profile.functions);
    let states: Vec<&State> =
        here.site.model.states.iter().filter(|state| used.contains(state.name.as_str())).collect();
    let is_own = |function: &Function| own.is_some_and(|own| own.name == function.name);
    let lanes: Vec<&Function> =
        profile.functions.iter().filter(|function| !function.states.becomes.is_empty() || is_own(function)).collect();
    let longest = lanes.iter().map(|function| function.name.len()).max().unwrap_or(0);
    // Names stand at 45 degrees: their height and what sticks out at the right are the same.
    let slant = if own.is_some() { 30 } else { longest * 5 + 16 };
    let chart = Chart { states, top: slant, own };
    let (width, height) = (FIRST_LANE + lanes.len() * LANE + slant.max(90), slant + chart.states.len() * ROW + 4);
    let mut svg = tag("svg")
        .class(if own.is_some() { "chart one" } else { "chart" })
        .attr("viewBox", format!("0 0 {width} {height}"))
        .attr("width", width.to_string())
        .attr("role", "img")
        .attr("aria-label", spoken(profile, own));
    // The function's own lane comes last, so that it lies on top.
    let (mine, others): (Vec<_>, Vec<_>) = lanes.iter().enumerate().partition(|(_, function)| is_own(function));
    for (index, function) in others.into_iter().chain(mine) {
        svg = svg.add(chart.lane(index, function, here));
    }
    for (index, state) in chart.states.iter().enumerate() {
        svg = svg.add(chart.state(index, state, here));
    }
    let mut out = Markup::from(
        tag("div")
            .class("scroll")
            .attr("tabindex", "0")
            .attr("role", "group")
            .attr("aria-label", "State diagram")
            .add(svg),
    );
    out.push(tag("p").class("hint").add("\u{25cb} allowed in this state \u{2003} \u{25c0} leads to this state"));
    out
}

/// What the picture shows, for those who do not see it.
fn spoken(profile: &Profile, own: Option<&Function>) -> String {
    match own {
        None => format!(
            "Transitions between the states of a socket in the profile {}; the table below says the same.",
            profile.name
        ),
        Some(function) => {
            let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            let states = &function.states;
            format!("{}: requires {}; becomes {}.", function.name, list(&states.requires), list(&states.becomes))
        }
    }
}

struct Chart<'m> {
    states: Vec<&'m State>,
    top: usize,
    own: Option<&'m Function>,
}

impl Chart<'_> {
    fn middle(&self, index: usize) -> usize {
        self.top + index * ROW + BOX.1 / 2
    }

    fn rows(&self, names: &[String]) -> Vec<usize> {
        let row = |name: &String| self.states.iter().position(|state| state.name == *name);
        names.iter().filter_map(row).collect()
    }

    fn state(&self, index: usize, state: &State, here: Here<'_, '_>) -> Tag {
        let class = self.own.map_or("state", |own| {
            match (own.states.requires.contains(&state.name), own.states.becomes.contains(&state.name)) {
                (_, true) => "state to",
                (true, false) => "state from",
                (false, false) => "state dim",
            }
        });
        let rect = tag("rect")
            .attr("x", LEFT.to_string())
            .attr("y", (self.middle(index) - BOX.1 / 2).to_string())
            .attr("width", BOX.0.to_string())
            .attr("height", BOX.1.to_string())
            .attr("rx", "5");
        let label = tag("text")
            .attr("x", (LEFT + BOX.0 / 2).to_string())
            .attr("y", (self.middle(index) + 4).to_string())
            .attr("text-anchor", "middle")
            .add(&state.title);
        let target = here.to(&format!("states.html#state-{}", state.name));
        tag("a").class(class).href(target).add(rect).add(label)
    }

    fn lane(&self, index: usize, function: &Function, here: Here<'_, '_>) -> Tag {
        let x = FIRST_LANE + index * LANE;
        let edge = LEFT + BOX.0;
        let (from, to) = (self.rows(&function.states.requires), self.rows(&function.states.becomes));
        let is_own = self.own.is_some_and(|own| own.name == function.name);
        let named = self.own.is_none() || is_own;
        // Where a call is allowed and where it leads are a little apart, so that one state can be both.
        let ys: Vec<usize> =
            from.iter().map(|row| self.middle(*row) - 5).chain(to.iter().map(|row| self.middle(*row) + 5)).collect();
        let low = ys.iter().copied().max().unwrap_or(self.top);
        let high = if named { self.top - 8 } else { ys.iter().copied().min().unwrap_or(self.top) };
        let mut lines = format!("M{x} {high}V{low}");
        let mut marks: Vec<Tag> = Vec::new();
        for row in from {
            let y = self.middle(row) - 5;
            lines.push_str(&format!("M{edge} {y}H{x}"));
            marks.push(tag("circle").class("in").attr("cx", x.to_string()).attr("cy", y.to_string()).attr("r", "3.5"));
        }
        for row in to {
            let y = self.middle(row) + 5;
            lines.push_str(&format!("M{} {y}H{x}", edge + 8));
            let (back, up, down) = (edge + 9, y - 4, y + 4);
            marks.push(tag("circle").class("out").attr("cx", x.to_string()).attr("cy", y.to_string()).attr("r", "2.5"));
            marks.push(tag("path").class("out").attr("d", format!("M{edge} {y}L{back} {up}V{down}Z")));
        }
        let class = if is_own {
            "lane own"
        } else if named {
            "lane"
        } else {
            "lane dim"
        };
        let lane = tag("g").class(class).add(tag("path").class("wire").attr("d", lines)).add_all(marks);
        if named { lane.add(self.label(x, function, is_own, here)) } else { lane }
    }

    fn label(&self, x: usize, function: &Function, level: bool, here: Here<'_, '_>) -> Tag {
        let y = self.top - 12;
        let text = tag("text").add(&function.name);
        let text = match level {
            true => text.attr("x", x.to_string()).attr("y", y.to_string()).attr("text-anchor", "middle"),
            false => text.attr("transform", format!("translate({} {y}) rotate(-45)", x + 3)),
        };
        tag("a").href(here.to(&format!("functions/{}.html#states", function.name))).add(text)
    }
}
