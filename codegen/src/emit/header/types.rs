//! Types, function-pointer types, tables and prototypes.

use std::collections::BTreeSet;

use super::comment;
use super::names::{self, Names, is_of_c, is_shared, is_tagged, keyword, type_name};
use super::place::{Items, Place};
use crate::emit::EmitError;
use crate::model::{Aggregate, CType, Direction, ErrorVia, Function, FunctionKind, Param, Table, TypeKind, Width};

/// On Windows: the prefixed names stand for the plain ones of the Windows headers.
pub fn renamed_on_windows(names: &Names<'_>) -> String {
    let mut text = String::from("/* The portable names. */\n");
    for ty in names.model.types.iter().filter(|ty| is_shared(&ty.name) && !is_of_c(ty)) {
        if ty.name.starts_with('_') {
            // A name of one compiler's headers: spelled by what it is on Windows.
            text.push_str(&format!("typedef {} {};\n", windows_scalar(ty), type_name(&ty.name)));
        } else if Place::of(&ty.header) == Place::Elsewhere {
            text.push_str(&format!("#define {} {}\n", type_name(&ty.name), ty.name));
        }
    }
    text
}

fn windows_scalar(ty: &CType) -> &'static str {
    match &ty.kind {
        TypeKind::Integer(scalar) if scalar.width == Width::Bits(32) && scalar.signed => "long",
        TypeKind::Integer(scalar) if scalar.width == Width::Bits(32) => "unsigned long",
        _ => "void *",
    }
}

/// Away from Windows: the plain names, for those who ask for them.
pub fn plain_names(names: &Names<'_>) -> String {
    let mut text = String::from("#if defined(WSP_PLAIN_NAMES)\n");
    for ty in names.model.types.iter().filter(|ty| is_shared(&ty.name) && !is_of_c(ty)) {
        text.push_str(&format!("#define {} {}\n", ty.name, type_name(&ty.name)));
    }
    text.push_str("#endif\n\n");
    text
}

/// Every structure and table by name, so that pointers to them can be declared in any order.
pub fn forward(names: &Names<'_>, items: &mut Items) {
    for ty in &names.model.types {
        if !matches!(ty.kind, TypeKind::Struct(_) | TypeKind::Union(_) | TypeKind::Opaque) {
            continue;
        }
        let (keyword, name) = (keyword(ty), type_name(&ty.name));
        let line =
            if is_tagged(ty) { format!("{keyword} {name};\n") } else { format!("typedef {keyword} {name} {name};\n") };
        items.put(Place::of(&ty.header), &line);
    }
    for table in &names.model.tables {
        let name = &table.name;
        items.put(Place::of(&table.header), &format!("typedef struct {name} {name};\n"));
    }
}

/// The types themselves.
pub fn declarations(names: &Names<'_>, items: &mut Items) -> Result<(), EmitError> {
    for ty in names.model.types.iter().filter(|ty| !is_of_c(ty)) {
        let declaration = declaration(names, ty)?;
        if !declaration.is_empty() {
            let text = format!("{}{declaration}", comment::paragraph(&ty.text, 0));
            items.put(Place::of(&ty.header), &text);
        }
    }
    Ok(())
}

fn declaration(names: &Names<'_>, ty: &CType) -> Result<String, EmitError> {
    let name = type_name(&ty.name);
    Ok(match &ty.kind {
        TypeKind::Void | TypeKind::Opaque => String::new(),
        TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => format!("typedef {} {name};\n", names::scalar(scalar)),
        TypeKind::Pointer { to } => {
            let to = names.ty(to);
            let gap = if to.ends_with('*') { "" } else { " " };
            format!("typedef {to}{gap}*{name};\n")
        }
        TypeKind::Callback { returns, params } => {
            let comments = params_comment(params);
            let returns = names.declare(returns, "");
            format!("{comments}typedef {returns}(CALLBACK *{name}){};\n", names.params(params))
        }
        TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => structure(names, ty, aggregate)?,
    })
}

fn params_comment(params: &[Param]) -> String {
    params.iter().map(|param| comment::paragraph(&format!("  {}: {}", param.name, param.text), 0)).collect()
}

fn structure(names: &Names<'_>, ty: &CType, aggregate: &Aggregate) -> Result<String, EmitError> {
    let mut text = String::new();
    if let Some(pack) = aggregate.pack {
        text.push_str(&format!("#pragma pack(push, {pack})\n"));
    }
    text.push_str(&format!("{} {} {{\n", keyword(ty), type_name(&ty.name)));
    for field in &aggregate.fields {
        text.push_str(&comment::paragraph(&field.text, 4));
        let array = match &field.array {
            None => String::new(),
            Some(length) if length.value > 0 => match &length.name {
                Some(constant) => format!("[{}]", names::constant(constant)),
                None => format!("[{}]", length.value),
            },
            Some(length) => {
                return Err(EmitError {
                    emitter: "header",
                    item: format!("{}: {}.{}", ty.origin, ty.name, field.name),
                    message: format!("an array of {} members cannot be declared in C", length.value),
                });
            }
        };
        text.push_str(&format!("    {}{array};\n", names.declare(&field.ty, &field.name)));
    }
    text.push_str("};\n");
    if aggregate.pack.is_some() {
        text.push_str("#pragma pack(pop)\n");
    }
    Ok(text)
}

/// One pointer type per function, whatever profiles it is in.
pub fn pointers(names: &Names<'_>, items: &mut Items) {
    for function in functions(names) {
        let comment = function_comment(function);
        let (returns, params) = (names.returns(function), names.params(&function.params));
        let text = format!("{comment}typedef {returns}(WSPAPI *{}){params};\n\n", function.pointer);
        items.put(Place::of(&function.header), &text);
    }
}

/// Each function once.
fn functions<'m>(names: &Names<'m>) -> Vec<&'m Function> {
    let mut seen = BTreeSet::new();
    let all = names.model.profiles.iter().flat_map(|profile| &profile.functions);
    all.filter(|function| seen.insert(&function.pointer)).collect()
}

fn function_comment(function: &Function) -> String {
    let params: Vec<_> = function
        .params
        .iter()
        .map(|param| {
            let direction = match param.direction {
                Direction::In => "in",
                Direction::Out => "out",
                Direction::InOut => "in and out",
            };
            let null = if param.optional { "; may be NULL" } else { "" };
            (format!("{} [{direction}{null}]", param.name), param.text.clone())
        })
        .collect();
    let summary = format!("{}: {}", function.name, function.summary);
    comment::function(&summary, &params, &returns_text(function))
}

fn returns_text(function: &Function) -> String {
    let returns = &function.returns;
    let mut text = returns.success.trim_end_matches('.').to_owned();
    if let Some(failure) = &returns.failure {
        text.push_str(&format!(", or {failure}"));
        let errno = function.params.iter().find(|param| param.errno);
        if let (ErrorVia::LpErrno, Some(errno)) = (returns.error_via, errno) {
            text.push_str(&format!(" with the code in *{}", errno.name));
        }
        if returns.error_via == ErrorVia::LastError {
            text.push_str(" with the code as the thread's last error");
        }
    } else if returns.error_via == ErrorVia::Return {
        text.push_str(", or the error code");
    }
    text.push('.');
    let codes: Vec<_> =
        function.errors.iter().map(|entry| entry.code.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    if !codes.is_empty() {
        text.push_str(&format!(" Codes: {}.", codes.join(", ")));
    }
    text
}

/// The tables.
pub fn tables(names: &Names<'_>, items: &mut Items) {
    for table in &names.model.tables {
        items.put(Place::of(&table.header), &one_table(names, table));
    }
}

fn one_table(names: &Names<'_>, table: &Table) -> String {
    let functions = functions(names);
    let mut text = comment::paragraph(&table.text, 0);
    text.push_str(&format!("struct {} {{\n", table.name));
    for slot in &table.slots {
        let function = functions.iter().find(|function| function.name == *slot);
        let pointer =
            function.map_or_else(|| format!("LP{}", slot.to_uppercase()), |function| function.pointer.clone());
        text.push_str(&format!("    {pointer} lp{slot};\n"));
    }
    text.push_str("};\n\n");
    text
}

/// What is exported by name: by a provider its start-up functions, by a host what its table has not.
pub fn prototypes(names: &Names<'_>, items: &mut Items) {
    for function in functions(names) {
        if !matches!(function.kind, FunctionKind::Startup | FunctionKind::Export) {
            continue;
        }
        let (returns, params) = (names.returns(function), names.params(&function.params));
        let comment = comment::paragraph(&function.summary, 0);
        let text = format!("{comment}{returns}WSPAPI {}{params};\n\n", function.name);
        items.put(Place::of(&function.header), &text);
    }
}
