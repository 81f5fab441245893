use std::sync::LazyLock;

use super::look_up;
use crate::{Failure, spec};
use wsp_codegen::model::Model;

static MODEL: LazyLock<Model> = LazyLock::new(|| match spec::read(None) {
    Ok(loaded) => loaded.model,
    Err(diagnostics) => panic!("{diagnostics}"),
});

/// What is printed, without styles.
fn found(name: &str, code: Option<&str>) -> String {
    match look_up(&MODEL, name, code) {
        Ok(text) => anstream::adapter::strip_str(&text).to_string(),
        Err(Failure::Said) => panic!("{name}: refused without a word"),
        Err(Failure::Message(message)) => panic!("{name}: {message}"),
    }
}

fn refused(name: &str, code: Option<&str>) -> String {
    match look_up(&MODEL, name, code) {
        Err(Failure::Message(message)) => message,
        _ => panic!("{name} {code:?} is refused with a message"),
    }
}

#[test]
fn everything_that_has_a_name_is_found() {
    for (name, begin) in [
        ("wspsocket", "WSPSocket: "),
        ("wsaefault", "WSAEFAULT = 10014\n"),
        ("WSPPROC_TABLE", "WSPPROC_TABLE (ws2spi.h)"),
        ("WSPSend-03", "WSPSend-03: a rule of WSPSend"),
        ("WSPSocket.g.allowed", "WSPSocket.g.allowed in winsock: WSAEINVAL"),
        ("AF_INET", "AF_INET = 2"),
        ("WSABUF", "WSABUF (winsock2.h)"),
        ("bound", "Bound: a state"),
        ("rdma-transfer", "RDMA transfers: a topic of san"),
        ("Completion of operations", "Completion of operations: a topic of san"),
    ] {
        let text = found(name, None);
        assert!(text.starts_with(begin), "{name}: {text}");
    }
}

#[test]
fn a_function_shows_how_it_behaves() {
    let says = |name: &str, begin: &str| {
        let text = found(name, None);
        text.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(begin))
    };
    for (name, begin) in [
        ("WSPSend", "waiting On a blocking socket it waits. A nonoverlapped send"),
        ("WSPSend", "overlapped With lpOverlapped, the completion routine lpCompletionRoutine, the thread lpThreadId."),
        ("WSPSend", "may call WPU"),
        ("WSPListen", "requires Bound"),
        ("WSPListen", "becomes Listening"),
        ("WSPSocket", "must call WPUCreateSocketHandle"),
        ("WPUCreateSocketHandle", "waiting Never waits."),
        ("WPUCreateSocketHandle", "made by WSPAccept, WSPSocket"),
    ] {
        assert!(says(name, begin), "{name}: {begin}: {}", found(name, None));
    }
    assert!(!says("WSPListen", "overlapped "), "it has no overlapped form");
    assert!(!says("WPUCreateSocketHandle", "must call "), "an upcall makes none");
}

#[test]
fn a_code_can_be_named_by_its_number() {
    for code in ["WSAEINVAL", "wsaeinval", "10022", "0x2726"] {
        let text = found("WSPSocket", Some(code));
        assert!(text.starts_with("WSPSocket WSAEINVAL in winsock\n"), "{code}: {text}");
    }
    assert!(found("10022", None).starts_with("WSAEINVAL = 10022\n"));
    // Several codes have this number, and a diagnostic of our own.
    let text = found("6", None);
    assert!(text.starts_with("ERROR_INVALID_HANDLE = 6\n") && text.contains("\nWSA_INVALID_HANDLE = 6\n"), "{text}");
    assert!(found("12", None).starts_with("WSP0012: "), "no error code has this number");
}

#[test]
fn what_is_not_there_is_refused_with_what_is_near() {
    for (name, code, message) in [
        ("WSPSockt", None, "nothing is called `WSPSockt`; did you mean `WSPSocket`?"),
        ("rdma-transfers", None, "nothing is called `rdma-transfers`; did you mean `rdma-transfer`?"),
        ("WSPSocket", Some("WSAEINVL"), "WSPSocket does not fail with `WSAEINVL`; did you mean `WSAEINVAL`?"),
        ("WSPSocket", Some("10014"), "WSPSocket does not fail with `WSAEFAULT`"),
        ("AF_INET", Some("10022"), "AF_INET is no function; nothing goes with it"),
    ] {
        assert_eq!(refused(name, code), message);
    }
}
