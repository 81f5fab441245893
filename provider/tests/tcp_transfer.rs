//! Data over the TCP transport: nothing lost, doubled, or out of order; boundaries kept; memory reached where it is open only.
#![cfg(any(target_os = "linux", windows))]

mod tcp_support;

use std::time::Duration;

use proptest::prelude::*;
use tcp_support::*;
use wsp::transport::{Connection as _, Ending, Fault, Mode, Received, Sent, Transfer};
use wsp_provider::tcp::{Connection, Tcp};

const LARGE: usize = 16 << 20;

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..300, 0_usize..20_000, 0_usize..600_000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_is_byte_exact(lengths in prop::collection::vec(length(), 1..8), piece in 1_usize..70_000) {
        a_stream_arrives(pair(Mode::Stream), &lengths, piece, false);
    }

    #[test]
    fn messages_keep_their_boundaries(lengths in prop::collection::vec(length(), 1..8), piece in 1_usize..70_000, kept: bool) {
        messages_arrive(pair(Mode::Messages), &lengths, piece, false, |other| {
            if kept {
                // Looked at before it is wanted: what has come is kept.
                other.available();
            }
        });
    }
}

#[test]
fn sixteen_mebibytes_go_both_ways_at_once() {
    for mode in [Mode::Stream, Mode::Messages] {
        let Pair { one, other, asker, accepter } = pair(mode);
        let [there, back] = [pattern(1, LARGE), pattern(2, LARGE)];
        let (sent, expected) = (&there, &back);
        let run = |network: &Tcp, connection: &Connection, sent: &[u8], expected: &[u8]| {
            std::thread::scope(|scope| {
                scope.spawn(|| sent.chunks(1 << 20).for_each(|piece| send(network, connection, piece, false).unwrap()));
                let received = match mode {
                    Mode::Stream => receive_all(network, connection, expected.len(), 300_000).unwrap(),
                    Mode::Messages => {
                        (0..16).flat_map(|_| receive_message(network, connection, 1 << 20).unwrap()).collect()
                    }
                };
                assert!(received == expected);
            });
        };
        std::thread::scope(|scope| {
            scope.spawn(|| run(&asker, &one, sent, expected));
            scope.spawn(|| run(&accepter, &other, expected, sent));
        });
    }
}

/// Sends messages until there is no room. Returns how many.
fn fill(connection: &Connection, length: usize) -> usize {
    let mut bytes = pattern(5, length);
    let (data, mut count, mut at) = (gather(&mut bytes), 0, 0);
    loop {
        match connection.send(&data, at, false).unwrap() {
            Sent::All => (count, at) = (count + 1, 0),
            Sent::Part(taken) => at += taken,
            Sent::Full => return count,
            Sent::Lent => unreachable!("nothing is lent"),
        }
    }
}

#[test]
fn what_nobody_asks_for_has_a_bound_and_holds_up_no_transfer() {
    let (network, [one, other]) = alone(Mode::Messages);
    let count = fill(&one, 256);
    assert!(count > 100 && count * 256 < 500_000, "{count}");
    let mut memory = [0_u8; 64];
    let key = rdma(&other).expose(region(&mut memory), BOTH).unwrap();
    let mut bytes = *b"written";
    let written = rdma(&one).write(&gather(&mut bytes), &remote(key, 64), 3);
    assert_eq!(outcome(&network, &one, written, &other), Ok(()));
    assert_eq!(&memory[3..10], b"written");
    assert!(other.available() == 256 && other.ready().readable);
    for _ in 0..count {
        assert_eq!(receive_message(&network, &other, 256).unwrap(), pattern(5, 256));
    }
    send(&network, &one, b"room again", false).unwrap();
    assert_eq!(receive_message(&network, &other, 256).unwrap(), b"room again");
    rdma(&other).withdraw(key).unwrap();
}

#[test]
fn patience_may_have_no_end() {
    let [asker, accepter] = [(); 2].map(|()| patient(Duration::MAX));
    a_stream_arrives(pair_of(asker, accepter, Mode::Stream), &[5], 5, false);
}

#[test]
fn a_message_of_no_bytes_is_one_and_a_peek_leaves_everything() {
    let Pair { one, other, asker, accepter } = pair(Mode::Messages);
    for message in [&b""[..], b"peeked", b""] {
        send(&asker, &one, message, false).unwrap();
    }
    assert_eq!(receive_message(&accepter, &other, 8).unwrap(), b"");
    let mut room = [0; 8];
    let peeked = until(&accepter, || match other.receive(&scatter(&mut room), 0, true).unwrap() {
        Received::Nothing => None,
        received => Some(received),
    });
    assert_eq!((peeked, &room[..6]), (Received::Bytes { count: 6, last: true }, &b"peeked"[..]));
    assert_eq!(receive_message(&accepter, &other, 2).unwrap(), b"peeked");
    assert_eq!(receive_message(&accepter, &other, 8).unwrap(), b"");
    assert_eq!(other.receive(&scatter(&mut room), 0, false), Ok(Received::Nothing));
}

#[test]
fn large_transfers_are_whole() {
    let (network, [one, other]) = alone(Mode::Messages);
    let mut memory = vec![0; 5_000_000];
    let key = rdma(&other).expose(region(&mut memory), BOTH).unwrap();
    let target = remote(key, memory.len() as u64);
    let mut bytes = pattern(3, 4_999_000);
    let written = rdma(&one).write(&gather(&mut bytes), &target, 1000);
    assert_eq!(outcome(&network, &one, written, &other), Ok(()));
    let mut back = vec![0; bytes.len()];
    let read = rdma(&one).read(&scatter(&mut back), &target, 1000);
    assert_eq!(outcome(&network, &one, read, &other), Ok(()));
    rdma(&other).withdraw(key).unwrap();
    assert!(back == bytes && memory[1000..] == bytes[..] && memory[..1000].iter().all(|byte| *byte == 0));
}

#[test]
fn a_message_does_not_overtake_a_transfer() {
    let Pair { one, other, asker, accepter } = pair(Mode::Messages);
    let mut memory = vec![0; 3_000_000];
    let key = rdma(&other).expose(region(&mut memory), BOTH).unwrap();
    let mut bytes = pattern(3, memory.len());
    let started = rdma(&one).write(&gather(&mut bytes), &remote(key, memory.len() as u64), 0);
    assert_eq!(started, Ok(Transfer::Running));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut word = *b"look";
            let data = gather(&mut word);
            until(&asker, || {
                one.progress();
                Some(one.send(&data, 0, false).unwrap()).filter(|sent| *sent != Sent::Full)
            });
        });
        assert_eq!(receive_message(&accepter, &other, 8).unwrap(), b"look");
    });
    rdma(&other).withdraw(key).unwrap();
    assert!(memory == bytes);
    assert_eq!(outcome(&asker, &one, started, &other), Ok(()));
}

#[test]
fn nothing_is_reached_that_is_not_open() {
    let (network, [one, other]) = alone(Mode::Messages);
    reaches_nothing_that_is_not_open(&network, [&one, &other]);
}

#[test]
fn transfers_end_with_the_connection_and_use_no_memory_after_it() {
    for ours in [true, false] {
        let (network, [one, other]) = alone(Mode::Messages);
        let mut memory = vec![0; 1_000_000];
        let key = rdma(&other).expose(region(&mut memory), BOTH).unwrap();
        let mut bytes = vec![1; 1_000_000];
        let started = rdma(&one).write(&gather(&mut bytes), &remote(key, 1_000_000), 0);
        assert_eq!(started, Ok(Transfer::Running));
        let closed = if ours { &one } else { &other };
        closed.close(Ending::Abortive);
        let end = until(&network, || rdma(&one).finished());
        assert_eq!(end, Err(if ours { Fault::Aborted } else { Fault::Reset }));
        drop(other);
        memory.fill(2);
        assert!(memory.iter().all(|byte| *byte == 2));
    }
}

#[test]
fn a_graceful_end_loses_nothing_even_with_bytes_unread_here() {
    for mode in [Mode::Stream, Mode::Messages] {
        let Pair { one, other, asker, accepter } = pair(mode);
        send(&accepter, &other, b"never read", false).unwrap();
        let bytes = pattern(4, 300_000);
        std::thread::scope(|scope| {
            let receiver = scope.spawn(|| receive_all(&accepter, &other, bytes.len(), 7_000).unwrap());
            send(&asker, &one, &bytes, false).unwrap();
            one.close(Ending::Graceful);
            drop(one);
            assert!(receiver.join().unwrap() == bytes);
        });
        let end = receive(&accepter, &other, 8).map(|(_, received)| received);
        assert_eq!(end, if mode == Mode::Stream { Ok(Received::End) } else { Err(Fault::Reset) });
    }
}

#[test]
fn who_waits_for_the_last_bytes_before_a_close_learns_when_they_have_arrived() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream);
    let mut bytes = pattern(8, 100_000);
    let (data, mut sent) = (gather(&mut bytes), 0);
    loop {
        match one.send(&data, 0, false).unwrap() {
            Sent::All => sent += data.len(),
            Sent::Part(count) => sent += count,
            _ => break,
        }
    }
    one.settle();
    assert!(!one.drained(), "nobody has read, and there was no room for more");
    let reader = std::thread::spawn(move || receive_all(&accepter, &other, sent, 100_000).unwrap().len());
    while !one.drained() {
        std::thread::yield_now();
    }
    one.close(Ending::Graceful);
    assert_eq!(reader.join().unwrap(), sent);
    drop((one, asker));
}

#[test]
fn a_message_that_is_given_up_in_its_midst_ends_the_connection() {
    let Pair { one, other, accepter, .. } = pair(Mode::Messages);
    let mut bytes = vec![0; 50_000_000];
    let data = gather(&mut bytes);
    let mut at = 0;
    while let Sent::Part(count) = one.send(&data, at, false).unwrap() {
        at += count;
    }
    assert!(at > 0);
    // The peer waits for the rest, and would take the next message for it.
    assert_eq!(one.send(&data, 0, false), Err(Fault::Aborted));
    let mut room = vec![0; 1 << 20];
    let end = until(&accepter, || other.receive(&scatter(&mut room), 0, false).err());
    assert_eq!(end, Fault::Reset);
}
