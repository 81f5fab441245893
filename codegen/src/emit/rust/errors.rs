//! One error enum per function and profile: what a function may fail with, and nothing else.

use proc_macro2::TokenStream;

use super::context::{Context, error, escaped};
use super::names::{self, ident};
use super::text;
use crate::emit::EmitError;
use crate::model::{Code, Delivery, ErrorEntry, Function, FunctionKind, Profile, Source};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let functions = profile.functions.iter().filter(|function| is_here(function.kind));
    functions.map(|function| one(context, function, 0)).collect()
}

/// Upcalls have their enums beside the upcall wrappers, once for all profiles.
fn is_here(kind: FunctionKind) -> bool {
    names::is_called_by_host(kind)
}

/// An enum of codes, and how it is made of one and shown.
const ENUM: &str = "\
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum $name {
$variants}
impl ::wsp::rt::ErrorList for $name {
    const FUNCTION: &'static str = $function;
    const FALLBACK: Self = Self::$fallback;
    const ALL: &'static [Self] = &[$all];
    #[inline]
    fn code(self) -> i32 {
        self as i32
    }
    fn name(self) -> &'static str {
        match self {
$codes        }
    }
    fn when(self) -> &'static str {
        match self {
$whens        }
    }
}
impl From<::wsp::rt::Code> for $name {
    /// The code if the function may fail with it, else its fallback.
    fn from(code: ::wsp::rt::Code) -> Self {
        <Self as ::wsp::rt::ErrorList>::or_fallback(code)
    }
}
impl ::core::fmt::Display for $name {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::wsp::rt::describe(*self, f)
    }
}
impl ::core::error::Error for $name {}
";

/// What a lifted argument refuses is one of the codes.
const FROM_REFUSAL: &str = "\
impl From<::wsp::rt::TooSmall> for $name {
    fn from(_: ::wsp::rt::TooSmall) -> Self {
        Self::$variant
    }
}
impl From<::wsp::rt::BadAddress> for $name {
    fn from(_: ::wsp::rt::BadAddress) -> Self {
        Self::$variant
    }
}
";

/// The error enum of a function, in its module, which is indented by so many columns.
pub fn one(context: &Context<'_>, function: &Function, indent: usize) -> Result<TokenStream, EmitError> {
    let entries: Vec<(&ErrorEntry, &Code)> = listed(context, function)?;
    let name = names::error(&function.name).to_string();
    let c_name = &function.name;
    let mut out = format!("/// What `{c_name}` may fail with.\n///\n/// Declared in `spec/{}`.\n", function.origin);
    let Some((_, first)) = entries.first() else {
        out.push_str(&format!("pub type {name} = ::core::convert::Infallible;\n"));
        return Ok(context.item(out));
    };
    let fallback = match &function.fallback {
        Some(fallback) => variant_of(context, function, fallback)?,
        None => ident(&first.variant),
    };
    let (codes, whens): (String, String) = entries
        .iter()
        .map(|(entry, code)| (arm(code, &code.name, indent), arm(code, entry.when.trim(), indent)))
        .collect();
    out.push_str(&text::fill(
        ENUM,
        &[
            ("name", &name),
            ("variants", &variants(&entries)),
            ("function", &text::quoted(c_name)),
            ("fallback", &fallback.to_string()),
            ("all", &all(&entries, indent)),
            ("codes", &codes),
            ("whens", &whens),
        ],
    ));
    if let Some((_, code)) = entries.iter().find(|(_, code)| code.name == "WSAEFAULT") {
        let variant = ident(&code.variant).to_string();
        out.push_str(&text::fill(FROM_REFUSAL, &[("name", &name), ("variant", &variant)]));
    }
    Ok(context.item(out))
}

/// The variants, with what they mean.
fn variants(entries: &[(&ErrorEntry, &Code)]) -> String {
    let mut out = String::new();
    for (entry, code) in entries {
        let meaning = format!("`{}`: {}{}", code.name, entry.when, source_note(entry.source));
        text::document(&mut out, "    ", &escaped(&meaning));
        out.push_str(&format!("    {} = {},\n", ident(&code.variant), code.value));
    }
    out
}

/// The variants as the elements of an array.
fn all(entries: &[(&ErrorEntry, &Code)], indent: usize) -> String {
    let paths: Vec<String> = entries.iter().map(|(_, code)| format!("Self::{}", ident(&code.variant))).collect();
    let line = paths.join(", ");
    if text::fits(indent + "    const ALL: &'static [Self] = &[];".len(), &line) {
        return line;
    }
    format!("\n        {},\n    ", paths.join(",\n        "))
}

/// An arm that gives a text for a code's variant.
fn arm(code: &Code, says: &str, indent: usize) -> String {
    let (variant, says) = (ident(&code.variant), text::quoted(says));
    let line = format!("Self::{variant} => {says}");
    if text::fits(indent + 12, &line) {
        return format!("            {line},\n");
    }
    format!("            Self::{variant} => {{\n                {says}\n            }}\n")
}

/// The codes that can come back from the call itself or complete its operation, each once.
fn listed<'m>(context: &'m Context<'_>, function: &'m Function) -> Result<Vec<(&'m ErrorEntry, &'m Code)>, EmitError> {
    let mut entries: Vec<(&ErrorEntry, &Code)> = Vec::new();
    for entry in function.errors.iter().filter(|entry| !matches!(entry.delivery, Delivery::Event(_))) {
        let code = code(context, function, &entry.code)?;
        if !entries.iter().any(|(_, known)| known.value == code.value) {
            entries.push((entry, code));
        }
    }
    Ok(entries)
}

fn code<'m>(context: &'m Context<'_>, function: &Function, name: &str) -> Result<&'m Code, EmitError> {
    context
        .model
        .code(name)
        .ok_or_else(|| error(&function.origin, &function.name, format!("the code `{name}` is not in codes.yaml")))
}

/// The variant of a code in a function's enum.
pub fn variant_of(context: &Context<'_>, function: &Function, name: &str) -> Result<proc_macro2::Ident, EmitError> {
    Ok(ident(&code(context, function, name)?.variant))
}

fn source_note(source: Source) -> &'static str {
    match source {
        Source::Table => "",
        Source::Remarks => " (Named only in the remarks.)",
        Source::Inherited => " (Taken over from the plain function.)",
        Source::Practice => " (Not documented; needed in practice.)",
    }
}
