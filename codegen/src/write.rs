//! Writing outputs: only what changed, and never half a file.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use crate::emit::Output;
use crate::parallel;

/// The end of the name of a file that is not in its place yet. Before it are the name of the file and the number of the process.
const PART: &str = ".part";

/// No run takes so long: a file that is beside its place for longer was left there by one that was killed.
const LEFT: Duration = Duration::from_secs(60 * 60);

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

/// Files that are written, but beside their places, under names of their own. Unless they are put in their places they are
/// removed.
#[derive(Debug)]
pub struct Staged {
    /// What it comes to.
    pub written: Written,
    /// Where each changed file is, and its place.
    files: Vec<(PathBuf, PathBuf)>,
    /// Files that are as they should be.
    unchanged: Vec<PathBuf>,
    placed: AtomicBool,
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !*self.placed.get_mut() {
            self.files.iter().for_each(|(beside, _)| drop(fs::remove_file(beside)));
        }
    }
}

/// Writes the outputs below `folder`, leaving alone what is already right, so that nothing that depends on it is rebuilt.
///
/// # Errors
/// The first file that cannot be written.
pub fn write_all(folder: &Path, outputs: &[Output]) -> Result<Written, WriteError> {
    let staged = stage(folder, outputs)?;
    place(std::slice::from_ref(&staged))?;
    Ok(staged.written)
}

/// The same, but that no file is in its place before [`place`] puts all there.
///
/// # Errors
/// The first file that cannot be written.
pub fn stage(folder: &Path, outputs: &[Output]) -> Result<Staged, WriteError> {
    let (files, unchanged) = (Vec::new(), Vec::new());
    let mut staged = Staged { written: Written::default(), files, unchanged, placed: AtomicBool::new(false) };
    for output in outputs {
        let path = folder.join(&output.path);
        staged.written.bytes += output.contents.len() as u64;
        if fs::read(&path).is_ok_and(|present| present == output.contents.as_bytes()) {
            staged.written.unchanged += 1;
            staged.unchanged.push(path);
            continue;
        }
        if path.is_dir() {
            return Err(WriteError { path, source: io::ErrorKind::IsADirectory.into() });
        }
        staged.written.changed += 1;
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}{PART}", std::process::id()));
        staged.files.push((beside.into(), path));
        if let Some((beside, path)) = staged.files.last() {
            write(beside, &output.contents).map_err(|source| WriteError { path: path.clone(), source })?;
        }
    }
    Ok(staged)
}

/// Puts files in their places. Whoever reads one meanwhile sees the old file or the new one. What runs that were killed left beside
/// these files is removed.
///
/// # Errors
/// The first file that cannot be put there.
pub fn place(staged: &[Staged]) -> Result<(), WriteError> {
    parallel::map(staged, Staged::place).into_iter().collect::<Result<(), WriteError>>()?;
    remove_left(staged.iter().flat_map(Staged::places));
    Ok(())
}

/// Removes what was left beside these files, where that can be done: whatever stays does no harm.
fn remove_left<'a>(places: impl Iterator<Item = &'a Path>) {
    let mut folders = BTreeMap::<&Path, BTreeSet<&OsStr>>::new();
    for (folder, name) in places.filter_map(|place| Some((place.parent()?, place.file_name()?))) {
        folders.entry(folder).or_default().insert(name);
    }
    for (folder, names) in folders {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if file_of(&entry.file_name()).is_some_and(|name| names.contains(name)) && is_left(&entry) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// The name of the file whose part it is by its own name.
fn file_of(part: &OsStr) -> Option<&OsStr> {
    let (name, process) = part.to_str()?.strip_suffix(PART)?.rsplit_once('.')?;
    process.parse::<u32>().is_ok().then_some(OsStr::new(name))
}

fn is_left(entry: &fs::DirEntry) -> bool {
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| SystemTime::now().duration_since(written).is_ok_and(|age| age > LEFT))
}

impl Staged {
    /// All places, whether or not the files are there already.
    fn places(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(_, place)| place).chain(&self.unchanged).map(PathBuf::as_path)
    }

    fn place(&self) -> Result<(), WriteError> {
        for (beside, path) in &self.files {
            fs::rename(beside, path).map_err(|source| WriteError { path: path.clone(), source })?;
        }
        self.placed.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Writes a file, and makes its folder if there is none.
fn write(path: &Path, contents: &str) -> io::Result<()> {
    match (fs::write(path, contents), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(parent).and_then(|()| fs::write(path, contents))
        }
        (outcome, _) => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_their_places_once_they_are_put_there() {
        let folder = std::env::temp_dir().join(format!("wsp-write-{}", std::process::id()));
        let outputs = [Output::new("inner/one", "1"), Output::new("two", "22")];
        let present = || {
            let folders = [folder.clone(), folder.join("inner")];
            let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
            entries.filter(|entry| entry.as_ref().unwrap().path().is_file()).count()
        };
        let staged = stage(&folder, &outputs).unwrap();
        assert_eq!(present(), 2);
        assert!(!folder.join("inner/one").exists() && !folder.join("two").exists());
        drop(staged);
        assert_eq!(present(), 0, "what is not put in its place goes away");
        // What has to fail fails before anything is put in its place.
        fs::create_dir(folder.join("two")).unwrap();
        let error = stage(&folder, &outputs).unwrap_err();
        assert!(error.path.ends_with("two") && error.source.kind() == io::ErrorKind::IsADirectory, "{error}");
        assert_eq!(present(), 0);
        fs::remove_dir(folder.join("two")).unwrap();
        let staged = [stage(&folder, &outputs).unwrap()];
        place(&staged).unwrap();
        drop(staged);
        assert_eq!(fs::read_to_string(folder.join("inner/one")).unwrap(), "1");
        assert_eq!(present(), 2);
        let unchanged = Written { changed: 0, unchanged: 2, bytes: 3 };
        assert_eq!(write_all(&folder, &outputs).unwrap(), unchanged);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_run_left_that_was_killed_goes_away() {
        let folder = std::env::temp_dir().join(format!("wsp-left-{}", std::process::id()));
        let outputs = [Output::new("inner/one", "1"), Output::new("two", "22")];
        let (changed, unchanged) = (folder.join("inner/one"), folder.join("two"));
        write_all(&folder, &outputs).unwrap();
        fs::write(&changed, "0").unwrap();
        let stay = ["two.7.part.bak", "two.x.part", "two.part", "three.7.part", "two.8.part"];
        let left = [changed.with_extension("7.part"), unchanged.with_extension("7.part")];
        for file in left.iter().cloned().chain(stay.map(|name| folder.join(name))) {
            fs::write(&file, "").unwrap();
            // The newest may be that of a run that goes on.
            let age = if file.ends_with("two.8.part") { Duration::ZERO } else { 2 * LEFT };
            fs::File::options().write(true).open(&file).unwrap().set_modified(SystemTime::now() - age).unwrap();
        }
        write_all(&folder, &outputs).unwrap();
        assert!(left.iter().all(|file| !file.exists()));
        assert!(stay.iter().all(|name| folder.join(name).exists()));
        fs::remove_dir_all(&folder).unwrap();
    }
}
