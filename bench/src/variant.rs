//! What is measured: who is called, with which function, in which way.

use std::fmt;
use std::str::FromStr;

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// The function without checks, by its address.
    Direct,
    /// The same function through a table.
    Table,
    /// Through a table, with checks written by hand.
    ByHand,
    /// Through a table, with the generated checks.
    Checked,
    /// The complete entry point of the profile `winsock`, through its table.
    Winsock,
    /// The complete entry point of the profile `san`, through its table.
    San,
}

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `WSPSend`.
    Send,
    /// `WSPRecv`.
    Recv,
}

/// In which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `lpOverlapped` is NULL.
    Synchronous,
    /// `lpOverlapped` is given, without a completion routine.
    Overlapped,
}

/// One row of the measurement, written as `send.winsock.synchronous`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Which function.
    pub function: Function,
    /// Who is called.
    pub callee: Callee,
    /// In which way.
    pub mode: Mode,
}

/// Every callee, the baseline first.
pub const CALLEES: [Callee; 6] =
    [Callee::Direct, Callee::Table, Callee::ByHand, Callee::Checked, Callee::Winsock, Callee::San];
/// Every function.
pub const FUNCTIONS: [Function; 2] = [Function::Send, Function::Recv];
/// Every mode.
pub const MODES: [Mode; 2] = [Mode::Synchronous, Mode::Overlapped];

impl Callee {
    /// Its name in a variant.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Table => "table",
            Self::ByHand => "by-hand",
            Self::Checked => "checked",
            Self::Winsock => "winsock",
            Self::San => "san",
        }
    }
}

impl Function {
    /// Its name in a variant.
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Recv => "recv",
        }
    }
}

impl Mode {
    /// Its name in a variant.
    pub fn name(self) -> &'static str {
        match self {
            Self::Synchronous => "synchronous",
            Self::Overlapped => "overlapped",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.function.name(), self.callee.name(), self.mode.name())
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = FUNCTIONS.iter().flat_map(|&function| {
            CALLEES.iter().flat_map(move |&callee| MODES.iter().map(move |&mode| Self { function, callee, mode }))
        });
        all.into_iter()
            .find(|variant| variant.to_string() == text)
            .ok_or_else(|| format!("`{text}` is no variant; they are written like `send.winsock.synchronous`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let variant = Variant { function: Function::Recv, callee: Callee::ByHand, mode: Mode::Overlapped };
        assert_eq!("recv.by-hand.overlapped".parse(), Ok(variant));
        assert!("recv.by-hand".parse::<Variant>().unwrap_err().contains("recv.by-hand"));
    }
}
