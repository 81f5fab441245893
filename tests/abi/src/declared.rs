//! Our side: the normal form of what the model declares.

use std::collections::BTreeMap;

use wsp_codegen::model::{
    Aggregate, ConstantValue, Function, FunctionKind, Guid, Model, Param, Scalar, Table, TypeKind, TypeRef, Width,
};

use crate::Error;
use crate::facts::{Constant, Definition, Facts, Kind, Signature, Target};
use crate::layout::layout;

/// More types in a row than this are a circle.
const ALIASES: usize = 16;

/// The functions, callbacks, structures, tables, constants and error codes of the model.
///
/// Integers, handles and pointer types are no items of their own: they are compared wherever they are used.
///
/// # Errors
/// A type is used that the model does not have, two profiles give one function two signatures, or a structure cannot be laid out.
pub fn facts(model: &Model, target: Target) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    let reader = Reader { model };
    for function in model.profiles.iter().flat_map(|profile| &profile.functions) {
        reader.function(function, &mut facts)?;
    }
    let mut definitions = BTreeMap::new();
    for ty in &model.types {
        match &ty.kind {
            TypeKind::Callback { returns, params } => {
                let signature = reader.signature(returns, params).map_err(|error| within(&ty.name, error))?;
                facts.functions.insert(ty.name.clone(), signature);
            }
            TypeKind::Struct(aggregate) => {
                definitions.insert(
                    ty.name.clone(),
                    reader.aggregate(aggregate, false).map_err(|error| within(&ty.name, error))?,
                );
            }
            TypeKind::Union(aggregate) => {
                definitions.insert(
                    ty.name.clone(),
                    reader.aggregate(aggregate, true).map_err(|error| within(&ty.name, error))?,
                );
            }
            TypeKind::Integer(_)
            | TypeKind::Handle(_)
            | TypeKind::Pointer { .. }
            | TypeKind::Opaque
            | TypeKind::Void => {}
        }
    }
    definitions.extend(model.tables.iter().map(|table| (table.name.clone(), reader.table(table))));
    facts.records = layout(&definitions, target)?;
    facts.constants = reader.constants(target)?;
    Ok(facts)
}

fn within(item: &str, error: Error) -> Error {
    Error(format!("{item}: {}", error.0))
}

struct Reader<'a> {
    model: &'a Model,
}

impl Reader<'_> {
    fn function(&self, function: &Function, facts: &mut Facts) -> Result<(), Error> {
        let signature =
            self.signature(&function.returns.ty, &function.params).map_err(|error| within(&function.name, error))?;
        let mut names = vec![&function.pointer];
        // What is linked to by name stands in the metadata as a function; a pointer type is extra.
        if matches!(function.kind, FunctionKind::Export | FunctionKind::Catalog) {
            names.push(&function.name);
            facts.optional.insert(function.pointer.clone());
        }
        for name in names {
            let before = facts.functions.insert(name.clone(), signature.clone());
            if before.is_some_and(|before| before != signature) {
                return Err(Error(format!("{name}: declared twice, with two signatures (see {})", function.origin)));
            }
        }
        Ok(())
    }

    fn signature(&self, returns: &TypeRef, params: &[Param]) -> Result<Signature, Error> {
        let params = params.iter().map(|param| Ok((param.name.clone(), self.kind(&param.ty)?)));
        Ok(Signature {
            abi: "system".into(),
            params: params.collect::<Result<_, Error>>()?,
            returns: self.kind(returns)?,
        })
    }

    fn kind(&self, ty: &TypeRef) -> Result<Kind, Error> {
        self.kind_at(ty, 0)
    }

    fn kind_at(&self, ty: &TypeRef, depth: usize) -> Result<Kind, Error> {
        if depth > ALIASES {
            return Err(Error(format!("the type `{}` leads to itself", ty.c)));
        }
        let mut kind = self.base(&ty.base, depth)?;
        for _ in 0..ty.pointers {
            kind = kind.pointer();
        }
        Ok(kind)
    }

    fn base(&self, name: &str, depth: usize) -> Result<Kind, Error> {
        let Some(ty) = self.model.type_named(name) else {
            return self.elsewhere(name).ok_or_else(|| Error(format!("the model has no type `{name}`")));
        };
        Ok(match &ty.kind {
            TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => self.scalar(scalar),
            TypeKind::Struct(_) | TypeKind::Union(_) | TypeKind::Opaque => Kind::Record(ty.name.clone()),
            TypeKind::Pointer { to } => self.kind_at(to, depth + 1)?.pointer(),
            TypeKind::Callback { .. } => Kind::Function(ty.name.clone()),
            TypeKind::Void => Kind::Void,
        })
    }

    /// Types that are declared as something else than a type: tables and the functions' own pointer types.
    fn elsewhere(&self, name: &str) -> Option<Kind> {
        if self.model.table(name).is_some() {
            return Some(Kind::Record(name.to_owned()));
        }
        let mut functions = self.model.profiles.iter().flat_map(|profile| &profile.functions);
        functions.any(|function| function.pointer == name).then(|| Kind::Function(name.to_owned()))
    }

    fn scalar(&self, scalar: &Scalar) -> Kind {
        match scalar.width {
            Width::Bits(bits) => Kind::Int(u64::from(bits / 8)),
            Width::Pointer => Kind::Word,
        }
    }

    fn aggregate(&self, aggregate: &Aggregate, union: bool) -> Result<Definition, Error> {
        let fields = aggregate.fields.iter().map(|field| {
            let kind = self.kind(&field.ty).map_err(|error| within(&field.name, error))?;
            let kind = match &field.array {
                None => kind,
                Some(length) => {
                    let count = u64::try_from(length.value)
                        .map_err(|_| Error(format!("{}: array length {} is out of range", field.name, length.value)))?;
                    Kind::Array(Box::new(kind), count)
                }
            };
            Ok((field.name.clone(), kind))
        });
        Ok(Definition { union, pack: aggregate.pack.map(u64::from), fields: fields.collect::<Result<_, Error>>()? })
    }

    /// A table is a structure of function pointers, each named `lp` and the function.
    fn table(&self, table: &Table) -> Definition {
        let fields = table.slots.iter().map(|slot| (format!("lp{slot}"), Kind::Function(self.pointer(slot))));
        Definition { union: false, pack: None, fields: fields.collect() }
    }

    fn pointer(&self, function: &str) -> String {
        let declared = self.model.profiles.iter().find_map(|profile| profile.function(function));
        declared.map_or_else(|| format!("LP{}", function.to_uppercase()), |function| function.pointer.clone())
    }

    fn constants(&self, target: Target) -> Result<BTreeMap<String, Constant>, Error> {
        let mut constants = BTreeMap::new();
        for constant in self.model.groups.iter().flat_map(|group| &group.constants) {
            let value = match constant.value {
                ConstantValue::Guid(guid) => Constant::Guid(number(guid)),
                ConstantValue::Integer(value) => {
                    let kind = self.kind(&constant.ty).map_err(|error| within(&constant.name, error))?;
                    let bits = bits(&kind, target).ok_or_else(|| {
                        Error(format!("{}: a number cannot have the type `{}`", constant.name, constant.ty.c))
                    })?;
                    Constant::Number(value, bits)
                }
            };
            constants.insert(constant.name.clone(), value);
        }
        constants
            .extend(self.model.codes.iter().map(|code| (code.name.clone(), Constant::Number(code.value.into(), 32))));
        Ok(constants)
    }
}

/// Width of a scalar, in bits.
fn bits(kind: &Kind, target: Target) -> Option<u32> {
    let bytes = match kind {
        Kind::Int(bytes) => *bytes,
        // Pointers and function pointers have numbers for values in a few constants, as `(LPFN)-1`.
        Kind::Word | Kind::Pointer(_) | Kind::Function(_) => target.pointer(),
        Kind::Void | Kind::Record(_) | Kind::Array(..) => return None,
    };
    u32::try_from(bytes * 8).ok()
}

fn number(guid: Guid) -> u128 {
    u128::from(guid.data1) << 96
        | u128::from(guid.data2) << 80
        | u128::from(guid.data3) << 64
        | u128::from(u64::from_be_bytes(guid.data4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::small;

    #[test]
    fn declarations_become_kinds() {
        let facts = facts(&small::model(), Target::X64).unwrap();
        let send = &facts.functions["LPWSPSEND"];
        let params: Vec<String> = send.params.iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
        assert_eq!(
            params,
            ["s: word", "lpBuffers: *WSABUF", "dwBufferCount: int32", "lpRoutine: LPROUTINE", "lpErrno: *int32"]
        );
        assert_eq!(facts.functions["LPROUTINE"].returns, Kind::Void);
        assert_eq!(facts.records["WSABUF"].size, 16);
        assert_eq!(facts.records["WSPPROC_TABLE"].size, 16);
        assert_eq!(facts.constants["INVALID_SOCKET"], Constant::Number(-1, 64));
        assert_eq!(facts.constants["WSAEFAULT"], Constant::Number(10014, 32));
        assert_eq!(facts.constants["WSAID_ACCEPTEX"], Constant::Guid(0xb5367df1_cbac_11cf_95ca_00805f48a192));
        assert!(facts.optional.contains("LPWPUCOMPLETE") && facts.functions.contains_key("WPUComplete"));
    }

    #[test]
    fn profiles_may_not_contradict_each_other() {
        let mut model = small::model();
        let mut second = model.profiles[0].clone();
        second.functions[0].params.pop();
        model.profiles.push(second);
        assert!(facts(&model, Target::X64).unwrap_err().0.contains("two signatures"));
    }

    #[test]
    fn unknown_types_are_named() {
        let mut model = small::model();
        model.types.retain(|ty| ty.name != "LPWSABUF");
        let error = facts(&model, Target::X64).unwrap_err();
        assert!(error.0.contains("WSPSend") && error.0.contains("LPWSABUF"), "{error}");
    }
}
