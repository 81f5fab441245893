//! Parameters and what is said of them.

use super::{Origin, TypeRef};

/// A C parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// C name.
    pub name: String,
    /// Snake-case name in Rust code above the FFI.
    pub rust_name: String,
    /// C type.
    pub ty: TypeRef,
    /// Which way the value goes.
    pub direction: Direction,
    /// What it is.
    pub text: String,
    /// What NULL means.
    pub null: Null,
    /// May a caller pass NULL here (`null` is not a plain refusal)? Always false for what is not a pointer.
    pub optional: bool,
    /// The error code comes back through it.
    pub errno: bool,
    /// What is done with this descriptor.
    pub socket: Option<SocketUse>,
    /// How long the memory is.
    pub length: Option<Length>,
    /// The values that it may have; of what it points to, if it is a pointer.
    pub allowed: Option<Allowed>,
    /// Index of the callback parameter that this value travels with.
    pub context: Option<usize>,
    /// Where it was declared, or amended.
    pub origin: Origin,
}

/// Which way a value goes, seen from the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the function.
    In,
    /// From the function.
    Out,
    /// Both.
    InOut,
}

/// What NULL means for a pointer parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Null {
    /// Not a pointer, or nothing is said of it.
    Unsaid,
    /// Refused with `code`, unless the pointer parameter `unless` is not NULL.
    Refuse {
        /// Code of the refusal.
        code: String,
        /// Index of the pointer that excuses it.
        unless: Option<usize>,
    },
    /// May be passed.
    Allowed,
    /// The parameter is not looked at.
    Ignored,
    /// May be passed and means this.
    Means(String),
}

/// What is done with a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketUse {
    /// Looked up.
    Use,
    /// Looked up and, when the call succeeds, released.
    Release,
    /// Somebody else's: passed on as it is.
    Foreign,
}

/// How long the memory behind a pointer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// Parameter `param` counts `unit`s. `by_pointer`: it points to capacity in and size out.
    Counted {
        /// What is counted.
        unit: Unit,
        /// Index of the counting parameter.
        param: usize,
        /// It is reached through that parameter: capacity in, size out.
        by_pointer: bool,
        /// The least that is accepted, and the code for less.
        minimum: Option<(u64, String)>,
    },
    /// Ends with a zero.
    Nul,
}

/// What a length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Elements of the type pointed to.
    Elements,
    /// WCHARs.
    Wide,
}

/// The values that a parameter may have.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// The values.
    pub set: AllowedSet,
    /// Code for any other.
    pub violation: String,
    /// Parameter index and member: no check when that member is not 0.
    pub unless: Option<(usize, String)>,
    /// What else is to be said.
    pub text: String,
}

/// A set of values.
#[derive(Debug, Clone, PartialEq)]
pub enum AllowedSet {
    /// Any one of these.
    Values(Vec<Value>),
    /// Any combination of these, none at all included.
    Flags(Vec<Value>),
    /// From the first to the second, both included.
    Range(Value, Value),
    /// This alone.
    Constant(Value),
}

/// A number, with the constant that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Name of the constant, if it was written so.
    pub name: Option<String>,
    /// The number; -1 of an unsigned type means all bits set.
    pub value: i128,
}
