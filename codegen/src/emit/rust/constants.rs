//! Constants, GUIDs and error codes.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::context::{Context, error};
use super::names::ident;
use crate::emit::EmitError;
use crate::model::{Constant, ConstantValue, Guid};

pub fn emit(context: &Context<'_>) -> Result<TokenStream, EmitError> {
    let mut items = Vec::new();
    for constant in context.model.groups.iter().flat_map(|group| &group.constants) {
        if !context.options.overlay || constant.origin.overlay {
            items.push(one(context, constant)?);
        }
    }
    Ok(quote!(#(#items)*))
}

fn one(context: &Context<'_>, constant: &Constant) -> Result<TokenStream, EmitError> {
    let name = ident(&constant.name);
    let doc = context.doc_at(&constant.text, &constant.origin);
    let ty = context.ty(&constant.ty);
    let value = match constant.value {
        ConstantValue::Integer(value) => match context.scalar(&constant.ty) {
            Some(scalar) => context.number(value, scalar),
            None if context.is_pointer(&constant.ty) && value == 0 => quote!(::core::ptr::null_mut()),
            None => return Err(error(&constant.origin, &constant.name, "a number needs an integer type")),
        },
        ConstantValue::Guid(guid) => guid_literal(guid),
    };
    Ok(quote!(#doc pub const #name: #ty = #value;))
}

fn guid_literal(guid: Guid) -> TokenStream {
    let data1 = hex(guid.data1.into(), 8);
    let data2 = hex(guid.data2.into(), 4);
    let data3 = hex(guid.data3.into(), 4);
    let data4 = guid.data4.iter().map(|byte| hex((*byte).into(), 2));
    quote!(ffi::GUID { Data1: #data1, Data2: #data2, Data3: #data3, Data4: [#(#data4),*] })
}

fn hex(value: u64, digits: usize) -> Literal {
    // A literal in hexadecimal can only be had by parsing; every `u64` parses.
    format!("0x{value:0digits$X}").parse().unwrap_or_else(|_| Literal::u64_unsuffixed(value))
}

/// The error codes, with what an operation's `Internal` holds for each.
pub fn codes(context: &Context<'_>) -> TokenStream {
    let codes: Vec<_> =
        context.model.codes.iter().filter(|code| !context.options.overlay || code.origin.overlay).collect();
    let consts = codes.iter().map(|code| {
        let name = ident(&code.name);
        let doc = context.doc_at(&code.text, &code.origin);
        let value = Literal::i32_unsuffixed(code.value);
        quote!(#doc pub const #name: i32 = #value;)
    });
    let entries = codes.iter().map(|code| {
        let (name, text) = (&code.name, code.text.trim());
        let value = Literal::i32_unsuffixed(code.value);
        let status = match code.ntstatus {
            Some(status) => {
                let status = hex(status.into(), 8);
                quote!(Some(#status))
            }
            None => quote!(None),
        };
        quote!(::wsp::rt::CodeInfo { name: #name, value: #value, text: #text, ntstatus: #status })
    });
    quote! {
        #(#consts)*
        /// Every code of the interface, in the order of the spec.
        pub static ALL: &[::wsp::rt::CodeInfo] = &[#(#entries),*];
    }
}
