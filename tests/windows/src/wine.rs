//! Running Windows programs under Wine.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

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
        let wine = Self { target, prefix, watch: RefCell::default() };
        random_numbers(&target, folders)?;
        // The server does not make its folder, as a program would that starts it.
        fs::create_dir_all(&wine.prefix)
            .map_err(|error| Failure(format!("cannot make {}: {error}", wine.prefix.display())))?;
        // What an interrupted run has left.
        wine.end_server();
        wine.start_server()?;
        let boot = wine.logged(wine.command("wineboot").arg("-i"), "wineboot")?;
        if !boot.status.success() {
            return Err(Failure(format!("wineboot fails ({}):\n{}", boot.status, boot.text)));
        }
        if target.triple == X86.triple {
            // Also for programs beside which that for 64 bits lies.
            random_numbers(&X86, &[&wine.prefix.join("drive_c/windows/syswow64")])?;
        }
        Ok(wine)
    }

    /// Runs a program in a folder until its end; once more if Wine's server crashes under it, which no program should be able to cause.
    ///
    /// # Errors
    /// It cannot be run. That it fails or hangs is for the caller to see.
    pub fn run(&self, program: &Path, folder: &Path, arguments: &[&str]) -> Result<Run, Failure> {
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let once = || {
            let mut command = self.command("timeout");
            command.args(["--kill-after=10", LIMIT, "wine"]).arg(program).args(arguments).current_dir(folder);
            self.logged(&mut command, &name)
        };
        let run = once()?;
        if !self.server_has_ended()? {
            return Ok(run);
        }
        println!("{name} is run again: Wine's server has crashed\n{}", run.text);
        self.start_server()?;
        once()
    }

    /// Starts the server. It would otherwise end with each program and start with the next.
    fn start_server(&self) -> Result<(), Failure> {
        let server = self.logged(self.command("wineserver").arg("-p"), "wineserver")?;
        if !server.status.success() {
            return Err(Failure(format!("wineserver fails ({}):\n{}", server.status, server.text)));
        }
        let watch = self.command("wineserver").arg("-w").stdin(Stdio::null()).spawn();
        *self.watch.borrow_mut() = Some(watch.map_err(|error| Failure(format!("cannot run wineserver: {error}")))?);
        Ok(())
    }

    fn server_has_ended(&self) -> Result<bool, Failure> {
        let ended = self.watch.borrow_mut().as_mut().map_or(Ok(None), Child::try_wait);
        ended.map(|status| status.is_some()).map_err(|error| Failure(format!("cannot watch wineserver: {error}")))
    }

    /// Ends the server: it is ours, by its folder. What it still runs ends with it.
    fn end_server(&self) {
        let _ = process::output(self.command("wineserver").arg("-k"));
        if let Some(mut watch) = self.watch.borrow_mut().take() {
            let _ = watch.wait();
        }
    }

    /// Runs with the output in a file: Wine's own processes, which outlive the program, would keep a pipe open.
    fn logged(&self, command: &mut Command, name: &str) -> Result<Run, Failure> {
        let path = crate::output().join("logs").join(format!("{name}.txt"));
        let failed = |error: std::io::Error| Failure(format!("cannot use {}: {error}", path.display()));
        fs::create_dir_all(crate::output().join("logs")).map_err(failed)?;
        let log = fs::File::create(&path).map_err(failed)?;
        let errors = log.try_clone().map_err(failed)?;
        let status = process::status(command.stdin(Stdio::null()).stdout(log).stderr(errors))?;
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
