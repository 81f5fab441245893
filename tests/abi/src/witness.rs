//! The metadata's side: reads the Rust that windows-bindgen made into the normal form.

use std::collections::BTreeMap;

use quote::ToTokens as _;

use crate::Error;
use crate::facts::{Constant, Definition, Facts, Kind, Signature, Target};
use crate::layout::layout;

/// More aliases in a row than this are a circle.
const ALIASES: usize = 16;

/// Reads the text of `metadata.rs`.
///
/// # Errors
/// The text is not Rust, or has a type that no C declaration of this interface has.
pub fn facts(text: &str, target: Target) -> Result<Facts, Error> {
    let file = syn::parse_file(text).map_err(|error| Error(format!("the metadata is not Rust: {error}")))?;
    let items: Vec<&syn::Item> = file.items.iter().filter(|item| stands(attributes(item), target)).collect();
    let names = Names::new(&items);
    let mut facts = Facts::default();
    let mut definitions = BTreeMap::new();
    for item in items {
        match item {
            syn::Item::Type(alias) => {
                if let Some(pointer) = function_pointer(&alias.ty) {
                    facts.functions.insert(alias.ident.to_string(), names.pointer_signature(pointer)?);
                }
            }
            syn::Item::ForeignMod(block) => names.externs(block, &mut facts)?,
            syn::Item::Struct(item) => {
                definitions.insert(item.ident.to_string(), names.definition(false, &item.attrs, &item.fields)?);
            }
            syn::Item::Union(item) => {
                let fields = syn::Fields::Named(item.fields.clone());
                definitions.insert(item.ident.to_string(), names.definition(true, &item.attrs, &fields)?);
            }
            syn::Item::Const(item) => {
                facts.constants.insert(item.ident.to_string(), names.constant(item, target));
            }
            _ => {}
        }
    }
    facts.records = layout(&definitions, target)?;
    Ok(facts)
}

/// What names stand for.
struct Names<'a> {
    aliases: BTreeMap<String, &'a syn::Type>,
}

impl<'a> Names<'a> {
    fn new(items: &[&'a syn::Item]) -> Self {
        let aliases = items.iter().filter_map(|item| match item {
            syn::Item::Type(alias) => Some((alias.ident.to_string(), &*alias.ty)),
            _ => None,
        });
        Self { aliases: aliases.collect() }
    }

    fn kind(&self, ty: &syn::Type) -> Result<Kind, Error> {
        self.kind_at(ty, 0)
    }

    fn kind_at(&self, ty: &syn::Type, depth: usize) -> Result<Kind, Error> {
        if depth > ALIASES {
            return Err(Error(format!("the alias `{}` leads to itself", ty.to_token_stream())));
        }
        match ty {
            syn::Type::Ptr(pointer) => Ok(self.kind_at(&pointer.elem, depth)?.pointer()),
            syn::Type::Array(array) => {
                let length = number(&array.len).and_then(|length| u64::try_from(length).ok());
                let length = length
                    .ok_or_else(|| Error(format!("array length `{}` is no number", array.len.to_token_stream())))?;
                Ok(Kind::Array(Box::new(self.kind_at(&array.elem, depth)?), length))
            }
            syn::Type::Path(path) => {
                let name =
                    last(path).ok_or_else(|| Error(format!("cannot read the type `{}`", ty.to_token_stream())))?;
                self.named(&name, depth)
            }
            _ => Err(Error(format!("cannot read the type `{}`", ty.to_token_stream()))),
        }
    }

    fn named(&self, name: &str, depth: usize) -> Result<Kind, Error> {
        if let Some(kind) = primitive(name) {
            return Ok(kind);
        }
        let Some(ty) = self.aliases.get(name) else {
            return Ok(Kind::Record(name.to_owned()));
        };
        if function_pointer(ty).is_some() {
            return Ok(Kind::Function(name.to_owned()));
        }
        match self.kind_at(ty, depth + 1)? {
            // The metadata has an alias of `*mut c_void` for handles only.
            Kind::Pointer(to) if *to == Kind::Void => Ok(Kind::Word),
            kind => Ok(kind),
        }
    }

    fn pointer_signature(&self, pointer: &syn::TypeFnPtr) -> Result<Signature, Error> {
        let params = pointer.inputs.iter().map(|input| {
            let name = input.name.as_ref().map(|(name, _)| plain(name)).unwrap_or_default();
            Ok((name, self.kind(&input.ty)?))
        });
        let params = params.collect::<Result<_, Error>>()?;
        Ok(Signature { abi: abi(pointer.abi.as_ref()), params, returns: self.result(&pointer.output)? })
    }

    fn externs(&self, block: &syn::ItemForeignMod, facts: &mut Facts) -> Result<(), Error> {
        for item in &block.items {
            let syn::ForeignItem::Fn(function) = item else {
                continue;
            };
            let params = function.sig.inputs.iter().map(|input| match input {
                syn::FnArg::Typed(input) => Ok((name_of(&input.pat), self.kind(&input.ty)?)),
                syn::FnArg::Receiver(_) => Err(Error(format!("`{}` has a receiver", function.sig.ident))),
            });
            let params = params.collect::<Result<_, Error>>()?;
            let signature =
                Signature { abi: abi(Some(&block.abi)), params, returns: self.result(&function.sig.output)? };
            facts.functions.insert(function.sig.ident.to_string(), signature);
        }
        Ok(())
    }

    fn result(&self, output: &syn::ReturnType) -> Result<Kind, Error> {
        match output {
            syn::ReturnType::Default => Ok(Kind::Void),
            syn::ReturnType::Type(_, ty) => self.kind(ty),
        }
    }

    fn definition(
        &self,
        union: bool,
        attributes: &[syn::Attribute],
        fields: &syn::Fields,
    ) -> Result<Definition, Error> {
        let fields = fields.iter().map(|field| {
            let name = field.ident.as_ref().map(plain).unwrap_or_default();
            Ok((name, self.kind(&field.ty)?))
        });
        Ok(Definition { union, pack: pack(attributes)?, fields: fields.collect::<Result<_, Error>>()? })
    }

    fn constant(&self, item: &syn::ItemConst, target: Target) -> Constant {
        let bits = match self.kind(&item.ty) {
            Ok(Kind::Int(bytes)) => u32::try_from(bytes * 8).ok(),
            Ok(Kind::Word) => Some(if target == Target::X86 { 32 } else { 64 }),
            _ => None,
        };
        match (number(&item.expr), bits, guid(&item.expr)) {
            (Some(value), Some(bits), _) => Constant::Number(value, bits),
            (_, _, Some(guid)) => Constant::Guid(guid),
            _ => Constant::Other(item.expr.to_token_stream().to_string()),
        }
    }
}

fn primitive(name: &str) -> Option<Kind> {
    Some(match name {
        "c_void" => Kind::Void,
        "i8" | "u8" | "bool" => Kind::Int(1),
        "i16" | "u16" => Kind::Int(2),
        "i32" | "u32" => Kind::Int(4),
        "i64" | "u64" => Kind::Int(8),
        "isize" | "usize" => Kind::Word,
        _ => return None,
    })
}

/// The function pointer in `Option<fn>`.
fn function_pointer(ty: &syn::Type) -> Option<&syn::TypeFnPtr> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(syn::Type::FnPtr(pointer)) => Some(pointer),
        _ => None,
    }
}

fn last(path: &syn::TypePath) -> Option<String> {
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

fn abi(abi: Option<&syn::Abi>) -> String {
    abi.and_then(|abi| abi.name.as_ref()).map_or_else(|| "C".to_owned(), syn::LitStr::value)
}

fn name_of(pattern: &syn::Pat) -> String {
    match pattern {
        syn::Pat::Ident(pattern) => plain(&pattern.ident),
        _ => String::new(),
    }
}

/// `r#type` is called `type`.
fn plain(name: &syn::Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

fn number(expression: &syn::Expr) -> Option<i128> {
    match expression {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Bool(literal), .. }) => Some(literal.value.into()),
        syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => number(expr).map(|value| -value),
        syn::Expr::Cast(cast) => number(&cast.expr),
        syn::Expr::Paren(inner) => number(&inner.expr),
        _ => None,
    }
}

/// The number in `GUID::from_u128(0x…)`.
fn guid(expression: &syn::Expr) -> Option<u128> {
    let syn::Expr::Call(call) = expression else {
        return None;
    };
    let syn::Expr::Path(callee) = &*call.func else {
        return None;
    };
    callee.path.segments.last().filter(|segment| segment.ident == "from_u128")?;
    match call.args.first()? {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        _ => None,
    }
}

/// The limit in `repr(C, packed(4))`.
fn pack(attributes: &[syn::Attribute]) -> Result<Option<u64>, Error> {
    let mut pack = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        let read = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("packed") {
                let limit;
                syn::parenthesized!(limit in meta.input);
                pack = Some(limit.parse::<syn::LitInt>()?.base10_parse()?);
            }
            Ok(())
        });
        read.map_err(|error| Error(format!("cannot read `{}`: {error}", attribute.to_token_stream())))?;
    }
    Ok(pack)
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Type(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

/// Is the item there on this target? The metadata's conditions name processors only.
fn stands(attributes: &[syn::Attribute], target: Target) -> bool {
    let processor = match target {
        Target::X86 => "\"x86\"",
        Target::X64 => "\"x86_64\"",
    };
    let mut conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.all(|condition| condition.to_token_stream().to_string().contains(processor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        pub type SOCKET = usize;
        pub type HANDLE = *mut core::ffi::c_void;
        pub type PSTR = *mut u8;
        pub type LPDONE = Option<unsafe extern "system" fn(dwerror: u32)>;
        pub type LPCALL = Option<unsafe extern "system" fn(s: SOCKET, h: HANDLE, r#type: i32, buf: *const BUF, done: LPDONE) -> i32>;
        #[repr(C)] pub struct BUF { pub len: u32, pub buf: PSTR }
        #[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
        #[repr(C)] pub struct DATA { pub a: u64, pub b: u16 }
        #[cfg(target_arch = "x86")]
        #[repr(C, packed(1))] pub struct DATA { pub b: u16, pub a: [u16; 3] }
        unsafe extern "C" { pub fn Plain(x: *mut *mut i8); }
        pub const INVALID: SOCKET = -1i32 as _;
        pub const HIGH: i32 = 0x8000_0000u32 as _;
        pub const ID: GUID = GUID::from_u128(0xb5367df1_cbac_11cf_95ca_00805f48a192);
        pub const TEXT: PCSTR = s!("x");
    "#;

    #[test]
    fn functions_become_kinds() {
        let facts = facts(TEXT, Target::X64).unwrap();
        let call = &facts.functions["LPCALL"];
        let params: Vec<String> = call.params.iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
        assert_eq!(params, ["s: word", "h: word", "type: int32", "buf: *BUF", "done: LPDONE"]);
        assert_eq!((call.abi.as_str(), &call.returns), ("system", &Kind::Int(4)));
        let plain = &facts.functions["Plain"];
        assert_eq!((plain.abi.as_str(), plain.params[0].1.to_string()), ("C", "**int8".to_owned()));
        assert_eq!(plain.returns, Kind::Void);
    }

    #[test]
    fn structures_follow_the_target() {
        let size = |target| facts(TEXT, target).unwrap().records["DATA"].size;
        assert_eq!((size(Target::X64), size(Target::X86)), (16, 8));
    }

    #[test]
    fn constants_have_values() {
        let constants = facts(TEXT, Target::X86).unwrap().constants;
        assert_eq!(constants["INVALID"], Constant::Number(-1, 32));
        assert_eq!(constants["HIGH"], Constant::Number(0x8000_0000, 32));
        assert_eq!(constants["ID"], Constant::Guid(0xb5367df1_cbac_11cf_95ca_00805f48a192));
        assert!(matches!(constants["TEXT"], Constant::Other(_)));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(facts("pub struct", Target::X64).is_err());
        assert!(facts("pub type A = B; pub type B = A; pub struct C { pub a: A }", Target::X64).is_err());
        assert!(facts("pub struct C { pub a: (u8, u8) }", Target::X64).unwrap_err().0.contains("cannot read the type"));
    }
}
