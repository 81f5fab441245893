//! One installer at a time, and a note of what is under way.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::Store;

/// Why the catalog cannot be had for oneself.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Somebody else has it.
    #[error("another installation is under way ({0} is locked): wait for it, then try again")]
    Busy(PathBuf),
    /// The lock cannot be opened.
    #[error(
        "cannot open {path}: {error}; changing the catalog needs rights to its folder: start this in an elevated prompt"
    )]
    File {
        /// The lock.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
}

/// The catalog is ours as long as this lives. The system ends that, too, when the process ends in any way.
#[derive(Debug)]
pub(crate) struct Guard {
    file: File,
    path: PathBuf,
    interrupted: Option<PathBuf>,
}

impl Guard {
    /// Takes the lock; does not wait.
    pub fn take(store: &dyn Store) -> Result<Self, GuardError> {
        let path = path(store);
        let failed = |error| GuardError::File { path: path.clone(), error };
        std::fs::create_dir_all(store.folder()).map_err(failed)?;
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(GuardError::Busy(path)),
            Err(TryLockError::Error(error)) => return Err(GuardError::File { path, error }),
        }
        let mut note = Vec::new();
        match (&file).read_to_end(&mut note) {
            Ok(_) => Ok(Self { interrupted: noted(&note), file, path }),
            Err(error) => Err(GuardError::File { path, error }),
        }
    }

    /// The backup of a change that has neither ended nor been taken back.
    pub fn interrupted(&self) -> Option<&Path> {
        self.interrupted.as_deref()
    }

    /// Notes that a change is under way whose backup this is. While one that was interrupted is put right, its backup stays noted: what
    /// is there now is no state to go back to.
    pub fn begin(&mut self, backup: &Path) -> Result<(), GuardError> {
        match self.interrupted {
            Some(_) => Ok(()),
            None => self.write(&format!("{}\n", backup.display())),
        }
    }

    /// Notes that nothing is under way.
    pub fn end(&mut self) -> Result<(), GuardError> {
        self.write("")
    }

    /// Notes that the change was taken back: nothing is under way but what was interrupted before it.
    pub fn taken_back(&mut self) -> Result<(), GuardError> {
        if self.interrupted.is_some() { Ok(()) } else { self.end() }
    }

    fn write(&mut self, text: &str) -> Result<(), GuardError> {
        let file = &mut self.file;
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.sync_all());
        written.map_err(|error| GuardError::File { path: self.path.clone(), error })
    }
}

/// The backup of a change that is under way, or was interrupted.
pub fn interrupted(store: &dyn Store) -> Option<PathBuf> {
    noted(&std::fs::read(path(store)).ok()?)
}

/// The backup in a note. One without its line's end was itself cut off, so that the change it tells of had not begun.
fn noted(note: &[u8]) -> Option<PathBuf> {
    Some(PathBuf::from(std::str::from_utf8(note).ok()?.strip_suffix('\n')?))
}

fn path(store: &dyn Store) -> PathBuf {
    store.folder().join(format!("{}.lock", store.stem()))
}

/// The backups that were made of this catalog, the newest last.
pub fn backups(store: &dyn Store) -> Vec<PathBuf> {
    numbered(store).into_iter().map(|(_, path)| path).collect()
}

fn numbered(store: &dyn Store) -> Vec<(u32, PathBuf)> {
    let prefix = format!("{}.backup-", store.stem());
    let files = std::fs::read_dir(store.folder()).into_iter().flatten().flatten();
    let number = |name: &str| name.strip_prefix(&prefix)?.strip_suffix(".reg")?.parse::<u32>().ok();
    let mut found: Vec<(u32, PathBuf)> =
        files.filter_map(|file| Some((number(&file.file_name().to_string_lossy())?, file.path()))).collect();
    found.sort();
    found
}

/// Writes a backup under a name of its own.
///
/// # Errors
/// The file system's.
pub fn back_up(store: &dyn Store, bytes: &[u8]) -> std::io::Result<PathBuf> {
    // Behind the newest, also where older ones were deleted.
    let mut number = numbered(store).last().map_or(1, |(number, _)| number.saturating_add(1));
    loop {
        let path = store.folder().join(format!("{}.backup-{number:04}.reg", store.stem()));
        match File::create_new(&path) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                if let Err(error) = written {
                    let _ = std::fs::remove_file(&path);
                    return Err(error);
                }
                return Ok(std::path::absolute(&path).unwrap_or(path));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}
