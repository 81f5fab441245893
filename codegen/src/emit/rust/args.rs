//! The typed arguments (`call`) and results (`done`) of each function.

use proc_macro2::TokenStream;
use quote::quote;

use super::context::{Context, error, escaped};
use super::names::{self, ident};
use super::text;
use crate::emit::EmitError;
use crate::model::{Arg, Function, Lift, Profile, ResultField, Unit};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let mut calls = Vec::new();
    let mut done = Vec::new();
    for function in profile.functions.iter().filter(|function| names::is_called_by_host(function.kind)) {
        if function.managed.is_none() && has_call(function) {
            calls.push(call(context, function)?);
        }
        if fields(function).count() > 1 {
            done.push(results(context, function));
        }
    }
    Ok(quote! {
        /// Typed arguments, a struct for each function that has any beside its socket.
        pub mod call { use super::ffi; #(#calls)* }
        /// Typed results, a struct for each function that has more than one.
        pub mod done { use super::ffi; #(#done)* }
    })
}

/// The arguments beside the socket that the call is made on.
pub fn arguments(function: &Function) -> impl Iterator<Item = &Arg> {
    function.args.iter().filter(|arg| arg.lift != Lift::Socket)
}

/// Has the function arguments beside its socket?
pub fn has_call(function: &Function) -> bool {
    arguments(function).next().is_some()
}

/// Does a typed argument borrow from the caller's memory?
pub fn borrows(lift: &Lift) -> bool {
    !matches!(lift, Lift::Value | Lift::Raw | Lift::Socket)
}

/// Does the struct of arguments have a lifetime?
pub fn call_borrows(function: &Function) -> bool {
    arguments(function).any(|arg| borrows(&arg.lift))
}

/// The members of the typed result; a descriptor that the runtime makes is not one.
pub fn fields(function: &Function) -> impl Iterator<Item = &ResultField> {
    let creates = function.returns.creates.is_some();
    function.results.iter().filter(move |field| field.param.is_some() || !creates)
}

/// The struct of arguments with its documentation.
fn call(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let shape = declared(context, function, |arg| {
        let param = arg.params.first().and_then(|&index| function.params.get(index));
        param.map(|param| escaped(&format!("`{}`: {}", param.name, param.text))).unwrap_or_default()
    })?;
    let heading = format!("/// Arguments of `{}`.\n#[derive(Debug, Clone, Copy)]\n", function.name);
    Ok(context.item(heading + &shape))
}

/// The struct of arguments without documentation, if the function's method is given one.
#[cfg(feature = "docs")]
pub fn shape(context: &Context<'_>, function: &Function) -> Result<String, EmitError> {
    let given = function.managed.is_none() && has_call(function);
    if given { declared(context, function, |_| String::new()) } else { Ok(String::new()) }
}

/// The struct of arguments, its members with this documentation.
fn declared(
    context: &Context<'_>,
    function: &Function,
    documentation: impl Fn(&Arg) -> String,
) -> Result<String, EmitError> {
    let lifetime = if call_borrows(function) { "<'a>" } else { "" };
    let mut out = format!("pub struct {}{lifetime} {{\n", names::shape(&function.name));
    for arg in arguments(function) {
        let ty = lifted(context, function, arg)?;
        let ty = if arg.optional { format!("Option<{ty}>") } else { ty };
        text::document(&mut out, "    ", &documentation(arg));
        out.push_str(&format!("    pub {}: {ty},\n", ident(&arg.name)));
    }
    out.push_str("}\n");
    Ok(out)
}

/// The runtime's type for a lifted argument, `'a` being the call.
fn lifted(context: &Context<'_>, function: &Function, arg: &Arg) -> Result<String, EmitError> {
    let first =
        arg.params.first().and_then(|&index| function.params.get(index)).ok_or_else(|| {
            error(&function.origin, &function.name, format!("argument `{}` has no parameter", arg.name))
        })?;
    Ok(match &arg.lift {
        Lift::Value => match context.pointee(&first.ty) {
            Some(inner) if first.direction != crate::model::Direction::In => context.ty_text(&inner),
            _ => context.ty_text(&first.ty),
        },
        Lift::Socket => "usize".to_owned(),
        Lift::Callback => format!("::wsp::rt::Callback<'a, {}>", context.ty_text(&first.ty)),
        Lift::In(ty) => wrapped(context, "In", ty),
        Lift::Out(ty) => wrapped(context, "Out", ty),
        Lift::InOut(ty) => wrapped(context, "InOut", ty),
        Lift::Bytes => "::wsp::rt::Bytes<'a>".to_owned(),
        Lift::BytesOut => "::wsp::rt::BytesOut<'a>".to_owned(),
        Lift::SizedOut(Unit::Wide) => "::wsp::rt::WideOut<'a>".to_owned(),
        Lift::SizedOut(_) => "::wsp::rt::SizedOut<'a>".to_owned(),
        Lift::Array(ty, false) => wrapped(context, "Buffers", ty),
        Lift::Array(ty, true) => wrapped(context, "BuffersOut", ty),
        Lift::SocketSet => "::wsp::rt::SocketSet<'a>".to_owned(),
        Lift::WideStr => "::wsp::rt::WideStr<'a>".to_owned(),
        Lift::Overlapped => "::wsp::rt::Overlapped<'a>".to_owned(),
        Lift::Raw => context.ty_text(&first.ty),
    })
}

fn wrapped(context: &Context<'_>, wrapper: &str, ty: &str) -> String {
    format!("::wsp::rt::{wrapper}<'a, {}>", context.base_text(ty))
}

/// The struct of typed results of a function.
pub fn results(context: &Context<'_>, function: &Function) -> TokenStream {
    let mut out = format!("/// What `{}` gives when it is done.\n#[derive(Clone, Copy)]\n", function.name);
    out.push_str(&format!("pub struct {} {{\n", names::shape(&function.name)));
    for field in fields(function) {
        let documentation = match field.param.and_then(|index| function.params.get(index)) {
            Some(param) => escaped(&format!("`{}`: {}", param.name, param.text)),
            None => escaped(&function.returns.success),
        };
        text::document(&mut out, "    ", &documentation);
        out.push_str(&format!("    pub {}: {},\n", ident(&field.name), context.ty_text(&field.ty)));
    }
    out.push_str("}\n");
    context.item(out)
}

/// The type of a successful result, without `Outcome`: nothing, the one field, or the struct in `done`.
pub fn plain(context: &Context<'_>, function: &Function) -> String {
    let members: Vec<_> = fields(function).collect();
    match members.as_slice() {
        [] => "()".to_owned(),
        [one] => context.ty_text(&one.ty),
        _ => format!("done::{}", names::shape(&function.name)),
    }
}
