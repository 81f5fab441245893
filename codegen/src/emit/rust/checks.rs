//! The validation layer: for each function a fast path that is surely right, and the exact sequence behind it.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::{Context, error};
use super::names::{self, ident};
use crate::emit::EmitError;
use crate::model::{Allowed, AllowedSet, Check, CheckKind, Direction, Function, Param, Profile};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let mut items = Vec::new();
    let mut all = Vec::new();
    for function in profile.functions.iter().filter(|function| names::is_called_by_host(function.kind)) {
        for check in &function.checks {
            items.push(description(context, function, check)?);
            all.push(names::check(function, check));
        }
        items.push(validate(context, function)?);
    }
    Ok(quote! {
        #(#items)*
        /// Every check of this profile.
        pub static ALL: &[&::wsp::rt::Check] = &[#(&#all),*];
    })
}

fn description(context: &Context<'_>, function: &Function, check: &Check) -> Result<TokenStream, EmitError> {
    let name = names::check(function, check);
    let (id, text) = (&check.id, &check.text);
    let code = match &check.code {
        Some(code) => {
            let known = context.model.code(code);
            known.ok_or_else(|| error(&check.origin, id, format!("the code `{code}` is not in codes.yaml")))?.value
        }
        None => 0,
    };
    let code = Literal::i32_unsuffixed(code);
    let line = format!(" `{id}`, declared in `spec/{}`.", check.origin);
    Ok(
        quote!(#[doc = #line] pub static #name: ::wsp::rt::Check = ::wsp::rt::Check { id: #id, code: #code, text: #text };),
    )
}

/// Two functions: one decides in a few instructions whether a call is in order, the other finds what is wrong, in the declared
/// order. The second is out of line and does not come back to calls that were in order, so that they save no registers for it.
fn validate(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let name = names::method(&function.name);
    let passes_name = passes_name(function);
    let names: Vec<_> = function.params.iter().map(|param| ident(&param.name)).collect();
    let types: Vec<_> = function.params.iter().map(|param| context.ty(&param.ty)).collect();
    let mut steps = Vec::new();
    for check in &function.checks {
        steps.push(step(context, function, check)?);
    }
    let passes = passes(context, function)?;
    let passes_heading = format!(" Is a call of `{}` in order? If not surely, [`{name}`] decides.", function.name);
    let heading = format!(" The checks of `{}`: `Err` has the code, 0 where none can be stored.", function.name);
    Ok(quote! {
        #[doc = #passes_heading]
        #[doc = ""]
        #[doc = " # Safety"]
        #[doc = " Pointers that are not NULL and lie in user space must be readable."]
        #[inline(always)]
        pub unsafe fn #passes_name(#(#names: #types),*) -> bool {
            __safety!("what is read lies behind pointers found to be in user space; the caller vouches that they are readable.");
            unsafe { #passes }
        }
        #[doc = #heading]
        #[doc = ""]
        #[doc = " # Safety"]
        #[doc = " Pointers that are not NULL and lie in user space must be readable."]
        #[cold]
        #[inline(never)]
        pub unsafe fn #name(#(#names: #types),*) -> Result<(), i32> {
            __safety!("each pointer is read only after its address was checked.");
            unsafe { #(#steps)* }
            Ok(())
        }
    })
}

/// The function that decides whether a call is in order.
pub fn passes_name(function: &Function) -> proc_macro2::Ident {
    ident(&format!("{}_passes", names::method(&function.name).to_string().trim_start_matches("r#")))
}

/// The condition that no check fails. It may be false for a call that is in order: memory can change meanwhile.
fn passes(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let mut rest = Vec::new();
    for check in &function.checks {
        match &check.kind {
            CheckKind::Minimum { param, length, by_pointer, minimum } => {
                let fails = short(context, function, *param, *length, *by_pointer, *minimum)?;
                rest.push(quote!(!(#fails)));
            }
            CheckKind::Allowed { param } => {
                // Where NULL is refused, that is done by then: no need to ask again.
                let never_null = null_check(function, *param).is_some_and(|unless| unless.is_none());
                let fails = outside(context, function, check, *param, never_null)?;
                rest.push(quote!(!(#fails)));
            }
            CheckKind::AnyOf { params } => {
                let addresses = params.iter().map(|&index| address(context, &function.params[index]));
                rest.push(quote!((#(#addresses)|*) != 0));
            }
            CheckKind::Null { .. } | CheckKind::Address { .. } | CheckKind::Socket { .. } => {}
        }
    }
    let first = addresses_fit(context, function);
    Ok(quote!(#first #(&& #rest)*))
}

/// Is NULL refused for this parameter, and unless which other one is given?
fn null_check(function: &Function, param: usize) -> Option<Option<usize>> {
    function.checks.iter().find_map(|check| match &check.kind {
        CheckKind::Null { param: found, unless } if *found == param => Some(*unless),
        _ => None,
    })
}

/// The condition that all addresses are in order. Most calls leave out what may be left out: they are told by one comparison.
fn addresses_fit(context: &Context<'_>, function: &Function) -> TokenStream {
    let (mut spans, mut spans_given, mut optional) = (Vec::new(), Vec::new(), Vec::new());
    for check in &function.checks {
        match &check.kind {
            CheckKind::Null { param, unless } => {
                let address_of = address(context, &function.params[*param]);
                spans_given.push(match unless {
                    Some(other) => {
                        let other = address(context, &function.params[*other]);
                        quote!(::wsp::rt::addr::span_or(#address_of, #other))
                    }
                    None => quote!(::wsp::rt::addr::span(#address_of)),
                });
                spans.push(quote!(::wsp::rt::addr::span(#address_of)));
            }
            CheckKind::Address { param } if null_check(function, *param).is_none() => {
                let address = address(context, &function.params[*param]);
                spans_given.push(quote!(::wsp::rt::addr::span_if_given(#address)));
                optional.push(address);
            }
            _ => {}
        }
    }
    if spans_given.is_empty() {
        return quote!(true);
    }
    let given = quote!(::wsp::rt::addr::all_fit([#(#spans_given),*]));
    if optional.is_empty() || spans.is_empty() {
        return given;
    }
    quote!((::wsp::rt::addr::all_fit_alone([#(#spans),*], [#(#optional),*]) || {
        ::core::hint::cold_path();
        #given
    }))
}

/// One check, as a statement that returns when it fails.
fn step(context: &Context<'_>, function: &Function, check: &Check) -> Result<TokenStream, EmitError> {
    let condition = match &check.kind {
        CheckKind::Null { param, unless } => {
            let address_of = address(context, &function.params[*param]);
            match unless {
                Some(other) => {
                    let other = address(context, &function.params[*other]);
                    quote!(#address_of == 0 && #other == 0)
                }
                None => quote!(#address_of == 0),
            }
        }
        CheckKind::Address { param } => {
            let address = address(context, &function.params[*param]);
            quote!(#address != 0 && !::wsp::rt::addr::fits(::wsp::rt::addr::span(#address)))
        }
        CheckKind::Minimum { param, length, by_pointer, minimum } => {
            short(context, function, *param, *length, *by_pointer, *minimum)?
        }
        CheckKind::Allowed { param } => outside(context, function, check, *param, false)?,
        CheckKind::AnyOf { params } => {
            let addresses = params.iter().map(|&index| address(context, &function.params[index]));
            quote!((#(#addresses)|*) == 0)
        }
        // Done by the look-up itself, in the thunk.
        CheckKind::Socket { .. } => return Ok(TokenStream::new()),
    };
    let name = names::check(function, check);
    Ok(quote!(if #condition { return Err(::wsp::rt::refuse(&#name)); }))
}

/// The address in a pointer or callback parameter, 0 for NULL.
fn address(context: &Context<'_>, param: &Param) -> TokenStream {
    let name = ident(&param.name);
    if context.is_callback(&param.ty) {
        quote!(#name.map_or(0, |function| function as usize))
    } else {
        quote!((#name as usize))
    }
}

fn short(
    context: &Context<'_>,
    function: &Function,
    param: usize,
    length: usize,
    by_pointer: bool,
    minimum: u64,
) -> Result<TokenStream, EmitError> {
    let pointer = address(context, &function.params[param]);
    let length = &function.params[length];
    let name = ident(&length.name);
    let minimum = Literal::u64_unsuffixed(minimum);
    if by_pointer {
        return Ok(quote!(#pointer != 0 && !#name.is_null() && #name.read_unaligned() < #minimum));
    }
    if context.scalar(&length.ty).is_none() {
        return Err(error(&length.origin, &length.name, "a length needs an integer type"));
    }
    Ok(quote!(#pointer != 0 && #name < #minimum))
}

/// The condition that the value of a parameter is outside its allowed set. There is none behind NULL.
fn outside(
    context: &Context<'_>,
    function: &Function,
    check: &Check,
    param: usize,
    never_null: bool,
) -> Result<TokenStream, EmitError> {
    let param = &function.params[param];
    let Some(allowed) = &param.allowed else {
        return Err(error(&check.origin, &check.id, "no allowed set is declared"));
    };
    let name = ident(&param.name);
    let (mut fails, through) = violated(context, param, allowed)?;
    if through && !never_null {
        fails = quote!(!#name.is_null() && (#fails));
    }
    Ok(match &allowed.unless {
        Some((other, member)) => {
            let pointer = ident(&function.params[*other].name);
            let member = ident(member);
            quote!((#fails) && !(!#pointer.is_null() && (&raw const (*#pointer).#member).read_unaligned() != 0))
        }
        None => fails,
    })
}

/// The condition that a value is outside the allowed set, and whether the parameter points to it.
fn violated(context: &Context<'_>, param: &Param, allowed: &Allowed) -> Result<(TokenStream, bool), EmitError> {
    let name = ident(&param.name);
    let through =
        context.pointee(&param.ty).filter(|_| param.direction != Direction::In || context.is_pointer(&param.ty));
    let ty = through.clone().unwrap_or_else(|| param.ty.clone());
    let scalar =
        context.scalar(&ty).ok_or_else(|| error(&param.origin, &param.name, "an allowed set needs an integer type"))?;
    let value = if through.is_some() { quote!(#name.read_unaligned()) } else { quote!(#name) };
    let fails = match &allowed.set {
        AllowedSet::Values(values) => {
            let values = values.iter().map(|value| context.value(value, scalar));
            quote!(!matches!(#value, #(#values)|*))
        }
        AllowedSet::Flags(flags) => {
            let mask = flags.iter().fold(0, |mask, flag| mask | flag.value);
            let mask = context.number(mask, scalar);
            quote!(#value & !#mask != 0)
        }
        AllowedSet::Range(low, high) => {
            let (low, high) = (context.value(low, scalar), context.value(high, scalar));
            quote!(!(#low..=#high).contains(&#value))
        }
        AllowedSet::Constant(constant) => {
            let constant = context.value(constant, scalar);
            quote!(#value != #constant)
        }
    };
    Ok((fails, through.is_some()))
}
