//! Functions and types whose names Rust code cannot have beside its own.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostics, Span};
use crate::model::FunctionKind;
use crate::resolve::Resolved;
use crate::resolve::names::Names;
use crate::resolve::rust_names::{camel, words};

/// What a provider's trait and its place have beside the functions.
const METHODS: &[&str] = &["cell", "cleanup", "reset", "start"];

/// What the modules with a structure for each function use by these names.
const STRUCTURES: &[&str] = &["Err", "None", "Ok", "Option", "Result", "Self", "Some", "Table", "Vec"];

/// What the module of the C types uses by these names.
const TYPES: &[&str] = &["Option", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"];

/// Functions that a host calls are methods of one trait, and extension functions structures of one module.
pub fn functions(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    for profile in &resolved.model.profiles {
        let mut methods: BTreeMap<String, (&str, Span)> = BTreeMap::new();
        let called = |kind| matches!(kind, FunctionKind::Startup | FunctionKind::Table | FunctionKind::Extension);
        for function in profile.functions.iter().filter(|function| called(function.kind)) {
            let Some(declared) = names.functions.get(&function.name) else { continue };
            let (method, span) = (words(&function.name), declared.function.span);
            let shape = camel(&function.name);
            if function.managed.is_none() && (METHODS.contains(&&*method) || STRUCTURES.contains(&&*shape)) {
                let message =
                    format!("generated Rust code has another `{method}` or `{shape}` than `{}`", function.name);
                diags.error(Code::BadRustName, span, message).hint("name the function otherwise");
            }
            if let Some((other, first)) = methods.insert(method.clone(), (&function.name, span)) {
                let message = format!("`{other}` and `{}` are both called `{method}` in Rust", function.name);
                diags
                    .error(Code::BadRustName, span, message)
                    .also(first, "the other")
                    .hint("name one of them otherwise");
            }
        }
    }
}

/// C types are types of the same name in Rust.
pub fn types(names: &Names<'_>, diags: &mut Diagnostics) {
    for ty in names.types.iter().filter(|ty| TYPES.contains(&ty.name.value.as_str())) {
        diags
            .error(Code::BadRustName, ty.name.span, format!("Rust has another type `{}`", ty.name.value))
            .hint("name the type otherwise; `c` says how C spells it");
    }
}
