//! The attribute that turns a provider implementation into an exported entry point. Use it through the `wsp` crate.

mod provider;

use proc_macro::TokenStream;

/// Gives a provider its place in memory and exports its entry point.
///
/// Put it on the implementation of a profile's `Provider` trait, named with its module, as in
/// `impl wsp::winsock::Provider for Echo`. It writes
/// - the one static instance of the provider for that profile,
/// - the link from the provider to its start-up function,
/// - and the exported function itself: `WSPStartup` for `winsock`, `WSPStartupEx` for `san`.
///
/// On an implementation of `wsp::transport::Transport` it does all of that for both profiles: the runtime makes a provider of
/// the transport for each.
///
/// `#[wsp::provider(export = false)]` leaves the export out: use it in a library that others link, and write
/// `wsp::export!(Echo, winsock);` in the one that is to be loaded. Two linked libraries that export the same function do not
/// link.
///
/// # Errors
/// A compile error on anything that is not such an implementation: another trait, a generic type, an unknown argument.
#[proc_macro_attribute]
pub fn provider(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    match provider::expand(arguments.into(), item.clone()) {
        Ok(expanded) => expanded.into(),
        // The item stays, so that the one error is not followed by others about what seems to be missing.
        Err(error) => {
            let error = error.into_compile_error();
            quote::quote!(#item #error).into()
        }
    }
}
