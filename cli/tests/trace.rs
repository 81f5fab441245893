//! `wsp trace` on the demo: every call is there, with its socket and code, in the order of time.

use std::path::Path;
use std::process::{Command, Output};

fn wsp(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wsp")).args(arguments).output().expect("the command runs")
}

/// Function and result of each line of the table.
fn calls(output: &Output) -> Vec<(String, String, String)> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let rows = text.lines().filter(|line| line.contains("winsock."));
    rows.map(|row| {
        let cells: Vec<&str> = row.split_whitespace().collect();
        (cells[4].to_owned(), cells[5].to_owned(), cells[6].to_owned())
    })
    .collect()
}

fn assert_demo(calls: &[(String, String, String)]) {
    let has = |function: &str, result: &str| calls.iter().any(|(name, _, told)| name == function && told == result);
    assert_eq!(calls.first().map(|(name, ..)| name.as_str()), Some("winsock.WSPStartup"));
    assert_eq!(calls.last().map(|(name, ..)| name.as_str()), Some("winsock.WSPCleanup"));
    assert!(has("winsock.WSPConnect", "ok") && has("winsock.WSPConnect", "WSAECONNREFUSED"));
    assert!(has("winsock.WSPCloseSocket", "WSAENOTSOCK"), "a stale descriptor");
    // Each socket is made before it is used and closed at the end.
    let of =
        |function: &'static str| calls.iter().filter(move |(name, ..)| name == function).map(|(_, socket, _)| socket);
    for socket in of("winsock.WSPSocket") {
        assert!(of("winsock.WSPCloseSocket").any(|closed| closed == socket), "{socket}");
        let first = calls.iter().find(|(_, of, _)| of == socket).map(|(name, ..)| name.as_str());
        assert_eq!(first, Some("winsock.WSPSocket"));
    }
}

#[test]
fn a_trace_shows_every_call_and_can_be_read_again() {
    let folder = std::env::temp_dir().join(format!("wsp-cli-trace-{}", std::process::id()));
    let path = folder.to_str().unwrap();
    let traced = wsp(&["trace", "--keep", path]);
    assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
    assert_demo(&calls(&traced));
    let again = wsp(&["trace", "--read", path]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(calls(&again), calls(&traced));
}

#[test]
fn a_trace_is_there_for_programs() {
    let traced = wsp(&["trace", "--format", "json", "--last", "3"]);
    let text = String::from_utf8(traced.stdout).unwrap();
    assert_eq!(text.matches("\"function\"").count(), 3);
    assert!(text.contains("\"function\": \"winsock.WSPCleanup\""), "{text}");
}

#[test]
fn what_has_no_provider_or_is_no_trace_is_refused() {
    let own = env!("CARGO_BIN_EXE_wsp");
    for arguments in [&["trace", "--", own, "--version"][..], &["trace", "--read", own], &["trace", "--", "/nowhere"]] {
        let refused = wsp(arguments);
        assert_eq!(refused.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("error: "), "{arguments:?}");
    }
    assert!(Path::new(own).exists());
}
