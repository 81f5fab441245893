//! The Windows stage: `cargo run -p wsp-windows` installs what it needs, builds for both widths, checks the libraries' exports, the code
//! for Microsoft's compiler and the Windows headers, runs the command's demonstrations and the tests under Wine and compares these with
//! those of this system. A step's name as argument runs just that step and what it needs.

mod cargo;
mod demo;
mod exceptions;
mod exports;
mod narrow;
mod process;
mod suite;
mod table;
mod target;
mod tools;
mod wine;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::process::Failure;
use crate::target::{MSVC, MSVC32, X64, X86};

const USAGE: &str = "\
usage: cargo run -p wsp-windows [-- STEP]
  tools    install the compilers and Wine
  exports  build the providers' libraries and the command for both widths and check what the libraries export
  msvc     check the same for Microsoft's compiler, without linking, both widths
  headers  check the declarations and the C header against the Windows headers
  demo     have the command for Windows drive the libraries under Wine, between processes
  tests    build the tests as Windows programs and run them under Wine
  narrow   run the command and the libraries for 32 bits, by Wine's libraries for such programs
without STEP: all of them, in this order";

/// A part of the stage.
type Step = fn() -> Result<(), Failure>;

/// The steps, in order. Each needs the tools, and none another step.
const STEPS: &[(&str, Step)] = &[
    ("tools", tools::ensure),
    ("exports", exports),
    ("msvc", msvc),
    ("headers", headers),
    ("demo", demo::run),
    ("tests", suite::run),
    ("narrow", narrow::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let steps: Vec<_> = match arguments.as_slice() {
        [] => STEPS.iter().collect(),
        [name] => STEPS.iter().filter(|(step, _)| step == name || *step == "tools").collect(),
        _ => Vec::new(),
    };
    if steps.is_empty() || arguments.first().is_some_and(|name| steps.iter().all(|(step, _)| step != name)) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    for (name, step) in steps {
        println!("\n-- {name}");
        let start = Instant::now();
        if let Err(failure) = step() {
            eprintln!("error: {name}: {failure}");
            return ExitCode::FAILURE;
        }
        println!("{name}: good, {} s", start.elapsed().as_secs());
    }
    ExitCode::SUCCESS
}

/// The workspace's folder.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").components().fold(PathBuf::new(), |mut path, part| {
        match part {
            std::path::Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
        path
    })
}

/// Where everything that is built for Windows goes: what is built for this system stays as it is.
fn output() -> PathBuf {
    workspace().join("target/windows")
}

fn exports() -> Result<(), Failure> {
    for target in [X64, X86] {
        exports::check(&target)?;
    }
    Ok(())
}

/// What the tests under Wine are made of, for the targets that people use on Windows; there is no linker for these here.
fn msvc() -> Result<(), Failure> {
    let packages = suite::PACKAGES.iter().flat_map(|package| ["-p", package]);
    let arguments: Vec<&str> = packages.chain(["--lib", "--bin=wsp"]).collect();
    for target in [MSVC, MSVC32] {
        cargo::windows(&target, "check", &arguments)?;
        println!("{}: the libraries and the command are good", target.triple);
    }
    Ok(())
}

/// The tests of the workspace that need the compilers for Windows, which others leave out.
fn headers() -> Result<(), Failure> {
    for (package, test, which) in [("wsp-abi", "headers", ""), ("wsp-tests", "header", "beside_the_windows_headers")] {
        cargo::ordinary(&[
            "test",
            "--locked",
            "-p",
            package,
            "--test",
            test,
            "--",
            "--ignored",
            "--show-output",
            which,
        ])?;
    }
    Ok(())
}
