//! The C side of a function that carries data: a short path for calls that are in order, and the complete one.
//!
//! The short path has no call but the provider's, so that it saves no registers for others; whatever is not obviously in order
//! is handed on, as it came, to the complete path, which finds out in the declared order what is wrong, if anything.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::context::Context;
use super::names;
use super::thunks::{self, Signature};
use super::{args, checks, checks::Kind, extensions, text};
use crate::emit::EmitError;
use crate::model::{CheckKind, Function, Lift, Param, SocketUse};

/// The socket's parameter, if the function has the short path: if it may be overlapped.
pub fn socket(function: &Function) -> Option<&Param> {
    function.completion.as_ref()?;
    function.params.iter().find(|param| param.socket == Some(SocketUse::Use))
}

/// The three functions: what the host calls, the complete path, and what both lead to.
pub fn thunk(context: &Context<'_>, function: &Function, on: &Param) -> Result<TokenStream, EmitError> {
    let signature = thunks::signature(context, function);
    let name = names::method(&function.name);
    let paths = Paths {
        carefully: format_ident!("{name}_carefully"),
        with: format_ident!("{name}_on"),
        descriptor: names::param(&on.name),
        lower: thunks::lower(context, function)?,
        name,
    };
    let Entries { counts, fit, refusals } = entries(function);
    let outer = outer(context, function, &signature, &paths, (&counts, &fit));
    let complete = complete(context, function, &signature, &paths, &refusals)?;
    let inner = inner(context, function, &signature, &paths)?;
    Ok(quote!(#outer #complete #inner))
}

/// What the three functions share.
struct Paths {
    /// The name of what the host calls.
    name: Ident,
    /// The name of the complete path.
    carefully: Ident,
    /// The name of the function that is given the socket.
    with: Ident,
    /// The parameter that holds the descriptor.
    descriptor: Ident,
    /// The statements that give the outcome back.
    lower: TokenStream,
}

/// What the host calls: the short path, and the complete one for all else.
fn outer(
    context: &Context<'_>,
    function: &Function,
    signature: &Signature,
    paths: &Paths,
    (counts, fit): (&[Ident], &[TokenStream]),
) -> TokenStream {
    let head = context.head(thunks::head("pub(super) ", &paths.name, signature));
    let mut in_order = match checks::operation(function) {
        None => at_once(function, signature, paths, fit, Kind::Any),
        // Asked once: all that follows knows the answer.
        Some(operation) => {
            let operation = names::param(&operation.name);
            let alone = at_once(function, signature, paths, fit, Kind::Alone);
            let overlapped = at_once(function, signature, paths, fit, Kind::Overlapped);
            quote!(if #operation.is_null() { #alone } else { #overlapped })
        }
    };
    for count in counts {
        in_order = quote! {
            let mut #count = #count;
            if #count == 1 {
                #in_order
                #count = ::wsp::rt::one();
            }
        };
    }
    let (carefully, params) = (&paths.carefully, &signature.names);
    quote! {
        fn #head() {
            __safety!("the host passes what the interface asks for; what it gets wrong by value the checks find.");
            unsafe {
                #in_order
                #carefully::<P>(#(#params),*)
            }
        }
    }
}

/// Returns what the function with the socket gives if the call is in order.
fn at_once(
    function: &Function,
    signature: &Signature,
    Paths { with, descriptor, .. }: &Paths,
    fit: &[TokenStream],
    kind: Kind,
) -> TokenStream {
    let passes = checks::passes_name(function, kind);
    let operation = checks::operation(function).filter(|_| kind == Kind::Alone).map(|param| names::param(&param.name));
    let known = |param: &Ident| match &operation {
        Some(operation) if operation == param => quote!(::core::ptr::null_mut()),
        _ => quote!(#param),
    };
    let arguments: Vec<_> = signature.names.iter().map(known).collect();
    quote! {
        if check::#passes(#(#arguments),*) #(&& #fit)* {
            if let Some(socket) = P::cell().socket_at_once(#descriptor as usize) {
                return #with::<P>(socket, #(#arguments),*);
            }
        }
    }
}

/// The complete path.
fn complete(
    context: &Context<'_>,
    function: &Function,
    signature: &Signature,
    Paths { name, carefully, with, descriptor, lower }: &Paths,
    refusals: &[TokenStream],
) -> Result<TokenStream, EmitError> {
    let head = context.head(thunks::head("#[cold]\n#[inline(never)]\n", carefully, signature));
    let (params, fallback) = (&signature.names, thunks::fallback(function));
    let not_a_socket = thunks::not_a_socket(function)?;
    Ok(quote! {
        fn #head() {
            let found = ::wsp::rt::guard(
                || {
                    __safety!("as above.");
                    unsafe {
                        check::#name(#(#params),*)?;
                        #(#refusals)*
                    }
                    P::cell().socket(#descriptor as usize, #not_a_socket, #fallback)
                },
                || #fallback,
            );
            match found {
                Ok(socket) => {
                    __safety!("all that was checked is in order.");
                    unsafe { #with::<P>(socket, #(#params),*) }
                }
                Err(code) => {
                    let outcome = Err(code);
                    #lower
                }
            }
        }
    })
}

/// The call of the provider, once the socket is known.
fn inner(
    context: &Context<'_>,
    function: &Function,
    signature: &Signature,
    Paths { name, with, descriptor, lower, .. }: &Paths,
) -> Result<TokenStream, EmitError> {
    let head = on_socket(context, with, signature);
    let fallback = thunks::fallback(function);
    let (door, call) = (extensions::door(context, function)?, thunks::call(context, function)?);
    let method = args::has_call(function).then(|| quote!(, &call));
    let finish = thunks::finish(context, function, &quote!(running.provider().#name(&socket #method)))?;
    Ok(quote! {
        fn #head() {
            let outcome = ::wsp::rt::guard(
                || {
                    #door
                    #call
                    let running = socket.running::<P>();
                    #finish
                },
                || {
                    P::cell().poison(#descriptor as usize);
                    #fallback
                },
            );
            #lower
        }
    })
}

/// What stands before the body of the function that is given the socket beside its parameters.
fn on_socket(context: &Context<'_>, name: &Ident, signature: &Signature) -> Ident {
    let mut params = vec!["socket: ::wsp::rt::SocketRef<'_, P::Socket>".to_owned()];
    params.extend_from_slice(&signature.params);
    let before = format!("unsafe fn {name}<P: Instance>");
    let head = text::head(thunks::INDENT, &before, &params, &format!("{} {{", signature.returns));
    context.head(format!("#[inline(always)]\n{head}"))
}

/// What arrays of buffers ask for.
#[derive(Default)]
pub struct Entries {
    /// The numbers of entries. The short path is for one.
    counts: Vec<Ident>,
    /// The condition that this one names memory in user space.
    fit: Vec<TokenStream>,
    /// The statement that refuses an array if any entry does not.
    pub refusals: Vec<TokenStream>,
}

/// What the function's arrays of buffers ask for.
pub fn entries(function: &Function) -> Entries {
    let mut entries = Entries::default();
    for arg in args::arguments(function).filter(|arg| matches!(arg.lift, Lift::Array(..))) {
        let param = |position: usize| arg.params.get(position).and_then(|&index| function.params.get(index));
        let Some(array) = param(0).map(|param| names::param(&param.name)) else { continue };
        let count = param(1).map(|param| names::param(&param.name));
        let given = arg.optional.then(|| quote!(#array.is_null() ||));
        entries.counts.extend(count.clone());
        entries.fit.push(quote!((#given ::wsp::rt::buffer_fits(#array))));
        let count = count.map_or_else(|| quote!(1), |count| quote!(#count as usize));
        // A bad entry counts as a bad address of the array.
        let check = function.checks.iter().find(|check| match check.kind {
            CheckKind::Address { param, .. } => Some(&param) == arg.params.first(),
            _ => false,
        });
        let code = match check.map(|check| names::check(function, check)) {
            Some(name) => quote!(::wsp::rt::refuse(&check::#name)),
            None => thunks::fallback(function),
        };
        entries.refusals.push(quote!(if !(#given ::wsp::rt::buffers_fit(#array, #count)) { return Err(#code); }));
    }
    entries
}
