//! One error enum per function and profile: what a function may fail with, and nothing else.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::{Context, error};
use super::names::{self, ident};
use crate::emit::EmitError;
use crate::model::{Code, Delivery, ErrorEntry, Function, FunctionKind, Profile, Source};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let mut items = Vec::new();
    for function in profile.functions.iter().filter(|function| is_here(function.kind)) {
        items.push(one(context, function)?);
    }
    Ok(quote!(#(#items)*))
}

/// Upcalls have their enums beside the upcall wrappers, once for all profiles.
fn is_here(kind: FunctionKind) -> bool {
    names::is_called_by_host(kind)
}

/// The error enum of a function, in its module.
pub fn one(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let entries: Vec<(&ErrorEntry, &Code)> = listed(context, function)?;
    let name = names::error(&function.name);
    let c_name = &function.name;
    let heading = format!(" What `{c_name}` may fail with.");
    let place = format!(" Declared in `spec/{}`.", function.origin);
    let variants = entries.iter().map(|(entry, code)| {
        let variant = ident(&code.variant);
        let value = Literal::i32_unsuffixed(code.value);
        let text = context.doc(&format!("`{}`: {}{}", code.name, entry.when, source_note(entry.source)));
        quote!(#text #variant = #value)
    });
    let all: Vec<_> = entries.iter().map(|(_, code)| ident(&code.variant)).collect();
    let code_names = entries.iter().map(|(_, code)| &code.name);
    let whens = entries.iter().map(|(entry, _)| entry.when.trim());
    let fallback = match &function.fallback {
        Some(fallback) => variant_of(context, function, fallback)?,
        None => all.first().cloned().unwrap_or_else(|| ident("None")),
    };
    if all.is_empty() {
        return Ok(quote! {
            #[doc = #heading]
            #[doc = ""]
            #[doc = #place]
            pub type #name = ::core::convert::Infallible;
        });
    }
    let too_small = entries.iter().find(|(_, code)| code.name == "WSAEFAULT").map(|(_, code)| {
        let variant = ident(&code.variant);
        quote! {
            impl From<::wsp::rt::TooSmall> for #name {
                fn from(_: ::wsp::rt::TooSmall) -> Self { Self::#variant }
            }
            impl From<::wsp::rt::BadAddress> for #name {
                fn from(_: ::wsp::rt::BadAddress) -> Self { Self::#variant }
            }
        }
    });
    Ok(quote! {
        #[doc = #heading]
        #[doc = ""]
        #[doc = #place]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum #name { #(#variants),* }
        impl ::wsp::rt::ErrorList for #name {
            const FUNCTION: &'static str = #c_name;
            const FALLBACK: Self = Self::#fallback;
            const ALL: &'static [Self] = &[#(Self::#all),*];
            #[inline]
            fn code(self) -> i32 { self as i32 }
            fn name(self) -> &'static str { match self { #(Self::#all => #code_names),* } }
            fn when(self) -> &'static str { match self { #(Self::#all => #whens),* } }
        }
        impl From<::wsp::rt::Code> for #name {
            /// The code if the function may fail with it, else its fallback.
            fn from(code: ::wsp::rt::Code) -> Self { <Self as ::wsp::rt::ErrorList>::or_fallback(code) }
        }
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result { ::wsp::rt::describe(*self, f) }
        }
        impl ::core::error::Error for #name {}
        #too_small
    })
}

/// The codes that can come back from the call itself or complete its operation, each once.
fn listed<'m>(context: &'m Context<'_>, function: &'m Function) -> Result<Vec<(&'m ErrorEntry, &'m Code)>, EmitError> {
    let mut entries: Vec<(&ErrorEntry, &Code)> = Vec::new();
    for entry in function.errors.iter().filter(|entry| !matches!(entry.delivery, Delivery::Event(_))) {
        let code = code(context, function, &entry.code)?;
        if !entries.iter().any(|(_, known)| known.value == code.value) {
            entries.push((entry, code));
        }
    }
    Ok(entries)
}

fn code<'m>(context: &'m Context<'_>, function: &Function, name: &str) -> Result<&'m Code, EmitError> {
    context
        .model
        .code(name)
        .ok_or_else(|| error(&function.origin, &function.name, format!("the code `{name}` is not in codes.yaml")))
}

/// The variant of a code in a function's enum.
pub fn variant_of(context: &Context<'_>, function: &Function, name: &str) -> Result<proc_macro2::Ident, EmitError> {
    Ok(ident(&code(context, function, name)?.variant))
}

fn source_note(source: Source) -> &'static str {
    match source {
        Source::Table => "",
        Source::Remarks => " (Named only in the remarks.)",
        Source::Inherited => " (Taken over from the plain function.)",
        Source::Practice => " (Not documented; needed in practice.)",
    }
}
