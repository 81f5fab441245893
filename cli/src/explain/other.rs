//! Constants, types, tables, rules, checks, states.

use std::fmt::Write as _;

use wsp_codegen::model::{Aggregate, ConstantValue, Model, Rule, TypeKind};

use super::function::class;
use super::same;
use crate::text::{BOLD, DIM, PLAIN, Table, paragraph};

/// A constant.
pub fn constant(model: &Model, name: &str) -> Option<String> {
    let (group, constant) = model
        .groups
        .iter()
        .flat_map(|group| group.constants.iter().map(move |constant| (group, constant)))
        .find(|(_, constant)| same(&constant.name, name))?;
    let value = match &constant.value {
        ConstantValue::Integer(value) if *value > 9 => format!("{value} ({value:#x})"),
        ConstantValue::Integer(value) => value.to_string(),
        ConstantValue::Guid(guid) => {
            let tail: String = guid.data4[2..].iter().map(|byte| format!("{byte:02X}")).collect();
            let [a, b, ..] = guid.data4;
            format!("{{{:08X}-{:04X}-{:04X}-{a:02X}{b:02X}-{tail}}}", guid.data1, guid.data2, guid.data3)
        }
    };
    let (ty, place) = (&constant.ty.c, &constant.origin);
    Some(format!(
        "{BOLD}{}{PLAIN} = {value}, of type {ty} ({})\n\n{}\n  {DIM}Declared in spec/{place}{PLAIN}\n",
        constant.name,
        group.title,
        paragraph(&constant.text)
    ))
}

/// A C type.
pub fn ty(model: &Model, name: &str) -> Option<String> {
    let ty = model.types.iter().find(|ty| same(&ty.name, name) || same(&ty.c, name))?;
    let mut text = format!("{BOLD}{}{PLAIN} ({})\n\n{}", ty.c, ty.header, paragraph(&ty.text));
    match &ty.kind {
        TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => {
            let _ = writeln!(text, "\n  In Rust: {}", scalar.rust);
        }
        TypeKind::Pointer { to } => {
            let _ = writeln!(text, "\n  Points to {}{}", if to.is_const { "const " } else { "" }, to.c);
        }
        TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => text.push_str(&members(aggregate)),
        TypeKind::Callback { returns, params } => {
            let mut table = Table::new(&["parameter", "type", "what it is"]);
            for param in params {
                table.row([param.name.as_str(), param.ty.c.as_str(), param.text.trim()]);
            }
            let _ = write!(text, "\n{}\n  Returns {}.\n", table.text(), returns.c);
        }
        TypeKind::Opaque | TypeKind::Void => {}
    }
    let _ = writeln!(text, "\n  {DIM}Declared in spec/{}{PLAIN}", ty.origin);
    Some(text)
}

fn members(aggregate: &Aggregate) -> String {
    let mut table = Table::new(&["member", "type", "what it is"]);
    for field in &aggregate.fields {
        let array = field
            .array
            .as_ref()
            .map(|length| format!("[{}]", length.name.clone().unwrap_or_else(|| length.value.to_string())));
        table.row([
            field.name.clone(),
            format!("{}{}", field.ty.c, array.unwrap_or_default()),
            field.text.trim().to_owned(),
        ]);
    }
    format!("\n{}", table.text())
}

/// A function table, slot by slot.
pub fn table(model: &Model, name: &str) -> Option<String> {
    let table = model.tables.iter().find(|table| same(&table.name, name))?;
    let mut slots = Table::new(&[">slot", "function", "in"]);
    for (slot, function) in table.slots.iter().enumerate() {
        let profiles: Vec<&str> = model
            .profiles
            .iter()
            .filter(|profile| profile.function(function).is_some())
            .map(|profile| profile.name.as_str())
            .collect();
        slots.row([slot.to_string(), function.clone(), profiles.join(", ")]);
    }
    Some(format!("{BOLD}{}{PLAIN} ({})\n\n{}\n{}", table.name, table.header, paragraph(&table.text), slots.text()))
}

/// A rule, of a function or a topic.
pub fn rule(model: &Model, name: &str) -> Option<String> {
    let rules = model.profiles.iter().flat_map(|profile| {
        let topics =
            profile.topics.iter().flat_map(|topic| topic.rules.iter().map(move |rule| (topic.title.as_str(), rule)));
        profile
            .functions
            .iter()
            .flat_map(|function| function.rules.iter().map(move |rule| (function.name.as_str(), rule)))
            .chain(topics)
    });
    let mut found = rules.filter(|(_, rule)| same(&rule.id, name));
    found.next().map(|(of, rule)| describe(of, rule))
}

fn describe(of: &str, rule: &Rule) -> String {
    let mut text =
        format!("{BOLD}{}{PLAIN}: a rule of {of}, class {}\n\n{}", rule.id, class(rule.class), paragraph(&rule.text));
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "\n  {label}: {value}");
    };
    if !rule.checks.is_empty() {
        line("Made sure by the checks", &rule.checks.join(", "));
    }
    if let Some(test) = &rule.test {
        line("Shown by the test", test);
    }
    if let Some(reason) = &rule.reason {
        line("Why it is only a note", reason);
    }
    if let Some(source) = &rule.source {
        line("From the page", source);
    }
    let _ = writeln!(text, "\n  {DIM}Declared in spec/{}{PLAIN}", rule.origin);
    text
}

/// A generated check.
pub fn check(model: &Model, name: &str) -> Option<String> {
    let mut text = String::new();
    for profile in &model.profiles {
        for check in
            profile.functions.iter().flat_map(|function| &function.checks).filter(|check| same(&check.id, name))
        {
            let code = check.code.as_deref().unwrap_or("the failure value alone");
            let _ =
                writeln!(text, "{BOLD}{}{PLAIN} in {}: {code}\n\n{}", check.id, profile.name, paragraph(&check.text));
            let _ = writeln!(text, "  {DIM}Declared in spec/{}{PLAIN}\n", check.origin);
        }
    }
    (!text.is_empty()).then_some(text)
}

/// A state of a socket.
pub fn state(model: &Model, name: &str) -> Option<String> {
    let state = model.states.iter().find(|state| same(&state.name, name))?;
    let mut table = Table::new(&["function", "profile", "relation"]);
    for profile in &model.profiles {
        for function in &profile.functions {
            for (list, relation) in
                [(&function.states.requires, "may be called in it"), (&function.states.becomes, "leads to it")]
            {
                if list.contains(&state.name) {
                    table.row([function.name.as_str(), profile.name.as_str(), relation]);
                }
            }
        }
    }
    Some(format!("{BOLD}{}{PLAIN}: a state of a socket\n\n{}\n{}", state.title, paragraph(&state.text), table.text()))
}
