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

/// A piece of an emitter's work, which can be done beside all others.
pub type Part<'m> = Box<dyn Fn() -> Result<Vec<Output>, EmitError> + Send + Sync + 'm>;

/// An emitter: a name to ask for it by, the folder its outputs go to, and the function that makes them.
pub struct Emitter {
    /// Name on the command line.
    pub name: &'static str,
    /// Folder of its outputs, below the output folder.
    pub folder: &'static str,
    /// What it makes, in a few words.
    pub about: &'static str,
    /// The pieces of its work, those that take long first; the paths of the outputs are below `folder`.
    pub parts: for<'m> fn(&'m Model, Options) -> Vec<Part<'m>>,
}

impl Emitter {
    /// Makes the outputs, with their paths below the output folder.
    ///
    /// # Errors
    /// The emitter's.
    pub fn run(&self, model: &Model, options: Options) -> Result<Vec<Output>, EmitError> {
        let parts = (self.parts)(model, options);
        together(parallel::map(&parts, |part| self.outputs(part)))
    }

    /// The outputs of a part, with their paths below the output folder.
    fn outputs(&self, part: &Part<'_>) -> Result<Vec<Output>, EmitError> {
        let below = |output: Output| Output::new(format!("{}/{}", self.folder, output.path), output.contents);
        Ok(part()?.into_iter().map(below).collect())
    }
}

/// The outputs of all parts, or the first error.
fn together(parts: Vec<Result<Vec<Output>, EmitError>>) -> Result<Vec<Output>, EmitError> {
    Ok(parts.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// What became of an emitter's outputs, and how long that took.
pub struct Made<T> {
    /// What `take` gave for the outputs of each part.
    pub parts: Result<Vec<T>, EmitError>,
    /// The time of all threads.
    pub took: Duration,
}

/// Runs emitters, as many parts at the same time as the machine runs threads, and hands the outputs of each part to `take`, with
/// their paths below the output folder. What came of it is in the order of the emitters and their parts. An output is taken as
/// soon as it is made, even if another part of the same emitter fails.
pub fn run<T: Send>(
    emitters: &[&Emitter],
    model: &Model,
    options: Options,
    take: impl Fn(Vec<Output>) -> T + Sync,
) -> Vec<Made<T>> {
    let parts: Vec<(usize, Part<'_>)> = emitters
        .iter()
        .enumerate()
        .flat_map(|(at, emitter)| (emitter.parts)(model, options).into_iter().map(move |part| (at, part)))
        .collect();
    let taken = parallel::map(&parts, |(at, part)| {
        let begun = Instant::now();
        (emitters[*at].outputs(part).map(&take), begun.elapsed())
    });
    let mut made: Vec<Made<T>> =
        emitters.iter().map(|_| Made { parts: Ok(Vec::new()), took: Duration::ZERO }).collect();
    for ((at, _), (taken, took)) in parts.iter().zip(taken) {
        let made = &mut made[*at];
        made.took += took;
        match (taken, &mut made.parts) {
            (Ok(taken), Ok(all)) => all.push(taken),
            (Err(error), Ok(_)) => made.parts = Err(error),
            (_, Err(_)) => {}
        }
    }
    made
}

/// All emitters, in the order in which they begin.
pub const EMITTERS: &[Emitter] = &[
    Emitter {
        name: "rust",
        folder: "rust",
        about: "FFI, checks, traits, thunks, upcalls, caller's side",
        parts: rust::parts,
    },
    Emitter {
        name: "json",
        folder: "json",
        about: "everything, for programs",
        parts: |model, _| whole(move || Ok(vec![Output::new("spi.json", export::emit(model))])),
    },
    Emitter {
        name: "markdown",
        folder: "markdown",
        about: "the reference as Markdown",
        parts: |model, _| whole(move || Ok(outputs(markdown::emit(model)))),
    },
    Emitter {
        name: "header",
        folder: "c",
        about: "wsp.h, for hosts and providers in C and C++",
        parts: |model, _| whole(move || header::emit(model)),
    },
    Emitter {
        name: "fuzz",
        folder: "fuzz",
        about: "the entry points, described for a fuzzer",
        parts: |model, _| whole(move || fuzz::emit(model)),
    },
    Emitter {
        name: "schema",
        folder: "schema",
        about: "JSON Schema of the spec's files, for editors",
        parts: |_, _| whole(|| Ok(vec![Output::new("spec.schema.json", schema::emit())])),
    },
    #[cfg(feature = "docs")]
    Emitter {
        name: "site",
        folder: "site",
        about: "the reference as a site that opens from the file system",
        parts: |model, _| {
            docs::parts(model).into_iter().map(|part| Box::new(move || Ok(outputs(part()))) as Part<'_>).collect()
        },
    },
];

/// Work that is not divided.
fn whole<'m>(work: impl Fn() -> Result<Vec<Output>, EmitError> + Send + Sync + 'm) -> Vec<Part<'m>> {
    vec![Box::new(work)]
}

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
