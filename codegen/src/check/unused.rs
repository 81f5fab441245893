//! What is declared and never used.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostics};
use crate::model::{CType, CheckKind, Function, Model, TypeKind, TypeRef};
use crate::resolve::Resolved;
use crate::resolve::names::Names;

/// Codes that no function gives.
pub fn codes(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    let functions = || resolved.model.profiles.iter().flat_map(|profile| &profile.functions);
    let used: BTreeSet<&str> = functions().flat_map(codes_of).collect();
    for code in names.codes.iter().filter(|code| !used.contains(code.name.value.as_str())) {
        diags
            .error(Code::UnusedCode, code.name.span, format!("no function gives the code `{}`", code.name.value))
            .hint("remove it, or add it to the functions that give it");
    }
}

fn codes_of(function: &Function) -> impl Iterator<Item = &str> {
    let listed =
        function.errors.iter().map(|entry| &entry.code).chain(function.outcomes.iter().map(|outcome| &outcome.code));
    let named = function.fallback.iter().chain(&function.left_out).chain(&function.never);
    let checked = function
        .checks
        .iter()
        .filter(|check| !matches!(check.kind, CheckKind::Socket { .. }))
        .filter_map(|check| check.code.as_ref());
    listed.chain(named).chain(checked).map(String::as_str)
}

/// Types that nothing leads to: no function, constant or other type, and no text in backticks.
pub fn types(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    let model = &resolved.model;
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<&str> = Vec::new();
    for function in model.profiles.iter().flat_map(|profile| &profile.functions) {
        waiting.push(&function.returns.ty.base);
        waiting.extend(function.params.iter().map(|param| param.ty.base.as_str()));
    }
    let constants = || model.groups.iter().flat_map(|group| &group.constants);
    waiting.extend(constants().map(|constant| constant.ty.base.as_str()));
    let quoted = quoted(model);
    let is_mentioned =
        |ty: &&CType| quoted.contains(ty.name.as_str()) || quoted.contains(&*format!("struct {}", ty.name));
    waiting.extend(model.types.iter().filter(is_mentioned).map(|ty| ty.name.as_str()));
    while let Some(name) = waiting.pop() {
        if used.insert(name)
            && let Some(ty) = model.type_named(name)
        {
            waiting.extend(leads_to(ty).map(|ty| ty.base.as_str()));
        }
    }
    for ty in names.types.iter().filter(|ty| !used.contains(ty.name.value.as_str())) {
        diags
            .error(Code::UnusedType, ty.name.span, format!("nothing uses the type `{}`", ty.name.value))
            .hint("remove it; or, if it is what an option or control code carries, name it in that constant's text");
    }
}

fn leads_to(ty: &CType) -> Box<dyn Iterator<Item = &TypeRef> + '_> {
    match &ty.kind {
        TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => {
            Box::new(aggregate.fields.iter().map(|field| &field.ty))
        }
        TypeKind::Pointer { to } => Box::new(std::iter::once(to)),
        TypeKind::Callback { returns, params } => {
            Box::new(std::iter::once(returns).chain(params.iter().map(|param| &param.ty)))
        }
        TypeKind::Integer(_) | TypeKind::Handle(_) | TypeKind::Opaque | TypeKind::Void => Box::new(std::iter::empty()),
    }
}

/// What texts say in backticks: a type that an option carries has no parameter of its own.
fn quoted(model: &Model) -> BTreeSet<&str> {
    let constants = model.groups.iter().flat_map(|group| &group.constants).map(|constant| &constant.text);
    let functions = model.profiles.iter().flat_map(|profile| &profile.functions).flat_map(|function| {
        let params = function.params.iter().map(|param| &param.text);
        std::iter::once(&function.prose).chain(params).chain(function.rules.iter().map(|rule| &rule.text))
    });
    constants.chain(functions).flat_map(|text| between_backticks(text)).collect()
}

fn between_backticks(text: &str) -> impl Iterator<Item = &str> {
    let to_the_last = text.rsplit_once('`').map_or("", |(before, _)| before);
    to_the_last.split('`').skip(1)
}
