//! The normal form in which declarations and metadata are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What layouts depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// 32-bit Windows (i686).
    X86,
    /// 64-bit Windows (x86_64, aarch64).
    X64,
}

impl Target {
    /// All targets.
    pub const ALL: [Self; 2] = [Self::X86, Self::X64];

    /// Size of a pointer, in bytes.
    pub fn pointer(self) -> u64 {
        match self {
            Self::X86 => 4,
            Self::X64 => 8,
        }
    }
}

/// How a value is passed or laid out. Signedness and `const` are no part of it: callee and caller agree without them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing; behind a pointer, anything.
    Void,
    /// An integer of so many bytes.
    Int(u64),
    /// A pointer-sized integer or a handle.
    Word,
    /// A pointer to data.
    Pointer(Box<Kind>),
    /// A structure or union, by name.
    Record(String),
    /// A function pointer, by the name of its type.
    Function(String),
    /// So many in a row.
    Array(Box<Kind>, u64),
}

impl Kind {
    /// A pointer to this.
    pub fn pointer(self) -> Self {
        Self::Pointer(Box::new(self))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Int(bytes) => write!(f, "int{}", bytes * 8),
            Self::Word => f.write_str("word"),
            Self::Pointer(to) => write!(f, "*{to}"),
            Self::Record(name) | Self::Function(name) => f.write_str(name),
            Self::Array(of, length) => write!(f, "[{of}; {length}]"),
        }
    }
}

/// A function, or what a function pointer points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Calling convention, as Rust names it.
    pub abi: String,
    /// Name and kind of each parameter.
    pub params: Vec<(String, Kind)>,
    /// Kind of the result.
    pub returns: Kind,
}

/// A structure or union as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// All members stand at offset 0.
    pub union: bool,
    /// Upper limit of the members' alignment, in bytes.
    pub pack: Option<u64>,
    /// Name and kind of each member.
    pub fields: Vec<(String, Kind)>,
}

/// A structure or union as it lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Size in bytes.
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
    /// The members, those of nameless structures and unions in their place.
    pub fields: Vec<Field>,
}

/// A member of a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Offset from the start of the outermost record, in bytes.
    pub offset: u64,
}

/// The value of a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constant {
    /// An integer and the width of its type, in bits.
    Number(i128, u32),
    /// A GUID, as one number in the order in which it is written.
    Guid(u128),
    /// Something else, as it is written.
    Other(String),
}

/// Everything one side says of the interface, on one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Functions and function-pointer types.
    pub functions: BTreeMap<String, Signature>,
    /// Names in `functions` that the other side may lack without saying so, as the same function stands there under another.
    pub optional: BTreeSet<String>,
    /// Structures, unions and tables.
    pub records: BTreeMap<String, Record>,
    /// Constants and error codes.
    pub constants: BTreeMap<String, Constant>,
}
