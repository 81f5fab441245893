//! The door for build scripts: one call that regenerates the Rust modules.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::diagnostic::Diagnostics;
use crate::emit::{self, Options, Output};
use crate::model::Model;
use crate::{Source, compile, load_folder, write};

/// Regenerates the Rust modules from a build script.
///
/// ```no_run
/// // build.rs of a provider with extension functions of its own
/// fn main() -> std::process::ExitCode {
///     wsp_codegen::Build::new().spec("spec").run()
/// }
/// ```
///
/// The crate then includes what was made: `mod spi { include!(concat!(env!("OUT_DIR"), "/spi.rs")); }`, and implements
/// `spi::winsock::Provider`.
#[derive(Debug, Default)]
pub struct Build {
    overlay: Option<PathBuf>,
    out: Option<PathBuf>,
}

impl Build {
    /// The built-in spec alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the author's own spec folder: functions of their own, stricter allowed values. Relative to the package.
    #[must_use]
    pub fn spec(mut self, folder: impl Into<PathBuf>) -> Self {
        self.overlay = Some(folder.into());
        self
    }

    /// Writes to this folder instead of `OUT_DIR`.
    #[must_use]
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out = Some(folder.into());
        self
    }

    /// Regenerates, and tells cargo what it depends on. Files that are already right are not touched.
    ///
    /// A broken spec fails the build: the diagnostics go to standard error, and each as one line to cargo.
    pub fn run(self) -> ExitCode {
        println!("cargo::rerun-if-changed=build.rs");
        if let Some(folder) = &self.overlay {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
        match self.generate() {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                for line in problem.lines {
                    let kind = if line.contains(": warning[") { "warning" } else { "error" };
                    println!("cargo::{kind}={line}");
                }
                eprintln!("{}", problem.report);
                ExitCode::FAILURE
            }
        }
    }

    fn generate(&self) -> Result<(), Problem> {
        let (sources, diagnostics) = sources(self.overlay.as_deref());
        if diagnostics.has_errors() {
            return Err(Problem::in_spec(&diagnostics));
        }
        let model = compile(&sources).map_err(|diagnostics| Problem::in_spec(&diagnostics))?;
        let outputs = rust(&model, self.overlay.is_some()).map_err(|error| Problem::plain(error.to_string()))?;
        let out = match &self.out {
            Some(out) => out.clone(),
            None => PathBuf::from(
                std::env::var_os("OUT_DIR")
                    .ok_or_else(|| Problem::plain("OUT_DIR is not set: call this from a build script".into()))?,
            ),
        };
        write::write_all(&out, &outputs).map_err(|error| Problem::plain(error.to_string()))?;
        Ok(())
    }
}

/// The built-in sources, and those of an author's folder behind them.
pub fn sources(overlay: Option<&Path>) -> (Vec<Source>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let mut sources = builtin();
    if let Some(folder) = overlay {
        sources.extend(load_folder(folder, true, &mut diagnostics));
    }
    (sources, diagnostics)
}

/// The built-in spec.
pub fn builtin() -> Vec<Source> {
    wsp_spec::FILES.iter().map(|(path, text)| Source::new(*path, *text, false)).collect()
}

fn rust(model: &Model, overlay: bool) -> Result<Vec<Output>, emit::EmitError> {
    emit::rust::emit(model, Options { overlay })
}

/// Why nothing was generated: for people, and line by line for cargo.
struct Problem {
    report: String,
    lines: Vec<String>,
}

impl Problem {
    fn plain(report: String) -> Self {
        Self { lines: vec![report.clone()], report }
    }

    fn in_spec(diagnostics: &Diagnostics) -> Self {
        let lines = diagnostics.render_short().lines().map(str::to_owned).collect();
        Self { report: diagnostics.render(false), lines }
    }
}
