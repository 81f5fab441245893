//! What is derived from the parameters: typed arguments, typed results, checks.

use super::{Origin, TypeRef, Unit};

/// A typed argument of the Rust side: one or several C parameters lifted together.
#[derive(Debug, Clone, PartialEq)]
pub struct Arg {
    /// Field name.
    pub name: String,
    /// What it becomes.
    pub lift: Lift,
    /// `Option`: NULL may be passed. Never set for [`Lift::Raw`], which can be NULL itself.
    pub optional: bool,
    /// The parameters it is made of, by index; the one that names it first.
    pub params: Vec<usize>,
}

/// How parameters become a typed argument. Each has its type in the runtime.
#[derive(Debug, Clone, PartialEq)]
pub enum Lift {
    /// An integer or handle, passed through. Of a pointer parameter (one that is also a result): what it points to.
    Value,
    /// A socket of this provider.
    Socket,
    /// A callback, with the index of the parameter that travels with it (`params[1]`) if there is one.
    Callback,
    /// Pointer to one structure of this type.
    In(String),
    /// Pointer to room for one structure of this type.
    Out(String),
    /// Pointer to one structure of this type that is read and written.
    InOut(String),
    /// Bytes of a stated length: `params = [pointer, length]`.
    Bytes,
    /// Room for bytes of a stated length.
    BytesOut,
    /// Room whose length parameter points to capacity in, size out.
    SizedOut(Unit),
    /// Array of structures of this type (WSABUF, WSABUFEX): `params = [pointer, count]`. `bool`: the provider writes to what they name.
    Array(String, bool),
    /// A set of sockets (fd_set).
    SocketSet,
    /// Zero-terminated UTF-16.
    WideStr,
    /// lpOverlapped, lpCompletionRoutine, lpThreadId: `params` in this order, absent ones left out.
    Overlapped,
    /// A pointer handed on as it is.
    Raw,
}

/// A member of the typed result.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultField {
    /// Name of the member.
    pub name: String,
    /// Parameter it is stored through; `None` for the return value itself.
    pub param: Option<usize>,
    /// Type of the value (the pointee, for a parameter).
    pub ty: TypeRef,
}

/// One check that the generated validation makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `WSPSend.lpBuffers.null`: function, parameter, what is checked (`null`, `address`, `minimum`, `allowed`, `socket`). The
    /// check of a `require_any` belongs to no parameter: `WSPSelect.anyof`, a second one `anyof2`.
    pub id: String,
    /// What is checked.
    pub kind: CheckKind,
    /// Code that the call fails with; `None`: there is no way to store one (a NULL `lpErrno`), the failure value alone is returned.
    pub code: Option<String>,
    /// A sentence for people.
    pub text: String,
    /// Where the parameter was declared.
    pub origin: Origin,
}

/// What a check looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckKind {
    /// The pointer is NULL, and `unless` (a pointer parameter) is NULL too.
    Null {
        /// Index of the pointer.
        param: usize,
        /// Index of the pointer that excuses it.
        unless: Option<usize>,
    },
    /// The pointer is not NULL and lies below 64 KiB or outside user space; not made when `with` is NULL.
    Address {
        /// Index of the pointer.
        param: usize,
        /// Index of the pointer without which this one is not looked at.
        with: Option<usize>,
    },
    /// The stated length (parameter `length`, through its pointer if `by_pointer`) is below `minimum`; not made when `param` is NULL.
    Minimum {
        /// Index of the pointer that the length belongs to.
        param: usize,
        /// Index of the counting parameter.
        length: usize,
        /// The counting parameter is a pointer to the length.
        by_pointer: bool,
        /// The least that is accepted, in the unit of the length.
        minimum: u64,
    },
    /// The value is not in the allowed set; of a pointer to a number the number, and not made when it is NULL.
    Allowed {
        /// Index of the parameter.
        param: usize,
    },
    /// All these pointers are NULL.
    AnyOf {
        /// Indices of the pointers.
        params: Vec<usize>,
    },
    /// The descriptor names no live socket.
    Socket {
        /// Index of the descriptor.
        param: usize,
    },
}
