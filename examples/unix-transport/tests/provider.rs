//! The library, loaded as a host loads it.

use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

use wsp::code;
use wsp_host::{Error, Event, Host, Notify, Provider, library};

fn provider() -> Provider {
    let file = library::find(None, "unix_transport").expect("cargo has built the library");
    Host::new().load(&file).expect("the provider starts")
}

/// `length` bytes that do not repeat where buffers do.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[test]
fn bytes_arrive_both_ways_in_blocking_calls() {
    let provider = provider();
    let (client, server) = provider.connected_pair().expect("a connection");
    assert_eq!(client.peer_addr(), server.local_addr());
    assert_eq!(client.local_addr(), server.peer_addr());
    // More than any buffer under way holds, so that both calls have to wait.
    let data = pattern(3 << 20);
    for (from, to) in [(&client, &server), (&server, &client)] {
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| {
                assert_eq!(from.send(&data), Ok(data.len()));
                from.shutdown(Shutdown::Write).expect("the direction ends");
            });
            let (mut arrived, mut buffer) = (Vec::new(), vec![0; 70_000]);
            loop {
                match to.recv(&mut buffer).expect("bytes or the end") {
                    0 => break,
                    count => arrived.extend_from_slice(&buffer[..count]),
                }
            }
            sender.join().expect("the sender is done");
            assert!(arrived == data);
        });
    }
}

#[test]
fn an_overlapped_receive_ends_when_bytes_come() {
    let provider = provider();
    let (client, server) = provider.connected_pair().expect("a connection");
    let event = Event::new().expect("an event");
    let operation = server.recv_overlapped(16, Notify::Event(&event));
    assert!(matches!(operation.returned(), Ok(wsp::rt::Outcome::Pending)));
    client.send(b"later").expect("room");
    assert!(event.wait(Duration::from_secs(20)));
    let arrived = operation.bytes().zip(operation.buffer()).map(|(bytes, buffer)| &buffer[..bytes]);
    assert_eq!(arrived, Some(&b"later"[..]));
}

#[test]
fn what_cannot_be_is_refused() {
    let provider = provider();
    let refused = |outcome: Result<(), Error>| outcome.err().and_then(Error::code);
    let (first, second) = (provider.socket().expect("a socket"), provider.socket().expect("a socket"));
    first.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let taken = first.local_addr().expect("an address");
    assert_eq!(refused(second.bind(taken)), Some(code::WSAEADDRINUSE));
    assert_eq!(refused(second.bind("192.0.2.1:0".parse().expect("an address"))), Some(code::WSAEADDRNOTAVAIL));
    assert_eq!(refused(second.connect(taken)), Some(code::WSAECONNREFUSED));
    assert_eq!(second.recv(&mut [0]).err().and_then(Error::code), Some(code::WSAENOTCONN));
}

/// The text of every block of Rust in the guide.
fn blocks(guide: &str) -> Vec<&str> {
    guide.split("```rust\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn the_guide_shows_this_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).expect("a text");
    let (guide, code) =
        (read("../../docs/author.md"), read("src/lib.rs") + &read("src/end.rs") + &read("tests/provider.rs"));
    let blocks = blocks(&guide);
    assert!(blocks.len() > 8);
    for block in blocks {
        assert!(code.contains(block), "docs/author.md shows what is not in the example:\n{block}");
    }
}

#[test]
fn it_takes_no_more_than_200_lines() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = std::fs::read_dir(folder).expect("the sources");
    let text: Vec<_> = files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text")).collect();
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines = text.iter().flat_map(|text| text.lines()).filter(code).count();
    assert!((100..=200).contains(&lines), "{lines} lines of code");
}
