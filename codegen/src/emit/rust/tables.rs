//! The function tables.

use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::names::{ident, member};
use crate::model::{Function, Model, Table};

pub fn emit(context: &Context<'_>) -> TokenStream {
    let tables = context.model.tables.iter().filter(|table| !context.options.overlay || table.origin.overlay);
    let items = tables.map(|table| one(context, table));
    quote!(#(#items)*)
}

fn one(context: &Context<'_>, table: &Table) -> TokenStream {
    let name = ident(&table.name);
    let text = format!("{} {} entries.", table.text.trim_end(), table.slots.len());
    let doc = context.doc_at(&text, &table.origin);
    let members: Vec<_> = table.slots.iter().map(|slot| member(slot)).collect();
    let types = table.slots.iter().map(|slot| {
        let pointer =
            function(context.model, slot).map_or_else(|| format!("LP{}", slot.to_uppercase()), |f| f.pointer.clone());
        ident(&pointer)
    });
    let docs = table.slots.iter().enumerate().map(|(index, slot)| {
        let line = format!(" Slot {index}: `{slot}`.");
        quote!(#[doc = #line])
    });
    let nothing = members.iter().map(|member| quote!(#member: None));
    quote! {
        #doc
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct #name { #(#docs pub #members: ffi::#types),* }
        impl #name {
            /// The table with every entry NULL.
            pub const EMPTY: Self = Self { #(#nothing),* };
        }
        __safety!("nullable functions only.");
        unsafe impl ::wsp::rt::Pod for #name {}
    }
}

/// The function of this name, in whichever profile has it.
pub fn function<'m>(model: &'m Model, name: &str) -> Option<&'m Function> {
    model.profiles.iter().find_map(|profile| profile.function(name))
}
