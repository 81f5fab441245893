//! The compilers and Wine: Debian's packages, since they bring the sources of std, which rustup's targets are not needed for.

use std::path::Path;
use std::process::Command;

use crate::process::{self, Failure};

/// What is needed, and the package that has it. Names with `/` are files, others programs.
const NEEDED: &[(&str, &str)] = &[
    ("/usr/bin/rustc", "rustc-web"),
    ("/usr/bin/cargo", "cargo-web"),
    ("/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "rust-web-src"),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
    ("x86_64-w64-mingw32-g++", "g++-mingw-w64-x86-64"),
    ("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686"),
    ("i686-w64-mingw32-g++", "g++-mingw-w64-i686"),
    ("wine", "wine"),
    ("/usr/lib/wine/wine64", "wine64"),
];

/// Installs what is missing.
///
/// # Errors
/// It cannot be installed; the message says what is missing.
pub fn ensure() -> Result<(), Failure> {
    let missing: Vec<&str> = NEEDED.iter().filter(|(what, _)| !is_there(what)).map(|(_, package)| *package).collect();
    if !missing.is_empty() {
        println!("install {}", missing.join(" "));
        install(&missing).map_err(|failure| {
            Failure(format!("{failure}\n  needed are Debian's packages {} (or their like)", missing.join(" ")))
        })?;
    }
    if let Some((what, package)) = NEEDED.iter().find(|(what, _)| !is_there(what)) {
        return Err(Failure(format!("the package {package} is installed, but there is no {what}")));
    }
    for version in [["/usr/bin/rustc", "--version"], ["wine", "--version"]] {
        print!("{}", process::text(Command::new(version[0]).arg(version[1]).env("WINEDEBUG", "-all"))?);
    }
    Ok(())
}

fn is_there(what: &str) -> bool {
    if what.contains('/') { Path::new(what).exists() } else { process::exists(what) }
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        // Others may be installing something at the same time.
        command.args(["-o", "DPkg::Lock::Timeout=600"]);
        process::run(
            command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null()),
        )
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}
