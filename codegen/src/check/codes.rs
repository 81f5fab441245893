//! Every code that can reach a caller must be in the function's own list.

use super::Subject;
use crate::diagnostic::{Code, Diagnostics, Span};
use crate::model::{CheckKind, Delivery, ErrorVia};
use crate::syntax::value;

/// The codes that declarations and generated checks give are listed for the call.
pub fn listed(subject: Subject<'_>, diags: &mut Diagnostics) {
    if subject.function.returns.error_via == ErrorVia::None {
        return;
    }
    let decl = subject.decl;
    let named = [(&decl.fallback, "`fallback`"), (&decl.left_out, "`left_out`")];
    for (code, what) in named {
        if let Some(code) = code {
            require(subject, &code.value, code.span, what, diags);
        }
    }
    if let Some(creates) = &decl.returns.creates {
        for code in [&creates.full, &creates.refused] {
            require(subject, &code.value, code.span, "`creates`", diags);
        }
    }
    if let Some(door) = &decl.extensions {
        require(subject, &door.missing.value, door.missing.span, "`extensions`", diags);
    }
    for check in &subject.function.checks {
        if let Some(code) = &check.code {
            let what = format!("the check `{}`", check.id.split_once('.').map_or(check.id.as_str(), |(_, id)| id));
            require(subject, code, place(subject, &check.kind), &what, diags);
        }
    }
}

fn require(subject: Subject<'_>, code: &str, span: Span, what: &str, diags: &mut Diagnostics) {
    let listed = subject.function.errors.iter().any(|entry| entry.code == code && entry.delivery == Delivery::Call);
    if !listed {
        let message = format!("{what} gives `{code}`, which {} does not list", subject.name());
        diags
            .error(Code::CodeNotListed, span, message)
            .hint(format!("add `{code}` to its `errors` (with `source: practice` and a note if it is undocumented), or name another code"));
    }
}

/// Where the code of a check is written, else its parameter.
fn place(subject: Subject<'_>, kind: &CheckKind) -> Span {
    let param = |at: usize| subject.decl.params.get(at);
    let of_function = subject.decl.function.span;
    match kind {
        CheckKind::Null { param: at, .. } | CheckKind::Address { param: at, .. } => {
            param(*at).map_or(of_function, |param| match param.null.as_ref().map(|null| &null.value) {
                Some(value::Null::Refuse { code, .. }) => code.span,
                _ => param.name.span,
            })
        }
        CheckKind::Minimum { param: at, .. } => param(*at).map_or(of_function, |param| match &param.length {
            Some(value::Length::Counted(count)) => count.violation.as_ref().map_or(count.span, |code| code.span),
            _ => param.name.span,
        }),
        CheckKind::Allowed { param: at } => param(*at).map_or(of_function, |param| {
            param.allowed.as_ref().map_or(param.name.span, |allowed| allowed.violation.span)
        }),
        CheckKind::AnyOf { .. } => {
            subject.decl.require_any.iter().flatten().next().map_or(of_function, |any| any.violation.span)
        }
        CheckKind::Socket { param: at } => param(*at).map_or(of_function, |param| param.name.span),
    }
}

/// A code stands once for each way that it comes, and not at all if the page excludes it.
pub fn list(subject: Subject<'_>, diags: &mut Diagnostics) {
    let written: Vec<_> = subject.decl.errors.iter().flatten().collect();
    let errors = &subject.function.errors;
    if written.len() != errors.len() {
        return;
    }
    for (at, entry) in errors.iter().enumerate() {
        let first = errors[..at].iter().position(|other| other.code == entry.code && other.delivery == entry.delivery);
        if let Some(first) = first {
            let message = format!("`{}` is in the list of {} twice", entry.code, subject.name());
            diags
                .error(Code::CodeListedTwice, written[at].code.span, message)
                .also(written[first].code.span, "first here")
                .hint("join the two entries, or tell them apart by `delivery`");
        }
    }
    for never in subject.decl.never.iter().flatten() {
        if let Some(entry) = written.iter().find(|entry| entry.code.value == never.value) {
            let message = format!("`{}` is excluded by name and yet in the list of {}", never.value, subject.name());
            diags
                .error(Code::NeverListed, never.span, message)
                .also(entry.code.span, "listed here")
                .hint("put it into `errors: {except: […]}`, or remove it from `never`");
        }
    }
}
