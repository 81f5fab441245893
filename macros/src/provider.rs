//! `#[wsp::provider]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Ident, ItemImpl, LitBool, Path, Result, Token, parse2};

/// What is written beside the implementation.
pub fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let export = export(arguments)?;
    let implementation: ItemImpl = parse2(item).map_err(|error| {
        Error::new(
            error.span(),
            "#[wsp::provider] goes on `impl wsp::winsock::Provider for YourType` (or `wsp::san::Provider`, or \
             `wsp::transport::Transport`)",
        )
    })?;
    if let Some(parameter) = implementation.generics.params.first() {
        return Err(Error::new(parameter.span(), "a provider is one static instance: its type cannot be generic"));
    }
    let provider = &implementation.self_ty;
    if is_transport(&implementation) {
        let place = transport_place(provider);
        let export = export.then(|| {
            quote! {
                ::wsp::export!(#provider, winsock);
                ::wsp::export!(#provider, san);
            }
        });
        return Ok(quote! {
            #implementation
            const _: () = { #place };
            #export
        });
    }
    let (module, profile) = profile(&implementation)?;
    let place = quote_spanned! {provider.span()=>
        static CELL: ::wsp::rt::Cell<#provider, <#provider as #module::Provider>::Socket, #module::Keys> =
            ::wsp::rt::Cell::<#provider, <#provider as #module::Provider>::Socket, #module::Keys>::new();
        impl #module::Instance for #provider {
            fn cell() -> &'static ::wsp::rt::Cell<Self, <Self as #module::Provider>::Socket, #module::Keys> {
                &CELL
            }
        }
        impl ::wsp::rt::Startable<#module::StartupPointer> for #provider {
            const STARTUP: #module::StartupPointer = Some(#module::startup::<#provider>);
        }
    };
    let export = export.then(|| quote!(::wsp::export!(#provider, #profile);));
    Ok(quote! {
        #implementation
        const _: () = { #place };
        #export
    })
}

/// Is it an implementation of the transport's trait, from which providers for both profiles are made?
fn is_transport(implementation: &ItemImpl) -> bool {
    let path = implementation.trait_.as_ref().map(|(path, _)| path);
    path.and_then(|path| path.segments.last()).is_some_and(|segment| segment.ident == "Transport")
}

/// The places of the providers that a transport makes, and the links to their start-up functions.
fn transport_place(transport: &syn::Type) -> TokenStream {
    quote_spanned! {transport.span()=>
        type Socket = ::std::sync::Arc<::wsp::engine::Endpoint<#transport>>;
        type Streams = ::wsp::engine::Streams<#transport>;
        type Messages = ::wsp::engine::Messages<#transport>;
        static STREAMS: ::wsp::rt::Cell<Streams, Socket, ::wsp::winsock::Keys> =
            ::wsp::rt::Cell::<Streams, Socket, ::wsp::winsock::Keys>::new();
        static MESSAGES: ::wsp::rt::Cell<Messages, Socket, ::wsp::san::Keys> =
            ::wsp::rt::Cell::<Messages, Socket, ::wsp::san::Keys>::new();
        impl ::wsp::engine::Placed for #transport {
            fn streams() -> &'static ::wsp::rt::Cell<Streams, Socket, ::wsp::winsock::Keys> {
                &STREAMS
            }
            fn messages() -> &'static ::wsp::rt::Cell<Messages, Socket, ::wsp::san::Keys> {
                &MESSAGES
            }
        }
        impl ::wsp::rt::Startable<::wsp::winsock::StartupPointer> for #transport {
            const STARTUP: ::wsp::winsock::StartupPointer = Some(::wsp::winsock::startup::<Streams>);
        }
        impl ::wsp::rt::Startable<::wsp::san::StartupPointer> for #transport {
            const STARTUP: ::wsp::san::StartupPointer = Some(::wsp::san::startup::<Messages>);
        }
    }
}

/// The arguments: nothing, or `export = false`.
fn export(arguments: TokenStream) -> Result<bool> {
    if arguments.is_empty() {
        return Ok(true);
    }
    let parse = |input: syn::parse::ParseStream<'_>| {
        let name: Ident = input.parse()?;
        if name != "export" {
            return Err(Error::new(
                name.span(),
                format!("unknown argument `{name}`; the only one is `export = false`"),
            ));
        }
        input.parse::<Token![=]>()?;
        let value: LitBool = input.parse()?;
        if !input.is_empty() {
            return Err(input.error("one argument is enough: `export = false`"));
        }
        Ok(value.value)
    };
    syn::parse::Parser::parse2(parse, arguments)
}

/// The module of the implemented trait, and its last segment: the profile.
fn profile(implementation: &ItemImpl) -> Result<(Path, Ident)> {
    let Some((path, _)) = &implementation.trait_ else {
        return Err(Error::new(
            implementation.self_ty.span(),
            "#[wsp::provider] needs a trait implementation: `impl wsp::winsock::Provider for …`",
        ));
    };
    let named = path.segments.last().is_some_and(|segment| segment.ident == "Provider");
    let Some(before) = path.segments.len().checked_sub(2).and_then(|at| path.segments.get(at)).filter(|_| named) else {
        return Err(Error::new(
            path.span(),
            "name the trait with its module, which says the profile: `wsp::winsock::Provider` or `wsp::san::Provider`",
        ));
    };
    let profile = before.ident.clone();
    if profile != "winsock" && profile != "san" {
        return Err(Error::new(
            profile.span(),
            format!("no profile is called `{profile}`; there are `winsock` and `san`"),
        ));
    }
    let mut module = path.clone();
    module.segments = path.segments.iter().take(path.segments.len() - 1).cloned().collect();
    Ok((module, profile))
}
