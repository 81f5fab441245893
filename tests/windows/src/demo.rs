//! What people see first: the command loads a provider's library and drives it, in processes of their own.

use std::path::{Path, PathBuf};

use crate::cargo::Built;
use crate::exports::{self, COMMAND};
use crate::process::Failure;
use crate::target::X64;
use crate::wine::{Run, Wine};

/// The transports between processes. What else the command shows is among its tests.
const TRANSPORTS: &[&[&str]] = &[&["--transport", "shm"], &["--transport", "tcp"]];

/// Builds the command and the libraries, and has the command show each transport under Wine.
///
/// # Errors
/// A connection, its data, remote memory or a hand-over is not as it should be.
pub fn run() -> Result<(), Failure> {
    let command = command(&exports::build(&X64)?)?;
    let wine = Wine::start(X64, &command.parent().into_iter().collect::<Vec<_>>())?;
    show(&wine, &command, TRANSPORTS)
}

/// The command among what was built.
///
/// # Errors
/// It is not there.
pub fn command(built: &[Built]) -> Result<PathBuf, Failure> {
    let command = built.iter().filter(|built| built.package == COMMAND).find_map(|built| built.program.clone());
    command.ok_or_else(|| Failure(format!("{COMMAND} is no program")))
}

/// Has the command show something, by these of its arguments.
///
/// # Errors
/// What it shows is not as it should be.
pub fn show(wine: &Wine, command: &Path, what: &[&[&str]]) -> Result<(), Failure> {
    for what in what {
        // Little data: how fast it goes says nothing here.
        let arguments = [&["demo"], *what, &["--mib", "1"]].concat();
        say(wine, command, &arguments, |said| said.contains("The provider "))?;
    }
    Ok(())
}

/// Runs the command and prints what it says, which has to be something `good`.
///
/// # Errors
/// It fails, or says something else.
pub fn say(wine: &Wine, command: &Path, arguments: &[&str], good: impl Fn(&str) -> bool) -> Result<String, Failure> {
    let whole = |run: &Run| run.status.success() && good(&run.text);
    let run = wine.run(command, &crate::workspace(), arguments, whole)?;
    print!("\n{}", run.text);
    if whole(&run) {
        Ok(run.text)
    } else {
        Err(Failure(format!("wsp {}: {}, or not what it should say", arguments.join(" "), run.status)))
    }
}
