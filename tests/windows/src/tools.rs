//! The compilers and Wine: Debian's packages, since they bring the sources of std, which rustup's targets are not needed for.

use std::fs;
use std::path::{Path, PathBuf};
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

/// Where Wine's libraries for 32-bit programs are put, and what of the 64-bit ones belongs with them.
pub fn narrow_libraries() -> PathBuf {
    crate::output().join("wine32-libraries")
}

/// Fetches Wine's libraries for 32-bit Windows programs. Its 64-bit build runs such programs with these alone, so nothing of 32 bits is
/// installed, which on many machines could not be: the package is only unpacked.
///
/// # Errors
/// The package cannot be had.
pub fn ensure_narrow() -> Result<(), Failure> {
    const INSIDE: &str = "usr/lib/i386-linux-gnu/wine/i386-windows";
    const BESIDE: &str = "/usr/lib/x86_64-linux-gnu/wine/x86_64-unix";
    let folder = narrow_libraries();
    if folder.join("i386-windows").exists() {
        return Ok(());
    }
    let download = crate::output().join("wine32-download");
    let failed = |error: std::io::Error| Failure(format!("cannot use {}: {error}", download.display()));
    let _ = fs::remove_dir_all(&download);
    let _ = fs::remove_dir_all(&folder);
    for part in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(download.join(part)).map_err(failed)?;
    }
    // Both parts have to be of one version.
    let version = process::text(Command::new("dpkg-query").args(["-W", "-f=${Version}", "libwine:amd64"]))?;
    let package = format!("libwine:i386={version}");
    println!("download {package}");
    // With lists of its own: that there is a second architecture concerns nothing else on this machine.
    let settings = download.join("apt.conf");
    let place = download.display();
    let text = format!(
        "APT::Architectures {{ \"amd64\"; \"i386\"; }};\nAPT::Sandbox::User \"root\";\nAcquire::Retries \"3\";\n\
         Dir::State::Lists \"{place}/lists\";\nDir::Cache \"{place}/cache\";\n"
    );
    fs::write(&settings, text).map_err(failed)?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("APT_CONFIG", &settings).arg("-qq").args(arguments).current_dir(&download);
        process::run(&mut command)
    };
    // Lists that cannot be had may be others than that which is needed.
    let lists = apt(&["update"]);
    apt(&["download", &package]).map_err(|failure| match &lists {
        Ok(()) => failure,
        Err(before) => Failure(format!("{before}\n  {failure}")),
    })?;
    let files = fs::read_dir(&download).map_err(failed)?.filter_map(|entry| Some(entry.ok()?.path()));
    let archive = files.into_iter().find(|file| file.extension().is_some_and(|end| end == "deb"));
    let archive = archive.ok_or_else(|| Failure(format!("apt-get has downloaded {package}, but it is not there")))?;
    process::run(Command::new("dpkg-deb").arg("-x").arg(archive).arg(download.join("unpacked")))?;
    fs::create_dir_all(&folder).map_err(failed)?;
    std::os::unix::fs::symlink(BESIDE, folder.join("x86_64-unix")).map_err(failed)?;
    // Last, since by this it is known that all is there.
    fs::rename(download.join("unpacked").join(INSIDE), folder.join("i386-windows")).map_err(failed)?;
    fs::remove_dir_all(&download).map_err(failed)
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
