//! The C headers as a witness: assertions in C that hold if the headers declare what the model does.
//!
//! Each item stands in a file of its own name as far as the compiler's messages are concerned, so that a message tells which item
//! it is about.

pub mod known;

use std::fmt::Write as _;

use wsp_codegen::model::{
    Aggregate, Builds, CType, ConstantValue, Function, FunctionKind, Guid, Model, Param, Scalar, Table, TypeKind,
    TypeRef, Width,
};

use crate::Error;
use crate::declared;
use crate::facts::{Facts, Target};

/// What is asserted of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// The item: a function-pointer type, a function, a type, `TYPE.MEMBER`, a constant or an error code.
    pub item: String,
    /// C, on one line.
    pub text: String,
    /// The compiler sees it only when it makes code, which it does not do for a file with other errors.
    pub late: bool,
}

/// Everything that the model declares and the headers should. Each item stands once.
///
/// # Errors
/// The model uses a type that it does not have, or a structure cannot be laid out.
pub fn assertions(model: &Model, target: Target) -> Result<Vec<Assertion>, Error> {
    let facts = declared::facts(model, target)?;
    let mut writer = Writer { model, target, facts, all: Vec::new() };
    model.types.iter().try_for_each(|ty| writer.ty(ty))?;
    for function in model.profiles.iter().flat_map(|profile| &profile.functions) {
        writer.function(function)?;
    }
    model.tables.iter().try_for_each(|table| writer.table(table))?;
    for constant in model.groups.iter().flat_map(|group| &group.constants).filter(|constant| constant.header.is_some())
    {
        match &constant.value {
            ConstantValue::Integer(value) => writer.number(&constant.name, &constant.ty, *value)?,
            ConstantValue::Guid(guid) => writer.guid(&constant.name, guid),
        }
    }
    for code in &model.codes {
        writer.add(&code.name, format!("_Static_assert({} == {}, \"value\");", code.name, code.value));
    }
    Ok(writer.all)
}

/// A C file with these assertions.
pub fn file<'a>(assertions: impl IntoIterator<Item = &'a Assertion>) -> String {
    let mut text = String::from(TOP);
    for Assertion { item, text: assertion, .. } in assertions {
        let _ = writeln!(text, "#line 1 \"{item}\"\n{assertion}");
    }
    text
}

/// The item that a line of the compiler's messages is about, and the message, if it is an error.
pub fn error(line: &str) -> Option<(&str, &str)> {
    let (place, message) = line.split_once(": error: ").or_else(|| line.split_once(": fatal error: "))?;
    Some((place.split(':').next()?, message))
}

const TOP: &str = "\
/* Made from the spec: fails to compile where the headers declare something else. */
#include <stddef.h>
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <mstcpip.h>
#include <ws2spi.h>
#include <qossp.h>
#include <sporder.h>
#include <ddk/ws2san.h>
void differs(void) __attribute__((error(\"value\")));
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
/* A name that no other function has. */
#define CHECK JOIN(check_, __COUNTER__)
";

struct Writer<'a> {
    model: &'a Model,
    target: Target,
    facts: Facts,
    all: Vec<Assertion>,
}

impl Writer<'_> {
    fn add(&mut self, item: &str, text: String) {
        self.add_one(Assertion { item: item.to_owned(), text, late: false });
    }

    fn add_one(&mut self, assertion: Assertion) {
        if !self.all.iter().any(|other| other.item == assertion.item) {
            self.all.push(assertion);
        }
    }

    fn function(&mut self, function: &Function) -> Result<(), Error> {
        // The headers declare for 32 bits what is there for 64 bits only, or the other way round.
        let here = match function.builds {
            None => true,
            Some(Builds::Bits64) => self.target == Target::X64,
            Some(Builds::Bits32) => self.target == Target::X86,
        };
        if !here {
            return Ok(());
        }
        let ty = self.signature("WSPAPI", &function.returns.ty, &function.params)?;
        self.add(&function.pointer, same(&function.pointer, &ty));
        if matches!(function.kind, FunctionKind::Startup | FunctionKind::Export | FunctionKind::Catalog) {
            self.add(&function.name, same(&format!("__typeof__(&{})", function.name), &ty));
        }
        Ok(())
    }

    fn ty(&mut self, ty: &CType) -> Result<(), Error> {
        let c = spelled(ty);
        match &ty.kind {
            TypeKind::Void => {}
            TypeKind::Integer(scalar) => {
                let signed = u8::from(scalar.signed);
                let size = self.size(scalar);
                let text =
                    format!("_Static_assert(sizeof({c}) == {size} && (({c})-1 < ({c})1) == {signed}, \"number\");");
                self.add(&ty.name, text);
            }
            TypeKind::Handle(scalar) => {
                self.add(&ty.name, format!("_Static_assert(sizeof({c}) == {}, \"size\");", self.size(scalar)));
            }
            TypeKind::Pointer { to } => {
                let to = self.spell(to)?;
                self.add(&ty.name, same(c, &format!("{to} *")));
            }
            TypeKind::Callback { returns, params } => {
                let signature = self.signature("CALLBACK", returns, params)?;
                self.add(&ty.name, same(c, &signature));
            }
            TypeKind::Opaque => {
                self.add(&ty.name, format!("_Static_assert(sizeof({c} *) == sizeof(void *), \"type\");"))
            }
            TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => self.aggregate(ty, aggregate)?,
        }
        Ok(())
    }

    fn aggregate(&mut self, ty: &CType, aggregate: &Aggregate) -> Result<(), Error> {
        let c = spelled(ty);
        let Some(record) = self.facts.records.get(&ty.name).cloned() else {
            return Err(Error(format!("{}: has no layout", ty.name)));
        };
        let (size, align) = (record.size, record.align);
        self.add(&ty.name, format!("_Static_assert(sizeof({c}) == {size} && _Alignof({c}) == {align}, \"size\");"));
        for (field, placed) in aggregate.fields.iter().zip(&record.fields) {
            let name = &field.name;
            let array = field.array.as_ref().map(|length| format!("[{}]", length.value)).unwrap_or_default();
            let member =
                same(&format!("__typeof__((({c} *)0)->{name})"), &format!("{}{array}", self.spell(&field.ty)?));
            let place = format!("_Static_assert(offsetof({c}, {name}) == {}, \"offset\");", placed.offset);
            self.add(&format!("{}.{name}", ty.name), format!("{place} {member}"));
        }
        Ok(())
    }

    fn table(&mut self, table: &Table) -> Result<(), Error> {
        let (name, count) = (&table.name, table.slots.len());
        self.add(name, format!("_Static_assert(sizeof({name}) == {count} * sizeof(void *), \"size\");"));
        for (place, slot) in table.slots.iter().enumerate() {
            let declared = self.model.profiles.iter().find_map(|profile| profile.function(slot));
            let Some(function) = declared else {
                return Err(Error(format!("{name}: {slot} is declared nowhere")));
            };
            let member = same(&format!("__typeof__((({name} *)0)->lp{slot})"), &function.pointer);
            let offset = format!("_Static_assert(offsetof({name}, lp{slot}) == {place} * sizeof(void *), \"offset\");");
            self.add(&format!("{name}.lp{slot}"), format!("{offset} {member}"));
        }
        Ok(())
    }

    fn number(&mut self, name: &str, ty: &TypeRef, value: i128) -> Result<(), Error> {
        let ty = self.spell(ty)?;
        self.add(name, format!("_Static_assert(({ty})({name}) == ({ty})({value}LL), \"value\");"));
        Ok(())
    }

    /// A structure's value is no constant expression in C: the compiler has to see that a call is never made.
    fn guid(&mut self, name: &str, guid: &Guid) {
        let Guid { data1, data2, data3, data4 } = guid;
        let bytes: String =
            data4.iter().enumerate().map(|(at, byte)| format!(" || g.Data4[{at}] != {byte:#04x}")).collect();
        let wrong = format!("g.Data1 != {data1:#010x} || g.Data2 != {data2:#06x} || g.Data3 != {data3:#06x}{bytes}");
        let text = format!("void CHECK(void) {{ const GUID g = {name}; if ({wrong}) differs(); }}");
        self.add_one(Assertion { item: name.to_owned(), text, late: true });
    }

    fn size(&self, scalar: &Scalar) -> u64 {
        match scalar.width {
            Width::Bits(bits) => u64::from(bits / 8),
            Width::Pointer => self.target.pointer(),
        }
    }

    fn signature(&self, convention: &str, returns: &TypeRef, params: &[Param]) -> Result<String, Error> {
        let params: Vec<String> = params.iter().map(|param| self.spell(&param.ty)).collect::<Result<_, _>>()?;
        let params = if params.is_empty() { "void".into() } else { params.join(", ") };
        Ok(format!("{} ({convention} *)({params})", self.spell(returns)?))
    }

    /// A type as the headers know it.
    fn spell(&self, ty: &TypeRef) -> Result<String, Error> {
        let functions = || self.model.profiles.iter().flat_map(|profile| &profile.functions);
        let base = match self.model.type_named(&ty.base) {
            Some(ty) => spelled(ty),
            None if self.model.table(&ty.base).is_some() => &ty.base,
            None if functions().any(|function| function.pointer == ty.base) => &ty.base,
            None => return Err(Error(format!("the model has no type `{}`", ty.base))),
        };
        let constant = if ty.is_const { "const " } else { "" };
        Ok(format!("{constant}{base}{}", " *".repeat(ty.pointers)))
    }
}

fn spelled(ty: &CType) -> &str {
    if ty.c.is_empty() { &ty.name } else { &ty.c }
}

/// The two types are one.
fn same(theirs: &str, ours: &str) -> String {
    format!("_Static_assert(__builtin_types_compatible_p({theirs}, {ours}), \"type\");")
}
