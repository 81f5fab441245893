//! The typed arguments (`call`) and results (`done`) of each function.

use proc_macro2::TokenStream;
use quote::quote;

use super::context::{Context, error};
use super::names::{self, ident};
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
            done.push(results(context, function)?);
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
    let heading = format!(" Arguments of `{}`.", function.name);
    let shape = declared(context, function, |arg| {
        arg.params.first().and_then(|&index| function.params.get(index)).map(|param| {
            let line = format!("`{}`: {}", param.name, param.text);
            context.doc(&line)
        })
    })?;
    Ok(quote! {
        #[doc = #heading]
        #[derive(Debug, Clone, Copy)]
        #shape
    })
}

/// The struct of arguments without documentation, if the function's method is given one.
#[cfg(feature = "docs")]
pub fn shape(context: &Context<'_>, function: &Function) -> Result<Option<TokenStream>, EmitError> {
    let given = function.managed.is_none() && has_call(function);
    given.then(|| declared(context, function, |_| None)).transpose()
}

/// The struct of arguments, its members with these attributes.
fn declared(
    context: &Context<'_>,
    function: &Function,
    attributes: impl Fn(&Arg) -> Option<TokenStream>,
) -> Result<TokenStream, EmitError> {
    let name = names::shape(&function.name);
    let lifetime = call_borrows(function).then(|| quote!(<'a>));
    let mut members = Vec::new();
    for arg in arguments(function) {
        let field = ident(&arg.name);
        let ty = lifted(context, function, arg)?;
        let ty = if arg.optional { quote!(Option<#ty>) } else { ty };
        let attributes = attributes(arg);
        members.push(quote!(#attributes pub #field: #ty));
    }
    Ok(quote!(pub struct #name #lifetime { #(#members),* }))
}

/// The runtime's type for a lifted argument, `'a` being the call.
fn lifted(context: &Context<'_>, function: &Function, arg: &Arg) -> Result<TokenStream, EmitError> {
    let first =
        arg.params.first().and_then(|&index| function.params.get(index)).ok_or_else(|| {
            error(&function.origin, &function.name, format!("argument `{}` has no parameter", arg.name))
        })?;
    Ok(match &arg.lift {
        Lift::Value => match context.pointee(&first.ty) {
            Some(inner) if first.direction != crate::model::Direction::In => context.ty(&inner),
            _ => context.ty(&first.ty),
        },
        Lift::Socket => quote!(usize),
        Lift::Callback => {
            let ty = context.ty(&first.ty);
            quote!(::wsp::rt::Callback<'a, #ty>)
        }
        Lift::In(ty) => wrapped(context, "In", ty),
        Lift::Out(ty) => wrapped(context, "Out", ty),
        Lift::InOut(ty) => wrapped(context, "InOut", ty),
        Lift::Bytes => quote!(::wsp::rt::Bytes<'a>),
        Lift::BytesOut => quote!(::wsp::rt::BytesOut<'a>),
        Lift::SizedOut(Unit::Wide) => quote!(::wsp::rt::WideOut<'a>),
        Lift::SizedOut(_) => quote!(::wsp::rt::SizedOut<'a>),
        Lift::Array(ty, false) => wrapped(context, "Buffers", ty),
        Lift::Array(ty, true) => wrapped(context, "BuffersOut", ty),
        Lift::SocketSet => quote!(::wsp::rt::SocketSet<'a>),
        Lift::WideStr => quote!(::wsp::rt::WideStr<'a>),
        Lift::Overlapped => quote!(::wsp::rt::Overlapped<'a>),
        Lift::Raw => context.ty(&first.ty),
    })
}

fn wrapped(context: &Context<'_>, wrapper: &str, ty: &str) -> TokenStream {
    let wrapper = ident(wrapper);
    let ty = context.base(ty);
    quote!(::wsp::rt::#wrapper<'a, #ty>)
}

/// The struct of typed results of a function.
pub fn results(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let name = names::shape(&function.name);
    let heading = format!(" What `{}` gives when it is done.", function.name);
    let members = fields(function).map(|field| {
        let member = ident(&field.name);
        let ty = context.ty(&field.ty);
        let text = match field.param.and_then(|index| function.params.get(index)) {
            Some(param) => context.doc(&format!("`{}`: {}", param.name, param.text)),
            None => context.doc(&function.returns.success),
        };
        quote!(#text pub #member: #ty)
    });
    Ok(quote! {
        #[doc = #heading]
        #[derive(Clone, Copy)]
        pub struct #name { #(#members),* }
    })
}

/// The type of a successful result, without `Outcome`: nothing, the one field, or the struct in `done`.
pub fn plain(context: &Context<'_>, function: &Function, done: &TokenStream) -> TokenStream {
    let members: Vec<_> = fields(function).collect();
    match members.as_slice() {
        [] => quote!(()),
        [one] => context.ty(&one.ty),
        _ => {
            let name = names::shape(&function.name);
            quote!(#done::#name)
        }
    }
}
