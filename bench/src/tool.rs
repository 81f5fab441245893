//! The programs that are run, with errors that say what is missing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, io};

/// Runs a program and waits for it; fails unless it succeeds.
///
/// # Errors
/// It is not installed, or it fails; what it wrote to standard error is in the message.
pub fn run(command: &mut Command) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(&name, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(12).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(format!("{name} failed ({}):\n{}", output.status, last.join("\n")))
}

/// Why a program did not start.
pub fn not_started(name: &str, error: &io::Error) -> String {
    let hint = match (error.kind(), name) {
        (io::ErrorKind::NotFound, "valgrind") => "; install the package valgrind",
        (io::ErrorKind::NotFound, "objdump") => "; install the package binutils",
        _ => "",
    };
    format!("cannot run {name}: {error}{hint}")
}

/// Cargo, as it runs us or as it is found.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The folder of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The folder that cargo builds this workspace into: two up from this program.
///
/// # Errors
/// This program stands somewhere else.
pub fn target() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| format!("this program does not know its own path: {error}"))?;
    let folder = program.parent().and_then(Path::parent);
    folder.map(Path::to_owned).ok_or_else(|| format!("{} is not in a target folder", program.display()))
}

/// Builds one of this crate's programs and says where it is.
///
/// # Errors
/// It does not build.
pub fn build(program: &str, release: bool) -> Result<PathBuf, String> {
    let target = target()?;
    build_with(&["-p", "wsp-bench", "--bin", program], release)?;
    Ok(target.join(if release { "release" } else { "debug" }).join(program))
}

/// Builds the library of another package, optimised.
///
/// # Errors
/// It does not build.
pub fn build_library(package: &str) -> Result<(), String> {
    build_with(&["-p", package, "--lib"], true)
}

fn build_with(what: &[&str], release: bool) -> Result<(), String> {
    let mut command = cargo();
    command.args(["build", "--quiet"]).args(what).current_dir(workspace());
    command.arg("--target-dir").arg(target()?);
    if release {
        command.arg("--release");
    }
    run(&mut command).map(|_| ())
}

/// A program of the system with arguments.
pub fn command<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
