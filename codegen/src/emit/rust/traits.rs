//! The trait that a provider implements, one per profile.

use proc_macro2::TokenStream;
use quote::quote;

use super::args;
use super::context::{Context, everything};
use super::errors;
use super::names::{self, ident};
use super::text;
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
    let note = "
Called by the first start-up of the process and by each that follows a last clean-up. The runtime negotiates the
version, counts and fills the table.
";
    context.item(documented(&(everything(function, &profile.name) + note), &signature(context, function, ";")))
}

fn cleanup(context: &Context<'_>, function: &Function, profile: &Profile) -> TokenStream {
    let note = "\nCalled by the last clean-up, when all sockets have been reset and released. The runtime counts.\n";
    let text = everything(function, &profile.name) + note;
    let method = context.item(documented(&text, &signature(context, function, " {}")));
    quote! {
        #method
        /// Called by the last clean-up for each socket that is still open: end what is pending on it, wake who waits on it, reset
        /// the connection. Send no notification.
        fn reset(&self, socket: &::wsp::rt::SocketRef<'_, Self::Socket>) { let _ = socket; }
    }
}

/// A declaration with its documentation.
fn documented(documentation: &str, declaration: &str) -> String {
    let mut out = String::with_capacity(2 * documentation.len());
    text::document(&mut out, "", documentation);
    out.push_str(declaration);
    out
}

/// The columns before a method, which stands in the trait.
const INDENT: usize = 4;

/// A function's method up to its body, or with the `end` that is there instead.
pub fn signature(context: &Context<'_>, function: &Function, end: &str) -> String {
    let error = format!("error::{}", names::error(&function.name));
    match function.managed {
        Some(Managed::Startup) => {
            return format!("fn start(startup: &::wsp::rt::Startup) -> Result<Self, {error}>{end}\n");
        }
        Some(Managed::Cleanup) => return format!("fn cleanup(&self){end}\n"),
        None => {}
    }
    let mut params = vec!["&self".to_owned()];
    if on_socket(function) {
        params.push("socket: &::wsp::rt::SocketRef<'_, Self::Socket>".to_owned());
    }
    if args::has_call(function) {
        let lifetime = if args::call_borrows(function) { "<'_>" } else { "" };
        params.push(format!("call: &call::{}{lifetime}", names::shape(&function.name)));
    }
    let returns = text::result(INDENT, &ok_type(context, function), &error, end);
    text::head(INDENT, &format!("fn {}", names::method(&function.name)), &params, &returns)
}

/// The method of a function that the runtime leaves to the provider.
fn method(context: &Context<'_>, function: &Function, profile: &Profile) -> Result<TokenStream, EmitError> {
    let mut text = String::new();
    if optional_extension(function) {
        let offers = names::offers(&function.name);
        text = format!(
            "/// Does this provider implement `{}`? If not, asking for it by GUID is refused.\nconst {offers}: bool = false;\n",
            function.name
        );
    }
    let documentation = everything(function, &profile.name);
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
        _ => return Ok(context.item(text + &documented(&documentation, &signature(context, function, ";")))),
    };
    let head = context.head(text + &documented(&documentation, &signature(context, function, " {")));
    Ok(quote!(fn #head() #body))
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
fn ok_type(context: &Context<'_>, function: &Function) -> String {
    if function.returns.creates.is_some() {
        return "::wsp::rt::Opened<Self::Socket>".to_owned();
    }
    let plain = args::plain(context, function);
    if function.completion.is_some() { format!("::wsp::rt::Outcome<{plain}>") } else { plain }
}
