//! `wsp explain`.

mod behaviour;
mod code;
mod diagnostic;
mod function;
mod other;
#[cfg(test)]
mod tests;
mod topic;

use std::path::Path;

pub use function::class;

use wsp_codegen::model::Model;

use crate::{Failure, print, spec};

/// Explains whatever has this name.
pub fn run(name: &str, code: Option<&str>, folder: Option<&Path>) -> Result<(), Failure> {
    // A number alone is an error code's first: some of those are small, too.
    let number = name.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(text) = diagnostic::explain(name).filter(|_| !number) {
        return match code {
            None => print(&text),
            Some(_) => Err(Failure::new(format!("{name} is a diagnostic of wsp; nothing goes with it"))),
        };
    }
    print(&look_up(&spec::load(folder)?.model, name, code)?)
}

/// What the spec says about it.
fn look_up(model: &Model, name: &str, code: Option<&str>) -> Result<String, Failure> {
    match code {
        Some(code) => function::with_code(model, name, code),
        None => everything(model, name).or_else(|| diagnostic::explain(name)).ok_or_else(|| unknown(model, name)),
    }
}

/// The first kind of thing that has the name.
fn everything(model: &Model, name: &str) -> Option<String> {
    [
        function::explain,
        code::explain,
        other::constant,
        other::ty,
        other::table,
        other::rule,
        other::check,
        other::state,
        topic::explain,
    ]
    .iter()
    .find_map(|explain| explain(model, name))
}

/// Nothing has the name: the nearest that something has.
fn unknown(model: &Model, name: &str) -> Failure {
    let functions = model.profiles.iter().flat_map(|profile| &profile.functions);
    let names = functions
        .clone()
        .map(|function| function.name.as_str())
        .chain(functions.flat_map(|function| &function.rules).map(|rule| rule.id.as_str()))
        .chain(model.codes.iter().map(|code| code.name.as_str()))
        .chain(model.groups.iter().flat_map(|group| &group.constants).map(|constant| constant.name.as_str()))
        .chain(model.types.iter().map(|ty| ty.name.as_str()))
        .chain(model.tables.iter().map(|table| table.name.as_str()))
        .chain(model.profiles.iter().flat_map(|profile| &profile.topics).map(|topic| topic.name.as_str()));
    Failure::new(format!("nothing is called `{name}`{}", suggestion(name, names)))
}

/// `; did you mean …?`, or nothing if no name is near.
fn suggestion<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let wanted = wanted.to_ascii_lowercase();
    names
        .map(|name| (strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &wanted), name))
        .filter(|(distance, _)| *distance <= wanted.len().div_ceil(3))
        .min()
        .map(|(_, name)| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

/// Names are found whatever their case.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
