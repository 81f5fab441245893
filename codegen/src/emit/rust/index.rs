//! `spi.rs`: the modules, and what is included into each.

use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::names::ident;
use crate::model::Profile;

pub fn emit(context: &Context<'_>) -> TokenStream {
    let profiles = context.model.profiles.iter().map(|each| profile(context, each));
    let upcalls = (!context.options.overlay).then(|| {
        quote! {
            /// What the host offers a provider: the errors of the upcalls. The calls are methods of `wsp::rt::Upcalls`.
            #[allow(non_snake_case, clippy::all)]
            pub mod upcall {
                use super::ffi;
                include!("upcalls.rs");
            }
        }
    });
    let codes = if context.options.overlay {
        quote!(
            pub use ::wsp::code::*;
        )
    } else {
        TokenStream::new()
    };
    quote! {
        /// The interface as C declares it: types, function pointers, tables, constants. C names.
        #[allow(non_camel_case_types, non_snake_case, non_upper_case_globals, clippy::all)]
        pub mod ffi {
            use super::ffi;
            include!("ffi_types.rs");
            include!("ffi_tables.rs");
            include!("ffi_constants.rs");
        }
        /// Error codes.
        pub mod code {
            #codes
            include!("codes.rs");
        }
        #upcalls
        #(#profiles)*
    }
}

fn profile(context: &Context<'_>, profile: &Profile) -> TokenStream {
    let name = ident(&profile.name);
    let part = |part: &str| format!("{}_{part}.rs", profile.name);
    let (errors, checks, calls) = (part("errors"), part("checks"), part("calls"));
    let (provider, thunks, startup, caller) = (part("provider"), part("thunks"), part("startup"), part("caller"));
    let text = context.doc(&format!("{}.\n\n{}", profile.title, profile.text));
    quote! {
        #text
        #[allow(non_snake_case, unused_imports, unused_parens, unused_unsafe, unused_variables, clippy::all)]
        pub mod #name {
            use super::ffi;
            /// What each function may fail with.
            pub mod error { include!(#errors); }
            /// The checks that run before a provider is called.
            pub mod check {
                use super::ffi;
                include!(#checks);
            }
            include!(#calls);
            include!(#provider);
            include!(#thunks);
            include!(#startup);
            /// The caller's side: typed calls through a provider's table.
            pub mod caller {
                use super::{done, error, ffi};
                include!(#caller);
            }
        }
    }
}
