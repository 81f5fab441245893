//! What is built for.

use std::path::PathBuf;

/// A target of the compiler, and the names that go with it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name for rustc.
    pub triple: &'static str,
    /// What the names of the GNU tools for it begin with; empty where there are none, so that nothing is linked.
    pub tools: &'static str,
}

/// 64 bits.
pub const X64: Target = Target { triple: "x86_64-pc-windows-gnu", tools: "x86_64-w64-mingw32" };

/// 32 bits.
pub const X86: Target = Target { triple: "i686-pc-windows-gnu", tools: "i686-w64-mingw32" };

/// 64 bits, by the rules of Microsoft's compiler. Its linker is not here: what is built for it is checked only.
pub const MSVC: Target = Target { triple: "x86_64-pc-windows-msvc", tools: "" };

/// 32 bits, likewise.
pub const MSVC32: Target = Target { triple: "i686-pc-windows-msvc", tools: "" };

impl Target {
    /// One of the GNU tools.
    pub fn tool(&self, name: &str) -> String {
        format!("{}-{name}", self.tools)
    }

    /// The prefix of cargo's variables for it.
    pub fn variable(&self, name: &str) -> String {
        format!("CARGO_TARGET_{}_{name}", self.triple.to_uppercase().replace('-', "_"))
    }

    /// Where what is not built by cargo lies.
    pub fn folder(&self) -> PathBuf {
        crate::output().join("support").join(self.triple)
    }
}
