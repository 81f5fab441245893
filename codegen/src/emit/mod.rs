//! Emitters: one per output, behind one registry. They read the checked [`Model`] and nothing else.

use std::time::{Duration, Instant};

use crate::model::Model;
use crate::parallel;

#[cfg(feature = "docs")]
pub mod docs;
pub mod export;
pub mod fuzz;
pub mod header;
pub mod markdown;
pub mod rust;
pub mod schema;

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
    /// Folder of its outputs, below the output folder.
    pub folder: &'static str,
    /// What it makes, in a few words.
    pub about: &'static str,
    /// Makes the outputs; their paths are below `folder`.
    pub emit: fn(&Model, Options) -> Result<Vec<Output>, EmitError>,
}

impl Emitter {
    /// Makes the outputs, with their paths below the output folder.
    ///
    /// # Errors
    /// The emitter's.
    pub fn run(&self, model: &Model, options: Options) -> Result<Vec<Output>, EmitError> {
        let outputs = (self.emit)(model, options)?.into_iter();
        Ok(outputs.map(|output| Output::new(format!("{}/{}", self.folder, output.path), output.contents)).collect())
    }
}

/// What an emitter made, and how long that took.
pub struct Made {
    /// The outputs, with their paths below the output folder.
    pub outputs: Result<Vec<Output>, EmitError>,
    /// The time of its own thread.
    pub took: Duration,
}

/// Runs emitters at the same time, as many as the machine runs threads; what they made is in their order.
pub fn run(emitters: &[&Emitter], model: &Model, options: Options) -> Vec<Made> {
    parallel::map(emitters, |emitter| {
        let begun = Instant::now();
        Made { outputs: emitter.run(model, options), took: begun.elapsed() }
    })
}

/// All emitters, in the order in which they begin.
pub const EMITTERS: &[Emitter] = &[
    Emitter {
        name: "rust",
        folder: "rust",
        about: "FFI, checks, traits, thunks, upcalls, caller's side",
        emit: rust::emit,
    },
    Emitter {
        name: "json",
        folder: "json",
        about: "everything, for programs",
        emit: |model, _| Ok(vec![Output::new("spi.json", export::emit(model))]),
    },
    Emitter {
        name: "markdown",
        folder: "markdown",
        about: "the reference as Markdown",
        emit: |model, _| Ok(outputs(markdown::emit(model))),
    },
    Emitter {
        name: "header",
        folder: "c",
        about: "wsp.h, for hosts and providers in C and C++",
        emit: |model, _| header::emit(model),
    },
    Emitter {
        name: "fuzz",
        folder: "fuzz",
        about: "the entry points, described for a fuzzer",
        emit: |model, _| fuzz::emit(model),
    },
    Emitter {
        name: "schema",
        folder: "schema",
        about: "JSON Schema of the spec's files, for editors",
        emit: |_, _| Ok(vec![Output::new("spec.schema.json", schema::emit())]),
    },
    #[cfg(feature = "docs")]
    Emitter {
        name: "site",
        folder: "site",
        about: "the reference as a site that opens from the file system",
        emit: |model, _| Ok(outputs(docs::emit(model))),
    },
];

fn outputs(files: Vec<(String, String)>) -> Vec<Output> {
    files.into_iter().map(|(path, contents)| Output::new(path, contents)).collect()
}

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
