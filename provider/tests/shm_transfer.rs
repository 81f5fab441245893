//! Data over the shared-memory transport: nothing lost, doubled, or out of order; boundaries kept.
#![cfg(any(target_os = "linux", windows))]

mod shm_support;

use proptest::prelude::*;
use shm_support::*;
use wsp::ffi::WSABUF;
use wsp::rt::{Buffers, BuffersOut};
use wsp::transport::{
    Connection as _, Ending, Fault, Gather, Mode, Parcel, Received, Scatter, Sent, Taken, Transfer, Transport as _,
};
use wsp_provider::shm::{Copies, Settings, Shm};

fn settings() -> impl Strategy<Value = Settings> {
    prop_oneof![Just(SINGLE), Just(DOUBLE)]
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..300, 0_usize..20_000, 0_usize..600_000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_is_byte_exact(settings in settings(), lengths in prop::collection::vec(length(), 1..8), piece in 1_usize..70_000, lend: bool) {
        a_stream_arrives(pair(Mode::Stream, settings), &lengths, piece, lend);
    }

    #[test]
    fn messages_keep_their_boundaries(settings in settings(), lengths in prop::collection::vec(length(), 1..8), piece in 1_usize..70_000, lend: bool) {
        messages_arrive(pair(Mode::Messages, settings), &lengths, piece, lend, |_| {});
    }
}

#[test]
fn both_ways_go_at_once() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream, SINGLE);
    let (there, back) = (pattern(1, 3_000_000), pattern(2, 3_000_000));
    std::thread::scope(|scope| {
        scope.spawn(|| send(&asker, &one, &there, false).unwrap());
        scope.spawn(|| send(&accepter, &other, &back, true).unwrap());
        let arrived = scope.spawn(|| receive_all(&accepter, &other, there.len(), 10_000).unwrap());
        assert!(receive_all(&asker, &one, back.len(), 100_000).unwrap() == back);
        assert!(arrived.join().unwrap() == there);
    });
}

#[test]
fn a_full_ring_takes_nothing_more_and_goes_on_once_it_was_read() {
    for mode in [Mode::Stream, Mode::Messages] {
        let Pair { one, other, asker, accepter } = pair(mode, DOUBLE);
        let mut bytes = pattern(3, 10_000);
        let data = gather(&mut bytes);
        let (mut at, mut sent) = (0, 0);
        loop {
            match one.send(&data, at, true).unwrap() {
                Sent::All => (at, sent) = (0, sent + 1),
                Sent::Part(count) => at += count,
                Sent::Full => break,
                Sent::Lent => panic!("lending is off"),
            }
        }
        assert!(sent >= 8, "a quarter of a megabyte fits");
        assert!(!one.ready().writable);
        for _ in 0..sent {
            assert!(receive_all(&accepter, &other, bytes.len(), 10_000).unwrap() == bytes);
        }
        until(&asker, || one.ready().writable.then_some(()));
        assert!(matches!(one.send(&data, at, false), Ok(Sent::All)));
        assert!(receive_all(&accepter, &other, bytes.len(), 64).unwrap() == bytes);
        assert!(!other.ready().readable);
    }
}

#[test]
fn an_empty_message_is_a_message_and_an_empty_stream_send_is_nothing() {
    let Pair { one, other, asker, accepter } = pair(Mode::Messages, SINGLE);
    send(&asker, &one, b"", false).unwrap();
    send(&asker, &one, b"x", false).unwrap();
    assert_eq!(receive(&accepter, &other, 8).unwrap(), (vec![], Received::Bytes { count: 0, last: true }));
    assert_eq!(receive(&accepter, &other, 0).unwrap(), (vec![], Received::Bytes { count: 0, last: false }));
    assert_eq!(receive_message(&accepter, &other, 8).unwrap(), b"x");

    let Pair { one, other, asker, .. } = pair(Mode::Stream, SINGLE);
    send(&asker, &one, b"", false).unwrap();
    assert_eq!(other.receive(&scatter(&mut [0; 4]), 0, false), Ok(Received::Nothing));
}

#[test]
fn a_peek_leaves_everything() {
    for length in [10, 100, 5_000, 100_000] {
        for mode in [Mode::Stream, Mode::Messages] {
            let Pair { one, other, asker, accepter } = pair(mode, SINGLE);
            let mut sent = pattern(5, length);
            let data = gather(&mut sent);
            let lent = one.send(&data, 0, true).unwrap() == Sent::Lent;
            let mut room = vec![0; length + 5];
            let last = mode == Mode::Messages;
            for _ in 0..2 {
                room.fill(0);
                assert_eq!(other.receive(&scatter(&mut room), 0, true), Ok(Received::Bytes { count: length, last }));
                assert!(room[..length] == sent[..]);
                assert_eq!((other.available(), one.drained()), (length, !lent));
            }
            assert!(receive_all(&accepter, &other, length, length).unwrap() == sent);
            until(&asker, || one.drained().then_some(()));
            assert_eq!(other.available(), 0);
        }
    }
}

#[test]
fn several_sends_are_lent_at_once_and_end_in_order() {
    let Pair { one, other, accepter, .. } = pair(Mode::Messages, SINGLE);
    assert_eq!(one.copies(), Copies::Single);
    let mut messages: Vec<_> = (0..5).map(|seed| pattern(seed, 50_000 + seed as usize)).collect();
    for message in &mut messages {
        assert_eq!(one.send(&gather(message), 0, true), Ok(Sent::Lent));
    }
    for (released, message) in (0..).zip(&messages) {
        assert_eq!(one.released(), released);
        assert!(receive_message(&accepter, &other, 30_000).unwrap() == *message);
    }
    assert_eq!(one.released(), 5);
}

#[test]
fn scattered_memory_is_lent_and_filled_in_order() {
    let Pair { one, other, .. } = pair(Mode::Messages, SINGLE);
    let (mut sent, mut room) = (pattern(6, 90_000), vec![0_u8; 90_000]);
    // Three buffers each, cut at different places.
    let (out, into) = (cut(&mut sent, [1, 40_000]), cut(&mut room, [33_333, 33_334]));
    // SAFETY: the arrays and what they name outlive the operations.
    let (data, to) = unsafe {
        let (out, into) = (Buffers::new(out.as_ptr(), out.len()), BuffersOut::new(into.as_ptr(), into.len()));
        (Gather::capture(out), Scatter::capture(into))
    };
    assert_eq!(one.send(&data, 0, true), Ok(Sent::Lent));
    let received = other.receive(&to, 0, false);
    assert_eq!(received, Ok(Received::Bytes { count: 90_000, last: true }));
    assert!(sent == room);
}

#[test]
fn lent_memory_is_not_used_after_the_close() {
    let Pair { one, other, .. } = pair(Mode::Stream, SINGLE);
    let mut sent = pattern(7, 100_000);
    assert_eq!(one.send(&gather(&mut sent), 0, true), Ok(Sent::Lent));
    one.close(Ending::Graceful);
    sent.fill(0);
    let mut room = vec![9; 100_000];
    assert_eq!(other.receive(&scatter(&mut room), 0, false), Err(Fault::Reset));
}

/// A pair of messages. If the settings let it, the asker copies from and to the memory at the other end itself.
fn knowing_pair(settings: Settings) -> Pair<Shm> {
    let pair = pair(Mode::Messages, settings);
    if settings.single_copy {
        until(&pair.asker, || (pair.other.copies() == Copies::Single).then_some(()));
    }
    pair
}

#[test]
fn nothing_is_reached_that_is_not_open() {
    for settings in [SINGLE, DOUBLE] {
        let pair = knowing_pair(settings);
        reaches_nothing_that_is_not_open(&pair.asker, [&pair.one, &pair.other]);
    }
}

#[test]
fn memory_is_out_of_reach_after_the_close() {
    for settings in [SINGLE, DOUBLE] {
        let Pair { one, other, asker, accepter } = knowing_pair(settings);
        let mut memory = [7_u8; 8];
        let key = rdma(&other).expose(region(&mut memory), BOTH).unwrap();
        // As long as this is unread the connection is in order for the asker.
        send(&accepter, &other, b"last words", false).unwrap();
        other.close(Ending::Graceful);
        let written = rdma(&one).write(&gather(&mut [1; 4]), &remote(key, 8), 0);
        assert_ne!(written, Ok(Transfer::Done));
        assert_eq!(receive_message(&asker, &one, 16).unwrap(), b"last words");
        assert_eq!(memory, [7; 8]);
    }
}

#[test]
fn what_was_open_before_a_move_is_not_afterwards() {
    for settings in [SINGLE, DOUBLE] {
        let Pair { one, other, asker, accepter } = knowing_pair(settings);
        let (mut before, mut after) = ([7_u8; 8], [7_u8; 8]);
        let late = rdma(&other).expose(region(&mut before), BOTH).unwrap();
        let parcel = Parcel::Connection { connection: &other, shared: false };
        let claim = accepter.give(parcel, std::process::id(), &state(b"")).unwrap();
        let (Taken::Connection(moved), _) = accepter.take(claim).unwrap() else { panic!("a connection was given") };
        send(&accepter, &moved, b"here", false).unwrap();
        assert_eq!(receive_message(&asker, &one, 8).unwrap(), b"here");
        if settings.single_copy {
            until(&asker, || (moved.copies() == Copies::Single).then_some(()));
        }
        let key = rdma(&moved).expose(region(&mut after), BOTH).unwrap();
        assert_ne!(key, late, "of all that an end ever opens, whoever has it");
        let written = rdma(&one).write(&gather(&mut [1; 4]), &remote(late, 8), 0);
        assert_eq!(outcome(&asker, &one, written, &moved), Err(Fault::Access));
        assert_eq!((before, after), ([7; 8], [7; 8]));
        let written = rdma(&one).write(&gather(&mut [1; 4]), &remote(key, 8), 4);
        assert_eq!(outcome(&asker, &one, written, &moved), Ok(()));
        assert_eq!(after, [7, 7, 7, 7, 1, 1, 1, 1]);
    }
}

#[test]
fn an_end_whose_memory_is_in_use_stays() {
    let Pair { one, other, asker, accepter } = pair(Mode::Messages, SINGLE);
    let mut sent = pattern(7, 100_000);
    assert_eq!(one.send(&gather(&mut sent), 0, true), Ok(Sent::Lent));
    let give = || {
        let parcel = Parcel::Connection { connection: &one, shared: false };
        asker.give(parcel, std::process::id(), &state(b""))
    };
    assert_eq!(give(), Err(Fault::BadClaim));
    assert!(receive_message(&accepter, &other, 100_000).unwrap() == sent);
    until(&asker, || one.drained().then_some(()));
    assert!(give().is_ok());
}

/// Three buffers that are one run of memory.
fn cut(memory: &mut [u8], [first, second]: [usize; 2]) -> [WSABUF; 3] {
    let (base, length) = (memory.as_mut_ptr(), memory.len());
    [(0, first), (first, second), (second, length)]
        .map(|(from, to)| WSABUF { len: (to - from) as u32, buf: base.wrapping_add(from).cast() })
}
