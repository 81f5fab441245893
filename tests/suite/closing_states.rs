//! Closing in every state, with every kind of operation pending.

use std::net::Shutdown;

use wsp::ffi;
use wsp::rt::Outcome;
use wsp_host::{Event, Notify, Operation, Provider, Socket, Woken, wait_alertable};

use crate::options::on;
use crate::support::{PATIENCE, any, bounded, code, listener};

over_each!(every_state_closes_with_everything_pending);

const ABORTED: u32 = 0xC000_0120;

type Make = fn(&Provider) -> Made;

/// A socket in some state, and the others that keep it there.
type Made = (Socket, Vec<Socket>);

fn pair(provider: &Provider) -> Made {
    let (client, server) = provider.connected_pair().unwrap();
    (client, vec![server])
}

fn shut(provider: &Provider, how: Shutdown) -> Made {
    let (client, others) = pair(provider);
    client.shutdown(how).unwrap();
    (client, others)
}

const STATES: [(&str, Make); 11] = [
    ("created", |provider| (provider.socket().unwrap(), vec![])),
    ("bound", |provider| {
        let socket = provider.socket().unwrap();
        socket.bind(any()).unwrap();
        (socket, vec![])
    }),
    ("listening", |provider| (listener(provider).0, vec![])),
    ("listening with a request", |provider| {
        let (listener, address) = listener(provider);
        let client = provider.socket().unwrap();
        client.connect(address).unwrap();
        (listener, vec![client])
    }),
    ("connecting or connected", |provider| {
        let (listener, address) = listener(provider);
        let client = provider.socket().unwrap();
        client.set_nonblocking(true).unwrap();
        // Whether it is there at once is the transport's affair.
        let _ = client.connect(address);
        (client, vec![listener])
    }),
    ("connected", pair),
    ("no more sends", |provider| shut(provider, Shutdown::Write)),
    ("no more receives", |provider| shut(provider, Shutdown::Read)),
    ("shut both ways", |provider| shut(provider, Shutdown::Both)),
    ("the peer has finished", |provider| {
        let (client, others) = pair(provider);
        others[0].shutdown(Shutdown::Write).unwrap();
        (client, others)
    }),
    ("the peer has reset", |provider| {
        let (client, others) = pair(provider);
        others[0].set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(0)).unwrap();
        others[0].close().unwrap();
        (client, vec![])
    }),
];

/// Starts everything that can be started on a socket; what is refused or done at once is not pending.
fn start_all(provider: &Provider, socket: &Socket, event: &Event) -> Vec<(&'static str, Operation)> {
    let functions = provider.socket().unwrap().extensions().unwrap();
    let (connect, accept) = (functions.connect.unwrap(), functions.accept.unwrap());
    let (_listener, address) = listener(provider);
    let new = provider.socket().unwrap();
    let mut all = vec![
        ("receive, event", socket.recv_overlapped(9, Notify::Event(event))),
        ("receive, event only", socket.recv_overlapped(9, Notify::EventOnly(event))),
        ("receive, port", socket.recv_overlapped(9, Notify::Port)),
        ("receive, routine", socket.recv_overlapped(9, Notify::Routine)),
        ("accept", socket.accept_ex(&accept, &new, 0, Notify::Event(event))),
        ("accept with data", socket.accept_ex(&accept, &provider.socket().unwrap(), 9, Notify::Port)),
    ];
    // A connect changes the state, so it is the last of those that do not need one.
    all.push(("connect", socket.connect_ex(&connect, address, b"", Notify::Event(event))));
    for _ in 0..8 {
        all.push(("send", socket.send_overlapped(&[1; 200_000], Notify::Port)));
    }
    all
}

fn every_state_closes_with_everything_pending(provider: &Provider) {
    for (state, make) in STATES {
        let (socket, others) = make(provider);
        let event = Event::new().unwrap();
        let operations = start_all(provider, &socket, &event);
        let raw = socket.raw();
        let socket = bounded(move || {
            socket.close().unwrap_or_else(|error| panic!("closing when {state}: {error}"));
            socket
        });
        while wait_alertable(None, std::time::Duration::ZERO) != Woken::Timeout {}
        for (what, operation) in &operations {
            if operation.returned() != Ok(Outcome::Pending) {
                continue;
            }
            let status = operation.status().unwrap_or_else(|| panic!("{what} when {state} has no end after the close"));
            // What had its end before the close was told that.
            assert!(status == ABORTED || status == 0 || status & 0xC000_0000 != 0, "{what} when {state}: {status:#x}");
            if *what == "receive, routine" {
                assert_eq!(operation.routine_calls().len(), 1, "{state}");
            }
        }
        assert_eq!(code(socket.close()), wsp::code::WSAENOTSOCK, "{state}: {raw:#x}");
        drop(others);
    }
    // A socket with receives pending only: each is aborted, none ends otherwise.
    let (socket, _others) = pair(provider);
    let event = Event::new().unwrap();
    let receives: Vec<_> = (0..20).map(|_| socket.recv_overlapped(9, Notify::Event(&event))).collect();
    socket.close().unwrap();
    assert!(receives.iter().all(|receive| receive.status() == Some(ABORTED)) && event.wait(PATIENCE));
}
