//! C types: their spellings, and the declared ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostics};
use crate::model::{Aggregate, CType, Field, Scalar, TypeKind, TypeRef, Width};
use crate::resolve::constants;
use crate::resolve::function::param_list;
use crate::resolve::names::Names;
use crate::resolve::rust_names::{is_keyword, snake};
use crate::shape::{Entry, Text};
use crate::syntax::declare::{Field as FieldSyntax, Type, TypeWord};

/// Finds types by how C spells them.
pub struct Spellings<'a> {
    names: &'a Names<'a>,
    /// Name by C spelling, where the two differ.
    by_c: BTreeMap<String, &'a str>,
}

impl<'a> Spellings<'a> {
    /// Collects the spellings of all declared types.
    pub fn new(names: &'a Names<'a>) -> Self {
        let spelled = |ty: &'a Type| ty.c.as_ref().map(|c| (words(&c.value).join(" "), ty.name.value.as_str()));
        Self { names, by_c: names.types.iter().filter_map(spelled).collect() }
    }

    /// Reads a spelling: `[const] [struct] NAME [*…]`. A table's name is a type too.
    pub fn read(&self, text: &Text, diags: &mut Diagnostics) -> Option<TypeRef> {
        let tokens = words(&text.value);
        let stars = tokens.iter().rev().take_while(|token| token.as_str() == "*").count();
        let (head, _) = tokens.split_at(tokens.len() - stars);
        let is_const = head.iter().any(|token| token == "const");
        let base: Vec<_> = head.iter().filter(|token| *token != "const").map(String::as_str).collect();
        let consts = head.len() - base.len();
        let is_word = |word: &&str| {
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            word.starts_with(|c: char| letter(c) && !c.is_ascii_digit()) && word.chars().all(letter)
        };
        if base.is_empty() || consts > 1 || !base.iter().all(is_word) {
            let message = format!("`{}` is no C type that is understood here", text.value);
            diags.error(Code::BadCType, text.span, message).hint("write `[const] [struct] NAME [*…]`");
            return None;
        }
        let spelled = base.join(" ");
        let name = self.name_of(&spelled).or_else(|| self.name_of(spelled.strip_prefix("struct ")?));
        let Some(name) = name else {
            let unknown = Text { value: spelled, span: text.span };
            self.names.types.report(&unknown, diags);
            return None;
        };
        Some(TypeRef { c: text.value.trim().to_owned(), base: name.to_owned(), is_const, pointers: stars })
    }

    /// Is it a pointer, to data or to a function? It can be asked before the types are lowered.
    pub fn is_pointer(&self, ty: &TypeRef) -> bool {
        let named = || self.names.types.get(&ty.base).map(|declared| declared.kind.value);
        ty.pointers > 0 || matches!(named(), Some(TypeWord::Pointer | TypeWord::Callback))
    }

    /// Is it something that may be NULL: a pointer, a callback, a handle?
    pub fn is_nullable(&self, ty: &TypeRef) -> bool {
        let handle = || self.names.types.get(&ty.base).is_some_and(|declared| declared.kind.value == TypeWord::Handle);
        self.is_pointer(ty) || handle()
    }

    fn name_of(&self, spelled: &str) -> Option<&'a str> {
        let types = &self.names.types;
        let declared = types.get(spelled).map(|ty| ty.name.value.as_str());
        declared
            .or_else(|| self.by_c.get(spelled).copied())
            .or_else(|| self.names.tables.get(spelled).map(|table| table.name.value.as_str()))
    }
}

/// The words and stars of a spelling.
fn words(text: &str) -> Vec<String> {
    text.replace('*', " * ").split_whitespace().map(str::to_owned).collect()
}

/// Lowers all declared types, a type before those that hold it by value.
pub fn lower(names: &Names<'_>, spellings: &Spellings<'_>, diags: &mut Diagnostics) -> Vec<CType> {
    let mut types = Vec::new();
    for ty in names.types.iter() {
        if let Some(kind) = kind(ty, names, spellings, diags) {
            types.push(CType {
                name: ty.name.value.clone(),
                c: ty.c.as_ref().map_or_else(|| ty.name.value.clone(), |c| c.value.clone()),
                kind,
                header: ty.header.value.clone(),
                text: ty.text.value.clone(),
                origin: names.origin(ty.name.span),
            });
        }
    }
    for ty in types.iter().filter(|ty| names_itself(ty, &types)) {
        if let Some(declared) = names.types.get(&ty.name) {
            let message = format!("`{}` is a name for itself", ty.name);
            diags.error(Code::TypeCycle, declared.name.span, message).hint("let it lead to a structure or an integer");
        }
    }
    order(types, names, diags)
}

/// Does a name lead back to itself through names of pointers and callbacks alone? A structure is a type of its own.
fn names_itself(ty: &CType, types: &[CType]) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = stands_for(ty);
    while let Some(name) = next.pop() {
        if name == ty.name {
            return true;
        }
        if seen.insert(name) {
            next.extend(types.iter().filter(|other| other.name == name).flat_map(stands_for));
        }
    }
    false
}

/// The types that the name of a pointer or a callback is made of.
fn stands_for(ty: &CType) -> Vec<&str> {
    match &ty.kind {
        TypeKind::Pointer { to } => vec![&to.base],
        TypeKind::Callback { returns, params } => {
            std::iter::once(returns).chain(params.iter().map(|param| &param.ty)).map(|ty| ty.base.as_str()).collect()
        }
        _ => Vec::new(),
    }
}

/// Puts a type before those that hold it by value, otherwise keeping the spec's order.
fn order(types: Vec<CType>, names: &Names<'_>, diags: &mut Diagnostics) -> Vec<CType> {
    let mut ordered: Vec<CType> = Vec::new();
    let mut waiting = types;
    while !waiting.is_empty() {
        let held: BTreeSet<String> = waiting.iter().map(|ty| ty.name.clone()).collect();
        let (now, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|ty| !holds(ty).any(|name| held.contains(name)));
        if now.is_empty() {
            for ty in &later {
                if let Some(declared) = names.types.get(&ty.name) {
                    let message = format!("`{}` contains itself", ty.name);
                    diags.error(Code::TypeCycle, declared.name.span, message).hint("hold one of the types by pointer");
                }
            }
            return ordered;
        }
        ordered.extend(now);
        waiting = later;
    }
    ordered
}

/// The types that a structure holds by value.
fn holds(ty: &CType) -> impl Iterator<Item = &str> {
    let fields = match &ty.kind {
        TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => aggregate.fields.as_slice(),
        _ => &[],
    };
    fields.iter().filter(|field| field.ty.pointers == 0).map(|field| field.ty.base.as_str())
}

/// Which keys go with which kind of type: `(key, is there, kinds)`.
fn wrong_keys(ty: &Type, diags: &mut Diagnostics) -> bool {
    use TypeWord::{Callback, Handle, Integer, Pointer, Struct, Union};
    let kind = ty.kind.value;
    let keys: [(&str, bool, &[TypeWord], bool); 10] = [
        ("rust", ty.rust.is_some(), &[Integer, Handle], true),
        ("width", ty.width.is_some(), &[Integer, Handle], true),
        ("signed", ty.signed.is_some(), &[Integer, Handle], true),
        ("to", ty.to.is_some(), &[Pointer], true),
        ("const", ty.is_const.is_some(), &[Pointer], false),
        ("fields", ty.fields.is_some(), &[Struct, Union], true),
        ("pack", ty.pack.is_some(), &[Struct], false),
        ("flexible", ty.flexible.is_some(), &[Struct], false),
        ("returns", ty.returns.is_some(), &[Callback], true),
        ("params", ty.params.is_some(), &[Callback], true),
    ];
    let before = diags.len();
    for (key, there, kinds, needed) in keys {
        let fits = kinds.contains(&kind);
        if there && !fits {
            diags
                .error(Code::BadTypeKeys, ty.name.span, format!("`{key}` does not go with this kind of type"))
                .hint("remove it");
        } else if !there && fits && needed {
            let message = format!("this kind of type needs the key `{key}`");
            diags.error(Code::BadTypeKeys, ty.name.span, message).hint(format!("add `{key}: …`"));
        }
    }
    diags.len() > before
}

fn kind(ty: &Type, names: &Names<'_>, spellings: &Spellings<'_>, diags: &mut Diagnostics) -> Option<TypeKind> {
    if wrong_keys(ty, diags) {
        return None;
    }
    Some(match ty.kind.value {
        TypeWord::Void => TypeKind::Void,
        TypeWord::Opaque => TypeKind::Opaque,
        TypeWord::Integer => TypeKind::Integer(scalar(ty, diags)?),
        TypeWord::Handle => TypeKind::Handle(scalar(ty, diags)?),
        TypeWord::Struct => TypeKind::Struct(aggregate(ty, names, spellings, diags)?),
        TypeWord::Union => TypeKind::Union(aggregate(ty, names, spellings, diags)?),
        TypeWord::Pointer => {
            let mut to = spellings.read(ty.to.as_ref()?, diags)?;
            if ty.is_const.as_ref().is_some_and(|flag| flag.value) && !to.is_const {
                to.is_const = true;
                to.c = format!("const {}", to.c);
            }
            TypeKind::Pointer { to }
        }
        TypeWord::Callback => {
            let returns = spellings.read(ty.returns.as_ref()?, diags);
            let params = param_list(ty.params.as_deref()?, names, spellings, diags);
            TypeKind::Callback { returns: returns?, params: params? }
        }
    })
}

fn scalar(ty: &Type, diags: &mut Diagnostics) -> Option<Scalar> {
    let width = match ty.width.as_ref()? {
        Entry::Number(number) => match number.value {
            8 => Width::Bits(8),
            16 => Width::Bits(16),
            32 => Width::Bits(32),
            64 => Width::Bits(64),
            _ => return bad_width(ty, diags),
        },
        Entry::Text(text) if text.value == "pointer" => Width::Pointer,
        Entry::Text(_) => return bad_width(ty, diags),
    };
    let rust = ty.rust.as_ref()?;
    let signed = ty.signed.as_ref()?.value;
    let sign = if signed { 'i' } else { 'u' };
    let expected = match width {
        Width::Bits(bits) => format!("{sign}{bits}"),
        Width::Pointer => format!("{sign}size"),
    };
    if rust.value != expected {
        diags
            .error(Code::BadTypeKeys, rust.span, format!("`{}` does not agree with `width` and `signed`", rust.value))
            .hint(format!("they make it `{expected}`"));
        return None;
    }
    Some(Scalar { rust: rust.value.clone(), width, signed })
}

fn bad_width(ty: &Type, diags: &mut Diagnostics) -> Option<Scalar> {
    let span = ty.width.as_ref()?.span();
    diags.error(Code::BadTypeKeys, span, "a width is 8, 16, 32, 64 or `pointer`").hint("name one of these");
    None
}

fn aggregate(ty: &Type, names: &Names<'_>, spellings: &Spellings<'_>, diags: &mut Diagnostics) -> Option<Aggregate> {
    let mut fields: Vec<Field> = Vec::new();
    let declared = ty.fields.as_deref()?;
    let mut good = true;
    for field in declared {
        if let Some(earlier) = declared
            .iter()
            .take_while(|other| !std::ptr::eq(*other, field))
            .find(|other| other.name.value == field.name.value)
        {
            let message = format!("the member `{}` is declared twice", field.name.value);
            diags.error(Code::DeclaredTwice, field.name.span, message).also(earlier.name.span, "first here");
            good = false;
            continue;
        }
        match lower_field(field, names, spellings, diags) {
            Some(lowered) => fields.push(lowered),
            None => good = false,
        }
    }
    let pack = match &ty.pack {
        Some(pack) if [1, 2, 4, 8, 16].contains(&pack.value) => Some(pack.value as u32),
        Some(pack) => {
            diags.error(Code::NumberRange, pack.span, "a packing is 1, 2, 4, 8 or 16").hint("name one of these");
            return None;
        }
        None => None,
    };
    good.then(|| Aggregate { fields, pack, flexible: ty.flexible.as_ref().is_some_and(|flag| flag.value) })
}

fn lower_field(
    field: &FieldSyntax,
    names: &Names<'_>,
    spellings: &Spellings<'_>,
    diags: &mut Diagnostics,
) -> Option<Field> {
    let ty = spellings.read(&field.ty, diags);
    let array = match &field.array {
        Some(entry) => {
            let value = constants::value(entry, names, diags)?;
            if !(1..=1 << 20).contains(&value.value) {
                diags.error(Code::NumberRange, entry.span(), "an array has from 1 to 1048576 elements");
                return None;
            }
            Some(value)
        }
        None => None,
    };
    let mut rust_name = field.rust_name.as_ref().map_or_else(|| snake(&field.name.value), |name| name.value.clone());
    if is_keyword(&rust_name) {
        rust_name.push('_');
    }
    let text = field.text.as_ref().map_or_else(String::new, |text| text.value.clone());
    Some(Field { name: field.name.value.clone(), rust_name, ty: ty?, array, text })
}
