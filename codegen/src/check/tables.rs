//! Tables, slots, and what a function of each kind must say.

use super::Subject;
use crate::diagnostic::{Code, Diagnostics, Span};
use crate::model::{ErrorVia, FunctionKind, Model};
use crate::resolve::Resolved;
use crate::resolve::names::Names;

/// A key, where it stands, the kinds of function that may have it, and those that must.
type Row = (&'static str, Option<Span>, &'static [FunctionKind], &'static [FunctionKind]);

/// The keys must go with the function's kind.
pub fn keys(subject: Subject<'_>, diags: &mut Diagnostics) {
    use FunctionKind::{Extension, Startup, Table, Upcall};
    let decl = subject.decl;
    let kind = subject.function.kind;
    let name = |ident: &Option<crate::shape::Ident>| ident.as_ref().map(|ident| ident.span);
    let slot = decl.slot.as_ref().map(|slot| slot.span);
    let managed = decl.managed.as_ref().map(|word| word.span);
    let door = decl.extensions.as_ref().map(|door| door.span);
    let rows: [Row; 7] = [
        ("table", name(&decl.table), &[Table, Upcall], &[Table, Upcall]),
        ("slot", slot, &[Table, Upcall], &[Table, Upcall]),
        ("guid", name(&decl.guid), &[Extension], &[Extension]),
        ("fallback", name(&decl.fallback), &[Startup, Table, Extension], &[Startup, Table, Extension]),
        ("left_out", name(&decl.left_out), &[Table, Extension], &[]),
        ("managed", managed, &[Startup, Table], &[]),
        ("extensions", door, &[Table], &[]),
    ];
    for (key, there, may, must) in rows {
        match there {
            Some(span) if !may.contains(&kind) => {
                let message = format!("`{key}` does not go with the kind of {}", subject.name());
                diags
                    .error(Code::BadFunctionKeys, span, message)
                    .also(decl.kind.span, "its kind")
                    .hint(format!("remove `{key}`"));
            }
            // What cannot tell a code has none to fall back to.
            None if key == "fallback" && subject.function.returns.error_via == ErrorVia::None => {}
            None if must.contains(&kind) => {
                let message = format!("{} needs the key `{key}`", subject.name());
                diags.error(Code::BadFunctionKeys, decl.function.span, message).hint(format!("add `{key}: …`"));
            }
            _ => {}
        }
    }
    implemented(subject, diags);
}

/// What a provider implements is mandatory, has a refusal, or is served by the runtime.
fn implemented(subject: Subject<'_>, diags: &mut Diagnostics) {
    let (decl, function) = (subject.decl, subject.function);
    if !matches!(function.kind, FunctionKind::Table | FunctionKind::Extension) || function.managed.is_some() {
        return;
    }
    match (function.mandatory, &decl.left_out) {
        // Left out, it is not there to be asked for, and could not refuse anyway.
        (false, None) if function.kind == FunctionKind::Extension && function.returns.error_via == ErrorVia::None => {}
        (false, None) => {
            let message = format!("{} says neither `mandatory: true` nor `left_out`", subject.name());
            diags
                .error(Code::BadFunctionKeys, decl.function.span, message)
                .hint("say with which code it is refused when a provider leaves it out");
        }
        (true, Some(code)) => {
            let message = format!("{} is mandatory, so nothing is left out", subject.name());
            diags.error(Code::BadFunctionKeys, code.span, message).hint("remove `left_out`");
        }
        _ => {}
    }
}

/// A function's slot must be the one that the table gives it.
pub fn slot(subject: Subject<'_>, diags: &mut Diagnostics) {
    let (decl, function, profile) = (subject.decl, subject.function, subject.profile);
    let (Some(table), Some(slot)) = (&decl.table, &decl.slot) else { return };
    let expected = match function.kind {
        FunctionKind::Table => &profile.table,
        FunctionKind::Upcall => &profile.upcalls,
        _ => return,
    };
    if !extends(subject.model, expected, &table.value) {
        let message = format!("{} is in `{}`, but the profile's table is `{expected}`", subject.name(), table.value);
        diags
            .error(Code::SlotDisagrees, table.span, message)
            .hint(format!("put it into `{expected}`, or into a table that it extends"));
        return;
    }
    let Some(declared) = subject.model.table(&table.value) else { return };
    match declared.slots.iter().position(|name| *name == function.name) {
        None => {
            let message = format!("`{}` has no slot for `{}`", table.value, function.name);
            diags.error(Code::SlotDisagrees, table.span, message).hint("add it to the table's `slots`");
        }
        Some(at) if i128::try_from(at) != Ok(slot.value) => {
            let message = format!("`{}` has `{}` in slot {at}, not {}", table.value, function.name, slot.value);
            diags
                .error(Code::SlotDisagrees, slot.span, message)
                .hint(format!("write `slot: {at}`, or move it in the table"));
        }
        Some(_) => {}
    }
}

/// Is `base` the table `name` or one that it extends?
fn extends(model: &Model, name: &str, base: &str) -> bool {
    let mut at = Some(name.to_owned());
    // As many steps as there are tables: a circle has been reported before.
    for _ in 0..=model.tables.len() {
        let Some(current) = at else { return false };
        if current == base {
            return true;
        }
        at = model.table(&current).and_then(|table| table.extends.clone());
    }
    false
}

/// Every table has slots, and every slot a function that belongs there in some profile.
pub fn tables(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    let model = &resolved.model;
    for declared in names.tables.iter() {
        let table = &declared.name.value;
        if model.table(table).is_some_and(|table| table.slots.is_empty()) {
            diags
                .error(Code::EmptyTable, declared.name.span, format!("the table `{table}` has no slots"))
                .hint("name its functions");
        }
        for slot in &declared.slots {
            let mut merged = resolved.merged.iter().flatten().filter(|merged| merged.decl.function.value == slot.value);
            let here = merged.any(|merged| {
                matches!(merged.decl.kind.value, FunctionKind::Table | FunctionKind::Upcall)
                    && merged.decl.table.as_ref().is_some_and(|own| own.value == *table)
            });
            if !here {
                let message = format!("`{}` does not say that it stands in `{table}`", slot.value);
                let diagnostic = diags.error(Code::SlotDisagrees, slot.span, message);
                if let Some(function) = names.functions.get(&slot.value) {
                    diagnostic.also(function.function.span, "declared here");
                }
                diagnostic.hint("give that function this `table` and its `slot`");
            }
        }
    }
}

/// A profile's start-up function is one, and is there.
pub fn profiles(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    for (profile, merged) in resolved.model.profiles.iter().zip(&resolved.merged) {
        let Some(declared) = names.profiles.get(&profile.name) else { continue };
        match profile.function(&profile.startup) {
            None => {
                let message =
                    format!("the start-up function `{}` is not in the profile `{}`", profile.startup, profile.name);
                diags
                    .error(Code::BadProfile, declared.startup.span, message)
                    .hint("add the profile to that function's `profiles`");
            }
            Some(function) if function.kind != FunctionKind::Startup => {
                let message = format!("`{}` is no start-up function", profile.startup);
                diags
                    .error(Code::BadProfile, declared.startup.span, message)
                    .hint("a start-up function has `kind: startup`");
            }
            Some(_) => {}
        }
        for merged in merged {
            let decl = &merged.decl;
            if decl.kind.value == FunctionKind::Startup && decl.function.value != profile.startup {
                let message = format!("`{}` is a second start-up function in `{}`", decl.function.value, profile.name);
                diags
                    .error(Code::BadProfile, decl.function.span, message)
                    .also(declared.startup.span, "this one is the profile's")
                    .hint("a profile has one start-up function");
            }
        }
        if profile.table == profile.upcalls {
            let message = format!("the profile `{}` has one table for calls and upcalls", profile.name);
            diags.error(Code::BadProfile, declared.upcalls.span, message).hint("name the table of upcalls");
        }
    }
}
