//! The C side of a provider: a thunk per function, and the dispatch table of them.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::apart;
use super::args;
use super::at_once;
use super::checks;
use super::context::{Context, error};
use super::errors;
use super::extensions;
use super::names::{self, ident, member};
use super::text;
use super::traced;
use super::types::{parameters, result};
use crate::emit::EmitError;
use crate::model::{
    Absent, Arg, CheckKind, ErrorVia, Function, FunctionKind, Lift, Managed, Meaning, Null, Profile, ResultField,
    SocketUse, TypeKind, Unit,
};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let mut thunks = Vec::new();
    for function in profile.functions.iter().filter(|function| names::is_called_by_host(function.kind)) {
        let thunk = match function.managed {
            Some(Managed::Startup) => continue,
            Some(Managed::Cleanup) => cleanup(context, function)?,
            None => thunk(context, function)?,
        };
        thunks.push(apart(&function.name, thunk, 1, context)?);
    }
    let table = table(context, profile)?;
    let extension = extensions::lookup(profile);
    let traced = traced::emit(context, profile)?;
    Ok(quote! {
        #table
        #traced
        #extension
        /// The functions that stand in the table.
        pub mod thunk {
            use super::{Instance, Provider, call, check, done, error, ffi};
            #(#thunks)*
        }
    })
}

fn table(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let name = ident(&profile.table);
    let slots = context.model.table(&profile.table).map(|table| table.slots.as_slice()).unwrap_or_default();
    let mut members = String::new();
    for slot in slots {
        let field = member(slot);
        members.push_str(&match profile.function(slot) {
            Some(_) => format!("        {field}: Some(thunk::{}::<P>),\n", names::method(slot)),
            None if profile.absent == Absent::Null => format!("        {field}: None,\n"),
            None => {
                let origin = context.model.table(&profile.table).map(|table| table.origin.clone());
                let place = origin.map(|origin| origin.to_string()).unwrap_or_default();
                return Err(EmitError {
                    emitter: "rust",
                    item: format!("{place}: {slot}"),
                    message: format!(
                        "the profile `{}` fills every slot and has no function for this one",
                        profile.name
                    ),
                });
            }
        });
    }
    Ok(context.item(format!(
        "/// The dispatch table of a provider: its thunks, slot by slot.\n\
         pub const fn table<P: Instance>() -> ffi::{name} {{\n    ffi::{name} {{\n{members}    }}\n}}\n"
    )))
}

/// The parts of a thunk's signature.
pub struct Signature {
    /// The parameters' names.
    pub names: Vec<Ident>,
    /// The same with their types.
    pub params: Vec<String>,
    /// ` -> i32`, or nothing.
    pub returns: String,
}

/// What stands before the body of a function that a host calls.
pub fn head(before: &str, name: &Ident, signature: &Signature) -> String {
    let before = format!("{before}unsafe extern \"system\" fn {name}<P: Instance>");
    text::head(INDENT, &before, &signature.params, &format!("{} {{", signature.returns))
}

/// The columns before a thunk, which stands in a module.
pub const INDENT: usize = 4;

/// The signature of a function's thunk.
pub fn signature(context: &Context<'_>, function: &Function) -> Signature {
    Signature {
        names: function.params.iter().map(|param| names::param(&param.name)).collect(),
        params: parameters(context, &function.params),
        returns: result(context, &function.returns.ty),
    }
}

/// How the thunk answers: the expression that turns `outcome` into the result and the place of the code.
pub fn lower(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let errno = function.params.iter().find(|param| param.errno).map(|param| names::param(&param.name));
    let returns = context.ty(&function.returns.ty);
    let failure = function.returns.failure.as_ref().map(|failure| ident(failure));
    match (function.returns.error_via, errno, failure) {
        (ErrorVia::LpErrno, Some(errno), Some(failure)) => Ok(quote! {
            __safety!("a code is only stored once the checks found its address to be good.");
            unsafe { ::wsp::rt::lower(outcome, #errno, ffi::#failure as #returns) }
        }),
        (ErrorVia::LastError, _, Some(failure)) => {
            Ok(quote!(::wsp::rt::lower_last(outcome, ffi::#failure as #returns)))
        }
        // Refused or done: the caller is told neither.
        (ErrorVia::None, _, None) if is_void(context, function) => Ok(quote!(let _ = outcome;)),
        _ => Err(error(&function.origin, &function.name, "a thunk needs a way to tell its failure")),
    }
}

/// Does the function return nothing?
pub fn is_void(context: &Context<'_>, function: &Function) -> bool {
    let ty = &function.returns.ty;
    ty.pointers == 0 && matches!(context.model.type_named(&ty.base).map(|ty| &ty.kind), Some(TypeKind::Void))
}

/// The number that a panic becomes; a function that tells no code has none.
pub fn fallback(function: &Function) -> TokenStream {
    if function.returns.error_via == ErrorVia::None {
        return quote!(0);
    }
    let error = names::error(&function.name);
    quote!(<error::#error as ::wsp::rt::ErrorList>::FALLBACK as i32)
}

/// An error of the provider's method as a number.
fn to_number(function: &Function) -> TokenStream {
    if function.returns.error_via == ErrorVia::None {
        quote!(map_err(|never| -> i32 { match never {} }))
    } else {
        quote!(map_err(|error| error as i32))
    }
}

fn cleanup(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let name = names::method(&function.name);
    let signature = signature(context, function);
    let head = context.head(head("pub(super) ", &name, &signature));
    let params = signature.names;
    let lower = lower(context, function)?;
    let fallback = fallback(function);
    Ok(quote! {
        fn #head() {
            let outcome = ::wsp::rt::guard(
                || {
                    __safety!("the host passes what the interface asks for.");
                    unsafe { check::#name(#(#params),*)? };
                    P::cell().cleanup(|provider, socket| provider.reset(socket), |provider| provider.cleanup())?;
                    Ok(0)
                },
                || #fallback,
            );
            #lower
        }
    })
}

fn thunk(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    if let Some(on) = at_once::socket(function) {
        return at_once::thunk(context, function, on);
    }
    let name = names::method(&function.name);
    let signature = signature(context, function);
    let head = context.head(head("pub(super) ", &name, &signature));
    let params = signature.names;
    let lower = lower(context, function)?;
    let fallback = fallback(function);
    let door = extensions::door(context, function)?;
    let call = call(context, function)?;
    let invoke = invoke(context, function)?;
    let checked = checked(context, function, &params);
    let entries = at_once::entries(function).refusals;
    let socket = function.params.iter().find(|param| matches!(param.socket, Some(SocketUse::Use | SocketUse::Release)));
    let poison = socket.map(|param| {
        let name = names::param(&param.name);
        quote!(P::cell().poison(#name as usize);)
    });
    Ok(quote! {
        fn #head() {
            let outcome = ::wsp::rt::guard(
                || {
                    __safety!("the host passes what the interface asks for; what it gets wrong by value the checks find.");
                    unsafe {
                        #checked
                        #(#entries)*
                    }
                    #door
                    #call
                    #invoke
                },
                || {
                    #poison
                    #fallback
                },
            );
            #lower
        }
    })
}

/// The statement that ends a call that is not in order.
fn checked(context: &Context<'_>, function: &Function, params: &[Ident]) -> TokenStream {
    let params: Vec<String> = params.iter().map(Ident::to_string).collect();
    let (passes, name) = (checks::passes_name(function, checks::Kind::Any), names::method(&function.name));
    // It stands in an unsafe block of a closure, which is an argument in a function in a module.
    let mut out = text::head(20, &format!("if !check::{passes}"), &params, " {");
    let decided = text::head(24, &format!("check::{name}"), &params, "?;");
    out.extend(decided.lines().flat_map(|line| ["    ", line, "\n"]));
    out.push_str("}\n");
    context.item(out)
}

/// Lifts the raw arguments: `let call = call::Send { ... };`.
pub fn call(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    if !args::has_call(function) {
        return Ok(TokenStream::new());
    }
    let shape = names::shape(&function.name);
    let mut members = Vec::new();
    for arg in args::arguments(function) {
        let field = ident(&arg.name);
        let lifted = lift(context, function, arg)?;
        members.push(quote!(#field: #lifted));
    }
    Ok(quote! {
        __safety!("the addresses were checked; that the memory behind them is the caller's for the time of the call is the interface's contract, and the lifted arguments do not outlive the call.");
        let call = unsafe { call::#shape { #(#members),* } };
    })
}

fn lift(context: &Context<'_>, function: &Function, arg: &Arg) -> Result<TokenStream, EmitError> {
    let param = |position: usize| arg.params.get(position).and_then(|&index| function.params.get(index));
    let missing = || error(&function.origin, &function.name, format!("argument `{}` lacks a parameter", arg.name));
    let first = param(0).ok_or_else(missing)?;
    let pointer = names::param(&first.name);
    let second = param(1).map(|param| names::param(&param.name));
    let second_or = || second.clone().ok_or_else(missing);
    let plain = match &arg.lift {
        Lift::Value => {
            return Ok(match context.pointee(&first.ty) {
                Some(_) if first.direction != crate::model::Direction::In => quote!(::wsp::rt::read(#pointer)),
                // A handle that may be NULL.
                _ if arg.optional => quote!((#pointer != 0).then_some(#pointer)),
                _ => quote!(#pointer),
            });
        }
        Lift::Raw | Lift::Socket => return Ok(quote!(#pointer)),
        Lift::Overlapped => return overlapped(context, function, arg),
        Lift::Callback => {
            let data = second.map_or_else(|| quote!(0), |name| quote!(#name as usize));
            return Ok(if arg.optional {
                quote!(::wsp::rt::Callback::optional(#pointer, #data))
            } else {
                quote!(::wsp::rt::Callback::new(#pointer, #data))
            });
        }
        Lift::In(_) => quote!(::wsp::rt::In::new(#pointer)),
        Lift::Out(_) => quote!(::wsp::rt::Out::new(#pointer)),
        Lift::InOut(_) => quote!(::wsp::rt::InOut::new(#pointer)),
        Lift::SocketSet => quote!(::wsp::rt::SocketSet::new(#pointer)),
        Lift::WideStr => quote!(::wsp::rt::WideStr::new(#pointer)),
        Lift::Bytes => {
            let length = second_or()?;
            quote!(::wsp::rt::Bytes::new(#pointer.cast(), #length as usize))
        }
        Lift::BytesOut => {
            let length = second_or()?;
            quote!(::wsp::rt::BytesOut::new(#pointer.cast(), #length as usize))
        }
        Lift::SizedOut(unit) => {
            let length = second_or()?;
            let wrapper = if *unit == Unit::Wide { quote!(WideOut) } else { quote!(SizedOut) };
            let made = quote!(::wsp::rt::#wrapper::new(#pointer.cast(), #length));
            return Ok(if arg.optional {
                quote!(if #pointer.is_null() || #length.is_null() { None } else { Some(#made) })
            } else {
                made
            });
        }
        Lift::Array(_, writes) => {
            let wrapper = if *writes { quote!(BuffersOut) } else { quote!(Buffers) };
            let count = second.map_or_else(|| quote!(1), |name| quote!(#name));
            quote!(::wsp::rt::#wrapper::new(#pointer, #count as usize))
        }
    };
    Ok(if arg.optional { quote!(if #pointer.is_null() { None } else { Some(#plain) }) } else { plain })
}

fn overlapped(context: &Context<'_>, function: &Function, arg: &Arg) -> Result<TokenStream, EmitError> {
    let of = |position: usize| {
        arg.params
            .get(position)
            .and_then(|&index| function.params.get(index))
            .map(|param| (names::param(&param.name), param))
    };
    let Some((operation, _)) = of(0) else {
        return Err(error(&function.origin, &function.name, "an overlapped operation needs its parameter"));
    };
    let mut routine = quote!(None);
    let mut thread = quote!(::core::ptr::null_mut());
    for (name, param) in [of(1), of(2)].into_iter().flatten() {
        if context.is_callback(&param.ty) {
            routine = quote!(#name);
        } else {
            thread = quote!(#name);
        }
    }
    let made = if arg.optional { quote!(optional) } else { quote!(new) };
    Ok(quote!(::wsp::rt::Overlapped::#made(#operation, #routine, #thread)))
}

/// Looks the socket up, calls the provider, stores the results.
fn invoke(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let method = names::method(&function.name);
    let call = args::has_call(function).then(|| quote!(, &call));
    let on = function.params.iter().find(|param| matches!(param.socket, Some(SocketUse::Use | SocketUse::Release)));
    let fallback = fallback(function);
    let Some(on) = on else {
        let call = args::has_call(function).then(|| quote!(&call));
        let finish = finish(context, function, &quote!(running.provider().#method(#call)))?;
        return Ok(quote! {
            let running = P::cell().running().ok_or(#fallback)?;
            #finish
        });
    };
    let descriptor = names::param(&on.name);
    let not_a_socket = not_a_socket(function)?;
    if on.socket == Some(SocketUse::Release) {
        return Ok(quote! {
            P::cell().close(#descriptor as usize, #not_a_socket, |provider, socket| {
                provider.#method(socket #call).map_err(|error| error as i32)
            })?;
            Ok(0)
        });
    }
    let finish = finish(context, function, &quote!(running.provider().#method(&socket #call)))?;
    Ok(quote! {
        let socket = P::cell().socket(#descriptor as usize, #not_a_socket, #fallback)?;
        let running = socket.running::<P>();
        #finish
    })
}

/// The check that refuses what is no socket.
pub fn not_a_socket(function: &Function) -> Result<TokenStream, EmitError> {
    let check = function.checks.iter().find(|check| matches!(check.kind, CheckKind::Socket { .. }));
    let missing = || error(&function.origin, &function.name, "a socket parameter needs its check");
    let name = names::check(function, check.ok_or_else(missing)?);
    Ok(quote!(&check::#name))
}

/// Calls, and lowers the typed result to what goes through the parameters and the return value.
pub fn finish(context: &Context<'_>, function: &Function, invocation: &TokenStream) -> Result<TokenStream, EmitError> {
    let to_number = to_number(function);
    let returned = quote!(#invocation.#to_number?);
    if let Some(creates) = &function.returns.creates {
        let full = code(context, function, &creates.full)?;
        let refused = code(context, function, &creates.refused)?;
        let catalog = match creates.catalog.and_then(|index| function.params.get(index)) {
            Some(param) => {
                let name = names::param(&param.name);
                quote!(::wsp::rt::In::new(#name).member(|info| &raw const (*info).dwCatalogEntryId))
            }
            None => quote!(socket.catalog_entry_id()),
        };
        return Ok(quote! {
            __safety!("the pointer, if one is read, was checked to be in user space.");
            let catalog = unsafe { #catalog };
            let opened = #returned;
            P::cell().open(opened, running.share(), catalog, #full, #refused)
        });
    }
    let fields: Vec<&ResultField> = args::fields(function).collect();
    let take = take(function, &returned, &fields)?;
    let value = fields.iter().find(|field| field.param.is_none());
    let success = match (function.returns.meaning, value) {
        (Meaning::Value, Some(field)) => {
            let name = names::result(&field.name);
            quote!(#name)
        }
        (Meaning::Flag, _) => quote!(1),
        _ if is_void(context, function) => quote!(()),
        _ => quote!(0),
    };
    let stores = fields.iter().filter_map(|field| {
        let param = function.params.get(field.param?)?;
        let (name, value) = (names::param(&param.name), names::result(&field.name));
        // Where NULL is refused, the checks have done that.
        let refused = matches!(param.null, Null::Refuse { unless: None, .. });
        Some(if refused { quote!(#name.write_unaligned(#value);) } else { quote!(::wsp::rt::store(#name, #value);) })
    });
    Ok(quote! {
        #take
        __safety!("the addresses were checked; NULL, where it may be passed, is left alone.");
        unsafe { #(#stores)* }
        Ok(#success)
    })
}

/// Binds each result to a local, ending the thunk early where the operation is pending.
fn take(function: &Function, returned: &TokenStream, fields: &[&ResultField]) -> Result<TokenStream, EmitError> {
    let locals: Vec<_> = fields.iter().map(|field| names::result(&field.name)).collect();
    let value = if function.completion.is_some() {
        if function.outcomes.is_empty() {
            return Err(error(
                &function.origin,
                &function.name,
                "an overlapped function needs an outcome for `started`",
            ));
        }
        let pending = ident(&function.outcomes[0].code);
        quote! {
            match #returned {
                ::wsp::rt::Outcome::Done(done) => done,
                ::wsp::rt::Outcome::Pending => return Err(::wsp::code::#pending),
            }
        }
    } else {
        returned.clone()
    };
    Ok(match locals.as_slice() {
        [] => quote!(#value;),
        [one] => quote!(let #one = #value;),
        _ => {
            let shape = names::shape(&function.name);
            let members = fields.iter().map(|field| ident(&field.name));
            quote!(let done::#shape { #(#members: #locals),* } = #value;)
        }
    })
}

fn code(context: &Context<'_>, function: &Function, name: &str) -> Result<TokenStream, EmitError> {
    let error = names::error(&function.name);
    let variant = errors::variant_of(context, function, name)?;
    Ok(quote!(error::#error::#variant as i32))
}

/// Is the function reached by GUID?
pub fn is_extension(function: &Function) -> bool {
    function.kind == FunctionKind::Extension
}
