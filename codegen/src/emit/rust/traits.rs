//! The trait that a provider implements, one per profile.

use proc_macro2::TokenStream;
use quote::quote;

use super::args;
use super::context::Context;
use super::errors;
use super::names::{self, ident};
use crate::emit::EmitError;
use crate::model::{Descriptors, ErrorVia, Function, FunctionKind, Managed, Profile, SocketUse};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let mut methods = Vec::new();
    for function in profile.functions.iter().filter(|function| names::is_called_by_host(function.kind)) {
        methods.push(match function.managed {
            Some(Managed::Startup) => start(context, function, profile),
            Some(Managed::Cleanup) => cleanup(context, function, profile),
            None => method(context, function, profile)?,
        });
    }
    let heading = format!(" A provider of the profile `{}`: {}.", profile.name, profile.title);
    let text = context.doc(&profile.text);
    let keys = match profile.descriptors {
        Descriptors::Host => ident("HostKeyed"),
        Descriptors::Provider => ident("SlotKeyed"),
    };
    Ok(quote! {
        #[doc = #heading]
        #[doc = ""]
        #text
        #[doc = ""]
        #[doc = " Implement it, put `#[wsp::provider]` on the implementation, and the library exports the entry point. Every method"]
        #[doc = " may be called by several threads at once. A method that panics fails its call and poisons its socket."]
        pub trait Provider: Sized + Send + Sync + 'static {
            /// What the provider keeps for each of its sockets.
            type Socket: Send + Sync + 'static;
            /// The description that start-up hands to the host, at most 255 UTF-16 units of it.
            const DESCRIPTION: &'static str = "Winsock service provider";
            #(#methods)*
        }
        /// How this profile's descriptors are made.
        pub type Keys = ::wsp::handles::#keys;
        /// A provider with its place in memory. `#[wsp::provider]` implements it.
        pub trait Instance: Provider {
            /// The one instance of this provider in the process.
            fn cell() -> &'static ::wsp::rt::Cell<Self, <Self as Provider>::Socket, Keys>;
        }
    })
}

fn start(context: &Context<'_>, function: &Function, profile: &Profile) -> TokenStream {
    let text = context.doc_whole(function, &profile.name);
    let signature = signature(context, function);
    quote! {
        #text
        #[doc = ""]
        #[doc = " Called by the first start-up of the process and by each that follows a last clean-up. The runtime negotiates the"]
        #[doc = " version, counts and fills the table."]
        #signature;
    }
}

fn cleanup(context: &Context<'_>, function: &Function, profile: &Profile) -> TokenStream {
    let text = context.doc_whole(function, &profile.name);
    let signature = signature(context, function);
    quote! {
        #text
        #[doc = ""]
        #[doc = " Called by the last clean-up, when all sockets have been reset and released. The runtime counts."]
        #signature {}
        /// Called by the last clean-up for each socket that is still open: end what is pending on it, wake who waits on it, reset
        /// the connection. Send no notification.
        fn reset(&self, socket: &::wsp::rt::SocketRef<'_, Self::Socket>) { let _ = socket; }
    }
}

/// A function's method without its body.
pub fn signature(context: &Context<'_>, function: &Function) -> TokenStream {
    let error = names::error(&function.name);
    match function.managed {
        Some(Managed::Startup) => return quote!(fn start(startup: &::wsp::rt::Startup) -> Result<Self, error::#error>),
        Some(Managed::Cleanup) => return quote!(fn cleanup(&self)),
        None => {}
    }
    let name = names::method(&function.name);
    let socket = on_socket(function).then(|| quote!(, socket: &::wsp::rt::SocketRef<'_, Self::Socket>));
    let call = args::has_call(function).then(|| {
        let shape = names::shape(&function.name);
        let lifetime = args::call_borrows(function).then(|| quote!(<'_>));
        quote!(, call: &call::#shape #lifetime)
    });
    let ok = ok_type(context, function);
    quote!(fn #name(&self #socket #call) -> Result<#ok, error::#error>)
}

/// The method of a function that the runtime leaves to the provider.
fn method(context: &Context<'_>, function: &Function, profile: &Profile) -> Result<TokenStream, EmitError> {
    let text = context.doc_whole(function, &profile.name);
    let signature = signature(context, function);
    let body = match (&function.left_out, function.mandatory) {
        // It has no way to refuse: it answers nothing. Nobody comes to it either, since it is not offered.
        (None, false) if optional_extension(function) => nothing(function),
        (Some(code), false) => {
            let error = names::error(&function.name);
            let variant = errors::variant_of(context, function, code)?;
            let mut unused = Vec::new();
            if on_socket(function) {
                unused.push(ident("socket"));
            }
            if args::has_call(function) {
                unused.push(ident("call"));
            }
            quote!({ let _ = (#(#unused),*); Err(error::#error::#variant) })
        }
        _ => quote!(;),
    };
    let offered = optional_extension(function).then(|| {
        let offers = names::offers(&function.name);
        let line =
            format!(" Does this provider implement `{}`? If not, asking for it by GUID is refused.", function.name);
        quote!(#[doc = #line] const #offers: bool = false;)
    });
    Ok(quote!(#offered #text #signature #body))
}

/// Is the function called on a socket of this provider?
pub fn on_socket(function: &Function) -> bool {
    function.params.iter().any(|param| matches!(param.socket, Some(SocketUse::Use | SocketUse::Release)))
}

/// An extension function that a provider may do without.
pub fn optional_extension(function: &Function) -> bool {
    let can_be_left_out = function.left_out.is_some() || function.returns.error_via == ErrorVia::None;
    function.kind == FunctionKind::Extension && !function.mandatory && can_be_left_out
}

/// A body that answers zeros.
fn nothing(function: &Function) -> TokenStream {
    let members: Vec<_> = args::fields(function).map(|field| ident(&field.name)).collect();
    let call = args::has_call(function).then(|| quote!(let _ = call;));
    let value = match members.as_slice() {
        [] => quote!(()),
        [_] => quote!(::wsp::rt::zeroed()),
        _ => {
            let shape = names::shape(&function.name);
            quote!(done::#shape { #(#members: ::wsp::rt::zeroed()),* })
        }
    };
    quote!({ #call Ok(#value) })
}

/// The type of a successful result.
fn ok_type(context: &Context<'_>, function: &Function) -> TokenStream {
    if function.returns.creates.is_some() {
        return quote!(::wsp::rt::Opened<Self::Socket>);
    }
    let plain = args::plain(context, function, &quote!(done));
    if function.completion.is_some() { quote!(::wsp::rt::Outcome<#plain>) } else { plain }
}
