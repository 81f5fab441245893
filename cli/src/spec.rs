//! Loading a spec for the commands.

use std::path::Path;

use wsp_codegen::diagnostic::Diagnostics;
use wsp_codegen::emit::Options;
use wsp_codegen::model::Model;
use wsp_codegen::{Source, build, compile_with_warnings, load_folder};

use crate::{Failure, note};

/// A spec that was read without error.
pub struct Loaded {
    /// The checked model.
    pub model: Model,
    /// What emitters are told of it.
    pub options: Options,
    /// Warnings.
    pub warnings: Diagnostics,
    /// Number of files.
    pub files: usize,
}

/// Reads a spec: the built-in one, a folder's, or the built-in one with a folder's additions. A folder that declares profiles is
/// complete in itself.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(folder: Option<&Path>) -> Result<Loaded, Diagnostics> {
    let (sources, overlay, problems) = match folder {
        None => (build::builtin(), false, Diagnostics::default()),
        Some(folder) => {
            let mut problems = Diagnostics::default();
            let found = load_folder(folder, false, &mut problems);
            if found.iter().any(declares_profiles) {
                (found, false, problems)
            } else {
                let mut sources = build::builtin();
                sources.extend(found.into_iter().map(|source| Source { overlay: true, ..source }));
                (sources, true, problems)
            }
        }
    };
    if problems.has_errors() {
        return Err(problems);
    }
    let files = sources.len();
    match compile_with_warnings(&sources) {
        (Some(model), warnings) => Ok(Loaded { model, options: Options { overlay }, warnings, files }),
        (None, diagnostics) => Err(diagnostics),
    }
}

/// Reads a spec for a command that needs it to be right; if it is not, says so.
///
/// # Errors
/// [`Failure::Said`].
pub fn load(folder: Option<&Path>) -> Result<Loaded, Failure> {
    read(folder).map_err(|diagnostics| {
        note(diagnostics.render(true));
        Failure::Said
    })
}

/// Is this the file that declares the profiles? By name too, so that a broken one still counts.
fn declares_profiles(source: &Source) -> bool {
    source.path == "profiles.yaml"
        || source.text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_end() == b"profiles:")
}
