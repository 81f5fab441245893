//! `wsp catalog`, as somebody at a prompt meets it. `WSP_BLESS=1` takes the texts in `goldens/` anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a catalog file, and the command.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wsp"));
        command.arg("catalog").args(arguments).env("WSP_CATALOG", self.file("catalog.reg")).env("NO_COLOR", "1");
        command
    }

    /// What the command prints when it succeeds.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What the command says when it fails: standard output and error.
    fn bad(&self, arguments: &[&str]) -> String {
        let output: Output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stdout) + &text(&output.stderr)
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.file("catalog.reg")).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// The example provider's library.
fn library(name: &str) -> String {
    wsp_host::library::find(None, name).unwrap().display().to_string()
}

fn installed() -> Desk {
    let desk = Desk::new();
    desk.good(&["install", &library("wsp_loopback"), "--create"]);
    desk
}

fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(name);
    if std::env::var_os("WSP_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(found, expected, "{}: take the new text with WSP_BLESS=1", path.display());
}

#[test]
fn the_help_is_as_it_was() {
    let desk = Desk::new();
    let plain = |text: String| text.replace("wsp.exe", "wsp");
    golden("catalog-help.txt", &plain(desk.good(&["--help"])));
    golden("catalog-install-help.txt", &plain(desk.good(&["install", "--help"])));
}

#[test]
fn a_provider_is_installed_shown_put_first_and_removed() {
    let desk = Desk::new();
    let (plain, san) = (library("wsp_loopback"), desk.file("san.dll").display().to_string());
    std::fs::copy(&plain, &san).unwrap();
    let planned = desk.good(&["install", &plain, "--create", "--dry-run"]);
    assert!(planned.starts_with("Would be done:\n  64-bit: install `wsp_loopback`"), "{planned}");
    assert!(desk.good(&["install", &plain]).contains("As it was before: "));
    assert_eq!(desk.good(&["install", &plain]), "Nothing to do.\n");
    assert!(desk.good(&["install", &san, "--san", "--name", "shm"]).contains("`TCP on SAN`: "));
    let list = desk.good(&["list"]).replace(&plain, "[plain]").replace(&san, "[san]");
    golden("catalog-list.txt", &list);
    desk.good(&["order", "shm"]);
    let list: serde_json::Value = serde_json::from_str(&desk.good(&["list", "--format", "json"])).unwrap();
    assert_eq!(list["entries"][0]["name"], "shm");
    assert_eq!(list["entries"][0]["hidden"], true);
    assert_eq!(list["san"][0], list["entries"][0]["provider"]);
    assert!(desk.good(&["show", "wsp_loopback"]).contains("socket type      SOCK_STREAM"));
    let doctor: serde_json::Value = serde_json::from_str(&desk.good(&["doctor", "--format", "json"])).unwrap();
    assert_eq!(doctor["broken"], false);
    assert!(desk.good(&["remove", "shm"]).contains("`TCP on SAN`: none"));
    assert_eq!(desk.good(&["remove", "shm"]), "Nothing to do.\n");
    let changed: serde_json::Value =
        serde_json::from_str(&desk.good(&["remove", "wsp_loopback", "--format", "json"])).unwrap();
    assert_eq!(changed["result"], "changed");
}

#[test]
fn what_was_before_comes_back() {
    let desk = installed();
    let backup = desk.file("kept.reg");
    desk.good(&["backup", backup.to_str().unwrap()]);
    assert!(desk.bad(&["backup", backup.to_str().unwrap()]).contains("cannot write the backup"));
    desk.good(&["remove", "wsp_loopback"]);
    assert!(desk.good(&["restore", backup.to_str().unwrap()]).contains("install `wsp_loopback`"));
    assert_eq!(desk.good(&["restore", backup.to_str().unwrap()]), "Nothing to do.\n");
    // Also in the place of what cannot even be read.
    let whole = text(&desk.bytes());
    std::fs::write(desk.file("catalog.reg"), &whole[..whole.find(",\\\n").unwrap() + 3]).unwrap();
    let told = desk.bad(&["doctor"]);
    assert!(told.contains("half written") && told.contains("wsp catalog restore"), "{told}");
    assert!(desk.bad(&["remove", "wsp_loopback"]).contains("half written"));
    desk.good(&["restore", backup.to_str().unwrap()]);
    assert!(desk.good(&["doctor"]).contains("Nothing is broken"));
    assert!(desk.bad(&["restore", "/no/such/file"]).contains("cannot restore"));
}

#[test]
fn an_entry_does_not_come_back_without_its_library() {
    let desk = Desk::new();
    let copy = desk.file("copy.dll");
    std::fs::copy(library("wsp_loopback"), &copy).unwrap();
    desk.good(&["install", copy.to_str().unwrap(), "--create"]);
    let backup = desk.file("kept.reg");
    desk.good(&["backup", backup.to_str().unwrap()]);
    desk.good(&["remove", "copy"]);
    std::fs::remove_file(copy).unwrap();
    let before = desk.bytes();
    assert!(desk.bad(&["restore", backup.to_str().unwrap()]).contains("is gone"));
    assert!(desk.bytes() == before, "the catalog has changed");
    desk.good(&["restore", backup.to_str().unwrap(), "--force"]);
    let told = desk.bad(&["doctor"]);
    assert!(told.starts_with("broken: 64-bit entry") && told.contains("there is no file"), "{told}");
    assert!(desk.good(&["doctor", "--fix"]).contains("Nothing is broken"));
    assert!(!desk.good(&["list"]).contains("copy"));
}

#[test]
fn what_is_no_provider_is_not_installed() {
    let desk = installed();
    let before = desk.bytes();
    let text_file = desk.file("text.dll");
    std::fs::write(&text_file, "text").unwrap();
    for (library, told) in [
        (desk.file("missing.dll"), "there is no file"),
        (text_file, "is no library that can be loaded"),
        (std::env::current_exe().unwrap(), "does not export `WSPStartup`"),
    ] {
        let said = desk.bad(&["install", library.to_str().unwrap()]);
        assert!(said.contains(told), "{said}");
    }
    let plain = library("wsp_loopback");
    assert!(desk.bad(&["install", &plain, &plain]).contains("are both for the 64-bit view"));
    assert!(desk.bytes() == before, "the catalog has changed");
}

#[test]
fn a_start_up_that_fails_hangs_or_crashes_is_found_out() {
    let desk = installed();
    for (way, told, limit) in [
        ("fails", "start-up fails", "60"),
        ("hangs", "start-up hangs: it did not end within 1s", "1"),
        ("crashes", "start-up crashes the process", "60"),
        ("leaves", "start-up crashes the process", "60"),
    ] {
        let before = desk.bytes();
        let copy = desk.file(&format!("{way}.dll"));
        std::fs::copy(library("wsp_wrong"), &copy).unwrap();
        let library = copy.to_str().unwrap();
        let run = |arguments: &[&str], status| {
            let output = desk.command(arguments).env("WSP_WRONG_START", way).output().unwrap();
            let said = text(&output.stdout) + &text(&output.stderr);
            assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
            said
        };
        let said = run(&["install", library, "--limit", limit], 1);
        assert!(said.contains(told) && said.contains("nothing was changed"), "{said}");
        assert!(desk.bytes() == before, "the catalog has changed");
        run(&["install", library, "--no-start"], 0);
        let said = run(&["doctor", "--limit", limit], 1);
        assert!(said.contains(told), "{said}");
        let fixed = run(&["doctor", "--fix", "--limit", limit], 0);
        assert!(fixed.contains(told) && fixed.contains("Nothing is broken"), "{fixed}");
        assert!(!desk.good(&["list"]).contains(way));
    }
}

#[test]
fn a_layered_provider_is_not_started_outside_its_chain() {
    let desk = installed();
    let copy = desk.file("layer.dll");
    std::fs::copy(library("wsp_wrong"), &copy).unwrap();
    let mut info = wsp_catalog::stream_info("layer");
    info.ProtocolChain.ChainLen = wsp::ffi::LAYERED_PROTOCOL;
    let provider = "00000000-0000-0000-0000-000000000001";
    desk.good(&["enter", provider, copy.to_str().unwrap(), &wsp_catalog::info_to_hex(&info)]);
    let output = desk.command(&["doctor"]).env("WSP_WRONG_START", "fails").output().unwrap();
    let said = text(&output.stdout);
    assert!(!said.contains("`layer`: start-up fails") && said.contains("starts within its chain only"), "{said}");
}

#[test]
fn a_second_installer_waits_its_turn() {
    let desk = installed();
    let lock = std::fs::File::open(desk.file("catalog.reg.lock")).unwrap();
    lock.lock().unwrap();
    let before = desk.bytes();
    assert!(desk.bad(&["remove", "wsp_loopback"]).contains("another installation is under way"));
    assert!(desk.bytes() == before, "the catalog has changed");
    // Closing the file is what ends the lock when an installer ends in any way.
    drop(lock);
    desk.good(&["remove", "wsp_loopback"]);
}

#[test]
fn an_interrupted_change_is_told_and_taken_back() {
    let desk = installed();
    let backup = desk.file("kept.reg");
    desk.good(&["backup", backup.to_str().unwrap()]);
    desk.good(&["remove", "wsp_loopback"]);
    // As after a change whose process was killed.
    std::fs::write(desk.file("catalog.reg.lock"), format!("{}\n", backup.display())).unwrap();
    assert!(desk.bad(&["install", &library("wsp_loopback")]).contains("was interrupted"));
    assert!(desk.bad(&["doctor"]).contains("was interrupted"));
    assert!(desk.good(&["doctor", "--fix", "--dry-run"]).contains("install `wsp_loopback`"));
    let fixed = desk.good(&["doctor", "--fix", "--format", "json"]);
    let fixed: serde_json::Value = serde_json::from_str(&fixed).unwrap_or_else(|error| panic!("{error}: {fixed}"));
    assert_eq!((&fixed["broken"], &fixed["changes"][0]["result"]), (&false.into(), &"changed".into()), "{fixed}");
    assert_eq!(desk.good(&["doctor", "--fix", "--format", "json"]), desk.good(&["doctor", "--format", "json"]));
}

#[test]
fn an_interrupted_mending_is_taken_up_again() {
    let desk = installed();
    let whole = text(&desk.bytes());
    let damaged = whole.replace("Entries64\"=dword:00000001", "Entries64\"=dword:00000002");
    std::fs::write(desk.file("kept.reg"), &damaged).unwrap();
    for half in [&damaged, &whole] {
        std::fs::write(desk.file("catalog.reg"), half).unwrap();
        std::fs::write(desk.file("catalog.reg.lock"), format!("{}\n", desk.file("kept.reg").display())).unwrap();
        assert!(desk.bad(&["remove", "wsp_loopback"]).contains("was interrupted"));
        assert!(desk.good(&["doctor", "--fix"]).contains("Nothing is broken"));
        assert!(desk.good(&["list"]).contains("wsp_loopback"));
    }
    // A damaged file is put back only where it was before.
    assert!(desk.bad(&["restore", desk.file("kept.reg").to_str().unwrap()]).contains("it is damaged"));
}

#[test]
fn what_windows_has_brought_does_not_go_with_a_backup() {
    let desk = installed();
    let backup = desk.file("kept.reg");
    desk.good(&["backup", backup.to_str().unwrap()]);
    let info = wsp_catalog::info_to_hex(&wsp_catalog::stream_info("own"));
    let provider = "00000000-0000-0000-0000-000000000001";
    desk.good(&["enter", provider, "%SystemRoot%\\system32\\mswsock.dll", &info]);
    let before = desk.bytes();
    for force in [&["restore"][..], &["restore", "--force"]] {
        assert!(desk.bad(&[force, &[backup.to_str().unwrap()]].concat()).contains("the backup has no `own`"));
        assert!(desk.bytes() == before, "the catalog has changed");
    }
}

#[test]
fn a_path_that_leads_elsewhere_is_not_entered() {
    let desk = installed();
    let folder = desk.file("%NO_SUCH_VARIABLE%");
    std::fs::create_dir(&folder).unwrap();
    let copy = folder.join("copy.dll");
    std::fs::copy(library("wsp_loopback"), &copy).unwrap();
    let before = desk.bytes();
    assert!(desk.bad(&["install", copy.to_str().unwrap()]).contains("would not find it by that path"));
    assert!(desk.bytes() == before, "the catalog has changed");
}

#[test]
fn a_catalog_that_cannot_be_written_stays() {
    let desk = installed();
    let before = desk.bytes();
    // A folder in its place cannot be opened as a file, not even by those whom missing rights do not bind.
    for (name, told) in [
        ("catalog.reg.new", "Everything is as it was before"),
        ("catalog.reg.lock", "changing the catalog needs rights to its folder"),
    ] {
        let _ = std::fs::remove_file(desk.file(name));
        std::fs::create_dir(desk.file(name)).unwrap();
        let said = desk.bad(&["remove", "wsp_loopback"]);
        assert!(said.contains(told), "{said}");
        assert!(desk.bytes() == before, "the catalog has changed");
        std::fs::remove_dir(desk.file(name)).unwrap();
    }
    desk.good(&["remove", "wsp_loopback"]);
}

#[test]
fn a_provider_is_entered_on_behalf_of_another_program() {
    let desk = installed();
    let provider = "00000000-0000-0000-0000-000000000001";
    let info = wsp_catalog::info_to_hex(&wsp_catalog::stream_info("entered"));
    desk.good(&["enter", provider, "%SystemRoot%\\p.dll", &info]);
    assert!(desk.good(&["list"]).contains("entered"));
    assert!(desk.bad(&["enter", provider, "%SystemRoot%\\p.dll", &info]).contains("WSANO_RECOVERY (11003)"));
    assert!(desk.bad(&["enter", provider, "p.dll", "00"]).contains("a description is not one of 628 bytes"));
}

#[test]
fn categories_and_opt_outs_are_kept() {
    let desk = installed();
    let program = "C:\\service.exe";
    assert!(desk.good(&["app", program]).contains("it loads every layered provider"));
    assert!(desk.good(&["app", program, "--opt-out", "--dry-run"]).contains("Would be done"));
    desk.good(&["app", program, "--opt-out"]);
    assert!(desk.good(&["app", program]).contains("loads layered providers of: system"));
    assert!(desk.good(&["app", program, "--extra", "-k net"]).contains("has no categories"));
    desk.good(&["app", program, "--allow", "firewall,proxy"]);
    assert!(desk.good(&["app", program]).contains("system, proxy, firewall"));
    assert!(desk.bad(&["app", program, "--opt-out"]).contains("no call takes one back"));
    let list: serde_json::Value = serde_json::from_str(&desk.good(&["list", "--format", "json"])).unwrap();
    let provider = list["entries"][0]["provider"].as_str().unwrap().to_owned();
    assert_eq!(desk.good(&["category", &provider]), "64-bit: not set\n");
    desk.good(&["category", &provider, "--set", "firewall"]);
    assert_eq!(desk.good(&["category", &provider]), "64-bit: firewall\n");
}

#[cfg(not(windows))]
#[test]
fn away_from_windows_a_catalog_is_named() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_wsp")).args(["catalog", "list"]).env_remove("WSP_CATALOG").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("name a file with --catalog or WSP_CATALOG"));
}
