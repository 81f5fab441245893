//! The caller's side: typed calls through a table of somebody else's functions.

use proc_macro2::TokenStream;
use quote::quote;

use super::args;
use super::context::{Context, error};
use super::names::{self, ident, member};
use super::thunks::is_void;
use crate::emit::EmitError;
use crate::model::{Arg, Direction, ErrorVia, Function, FunctionKind, Lift, Meaning, Profile, Unit};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let table = ident(&profile.table);
    let mut methods = Vec::new();
    for function in profile.of_kind(FunctionKind::Table) {
        let field = member(&function.name);
        let errors = quote!(error);
        methods.push(method(context, function, &quote!(self.table.#field), &errors, &quote!(done))?);
    }
    let mut extensions = Vec::new();
    for function in profile.of_kind(FunctionKind::Extension) {
        extensions.push(extension(context, function)?);
    }
    Ok(quote! {
        /// A provider's function table, as start-up filled it.
        #[derive(Clone, Copy)]
        pub struct Table { table: ffi::#table }
        impl Table {
            /// Takes a table over.
            ///
            /// # Safety
            /// Every entry that is not NULL must be a function of the declared type that keeps to the interface, and stay
            /// loaded as long as this value (or a copy of it) is used.
            pub const unsafe fn new(table: ffi::#table) -> Self { Self { table } }
            /// The raw table.
            pub const fn raw(&self) -> &ffi::#table { &self.table }
            #(#methods)*
        }
        #(#extensions)*
    })
}

/// An extension function is a value of its own: it was asked for by GUID.
fn extension(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let name = names::shape(&function.name);
    let pointer = ident(&function.pointer);
    let method = method(context, function, &quote!(self.0), &quote!(error), &quote!(done))?;
    let line = format!(" The extension function `{}` of some provider.", function.name);
    let guid = function.guid.as_ref().map(|guid| {
        let guid = ident(guid);
        quote! {
            /// The GUID it is asked for by.
            pub const GUID: ffi::GUID = ffi::#guid;
        }
    });
    Ok(quote! {
        #[doc = #line]
        #[derive(Clone, Copy)]
        pub struct #name(ffi::#pointer);
        impl #name {
            #guid
            /// Takes a pointer over.
            ///
            /// # Safety
            /// A pointer that is not NULL must be a function of the declared type that keeps to the interface, and stay loaded.
            pub const unsafe fn new(pointer: ffi::#pointer) -> Self { Self(pointer) }
            #method
        }
    })
}

/// A typed method around one raw function pointer (`Option<fn>`), which `pointer` reads.
pub fn method(
    context: &Context<'_>,
    function: &Function,
    pointer: &TokenStream,
    errors: &TokenStream,
    done: &TokenStream,
) -> Result<TokenStream, EmitError> {
    let text = context.doc_function(function);
    let name = names::method(&function.name);
    let error_enum = names::error(&function.name);
    let c_name = &function.name;
    let mut typed = Vec::new();
    let mut before = Vec::new();
    let mut raw: Vec<TokenStream> = function.params.iter().map(|_| TokenStream::new()).collect();
    for arg in &function.args {
        argument(context, function, arg, &mut typed, &mut before, &mut raw)?;
    }
    results(context, function, &mut before, &mut raw)?;
    for (index, param) in function.params.iter().enumerate() {
        if param.errno {
            raw[index] = quote!(&mut errno);
        } else if raw[index].is_empty() {
            return Err(error(&param.origin, &param.name, "no argument or result covers this parameter"));
        }
    }
    let plain = args::plain(context, function, done);
    let plain = match (&function.returns.creates, function.returns.meaning) {
        (Some(_), _) => context.ty(&function.returns.ty),
        _ => plain,
    };
    let ok = if function.completion.is_some() { quote!(::wsp::rt::Outcome<#plain>) } else { plain };
    let judge = judge(context, function, done);
    let (errno, read_errno) = match function.returns.error_via {
        // Whatever was the last error before the call is no error of it.
        ErrorVia::LastError => (quote!(::wsp::rt::set_last_error(0);), quote!(let errno = ::wsp::rt::last_error();)),
        _ => (quote!(let mut errno: i32 = 0;), quote!(let _ = &mut errno;)),
    };
    let (keyword, safety) = if function.completion.is_some() || function.args.iter().any(|arg| arg.lift == Lift::Raw) {
        let note = quote! {
            #[doc = ""]
            #[doc = " # Safety"]
            #[doc = " Raw pointers must be good; with an overlapped operation everything passed must stay until it has completed."]
        };
        (quote!(unsafe fn), note)
    } else {
        (quote!(fn), TokenStream::new())
    };
    Ok(quote! {
        #text
        #[doc = ""]
        #[doc = " # Errors"]
        #[doc = " What the function reported, sorted into documented and undocumented, or that there is no such function."]
        #safety
        pub #keyword #name(&self, #(#typed),*) -> Result<#ok, ::wsp::rt::CallError<#errors::#error_enum>> {
            let Some(function) = #pointer else { return Err(::wsp::rt::CallError::Absent(#c_name)) };
            #errno
            #(#before)*
            __safety!("the function is of the declared type and keeps to the interface (vouched for when its pointer was taken over), the arguments are alive during the call.");
            let returned = unsafe { function(#(#raw),*) };
            #read_errno
            #judge
        }
    })
}

/// The condition of success and the typed result.
fn judge(context: &Context<'_>, function: &Function, done: &TokenStream) -> TokenStream {
    let returns = &function.returns;
    let good = match (returns.meaning, &returns.failure) {
        (Meaning::Status | Meaning::Code, _) => quote!(returned == 0),
        (Meaning::Flag, _) => quote!(returned != 0),
        (Meaning::Value, Some(failure)) => {
            let failure = ident(failure);
            let ty = context.ty(&returns.ty);
            quote!(returned != ffi::#failure as #ty)
        }
        (Meaning::Value, None) => quote!(true),
    };
    let values: Vec<_> = function
        .results
        .iter()
        .map(|field| if field.param.is_some() { local(&field.name) } else { ident("returned") })
        .collect();
    let value = match values.as_slice() {
        [] => quote!(()),
        [one] => quote!(#one),
        _ => {
            let shape = names::shape(&function.name);
            let members = function.results.iter().map(|field| ident(&field.name));
            quote!(#done::#shape { #(#members: #values),* })
        }
    };
    if is_void(context, function) {
        return quote!({
            let () = returned;
            Ok(#value)
        });
    }
    let code = match returns.meaning {
        Meaning::Code => quote!(returned),
        _ => quote!(errno),
    };
    if function.completion.is_some() {
        let pending = function.outcomes.iter().map(|outcome| ident(&outcome.code));
        quote! {
            if #good { return Ok(::wsp::rt::Outcome::Done(#value)); }
            #(if #code == ::wsp::code::#pending { return Ok(::wsp::rt::Outcome::Pending); })*
            Err(::wsp::rt::CallError::reported(#code))
        }
    } else {
        quote!(if #good { Ok(#value) } else { Err(::wsp::rt::CallError::reported(#code)) })
    }
}

fn local(name: &str) -> proc_macro2::Ident {
    ident(&format!("out_{name}"))
}

/// Locals that results are stored in.
fn results(
    context: &Context<'_>,
    function: &Function,
    before: &mut Vec<TokenStream>,
    raw: &mut [TokenStream],
) -> Result<(), EmitError> {
    for field in &function.results {
        let Some(index) = field.param else { continue };
        let name = local(&field.name);
        let ty = context.ty(&field.ty);
        let initial = function.args.iter().find(|arg| arg.lift == Lift::Value && arg.params.first() == Some(&index));
        let initial = match initial {
            Some(arg) => {
                let name = ident(&arg.name);
                quote!(#name)
            }
            None => quote!(::wsp::rt::zeroed()),
        };
        before.push(quote!(let mut #name: #ty = #initial;));
        raw[index] = quote!(&mut #name);
    }
    Ok(())
}

/// A typed parameter, the statements that prepare it, and the raw parameters that it becomes.
fn argument(
    context: &Context<'_>,
    function: &Function,
    arg: &Arg,
    typed: &mut Vec<TokenStream>,
    before: &mut Vec<TokenStream>,
    raw: &mut [TokenStream],
) -> Result<(), EmitError> {
    let name = ident(&arg.name);
    let missing = || error(&function.origin, &function.name, format!("argument `{}` lacks a parameter", arg.name));
    let first = *arg.params.first().ok_or_else(missing)?;
    let param = function.params.get(first).ok_or_else(missing)?;
    let second = arg.params.get(1).copied();
    let raw_type = context.ty(&param.ty);
    let optional = |ty: TokenStream| if arg.optional { quote!(Option<#ty>) } else { ty };
    match &arg.lift {
        Lift::Socket => {
            typed.push(quote!(#name: #raw_type));
            raw[first] = quote!(#name);
        }
        Lift::Value => {
            let ty = context
                .pointee(&param.ty)
                .filter(|_| param.direction != Direction::In)
                .unwrap_or_else(|| param.ty.clone());
            let ty = optional(context.ty(&ty));
            typed.push(quote!(#name: #ty));
            raw[first] = if arg.optional { quote!(#name.unwrap_or(0)) } else { quote!(#name) };
        }
        Lift::Raw => {
            typed.push(quote!(#name: #raw_type));
            raw[first] = quote!(#name);
        }
        Lift::Callback => {
            typed.push(quote!(#name: #raw_type));
            raw[first] = quote!(#name);
            if let Some(second) = second {
                let data = ident(&format!("{name}_context"));
                let ty = context.ty(&function.params[second].ty);
                typed.push(quote!(#data: #ty));
                raw[second] = quote!(#data);
            }
        }
        Lift::In(ty) => {
            let ty = context.base(ty);
            let reference = optional(quote!(&#ty));
            typed.push(quote!(#name: #reference));
            raw[first] = if arg.optional {
                quote!(#name.map_or(::core::ptr::null_mut(), |value| ::core::ptr::from_ref(value).cast_mut()))
            } else {
                quote!(::core::ptr::from_ref(#name).cast_mut())
            };
        }
        Lift::Out(ty) | Lift::InOut(ty) => {
            let ty = context.base(ty);
            let reference = optional(quote!(&mut #ty));
            typed.push(quote!(#name: #reference));
            raw[first] = if arg.optional {
                quote!(#name.map_or(::core::ptr::null_mut(), ::core::ptr::from_mut))
            } else {
                quote!(::core::ptr::from_mut(#name))
            };
        }
        Lift::SocketSet => {
            let reference = optional(quote!(&mut ::wsp::rt::FdSet));
            typed.push(quote!(#name: #reference));
            raw[first] = if arg.optional {
                quote!(#name.map_or(::core::ptr::null_mut(), ::wsp::rt::FdSet::as_mut_ptr))
            } else {
                quote!(#name.as_mut_ptr())
            };
        }
        Lift::WideStr => {
            typed.push(quote!(#name: &str));
            before.push(quote!(let mut #name: Vec<u16> = #name.encode_utf16().chain(Some(0)).collect();));
            raw[first] = quote!(#name.as_mut_ptr());
        }
        Lift::Bytes | Lift::BytesOut | Lift::SizedOut(_) | Lift::Array(..) => {
            let second = second.or_else(|| matches!(arg.lift, Lift::Array(..)).then_some(first));
            memory(context, function, arg, (first, second.ok_or_else(missing)?), typed, before, raw);
        }
        Lift::Overlapped => overlapped(context, function, arg, typed, raw),
    }
    Ok(())
}

/// Memory with a length: a slice, which becomes pointer and length.
fn memory(
    context: &Context<'_>,
    function: &Function,
    arg: &Arg,
    (first, second): (usize, usize),
    typed: &mut Vec<TokenStream>,
    before: &mut Vec<TokenStream>,
    raw: &mut [TokenStream],
) {
    let name = ident(&arg.name);
    let length = ident(&format!("{name}_length"));
    let length_type = context.ty(&function.params[second].ty);
    let (slice, mutable) = match &arg.lift {
        Lift::Bytes => (quote!(&[u8]), false),
        Lift::BytesOut => (quote!(&mut [u8]), true),
        Lift::SizedOut(Unit::Wide) => (quote!(&mut ::wsp::rt::Room<'_, u16>), true),
        Lift::SizedOut(_) => (quote!(&mut ::wsp::rt::Room<'_, u8>), true),
        Lift::Array(ty, false) => {
            let ty = ident(ty);
            (quote!(&[::wsp::rt::Piece<'_, ffi::#ty>]), false)
        }
        Lift::Array(ty, true) => {
            let ty = ident(ty);
            (quote!(&mut [::wsp::rt::PieceMut<'_, ffi::#ty>]), true)
        }
        _ => return,
    };
    let slice = if arg.optional { quote!(Option<#slice>) } else { slice };
    typed.push(quote!(#name: #slice));
    let sized = matches!(arg.lift, Lift::SizedOut(_));
    let pointer = if mutable { quote!(as_mut_ptr) } else { quote!(as_ptr) };
    let nothing = if mutable { quote!(::core::ptr::null_mut()) } else { quote!(::core::ptr::null()) };
    let address = ident(&format!("{name}_pointer"));
    if sized {
        if arg.optional {
            before.push(quote!(let (#address, #length) = ::wsp::rt::Room::split_optional(#name);));
        } else {
            before.push(quote!(let (#address, #length) = #name.split();));
        }
        raw[first] = quote!(#address.cast());
        raw[second] = quote!(#length.cast());
        return;
    }
    if arg.optional {
        before.push(quote! {
            let (#address, #length) = match #name {
                Some(slice) => (slice.#pointer(), slice.len()),
                None => (#nothing, 0),
            };
        });
    } else {
        before.push(quote!(let (#length, #address) = (#name.len(), #name.#pointer());));
    }
    let constant = function.params[first].ty.is_const;
    let cast = if mutable || constant { quote!(#address.cast()) } else { quote!(#address.cast_mut().cast()) };
    raw[first] = cast;
    if second != first {
        raw[second] = quote!(#length as #length_type);
    } else {
        before.push(quote!(let _ = #length;));
    }
}

fn overlapped(
    context: &Context<'_>,
    function: &Function,
    arg: &Arg,
    typed: &mut Vec<TokenStream>,
    raw: &mut [TokenStream],
) {
    let name = ident(&arg.name);
    typed.push(quote!(#name: ::wsp::rt::OverlappedCall));
    for (position, &index) in arg.params.iter().enumerate() {
        raw[index] = if position == 0 {
            quote!(#name.operation)
        } else if context.is_callback(&function.params[index].ty) {
            quote!(#name.routine)
        } else {
            quote!(#name.thread)
        };
    }
}
