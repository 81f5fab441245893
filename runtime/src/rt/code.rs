//! Error codes, the lists of them, and the checks that refuse a call.

use core::cell::Cell;
use core::fmt;

/// A code of the interface, described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// C name.
    pub name: &'static str,
    /// Number.
    pub value: i32,
    /// What it means in general.
    pub text: &'static str,
    /// What a completed operation's `Internal` holds for it.
    pub ntstatus: Option<u32>,
}

/// Any code, of whatever function. Converting it into a function's error gives that error, or the function's fallback.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(pub i32);

impl Code {
    /// The code's description, if the interface knows it.
    pub fn info(self) -> Option<&'static CodeInfo> {
        crate::code::ALL.iter().find(|info| info.value == self.0)
    }

    /// What `Internal` holds for an operation that ends with this code: 0 for success.
    pub fn ntstatus(self) -> u32 {
        const UNSUCCESSFUL: u32 = 0xC000_0001;
        if self.0 == 0 { 0 } else { self.info().and_then(|info| info.ntstatus).unwrap_or(UNSUCCESSFUL) }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info() {
            Some(info) => write!(f, "{} ({})", info.name, info.value),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Everything a function may fail with. Implemented by the generated error enums.
pub trait ErrorList: Copy + 'static {
    /// C name of the function.
    const FUNCTION: &'static str;
    /// What a panic and an error without a place in the list become.
    const FALLBACK: Self;
    /// All of them, in the order of the spec.
    const ALL: &'static [Self];
    /// The number that C sees.
    fn code(self) -> i32;
    /// The C name.
    fn name(self) -> &'static str;
    /// When the function fails so.
    fn when(self) -> &'static str;

    /// The error with this code.
    fn from_number(code: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|error| error.code() == code)
    }

    /// The error with this code, or the fallback if the function may not fail with it.
    fn or_fallback(code: Code) -> Self {
        Self::from_number(code.0).unwrap_or(Self::FALLBACK)
    }
}

/// Finds an error by its number. Implemented for every [`ErrorList`] and for functions that cannot fail.
pub trait FromCode: Sized {
    /// The error with this code, if the function documents it.
    fn from_code(code: i32) -> Option<Self>;
}

impl<E: ErrorList> FromCode for E {
    fn from_code(code: i32) -> Option<Self> {
        E::from_number(code)
    }
}

/// Writes an error as `WSAENETDOWN (10050): …`.
///
/// # Errors
/// Those of the formatter.
pub fn describe<E: ErrorList>(error: E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}: {} ({}): {}", E::FUNCTION, error.name(), error.code(), error.when())
}

/// One check of the validation layer.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// `WSPSend.lpBuffers.null`.
    pub id: &'static str,
    /// The code that the call fails with; 0 where none can be stored.
    pub code: i32,
    /// A sentence for people.
    pub text: &'static str,
}

thread_local! {
    static LAST: Cell<Option<&'static Check>> = const { Cell::new(None) };
}

/// Notes the check that refuses the call, and gives its code.
#[cold]
#[inline(never)]
pub fn refuse(check: &'static Check) -> i32 {
    // Once a thread's locals are gone the note is lost; the refusal itself is not.
    let _ = LAST.try_with(|last| last.set(Some(check)));
    check.code
}

/// The check that refused the newest call refused on this thread. For tests and for those who debug a host.
pub fn last_refusal() -> Option<&'static Check> {
    LAST.try_with(Cell::take).unwrap_or(None)
}
