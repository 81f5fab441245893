//! The start-up function of a profile: what the library exports.

use proc_macro2::TokenStream;
use quote::quote;

use super::context::{Context, error};
use super::names::{self, ident, member};
use crate::emit::EmitError;
use crate::model::{Function, Managed, Param, Profile, Table};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let function =
        profile.functions.iter().find(|function| function.managed == Some(Managed::Startup)).ok_or_else(|| {
            EmitError { emitter: "rust", item: profile.name.clone(), message: "no start-up function".into() }
        })?;
    let names: Vec<_> = function.params.iter().map(|param| names::param(&param.name)).collect();
    let types: Vec<_> = function.params.iter().map(|param| context.ty(&param.ty)).collect();
    let check = names::method(&function.name);
    let error_enum = names::error(&function.name);
    let pointer = ident(&function.pointer);
    let version = role(function, "the version", |param| context.scalar(&param.ty).is_some())?;
    let data = role(function, "the description", |param| points_to(context, param, "WSPDATA"))?;
    let info = role(function, "the protocol", |param| points_to(context, param, "WSAPROTOCOL_INFOW"))?;
    let table = role(function, "the function table", |param| points_to(context, param, &profile.table))?;
    let upcalls = role(function, "the upcalls", |param| {
        param.ty.base == profile.upcalls || points_to(context, param, &profile.upcalls)
    })?;
    let given = function.params.iter().find(|param| names::param(&param.name) == upcalls);
    let by_value = given.is_some_and(|param| param.ty.base == profile.upcalls && param.ty.pointers == 0);
    let given = if by_value {
        quote!(let given = #upcalls;)
    } else {
        quote! {
            __safety!("checked above.");
            let given = unsafe { ::wsp::rt::read(#upcalls) };
        }
    };
    let widened = widen(context.model.table(&profile.upcalls), widest(context));
    let summary = context.doc_function(function);
    let called = format!("{}.{}", profile.name, function.name);
    Ok(quote! {
        #summary
        #[doc = ""]
        #[doc = " # Safety"]
        #[doc = " To be called by a host only, with what the interface asks for."]
        pub unsafe extern "system" fn startup<P: Instance>(#(#names: #types),*) -> i32 {
            let call = ::wsp::rt::trace::Call::begin(#called);
            let outcome = ::wsp::rt::guard(
                || {
                    __safety!("the host passes what the interface asks for; what it gets wrong by value the checks find.");
                    unsafe { check::#check(#(#names),*)? };
                    #given
                    let upcalls = #widened;
                    __safety!("checked above.");
                    let info = unsafe { ::wsp::rt::In::new(#info).read() };
                    let accepted = P::cell().start(#version, info, upcalls, P::DESCRIPTION, |startup| {
                        P::start(startup).map_err(|error| error as i32)
                    })?;
                    __safety!("checked above; the whole table and description are written at once, after nothing can fail any more.");
                    unsafe {
                        ::wsp::rt::store(#data, accepted);
                        ::wsp::rt::store(
                            #table,
                            if ::wsp::rt::trace::is_on() { traced_table::<P>() } else { table::<P>() },
                        );
                    }
                    Ok(0)
                },
                || <error::#error_enum as ::wsp::rt::ErrorList>::FALLBACK as i32,
            );
            let code = match outcome { Ok(code) | Err(code) => code };
            call.end(0, code);
            code
        }
        /// The type of the start-up function.
        pub type StartupPointer = ffi::#pointer;
    })
}

/// The parameter that plays a part, found by its type.
fn role(function: &Function, part: &str, fits: impl Fn(&Param) -> bool) -> Result<proc_macro2::Ident, EmitError> {
    let param = function.params.iter().find(|param| fits(param));
    param
        .map(|param| names::param(&param.name))
        .ok_or_else(|| error(&function.origin, &function.name, format!("no parameter for {part}")))
}

fn points_to(context: &Context<'_>, param: &Param, base: &str) -> bool {
    context.pointee(&param.ty).is_some_and(|inner| inner.pointers == 0 && inner.base == base)
}

/// The upcall table that has the slots of all others.
pub fn widest<'m>(context: &'m Context<'_>) -> Option<&'m Table> {
    let used = context.model.profiles.iter().filter_map(|profile| context.model.table(&profile.upcalls));
    used.max_by_key(|table| table.slots.len())
}

/// A narrow upcall table as the widest: what it lacks is looked for among the host's exports.
fn widen(given: Option<&Table>, widest: Option<&Table>) -> TokenStream {
    let (Some(given), Some(widest)) = (given, widest) else { return quote!(given) };
    if given.name == widest.name {
        return quote!(given);
    }
    let name = ident(&widest.name);
    let members = widest.slots.iter().map(|slot| {
        let field = member(slot);
        if given.slots.contains(slot) {
            return quote!(#field: given.#field);
        }
        let symbol = format!("{slot}\0");
        let symbol = proc_macro2::Literal::byte_string(symbol.as_bytes());
        let pointer = ident(&format!("LP{}", slot.to_uppercase()));
        quote!(#field: {
            __safety!("an export of this name has the declared type, by the interface.");
            unsafe { ::core::mem::transmute::<usize, ffi::#pointer>(::wsp::rt::host_export(#symbol)) }
        })
    });
    quote!(ffi::#name { #(#members),* })
}
