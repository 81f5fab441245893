//! `wsp explain WSPSend [CODE]`.

use std::fmt::Write as _;

use wsp_codegen::model::{
    Allowed, AllowedSet, Delivery, Direction, ErrorEntry, Function, Model, Null, Param, Profile, Source,
};

use super::{behaviour, code, everything, same, suggestion, unknown};
use crate::Failure;
use crate::text::{BOLD, DIM, PLAIN, Table, paragraph};

/// The function in every profile that has it.
pub fn explain(model: &Model, name: &str) -> Option<String> {
    let mut text = String::new();
    for (profile, function) in in_profiles(model, name) {
        if text.is_empty() {
            let _ = writeln!(text, "{BOLD}{}{PLAIN}: {}\n", function.name, function.summary);
        }
        let _ = writeln!(text, "{BOLD}In {}{PLAIN} ({})", profile.name, profile.title);
        text.push_str(&one(model, profile, function));
        text.push('\n');
    }
    (!text.is_empty()).then_some(text)
}

/// When the function fails with the code.
pub fn with_code(model: &Model, name: &str, code: &str) -> Result<String, Failure> {
    let found: Vec<_> = in_profiles(model, name).collect();
    let Some((_, function)) = found.first() else {
        return Err(match everything(model, name) {
            Some(_) => Failure::new(format!("{name} is no function; nothing goes with it")),
            None => unknown(model, name),
        });
    };
    let wanted: Vec<&str> = code::called(model, code).map(|code| code.name.as_str()).collect();
    let is_wanted = |name: &str| wanted.contains(&name);
    let mut text = String::new();
    for (profile, function) in &found {
        for entry in function.errors.iter().filter(|entry| is_wanted(&entry.code)) {
            let _ = writeln!(text, "{BOLD}{} {}{PLAIN} in {}{}", function.name, entry.code, profile.name, how(entry));
            text.push_str(&paragraph(&entry.when));
            if let Some(note) = &entry.note {
                text.push_str(&paragraph(note));
            }
        }
        for outcome in function.outcomes.iter().filter(|outcome| is_wanted(&outcome.code)) {
            let _ = writeln!(
                text,
                "{BOLD}{} {}{PLAIN} in {} (an outcome, not an error)",
                function.name, outcome.code, profile.name
            );
            text.push_str(&paragraph(&outcome.when));
        }
        for check in function.checks.iter().filter(|check| check.code.as_deref().is_some_and(is_wanted)) {
            text.push_str(&paragraph(&format!("Check {}: {}", check.id, check.text)));
        }
    }
    if text.is_empty() {
        let codes = found.iter().flat_map(|(_, function)| &function.errors).map(|entry| entry.code.as_str());
        let meant = if wanted.is_empty() { suggestion(code, codes) } else { String::new() };
        let code = wanted.first().unwrap_or(&code);
        return Err(Failure::new(format!("{} does not fail with `{code}`{meant}", function.name)));
    }
    Ok(text)
}

fn in_profiles<'m>(model: &'m Model, name: &str) -> impl Iterator<Item = (&'m Profile, &'m Function)> {
    model.profiles.iter().filter_map(move |profile| {
        profile.functions.iter().find(|function| same(&function.name, name)).map(|function| (profile, function))
    })
}

fn one(model: &Model, profile: &Profile, function: &Function) -> String {
    let mut text = signature(function);
    for part in function.prose.split("\n\n") {
        text.push('\n');
        text.push_str(&paragraph(part));
    }
    text.push('\n');
    if !function.params.is_empty() {
        text.push_str(&parameters(function));
    }
    let returns = &function.returns;
    let failure = returns.failure.as_ref().map(|failure| format!("; {failure} on failure")).unwrap_or_default();
    let _ = writeln!(text, "\n  Returns {}{failure}.", returns.success.trim_end_matches('.'));
    if !function.errors.is_empty() {
        text.push('\n');
        text.push_str(&errors(model, function));
    }
    text.push_str(&behaviour::section(model, profile, function));
    if !function.rules.is_empty() {
        let mut table = Table::new(&["rule", "class", "what it says"]);
        for rule in &function.rules {
            table.row([rule.id.as_str(), class(rule.class), rule.text.trim()]);
        }
        text.push('\n');
        text.push_str(&table.text());
    }
    let _ = writeln!(text, "\n  {DIM}Declared in spec/{}{PLAIN}", function.origin);
    text
}

fn signature(function: &Function) -> String {
    let params: Vec<String> = function.params.iter().map(|param| format!("{} {}", param.ty.c, param.name)).collect();
    format!("\n    {} {}(\n        {}\n    );\n", function.returns.ty.c, function.name, params.join(",\n        "))
}

fn parameters(function: &Function) -> String {
    let mut table = Table::new(&["parameter", "type", "dir", "what it is"]);
    for param in &function.params {
        let text = format!("{}{}{}", param.text.trim(), null(function, param), allowed(param.allowed.as_ref()));
        table.row([param.name.as_str(), param.ty.c.as_str(), direction(param.direction), text.as_str()]);
    }
    table.text()
}

fn null(function: &Function, param: &Param) -> String {
    match &param.null {
        Null::Refuse { code, unless: None } => format!(" NULL: {code}."),
        Null::Refuse { code, unless: Some(other) } => {
            let other = function.params.get(*other).map_or("the other", |param| param.name.as_str());
            format!(" NULL: {code} unless {other} is given.")
        }
        Null::Allowed => " May be NULL.".to_owned(),
        Null::Ignored => " Ignored.".to_owned(),
        Null::Means(text) => format!(" NULL means {text}."),
        Null::Unsaid => String::new(),
    }
}

fn allowed(allowed: Option<&Allowed>) -> String {
    let Some(allowed) = allowed else { return String::new() };
    let name = |value: &wsp_codegen::model::Value| value.name.clone().unwrap_or_else(|| value.value.to_string());
    let list =
        |values: &[wsp_codegen::model::Value], word: &str| values.iter().map(name).collect::<Vec<_>>().join(word);
    let set = match &allowed.set {
        AllowedSet::Values(values) => format!("one of {}", list(values, ", ")),
        AllowedSet::Flags(values) => format!("any of {}", list(values, " | ")),
        AllowedSet::Range(low, high) => format!("{} to {}", name(low), name(high)),
        AllowedSet::Constant(value) => format!("only {}", name(value)),
    };
    format!(" Allowed: {set}; else {}.", allowed.violation)
}

fn errors(model: &Model, function: &Function) -> String {
    let mut table = Table::new(&["code", ">value", "when"]);
    for entry in &function.errors {
        let value = model.code(&entry.code).map_or(0, |code| code.value).to_string();
        table.row([entry.code.clone(), value, format!("{}{}", entry.when.trim(), how(entry))]);
    }
    for outcome in &function.outcomes {
        let value = model.code(&outcome.code).map_or(0, |code| code.value).to_string();
        table.row([outcome.code.clone(), value, format!("{} (an outcome, not an error)", outcome.when.trim())]);
    }
    table.text()
}

/// How a code is delivered and on whose word it is listed, where that is not the usual.
fn how(entry: &ErrorEntry) -> String {
    let delivery = match &entry.delivery {
        Delivery::Call => None,
        Delivery::Completion => Some("as the status of an operation".to_owned()),
        Delivery::Event(event) => Some(format!("with {event}")),
    };
    let source = match entry.source {
        Source::Table => None,
        Source::Remarks => Some("named in the remarks only".to_owned()),
        Source::Inherited => Some("inherited from the plain function".to_owned()),
        Source::Practice => Some("not documented, needed in practice".to_owned()),
    };
    let notes: Vec<String> = [delivery, source].into_iter().flatten().collect();
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::InOut => "in/out",
    }
}

/// The word for a class of rules.
pub fn class(class: wsp_codegen::model::RuleClass) -> &'static str {
    use wsp_codegen::model::RuleClass;
    match class {
        RuleClass::Check => "check",
        RuleClass::Behaviour => "behaviour",
        RuleClass::Host => "host",
        RuleClass::Note => "note",
    }
}
