//! Bytes: all of them, in order, both ways.

use std::net::Shutdown;
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wsp::{code, ffi};
use wsp_host::{Provider, Socket};

use crate::support::{Random, bounded, code};

over_each!(
    random_pieces_arrive_in_order_both_ways,
    several_buffers_are_one_stretch_of_bytes,
    receive_returns_what_is_there,
    peeking_takes_nothing,
    the_waiting_bytes_are_counted,
    nothing_can_be_sent_and_received,
    urgent_data_is_not_supported,
    data_needs_a_connection,
    nonblocking_calls_do_not_wait,
    a_full_stream_takes_a_part,
);

/// What goes one way.
#[derive(Debug, Clone)]
struct Plan {
    /// What the bytes are made from.
    seed: u64,
    /// The sizes of sends, and where each is cut into two buffers.
    sends: Vec<(usize, Index)>,
    /// The room of the two buffers of receives, used again and again.
    rooms: Vec<(usize, usize)>,
}

/// Often several times what a stream can hold.
fn plan() -> impl Strategy<Value = Plan> {
    let size = || prop_oneof![1_usize..200, 1_usize..20_000, 1_usize..200_000];
    let sends = vec((size(), any::<Index>()), 0..20);
    (any::<u64>(), sends, vec((size(), 0_usize..1000), 1..8)).prop_map(|(seed, sends, rooms)| Plan {
        seed,
        sends,
        rooms,
    })
}

fn random_pieces_arrive_in_order_both_ways(provider: &Provider) {
    // The same cases each time; one that fails is made smaller, and told.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let told = TestRunner::new_with_rng(config, rng).run(&(plan(), plan()), |(there, back)| {
        let (client, server) = provider.connected_pair().unwrap();
        bounded(move || {
            thread::scope(|scope| {
                scope.spawn(|| send_all(&client, &there));
                scope.spawn(|| send_all(&server, &back));
                scope.spawn(|| receive_all(&client, &back));
                scope.spawn(|| receive_all(&server, &there));
            });
        });
        Ok(())
    });
    told.unwrap_or_else(|problem| panic!("{problem}"));
}

impl Plan {
    fn bytes(&self) -> Vec<u8> {
        Random::new(self.seed).bytes(self.sends.iter().map(|(size, _)| size).sum())
    }
}

fn send_all(socket: &Socket, plan: &Plan) {
    let bytes = plan.bytes();
    let mut rest = &bytes[..];
    for (size, cut) in &plan.sends {
        let (mut piece, later) = rest.split_at(*size);
        rest = later;
        // A send may take a part only.
        while !piece.is_empty() {
            let (one, other) = piece.split_at(cut.index(piece.len() + 1));
            piece = &piece[socket.send_with(&[one, other], 0).unwrap()..];
        }
    }
    socket.shutdown(Shutdown::Write).unwrap();
}

fn receive_all(socket: &Socket, plan: &Plan) {
    let (expected, mut received) = (plan.bytes(), Vec::new());
    for (one, other) in plan.rooms.iter().cycle() {
        let (mut one, mut other) = (vec![0; *one], vec![0; *other]);
        let (count, flags) = socket.recv_with(&mut [&mut one, &mut other], 0).unwrap();
        assert_eq!(flags, 0);
        if count == 0 {
            break;
        }
        one.append(&mut other);
        received.extend_from_slice(&one[..count]);
    }
    assert_eq!(received.len(), expected.len());
    assert!(received == expected, "the bytes differ");
}

fn several_buffers_are_one_stretch_of_bytes(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    assert_eq!(client.send_with(&[b"ab", b"", b"cde", b"f"], 0), Ok(6));
    let (mut one, mut none, mut other) = ([0; 1], [0; 0], [0; 9]);
    assert_eq!(server.recv_with(&mut [&mut one, &mut none, &mut other], 0), Ok((6, 0)));
    assert_eq!((&one, &other[..5]), (b"a", &b"bcdef"[..]));
}

fn receive_returns_what_is_there(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    assert_eq!(client.send(b"x"), Ok(1));
    let mut buffer = [0; 100];
    assert_eq!(server.recv(&mut buffer), Ok(1), "one byte is enough");
    assert_eq!(client.send(b"hello"), Ok(5));
    assert_eq!(server.recv(&mut buffer[..2]), Ok(2));
    assert_eq!(server.recv(&mut buffer[2..]), Ok(3));
    assert_eq!(&buffer[..5], b"hello");
}

fn peeking_takes_nothing(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.send(b"hello").unwrap();
    let mut buffer = [0; 3];
    for _ in 0..2 {
        assert_eq!(server.recv_with(&mut [&mut buffer], ffi::MSG_PEEK).map(|done| done.0), Ok(3));
        assert_eq!(&buffer, b"hel");
    }
    let mut all = [0; 9];
    assert_eq!(server.recv(&mut all), Ok(5));
    assert_eq!(&all[..5], b"hello");
}

fn the_waiting_bytes_are_counted(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    assert_eq!(server.available(), Ok(0));
    client.send(b"seven..").unwrap();
    assert_eq!(server.available(), Ok(7));
    server.recv(&mut [0; 3]).unwrap();
    assert_eq!(server.available(), Ok(4));
    assert_eq!(code(server.ioctl(ffi::FIONREAD, None, Some(&mut [0; 3]))), code::WSAEFAULT, "too little room");
    assert_eq!(code(server.ioctl(ffi::FIONBIO, Some(&[1, 0, 0]), None)), code::WSAEFAULT, "too short a value");
}

fn nothing_can_be_sent_and_received(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    assert_eq!(client.send(b""), Ok(0));
    assert_eq!(server.recv(&mut []), Ok(0), "does not wait");
    assert_eq!(server.available(), Ok(0));
}

fn urgent_data_is_not_supported(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let urgent = ffi::MSG_OOB;
    assert_eq!(code(client.send_with(&[b"!"], urgent)), code::WSAEOPNOTSUPP);
    assert_eq!(code(server.recv_with(&mut [&mut [0; 1]], urgent)), code::WSAEOPNOTSUPP);
    assert_eq!(server.available(), Ok(0));
}

fn data_needs_a_connection(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.send(b"x")), code::WSAENOTCONN);
    assert_eq!(code(socket.recv(&mut [0; 1])), code::WSAENOTCONN);
    assert_eq!(code(socket.shutdown(Shutdown::Both)), code::WSAENOTCONN);
    assert_eq!(code(socket.peer_addr()), code::WSAENOTCONN);
}

fn nonblocking_calls_do_not_wait(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    server.set_nonblocking(true).unwrap();
    assert_eq!(code(server.recv(&mut [0; 1])), code::WSAEWOULDBLOCK);
    client.send(b"x").unwrap();
    assert_eq!(server.recv(&mut [0; 1]), Ok(1));
    assert_eq!(code(server.recv(&mut [0; 1])), code::WSAEWOULDBLOCK);
    server.set_nonblocking(false).unwrap();
    let server = bounded(move || {
        thread::scope(|scope| {
            let reader = scope.spawn(|| server.recv(&mut [0; 1]));
            client.send(b"y").unwrap();
            assert_eq!(reader.join().unwrap(), Ok(1), "it waits again");
        });
        server
    });
    assert_eq!(code(server.accept()), code::WSAEINVAL, "not listening");
}

fn a_full_stream_takes_a_part(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.set_nonblocking(true).unwrap();
    let data = Random::new(7).bytes(100_000);
    let mut sent = 0;
    let refused = loop {
        match client.send(&data[sent % data.len()..]) {
            Ok(count) => sent += count,
            Err(error) => break error.code(),
        }
    };
    assert_eq!(refused, Some(code::WSAEWOULDBLOCK));
    assert!(sent > 0, "progress is no failure");
    let waiting = server.available().unwrap() as usize;
    assert!(waiting > 0 && waiting <= sent, "{waiting} of {sent}: the rest may be on the way");
    let (mut taken, mut room) = (0, vec![0; 150_000]);
    while taken < sent {
        let count = server.recv(&mut room).unwrap();
        assert!(room[..count].iter().eq(data.iter().cycle().skip(taken % data.len()).take(count)));
        taken += count;
    }
    assert_eq!(taken, sent, "what was refused was not sent");
    client.set_nonblocking(false).unwrap();
    assert_eq!(client.send(b"more"), Ok(4), "there is room again");
}
