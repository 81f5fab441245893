//! What people see first: the command loads a provider's library and drives it, in processes of their own.

use crate::exports::{self, COMMAND};
use crate::process::Failure;
use crate::target::X64;
use crate::wine::Wine;

/// The transports between processes. What else the command shows is among its tests.
const TRANSPORTS: &[&str] = &["shm", "tcp"];

/// Builds the command and the libraries, and has the command show each transport under Wine.
///
/// # Errors
/// A connection, its data, remote memory or a hand-over is not as it should be.
pub fn run() -> Result<(), Failure> {
    let built = exports::build(&X64)?;
    let command = built.iter().filter(|built| built.package == COMMAND).find_map(|built| built.program.as_deref());
    let command = command.ok_or_else(|| Failure(format!("{COMMAND} is no program")))?;
    let wine = Wine::start(&command.parent().into_iter().collect::<Vec<_>>())?;
    for transport in TRANSPORTS {
        // Little data: how fast it goes says nothing here.
        let arguments = ["demo", "--transport", transport, "--mib", "1"];
        let run = wine.run(command, &crate::workspace(), &arguments)?;
        print!("\n{}", run.text);
        if !run.status.success() {
            return Err(Failure(format!("wsp {}: {}", arguments.join(" "), run.status)));
        }
    }
    Ok(())
}
