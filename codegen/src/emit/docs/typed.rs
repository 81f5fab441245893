//! What a provider's author writes for a function: the trait's method and its arguments, as the Rust emitter declares them.

use super::super::rust;
use crate::model::{Function, Model};

/// The function pointer in the FFI module.
pub(super) fn pointer(model: &Model, function: &Function) -> String {
    rust::pointer(model, function).trim_end().to_owned()
}

/// The method and its arguments as Rust text. Nothing is said of what the Rust emitter cannot express.
pub(super) fn declaration(model: &Model, function: &Function) -> Option<String> {
    let text = rust::declaration(model, function)?.ok()?;
    Some(text.trim_end().replace("::wsp::", "wsp::"))
}
