//! `wsp demo --host ws2`: what `wsp catalog` installs serves the socket calls of a program.

use std::process::{Command, Output};

fn wsp(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wsp")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_installed_provider_serves_programs() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = folder.path().join("catalog.reg").display().to_string();
    let library = format!("{}wsp_loopback{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let programs = std::env::current_exe().unwrap();
    let library = programs.parent().unwrap().join(library).display().to_string();
    let installed = wsp(&["catalog", "install", &library, "--create", "--catalog", &catalog]);
    assert!(installed.status.success(), "{}", text(&installed.stderr));
    let shown = wsp(&["demo", "--host", "ws2", "--catalog", &catalog, "--mib", "1"]);
    assert!(shown.status.success(), "{}{}", text(&shown.stdout), text(&shown.stderr));
    assert!(text(&shown.stdout).contains("starts the provider of entry [1001]"), "{}", text(&shown.stdout));
    assert!(text(&shown.stdout).ends_with("The provider serves programs.\n"));
}

#[test]
fn a_catalog_that_is_not_there_is_named() {
    let failed = wsp(&["demo", "--host", "ws2", "--catalog", "/no/such/catalog.reg"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed.stderr).contains("/no/such/catalog.reg"), "{}", text(&failed.stderr));
    let failed = wsp(&["demo", "--catalog", "x"]);
    assert!(text(&failed.stderr).contains("--host ws2"), "{}", text(&failed.stderr));
}

#[test]
fn a_provider_that_is_not_there_is_named_by_its_option() {
    for host in ["--host=direct", "--host=ws2", "--transport=shm"] {
        let failed = wsp(&["demo", host, "--provider", "/no/such/provider.so"]);
        assert_eq!(failed.status.code(), Some(1));
        let said = text(&failed.stderr);
        assert!(said.contains("--provider: /no/such/provider.so: no such file"), "{host}: {said}");
    }
}

#[test]
fn an_empty_catalog_serves_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.reg");
    let empty = "Windows Registry Editor Version 5.00\r\n\r\n\
        [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WinSock2\\Parameters\\Protocol_Catalog9]\r\n\
        \"Num_Catalog_Entries64\"=dword:00000000\r\n";
    std::fs::write(&file, empty).unwrap();
    let failed = wsp(&["demo", "--host", "ws2", "--catalog", &file.display().to_string()]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed.stderr).contains("WSAEAFNOSUPPORT"), "{}", text(&failed.stderr));
}
