//! How streams end, and how they move.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddrV4};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use wsp::code;
use wsp_host::switch::{MoveError, SanHost, SanListener, SanNotify, SanStream, SwitchOptions, Ticket};

use crate::memory::{LOCAL, STALL};
use crate::{all_completions, alone, anywhere, pair, pattern, switch, switch_with};

#[test]
fn what_was_written_before_a_drop_arrives_and_then_the_end() {
    let _alone = alone();
    for completion in all_completions() {
        let switch = switch_with(SwitchOptions { completion, ..SwitchOptions::default() }, SanHost::new());
        let (client, server) = pair(&switch);
        let provider = client.socket().provider().clone();
        (&client).write_all(&pattern(30_000, 1)).unwrap();
        drop(client);
        let mut read = Vec::new();
        (&server).read_to_end(&mut read).unwrap();
        assert!(read == pattern(30_000, 1), "{completion:?}: other bytes");
        drop(server);
        drop(switch);
        assert_eq!(provider.open_handles(), 0, "{completion:?}");
    }
}

#[test]
fn a_peers_abort_ends_a_waiting_read_and_every_write() {
    let _alone = alone();
    for completion in all_completions() {
        let switch = switch_with(SwitchOptions { completion, ..SwitchOptions::default() }, SanHost::new());
        let (client, server) = pair(&switch);
        (&server).write_all(b"last words").unwrap();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut read = Vec::new();
                let error = (&client).read_to_end(&mut read).unwrap_err();
                (read, error)
            });
            thread::sleep(Duration::from_millis(5));
            server.abort();
            let (read, error) = reader.join().unwrap();
            assert_eq!(read, b"last words");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{completion:?}: {error}");
        });
        assert_eq!((&client).write(b"x").unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!((&server).write(b"x").unwrap_err().kind(), ErrorKind::ConnectionAborted);
    }
}

#[test]
fn half_of_a_connection_can_be_ended() {
    let _alone = alone();
    let switch = switch();
    let (client, server) = pair(&switch);
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&client).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!((&server).read(&mut [0; 4]).unwrap(), 0);
    (&server).write_all(b"answer").unwrap();
    let mut read = [0; 6];
    (&client).read_exact(&mut read).unwrap();
    assert_eq!(&read, b"answer");
    client.shutdown(Shutdown::Read).unwrap();
    assert_eq!((&client).read(&mut read).unwrap(), 0);
}

#[test]
fn a_read_by_rdma_that_never_ends_is_ended_by_an_abort() {
    let _alone = alone();
    let switch = switch();
    let (client, server) = pair(&switch);
    STALL.store(true, Ordering::SeqCst);
    let mut buffer = vec![0; 50_000];
    thread::scope(|scope| {
        let writer = scope.spawn(|| (&client).write_all(&pattern(50_000, 1)).unwrap_err());
        let reader = scope.spawn(|| (&server).read_exact(&mut buffer).unwrap_err());
        while STALL.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        server.abort();
        let error = reader.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted, "{error}");
        assert_eq!(writer.join().unwrap().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_peer_that_talks_nonsense_loses_the_connection_and_nobody_else() {
    let _alone = alone();
    let switch = switch();
    let listener = SanListener::bind(&switch, anywhere()).unwrap();
    let address = listener.local_addr().unwrap();
    let (provider, _) = switch.route(LOCAL).unwrap();
    // Not a switch: connects and sends garbage instead of terms.
    let stranger = provider.socket().unwrap();
    stranger.bind(SocketAddrV4::new(LOCAL, 77)).unwrap();
    stranger.connect(address).unwrap().finish(&stranger, Duration::from_secs(5)).unwrap();
    let posted = stranger.recv_overlapped(64, SanNotify::Polled);
    let sent = stranger.send_overlapped(b"GET / HTTP/1.1\r\n\r\n", SanNotify::Polled);
    assert!(sent.poll_for(Duration::from_secs(5)).unwrap().is_some());
    let error = posted.poll_for(Duration::from_secs(5)).unwrap_err();
    assert_eq!(error.code(), Some(code::WSAECONNRESET), "{error}");
    // The listener goes on.
    let client = SanStream::connect(&switch, address).unwrap();
    let (server, _) = listener.accept().unwrap();
    (&client).write_all(b"x").unwrap();
    assert_eq!((&server).read(&mut [0; 4]).unwrap(), 1);
}

#[test]
fn a_session_whose_peer_breaks_the_rules_ends_with_that_error() {
    let _alone = alone();
    let switch = switch();
    let (client, server) = pair(&switch);
    // An unknown kind, past the session.
    let sent = client.socket().send_overlapped(&[99, 0, 0, 0, 0, 0, 0, 0], SanNotify::Polled);
    assert!(sent.poll_for(Duration::from_secs(5)).unwrap().is_some());
    let error = (&server).read(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    assert!(error.to_string().contains("unknown kind"), "{error}");
}

#[test]
fn a_stream_moves_and_comes_back_with_what_was_not_read() {
    let _alone = alone();
    for host in [SanHost::new(), SanHost::new().without_rdma_read()] {
        let switch = switch_with(SwitchOptions::default(), host);
        let (client, mut server) = pair(&switch);
        (&client).write_all(b"before").unwrap();
        let mut first = [0; 2];
        server.read_exact(&mut first).unwrap();
        server = thread::scope(|scope| {
            // A large write is under way while the peer moves.
            scope.spawn(|| (&client).write_all(&pattern(60_000, 6)).unwrap());
            for _ in 0..3 {
                let ticket = server.suspend_and_duplicate(std::process::id()).unwrap();
                let ticket = Ticket::from_bytes(&ticket.to_bytes()).unwrap();
                server = SanStream::import(&switch, ticket).unwrap();
            }
            let mut rest = vec![0; 4 + 60_000];
            server.read_exact(&mut rest).unwrap();
            assert_eq!(&rest[..4], b"fore");
            assert!(rest[4..] == pattern(60_000, 6), "other bytes");
            server
        });
        server.write_all(b"after").unwrap();
        let mut read = [0; 5];
        (&client).read_exact(&mut read).unwrap();
        assert_eq!(&read, b"after");
        drop(client);
        assert_eq!(server.read(&mut read).unwrap(), 0);
    }
}

#[test]
fn a_stream_with_two_handles_does_not_move() {
    let _alone = alone();
    let switch = switch();
    let (client, server) = pair(&switch);
    let other = client.try_clone().unwrap();
    let Err(MoveError::Shared(client)) = client.suspend_and_duplicate(1) else { panic!("it moved under its clone") };
    drop(other);
    (&client).write_all(b"x").unwrap();
    assert_eq!((&server).read(&mut [0; 4]).unwrap(), 1);
}

#[test]
fn a_stream_can_be_ended_after_its_peer_has_gone() {
    let _alone = alone();
    // Two switches: the first is in a hurry as it is dropped with its stream.
    let (near, far) = (switch(), switch());
    let listener = SanListener::bind(&near, anywhere()).unwrap();
    let client = SanStream::connect(&far, listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    let provider = client.socket().provider().clone();
    drop((client, far));
    assert_eq!(provider.open_handles(), 0, "the client has gone");
    assert_eq!((&server).read(&mut [0; 4]).unwrap(), 0);
    server.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&server).write(b"x").unwrap_err().kind(), ErrorKind::ConnectionReset);
}
