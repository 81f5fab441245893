//! The door for build scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wsp_codegen::Build;

/// A folder of its own for each test, below cargo's folder for tests.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// Name and time of each file.
fn stamps(folder: &Path) -> Vec<(PathBuf, std::time::SystemTime)> {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let mut stamps: Vec<_> = entries
        .map(|path| {
            let time = fs::metadata(&path).and_then(|meta| meta.modified()).expect("a time");
            (path, time)
        })
        .collect();
    stamps.sort();
    stamps
}

#[test]
fn a_second_run_touches_nothing() {
    let out = folder("second_run");
    assert_eq!(Build::new().out(&out).run(), ExitCode::SUCCESS);
    let first = stamps(&out);
    assert!(first.iter().any(|(path, _)| path.ends_with("spi.rs")));
    assert_eq!(Build::new().out(&out).run(), ExitCode::SUCCESS);
    assert_eq!(stamps(&out), first);
}

#[test]
fn a_broken_folder_fails_and_writes_nothing() {
    let (spec, out) = (folder("broken_spec"), folder("broken_out"));
    fs::write(spec.join("WSPSocket.yaml"), "amend: WSPSocket\nwinsock:\n  parms: []\n").expect("a spec file");
    assert_eq!(Build::new().spec(&spec).out(&out).run(), ExitCode::FAILURE);
    assert!(stamps(&out).is_empty());
}

#[test]
fn a_missing_folder_fails() {
    let out = folder("missing_out");
    assert_eq!(Build::new().spec(out.join("nowhere")).out(&out).run(), ExitCode::FAILURE);
}

#[test]
fn an_added_function_is_in_the_trait() {
    let (spec, out) = (folder("added_spec"), folder("added_out"));
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/own-extension/spec");
    for entry in fs::read_dir(ours).expect("the example's folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, spec.join(path.file_name().expect("a name"))).expect("a copy");
    }
    assert_eq!(Build::new().spec(&spec).out(&out).run(), ExitCode::SUCCESS);
    let provider = fs::read_to_string(out.join("winsock_provider.rs")).expect("the trait");
    assert!(provider.contains("fn reverse("));
    let types = fs::read_to_string(out.join("ffi_types.rs")).expect("the types");
    assert!(types.contains("pub use ::wsp::ffi::*;") && types.contains("LPFN_REVERSE") && !types.contains("LPWSPSEND"));
}
