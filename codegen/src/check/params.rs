//! What is said of parameters must fit their types.

use std::collections::BTreeMap;

use super::Subject;
use crate::diagnostic::{Code, Diagnostics};
use crate::model::{Direction, ErrorVia, Length, Unit, Width};
use crate::resolve::lift::SOCKET_TYPE;
use crate::resolve::rust_names::is_keyword;
use crate::syntax::value;

/// NULL is refused at pointers only; every pointer says something of it. A handle may say what its zero means.
pub fn null(subject: Subject<'_>, diags: &mut Diagnostics) {
    for (decl, param) in subject.params() {
        let pointer = subject.facts.is_pointer(&param.ty);
        match &decl.null {
            Some(null) if !pointer && (subject.facts.integer(&param.ty).is_some() || refuses(&null.value)) => {
                let message = format!("`{}` is no pointer, so it cannot be NULL", param.name);
                let hint = "remove `null`; of a handle it may say what zero means, but not refuse it";
                diags.error(Code::NullOnValue, null.span, message).also(decl.ty.span, "its type").hint(hint);
            }
            // A function that reports no code has none to refuse with.
            None if pointer && !param.errno && subject.function.returns.error_via != ErrorVia::None => {
                let message = format!("nothing is said of NULL for the pointer `{}`", param.name);
                diags
                    .error(Code::NullUnsaid, decl.name.span, message)
                    .hint("add `null: refuse CODE`, `allowed`, `ignored` or `means TEXT`")
                    .warning();
            }
            Some(null) => {
                if let value::Null::Refuse { unless: Some(unless), .. } = &null.value {
                    let other = subject.function.params.iter().find(|other| other.name == unless.value);
                    if other.is_some_and(|other| !subject.facts.is_pointer(&other.ty) || other.name == param.name) {
                        let message = format!("`{}` cannot excuse NULL for `{}`", unless.value, param.name);
                        diags.error(Code::NullOnValue, unless.span, message).hint("name another pointer parameter");
                    }
                }
            }
            None => {}
        }
    }
}

fn refuses(null: &value::Null) -> bool {
    matches!(null, value::Null::Refuse { .. })
}

/// `socket` stands at descriptors.
pub fn socket(subject: Subject<'_>, diags: &mut Diagnostics) {
    for (decl, param) in subject.params() {
        let Some(word) = &decl.socket else { continue };
        if param.ty.base != SOCKET_TYPE || param.ty.pointers > 0 {
            let message = format!("`{}` is no `{SOCKET_TYPE}`", param.name);
            diags
                .error(Code::SocketOnWrongType, word.span, message)
                .also(decl.ty.span, "its type")
                .hint("remove `socket`");
        }
    }
}

/// `context` names a callback, and each callback has one at most.
pub fn context(subject: Subject<'_>, diags: &mut Diagnostics) {
    let mut taken: BTreeMap<usize, crate::diagnostic::Span> = BTreeMap::new();
    for (decl, param) in subject.params() {
        let (Some(name), Some(at)) = (&decl.context, param.context) else { continue };
        if subject.function.params.get(at).is_some_and(|callback| !subject.facts.is_callback(&callback.ty)) {
            diags
                .error(Code::BadContext, name.span, format!("`{}` is no callback", name.value))
                .hint("name a parameter of a callback type");
        }
        if let Some(first) = taken.insert(at, name.span) {
            diags
                .error(Code::BadContext, name.span, format!("two values travel with `{}`", name.value))
                .also(first, "the first");
        }
    }
}

/// `result` stands at what something is stored through.
pub fn result(subject: Subject<'_>, diags: &mut Diagnostics) {
    for (decl, param) in subject.params() {
        let Some(result) = &decl.result else { continue };
        let target = subject.facts.pointee(&param.ty).filter(|inner| !subject.facts.is_void(inner));
        if param.direction == Direction::In || target.is_none() {
            diags
                .error(Code::BadResult, result.span, format!("nothing is returned through `{}`", param.name))
                .hint("`result` needs a pointer to a type of known size with `direction: out` or `inout`");
        }
    }
}

/// A length belongs to a pointer and is counted by a number.
pub fn length(subject: Subject<'_>, diags: &mut Diagnostics) {
    for (at, (decl, param)) in subject.params().enumerate() {
        let (Some(written), Some(length)) = (&decl.length, &param.length) else { continue };
        let Some(inner) = subject.facts.pointee(&param.ty) else {
            let message = format!("`{}` points to no memory, so it has no length", param.name);
            diags
                .error(Code::BadLengthParam, written.span(), message)
                .also(decl.ty.span, "its type")
                .hint("remove `length`");
            continue;
        };
        let width = subject.facts.integer(&inner).map(|scalar| scalar.width);
        let problem = match length {
            Length::Nul if !matches!(width, Some(Width::Bits(8 | 16))) => Some("only characters end with a zero"),
            Length::Counted { unit: Unit::Wide, .. } if width != Some(Width::Bits(16)) => {
                Some("`wide` counts 16-bit units")
            }
            Length::Counted { unit: Unit::Elements, .. } if subject.facts.is_void(&inner) => {
                Some("`void` has no elements; count `bytes`")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            diags
                .error(Code::BadLengthParam, written.span(), problem)
                .also(decl.ty.span, "the type that it points to is told here");
        }
        let Length::Counted { param: counter, .. } = length else { continue };
        let Some(counting) = subject.function.params.get(*counter) else { continue };
        let counted = subject.facts.pointee(&counting.ty).unwrap_or_else(|| counting.ty.clone());
        if *counter == at || subject.facts.integer(&counted).is_none() {
            let message = format!("`{}` cannot hold the length of `{}`", counting.name, param.name);
            diags
                .error(Code::BadLengthParam, written.span(), message)
                .hint("name a parameter that is an integer or a pointer to one");
        }
    }
}

/// `require_any` names several pointers.
pub fn require_any(subject: Subject<'_>, diags: &mut Diagnostics) {
    for any in subject.decl.require_any.iter().flatten() {
        if any.params.len() < 2 {
            diags
                .error(Code::BadRequireAny, any.span, "one parameter is no choice")
                .hint("say `null: refuse CODE` at the parameter");
        }
        for name in &any.params {
            let param = subject.function.params.iter().find(|param| param.name == name.value);
            if param.is_some_and(|param| !subject.facts.is_pointer(&param.ty)) {
                diags
                    .error(Code::BadRequireAny, name.span, format!("`{}` is no pointer", name.value))
                    .hint("name pointers");
            }
        }
    }
}

/// Arguments and results are members of structures in Rust: their names must do there and differ.
pub fn rust_names(subject: Subject<'_>, diags: &mut Diagnostics) {
    let mut args: BTreeMap<&str, usize> = BTreeMap::new();
    for arg in &subject.function.args {
        let Some(at) = arg.params.first().copied() else { continue };
        let Some(decl) = subject.decl.params.get(at) else { continue };
        if let Some(first) = args.insert(&arg.name, at).and_then(|first| subject.decl.params.get(first)) {
            diags
                .error(
                    Code::BadRustName,
                    decl.name.span,
                    format!("two arguments of {} are called `{}` in Rust", subject.name(), arg.name),
                )
                .also(first.name.span, "the first")
                .hint("give one of them a `rust_name`");
        }
    }
    let mut results: BTreeMap<&str, ()> = BTreeMap::new();
    for field in &subject.function.results {
        let declared = match field.param {
            Some(at) => subject.decl.params.get(at).and_then(|param| param.result.as_ref()),
            None => subject.decl.returns.result.as_ref(),
        };
        let span = declared.map_or(subject.decl.returns.span, |name| name.span);
        if results.insert(&field.name, ()).is_some() {
            let message = format!("two results of {} are called `{}`", subject.name(), field.name);
            diags.error(Code::BadRustName, span, message).hint("name one of them otherwise");
        }
        if is_keyword(&field.name) || field.name.chars().any(|c| c.is_ascii_uppercase()) {
            diags
                .error(Code::BadRustName, span, format!("`{}` is no name for Rust code", field.name))
                .hint("use snake_case, no keyword");
        }
    }
}
