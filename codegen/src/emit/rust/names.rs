//! Every identifier of the emitted Rust is decided here.

use proc_macro2::{Ident, Span};
use quote::format_ident;

use crate::model::{Check, Function, FunctionKind};
use crate::resolve::rust_names::{camel, is_keyword, snake_case, words};

/// An identifier, raw where the name is a keyword or written so; keywords that are never names get a `_`.
pub fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None if matches!(name, "_" | "Self" | "crate" | "self" | "super") => format_ident!("{name}_"),
        None if is_keyword(name) => Ident::new_raw(name, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// What functions that a host calls have as locals of their own.
const LOCALS_OF_THUNKS: &[&str] =
    &["answer", "call", "catalog", "code", "found", "opened", "outcome", "returned", "running", "socket"];

/// What the methods of the caller's side have as locals of their own.
const LOCALS_OF_CALLERS: &[&str] = &["errno", "function"];

/// A C parameter in a function that a host calls; named otherwise if that function has a local of this name.
pub fn param(name: &str) -> Ident {
    beside(name, LOCALS_OF_THUNKS)
}

/// An argument of a method of the caller's side; named otherwise if the method has a local of this name.
pub fn argument(name: &str) -> Ident {
    beside(name, LOCALS_OF_CALLERS)
}

/// A name that is none of `locals`, nor that of a result's local.
fn beside(name: &str, locals: &[&str]) -> Ident {
    if locals.contains(&name) || name.starts_with("out_") { format_ident!("{name}_") } else { ident(name) }
}

/// The local that a result is kept in.
pub fn result(name: &str) -> Ident {
    format_ident!("out_{name}")
}

/// Method name: `WSPGetQOSByName` is `get_qos_by_name`.
pub fn method(function: &str) -> Ident {
    ident(&words(function))
}

/// The error enum of a function.
pub fn error(function: &str) -> Ident {
    format_ident!("{}Error", camel(function))
}

/// The struct of typed arguments, and that of typed results.
pub fn shape(function: &str) -> Ident {
    format_ident!("{}", camel(function))
}

/// The associated constant by which a provider offers an optional extension function.
pub fn offers(function: &str) -> Ident {
    format_ident!("OFFERS_{}", words(function).to_uppercase())
}

/// The table member of a function.
pub fn member(function: &str) -> Ident {
    format_ident!("lp{function}")
}

/// The static that describes a check: `WSPSend.lpBuffers.null` is `SEND_BUFFERS_NULL`.
pub fn check(function: &Function, check: &Check) -> Ident {
    let rest = check.id.strip_prefix(&function.name).unwrap_or(&check.id);
    let mut text = words(&function.name);
    for part in rest.split('.').filter(|part| !part.is_empty()) {
        text.push('_');
        text.push_str(&snake_case(part));
    }
    format_ident!("{}", text.to_uppercase())
}

/// A hook of the provider's trait for what the runtime manages.
pub fn is_called_by_host(kind: FunctionKind) -> bool {
    matches!(kind, FunctionKind::Startup | FunctionKind::Table | FunctionKind::Extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_names_become_rust_names() {
        for (c, rust) in [
            ("WSPSend", "send"),
            ("WSPGetQOSByName", "get_qos_by_name"),
            ("WPUFDIsSet", "fd_is_set"),
            ("WPUModifyIFSHandle", "modify_ifs_handle"),
            ("WSPStartupEx", "startup_ex"),
            ("WPUQueueApc", "queue_apc"),
        ] {
            assert_eq!(method(c).to_string(), rust);
        }
        assert_eq!(error("WSPGetQOSByName").to_string(), "GetQosByNameError");
        assert_eq!(ident("type").to_string(), "r#type");
        assert_eq!(ident("self").to_string(), "self_");
        assert_eq!(param("outcome").to_string(), "outcome_");
        assert_eq!(argument("outcome").to_string(), "outcome");
        assert_eq!(argument("out_size").to_string(), "out_size_");
    }
}
