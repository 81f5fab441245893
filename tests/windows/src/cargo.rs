//! Building with cargo: for Windows by the compiler that has the sources of std, for this system by the ordinary one.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

use crate::process::{self, Failure};
use crate::target::{Target, X86};

/// Where the sources of std lie.
const LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";

/// A program or library that cargo has built.
#[derive(Debug, Clone)]
pub struct Built {
    /// The package.
    pub package: String,
    /// The folder of the package, which its tests expect to be in.
    pub folder: PathBuf,
    /// The name of the target in the package.
    pub name: String,
    /// Whether the target is the package's library, or its test of that name.
    pub kind: String,
    /// The files.
    pub files: Vec<PathBuf>,
    /// The program, if it is one.
    pub program: Option<PathBuf>,
    /// Whether it is built to test what is in it.
    pub tests: bool,
}

impl Built {
    /// A name that tells it from all others.
    pub fn title(&self) -> String {
        if self.kind == "test" { format!("{} {}", self.package, self.name) } else { self.package.clone() }
    }
}

/// Builds for Windows, by a cargo command and its arguments.
///
/// # Errors
/// It cannot be built.
pub fn windows(target: &Target, command: &str, arguments: &[&str]) -> Result<Vec<Built>, Failure> {
    fs::create_dir_all(target.folder()).map_err(|error| Failure(format!("cannot make a folder: {error}")))?;
    let mut cargo = Command::new("/usr/bin/cargo");
    cargo.arg(command).args(arguments);
    cargo.args(["--locked", "--target", target.triple, "-Zbuild-std=std,panic_abort,panic_unwind,test"]);
    cargo.arg("--target-dir").arg(crate::output());
    // The sources of std are built as on nightly; the workspace itself uses nothing unstable.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc");
    if !target.tools.is_empty() {
        cargo.env(target.variable("LINKER"), target.tool("gcc"));
    }
    if target.triple == X86.triple {
        startup_objects(target)?;
        cargo.env(target.variable("RUSTFLAGS"), format!("-Lnative={}", target.folder().display()));
    }
    // As on this system: what the compiler warns of in the workspace is an error.
    cargo.arg("-Zwarnings").env("CARGO_BUILD_WARNINGS", "deny");
    // Without lines for a debugger, which nobody reads here, programs of this kind are a third as large.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_TEST_DEBUG", "0");
    // What is set for the ordinary compiler does not fit this one.
    for variable in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "LD_LIBRARY_PATH", "RUSTC_WRAPPER"]
    {
        cargo.env_remove(variable);
    }
    built(&mut cargo)
}

/// The objects that programs for 32 bits begin and end with: they come with ready-made targets only.
fn startup_objects(target: &Target) -> Result<(), Failure> {
    for name in ["rsbegin", "rsend"] {
        let object = target.folder().join(format!("{name}.o"));
        if !object.exists() {
            let mut rustc = Command::new("/usr/bin/rustc");
            rustc.args(["--target", target.triple, "--emit=obj", "-O", "-o"]).arg(object);
            process::run(rustc.arg(format!("{LIBRARY}/rtstartup/{name}.rs")).env("RUSTC_BOOTSTRAP", "1"))?;
        }
    }
    Ok(())
}

/// Builds for this system.
///
/// # Errors
/// It cannot be built.
pub fn this_system(command: &str, arguments: &[&str]) -> Result<Vec<Built>, Failure> {
    built(Command::new(program()).arg(command).args(arguments).arg("--locked").current_dir(crate::workspace()))
}

/// Runs the ordinary cargo.
///
/// # Errors
/// It fails.
pub fn ordinary(arguments: &[&str]) -> Result<(), Failure> {
    process::run(Command::new(program()).args(arguments).current_dir(crate::workspace()))
}

/// The cargo that has started this program.
fn program() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

/// Package and name of every test target of the workspace.
///
/// # Errors
/// Cargo cannot be asked.
pub fn test_targets() -> Result<Vec<(String, String)>, Failure> {
    let mut command = Command::new(program());
    command.args(["metadata", "--no-deps", "--locked", "--format-version=1"]).current_dir(crate::workspace());
    let metadata: Value = serde_json::from_str(&process::text(&mut command)?)
        .map_err(|error| Failure(format!("cargo's metadata cannot be read: {error}")))?;
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten().filter(|target| target["kind"][0] == "test") {
            if let (Some(package), Some(target)) = (package["name"].as_str(), target["name"].as_str()) {
                found.push((package.to_owned(), target.to_owned()));
            }
        }
    }
    Ok(found)
}

fn built(cargo: &mut Command) -> Result<Vec<Built>, Failure> {
    let cargo = cargo.arg("--message-format=json-render-diagnostics").current_dir(crate::workspace());
    let messages = process::text(cargo)?;
    Ok(messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter_map(|message| artifact(&message))
        .collect())
}

/// What a message of cargo's tells of something that belongs to the workspace.
fn artifact(message: &Value) -> Option<Built> {
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    let folder = manifest.parent()?.to_owned();
    let of_workspace = folder.starts_with(crate::workspace());
    // `path+file:///folder#name@version`, or without the name where the folder has that name.
    let id = message["package_id"].as_str()?;
    let name = id.rsplit_once('#').and_then(|(_, end)| end.split_once('@')).map(|(name, _)| name);
    let package = name.or_else(|| folder.file_name()?.to_str())?.to_owned();
    let list = message["filenames"].as_array()?;
    of_workspace.then(|| Built {
        package,
        name: message["target"]["name"].as_str().unwrap_or_default().to_owned(),
        kind: message["target"]["kind"][0].as_str().unwrap_or_default().to_owned(),
        files: list.iter().filter_map(Value::as_str).map(PathBuf::from).collect(),
        program: message["executable"].as_str().map(PathBuf::from),
        tests: message["profile"]["test"] == true,
        folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_in_both_forms_of_their_identification() {
        let folder = crate::workspace().join("tests/windows");
        let message = |id: &str| {
            let text = serde_json::json!({
                "reason": "compiler-artifact", "package_id": id, "manifest_path": folder.join("Cargo.toml"),
                "target": {"name": "suite", "kind": ["test"]}, "filenames": ["/x/suite"], "executable": "/x/suite",
            });
            artifact(&text).map(|built| (built.package.clone(), built.title()))
        };
        assert_eq!(
            message("path+file:///w/tests#wsp-tests@0.1.0"),
            Some(("wsp-tests".into(), "wsp-tests suite".into()))
        );
        assert_eq!(message("path+file:///w/tests/windows#0.1.0"), Some(("windows".into(), "windows suite".into())));
    }

    #[test]
    fn other_packages_are_left_out() {
        let text = serde_json::json!({"reason": "compiler-artifact", "package_id": "registry#x@1.0.0", "manifest_path": "/r/x/Cargo.toml", "target": {}, "filenames": []});
        assert!(artifact(&text).is_none());
        assert!(artifact(&serde_json::json!({"reason": "build-finished"})).is_none());
    }
}
