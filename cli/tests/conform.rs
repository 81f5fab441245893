//! `wsp conform`: good providers conform, mistakes are told case by case, crashes and hangs harm nobody.

use std::path::PathBuf;
use std::process::{Command, Output};

fn library(name: &str) -> PathBuf {
    let programs = std::env::current_exe().unwrap();
    let file = format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    programs.parent().unwrap().join(file)
}

fn conform(library: PathBuf, arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsp"));
    let output = command.arg("conform").arg(library).args(arguments).env("NO_COLOR", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output, text)
}

#[test]
fn the_example_conforms() {
    let (output, text) = conform(library("wsp_loopback"), &[]);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("The provider conforms") && !text.contains("left out"), "{text}");
}

#[test]
fn mistakes_are_told_case_by_case() {
    let told = |case: &str, status, limit: &[&str]| {
        let (output, text) = conform(library("wsp_wrong"), &[&["--only", case], limit].concat());
        assert_eq!(output.status.code(), Some(status), "{text}");
        assert_eq!(text.contains("The provider is wrong"), status != 0, "{text}");
        let line = text.lines().find(|line| line.contains(case)).unwrap_or_else(|| panic!("no `{case}` in {text}"));
        line.split(case).nth(1).unwrap().trim().to_owned()
    };
    assert_eq!(told("bytes travel both ways unharmed", 0, &[]), "good");
    let end = told("the end of a stream is seen", 1, &[]);
    assert!(end.starts_with("BAD: shutdown: WSPShutdown"), "{end}");
    let crash = told("of control codes that cannot be memory are refused", 1, &[]);
    assert!(crash.starts_with("BAD: the process crashed"), "{crash}");
    let hang = told("network events set their event", 1, &["--limit", "1"]);
    assert!(hang.contains("BAD: still not done after 1 s"), "{hang}");
}

#[test]
fn a_report_for_programs_is_json() {
    let (output, text) = conform(library("wsp_loopback"), &["--format", "json", "--only", "bound once"]);
    assert!(output.status.success(), "{text}");
    for part in ["\"cases\"", "\"rule\": \"WSPBind-03\"", "\"outcome\": \"good\"", "\"detail\": null"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn what_is_no_provider_is_said_to_be_none() {
    let (output, text) = conform(PathBuf::from("/no/such/provider"), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("provider: no such file"), "{text}");
    let (output, text) = conform(std::env::current_exe().unwrap(), &["--only", "start-up succeeds"]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("BAD:"), "{text}");
    let (_, text) = conform(library("wsp_loopback"), &["--only", "nonsense"]);
    assert!(text.contains("no case has such a name"), "{text}");
}

#[test]
fn the_rules_of_the_report_exist() {
    let (_, report) = conform(library("wsp_loopback"), &[]);
    let rules = report.lines().filter_map(|line| line.split_whitespace().next()).filter(|word| word.starts_with("WSP"));
    let mut rules: Vec<&str> = rules.collect();
    rules.sort_unstable();
    rules.dedup();
    assert!(rules.len() > 15, "{report}");
    let exported = Command::new(env!("CARGO_BIN_EXE_wsp")).args(["export", "--format", "json"]).output().unwrap();
    let exported = String::from_utf8_lossy(&exported.stdout);
    for rule in rules {
        assert!(exported.contains(&format!("\"id\": \"{rule}\"")), "{rule}");
    }
}
