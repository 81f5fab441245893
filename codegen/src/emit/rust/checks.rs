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
    Ok(quote!(#[doc = #line] pub static #name: ::wsp::rt::Check = ::wsp::rt::Check { id: #id, code: #code, text: #text };))
}

/// `validate` decides in a few instructions for calls that are in order; `exact` finds what is wrong, in the declared order.
fn validate(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let name = names::method(&function.name);
    let exact_name = ident(&format!("{name}_exact"));
    let names: Vec<_> = function.params.iter().map(|param| ident(&param.name)).collect();
    let types: Vec<_> = function.params.iter().map(|param| context.ty(&param.ty)).collect();
    let mut steps = Vec::new();
    for check in &function.checks {
        steps.push(step(context, function, check)?);
    }
    let surely = surely(context, function)?;
    let heading = format!(" The checks of `{}`: `Err` has the code, 0 where none can be stored.", function.name);
    Ok(quote! {
        #[doc = #heading]
        #[doc = ""]
        #[doc = " # Safety"]
        #[doc = " Pointers that are not NULL and lie in user space must be readable."]
        #[inline(always)]
        pub unsafe fn #name(#(#names: #types),*) -> Result<(), i32> {
            __safety!("what is read lies behind pointers found to be in user space; the caller vouches that they are readable.");
            if unsafe { #surely } { return Ok(()); }
            __safety!("as above.");
            unsafe { #exact_name(#(#names),*) }
        }
        #[inline(never)]
        unsafe fn #exact_name(#(#names: #types),*) -> Result<(), i32> {
            __safety!("each pointer is read only after its address was checked.");
            unsafe { #(#steps)* }
            Ok(())
        }
    })
}

/// A condition that implies that no check fails. It may be false for a call that is in order (the exact sequence decides then).
fn surely(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let mut required = Vec::new();
    let mut rest = Vec::new();
    for check in &function.checks {
        match &check.kind {
            CheckKind::Null { param, .. } => {
                let address = address(context, &function.params[*param]);
                required.push(quote!(::wsp::rt::addr::span(#address)));
            }
            CheckKind::Address { param } => {
                let has_null = function.checks.iter().any(|other| matches!(&other.kind, CheckKind::Null { param: p, .. } if p == param));
                if !has_null {
                    let address = address(context, &function.params[*param]);
                    rest.push(quote!((#address == 0 || ::wsp::rt::addr::fits(::wsp::rt::addr::span(#address)))));
                }
            }
            CheckKind::Minimum { param, length, by_pointer, minimum } => {
                let fails = short(context, function, *param, *length, *by_pointer, *minimum)?;
                rest.push(quote!(!(#fails)));
            }
            CheckKind::Allowed { param } => {
                let param = &function.params[*param];
                if let Some(allowed) = &param.allowed {
                    let fails = outside(context, param, allowed)?;
                    rest.push(quote!(!(#fails)));
                }
            }
            CheckKind::AnyOf { params } => {
                let addresses = params.iter().map(|&index| address(context, &function.params[index]));
                rest.push(quote!((#(#addresses)|*) != 0));
            }
            CheckKind::Socket { .. } => {}
        }
    }
    let first = if required.is_empty() { quote!(true) } else { quote!(::wsp::rt::addr::fits(#(#required)|*)) };
    Ok(quote!(#first #(&& #rest)*))
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
        CheckKind::Allowed { param } => {
            let param = &function.params[*param];
            let Some(allowed) = &param.allowed else {
                return Err(error(&check.origin, &check.id, "no allowed set is declared"));
            };
            let fails = outside(context, param, allowed)?;
            match &allowed.unless {
                Some((other, member)) => {
                    let pointer = ident(&function.params[*other].name);
                    let member = ident(member);
                    quote!((#fails) && !(!#pointer.is_null() && (&raw const (*#pointer).#member).read_unaligned() != 0))
                }
                None => fails,
            }
        }
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

/// The condition that the value of a parameter is outside its allowed set.
fn outside(context: &Context<'_>, param: &Param, allowed: &Allowed) -> Result<TokenStream, EmitError> {
    let name = ident(&param.name);
    let through = context.pointee(&param.ty).filter(|_| param.direction != Direction::In || context.is_pointer(&param.ty));
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
    Ok(if through.is_some() { quote!(!#name.is_null() && (#fails)) } else { fails })
}
