//! The C types and function-pointer types.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::context::{Context, error, has_alias};
use super::names::ident;
use crate::emit::EmitError;
use crate::model::{Aggregate, CType, Function, Param, TypeKind, TypeRef};

pub fn emit(context: &Context<'_>) -> Result<TokenStream, EmitError> {
    let mut items = Vec::new();
    for ty in &context.model.types {
        if !context.options.overlay || ty.origin.overlay {
            items.push(one(context, ty)?);
        }
    }
    items.extend(pointers(context));
    let items = items.into_iter();
    let base = context.options.overlay.then(|| {
        quote!(
            pub use ::wsp::ffi::*;
        )
    });
    Ok(quote!(#base #(#items)*))
}

fn one(context: &Context<'_>, ty: &CType) -> Result<TokenStream, EmitError> {
    let name = ident(&ty.name);
    let doc = context.doc_at(&ty.text, &ty.origin);
    Ok(match &ty.kind {
        TypeKind::Void => TokenStream::new(),
        TypeKind::Integer(_) | TypeKind::Handle(_) if !has_alias(&ty.name) => TokenStream::new(),
        TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => {
            let rust = ident(&scalar.rust);
            quote!(#doc pub type #name = #rust;)
        }
        TypeKind::Pointer { to } => {
            let inner = inside(context, to);
            let pointer = if to.is_const { quote!(*const #inner) } else { quote!(*mut #inner) };
            quote!(#doc pub type #name = #pointer;)
        }
        TypeKind::Callback { returns, params } => {
            let signature = signature(context, params, returns);
            quote!(#doc pub type #name = Option<#signature>;)
        }
        TypeKind::Opaque => quote! {
            #doc
            #[repr(C)]
            pub struct #name { _opaque: [u8; 0] }
        },
        TypeKind::Struct(aggregate) => aggregate_item(context, ty, aggregate, &quote!(struct))?,
        TypeKind::Union(aggregate) => aggregate_item(context, ty, aggregate, &quote!(union))?,
    })
}

fn aggregate_item(
    context: &Context<'_>,
    ty: &CType,
    aggregate: &Aggregate,
    keyword: &TokenStream,
) -> Result<TokenStream, EmitError> {
    let name = ident(&ty.name);
    let doc_type = context.doc_at(&ty.text, &ty.origin);
    let repr = match aggregate.pack {
        Some(pack) => {
            let pack = proc_macro2::Literal::u32_unsuffixed(pack);
            quote!(#[repr(C, packed(#pack))])
        }
        None => quote!(#[repr(C)]),
    };
    let mut fields = Vec::new();
    for field in &aggregate.fields {
        let doc = context.doc(&field.text);
        let field_name = ident(&field.name);
        let mut inner = inside(context, &field.ty);
        if let Some(length) = &field.array {
            let length = usize::try_from(length.value)
                .map_err(|_| error(&ty.origin, &ty.name, format!("`{}` has an impossible length", field.name)))?;
            let length = proc_macro2::Literal::usize_unsuffixed(length);
            inner = quote!([#inner; #length]);
        }
        fields.push(quote!(#doc pub #field_name: #inner));
    }
    Ok(quote! {
        #doc_type
        #repr
        #[derive(Clone, Copy)]
        pub #keyword #name { #(#fields),* }
        __safety!("made of integers, pointers, nullable functions and arrays of them only, as declared in the spec: any bits are a valid value.");
        unsafe impl ::wsp::rt::Pod for #name {}
    })
}

/// A type as spelled inside the `ffi` module itself.
fn inside(context: &Context<'_>, ty: &TypeRef) -> TokenStream {
    context.ty(ty)
}

/// The type of a C function.
pub fn signature(context: &Context<'_>, params: &[Param], returns: &TypeRef) -> TokenStream {
    let names = params.iter().map(|param| ident(&param.name));
    let types = params.iter().map(|param| context.ty(&param.ty));
    let returns = result(context, returns);
    quote!(unsafe extern "system" fn(#(#names: #types),*) #returns)
}

/// `-> T`, or nothing for `void`.
pub fn result(context: &Context<'_>, returns: &TypeRef) -> TokenStream {
    let is_void = returns.pointers == 0
        && matches!(context.model.type_named(&returns.base).map(|ty| &ty.kind), Some(TypeKind::Void));
    if is_void {
        return TokenStream::new();
    }
    let returns = context.ty(returns);
    quote!(-> #returns)
}

/// One pointer type per function name, whatever profiles it is in: the C signature is the same in all.
fn pointers(context: &Context<'_>) -> Vec<TokenStream> {
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for function in context.model.profiles.iter().flat_map(|profile| &profile.functions) {
        let wanted = !context.options.overlay || (function.origin.overlay && is_new(context, function));
        if wanted && seen.insert(&function.pointer) {
            let text = format!("Pointer to `{}`. {}", function.name, function.summary);
            let doc = context.doc_at(&text, &function.origin);
            let pointer = pointer(context, function);
            items.push(quote!(#doc #pointer));
        }
    }
    items
}

/// The type of the pointers to a function.
pub fn pointer(context: &Context<'_>, function: &Function) -> TokenStream {
    let name = ident(&function.pointer);
    let signature = signature(context, &function.params, &function.returns.ty);
    quote!(pub type #name = Option<#signature>;)
}

/// Was the function added by the author's folder (rather than amended)? Added ones have no table slot.
fn is_new(context: &Context<'_>, function: &Function) -> bool {
    !context.model.tables.iter().any(|table| table.slots.contains(&function.name)) && function.guid.is_some()
}
