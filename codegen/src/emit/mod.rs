//! Emitters: one per output, behind one registry. They read the checked [`Model`] and nothing else.

use crate::model::Model;

pub mod rust;

/// One file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Path below the output folder, with `/`.
    pub path: String,
    /// What the file holds, with LF line ends.
    pub contents: String,
}

impl Output {
    /// An output of this path and contents.
    pub fn new(path: impl Into<String>, contents: impl Into<String>) -> Self {
        Self { path: path.into(), contents: contents.into() }
    }
}

/// What every emitter is told beside the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The model was amended by an author's own folder: types, constants and upcalls of the built-in spec are taken from the
    /// `wsp` crate, only what the folder adds is emitted beside the profiles.
    pub overlay: bool,
}

/// An emitter: a name to ask for it by, the folder its outputs go to, and the function that makes them.
pub struct Emitter {
    /// Name on the command line.
    pub name: &'static str,
    /// What it makes, in a few words.
    pub about: &'static str,
    /// Makes the outputs.
    pub emit: fn(&Model, Options) -> Result<Vec<Output>, EmitError>,
}

/// All emitters, in the order in which they run.
pub const EMITTERS: &[Emitter] = &[Emitter { name: "rust", about: "Rust: FFI, checks, traits, thunks, upcalls, caller", emit: rust::emit }];

/// An emitter met something in the model that it cannot express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmitError {
    /// Which emitter.
    pub emitter: &'static str,
    /// The declaration it stopped at, `file:line` and name.
    pub item: String,
    /// What it could not do.
    pub message: String,
}

impl std::fmt::Display for EmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} emitter: {}: {}", self.emitter, self.item, self.message)
    }
}

impl std::error::Error for EmitError {}
