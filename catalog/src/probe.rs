//! Whether a provider starts, found out in another process: it may fail, hang or crash there.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use wait_timeout::ChildExt as _;

use crate::View;
use crate::library::{Export, Library};

/// Starts providers in a process of their own.
#[derive(Debug, Clone)]
pub struct Prober {
    /// The program that does it: called with `arguments`, the name of the export and the library, it succeeds when the provider has started
    /// and been cleaned up, and else says why not.
    pub program: PathBuf,
    /// The 32-bit build of that program, which a 64-bit one needs for 32-bit libraries; it need not be there.
    pub narrow: Option<PathBuf>,
    /// What the program is called with first.
    pub arguments: Vec<OsString>,
    /// How long it may take.
    pub limit: Duration,
}

/// How a start-up went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartFault {
    /// It failed and said why.
    #[error("start-up fails: {0}")]
    Fails(String),
    /// It took too long.
    #[error("start-up hangs: it did not end within {0:?}")]
    Hangs(Duration),
    /// It took the process down.
    #[error("start-up crashes the process: {0}")]
    Crashes(String),
    /// It could not be tried.
    #[error("start-up cannot be tried: {0}")]
    Untried(String),
}

impl Prober {
    /// The program that can load it.
    fn program_for(&self, library: &Library) -> Option<&Path> {
        if library.is_ours() {
            return Some(&self.program);
        }
        let narrow = self.narrow.as_deref().filter(|program| program.is_file());
        narrow.filter(|_| library.is_of_this_system() && library.view() == View::Bits32)
    }

    /// Starts the provider in this library, and cleans it up.
    ///
    /// # Errors
    /// When it fails, hangs or crashes, or cannot be tried.
    pub fn start(&self, library: &Library, export: Export) -> Result<(), StartFault> {
        let untried = |error: std::io::Error| StartFault::Untried(error.to_string());
        let other = || StartFault::Untried("this program cannot load it, having another width or system".to_owned());
        let program = self.program_for(library).ok_or_else(other)?;
        let mut child = Command::new(program)
            .args(&self.arguments)
            .arg(export.name())
            .arg(&library.path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(untried)?;
        // Read beside: a child that says much would wait for a reader.
        let stderr = child.stderr.take();
        let (sender, said) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.map(|pipe| pipe.take(64 * 1024).read_to_end(&mut bytes));
            let _ = sender.send(String::from_utf8_lossy(&bytes).trim().to_owned());
        });
        let Some(status) = child.wait_timeout(self.limit).map_err(untried)? else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(StartFault::Hangs(self.limit));
        };
        if status.success() {
            return Ok(());
        }
        // What it started may live on and keep the pipe open.
        let said = said.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        match status.code() {
            Some(1) => Err(StartFault::Fails(said.trim_start_matches("error: ").to_owned())),
            _ => {
                Err(StartFault::Crashes(if said.is_empty() { status.to_string() } else { format!("{status}: {said}") }))
            }
        }
    }
}
