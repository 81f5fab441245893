//! Running Windows programs under Wine.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::process::{self, Failure};
use crate::target::{Target, X86};
use crate::tools;

/// After this many seconds a program counts as hanging.
const LIMIT: &str = "900";

/// A DLL that std asks for random numbers and that Wine 8 does not have.
const RANDOM: &str = "\
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return RtlGenRandom(data, (ULONG)length);
}
";

/// How a program ended, and what it wrote.
pub struct Run {
    /// How it ended.
    pub status: ExitStatus,
    /// All that it wrote, with the line ends of this system.
    pub text: String,
}

/// An installation of Wine, with its server. Its registry and drives are a folder below the output folder.
pub struct Wine {
    target: Target,
    prefix: PathBuf,
    /// Held as long as the server is ours: another run in this folder waits, as it would end what this one runs.
    _alone: File,
    /// A program that ends when the server does.
    watch: RefCell<Option<Child>>,
}

impl Wine {
    /// Starts Wine, for programs of a target. `folders` are those of the programs to be run.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(target: Target, folders: &[&Path]) -> Result<Self, Failure> {
        // An installation learns when it is made which widths there are.
        let prefix = crate::output().join(if target.triple == X86.triple { "wine32" } else { "wine" });
        let wine = Self { target, prefix, _alone: alone()?, watch: RefCell::default() };
        random_numbers(&target, folders)?;
        // The server does not make its folder, as a program would that starts it.
        fs::create_dir_all(&wine.prefix)
            .map_err(|error| Failure(format!("cannot make {}: {error}", wine.prefix.display())))?;
        // What an interrupted run has left.
        wine.end_server();
        wine.start_server()?;
        let boot = wine.logged(wine.command("wineboot").arg("-i"), "wineboot", process::status)?;
        if !boot.status.success() {
            return Err(Failure(format!("wineboot fails ({}):\n{}", boot.status, boot.text)));
        }
        if target.triple == X86.triple {
            // Also for programs beside which that for 64 bits lies.
            random_numbers(&X86, &[&wine.prefix.join("drive_c/windows/syswow64")])?;
        }
        Ok(wine)
    }

    /// Runs a program in a folder until its end; once more if Wine's server ends under it, which no program should be able to cause.
    /// `whole` tells whether it got to its end: one whose server is told to end says that all is well, in the middle of what it does.
    ///
    /// # Errors
    /// It cannot be run. That it fails or hangs is for the caller to see.
    pub fn run(
        &self,
        program: &Path,
        folder: &Path,
        arguments: &[&str],
        whole: impl Fn(&Run) -> bool,
    ) -> Result<Run, Failure> {
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let once = || {
            let mut command = self.command("timeout");
            command.args(["--kill-after=10", LIMIT, "wine"]).arg(program).args(arguments).current_dir(folder);
            self.logged(&mut command, &name, |command| self.supervised(command))
        };
        let run = once()?;
        if whole(&run) || !self.server_ends()? {
            return Ok(run);
        }
        println!("{name} is run again: Wine's server has ended\n{}", run.text);
        self.start_server()?;
        once()
    }

    /// Starts the server. It would otherwise end with each program and start with the next.
    fn start_server(&self) -> Result<(), Failure> {
        let server = self.logged(self.command("wineserver").arg("-p"), "wineserver", process::status)?;
        if !server.status.success() {
            return Err(Failure(format!("wineserver fails ({}):\n{}", server.status, server.text)));
        }
        let watch = self.command("wineserver").arg("-w").stdin(Stdio::null()).spawn();
        *self.watch.borrow_mut() = Some(watch.map_err(|error| Failure(format!("cannot run wineserver: {error}")))?);
        Ok(())
    }

    /// Runs a program that `timeout` limits; ends it if the server crashes, for which its programs wait without end.
    fn supervised(&self, command: &mut Command) -> Result<ExitStatus, Failure> {
        let failed = |error: std::io::Error| Failure(format!("cannot run wine: {error}"));
        let mut child = command.spawn().map_err(failed)?;
        let mut told = false;
        loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                return Ok(status);
            }
            if !told && self.server_has_ended()? {
                // Passed on to all that the program has started.
                process::run(Command::new("kill").arg(child.id().to_string()))?;
                told = true;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn server_has_ended(&self) -> Result<bool, Failure> {
        let ended = self.watch.borrow_mut().as_mut().map_or(Ok(None), Child::try_wait);
        ended.map(|status| status.is_some()).map_err(|error| Failure(format!("cannot watch wineserver: {error}")))
    }

    /// Whether the server has ended, or is about to: its programs may learn that before we do.
    fn server_ends(&self) -> Result<bool, Failure> {
        for _ in 0..20 {
            if self.server_has_ended()? {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(false)
    }

    /// Ends the server: it is ours, by its folder. What it still runs ends with it.
    fn end_server(&self) {
        let _ = process::output(self.command("wineserver").arg("-k"));
        if let Some(mut watch) = self.watch.borrow_mut().take() {
            let _ = watch.wait();
        }
    }

    /// Runs with the output in a file: Wine's own processes, which outlive the program, would keep a pipe open.
    fn logged(
        &self,
        command: &mut Command,
        name: &str,
        run: impl FnOnce(&mut Command) -> Result<ExitStatus, Failure>,
    ) -> Result<Run, Failure> {
        let path = crate::output().join("logs").join(format!("{name}.txt"));
        let failed = |error: std::io::Error| Failure(format!("cannot use {}: {error}", path.display()));
        fs::create_dir_all(crate::output().join("logs")).map_err(failed)?;
        let log = File::create(&path).map_err(failed)?;
        let errors = log.try_clone().map_err(failed)?;
        let status = run(command.stdin(Stdio::null()).stdout(log).stderr(errors))?;
        let text = String::from_utf8_lossy(&fs::read(&path).map_err(failed)?).replace("\r\n", "\n");
        Ok(Run { status, text })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all").env_remove("DISPLAY");
        // Some tests have programs crash: no debugger is to look at them.
        command.env("WINEDLLOVERRIDES", "winedbg.exe=d");
        if self.target.triple == X86.triple {
            command.env("WINEDLLPATH", tools::narrow_libraries());
        }
        command
    }
}

/// Waits until nobody else runs Wine in the output folder.
fn alone() -> Result<File, Failure> {
    let path = crate::output().join("wine.lock");
    let failed = |error: std::io::Error| Failure(format!("cannot lock {}: {error}", path.display()));
    fs::create_dir_all(crate::output()).map_err(failed)?;
    let file = File::create(&path).map_err(failed)?;
    if file.try_lock().is_err() {
        println!("waiting for another run in {}", crate::output().display());
        file.lock().map_err(failed)?;
    }
    Ok(file)
}

impl Drop for Wine {
    fn drop(&mut self) {
        self.end_server();
    }
}

/// Makes the library that lacks for a target, in each of the folders.
///
/// # Errors
/// It cannot be made.
pub fn random_numbers(target: &Target, folders: &[&Path]) -> Result<(), Failure> {
    let folder = target.folder();
    let source = folder.join("random.c");
    let library = folder.join("bcryptprimitives.dll");
    let failed = |error: std::io::Error| Failure(format!("cannot write {}: {error}", library.display()));
    fs::create_dir_all(&folder).and_then(|()| fs::write(&source, RANDOM)).map_err(failed)?;
    let mut compiler = Command::new(target.tool("gcc"));
    compiler.args(["-shared", "-O", "-o"]).arg(&library).arg(&source).args(["-ladvapi32", "-Wl,--kill-at"]);
    process::run(&mut compiler)?;
    for folder in folders {
        fs::copy(&library, folder.join("bcryptprimitives.dll")).map_err(failed)?;
    }
    Ok(())
}
