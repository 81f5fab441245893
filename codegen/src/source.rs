//! The files that a spec is made of.

use std::fs;
use std::io;
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
    collect(dir, dir, &mut Vec::new(), &mut files, diags);
    files.sort();
    let mut sources = Vec::new();
    for (path, full) in files {
        match read_regular(&full) {
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

/// The bytes of a file. Whatever else has its name, a pipe say, is refused: it could have no end.
fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    fs::read(path)
}

/// Adds the spec files below `dir` to `files`: the path relative to `root` with `/`, and the full path. `around` are the folders
/// that are being read, by their real paths: a link may lead back into one of them.
fn collect(
    root: &Path,
    dir: &Path,
    around: &mut Vec<PathBuf>,
    files: &mut Vec<(String, PathBuf)>,
    diags: &mut Diagnostics,
) {
    let shown = dir.to_string_lossy();
    let entries =
        fs::canonicalize(dir).and_then(|real| Ok((fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?, real)));
    let (entries, real) = match entries {
        Ok((_, real)) if around.contains(&real) => {
            diags
                .file_error(Code::NoFolder, &shown, "this link leads back to a folder that it is in")
                .hint("remove the link");
            return;
        }
        Ok(read) => read,
        Err(error) => {
            diags
                .file_error(Code::NoFolder, &shown, format!("cannot read this spec folder: {error}"))
                .hint("name a folder that exists and can be read");
            return;
        }
    };
    around.push(real);
    for entry in entries {
        let path = entry.path();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        if path.is_dir() {
            collect(root, &path, around, files, diags);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            let inside = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> =
                inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            files.push((parts.join("/"), path));
        } else if ending.is_some_and(|ending| ending == "yml" || ending == "yaml") {
            diags
                .file_error(
                    Code::OtherEnding,
                    &path.to_string_lossy(),
                    "this file is not read: of YAML, only `.yaml` is",
                )
                .hint("let its name end in `.yaml`");
        }
    }
    around.pop();
}
