//! Closing in every state, with every kind of operation pending.

use std::sync::Arc;

use wsp::rt::Outcome;
use wsp::{code, ffi};
use wsp_host::switch::{SanNotify, SanOperation, SanProvider, SanSocket};
use wsp_host::{Event, Upcall};

use crate::support::{address, bounded, code, pair};

over_all!(every_state_closes_with_everything_pending, a_close_ends_what_other_threads_wait_in);

const ABORTED: u32 = 0xC000_0120;

/// A socket in some state, and the others that keep it there.
type Made = (Arc<SanSocket>, Vec<Arc<SanSocket>>);

type Make = fn(&SanProvider) -> Made;

fn listening(provider: &SanProvider) -> (Arc<SanSocket>, std::net::SocketAddrV4) {
    let (listener, at) = (provider.socket().unwrap(), address());
    listener.bind(at).unwrap();
    listener.listen(5).unwrap();
    (Arc::new(listener), at)
}

fn connecting(provider: &SanProvider, at: std::net::SocketAddrV4) -> Arc<SanSocket> {
    let client = provider.socket().unwrap();
    let event = Event::new().unwrap();
    client.event_select(&event, ffi::FD_CONNECT).unwrap();
    assert_eq!(code(client.connect_once(at)), code::WSAEWOULDBLOCK);
    Arc::new(client)
}

const STATES: [(&str, Make); 9] = [
    ("created", |provider| (Arc::new(provider.socket().unwrap()), vec![])),
    ("bound", |provider| {
        let socket = provider.socket().unwrap();
        socket.bind(address()).unwrap();
        (Arc::new(socket), vec![])
    }),
    ("listening", |provider| (listening(provider).0, vec![])),
    ("listening with a request", |provider| {
        let (listener, at) = listening(provider);
        let client = connecting(provider, at);
        (listener, vec![client])
    }),
    ("connecting", |provider| {
        let (listener, at) = listening(provider);
        (connecting(provider, at), vec![listener])
    }),
    ("connected", |provider| {
        let (client, server) = pair(provider);
        (client, vec![server])
    }),
    ("the peer has closed", |provider| {
        let (client, server) = pair(provider);
        server.close().unwrap();
        (client, vec![])
    }),
    ("given away", |provider| {
        let (client, server) = pair(provider);
        client.duplicate(std::process::id()).unwrap();
        (client, vec![server])
    }),
    ("taken over", |provider| {
        let (client, server) = pair(provider);
        let info = client.duplicate(std::process::id()).unwrap();
        (Arc::new(provider.import(&info, None).unwrap()), vec![server, client])
    }),
];

/// Starts everything that can be started on a socket, each polled, told, and with an event.
fn start_all(socket: &SanSocket, event: &Event, target: &[u8]) -> Vec<(String, bool, SanOperation)> {
    let mut all = Vec::new();
    for (way, notify) in
        [("polled", SanNotify::Polled), ("told", SanNotify::Notified), ("event", SanNotify::Event(event))]
    {
        let told = way != "polled";
        all.push((format!("receive, {way}"), told, socket.recv_overlapped(9, notify)));
        all.push((format!("read, {way}"), told, socket.rdma_read(100_000, target, 0, notify)));
        all.push((format!("write, {way}"), told, socket.rdma_write(&[1; 100_000], target, 0, notify)));
        for _ in 0..100 {
            all.push((format!("send, {way}"), told, socket.send_overlapped(&[1; 5000], notify)));
        }
    }
    all
}

fn every_state_closes_with_everything_pending(provider: &SanProvider) {
    let notices = || provider.counts().get(Upcall::CompleteOverlappedRequest);
    for (state, make) in STATES {
        let (socket, others) = make(provider);
        let exposed = others.last().filter(|_| matches!(state, "connected" | "taken over")).map(|_| {
            let peer = &others[0];
            peer.register_rdma(vec![0; 100_000], ffi::MEM_READWRITE).unwrap()
        });
        let target = exposed.as_ref().map_or(vec![0; 32], |exposed| exposed.descriptor().to_vec());
        let (event, counted) = (Event::new().unwrap(), notices());
        let operations = start_all(&socket, &event, &target);
        let closing = Arc::clone(&socket);
        bounded(move || closing.close().unwrap_or_else(|error| panic!("closing when {state}: {error}")));
        let mut told = 0;
        for (what, notified, operation) in &operations {
            if operation.returned() != Ok(Outcome::Pending) {
                assert!(!operation.is_marked(), "{what} when {state} was refused");
                continue;
            }
            told += u64::from(*notified);
            let status = operation.status().unwrap_or_else(|| panic!("{what} when {state} has no end after the close"));
            assert!(status == ABORTED || status == 0 || status & 0xC000_0000 != 0, "{what} when {state}: {status:#x}");
        }
        let connected = matches!(state, "connected" | "taken over");
        assert!(told > 0 || !connected, "{state}");
        assert_eq!(notices() - counted, told, "{state}: each is told once");
        assert_eq!(code(socket.recv_blocking(&mut [0; 9])), code::WSAENOTSOCK, "{state}");
        drop(others);
        assert_eq!(notices() - counted, told, "{state}: and never again");
    }
}

fn a_close_ends_what_other_threads_wait_in(provider: &SanProvider) {
    let (client, _server) = pair(provider);
    let receive = client.recv_overlapped(9, SanNotify::Notified);
    let waiting = Arc::clone(&client);
    let thread = std::thread::spawn(move || waiting.recv_blocking(&mut [0; 9]).map_err(|error| error.code()));
    let querying = std::thread::spawn(move || receive.result(true).map_err(|error| error.code()));
    client.close().unwrap();
    let ended = bounded(move || (thread.join().unwrap(), querying.join().unwrap()));
    // Those that came after the close found no socket.
    const LATE: i32 = code::WSAENOTSOCK;
    assert!(matches!(ended.0, Err(Some(code::WSAEINTR | code::WSA_OPERATION_ABORTED | LATE))), "{ended:?}");
    assert!(matches!(ended.1, Err(Some(code::WSA_OPERATION_ABORTED | LATE))), "{ended:?}");
}
