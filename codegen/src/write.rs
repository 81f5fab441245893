//! Writing outputs: only what changed, and never half a file.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::emit::Output;

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

impl std::iter::Sum for Written {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            changed: sum.changed + one.changed,
            unchanged: sum.unchanged + one.unchanged,
            bytes: sum.bytes + one.bytes,
        })
    }
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
    for output in outputs {
        if write(&folder.join(&output.path), &output.contents)? {
            written.changed += 1;
        } else {
            written.unchanged += 1;
        }
        written.bytes += output.contents.len() as u64;
    }
    Ok(written)
}

/// Writes a file, unless it is already right.
fn write(path: &Path, contents: &str) -> Result<bool, WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    if fs::read(path).is_ok_and(|present| present == contents.as_bytes()) {
        return Ok(false);
    }
    // Beside the target and renamed, so that whoever reads it meanwhile sees the old file or the new one.
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let mut outcome = fs::write(&beside, contents);
    if let (Err(error), Some(parent)) = (&outcome, path.parent())
        && error.kind() == io::ErrorKind::NotFound
    {
        outcome = fs::create_dir_all(parent).and_then(|()| fs::write(&beside, contents));
    }
    if let Err(source) = outcome.and_then(|()| fs::rename(&beside, path)) {
        let _ = fs::remove_file(&beside);
        return Err(failed(source));
    }
    Ok(true)
}
