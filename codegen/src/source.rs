//! The files that a spec is made of.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostics};

/// One file of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path inside its spec folder, with `/` on every host: what [`crate::model::Origin`] shows, so that what is generated does
    /// not depend on where the folder is.
    pub path: String,
    /// The path that diagnostics show: one that an editor finds from where the generator was started.
    pub shown: String,
    /// The bytes as they are on disk; that they are UTF-8 is checked when the file is read.
    pub text: Vec<u8>,
    /// From an author's own folder rather than the built-in spec.
    pub overlay: bool,
}

impl Source {
    /// A source that is already in memory, such as an embedded file.
    pub fn new(path: impl Into<String>, text: impl Into<Vec<u8>>, overlay: bool) -> Self {
        let path = path.into();
        Self { shown: path.clone(), path, text: text.into(), overlay }
    }
}

/// Reads every `*.yaml` file below `dir`, sorted by path.
///
/// A folder or file that cannot be read, and a folder without any such file, is reported to `diags`; what could be read is
/// returned all the same.
pub fn load_folder(dir: &Path, overlay: bool, diags: &mut Diagnostics) -> Vec<Source> {
    let mut files = Vec::new();
    let before = diags.len();
    collect(dir, dir, &mut files, diags);
    files.sort();
    let mut sources = Vec::new();
    for (path, full) in files {
        match fs::read(&full) {
            Ok(text) => sources.push(Source { path, shown: full.to_string_lossy().into_owned(), text, overlay }),
            Err(error) => {
                diags
                    .file_error(
                        Code::UnreadableFile,
                        &full.to_string_lossy(),
                        format!("cannot read this file: {error}"),
                    )
                    .hint("check that it exists and that its permissions allow reading");
            }
        }
    }
    if sources.is_empty() && diags.len() == before {
        diags
            .file_error(Code::NoSpec, &dir.to_string_lossy(), "this folder holds no spec file")
            .hint("a spec folder holds `*.yaml` files; see the vocabulary");
    }
    sources
}

/// Adds the spec files below `dir` to `files`: the path relative to `root` with `/`, and the full path.
fn collect(root: &Path, dir: &Path, files: &mut Vec<(String, PathBuf)>, diags: &mut Diagnostics) {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            diags
                .file_error(Code::NoFolder, &dir.to_string_lossy(), format!("cannot read this spec folder: {error}"))
                .hint("name a folder that exists and can be read");
            return;
        }
    };
    for entry in entries {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        // `metadata` follows links, so a linked file counts; a linked folder does not, because it could lead round in a circle.
        let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if path.is_dir() && !linked {
            collect(root, &path, files, diags);
        } else if !path.is_dir() && path.extension().is_some_and(|ext| ext == "yaml") {
            let inside = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> =
                inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            files.push((parts.join("/"), path));
        }
    }
}
