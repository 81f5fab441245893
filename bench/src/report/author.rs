//! A provider author's crate, built as an author builds it.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use crate::tool;

/// The crate, in a folder of its own with a workspace and a target folder of its own.
pub struct Author {
    folder: PathBuf,
}

impl Author {
    /// Writes the crate.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn new() -> Result<Self, String> {
        let author = Self { folder: tool::target()?.join("wsp-bench-author") };
        let runtime = fs::canonicalize(tool::workspace().join("runtime"))
            .map_err(|error| format!("the crate `wsp` is not where it was built from: {error}"))?;
        let manifest = format!(
            "[package]\nname = \"author\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n\
             [dependencies]\nwsp = {{ path = {runtime:?} }}\n\n[workspace]\n"
        );
        author.write("Cargo.toml", &manifest)?;
        // The same versions as the workspace's own.
        let lock = tool::workspace().join("Cargo.lock");
        let lock = fs::read_to_string(&lock).map_err(|error| format!("cannot read {}: {error}", lock.display()))?;
        author.write("Cargo.lock", &lock)?;
        author.write("src/lib.rs", "pub use wsp::rt::Upcalls;\n")?;
        Ok(author)
    }

    /// Seconds of a build from nothing.
    ///
    /// # Errors
    /// It does not build.
    pub fn clean_build(&self) -> Result<f64, String> {
        let target = self.folder.join("target");
        if target.exists() {
            fs::remove_dir_all(&target).map_err(|error| format!("cannot empty {}: {error}", target.display()))?;
        }
        self.build().map(|(seconds, _)| seconds)
    }

    /// Seconds of a build when nothing has changed.
    ///
    /// # Errors
    /// Something was run after all: the build script or a compiler.
    pub fn build_again(&self) -> Result<f64, String> {
        let (seconds, said) = self.build()?;
        match said.lines().find(|line| line.trim_start().starts_with("Running")) {
            Some(line) => Err(format!("nothing had changed, and yet cargo says:\n{line}")),
            None => Ok(seconds),
        }
    }

    fn build(&self) -> Result<(f64, String), String> {
        let mut command = tool::cargo();
        command.args(["build", "--verbose", "--jobs", "2"]).current_dir(&self.folder);
        command.arg("--target-dir").arg(self.folder.join("target"));
        let start = Instant::now();
        let output = tool::run(&mut command)?;
        Ok((start.elapsed().as_secs_f64(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    fn write(&self, name: &str, contents: &str) -> Result<(), String> {
        let path = self.folder.join(name);
        let failed = |error| format!("cannot write {}: {error}", path.display());
        if fs::read_to_string(&path).is_ok_and(|present| present == contents) {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, contents).map_err(failed)
    }
}
