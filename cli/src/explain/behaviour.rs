//! How a function behaves: whether it waits, its overlapped form, the socket's states, the upcalls.

use wsp_codegen::model::{Completion, Function, Model, Profile};

use crate::text::Table;

/// A row for each thing that is said; nothing if nothing is.
pub fn section(model: &Model, profile: &Profile, function: &Function) -> String {
    let mut table = Table::new(&["behaviour", "what it is"]);
    let mut rows = 0;
    let mut row = |label: &str, text: &str| {
        if !text.is_empty() {
            table.row([label, text]);
            rows += 1;
        }
    };
    row("waiting", &with(function.blocking.mode.sentence(), &function.blocking.text));
    if let Some(completion) = &function.completion {
        row("overlapped", &with(&overlapped(function, completion), &completion.text));
    }
    let states = &function.states;
    row("requires", &titles(model, &states.requires));
    row("becomes", &titles(model, &states.becomes));
    row("states", states.text.trim());
    let upcalls = &function.upcalls;
    row("must call", &upcalls.must.join(", "));
    row("may call", &upcalls.may.join(", "));
    row("upcalls", upcalls.text.trim());
    row("made by", &callers(profile, |other| other.upcalls.must.contains(&function.name)));
    row("may be made by", &callers(profile, |other| other.upcalls.may.contains(&function.name)));
    if rows == 0 { String::new() } else { format!("\n{}", table.text()) }
}

/// A sentence and what else is to be said.
fn with(sentence: &str, text: &str) -> String {
    [sentence, text.trim()].join(" ").trim_end().to_owned()
}

/// Which parameters make the call an overlapped one.
fn overlapped(function: &Function, completion: &Completion) -> String {
    let name = |index: usize| function.params.get(index).map_or("?", |param| param.name.as_str());
    let mut text = format!("With {}", name(completion.operation));
    if let Some(routine) = completion.routine {
        text.push_str(&format!(", the completion routine {}", name(routine)));
    }
    if let Some(thread) = completion.thread {
        text.push_str(&format!(", the thread {}", name(thread)));
    }
    text.push('.');
    text
}

/// The titles of states.
fn titles(model: &Model, names: &[String]) -> String {
    let state = |name: &String| model.states.iter().find(|state| state.name == *name);
    let titles = names.iter().map(|name| state(name).map_or(name.as_str(), |state| &state.title));
    titles.collect::<Vec<_>>().join(", ")
}

/// The functions of the profile that pass the test.
fn callers(profile: &Profile, calls: impl Fn(&Function) -> bool) -> String {
    let found = profile.functions.iter().filter(|function| calls(function));
    found.map(|function| function.name.as_str()).collect::<Vec<_>>().join(", ")
}
