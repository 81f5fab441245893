//! Makes the programs of a package export what providers look for in the main program: `WPUCompleteOverlappedRequest`, and away from
//! Windows, where they are not the system's, the functions of the last error.
//!
//! A library's build script cannot ask this for the programs that link it. So a package with a program or tests that are to be
//! hosts uses this same script: `build = "../host/build.rs"` in its manifest.

use std::env;
use std::path::{Path, PathBuf};

const EXPORT: &str = "WPUCompleteOverlappedRequest";
const ELSEWHERE: [&str; 3] = [EXPORT, "WSASetLastError", "WSAGetLastError"];

/// The function's symbol in objects for Windows. For 32 bits it is decorated with the size of its arguments.
const SYMBOL: &str = "wsp_host_complete_overlapped_request";
const DECORATION: &str = "@20";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The script itself is followed anyway; without this line cargo would follow the whole package.
    println!("cargo::rerun-if-changed=Cargo.toml");
    let system = env::var("CARGO_CFG_TARGET_OS")?;
    let environment = env::var("CARGO_CFG_TARGET_ENV")?;
    // Where there is a program, that is the host, and the tests that run it are not.
    let link = if Path::new("src/main.rs").exists() { "cargo::rustc-link-arg-bins" } else { "cargo::rustc-link-arg" };
    let narrow = env::var("CARGO_CFG_TARGET_ARCH")? == "x86";
    match (system.as_str(), environment.as_str()) {
        ("windows", "msvc") if narrow => println!("{link}=/EXPORT:{EXPORT}=_{SYMBOL}{DECORATION}"),
        ("windows", "msvc") => println!("{link}=/EXPORT:{EXPORT}={SYMBOL}"),
        ("windows", _) => {
            let definitions = PathBuf::from(env::var("OUT_DIR")?).join("exports.def");
            let decoration = if narrow { DECORATION } else { "" };
            std::fs::write(&definitions, format!("EXPORTS\n  {EXPORT}={SYMBOL}{decoration}\n"))?;
            println!("{link}={}", definitions.display());
        }
        ("macos", _) => {
            ELSEWHERE.iter().for_each(|name| println!("{link}=-Wl,-exported_symbol,_{name}"));
        }
        _ => ELSEWHERE.iter().chain(sanitizer()).for_each(|name| println!("{link}=-Wl,--export-dynamic-symbol={name}")),
    }
    Ok(())
}

/// What a library that is built with a sanitizer looks for in the main program, which alone has the sanitizer's runtime.
fn sanitizer() -> Option<&'static &'static str> {
    match env::var("CARGO_CFG_SANITIZE").as_deref() {
        Ok("address") => Some(&"__asan_*"),
        Ok("thread") => Some(&"__tsan_*"),
        _ => None,
    }
}
