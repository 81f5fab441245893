//! Return values, the parameter that carries the error code, and what a function creates.

use super::Subject;
use crate::diagnostic::{Code, Diagnostics};
use crate::model::{Direction, ErrorVia, Meaning, SocketUse, Width};
use crate::resolve::lift::SOCKET_TYPE;

/// The member that tells a catalog entry's id.
const CATALOG_ENTRY: &str = "dwCatalogEntryId";

/// Type, failure value, meaning and the way of the error code must fit together.
pub fn returns(subject: Subject<'_>, diags: &mut Diagnostics) {
    let (decl, returns) = (&subject.decl.returns, &subject.function.returns);
    let via = decl.error_via.span;
    match (returns.error_via, &decl.failure) {
        (ErrorVia::LpErrno | ErrorVia::LastError, None) => {
            diags
                .error(
                    Code::ReturnsDisagree,
                    via,
                    "the result only tells that there is an error, but there is no failure value",
                )
                .hint("add `failure: CONSTANT`");
        }
        (ErrorVia::Return, Some(failure)) => {
            diags
                .error(
                    Code::ReturnsDisagree,
                    failure.span,
                    "the result is the error code itself, so there is no failure value",
                )
                .also(via, "said here")
                .hint("remove `failure`");
        }
        _ => {}
    }
    if (returns.error_via == ErrorVia::Return) != (returns.meaning == Meaning::Code) {
        diags
            .error(Code::ReturnsDisagree, via, "`error_via: return` and `meaning: code` go together")
            .also(decl.meaning.span, "the meaning")
            .hint("say both or neither");
    }
    if let Some(result) = decl.result.as_ref().filter(|_| returns.meaning != Meaning::Value) {
        diags
            .error(Code::ReturnsDisagree, result.span, "only `meaning: value` gives the result a name")
            .also(decl.meaning.span, "the meaning")
            .hint("remove `result`");
    }
    let scalar = subject.facts.scalar(&returns.ty);
    if scalar.is_none() && matches!(returns.meaning, Meaning::Status | Meaning::Flag | Meaning::Code) {
        let is_void = subject.facts.is_void(&returns.ty) && returns.error_via == ErrorVia::None;
        if !is_void {
            diags
                .error(Code::ReturnsDisagree, decl.ty.span, "this meaning needs a number as result")
                .also(decl.meaning.span, "the meaning");
        }
    }
    let failure = decl.failure.as_ref().and_then(|name| Some((name, subject.model.constant(&name.value)?)));
    if let Some((name, constant)) = failure {
        let same = constant.ty.base == returns.ty.base && constant.ty.pointers == returns.ty.pointers;
        let alike = scalar.is_some() && scalar == subject.facts.scalar(&constant.ty);
        if !same && !alike {
            let message =
                format!("`{}` is of type `{}`, the result of type `{}`", name.value, constant.ty.c, returns.ty.c);
            diags
                .error(Code::ReturnsDisagree, name.span, message)
                .also(decl.ty.span, "the result")
                .hint("name a constant of the result's type");
        }
    }
}

/// The error code goes through exactly one parameter, a pointer to 32 bits that is written.
pub fn errno(subject: Subject<'_>, diags: &mut Diagnostics) {
    let via = subject.decl.returns.error_via.span;
    let mut first = None;
    for (decl, param) in subject.params().filter(|(_, param)| param.errno) {
        let span = decl.errno.as_ref().map_or(decl.name.span, |flag| flag.span);
        if let Some(first) = first {
            diags
                .error(Code::BadErrno, span, "two parameters carry the error code")
                .also(first, "the first")
                .hint("keep one");
        }
        first = Some(span);
        let target =
            subject.facts.pointee(&param.ty).and_then(|inner| subject.facts.integer(&inner).map(|scalar| scalar.width));
        if target != Some(Width::Bits(32)) || param.direction == Direction::In {
            let message = format!("`{}` cannot carry an error code", param.name);
            diags
                .error(Code::BadErrno, span, message)
                .hint("it must be a pointer to a 32-bit integer, with `direction: out`");
        }
        if decl.null.is_some() || param.length.is_some() || param.allowed.is_some() || decl.result.is_some() {
            let message = format!("`{}` carries the error code; nothing else is to be said of it", param.name);
            diags
                .error(Code::BadErrno, decl.name.span, message)
                .hint("remove `null`, `length`, `allowed` and `result`");
        }
    }
    match (subject.function.returns.error_via, first) {
        (ErrorVia::LpErrno, None) => {
            diags
                .error(Code::BadErrno, via, "no parameter carries the error code")
                .hint("mark it with `errno: true`, or say how else an error comes back");
        }
        (ErrorVia::Return | ErrorVia::LastError | ErrorVia::None, Some(span)) => {
            diags
                .error(Code::BadErrno, span, "the error code does not come back through a parameter")
                .also(via, "said here");
        }
        _ => {}
    }
}

/// What creates a socket returns one, and can tell whose catalog entry it is of.
pub fn creates(subject: Subject<'_>, diags: &mut Diagnostics) {
    let (Some(decl), Some(creates)) = (&subject.decl.returns.creates, &subject.function.returns.creates) else {
        return;
    };
    let returns = &subject.function.returns;
    if returns.ty.base != SOCKET_TYPE || returns.ty.pointers > 0 || returns.meaning != Meaning::Value {
        diags
            .error(
                Code::BadCreates,
                decl.span,
                format!("{} creates a descriptor but does not return one", subject.name()),
            )
            .hint(format!("it must return `{SOCKET_TYPE}` with `meaning: value`"));
    }
    match creates.catalog {
        Some(at) => {
            let inner = subject.function.params.get(at).and_then(|param| subject.facts.pointee(&param.ty));
            let has_entry = inner
                .and_then(|inner| subject.facts.aggregate(&inner))
                .is_some_and(|aggregate| aggregate.fields.iter().any(|field| field.name == CATALOG_ENTRY));
            if let (false, Some(catalog)) = (has_entry, &decl.catalog) {
                let message = format!("`{}` does not point to a structure with `{CATALOG_ENTRY}`", catalog.value);
                diags
                    .error(Code::BadCreates, catalog.span, message)
                    .hint("name the parameter with the protocol information");
            }
        }
        None => {
            let on_socket = subject.function.params.iter().any(|param| param.socket == Some(SocketUse::Use));
            if !on_socket {
                diags
                    .error(Code::BadCreates, decl.span, "nothing tells the catalog entry of the new descriptor")
                    .hint("name a parameter with `catalog`; without one the call must be made on a socket");
            }
        }
    }
}
