//! What the model must agree with itself about. Each file here looks at one subject; all of them run.

mod codes;
mod doors;
mod overlay;
mod params;
mod returns;
mod rules;
mod rust_names;
mod tables;
mod unused;
mod values;

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostics;
use crate::model::{self, Model, Profile};
use crate::resolve::facts::Facts;
use crate::resolve::merge::Merged;
use crate::resolve::names::Names;
use crate::resolve::{Resolved, lowered};
use crate::syntax::function as syntax;

/// A function in one profile, as declared and as modelled: their parameters go together by index.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub model: &'a Model,
    pub profile: &'a Profile,
    pub merged: &'a Merged,
    pub decl: &'a syntax::Function,
    pub function: &'a model::Function,
    pub facts: Facts<'a>,
}

impl<'a> Subject<'a> {
    /// The parameters, declared and modelled.
    pub fn params(&self) -> impl Iterator<Item = (&'a syntax::Param, &'a model::Param)> + use<'a> {
        self.decl.params.iter().zip(&self.function.params)
    }

    /// How to name the function: with the profile where it is in several.
    pub fn name(&self) -> String {
        match self.decl.profiles.len() {
            0 | 1 => format!("`{}`", self.function.name),
            _ => format!("`{}` in `{}`", self.function.name, self.profile.name),
        }
    }
}

/// A check of one function in one profile.
type FunctionCheck = fn(Subject<'_>, &mut Diagnostics);

/// All checks of single functions. Adding one is adding a row.
const FUNCTION_CHECKS: &[FunctionCheck] = &[
    tables::keys,
    tables::slot,
    returns::returns,
    returns::errno,
    returns::creates,
    params::null,
    params::socket,
    params::context,
    params::result,
    params::length,
    params::require_any,
    params::rust_names,
    values::allowed,
    values::unless,
    doors::completion,
    doors::extension_door,
    codes::listed,
    codes::list,
    rules::function,
    overlay::narrows,
];

/// Checks everything.
pub fn check(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    let model = &resolved.model;
    let facts = Facts::new(&model.types);
    let mut seen = BTreeSet::new();
    for (profile, merged) in model.profiles.iter().zip(&resolved.merged) {
        for merged in merged {
            let Some(function) = lowered(profile, merged) else { continue };
            let subject = Subject { model, profile, merged, decl: &merged.decl, function, facts };
            let before = diags.len();
            FUNCTION_CHECKS.iter().for_each(|check| check(subject, diags));
            // What a profile has from its base is wrong once, not once for each profile.
            let plain = format!("`{}`", function.name);
            diags.retain_from(before, |item| {
                let message = item.message.replace(&subject.name(), &plain);
                seen.insert((item.code, item.primary.span, message))
            });
        }
    }
    tables::tables(resolved, names, diags);
    tables::profiles(resolved, names, diags);
    doors::guids(resolved, names, diags);
    doors::reachable(resolved, diags);
    rules::ids(resolved, names, diags);
    rules::topics(resolved, names, diags);
    rust_names::functions(resolved, names, diags);
    rust_names::types(names, diags);
    unused::codes(resolved, names, diags);
    unused::types(resolved, names, diags);
}
