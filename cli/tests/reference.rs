//! The commands that read the spec, when something is wrong with it or with those who read what they print.

use std::fs;
use std::io::{PipeReader, pipe};
use std::process::{Command, Output};

fn wsp() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wsp"))
}

/// Runs the command with both outputs to a pipe that nobody reads.
fn unread(arguments: &[&str]) -> Output {
    let (reader, writer): (PipeReader, _) = pipe().unwrap();
    drop(reader);
    wsp().args(arguments).stdout(writer.try_clone().unwrap()).stderr(writer).output().unwrap()
}

#[test]
fn a_broken_spec_is_reported_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (spec, out) = (folder.path().join("spec"), folder.path().join("out"));
    fs::create_dir(&spec).unwrap();
    fs::write(spec.join("a.yaml"), "amend: WSPSockt\nwinsock: {summary: Other.}\n").unwrap();
    fs::write(spec.join("b.yaml"), "amend: WSPSend\nwinsock: {fallback: WSAENETDWN}\n").unwrap();
    let made = wsp().args(["generate", "--spec"]).arg(&spec).arg("--out").arg(&out).output().unwrap();
    assert_eq!(made.status.code(), Some(1));
    let report = String::from_utf8(made.stderr).unwrap();
    for part in ["a.yaml:1:8", "did you mean `WSPSocket`?", "b.yaml:2:21", "did you mean `WSAENETDOWN`?", "2 errors"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(!out.exists());
}

#[test]
fn readers_that_have_gone_away_end_a_command_quietly() {
    for arguments in [&["explain", "WSPSocket"][..], &["check", "--spec", "/nowhere"], &["explain", "nothing"]] {
        assert_eq!(unread(arguments).status.code(), Some(1), "{arguments:?}");
    }
}
