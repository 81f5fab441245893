//! Extension functions: found by GUID, handed out by the call that the spec names.

use proc_macro2::TokenStream;
use quote::quote;

use super::context::{Context, error};
use super::names::{self, ident};
use super::thunks::is_extension;
use super::traits::optional_extension;
use crate::emit::EmitError;
use crate::model::{CheckKind, Function, Profile};

/// `fn extension`: from a GUID to the thunk.
pub fn lookup(profile: &Profile) -> TokenStream {
    let arms = profile.functions.iter().filter(|function| is_extension(function)).filter_map(|function| {
        let guid = ident(function.guid.as_ref()?);
        let thunk = names::method(&function.name);
        let pointer = ident(&function.pointer);
        let found = quote! {
            {
                let traced: ffi::#pointer = Some(traced::#thunk::<P>);
                let plain: ffi::#pointer = Some(thunk::#thunk::<P>);
                let pointer = if ::wsp::rt::trace::is_on() { traced } else { plain };
                ::wsp::rt::Extension::Pointer(pointer.map_or(0, |function| function as usize))
            }
        };
        let answer = if optional_extension(function) {
            let offers = names::offers(&function.name);
            quote!(if P::#offers #found else { ::wsp::rt::Extension::LeftOut })
        } else {
            found
        };
        Some(quote!(if ::wsp::rt::same_guid(guid, &ffi::#guid) { return #answer; }))
    });
    quote! {
        /// The extension function of this GUID, if the profile has one and the provider offers it.
        pub fn extension<P: Instance>(guid: &ffi::GUID) -> ::wsp::rt::Extension {
            let _ = guid;
            #(#arms)*
            ::wsp::rt::Extension::Unknown
        }
    }
}

/// In the thunk of the function that hands extension functions out: answers for those of the profile, passes other GUIDs on.
pub fn door(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let Some(door) = &function.extensions else { return Ok(TokenStream::new()) };
    let param = |index: usize| {
        function
            .params
            .get(index)
            .ok_or_else(|| error(&function.origin, &function.name, "the extension door names no parameter"))
    };
    let length_of = |index: usize| match param(index)?.length {
        Some(crate::model::Length::Counted { param: length, .. }) => Ok(names::param(&param(length)?.name)),
        _ => Err(error(&function.origin, &function.name, "the extension door needs buffers of stated length")),
    };
    let code_param = param(door.code)?;
    let code = names::param(&code_param.name);
    let scalar = context
        .scalar(&code_param.ty)
        .ok_or_else(|| error(&code_param.origin, &code_param.name, "a control code needs an integer type"))?;
    let equals = context.value(&door.equals, scalar);
    let (guid, guid_length) = (names::param(&param(door.guid)?.name), length_of(door.guid)?);
    let (pointer, pointer_length) = (names::param(&param(door.pointer)?.name), length_of(door.pointer)?);
    let returned = names::param(&param(door.returned)?.name);
    let error_enum = names::error(&function.name);
    let missing = super::errors::variant_of(context, function, &door.missing)?;
    let short = function
        .checks
        .iter()
        .find(|check| matches!(check.kind, CheckKind::Address { param, .. } if param == door.pointer));
    let short = match short {
        Some(check) => {
            let name = names::check(function, check);
            quote!(::wsp::rt::refuse(&check::#name))
        }
        None => quote!(error::#error_enum::#missing as i32),
    };
    Ok(quote! {
        if #code == #equals {
            __safety!("the addresses were checked, the lengths are the caller's word.");
            let answer = unsafe {
                ::wsp::rt::extension_door(
                    ::wsp::rt::Bytes::new(#guid.cast(), #guid_length as usize),
                    ::wsp::rt::BytesOut::new(#pointer.cast(), #pointer_length as usize),
                    super::extension::<P>,
                )
            };
            match answer {
                ::wsp::rt::Door::Given(size) => {
                    __safety!("checked, or NULL.");
                    unsafe { ::wsp::rt::store(#returned, size as _) };
                    return Ok(0);
                }
                ::wsp::rt::Door::LeftOut => return Err(error::#error_enum::#missing as i32),
                ::wsp::rt::Door::Short => return Err(#short),
                ::wsp::rt::Door::NotOurs => {}
            }
        }
    })
}
