//! What the providers' libraries export.

use std::path::Path;
use std::process::Command;

use crate::cargo::{self, Built};
use crate::process::{self, Failure};
use crate::table::Table;
use crate::target::Target;

/// The command, which people need in both widths: its 32-bit build installs in the 32-bit view of a 64-bit system.
pub const COMMAND: &str = "wsp-cli";

/// The packages that are providers' libraries.
const PACKAGES: &[&str] = &["wsp-provider-dll", "wsp-provider-dll-shm", "wsp-provider-dll-tcp"];

/// The names that a provider may export. On 32 bits, too, without the decoration of their calling convention.
const ENTRY_POINTS: &[&str] = &["WSPStartup", "WSPStartupEx"];

/// Builds the libraries and the command for a target.
///
/// # Errors
/// They cannot be built.
pub fn build(target: &Target) -> Result<Vec<Built>, Failure> {
    let packages = PACKAGES.iter().chain([&COMMAND]);
    let arguments: Vec<&str> = packages.flat_map(|package| ["-p", package]).collect();
    cargo::windows(target, "build", &arguments)
}

/// Builds the libraries and the command for a target and checks that the libraries export entry points and nothing else.
///
/// # Errors
/// They cannot be built, or one exports something else, or nothing.
pub fn check(target: &Target) -> Result<(), Failure> {
    let built = build(target)?;
    let of_providers = built.iter().filter(|built| PACKAGES.contains(&built.package.as_str()));
    let libraries: Vec<&Path> = of_providers.filter_map(library).collect();
    if libraries.len() != PACKAGES.len() {
        return Err(Failure(format!("{} libraries of {} packages: {libraries:?}", libraries.len(), PACKAGES.len())));
    }
    let mut table = Table::new(&["library", "target", "exports"]);
    let mut wrong = Vec::new();
    for library in libraries {
        let listing = process::text(Command::new(target.tool("objdump")).arg("-p").arg(library))?;
        let exports = exports(&listing);
        let name = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if exports.is_empty() || exports.iter().any(|export| !ENTRY_POINTS.contains(export)) {
            wrong.push(format!("{name} ({}) exports {exports:?}, not just some of {ENTRY_POINTS:?}", target.triple));
        }
        table.row([name, target.triple.to_owned(), exports.join(", ")]);
    }
    print!("{table}");
    if wrong.is_empty() { Ok(()) } else { Err(Failure(wrong.join("\n"))) }
}

/// The first of the providers' libraries.
///
/// # Errors
/// There is none.
pub fn first_library(built: &[Built]) -> Result<&Path, Failure> {
    let mut of_provider = built.iter().filter(|built| built.package == PACKAGES[0]);
    of_provider.find_map(library).ok_or_else(|| Failure(format!("{} is no library", PACKAGES[0])))
}

fn library(built: &Built) -> Option<&Path> {
    let is_library = |file: &&Path| file.extension().is_some_and(|extension| extension == "dll");
    built.files.iter().map(AsRef::as_ref).find(is_library)
}

/// The names in the export table, from what `objdump -p` says.
fn exports(listing: &str) -> Vec<&str> {
    let mut lines = listing.lines().skip_while(|line| !line.starts_with("[Ordinal/Name Pointer] Table"));
    lines.next();
    // `	[   0] WSPStartup`; later versions have more columns before the name.
    lines
        .take_while(|line| line.trim_start().starts_with('['))
        .filter_map(|line| line.split_whitespace().last())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_export_table() {
        let listing = "Export Address Table -- Ordinal Base 1\n\t[   0] +base[   1] 35680 Export RVA\n\n\
            [Ordinal/Name Pointer] Table\n\t[   0] WSPStartup\n\t[   1] WSPStartup@64\n\nThe Function Table\n\t[   0] x\n";
        assert_eq!(exports(listing), ["WSPStartup", "WSPStartup@64"]);
        assert!(exports("no export table").is_empty());
    }
}
