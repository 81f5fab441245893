//! What types are, for those who derive something from them.

use crate::model::{Aggregate, CType, Scalar, TypeKind, TypeRef, Width};

/// Questions about types.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'m> {
    types: &'m [CType],
}

impl<'m> Facts<'m> {
    /// About these types.
    pub fn new(types: &'m [CType]) -> Self {
        Self { types }
    }

    /// What the base of a type is; `None` for a table.
    pub fn kind(&self, ty: &TypeRef) -> Option<&'m TypeKind> {
        self.types.iter().find(|declared| declared.name == ty.base).map(|declared| &declared.kind)
    }

    /// What a pointer points to, through a `*` or the name of a pointer type.
    pub fn pointee(&self, ty: &TypeRef) -> Option<TypeRef> {
        if ty.pointers > 0 {
            let c = ty.c.trim_end();
            let c = c.strip_suffix('*').unwrap_or(c).trim_end().to_owned();
            return Some(TypeRef { c, base: ty.base.clone(), is_const: ty.is_const, pointers: ty.pointers - 1 });
        }
        match self.kind(ty)? {
            TypeKind::Pointer { to } => Some(to.clone()),
            _ => None,
        }
    }

    /// Is it a function pointer?
    pub fn is_callback(&self, ty: &TypeRef) -> bool {
        ty.pointers == 0 && matches!(self.kind(ty), Some(TypeKind::Callback { .. }))
    }

    /// Is it a pointer, to data or to a function?
    pub fn is_pointer(&self, ty: &TypeRef) -> bool {
        self.pointee(ty).is_some() || self.is_callback(ty)
    }

    /// Is it `void` itself?
    pub fn is_void(&self, ty: &TypeRef) -> bool {
        ty.pointers == 0 && matches!(self.kind(ty), Some(TypeKind::Void))
    }

    /// The number behind an integer or handle.
    pub fn scalar(&self, ty: &TypeRef) -> Option<&'m Scalar> {
        match self.kind(ty)? {
            TypeKind::Integer(scalar) | TypeKind::Handle(scalar) if ty.pointers == 0 => Some(scalar),
            _ => None,
        }
    }

    /// The integer (not a handle) behind a type.
    pub fn integer(&self, ty: &TypeRef) -> Option<&'m Scalar> {
        match self.kind(ty)? {
            TypeKind::Integer(scalar) if ty.pointers == 0 => Some(scalar),
            _ => None,
        }
    }

    /// The members behind a structure or union.
    pub fn aggregate(&self, ty: &TypeRef) -> Option<&'m Aggregate> {
        match self.kind(ty)? {
            TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) if ty.pointers == 0 => Some(aggregate),
            _ => None,
        }
    }
}

/// The smallest and the largest value of a number type. A pointer-wide one is reckoned with 64 bits; -1 of an unsigned type
/// means all bits set.
pub fn range(scalar: &Scalar) -> (i128, i128) {
    let bits = match scalar.width {
        Width::Bits(bits) => bits.clamp(1, 64),
        Width::Pointer => 64,
    };
    if scalar.signed { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (-1, (1 << bits) - 1) }
}
