//! Messages: each send completes one posted receive, in order, with its boundaries.

use std::thread;

use wsp::rt::Outcome;
use wsp::{code, ffi};
use wsp_host::switch::{SanNotify, SanOperation, SanProvider};
use wsp_host::{Event, Upcall};

use crate::support::{PATIENCE, code, end, pair};

over_all!(
    boundaries_are_kept,
    an_empty_message_is_one,
    receives_are_completed_in_the_order_they_were_posted,
    whoever_is_posted_later_waits_its_turn,
    a_message_waits_for_its_receive,
    a_started_call_is_always_pending,
    a_polled_operation_is_told_to_nobody,
    an_operation_that_is_not_polled_is_told_once,
    calls_without_overlapped_block,
    both_directions_at_once_lose_nothing,
    large_messages_arrive_whole,
    a_message_that_does_not_fit_breaks_the_connection,
    more_than_fits_stays_pending_and_arrives,
    data_calls_ignore_the_blocking_mode,
);

fn boundaries_are_kept(provider: &SanProvider) {
    let (client, server) = pair(provider);
    for text in ["one", "three", "", "7 bytes"] {
        assert_eq!(client.send_blocking(text.as_bytes()), Ok(text.len()));
    }
    for text in ["one", "three", "", "7 bytes"] {
        let mut room = [0; 64];
        assert_eq!(server.recv_blocking(&mut room), Ok(text.len()));
        assert_eq!(&room[..text.len()], text.as_bytes());
    }
}

fn an_empty_message_is_one(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let receive = server.recv_overlapped(8, SanNotify::Polled);
    assert_eq!(end(&client.send_overlapped(b"", SanNotify::Polled)), Ok(0));
    assert_eq!(end(&receive), Ok(0));
    client.send_blocking(b"x").unwrap();
    assert_eq!(server.recv_blocking(&mut [0; 8]), Ok(1), "the connection goes on");
}

fn receives_are_completed_in_the_order_they_were_posted(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let receives: Vec<_> = (0..10).map(|_| server.recv_overlapped(16, SanNotify::Polled)).collect();
    for number in 0..10_u8 {
        client.send_blocking(&vec![number; usize::from(number) + 1]).unwrap();
    }
    for (number, receive) in receives.iter().enumerate() {
        assert_eq!(end(receive), Ok(number as u32 + 1));
        assert_eq!(receive.memory().unwrap()[0], number as u8);
    }
}

/// Nobody looks after what is polled: what has become possible meanwhile is still to be done when the next call comes.
fn whoever_is_posted_later_waits_its_turn(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let first = server.recv_overlapped(9, SanNotify::Polled);
    client.send_blocking(b"one").unwrap();
    client.send_blocking(b"three").unwrap();
    let second = server.recv_overlapped(9, SanNotify::Polled);
    assert_eq!((end(&first), end(&second)), (Ok(3), Ok(5)));
    let mut sends = Vec::new();
    while sends.iter().rev().take_while(|send: &&SanOperation| send.status().is_none()).count() < 3 {
        sends.push(client.send_overlapped(&[sends.len() as u8; 5000], SanNotify::Polled));
    }
    let mut room = [0; 5000];
    let mut next = |expected: usize| {
        assert_eq!(server.recv_blocking(&mut room), Ok(5000));
        assert_eq!(room, [expected as u8; 5000]);
    };
    // There is room for all that is posted, and for one more.
    let had_room = sends.len() - 3;
    (0..had_room).for_each(&mut next);
    sends.push(client.send_overlapped(&[sends.len() as u8; 5000], SanNotify::Polled));
    (had_room..sends.len()).for_each(&mut next);
    assert!(sends.iter().all(|send| end(send) == Ok(5000)));
}

fn a_message_waits_for_its_receive(provider: &SanProvider) {
    let (client, server) = pair(provider);
    assert_eq!(end(&client.send_overlapped(&[7; 256], SanNotify::Polled)), Ok(256));
    let receive = server.recv_overlapped(256, SanNotify::Polled);
    assert_eq!(end(&receive), Ok(256));
    assert_eq!(receive.memory(), Some(&[7; 256][..]));
}

fn a_started_call_is_always_pending(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let (target, event) = (server.register_rdma(vec![7; 9], ffi::MEM_READWRITE).unwrap(), Event::new().unwrap());
    for notify in [SanNotify::Polled, SanNotify::Notified, SanNotify::Event(&event)] {
        let send = client.send_overlapped(b"x", notify);
        assert_eq!((send.returned(), end(&send)), (Ok(Outcome::Pending), Ok(1)));
        let receive = server.recv_overlapped(9, notify);
        assert_eq!(receive.returned(), Ok(Outcome::Pending), "even with the message there");
        assert_eq!(end(&receive), Ok(1));
        let write = client.rdma_write(b"x", target.descriptor(), 8, notify);
        assert_eq!((write.returned(), end(&write)), (Ok(Outcome::Pending), Ok(1)));
        let read = client.rdma_read(9, target.descriptor(), 0, notify);
        assert_eq!((read.returned(), end(&read)), (Ok(Outcome::Pending), Ok(9)));
    }
}

fn a_polled_operation_is_told_to_nobody(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let before = provider.counts().get(Upcall::CompleteOverlappedRequest);
    let receive = server.recv_overlapped(9, SanNotify::Polled);
    assert!(receive.is_marked() && receive.status().is_none());
    let send = client.send_overlapped(b"x", SanNotify::Polled);
    assert_eq!((end(&send), end(&receive)), (Ok(1), Ok(1)));
    assert_eq!(provider.counts().get(Upcall::CompleteOverlappedRequest), before);
}

fn an_operation_that_is_not_polled_is_told_once(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let before = provider.counts().get(Upcall::CompleteOverlappedRequest);
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, SanNotify::Event(&event));
    client.send_blocking(b"told").unwrap();
    assert!(event.wait(PATIENCE), "without anybody asking");
    assert_eq!(end(&receive), Ok(4));
    assert_eq!(provider.counts().get(Upcall::CompleteOverlappedRequest), before + 1);
}

fn calls_without_overlapped_block(provider: &SanProvider) {
    let (client, server) = pair(provider);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| server.recv_blocking(&mut [0; 9]));
        client.send_blocking(b"late").unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(4));
    });
}

fn both_directions_at_once_lose_nothing(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let message = |number: u32| -> Vec<u8> { number.to_le_bytes().repeat(1 + (number % 97) as usize) };
    const COUNT: u32 = 2000;
    thread::scope(|scope| {
        for (from, to) in [(&client, &server), (&server, &client)] {
            scope.spawn(move || (0..COUNT).for_each(|number| assert!(from.send_blocking(&message(number)).is_ok())));
            scope.spawn(move || {
                let mut room = [0; 500];
                for number in 0..COUNT {
                    let count = to.recv_blocking(&mut room).unwrap();
                    assert_eq!(&room[..count], message(number));
                }
            });
        }
    });
}

fn large_messages_arrive_whole(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let data: Vec<u8> = (0..1_500_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let receive = server.recv_overlapped(data.len(), SanNotify::Polled);
    let send = client.send_overlapped(&data, SanNotify::Polled);
    assert_eq!(end(&receive), Ok(data.len() as u32));
    assert_eq!(end(&send), Ok(data.len() as u32));
    assert!(receive.memory() == Some(&data[..]));
}

fn a_message_that_does_not_fit_breaks_the_connection(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let receive = server.recv_overlapped(3, SanNotify::Polled);
    client.send_blocking(b"four").unwrap();
    assert_eq!(end(&receive), Err(code::WSAEMSGSIZE));
    assert_eq!(code(client.recv_blocking(&mut [0; 9])), code::WSAECONNRESET);
    assert_eq!(code(client.send_blocking(b"x")), code::WSAECONNRESET);
}

fn more_than_fits_stays_pending_and_arrives(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let sends: Vec<_> = (0..200_u8).map(|number| client.send_overlapped(&[number; 5000], SanNotify::Polled)).collect();
    assert!(sends.last().is_some_and(|send| send.status().is_none()), "a megabyte has no room");
    for number in 0..200_u8 {
        let mut room = [0; 5000];
        assert_eq!(server.recv_blocking(&mut room), Ok(5000));
        assert_eq!(room, [number; 5000]);
    }
    for send in &sends {
        assert_eq!(end(send), Ok(5000));
    }
}

fn data_calls_ignore_the_blocking_mode(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let event = Event::new().unwrap();
    server.event_select(&event, ffi::FD_CONNECT).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| server.recv_blocking(&mut [0; 9]));
        client.send_blocking(b"x").unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(1));
    });
}
