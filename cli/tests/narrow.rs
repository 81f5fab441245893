//! The 32-bit view, in which on Windows a 64-bit program has another one install.
#![cfg(all(windows, target_pointer_width = "64"))]

use std::path::{Path, PathBuf};
use std::process::Command;

use wsp_catalog::{Store as _, Uuid, View, Ws2Store, stream_info};

const PROVIDER: Uuid = Uuid::from_u128(0x5753_5032);
const WSP: &str = env!("CARGO_BIN_EXE_wsp");

/// Installs in the 32-bit view of the machine, by this program.
fn install(program: Option<PathBuf>) -> Result<(), String> {
    let mut store = Ws2Store::open(program).unwrap();
    let installed = store.install(View::Bits32, PROVIDER, "%SystemRoot%\\narrow.dll", &[stream_info("narrow")]);
    installed.map_err(|error| error.to_string())
}

#[test]
fn another_program_enters_what_is_for_the_32_bit_view() {
    const INNER: &str = "WSP_TEST_INNER";
    let wsp = PathBuf::from(WSP);
    if std::env::var_os(INNER).is_some() {
        // The program called is of our own width, and enters in the catalog file that the outer test has named.
        install(Some(wsp.clone())).unwrap();
        let again = install(Some(wsp)).unwrap_err();
        assert!(again.contains("32-bit view") && again.contains("WSANO_RECOVERY (11003)"), "{again}");
        return;
    }
    for missing in [None, Some(Path::new("/no/such/wsp32.exe").to_owned())] {
        let refused = install(missing).unwrap_err();
        assert!(refused.contains("only a 32-bit program can do that") && refused.contains("wsp32.exe"), "{refused}");
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = folder.path().join("catalog.reg");
    let library = wsp_host::library::find(None, "wsp_loopback").unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(WSP).arg("catalog").args(arguments).env("WSP_CATALOG", &catalog).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&["install", library.to_str().unwrap(), "--create"]);
    let name = "another_program_enters_what_is_for_the_32_bit_view";
    let inner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(INNER, "1")
        .env("WSP_CATALOG", &catalog)
        .output()
        .unwrap();
    assert!(inner.status.success(), "{}", String::from_utf8_lossy(&inner.stdout));
    assert!(run(&["list"]).contains("narrow"));
}
