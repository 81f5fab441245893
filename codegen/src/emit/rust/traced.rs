//! The thunks that record what they are called with and how it ends, and the table of them. They stand beside the plain ones, so that
//! a provider that is not traced pays nothing.

use proc_macro2::TokenStream;
use quote::quote;

use super::apart;
use super::context::Context;
use super::names::{self, ident, member};
use super::text;
use super::thunks;
use crate::emit::EmitError;
use crate::model::{ErrorVia, Function, FunctionKind, Profile, SocketUse};

/// `fn traced_table`, and the module of the thunks in it.
pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let name = ident(&profile.table);
    let replaced = profile.of_kind(FunctionKind::Table).map(|function| {
        let (field, method) = (member(&function.name), names::method(&function.name));
        format!("        {field}: Some(traced::{method}::<P>),\n")
    });
    let replaced: String = replaced.collect();
    let called = |function: &&Function| matches!(function.kind, FunctionKind::Table | FunctionKind::Extension);
    let mut thunks = Vec::new();
    for function in profile.functions.iter().filter(called) {
        thunks.push(apart(&function.name, thunk(context, profile, function), 1, context)?);
    }
    let slots = context.model.table(&profile.table).map_or(0, |table| table.slots.len());
    let is_partial = profile.of_kind(FunctionKind::Table).count() < slots;
    let rest = if is_partial { "        ..table::<P>()\n" } else { "" };
    let table = context.item(format!(
        "/// The same with the thunks that record each call.\n\
         pub const fn traced_table<P: Instance>() -> ffi::{name} {{\n    ffi::{name} {{\n{replaced}{rest}    }}\n}}\n"
    ));
    Ok(quote! {
        #table
        /// The functions that stand in the table of a provider that is traced.
        mod traced {
            use super::{Instance, ffi, thunk};
            #(#thunks)*
        }
    })
}

fn thunk(context: &Context<'_>, profile: &Profile, function: &Function) -> TokenStream {
    let name = names::method(&function.name);
    let signature = thunks::signature(context, function);
    let head = context.head(thunks::head("pub(super) ", &name, &signature));
    let called = text::quoted(&format!("{}.{}", profile.name, function.name));
    let begin = text::call(8, "let call = ::wsp::rt::trace::Call::begin", &called, ";");
    let begin = context.item(format!("{begin}\n// SAFETY: what this is called with is handed on as it is.\n"));
    let params = signature.names;
    let on = function.params.iter().find(|param| matches!(param.socket, Some(SocketUse::Use | SocketUse::Release)));
    let socket = match on {
        // What a call makes tells more than what it was made on.
        _ if function.returns.creates.is_some() => "returned as usize".to_owned(),
        Some(param) => format!("{} as usize", names::param(&param.name)),
        None => "0".to_owned(),
    };
    let end = text::fill(END, &[("code", &code(context, function)), ("socket", &socket)]);
    let end = context.item(end);
    quote! {
        fn #head() {
            #begin
            let returned = unsafe { thunk::#name::<P>(#(#params),*) };
            #end
        }
    }
}

/// How the body ends.
const END: &str = "\
let code = $code;
call.end($socket, code);
returned
";

/// The code that a failed call stored.
const TOLD: &str = "\
if returned == $failure {
    // SAFETY: a call that fails stores its code where it can.
    unsafe { ::wsp::rt::trace::told($errno) }
} else {
    0
}";

/// The code that a failed call left as the thread's.
const LAST: &str = "\
if returned == $failure {
    ::wsp::rt::last_error()
} else {
    0
}";

/// The code that the call told, 0 for success.
fn code(context: &Context<'_>, function: &Function) -> String {
    let errno = function.params.iter().find(|param| param.errno).map(|param| names::param(&param.name).to_string());
    let failure = function
        .returns
        .failure
        .as_ref()
        .map(|failure| format!("ffi::{} as {}", ident(failure), context.ty_text(&function.returns.ty)));
    match (function.returns.error_via, errno, failure) {
        (ErrorVia::LpErrno, Some(errno), Some(failure)) => {
            text::fill(TOLD, &[("failure", &failure), ("errno", &errno)])
        }
        (ErrorVia::LastError, _, Some(failure)) => text::fill(LAST, &[("failure", &failure)]),
        (ErrorVia::Return, ..) => "returned".to_owned(),
        _ => "0".to_owned(),
    }
}
