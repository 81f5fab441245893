//! Overlapped operations, and the call through which extension functions are found.

use std::collections::BTreeMap;

use super::Subject;
use crate::diagnostic::{Code, Diagnostics, Span};
use crate::model::{ConstantValue, Direction, FunctionKind, Guid};
use crate::resolve::Resolved;
use crate::resolve::facts::range;
use crate::resolve::names::Names;

/// The members of a completion are a pointer, a callback and a pointer.
pub fn completion(subject: Subject<'_>, diags: &mut Diagnostics) {
    let (Some(decl), Some(group)) = (&subject.decl.completion, &subject.function.completion) else { return };
    let rows = [
        (Some((&decl.operation, group.operation)), false),
        (decl.routine.as_ref().zip(group.routine), true),
        (decl.thread.as_ref().zip(group.thread), false),
    ];
    let mut seen: Vec<usize> = Vec::new();
    for (name, at, callback) in
        rows.into_iter().filter_map(|(row, callback)| row.map(|(name, at)| (name, at, callback)))
    {
        let Some(param) = subject.function.params.get(at) else { continue };
        let fits =
            if callback { subject.facts.is_callback(&param.ty) } else { subject.facts.pointee(&param.ty).is_some() };
        if !fits {
            let what = if callback { "a callback" } else { "a pointer" };
            diags
                .error(Code::BadCompletion, name.span, format!("`{}` is not {what}", name.value))
                .hint(format!("name {what}"));
        }
        if seen.contains(&at) {
            diags
                .error(Code::BadCompletion, name.span, format!("`{}` stands here twice", name.value))
                .hint("name each parameter once");
        }
        seen.push(at);
    }
    if group.routine.is_none() && group.thread.is_some() {
        diags
            .error(Code::BadCompletion, decl.span, "a thread without a routine to run in it")
            .hint("name the routine or remove `thread`");
    }
}

/// The parameters of the call that hands out extension functions.
pub fn extension_door(subject: Subject<'_>, diags: &mut Diagnostics) {
    let (Some(decl), Some(door)) = (&subject.decl.extensions, &subject.function.extensions) else { return };
    let params = &subject.function.params;
    if let Some(code) = params.get(door.code) {
        match subject.facts.integer(&code.ty).map(range) {
            None => {
                diags
                    .error(Code::BadExtensionDoor, decl.code.span, format!("`{}` is no number", code.name))
                    .hint("name the control code");
            }
            Some((least, most)) if !(least..=most).contains(&door.equals.value) => {
                let message = format!("`{}` does not fit `{}`", decl.equals.value, code.ty.c);
                diags.error(Code::BadExtensionDoor, decl.equals.span, message).hint("name a value of the control code");
            }
            Some(_) => {}
        }
    }
    let rows =
        [(&decl.guid, door.guid, false), (&decl.pointer, door.pointer, true), (&decl.returned, door.returned, true)];
    for (name, at, written) in rows {
        let Some(param) = params.get(at) else { continue };
        let fits = subject.facts.pointee(&param.ty).is_some() && (!written || param.direction != Direction::In);
        if !fits {
            let what = if written { "a pointer that is written through" } else { "a pointer" };
            diags
                .error(Code::BadExtensionDoor, name.span, format!("`{}` is not {what}", name.value))
                .hint(format!("name {what}"));
        }
    }
    let returned = params.get(door.returned).and_then(|param| subject.facts.pointee(&param.ty));
    if returned.is_some_and(|inner| subject.facts.integer(&inner).is_none()) {
        let message = format!("`{}` does not point to a number", decl.returned.value);
        diags.error(Code::BadExtensionDoor, decl.returned.span, message).hint("name the parameter that tells the size");
    }
}

/// An extension function is named by a GUID of its own.
pub fn guids(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    let mut seen: BTreeMap<[u8; 16], (String, Span)> = BTreeMap::new();
    for function in names.functions.iter() {
        let Some(name) = &function.guid else { continue };
        let Some(constant) = resolved.model.constant(&name.value) else { continue };
        let ConstantValue::Guid(guid) = &constant.value else {
            diags
                .error(Code::WrongConstant, name.span, format!("`{}` is a number where a GUID is needed", name.value))
                .hint("name a constant that is a GUID");
            continue;
        };
        let function_name = function.function.value.clone();
        if let Some((other, first)) = seen.insert(bytes(guid), (function_name.clone(), name.span)) {
            diags
                .error(Code::DuplicateGuid, name.span, format!("`{function_name}` has the GUID of `{other}`"))
                .also(first, "used here")
                .hint("every extension function has its own GUID");
        }
    }
}

fn bytes(guid: &Guid) -> [u8; 16] {
    let mut out = [0; 16];
    out[..4].copy_from_slice(&guid.data1.to_be_bytes());
    out[4..6].copy_from_slice(&guid.data2.to_be_bytes());
    out[6..8].copy_from_slice(&guid.data3.to_be_bytes());
    out[8..].copy_from_slice(&guid.data4);
    out
}

/// Where there are extension functions, one call hands them out.
pub fn reachable(resolved: &Resolved, diags: &mut Diagnostics) {
    for (profile, merged) in resolved.model.profiles.iter().zip(&resolved.merged) {
        let mut doors = merged.iter().filter_map(|merged| merged.decl.extensions.as_ref());
        let first = doors.next();
        if let (Some(first), Some(second)) = (first, doors.next()) {
            diags
                .error(
                    Code::BadExtensionDoor,
                    second.span,
                    format!("two calls hand out extension functions in `{}`", profile.name),
                )
                .also(first.span, "the first")
                .hint("keep one");
        }
        let extension = merged.iter().find(|merged| merged.decl.kind.value == FunctionKind::Extension);
        if let (None, Some(extension)) = (first, extension) {
            let message = format!("no call hands out extension functions in `{}`", profile.name);
            diags
                .error(Code::BadExtensionDoor, extension.decl.function.span, message)
                .hint("a table function needs `extensions: {…}`");
        }
    }
}
