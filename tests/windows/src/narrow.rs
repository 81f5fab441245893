//! Programs for 32 bits: the command drives the libraries, and its two builds install both in a catalog.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cargo::Built;
use crate::process::Failure;
use crate::target::{X64, X86};
use crate::wine::{self, Wine};
use crate::{demo, exports, tools};

/// What the command shows: inside one program by both hosts, and between processes.
const SHOWN: &[&[&str]] = &[&[], &["--host", "ws2"], &["--transport", "shm"], &["--transport", "tcp"]];

/// Fetches Wine's part for 32 bits, builds for both widths, and runs all that.
///
/// # Errors
/// Something of it is not as it should be.
pub fn run() -> Result<(), Failure> {
    tools::ensure_narrow()?;
    let (wide, narrow) = (exports::build(&X64)?, exports::build(&X86)?);
    let (wide_command, command) = (demo::command(&wide)?, demo::command(&narrow)?);
    let wine = Wine::start(X86, &command.parent().into_iter().collect::<Vec<_>>())?;
    demo::show(&wine, &command, SHOWN)?;
    catalog(&wine, &wide_command, &wide, &narrow)
}

/// A 64-bit command installs the libraries of both widths: to start the 32-bit one it needs its own 32-bit build beside it.
fn catalog(installation: &Wine, wide_command: &Path, wide: &[Built], narrow: &[Built]) -> Result<(), Failure> {
    let folder = crate::output().join("both");
    let failed = |error: std::io::Error| Failure(format!("cannot use {}: {error}", folder.display()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(failed)?;
    let put = |from: &Path, name: &str| -> Result<PathBuf, Failure> {
        let to = folder.join(name);
        fs::copy(from, &to).map_err(failed)?;
        Ok(to)
    };
    let command = put(wide_command, "wsp.exe")?;
    put(&demo::command(narrow)?, "wsp32.exe")?;
    wine::random_numbers(&X64, &[&folder])?;
    let narrow_folder = folder.join("32");
    fs::create_dir_all(&narrow_folder).map_err(failed)?;
    let library = |built: &[Built], name: &str| put(exports::first_library(built)?, name);
    let libraries = [library(wide, "my64.dll")?, library(narrow, "32/my32.dll")?];
    let [first, second] = libraries.map(|path| path.display().to_string());
    let file = folder.join("catalog.reg").display().to_string();
    let say = |arguments: &[&str], good: fn(&str) -> bool| {
        let arguments = [&["catalog", "--catalog", &file], arguments].concat();
        demo::say(installation, &command, &arguments, good).map(drop)
    };
    // Both were started.
    say(&["install", &first, &second, "--name", "my", "--create"], |said| {
        said.contains("my32.dll") && !said.contains("was not tried")
    })?;
    say(&["doctor"], |said| said.contains("Nothing is broken") && !said.contains("not checked"))?;
    say(&["remove", "my"], |said| said.contains("32-bit: remove"))
}
