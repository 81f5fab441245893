//! C types, constants, codes, tables and states.

use super::{Origin, Param, Value};

/// A use of a C type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeRef {
    /// The C spelling, valid against the Windows headers.
    pub c: String,
    /// Name of the base type in [`types`](super::Model::types), or of a table in [`tables`](super::Model::tables).
    pub base: String,
    /// `const` stands before or after the base.
    pub is_const: bool,
    /// `*`s after the base.
    pub pointers: usize,
}

/// A declared C type.
#[derive(Debug, Clone, PartialEq)]
pub struct CType {
    /// Its name: the C name, for `struct x` the tag.
    pub name: String,
    /// C spelling when it differs from the name.
    pub c: String,
    /// What it is.
    pub kind: TypeKind,
    /// C header that declares it.
    pub header: String,
    /// What it is for.
    pub text: String,
    /// Where it was declared.
    pub origin: Origin,
}

/// What a C type is.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// A number.
    Integer(Scalar),
    /// A handle, passed as a number.
    Handle(Scalar),
    /// A structure.
    Struct(Aggregate),
    /// A union.
    Union(Aggregate),
    /// A name for a pointer.
    Pointer {
        /// What it points to.
        to: TypeRef,
    },
    /// A pointer to a function of the `system` calling convention; may be NULL.
    Callback {
        /// What the function returns.
        returns: TypeRef,
        /// Its parameters.
        params: Vec<Param>,
    },
    /// A structure whose members do not matter here.
    Opaque,
    /// `void`.
    Void,
}

/// How a number is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The Rust type, the same on every target.
    pub rust: String,
    /// How wide it is.
    pub width: Width,
    /// Can it be negative?
    pub signed: bool,
}

/// How wide a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// So many bits: 8, 16, 32 or 64.
    Bits(u32),
    /// As wide as a pointer.
    Pointer,
}

/// The members of a structure or union.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The members in order.
    pub fields: Vec<Field>,
    /// Packing in bytes; `None`: as the members ask.
    pub pack: Option<u32>,
    /// The last array is really as long as a count says.
    pub flexible: bool,
}

/// A member.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// C name.
    pub name: String,
    /// Snake-case name.
    pub rust_name: String,
    /// C type, of one element if it is an array.
    pub ty: TypeRef,
    /// How many elements; `None`: it is no array.
    pub array: Option<Value>,
    /// What it is; may be empty.
    pub text: String,
}

/// Constants that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstantGroup {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The constants in spec order.
    pub constants: Vec<Constant>,
}

/// A named constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// C name.
    pub name: String,
    /// C type that it is used with.
    pub ty: TypeRef,
    /// Its value.
    pub value: ConstantValue,
    /// C header that defines it; `None`: none does.
    pub header: Option<String>,
    /// What it is.
    pub text: String,
    /// Where it was declared.
    pub origin: Origin,
}

/// Value of a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstantValue {
    /// A number; -1 of an unsigned type means all bits set.
    Integer(i128),
    /// A GUID.
    Guid(Guid),
}

/// A GUID, member by member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid {
    /// The first eight digits.
    pub data1: u32,
    /// The first group of four.
    pub data2: u16,
    /// The second group of four.
    pub data3: u16,
    /// The last two groups, byte by byte.
    pub data4: [u8; 8],
}

/// An error code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// C name.
    pub name: String,
    /// Its number, above 0; two codes may share one.
    pub value: i32,
    /// Variant name in Rust enums.
    pub variant: String,
    /// What it means in general.
    pub text: String,
    /// What a completed operation's `Internal` holds for it.
    pub ntstatus: Option<u32>,
    /// Where it was declared.
    pub origin: Origin,
}

/// A function table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// C name.
    pub name: String,
    /// The table whose slots come first.
    pub extends: Option<String>,
    /// What it is.
    pub text: String,
    /// C header that declares it.
    pub header: String,
    /// Function names, in order, the extended table's first.
    pub slots: Vec<String>,
    /// Where it was declared.
    pub origin: Origin,
}

/// A state in the life of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it means.
    pub text: String,
}
