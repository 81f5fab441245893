//! The C types and function-pointer types.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;

use super::context::{Context, documentation, error, escaped, has_alias};
use super::folded;
use super::names::{self, ident};
use super::text;
use crate::emit::EmitError;
use crate::model::{Aggregate, CType, Function, Param, TypeKind, TypeRef};

pub fn emit(context: &Context<'_>) -> Result<TokenStream, EmitError> {
    let mut out = String::new();
    if context.options.overlay {
        out.push_str("pub use ::wsp::ffi::*;\n");
    }
    for ty in &context.model.types {
        if !context.options.overlay || ty.origin.overlay {
            one(context, ty, &mut out)?;
        }
    }
    pointers(context, &mut out);
    Ok(context.item(out))
}

fn one(context: &Context<'_>, ty: &CType, out: &mut String) -> Result<(), EmitError> {
    let name = ident(&ty.name);
    if matches!(ty.kind, TypeKind::Integer(_) | TypeKind::Handle(_)) && !has_alias(&ty.name) {
        return Ok(());
    }
    let alias = match &ty.kind {
        TypeKind::Void => return Ok(()),
        TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => format!("pub type {name} = {};\n", ident(&scalar.rust)),
        TypeKind::Pointer { to } => {
            let pointer = if to.is_const { "*const" } else { "*mut" };
            format!("pub type {name} = {pointer} {};\n", context.ty_text(to))
        }
        TypeKind::Callback { returns, params } => function_pointer(context, &ty.name, params, returns),
        TypeKind::Opaque => format!("#[repr(C)]\npub struct {name} {{\n    _opaque: [u8; 0],\n}}\n"),
        TypeKind::Struct(fields) => aggregate(context, ty, fields, "struct")?,
        TypeKind::Union(fields) => aggregate(context, ty, fields, "union")?,
    };
    text::document(out, "", &documentation(&ty.text, &ty.origin));
    out.push_str(&alias);
    Ok(())
}

/// A structure or a union.
const AGGREGATE: &str = "\
#[repr($repr)]
#[derive(Clone, Copy)]
pub $keyword $name {
$fields}
$safety
unsafe impl ::wsp::rt::Pod for $name {}
";

/// Why one may be made of any bytes.
const ANY_BITS: &str = "made of integers, pointers, nullable functions and arrays of them only, as declared in the spec: \
                        any bits are a valid value.";

fn aggregate(context: &Context<'_>, ty: &CType, aggregate: &Aggregate, keyword: &str) -> Result<String, EmitError> {
    let mut fields = String::new();
    for field in &aggregate.fields {
        text::document(&mut fields, "    ", &escaped(&field.text));
        let mut inner = context.ty_text(&field.ty);
        if let Some(length) = &field.array {
            let length = usize::try_from(length.value)
                .map_err(|_| error(&ty.origin, &ty.name, format!("`{}` has an impossible length", field.name)))?;
            inner = format!("[{inner}; {length}]");
        }
        fields.push_str(&format!("    pub {}: {inner},\n", ident(&field.name)));
    }
    let repr = aggregate.pack.map_or_else(|| "C".to_owned(), |pack| format!("C, packed({pack})"));
    let name = ident(&ty.name).to_string();
    let safety = folded("", ANY_BITS);
    let safety = safety.trim_end();
    let values = [("repr", &*repr), ("keyword", keyword), ("name", &name), ("fields", &fields), ("safety", safety)];
    Ok(text::fill(AGGREGATE, &values))
}

/// A function's parameters, with their types.
pub fn parameters(context: &Context<'_>, params: &[Param]) -> Vec<String> {
    params.iter().map(|param| format!("{}: {}", names::param(&param.name), context.ty_text(&param.ty))).collect()
}

/// ` -> T`, or nothing for `void`.
pub fn result(context: &Context<'_>, returns: &TypeRef) -> String {
    let is_void = returns.pointers == 0
        && matches!(context.model.type_named(&returns.base).map(|ty| &ty.kind), Some(TypeKind::Void));
    if is_void { String::new() } else { format!(" -> {}", context.ty_text(returns)) }
}

/// The type of the pointers to functions of this kind, on as few lines as it fits on.
fn function_pointer(context: &Context<'_>, name: &str, params: &[Param], returns: &TypeRef) -> String {
    let name = ident(name);
    let (params, returns) = (parameters(context, params), result(context, returns));
    let function = format!("unsafe extern \"system\" fn({}){returns}", params.join(", "));
    let line = format!("pub type {name} = Option<{function}>;\n");
    if text::fits(0, line.trim_end()) {
        return line;
    }
    if text::fits(4, &function) {
        return format!("pub type {name} = Option<\n    {function},\n>;\n");
    }
    let params: String = params.iter().flat_map(|param| ["        ", param, ",\n"]).collect();
    format!("pub type {name} = Option<\n    unsafe extern \"system\" fn(\n{params}    ){returns},\n>;\n")
}

/// One pointer type per function name, whatever profiles it is in: the C signature is the same in all.
fn pointers(context: &Context<'_>, out: &mut String) {
    let mut seen = BTreeSet::new();
    for function in context.model.profiles.iter().flat_map(|profile| &profile.functions) {
        let wanted = !context.options.overlay || (function.origin.overlay && is_new(context, function));
        if wanted && seen.insert(&function.pointer) {
            let text = format!("Pointer to `{}`. {}", function.name, function.summary);
            text::document(out, "", &documentation(&text, &function.origin));
            out.push_str(&pointer(context, function));
        }
    }
}

/// The type of the pointers to a function.
pub fn pointer(context: &Context<'_>, function: &Function) -> String {
    function_pointer(context, &function.pointer, &function.params, &function.returns.ty)
}

/// Was the function added by the author's folder (rather than amended)? Added ones have no table slot.
fn is_new(context: &Context<'_>, function: &Function) -> bool {
    !context.model.tables.iter().any(|table| table.slots.contains(&function.name)) && function.guid.is_some()
}
