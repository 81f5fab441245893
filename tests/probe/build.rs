//! Makes, from the spec, what the tests need of every function: a provider that touches all of its arguments and answers as
//! it is told, one that leaves everything out, and the entry points as data.

use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use wsp_codegen::emit::{self, Options, Output};
use wsp_codegen::model::Model;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    let model = wsp_codegen::compile(&wsp_codegen::build::builtin())
        .unwrap_or_else(|problems| panic!("the spec has errors:\n{}", problems.render(false)));
    let rust = emit::rust::emit(&model, Options::default()).unwrap_or_else(|problem| panic!("{problem}"));
    let fuzz = emit::fuzz::emit(&model).unwrap_or_else(|problem| panic!("{problem}"));
    for output in &fuzz {
        write(&out, &output.path, &output.contents);
    }
    write(&out, "probe.rs", &probes(&model, &rust).to_string());
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap_or_else(|problem| panic!("cannot write {name}: {problem}"));
}

/// A module per profile.
fn probes(model: &Model, rust: &[Output]) -> TokenStream {
    let modules = model.profiles.iter().map(|profile| {
        let name = format_ident!("{}", profile.name);
        let read = |kind: &str| parse(rust, &format!("{}_{kind}.rs", profile.name));
        let listed = error_lists(&read("errors"));
        let methods = provider_methods(&read("provider"), &listed);
        let probe = methods.iter().map(|method| &method.answering);
        let mandatory = methods.iter().filter(|method| method.mandatory).map(|method| &method.answering);
        let offers = offers(&read("provider"));
        let calls = read("calls");
        let samples = structs(&calls, "done").into_iter().map(|item| sample(&item));
        let touches = structs(&calls, "call").into_iter().map(|item| touch(&item));
        let errors = listed;
        let start = start(&read("provider"));
        quote! {
            /// What the tests have of this profile.
            #[allow(missing_docs, unused_imports, unused_variables, clippy::all)]
            pub mod #name {
                use wsp::ffi;
                use wsp::#name::{call, done, error};
                /// Touches every argument and answers as [`crate::probe::answer_with`] says.
                #[derive(Debug)]
                pub struct Probe;
                #[wsp::provider(export = false)]
                impl wsp::#name::Provider for Probe { type Socket = (); #offers #start #(#probe)* }
                /// Implements what must be, and leaves everything else out.
                #[derive(Debug)]
                pub struct Bare;
                #[wsp::provider(export = false)]
                impl wsp::#name::Provider for Bare { type Socket = (); #start #(#mandatory)* }
                #(#samples)*
                #(#touches)*
                /// The error list of every function.
                pub static ERRORS: &[crate::probe::Errors] = &[#(crate::probe::Errors::of::<error::#errors>()),*];
            }
        }
    });
    quote!(#(#modules)*)
}

fn parse(rust: &[Output], path: &str) -> syn::File {
    let output = rust.iter().find(|output| output.path == path).unwrap_or_else(|| panic!("no output {path}"));
    syn::parse_file(&output.contents).unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

/// A method of the trait, implemented.
struct Method {
    mandatory: bool,
    answering: TokenStream,
}

fn provider_trait(file: &syn::File) -> &syn::ItemTrait {
    let found = file.items.iter().find_map(|item| match item {
        syn::Item::Trait(item) if item.ident == "Provider" => Some(item),
        _ => None,
    });
    found.expect("the provider's trait is emitted")
}

fn trait_methods(file: &syn::File) -> impl Iterator<Item = &syn::TraitItemFn> {
    provider_trait(file).items.iter().filter_map(|item| match item {
        syn::TraitItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// Every method that stands for a function of the interface. Those without a list of errors cannot fail.
fn provider_methods(file: &syn::File, listed: &[syn::Ident]) -> Vec<Method> {
    let hooks = ["start", "cleanup", "reset"];
    let methods = trait_methods(file).filter(|method| hooks.iter().all(|hook| method.sig.ident != hook));
    methods
        .map(|method| {
            let signature = &method.sig;
            let has_call = signature.inputs.iter().any(|input| match input {
                syn::FnArg::Typed(typed) => matches!(&*typed.pat, syn::Pat::Ident(name) if name.ident == "call"),
                syn::FnArg::Receiver(_) => false,
            });
            let touch = has_call.then(|| quote!(crate::probe::Touch::touch(call);));
            let returns = signature.output.to_token_stream().to_string();
            let can_fail = listed.iter().any(|list| returns.split([' ', ':', '>']).any(|word| list == word));
            let answer = if can_fail { quote!(answer) } else { quote!(answer_always) };
            let answering = quote!(#signature { #touch crate::probe::#answer() });
            Method { mandatory: method.default.is_none(), answering }
        })
        .collect()
}

fn start(file: &syn::File) -> TokenStream {
    let method = trait_methods(file).find(|method| method.sig.ident == "start").expect("a provider starts");
    let signature = &method.sig;
    quote!(#signature { let _ = startup; crate::probe::start(|| Self) })
}

/// The constants by which optional extension functions are offered.
fn offers(file: &syn::File) -> TokenStream {
    let names = provider_trait(file).items.iter().filter_map(|item| match item {
        syn::TraitItem::Const(constant) if constant.ident.to_string().starts_with("OFFERS_") => Some(&constant.ident),
        _ => None,
    });
    quote!(#(const #names: bool = true;)*)
}

/// The structures in a module of the file.
fn structs(file: &syn::File, module: &str) -> Vec<syn::ItemStruct> {
    let items = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(item) if item.ident == module => item.content.as_ref().map(|(_, items)| items),
        _ => None,
    });
    let structs = items.flatten().filter_map(|item| match item {
        syn::Item::Struct(item) => Some(item.clone()),
        _ => None,
    });
    structs.collect()
}

fn sample(item: &syn::ItemStruct) -> TokenStream {
    let name = &item.ident;
    let fields = item.fields.iter().map(|field| &field.ident);
    quote! {
        impl crate::probe::Sample for done::#name {
            fn sample() -> Self { Self { #(#fields: crate::probe::Sample::sample()),* } }
        }
    }
}

fn touch(item: &syn::ItemStruct) -> TokenStream {
    let name = &item.ident;
    let lifetime = item.generics.lifetimes().next().map(|_| quote!(<'_>));
    let fields = item.fields.iter().map(|field| &field.ident);
    quote! {
        impl crate::probe::Touch for call::#name #lifetime {
            fn touch(&self) { #(crate::probe::Touch::touch(&self.#fields);)* }
        }
    }
}

/// The names of the error enums.
fn error_lists(file: &syn::File) -> Vec<syn::Ident> {
    let enums = file.items.iter().filter_map(|item| match item {
        syn::Item::Enum(item) => Some(item.ident.clone()),
        _ => None,
    });
    enums.collect()
}
