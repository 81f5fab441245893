//! Sockets that move.

use wsp::code;
use wsp_host::switch::{SanNotify, SanProvider};

use crate::support::{code, end, pair};

over_all!(
    a_socket_moves_with_what_is_unread,
    posted_receives_end_without_data_at_the_move,
    the_old_descriptor_is_only_good_for_its_close,
    a_claim_is_good_once,
    a_claim_that_was_never_given_is_refused,
    a_socket_with_sends_pending_stays,
);

fn a_socket_moves_with_what_is_unread(provider: &SanProvider) {
    let (client, server) = pair(provider);
    client.send_blocking(b"unread").unwrap();
    let info = server.duplicate(std::process::id()).unwrap();
    client.send_blocking(b"on the way").unwrap();
    let moved = provider.import(&info, None).unwrap();
    let mut room = [0; 32];
    assert_eq!(moved.recv_blocking(&mut room), Ok(6));
    assert_eq!(moved.recv_blocking(&mut room), Ok(10));
    moved.send_blocking(b"back").unwrap();
    assert_eq!(client.recv_blocking(&mut room), Ok(4));
    server.close().unwrap();
    client.send_blocking(b"still").unwrap();
    assert_eq!(moved.recv_blocking(&mut room), Ok(5), "closing the old descriptor ends nothing");
}

fn posted_receives_end_without_data_at_the_move(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let receives: Vec<_> = (0..3).map(|_| server.recv_overlapped(16, SanNotify::Polled)).collect();
    let peers = client.recv_overlapped(16, SanNotify::Polled);
    let info = server.duplicate(std::process::id()).unwrap();
    for receive in &receives {
        assert_eq!(end(receive), Ok(0));
    }
    assert_eq!(peers.status(), None, "the peer notices nothing");
    let moved = provider.import(&info, None).unwrap();
    moved.send_blocking(b"x").unwrap();
    assert_eq!(end(&peers), Ok(1));
}

fn the_old_descriptor_is_only_good_for_its_close(provider: &SanProvider) {
    let (_client, server) = pair(provider);
    server.duplicate(std::process::id()).unwrap();
    assert!(server.send_blocking(b"x").is_err());
    server.close().unwrap();
}

fn a_claim_is_good_once(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let info = server.duplicate(std::process::id()).unwrap();
    let moved = provider.import(&info, None).unwrap();
    assert_eq!(code(provider.import(&info, None).map(drop)), code::WSAEINVAL);
    moved.send_blocking(b"x").unwrap();
    assert_eq!(client.recv_blocking(&mut [0; 4]), Ok(1));
}

fn a_claim_that_was_never_given_is_refused(provider: &SanProvider) {
    let before = provider.open_handles();
    let info = wsp::ffi::WSAPROTOCOL_INFOW { dwProviderReserved: 0x7777_7777, ..*provider.protocol_info() };
    assert_eq!(code(provider.import(&info, None).map(drop)), code::WSAEINVAL);
    assert_eq!(provider.open_handles(), before, "nothing leaks");
}

fn a_socket_with_sends_pending_stays(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let sends: Vec<_> = (0..100).map(|_| client.send_overlapped(&[1; 5000], SanNotify::Polled)).collect();
    assert_eq!(code(client.duplicate(std::process::id()).map(drop)), code::WSAEINVAL);
    for send in &sends {
        assert_eq!(server.recv_blocking(&mut [0; 5000]), Ok(5000));
        let _ = send.status();
    }
    assert!(sends.iter().all(|send| end(send) == Ok(5000)));
}
