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
    pub name: String,
    pub title: String,
    pub text: String,
    /// Name of the profile this one narrows.
    pub base: Option<String>,
    /// Name of the exported start-up function.
    pub startup: String,
    /// Name of the table that start-up fills.
    pub table: String,
    /// Name of the table that start-up is given.
    pub upcalls: String,
    pub descriptors: Descriptors,
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
    Refuse,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionKind {
    Startup,
    Table,
    Upcall,
    Export,
    Extension,
    Catalog,
}

/// A function as it is in one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub name: String,
    pub kind: FunctionKind,
    /// Table it stands in (table functions, upcalls with a slot in this profile's tables).
    pub table: Option<String>,
    /// Slot, from 0.
    pub slot: Option<usize>,
    /// Extension: name of the GUID constant.
    pub guid: Option<String>,
    /// C name of the function-pointer type.
    pub pointer: String,
    pub header: String,
    pub link: Option<String>,
    pub summary: String,
    /// Paragraphs in Markdown (code spans only).
    pub prose: String,
    pub mandatory: bool,
    /// Code for panics and unmapped errors.
    pub fallback: Option<String>,
    /// Code the trait's default refuses with.
    pub left_out: Option<String>,
    pub managed: Option<Managed>,
    pub returns: Returns,
    pub params: Vec<Param>,
    /// The typed arguments that the parameters are lifted to, in parameter order. `lpErrno` and results are not among them.
    pub args: Vec<Arg>,
    /// The members of the typed result, in parameter order, the return value (if it means one) first.
    pub results: Vec<ResultField>,
    pub completion: Option<Completion>,
    pub extensions: Option<ExtensionDoor>,
    pub blocking: Blocking,
    pub states: States,
    pub upcalls: UpcallUse,
    /// In spec order; unique by (code, delivery, event).
    pub errors: Vec<ErrorEntry>,
    pub outcomes: Vec<Outcome>,
    /// Codes that this profile's page excludes by name.
    pub never: Vec<String>,
    /// The machine-made checks, in the order in which they run.
    pub checks: Vec<Check>,
    pub rules: Vec<Rule>,
    pub examples: Vec<Example>,
    pub see_also: Vec<String>,
    pub origin: Origin,
}

/// Functions that the runtime serves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Managed {
    Startup,
    Cleanup,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Returns {
    pub ty: TypeRef,
    pub success: String,
    /// Constant that is returned on failure.
    pub failure: Option<String>,
    pub error_via: ErrorVia,
    pub meaning: Meaning,
    pub creates: Option<Creates>,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorVia {
    LpErrno,
    Return,
    None,
}

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

#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub name: String,
    /// Snake-case name in Rust code above the FFI.
    pub rust_name: String,
    pub ty: TypeRef,
    pub direction: Direction,
    pub text: String,
    pub null: Null,
    /// May a caller pass NULL here (`null` is not a plain refusal)? Always false for what is not a pointer.
    pub optional: bool,
    pub errno: bool,
    pub socket: Option<SocketUse>,
    pub length: Option<Length>,
    pub allowed: Option<Allowed>,
    /// Index of the callback parameter that this value travels with.
    pub context: Option<usize>,
    pub origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
    InOut,
}

/// What NULL means for a pointer parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Null {
    /// Not a pointer, or nothing is said of it.
    Unsaid,
    Refuse { code: String, unless: Option<usize> },
    Allowed,
    Ignored,
    Means(String),
}

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
    Counted { unit: Unit, param: usize, by_pointer: bool, minimum: Option<(u64, String)> },
    /// Ends with a zero.
    Nul,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    Elements,
    /// WCHARs.
    Wide,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    pub set: AllowedSet,
    pub violation: String,
    /// Parameter index and member: no check when that member is not 0.
    pub unless: Option<(usize, String)>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AllowedSet {
    Values(Vec<Value>),
    Flags(Vec<Value>),
    Range(Value, Value),
    Constant(Value),
}

/// A number, with the constant that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub name: Option<String>,
    pub value: i128,
}

/// A typed argument of the Rust side: one or several C parameters lifted together.
#[derive(Debug, Clone, PartialEq)]
pub struct Arg {
    /// Field name.
    pub name: String,
    pub lift: Lift,
    /// `Option`: NULL may be passed.
    pub optional: bool,
    /// The parameters it is made of, by index; the one that names it first.
    pub params: Vec<usize>,
}

/// How parameters become a typed argument. Each has its type in the runtime.
#[derive(Debug, Clone, PartialEq)]
pub enum Lift {
    /// An integer or handle, passed through.
    Value,
    /// A socket of this provider.
    Socket,
    /// A callback, with the index of the parameter that travels with it (`params[1]`) if there is one.
    Callback,
    /// Pointer to one structure of this type.
    In(String),
    Out(String),
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

#[derive(Debug, Clone, PartialEq)]
pub struct ResultField {
    pub name: String,
    /// Parameter it is stored through; `None` for the return value itself.
    pub param: Option<usize>,
    /// Type of the value (the pointee, for a parameter).
    pub ty: TypeRef,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub operation: usize,
    pub routine: Option<usize>,
    pub thread: Option<usize>,
    pub text: String,
}

/// The call through which extension functions are handed out by GUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionDoor {
    pub code: usize,
    pub equals: Value,
    pub guid: usize,
    pub pointer: usize,
    pub returned: usize,
    pub missing: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocking {
    pub mode: BlockingMode,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockingMode {
    Never,
    /// On a blocking socket it waits.
    May,
    Hook,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct States {
    pub requires: Vec<String>,
    pub becomes: Vec<String>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpcallUse {
    pub must: Vec<String>,
    pub may: Vec<String>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorEntry {
    pub code: String,
    pub when: String,
    pub source: Source,
    pub delivery: Delivery,
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Through `lpErrno` or as the result.
    Call,
    /// As the status of an overlapped operation.
    Completion,
    /// With a network event, e.g. `FD_CONNECT`.
    Event(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub code: String,
    pub when: String,
}

/// One check that the generated validation makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `WSPSend.lpBuffers.null`: function, parameter, what is checked.
    pub id: String,
    pub kind: CheckKind,
    /// Code that the call fails with; `None`: there is no way to store one (a NULL `lpErrno`), the failure value alone is returned.
    pub code: Option<String>,
    /// A sentence for people.
    pub text: String,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CheckKind {
    /// The pointer is NULL, and `unless` (a pointer parameter) is NULL too.
    Null { param: usize, unless: Option<usize> },
    /// The pointer is not NULL and lies below 64 KiB or outside user space.
    Address { param: usize },
    /// The stated length (parameter `length`, through its pointer if `by_pointer`) is below `minimum`; not made when `param` is NULL.
    Minimum { param: usize, length: usize, by_pointer: bool, minimum: u64 },
    /// The value is not in the allowed set.
    Allowed { param: usize },
    /// All these pointers are NULL.
    AnyOf { params: Vec<usize> },
    /// The descriptor names no live socket.
    Socket { param: usize },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub class: RuleClass,
    pub severity: Severity,
    pub text: String,
    pub kind: String,
    pub source: Option<String>,
    /// Path of the test that shows it.
    pub test: Option<String>,
    /// Ids of the checks that implement it, without the function's name.
    pub checks: Vec<String>,
    pub reason: Option<String>,
    pub origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleClass {
    Check,
    Behaviour,
    Host,
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Must,
    Should,
    May,
    Info,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub title: String,
    pub text: String,
    pub rules: Vec<Rule>,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub title: String,
    /// Parameter name and value, as written.
    pub values: Vec<(String, String)>,
    pub text: String,
}

/// A use of a C type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeRef {
    /// The C spelling, valid against the Windows headers.
    pub c: String,
    /// Name of the base type in [`Model::types`].
    pub base: String,
    pub is_const: bool,
    /// `*`s after the base.
    pub pointers: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CType {
    pub name: String,
    /// C spelling when it differs from the name.
    pub c: String,
    pub kind: TypeKind,
    pub header: String,
    pub text: String,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    Integer(Scalar),
    Handle(Scalar),
    Struct(Aggregate),
    Union(Aggregate),
    Pointer { to: TypeRef },
    Callback { returns: TypeRef, params: Vec<Param> },
    /// A structure whose members do not matter here.
    Opaque,
    Void,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    pub rust: String,
    pub width: Width,
    pub signed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    Bits(u32),
    Pointer,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub fields: Vec<Field>,
    pub pack: Option<u32>,
    pub flexible: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub rust_name: String,
    pub ty: TypeRef,
    pub array: Option<Value>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ConstantGroup {
    pub name: String,
    pub title: String,
    pub constants: Vec<Constant>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    pub name: String,
    pub ty: TypeRef,
    pub value: ConstantValue,
    pub header: Option<String>,
    pub text: String,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstantValue {
    Integer(i128),
    Guid(Guid),
}

/// A GUID, member by member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid {
    pub data1: u32,
    pub data2: u16,
    pub data3: u16,
    pub data4: [u8; 8],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub name: String,
    pub value: i32,
    /// Variant name in Rust enums.
    pub variant: String,
    pub text: String,
    pub ntstatus: Option<u32>,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub extends: Option<String>,
    pub text: String,
    pub header: String,
    /// Function names, in order, the extended table's first.
    pub slots: Vec<String>,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub name: String,
    pub title: String,
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
