//! Functions as they are in one profile.

use super::{Arg, Check, FunctionKind, Origin, Param, ResultField, Rule, TypeRef, Value};

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
    /// The only builds that have it; nothing when all have.
    pub builds: Option<Builds>,
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

/// Builds of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builds {
    /// Of 64 bits.
    Bits64,
    /// Of 32 bits.
    Bits32,
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
    /// It becomes the calling thread's last error, as `WSASetLastError` sets it.
    LastError,
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

impl BlockingMode {
    /// It in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Never => "Never waits.",
            Self::May => "On a blocking socket it waits.",
            Self::Hook => "Calls a hook of the host while it waits.",
        }
    }
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
