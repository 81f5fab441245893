//! The checked model: what the spec says, resolved per profile. Emitters read this and nothing else.
//!
//! Everything here is in the order of the spec or of the C declaration; there is no unordered collection, so whatever is
//! emitted from it is the same on every host.

use std::fmt;

/// The whole interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The profiles, base before the profiles that narrow it.
    pub profiles: Vec<Profile>,
    /// C types, in spec order; a type stands before those that use it by value.
    pub types: Vec<CType>,
    /// Named constants, in their groups.
    pub groups: Vec<ConstantGroup>,
    /// Error codes.
    pub codes: Vec<Code>,
    /// Function tables with all their slots (those of an extended table included).
    pub tables: Vec<Table>,
    /// States in the life of a socket.
    pub states: Vec<State>,
}

/// Where something was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Path of the file inside its spec folder, with `/`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Declared (or amended) by an author's own folder rather than by the built-in spec.
    pub overlay: bool,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One reading of the interface: all functions that exist in it, fully resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The name used everywhere.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it is, in Markdown paragraphs.
    pub text: String,
    /// Name of the profile this one narrows.
    pub base: Option<String>,
    /// Name of the exported start-up function.
    pub startup: String,
    /// Name of the table that start-up fills.
    pub table: String,
    /// Name of the table that start-up is given.
    pub upcalls: String,
    /// Who chooses descriptor values.
    pub descriptors: Descriptors,
    /// What stands in a slot that the profile has no function for.
    pub absent: Absent,
    /// Sorted: start-up, table functions by slot, upcalls by slot, exports, extensions in spec order.
    pub functions: Vec<Function>,
    /// Rules that belong to no single function.
    pub topics: Vec<Topic>,
}

/// Who chooses descriptor values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descriptors {
    /// The descriptor is the host's handle.
    Host,
    /// The provider makes the descriptor and keeps the host's handle beside it.
    Provider,
}

/// What stands in a table slot that the profile has no function for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// A function that refuses with its `left_out` code.
    Refuse,
    /// NULL.
    Null,
}

/// Where a function stands in the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionKind {
    /// Exported by the provider: begins everything.
    Startup,
    /// In the table that start-up fills.
    Table,
    /// In the table that start-up is given; the host implements it.
    Upcall,
    /// Exported by the host.
    Export,
    /// Of the provider, handed out by GUID.
    Extension,
    /// Called to change the catalog; neither provider nor host implements it.
    Catalog,
}

/// A function as it is in one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// C name.
    pub name: String,
    /// Where it stands in this profile.
    pub kind: FunctionKind,
    /// This profile's table that it stands in: the one that start-up fills for table functions, the one that start-up is given
    /// for upcalls and for exports that have a slot there too.
    pub table: Option<String>,
    /// Slot, from 0.
    pub slot: Option<usize>,
    /// Extension: name of the GUID constant.
    pub guid: Option<String>,
    /// C name of the function-pointer type.
    pub pointer: String,
    /// C header that declares it.
    pub header: String,
    /// The documentation page.
    pub link: Option<String>,
    /// One sentence.
    pub summary: String,
    /// Paragraphs in Markdown (code spans only).
    pub prose: String,
    /// A provider must implement it itself: the trait has no default.
    pub mandatory: bool,
    /// Code for panics and unmapped errors.
    pub fallback: Option<String>,
    /// Code the trait's default refuses with.
    pub left_out: Option<String>,
    /// The runtime serves it itself and asks the provider through a hook.
    pub managed: Option<Managed>,
    /// What it returns.
    pub returns: Returns,
    /// The C parameters in order.
    pub params: Vec<Param>,
    /// The typed arguments that the parameters are lifted to, in parameter order. `lpErrno` and results are not among them.
    pub args: Vec<Arg>,
    /// The members of the typed result, in parameter order, the return value (if it means one) first.
    pub results: Vec<ResultField>,
    /// The parameters of an overlapped operation.
    pub completion: Option<Completion>,
    /// It is the call that hands out extension functions.
    pub extensions: Option<ExtensionDoor>,
    /// Does it wait?
    pub blocking: Blocking,
    /// Socket states before and after.
    pub states: States,
    /// Upcalls that it makes.
    pub upcalls: UpcallUse,
    /// In spec order; unique by (code, delivery, event).
    pub errors: Vec<ErrorEntry>,
    /// Failure value and code, and yet no error.
    pub outcomes: Vec<Outcome>,
    /// Codes that this profile's page excludes by name.
    pub never: Vec<String>,
    /// The machine-made checks, in the order in which they run.
    pub checks: Vec<Check>,
    /// Its rules, those of the base that hold here among them.
    pub rules: Vec<Rule>,
    /// Example calls.
    pub examples: Vec<Example>,
    /// Names of related functions and topics.
    pub see_also: Vec<String>,
    /// Where it was declared.
    pub origin: Origin,
}

/// Functions that the runtime serves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Managed {
    /// Start-up.
    Startup,
    /// Clean-up.
    Cleanup,
}

/// What a function returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Returns {
    /// C type.
    pub ty: TypeRef,
    /// The result on success, in words or as the C constant.
    pub success: String,
    /// Constant that is returned on failure.
    pub failure: Option<String>,
    /// How the error code comes back.
    pub error_via: ErrorVia,
    /// What the result means.
    pub meaning: Meaning,
    /// It makes a descriptor.
    pub creates: Option<Creates>,
    /// What else is to be said.
    pub text: String,
}

/// How an error code comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorVia {
    /// Through the parameter with `errno`.
    LpErrno,
    /// It is the result.
    Return,
    /// Not at all.
    None,
}

/// What a result means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// 0 on success.
    Status,
    /// TRUE on success.
    Flag,
    /// The result carries something (a descriptor, a handle, a count).
    Value,
    /// 0 or the error code itself.
    Code,
}

/// The function makes a socket: the runtime obtains the host's handle and registers what the provider returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creates {
    /// Index of the parameter whose `dwCatalogEntryId` the handle gets; else the one of the socket the call is made on.
    pub catalog: Option<usize>,
    /// Code when no descriptor is left.
    pub full: String,
    /// Code when the host gives no handle.
    pub refused: String,
}

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

/// The parameters of an overlapped operation, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The operation's structure.
    pub operation: usize,
    /// The completion routine.
    pub routine: Option<usize>,
    /// The thread that the routine runs in.
    pub thread: Option<usize>,
    /// What else is to be said.
    pub text: String,
}

/// The call through which extension functions are handed out by GUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionDoor {
    /// Index of the parameter that says what the call is for.
    pub code: usize,
    /// Its value for this purpose.
    pub equals: Value,
    /// Index of the pointer to the GUID.
    pub guid: usize,
    /// Index of the pointer that the function's address is stored through.
    pub pointer: usize,
    /// Index of the pointer that the stored size goes through.
    pub returned: usize,
    /// Code for an unknown GUID.
    pub missing: String,
}

/// Does a call wait?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocking {
    /// Whether it does.
    pub mode: BlockingMode,
    /// What else is to be said.
    pub text: String,
}

/// Whether a call waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockingMode {
    /// It never waits.
    Never,
    /// On a blocking socket it waits.
    May,
    /// It is part of how blocking calls wait.
    Hook,
}

/// Socket states before and after a call, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct States {
    /// Any of these before; empty: any at all.
    pub requires: Vec<String>,
    /// One of these after; empty: unchanged.
    pub becomes: Vec<String>,
    /// What else is to be said.
    pub text: String,
}

/// Upcalls that a function makes, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpcallUse {
    /// It must make these.
    pub must: Vec<String>,
    /// It may make these.
    pub may: Vec<String>,
    /// What else is to be said.
    pub text: String,
}

/// A code in a function's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorEntry {
    /// Name of the code.
    pub code: String,
    /// When it is given; goes on a sentence, without a stop.
    pub when: String,
    /// On whose word it is here.
    pub source: Source,
    /// How it reaches the caller.
    pub delivery: Delivery,
    /// What else is to be said.
    pub note: Option<String>,
}

/// On whose word a code is in a function's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Documented for this function.
    Table,
    /// Only in the prose.
    Remarks,
    /// From the plain function, where the narrower list is open.
    Inherited,
    /// Undocumented but needed.
    Practice,
}

/// How a code reaches the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Through `lpErrno` or as the result.
    Call,
    /// As the status of an overlapped operation.
    Completion,
    /// With a network event, e.g. `FD_CONNECT`.
    Event(String),
}

/// Failure value and code, and yet no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Name of the code.
    pub code: String,
    /// When it is given.
    pub when: String,
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
    /// The pointer is not NULL and lies below 64 KiB or outside user space.
    Address {
        /// Index of the pointer.
        param: usize,
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

/// A rule of a function or topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Stable name, unique in the whole spec.
    pub id: String,
    /// Who sees to it.
    pub class: RuleClass,
    /// How binding it is.
    pub severity: Severity,
    /// The rule.
    pub text: String,
    /// Its subject: `return`, `state`, `order`, `blocking`, `overlapped`, `ownership`, `memory`, `upcall` or `other`.
    pub kind: String,
    /// The page it stands on.
    pub source: Option<String>,
    /// Path of the test that shows it.
    pub test: Option<String>,
    /// Ids of the checks that implement it, without the function's name.
    pub checks: Vec<String>,
    /// Of a note: why it is only one.
    pub reason: Option<String>,
    /// Where it was declared.
    pub origin: Origin,
}

/// Who sees to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleClass {
    /// The generated checks.
    Check,
    /// The provider; shown by a scenario.
    Behaviour,
    /// The caller or the host.
    Host,
    /// Nobody: history, contradictions and the like.
    Note,
}

/// How binding a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Always.
    Must,
    /// Unless there is a good reason.
    Should,
    /// As one likes.
    May,
    /// It only tells something.
    Info,
}

/// Rules that belong to no single function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it is about, in Markdown paragraphs.
    pub text: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Where it was declared.
    pub origin: Origin,
}

/// Example values for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// Parameter name and value, as written.
    pub values: Vec<(String, String)>,
    /// What else is to be said.
    pub text: String,
}

/// A use of a C type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeRef {
    /// The C spelling, valid against the Windows headers.
    pub c: String,
    /// Name of the base type in [`Model::types`], or of a table in [`Model::tables`].
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

impl Model {
    /// The code of this name.
    pub fn code(&self, name: &str) -> Option<&Code> {
        self.codes.iter().find(|code| code.name == name)
    }

    /// The type of this name.
    pub fn type_named(&self, name: &str) -> Option<&CType> {
        self.types.iter().find(|ty| ty.name == name)
    }

    /// The constant of this name.
    pub fn constant(&self, name: &str) -> Option<&Constant> {
        self.groups.iter().flat_map(|group| &group.constants).find(|constant| constant.name == name)
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The profile of this name.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }
}

impl Profile {
    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The functions of one kind, in order.
    pub fn of_kind(&self, kind: FunctionKind) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(move |function| function.kind == kind)
    }
}
