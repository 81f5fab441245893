//! Running other programs.

use std::fmt;
use std::io::ErrorKind;
use std::process::{Command, ExitStatus, Output, Stdio};

/// Why a step failed, in a sentence or a few lines.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs a program that says itself what it does.
///
/// # Errors
/// It cannot be run or fails.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = status(command)?;
    if status.success() { Ok(()) } else { Err(Failure(format!("`{}` failed: {status}", line(command)))) }
}

/// Runs a program and gives how it ended.
///
/// # Errors
/// It cannot be run.
pub fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    command.status().map_err(|error| cannot_run(command, &error))
}

/// Runs a program and gives what it wrote, whether or not it succeeded.
///
/// # Errors
/// It cannot be run.
pub fn output(command: &mut Command) -> Result<Output, Failure> {
    command.stdin(Stdio::null()).output().map_err(|error| cannot_run(command, &error))
}

/// Runs a program and gives its standard output; what it has to say goes to standard error.
///
/// # Errors
/// It cannot be run or fails.
pub fn text(command: &mut Command) -> Result<String, Failure> {
    let output = output(command.stderr(Stdio::inherit()))?;
    if !output.status.success() {
        return Err(Failure(format!("`{}` failed: {}", line(command), output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether there is a program of this name.
pub fn exists(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    !command.status().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn cannot_run(command: &Command, error: &std::io::Error) -> Failure {
    Failure(format!("cannot run `{}`: {error}", line(command)))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
