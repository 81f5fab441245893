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
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => Err(GuardError::Busy(path)),
            Err(TryLockError::Error(error)) => Err(GuardError::File { path, error }),
        }
    }

    /// The backup of a change that has neither ended nor been taken back.
    pub fn interrupted(&mut self) -> Option<PathBuf> {
        let mut text = String::new();
        self.file.rewind().and_then(|()| self.file.read_to_string(&mut text)).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    /// Notes that a change is under way whose backup this is.
    pub fn begin(&mut self, backup: &Path) -> Result<(), GuardError> {
        self.write(backup.to_string_lossy().as_bytes())
    }

    /// Notes that nothing is under way.
    pub fn end(&mut self) -> Result<(), GuardError> {
        self.write(b"")
    }

    fn write(&mut self, text: &[u8]) -> Result<(), GuardError> {
        let file = &mut self.file;
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text))
            .and_then(|()| file.sync_all());
        written.map_err(|error| GuardError::File { path: self.path.clone(), error })
    }
}

/// The backup of a change that is under way, or was interrupted.
pub fn interrupted(store: &dyn Store) -> Option<PathBuf> {
    let text = std::fs::read_to_string(path(store)).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| PathBuf::from(text))
}

fn path(store: &dyn Store) -> PathBuf {
    store.folder().join(format!("{}.lock", store.stem()))
}

/// The backups that were made of this catalog, the newest last.
pub fn backups(store: &dyn Store) -> Vec<PathBuf> {
    let prefix = format!("{}.backup-", store.stem());
    let files = std::fs::read_dir(store.folder()).into_iter().flatten().flatten();
    let number = |name: &str| name.strip_prefix(&prefix)?.strip_suffix(".reg")?.parse::<u32>().ok();
    let mut found: Vec<(u32, PathBuf)> =
        files.filter_map(|file| Some((number(&file.file_name().to_string_lossy())?, file.path()))).collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// Writes a backup under a name of its own.
///
/// # Errors
/// The file system's.
pub fn back_up(store: &dyn Store, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let mut number = backups(store).len() + 1;
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
