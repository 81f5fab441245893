//! Running Windows programs under Wine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::process::{self, Failure};
use crate::target::X64;

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
    prefix: PathBuf,
}

impl Wine {
    /// Starts Wine. `folders` are those of the programs to be run.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(folders: &[&Path]) -> Result<Self, Failure> {
        let wine = Self { prefix: crate::output().join("wine") };
        wine.random_numbers(folders)?;
        // The server does not make its folder, as a program would that starts it.
        fs::create_dir_all(&wine.prefix)
            .map_err(|error| Failure(format!("cannot make {}: {error}", wine.prefix.display())))?;
        // The server would otherwise end with each program and start with the next.
        let server = wine.logged(wine.command("wineserver").arg("-p"), "wineserver")?;
        let boot = wine.logged(wine.command("wineboot").arg("-i"), "wineboot")?;
        for (name, run) in [("wineserver", server), ("wineboot", boot)] {
            if !run.status.success() {
                return Err(Failure(format!("{name} fails ({}):\n{}", run.status, run.text)));
            }
        }
        Ok(wine)
    }

    /// Runs a program in a folder until its end.
    ///
    /// # Errors
    /// It cannot be run. That it fails or hangs is for the caller to see.
    pub fn run(&self, program: &Path, folder: &Path, arguments: &[&str]) -> Result<Run, Failure> {
        let mut command = self.command("timeout");
        command.args(["--kill-after=10", LIMIT, "wine"]).arg(program).args(arguments).current_dir(folder);
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.logged(&mut command, &name)
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
        command
    }

    fn random_numbers(&self, folders: &[&Path]) -> Result<(), Failure> {
        let source = X64.folder().join("random.c");
        let library = X64.folder().join("bcryptprimitives.dll");
        let failed = |error: std::io::Error| Failure(format!("cannot write {}: {error}", library.display()));
        fs::create_dir_all(X64.folder()).and_then(|()| fs::write(&source, RANDOM)).map_err(failed)?;
        let mut compiler = Command::new(X64.tool("gcc"));
        process::run(compiler.args(["-shared", "-O", "-o"]).arg(&library).arg(&source).arg("-ladvapi32"))?;
        for folder in folders {
            fs::copy(&library, folder.join("bcryptprimitives.dll")).map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // The server is ours, by its folder; what it still runs ends with it.
        let _ = process::output(self.command("wineserver").arg("-k"));
    }
}
