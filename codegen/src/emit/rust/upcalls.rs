//! What a provider calls: a typed method per upcall.

use proc_macro2::TokenStream;
use quote::quote;

use super::args;
use super::caller::method;
use super::context::Context;
use super::errors;
use super::names::member;
use super::startup::widest;
use super::tables;
use crate::emit::EmitError;

pub fn emit(context: &Context<'_>) -> Result<TokenStream, EmitError> {
    let Some(table) = widest(context) else { return Ok(TokenStream::new()) };
    let mut enums = Vec::new();
    let mut methods = Vec::new();
    let mut done = Vec::new();
    for slot in &table.slots {
        let Some(function) = tables::function(context.model, slot) else { continue };
        let field = member(slot);
        enums.push(errors::one(context, function, 4)?);
        methods.push(method(context, function, &format!("self.table().{field}"))?);
        if args::fields(function).count() > 1 {
            done.push(args::results(context, function));
        }
    }
    Ok(quote! {
        /// What each upcall may fail with.
        pub mod error { #(#enums)* }
        /// Typed results, a struct for each upcall that has more than one.
        pub mod done { use super::ffi; #(#done)* }
        impl ::wsp::rt::Upcalls { #(#methods)* }
    })
}
