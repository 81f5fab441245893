//! The validation layer: for each function a fast path that is surely right, and the exact sequence behind it.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::apart;
use super::context::{Context, error};
use super::names::{self, ident};
use super::text;
use super::types::parameters;
use crate::emit::EmitError;
use crate::model::{Allowed, AllowedSet, Check, CheckKind, Direction, Function, Param, Profile, TypeRef};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let mut items = Vec::new();
    let mut all = Vec::new();
    for function in profile.functions.iter().filter(|function| names::is_called_by_host(function.kind)) {
        let mut descriptions = String::new();
        for check in &function.checks {
            descriptions.push_str(&description(context, function, check)?);
            all.push(names::check(function, check));
        }
        items.push(context.item(descriptions));
        items.push(apart(&function.name, validate(context, function)?, 0, context)?);
    }
    Ok(quote! {
        #(#items)*
        /// Every check of this profile.
        pub static ALL: &[&::wsp::rt::Check] = &[#(&#all),*];
    })
}

/// What a check is for.
const DESCRIPTION: &str = "\
/// `$id`, declared in `spec/$place`.
pub static $name: ::wsp::rt::Check = ::wsp::rt::Check {
    id: $literal,
    code: $code,
    text: $text,
};
";

fn description(context: &Context<'_>, function: &Function, check: &Check) -> Result<String, EmitError> {
    let id = &check.id;
    let code = match &check.code {
        Some(code) => {
            let known = context.model.code(code);
            known.ok_or_else(|| error(&check.origin, id, format!("the code `{code}` is not in codes.yaml")))?.value
        }
        None => 0,
    };
    Ok(text::fill(
        DESCRIPTION,
        &[
            ("id", id),
            ("place", &check.origin.to_string()),
            ("name", &names::check(function, check).to_string()),
            ("literal", &text::quoted(id)),
            ("code", &code.to_string()),
            ("text", &text::quoted(&check.text)),
        ],
    ))
}

/// Two functions: one decides in a few instructions whether a call is in order, the other finds what is wrong, in the declared
/// order. The second is out of line and does not come back to calls that were in order, so that they save no registers for it.
fn validate(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let name = names::method(&function.name);
    let names: Vec<_> = function.params.iter().map(|param| names::param(&param.name)).collect();
    let params = parameters(context, &function.params);
    let steps = steps(context, function)?;
    let passes = passes(context, function, &names, &params)?;
    let before = format!(
        "/// The checks of `{}`: `Err` has the code, 0 where none can be stored.\n{READABLE}#[cold]\n#[inline(never)]\npub unsafe fn {name}",
        function.name
    );
    let head = context.head(text::head(0, &before, &params, " -> Result<(), i32> {"));
    Ok(quote! {
        #passes
        fn #head() {
            __safety!("each pointer is read only after its address was checked.");
            unsafe { #(#steps)* }
            Ok(())
        }
    })
}

/// What callers of both promise.
const READABLE: &str = "\
///
/// # Safety
/// Pointers that are not NULL and lie in user space must be readable.
";

/// The kinds of calls that are in order for different reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All calls.
    Any,
    /// Without the record of an overlapped operation, where one may be passed.
    Alone,
    /// With it.
    Overlapped,
}

/// The function that decides whether a call of this kind is in order.
pub fn passes_name(function: &Function, kind: Kind) -> proc_macro2::Ident {
    let suffix = match kind {
        Kind::Any => "",
        Kind::Alone => "_alone",
        Kind::Overlapped => "_overlapped",
    };
    ident(&format!("{}_passes{suffix}", names::method(&function.name).to_string().trim_start_matches("r#")))
}

/// The parameter for the record of an overlapped operation, if calls without one are looked at in another way.
pub fn operation(function: &Function) -> Option<&Param> {
    let operation = function.completion.as_ref()?.operation;
    if null_check(function, operation) == Some(None) {
        return None;
    }
    function.params.get(operation)
}

/// The functions that decide whether a call is in order. They may say no of one that is: memory can change meanwhile.
///
/// Where a call may be overlapped it is asked first whether it is: each kind of call then looks at what matters to it, and some
/// pointers that may be NULL are known to be given. Who has asked already calls the function for the kind.
fn passes(
    context: &Context<'_>,
    function: &Function,
    names: &[proc_macro2::Ident],
    params: &[String],
) -> Result<TokenStream, EmitError> {
    let one = |kind: Kind, body: TokenStream| {
        let name = passes_name(function, kind);
        let calls = match kind {
            Kind::Any => "a call",
            Kind::Alone => "a call that is not overlapped",
            Kind::Overlapped => "an overlapped call",
        };
        let before = format!(
            "/// Is {calls} of `{}` in order? If not surely, [`{}`] decides.\n{READABLE}#[inline(always)]\npub unsafe fn {name}",
            function.name,
            names::method(&function.name)
        );
        let head = context.head(text::head(0, &before, params, " -> bool {"));
        quote! {
            fn #head() {
                __safety!("what is read lies behind pointers found to be in user space; the caller vouches that they are readable.");
                unsafe { #body }
            }
        }
    };
    let Some(operation) = operation(function) else {
        return Ok(one(Kind::Any, in_order(context, function, Kind::Any)?));
    };
    let [alone, overlapped] = [Kind::Alone, Kind::Overlapped].map(|kind| {
        let name = passes_name(function, kind);
        (quote!(#name(#(#names),*)), in_order(context, function, kind).map(|body| one(kind, body)))
    });
    let operation = address(context, operation);
    let (pass_alone, pass_overlapped) = (alone.0, overlapped.0);
    let any = one(Kind::Any, quote!(if #operation == 0 { #pass_alone } else { #pass_overlapped }));
    let (alone, overlapped) = (alone.1?, overlapped.1?);
    Ok(quote!(#any #alone #overlapped))
}

/// The condition that a call of this kind is in order. What memory is not read for comes first, as branches of their own that
/// are seldom taken: together with the comparison of addresses they would be slower.
fn in_order(context: &Context<'_>, function: &Function, kind: Kind) -> Result<TokenStream, EmitError> {
    let (mut by_value, mut behind) = (Vec::new(), Vec::new());
    for check in &function.checks {
        match &check.kind {
            CheckKind::Minimum { param, length, by_pointer, minimum } => {
                behind.push(short(context, function, *param, *length, *by_pointer, *minimum)?);
            }
            CheckKind::Allowed { param } => {
                // Where NULL is refused, that is done by then: no need to ask again.
                let never_null = null_check(function, *param).is_some_and(|unless| unless.is_none());
                let fails = outside(context, function, check, *param, never_null)?;
                let allowed = function.params[*param].allowed.as_ref();
                let excused = allowed.is_some_and(|allowed| allowed.unless.is_some());
                let reads = excused || is_behind(context, &function.params[*param]).is_some();
                if reads { &mut behind } else { &mut by_value }.push(fails);
            }
            CheckKind::AnyOf { params } => {
                let addresses = params.iter().map(|&index| address(context, &function.params[index]));
                behind.push(quote!((#(#addresses)|*) == 0));
            }
            CheckKind::Null { .. } | CheckKind::Address { .. } | CheckKind::Socket { .. } => {}
        }
    }
    let addresses = Addresses::new(context, function, kind).fit();
    let rest = if behind.is_empty() { quote!(true) } else { quote!(#(!(#behind))&&*) };
    Ok(quote! {
        #(if #by_value {
            ::core::hint::cold_path();
            return false;
        })*
        #addresses
        #rest
    })
}

/// Is NULL refused for this parameter, and unless which other one is given?
fn null_check(function: &Function, param: usize) -> Option<Option<usize>> {
    function.checks.iter().find_map(|check| match &check.kind {
        CheckKind::Null { param: found, unless } if *found == param => Some(*unless),
        _ => None,
    })
}

/// The addresses of a call of some kind, by what is known of each.
#[derive(Default)]
struct Addresses {
    /// Those that must be given, as what is looked at.
    spans: Vec<TokenStream>,
    /// Those that must be given in calls of this kind, but not in all.
    given: Vec<TokenStream>,
    /// Those that may be NULL.
    optional: Vec<TokenStream>,
    /// Those beside an operation's record, which seldom are anything else: routine and thread.
    seldom: Vec<TokenStream>,
}

impl Addresses {
    fn new(context: &Context<'_>, function: &Function, kind: Kind) -> Self {
        let completion = function.completion.as_ref();
        let is_given = |param: usize| {
            let known = kind != Kind::Any && completion.is_some_and(|group| group.operation == param);
            known.then_some(kind == Kind::Overlapped)
        };
        let address = |param: usize| address(context, &function.params[param]);
        let mut all = Self::default();
        for check in &function.checks {
            match &check.kind {
                CheckKind::Null { param, unless } => {
                    let address_of = address(*param);
                    match unless.map(|other| (address(other), is_given(other))) {
                        None => all.spans.push(quote!(::wsp::rt::addr::span(#address_of))),
                        Some((_, Some(false))) => {
                            all.spans.push(quote!(::wsp::rt::addr::span(#address_of)));
                            all.given.push(address_of);
                        }
                        Some((_, Some(true))) => all.optional.push(address_of),
                        Some((other, None)) => all.spans.push(quote!(::wsp::rt::addr::span_or(#address_of, #other))),
                    }
                }
                CheckKind::Address { param, with } if null_check(function, *param).is_none() => {
                    let address_of = address(*param);
                    match (is_given(*param), with.and_then(is_given)) {
                        (Some(false), _) | (_, Some(false)) => {}
                        (Some(true), _) => all.spans.push(quote!(::wsp::rt::addr::span(#address_of))),
                        (_, Some(true)) => all.seldom.push(address_of),
                        _ => all.optional.push(address_of),
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// The statements that return if not all are in order: one comparison for all, and one more for each that may be NULL.
    fn fit(self) -> TokenStream {
        let Self { spans, given, optional, seldom } = self;
        let seldom = (!seldom.is_empty()).then(|| {
            quote! {
                if (#(#seldom)|*) != 0 {
                    ::core::hint::cold_path();
                    if !(#(::wsp::rt::addr::fits_if_given(#seldom))&&*) {
                        return false;
                    }
                }
            }
        });
        let all = (spans.len() + optional.len() > 0).then(|| {
            quote! {
                if !::wsp::rt::addr::all_fit([#(#spans,)* #(#optional),*]) {
                    ::core::hint::cold_path();
                    return false;
                }
            }
        });
        quote! {
            #(if ::wsp::rt::addr::is_low(#optional) {
                ::core::hint::cold_path();
                return false;
            })*
            #seldom
            #all
            #(::core::hint::assert_unchecked(#given != 0);)*
        }
    }
}

/// The checks as statements.
fn steps(context: &Context<'_>, function: &Function) -> Result<Vec<TokenStream>, EmitError> {
    let mut steps = Vec::new();
    let mut plain = String::new();
    for check in &function.checks {
        match plain_step(context, function, check) {
            Some(step) => plain.push_str(&step),
            None => {
                steps.push(context.item(std::mem::take(&mut plain)));
                steps.push(step(context, function, check)?);
            }
        }
    }
    steps.push(context.item(plain));
    Ok(steps)
}

/// A pointer is NULL.
const NULL: &str = "\
if ($name as usize) == 0 {
    return Err(::wsp::rt::refuse(&$check));
}
";

/// A pointer that is not NULL has no good address.
const ADDRESS: &str = "\
if ($name as usize) != 0
    && !::wsp::rt::addr::fits(::wsp::rt::addr::span(($name as usize)))
{
    return Err(::wsp::rt::refuse(&$check));
}
";

/// The checks that pointers have, if their lines need not be broken: most of all.
fn plain_step(context: &Context<'_>, function: &Function, check: &Check) -> Option<String> {
    let (template, param) = match &check.kind {
        CheckKind::Null { param, unless: None } => (NULL, *param),
        CheckKind::Address { param, with: None } => (ADDRESS, *param),
        _ => return None,
    };
    let param = &function.params[param];
    if context.is_callback(&param.ty) {
        return None;
    }
    let (name, check) = (names::param(&param.name).to_string(), names::check(function, check).to_string());
    let step = text::fill(template, &[("name", &name), ("check", &check)]);
    // They stand in an unsafe block of a function.
    step.lines().all(|line| text::fits(8, line)).then_some(step)
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
        CheckKind::Address { param, with } => {
            let address_of = address(context, &function.params[*param]);
            let given = with.map(|with| address(context, &function.params[with])).map(|with| quote!(#with != 0 &&));
            quote!(#given #address_of != 0 && !::wsp::rt::addr::fits(::wsp::rt::addr::span(#address_of)))
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
    let name = names::param(&param.name);
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
    let name = names::param(&length.name);
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
    let name = names::param(&param.name);
    let (mut fails, through) = violated(context, param, allowed)?;
    if through && !never_null {
        fails = quote!(!#name.is_null() && (#fails));
    }
    Ok(match &allowed.unless {
        Some((other, member)) => {
            let pointer = names::param(&function.params[*other].name);
            let member = ident(member);
            quote!((#fails) && !(!#pointer.is_null() && (&raw const (*#pointer).#member).read_unaligned() != 0))
        }
        None => fails,
    })
}

/// The type of the value, if the parameter points to it.
fn is_behind(context: &Context<'_>, param: &Param) -> Option<TypeRef> {
    context.pointee(&param.ty).filter(|_| param.direction != Direction::In || context.is_pointer(&param.ty))
}

/// The condition that a value is outside the allowed set, and whether the parameter points to it.
fn violated(context: &Context<'_>, param: &Param, allowed: &Allowed) -> Result<(TokenStream, bool), EmitError> {
    let name = names::param(&param.name);
    let through = is_behind(context, param);
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
