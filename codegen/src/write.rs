//! Writing outputs: only what changed, and never half a file.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::emit::Output;
use crate::parallel;

/// What writing came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or different now.
    pub changed: usize,
    /// Files that already were as they should be.
    pub unchanged: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// A file that could not be written.
#[derive(Debug)]
pub struct WriteError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.source)
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Writes the outputs below `folder`, leaving alone what is already right, so that nothing that depends on it is rebuilt.
///
/// # Errors
/// The first file that cannot be written.
pub fn write_all(folder: &Path, outputs: &[Output]) -> Result<Written, WriteError> {
    let mut written = Written::default();
    for changed in parallel::map(outputs, |output| write(&folder.join(&output.path), &output.contents)) {
        if changed? {
            written.changed += 1;
        } else {
            written.unchanged += 1;
        }
    }
    written.bytes = outputs.iter().map(|output| output.contents.len() as u64).sum();
    Ok(written)
}

/// Writes a file, unless it is already right.
fn write(path: &Path, contents: &str) -> Result<bool, WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    if fs::read(path).is_ok_and(|present| present == contents.as_bytes()) {
        return Ok(false);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    // Beside the target and renamed, so that whoever reads it meanwhile sees the old file or the new one.
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    fs::write(&beside, contents).map_err(failed)?;
    if let Err(source) = fs::rename(&beside, path) {
        let _ = fs::remove_file(&beside);
        return Err(failed(source));
    }
    Ok(true)
}
