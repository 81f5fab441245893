//! Functions per profile: a further profile's function is its base's with the stated differences, and an author's folder may
//! change either.

use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::model::Source as ErrorSource;
use crate::resolve::names::Names;
use crate::shape::Text;
use crate::syntax::declare::Profile;
use crate::syntax::function::{
    Amendment, DeliveryWord, Difference, ErrorEntry, ErrorsDifference, Function, Inherit, Param, ParamDifference,
    Returns, ReturnsDifference,
};
use crate::yaml::Spanned;

/// A function as one profile has it, still as written.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The declaration with everything applied.
    pub decl: Function,
    /// Declared or amended by an author's folder.
    pub overlay: bool,
    /// The amendments that were applied, with the function as it was before each.
    pub amended: Vec<(Amendment, Box<Function>)>,
}

/// The functions of one profile, in spec order.
pub type ProfileFunctions = Vec<Merged>;

/// Merges all functions for all profiles; the result goes with `profiles`.
pub fn merge(names: &Names<'_>, profiles: &[&Profile], diags: &mut Diagnostics) -> Vec<ProfileFunctions> {
    for function in names.functions.iter() {
        check_profiles(function, names, diags);
    }
    for amendment in &names.amendments {
        check_amendment(amendment, names, diags);
    }
    let mut merged: Vec<ProfileFunctions> = Vec::new();
    for profile in profiles {
        let base =
            profile.base.as_ref().and_then(|base| profiles.iter().position(|other| other.name.value == base.value));
        let base = base.and_then(|at| merged.get(at)).map(Vec::as_slice);
        let in_profile = |function: &&Function| function.profiles.iter().any(|name| name.value == profile.name.value);
        let functions = names
            .functions
            .iter()
            .filter(in_profile)
            .map(|function| one(function, profile, base, names, diags))
            .collect();
        merged.push(functions);
    }
    merged
}

/// A function's `profiles` must exist, and its differences must belong to one of them.
fn check_profiles(function: &Function, names: &Names<'_>, diags: &mut Diagnostics) {
    if function.profiles.is_empty() {
        diags
            .error(Code::UnknownProfile, function.function.span, "this function exists in no profile")
            .hint("name one in `profiles`");
    }
    for (at, name) in function.profiles.iter().enumerate() {
        names.profiles.find(name, diags);
        if function.profiles[..at].iter().any(|other| other.value == name.value) {
            diags
                .error(Code::DeclaredTwice, name.span, format!("the profile `{}` stands here twice", name.value))
                .hint("keep one");
        }
    }
    for (key, _) in &function.profile_keys {
        let in_list = function.profiles.iter().any(|name| name.value == key.value);
        let has_base = names.profiles.get(&key.value).is_some_and(|profile| profile.base.is_some());
        if !in_list {
            diags
                .error(Code::UnknownProfile, key.span, format!("this function is not in the profile `{}`", key.value))
                .hint(format!("add `{}` to `profiles`, or remove these differences", key.value));
        } else if !has_base {
            diags
                .error(
                    Code::NoBaseProfile,
                    key.span,
                    format!("`{}` narrows no other profile, so it has no differences", key.value),
                )
                .hint("say it in the main part");
        }
    }
}

fn check_amendment(amendment: &Amendment, names: &Names<'_>, diags: &mut Diagnostics) {
    let Some(function) = names.functions.find(&amendment.amend, diags) else { return };
    if amendment.profile_keys.is_empty() {
        diags
            .error(Code::OverridesNothing, amendment.amend.span, "this amendment changes nothing")
            .hint("say what differs under a profile's name");
    }
    for (key, _) in &amendment.profile_keys {
        if !function.profiles.iter().any(|name| name.value == key.value) {
            let message = format!("`{}` is not in the profile `{}`", amendment.amend.value, key.value);
            diags.error(Code::UnknownProfile, key.span, message).hint("amend it in a profile that it is in");
        }
    }
}

fn one(
    function: &Function,
    profile: &Profile,
    base: Option<&[Merged]>,
    names: &Names<'_>,
    diags: &mut Diagnostics,
) -> Merged {
    let name = &function.function.value;
    let plain = || Merged { decl: function.clone(), overlay: names.overlay(function.span), amended: Vec::new() };
    let inherited = base.and_then(|base| base.iter().find(|other| other.decl.function.value == *name));
    let mut merged = inherited.cloned().unwrap_or_else(plain);
    merged.amended.clear();
    let own = function.profile_keys.iter().find(|(key, _)| key.value == profile.name.value);
    match own {
        Some((_, difference)) if base.is_some() => apply(&mut merged.decl, difference, base, names, diags),
        _ if inherited.is_some() => {
            let errors = merged.decl.errors.take().map(|errors| errors.into_iter().map(inherit).collect());
            merged.decl.errors = errors;
        }
        _ => {}
    }
    for amendment in names.amendments.iter().filter(|amendment| amendment.amend.value == *name) {
        for (_, difference) in amendment.profile_keys.iter().filter(|(key, _)| key.value == profile.name.value) {
            let before = Box::new(merged.decl.clone());
            apply(&mut merged.decl, difference, base, names, diags);
            mark_amended(&mut merged.decl, difference);
            merged.overlay |= names.overlay(amendment.span);
            merged.amended.push(((*amendment).clone(), before));
        }
    }
    merged
}

/// What an amendment says of a parameter moves the parameter's origin to the amendment.
fn mark_amended(decl: &mut Function, difference: &Difference) {
    for changed in difference.params.iter().flatten() {
        if let Some(param) = decl.params.iter_mut().find(|param| param.name.value == changed.name.value) {
            param.name.0.span = changed.name.span;
        }
    }
}

/// Replaces `target` where `source` says something.
fn replace<T: Clone>(target: &mut Option<T>, source: &Option<T>) {
    if source.is_some() {
        target.clone_from(source);
    }
}

fn replace_required<T: Clone>(target: &mut T, source: &Option<T>) {
    if let Some(source) = source {
        target.clone_from(source);
    }
}

fn apply(
    decl: &mut Function,
    difference: &Difference,
    base: Option<&[Merged]>,
    names: &Names<'_>,
    diags: &mut Diagnostics,
) {
    replace_required(&mut decl.summary, &difference.summary);
    replace_required(&mut decl.blocking, &difference.blocking);
    replace_required(&mut decl.kind, &difference.kind);
    replace(&mut decl.table, &difference.table);
    replace(&mut decl.slot, &difference.slot);
    replace(&mut decl.prose, &difference.prose);
    replace(&mut decl.link, &difference.link);
    replace(&mut decl.mandatory, &difference.mandatory);
    replace(&mut decl.fallback, &difference.fallback);
    replace(&mut decl.left_out, &difference.left_out);
    replace(&mut decl.completion, &difference.completion);
    replace(&mut decl.extensions, &difference.extensions);
    replace(&mut decl.states, &difference.states);
    replace(&mut decl.upcalls, &difference.upcalls);
    replace(&mut decl.outcomes, &difference.outcomes);
    replace(&mut decl.examples, &difference.examples);
    replace(&mut decl.never, &difference.never);
    // What must be implemented has no refusal of its own, unless one is stated along with it.
    if difference.mandatory.as_ref().is_some_and(|flag| flag.value) && difference.left_out.is_none() {
        decl.left_out = None;
    }
    if let Some(returns) = &difference.returns {
        apply_returns(&mut decl.returns, returns);
    }
    for changed in difference.params.iter().flatten() {
        apply_param(&mut decl.params, changed, diags);
    }
    apply_errors(decl, difference.errors.as_ref(), base, names, diags);
    apply_rules(decl, difference, diags);
}

fn apply_returns(returns: &mut Returns, changed: &ReturnsDifference) {
    replace_required(&mut returns.ty, &changed.ty);
    replace_required(&mut returns.success, &changed.success);
    replace(&mut returns.failure, &changed.failure);
    replace_required(&mut returns.error_via, &changed.error_via);
    replace_required(&mut returns.meaning, &changed.meaning);
    replace(&mut returns.result, &changed.result);
    replace(&mut returns.creates, &changed.creates);
    replace(&mut returns.text, &changed.text);
}

fn apply_param(params: &mut [Param], changed: &ParamDifference, diags: &mut Diagnostics) {
    let Some(at) = params.iter().position(|param| param.name.value == changed.name.value) else {
        let message = format!("there is no parameter `{}` to differ from", changed.name.value);
        let diagnostic = diags.error(Code::OverridesNothing, changed.name.span, message);
        match suggest(&changed.name.value, params.iter().map(|param| param.name.value.as_str())) {
            Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
            None => diagnostic.hint("name a parameter of the function"),
        };
        return;
    };
    let param = &mut params[at];
    replace_required(&mut param.ty, &changed.ty);
    replace_required(&mut param.direction, &changed.direction);
    replace_required(&mut param.text, &changed.text);
    replace(&mut param.rust_name, &changed.rust_name);
    replace(&mut param.errno, &changed.errno);
    replace(&mut param.socket, &changed.socket);
    replace(&mut param.null, &changed.null);
    replace(&mut param.length, &changed.length);
    replace(&mut param.result, &changed.result);
    replace(&mut param.allowed, &changed.allowed);
    replace(&mut param.context, &changed.context);
}

/// An entry that came along from the base. What practice demands stays practice.
fn inherit(mut entry: ErrorEntry) -> ErrorEntry {
    let source = entry.source.as_ref().map(|source| source.value);
    if source != Some(ErrorSource::Practice) {
        entry.source = Some(Spanned::new(ErrorSource::Inherited, entry.span));
    }
    entry
}

fn same_place(a: &ErrorEntry, b: &ErrorEntry) -> bool {
    let delivery = |entry: &ErrorEntry| entry.delivery.as_ref().map_or(DeliveryWord::Call, |word| word.value);
    let event = |entry: &ErrorEntry| entry.event.as_ref().map(|event| event.value.clone());
    a.code.value == b.code.value && delivery(a) == delivery(b) && event(a) == event(b)
}

fn apply_errors(
    decl: &mut Function,
    changed: Option<&ErrorsDifference>,
    base: Option<&[Merged]>,
    names: &Names<'_>,
    diags: &mut Diagnostics,
) {
    let own = decl.errors.take().unwrap_or_default();
    let Some(changed) = changed else {
        decl.errors = Some(own.into_iter().map(inherit).collect());
        return;
    };
    let from = match &changed.from {
        Some(from) => errors_of(from, base, names, diags),
        None => own,
    };
    for except in changed.except.iter().flatten() {
        if !from.iter().any(|entry| entry.code.value == except.value) {
            let message = format!("`{}` is not among the codes that would come along", except.value);
            diags.error(Code::OverridesNothing, except.span, message).hint("remove it from `except`");
        }
    }
    let excepted = |entry: &ErrorEntry| changed.except.iter().flatten().any(|except| except.value == entry.code.value);
    let mut errors: Vec<ErrorEntry> = match changed.inherit.value {
        Inherit::All => from.into_iter().filter(|entry| !excepted(entry)).map(inherit).collect(),
        Inherit::None => Vec::new(),
    };
    let inherited = errors.len();
    for entry in changed.list.iter().flatten() {
        match errors.iter().take(inherited).position(|other| same_place(other, entry)) {
            Some(at) => errors[at] = entry.clone(),
            None => errors.push(entry.clone()),
        }
    }
    decl.errors = Some(errors);
}

/// The errors of another function, in the base profile if there is one.
fn errors_of(name: &Text, base: Option<&[Merged]>, names: &Names<'_>, diags: &mut Diagnostics) -> Vec<ErrorEntry> {
    let Some(function) = names.functions.find(name, diags) else { return Vec::new() };
    let merged = base.and_then(|base| base.iter().find(|other| other.decl.function.value == name.value));
    merged.map_or(&function.errors, |merged| &merged.decl.errors).clone().unwrap_or_default()
}

fn apply_rules(decl: &mut Function, difference: &Difference, diags: &mut Diagnostics) {
    let mut rules = decl.rules.take().unwrap_or_default();
    for dropped in difference.drop_rules.iter().flatten() {
        let before = rules.len();
        rules.retain(|rule| rule.id.value != dropped.value);
        if rules.len() == before {
            let message = format!("there is no rule `{}` to drop", dropped.value);
            let diagnostic = diags.error(Code::OverridesNothing, dropped.span, message);
            if let Some(meant) = suggest(&dropped.value, rules.iter().map(|rule| rule.id.value.as_str())) {
                diagnostic.hint(format!("did you mean `{meant}`?"));
            }
        }
    }
    rules.extend(difference.rules.iter().flatten().cloned());
    decl.rules = Some(rules);
}
