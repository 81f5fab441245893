//! The file that calls are recorded into.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::mem::size_of;
use std::path::Path;

use super::map::Map;
use super::ring::{Layout, Rings};

/// Ending of the files' names.
pub const EXTENSION: &str = "wsptrace";

/// Files of one process: a library each.
const MOST: u32 = 100;

/// Makes a file in the folder and maps it. `None` if that is not possible: the provider then works untraced, since start-up is no
/// place to fail for a trace.
pub fn create(folder: &Path) -> Option<Rings> {
    let process = std::process::id();
    let file = new_file(folder, process)?;
    file.set_len(size_of::<Layout>() as u64).ok()?;
    Rings::new(Map::new(&file, size_of::<Layout>())?, process)
}

fn new_file(folder: &Path, process: u32) -> Option<File> {
    for number in 1..=MOST {
        let path = folder.join(format!("{process}-{number}.{EXTENSION}"));
        match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
            Ok(file) => return Some(file),
            Err(problem) if problem.kind() == ErrorKind::AlreadyExists => {}
            Err(_) => return None,
        }
    }
    None
}
