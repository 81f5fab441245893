//! How connections and operations end.

use wsp::code;
use wsp_host::switch::{SanNotify, SanProvider};
use wsp_host::{Event, Upcall};

use crate::support::{PATIENCE, code, end, pair};

over_all!(
    close_completes_what_is_pending,
    the_peers_close_ends_posted_receives,
    what_was_sent_before_a_close_arrives,
    a_socket_lives_until_its_own_close,
);
over_all!(alone: the_last_clean_up_completes_what_is_pending);

fn close_completes_what_is_pending(provider: &SanProvider) {
    let (client, _server) = pair(provider);
    let event = Event::new().unwrap();
    let before = provider.counts().get(Upcall::CompleteOverlappedRequest);
    let told = client.recv_overlapped(9, SanNotify::Event(&event));
    let polled = client.recv_overlapped(9, SanNotify::Polled);
    let sends: Vec<_> = (0..100).map(|_| client.send_overlapped(&[0; 5000], SanNotify::Polled)).collect();
    client.close().unwrap();
    assert!(event.is_set(), "before the close returns");
    const ABORTED: u32 = 0xC000_0120;
    assert_eq!((told.status(), polled.status()), (Some(ABORTED), Some(ABORTED)));
    assert!(sends.iter().all(|send| matches!(send.status(), Some(0 | ABORTED))), "each has ended");
    assert_eq!(sends.last().and_then(|send| send.status()), Some(ABORTED));
    assert_eq!(provider.counts().get(Upcall::CompleteOverlappedRequest), before + 1);
}

fn the_peers_close_ends_posted_receives(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let receives: Vec<_> = (0..3).map(|_| server.recv_overlapped(9, SanNotify::Polled)).collect();
    client.close().unwrap();
    for receive in &receives {
        assert_eq!(end(receive), Err(code::WSAECONNRESET));
    }
    assert_eq!(code(server.send_blocking(b"x")), code::WSAECONNRESET);
}

fn what_was_sent_before_a_close_arrives(provider: &SanProvider) {
    let (client, server) = pair(provider);
    for _ in 0..3 {
        client.send_blocking(b"last words").unwrap();
    }
    client.close().unwrap();
    for _ in 0..3 {
        assert_eq!(server.recv_blocking(&mut [0; 64]), Ok(10));
    }
    assert_eq!(code(server.recv_blocking(&mut [0; 64])), code::WSAECONNRESET);
}

fn a_socket_lives_until_its_own_close(provider: &SanProvider) {
    let (client, server) = pair(provider);
    client.close().unwrap();
    assert_eq!(code(server.recv_blocking(&mut [0; 9])), code::WSAECONNRESET);
    let before = provider.open_handles();
    assert_eq!(server.option(wsp::ffi::SO_DEBUG), Ok(Some(0)), "still a socket");
    server.close().unwrap();
    assert_eq!(provider.open_handles(), before - 1);
}

fn the_last_clean_up_completes_what_is_pending(provider: &SanProvider) {
    let (client, _server) = pair(provider);
    let event = Event::new().unwrap();
    let told = client.recv_overlapped(9, SanNotify::Event(&event));
    let polled = client.recv_overlapped(9, SanNotify::Polled);
    provider.cleanup().unwrap();
    assert!(event.wait(PATIENCE));
    const ABORTED: u32 = 0xC000_0120;
    assert_eq!((told.status(), polled.status()), (Some(ABORTED), Some(ABORTED)));
    provider.start_again().unwrap();
    assert_eq!(client.send_blocking(b"x").unwrap_err().code(), Some(code::WSAENOTSOCK));
    pair(provider);
}
