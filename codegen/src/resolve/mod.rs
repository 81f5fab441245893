//! From syntax to model: every name is found, every profile gets its own functions.

pub mod checks;
pub mod constants;
pub mod facts;
pub mod function;
pub mod lift;
pub mod merge;
pub mod names;
pub mod rust_names;
pub mod types;

use crate::diagnostic::{Code, Diagnostics};
use crate::model::{self, Function, FunctionKind, Model, Topic};
use crate::parallel::each;
use crate::resolve::facts::Facts;
use crate::resolve::function::Cx;
use crate::resolve::merge::{Merged, ProfileFunctions};
use crate::resolve::names::Names;
use crate::syntax::declare;

/// The model with the declarations that its functions were made from.
#[derive(Debug)]
pub struct Resolved {
    /// The model, not yet checked.
    pub model: Model,
    /// For each profile of the model, in its order, the merged declarations; in spec order.
    pub merged: Vec<ProfileFunctions>,
}

/// Resolves all files. `None`: names lead nowhere, and which has been reported.
pub fn resolve(names: &Names<'_>, diags: &mut Diagnostics) -> Option<Resolved> {
    let ordered = names.order_profiles(diags);
    if ordered.is_empty() && !diags.has_errors() {
        let span = names.functions.iter().next().map(|function| function.function.span).unwrap_or_default();
        diags
            .error(Code::BadProfile, span, "no profile is declared")
            .hint("declare at least one in a file with `profiles: […]`");
    }
    let spellings = types::Spellings::new(names);
    let lowered_types = types::lower(names, &spellings, diags);
    let groups = constants::lower(names, &spellings, diags);
    let codes = names.codes.iter().filter_map(|code| lower_code(code, names, diags)).collect();
    let tables: Vec<_> = names.tables.iter().map(|table| lower_table(table, names, diags)).collect();
    let states = names.states.iter().map(lower_state).collect();
    for topic in names.topics.iter() {
        topic.profiles.iter().for_each(|profile| {
            names.profiles.find(profile, diags);
        });
    }
    let merged = merge::merge(names, &ordered, diags);
    let cx = Cx { names, spellings: &spellings, facts: Facts::new(&lowered_types) };
    let mut profiles = Vec::new();
    for (profile, functions) in ordered.iter().zip(&merged) {
        let functions = each(functions, diags, |function, diags| function::lower(function, cx, diags));
        profiles.push(lower_profile(profile, functions, &tables, names, diags));
    }
    let model = Model { profiles, types: lowered_types, groups, codes, tables, states };
    (!diags.has_errors()).then_some(Resolved { model, merged })
}

fn lower_code(code: &declare::ErrorCode, names: &Names<'_>, diags: &mut Diagnostics) -> Option<model::Code> {
    let value = i32::try_from(code.value.value).ok().filter(|value| *value > 0);
    if value.is_none() {
        diags
            .error(Code::NumberRange, code.value.span, "an error code is from 1 to 2147483647")
            .hint("0 means success");
    }
    let ntstatus = match &code.ntstatus {
        Some(number) => match u32::try_from(number.value) {
            Ok(status) => Some(status),
            Err(_) => {
                diags.error(Code::NumberRange, number.span, "an NTSTATUS has 32 bits").hint("write it as 0xC0000001");
                return None;
            }
        },
        None => None,
    };
    Some(model::Code {
        name: code.name.value.clone(),
        value: value?,
        variant: code.variant.value.clone(),
        text: code.text.value.clone(),
        ntstatus,
        origin: names.origin(code.name.span),
    })
}

fn lower_state(state: &declare::State) -> model::State {
    model::State { name: state.name.value.clone(), title: state.title.value.clone(), text: state.text.value.clone() }
}

fn lower_table(table: &declare::Table, names: &Names<'_>, diags: &mut Diagnostics) -> model::Table {
    let mut chain = vec![table];
    let mut at = table;
    while let Some(base) = &at.extends {
        let Some(found) = names.tables.find(base, diags) else { break };
        if chain.iter().any(|seen| std::ptr::eq(*seen, found)) {
            diags
                .error(Code::UnknownTable, base.span, format!("`{}` extends itself", table.name.value))
                .hint("break the circle");
            break;
        }
        chain.push(found);
        at = found;
    }
    let mut slots: Vec<String> = Vec::new();
    for slot in chain.iter().rev().flat_map(|table| &table.slots) {
        names.functions.find(slot, diags);
        if slots.contains(&slot.value) {
            let message = format!("`{}` stands in this table twice", slot.value);
            diags.error(Code::DeclaredTwice, slot.span, message).hint("keep one slot for it");
        }
        slots.push(slot.value.clone());
    }
    model::Table {
        name: table.name.value.clone(),
        extends: table.extends.as_ref().map(|base| base.value.clone()),
        text: table.text.value.clone(),
        header: table.header.value.clone(),
        slots,
        origin: names.origin(table.name.span),
    }
}

fn lower_profile(
    profile: &declare::Profile,
    mut functions: Vec<Function>,
    tables: &[model::Table],
    names: &Names<'_>,
    diags: &mut Diagnostics,
) -> model::Profile {
    names.functions.find(&profile.startup, diags);
    names.tables.find(&profile.table, diags);
    names.tables.find(&profile.upcalls, diags);
    let slots =
        |name: &str| tables.iter().find(|table| table.name == name).map_or(&[][..], |table| table.slots.as_slice());
    for function in &mut functions {
        let table = match function.kind {
            FunctionKind::Table => &profile.table.value,
            FunctionKind::Upcall | FunctionKind::Export => &profile.upcalls.value,
            FunctionKind::Startup | FunctionKind::Extension | FunctionKind::Catalog => continue,
        };
        function.slot = slots(table).iter().position(|slot| *slot == function.name);
        function.table = function.slot.map(|_| table.clone());
    }
    let rank = |kind: FunctionKind| match kind {
        FunctionKind::Startup => 0,
        FunctionKind::Table => 1,
        FunctionKind::Upcall => 2,
        FunctionKind::Export => 3,
        FunctionKind::Extension => 4,
        FunctionKind::Catalog => 5,
    };
    functions.sort_by_key(|function| (rank(function.kind), function.slot.unwrap_or(usize::MAX)));
    let topics = names.topics.iter().filter(|topic| topic.profiles.iter().any(|name| name.value == profile.name.value));
    model::Profile {
        name: profile.name.value.clone(),
        title: profile.title.value.clone(),
        text: profile.text.value.clone(),
        base: profile.base.as_ref().map(|base| base.value.clone()),
        startup: profile.startup.value.clone(),
        table: profile.table.value.clone(),
        upcalls: profile.upcalls.value.clone(),
        descriptors: profile.descriptors.value,
        absent: profile.absent.value,
        functions,
        topics: topics.map(|topic| lower_topic(topic, names)).collect(),
    }
}

fn lower_topic(topic: &declare::Topic, names: &Names<'_>) -> Topic {
    Topic {
        name: topic.topic.value.clone(),
        title: topic.title.value.clone(),
        text: topic.text.as_ref().map(|text| text.value.clone()).unwrap_or_default(),
        rules: topic.rules.iter().flatten().map(|rule| function::rule(rule, names)).collect(),
        origin: names.origin(topic.topic.span),
    }
}

/// The function of the model that a merged declaration became.
pub fn lowered<'m>(profile: &'m model::Profile, merged: &Merged) -> Option<&'m Function> {
    profile.functions.iter().find(|function| function.name == merged.decl.function.value)
}
