//! Ends of connections: shutting down, closing, resetting, and waking those who wait.

use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use wsp::rt::Outcome;
use wsp::{code, ffi};
use wsp_host::{Error, Event, Host, Notify, Provider, Socket, UPCALLS};

use crate::options::on;
use crate::support::{Source, bounded, code, listener};

over_each!(
    a_graceful_end_delivers_everything_first,
    shutting_down_sends_ends_one_direction,
    shutting_down_receives_leaves_sends,
    a_hard_close_resets,
    closing_a_listener_resets_who_waits_there,
    the_end_stays_the_end,
    sending_to_a_closed_peer_fails,
    close_wakes_a_receive,
    close_wakes_an_accept,
    close_wakes_a_send,
    of_many_closes_one_works,
    a_close_that_would_linger_can_be_refused,
);
over_each!(alone: a_close_waits_for_the_upcalls_of_other_threads);

fn a_graceful_end_delivers_everything_first(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.send(b"last words").unwrap();
    client.close().unwrap();
    let mut buffer = [0; 20];
    assert_eq!(server.recv(&mut buffer), Ok(10));
    assert_eq!(&buffer[..10], b"last words");
    assert_eq!(server.recv(&mut buffer), Ok(0));
}

fn shutting_down_sends_ends_one_direction(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    client.shutdown(Shutdown::Write).expect("again is no error");
    assert_eq!(code(client.send(b"x")), code::WSAESHUTDOWN);
    assert_eq!(server.recv(&mut [0; 1]), Ok(0));
    server.send(b"answer").unwrap();
    assert_eq!(client.recv(&mut [0; 9]), Ok(6), "the other direction works");
}

fn shutting_down_receives_leaves_sends(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.shutdown(Shutdown::Read).unwrap();
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAESHUTDOWN);
    client.send(b"x").unwrap();
    assert_eq!(server.recv(&mut [0; 1]), Ok(1));
    client.shutdown(Shutdown::Both).unwrap();
    assert_eq!(server.recv(&mut [0; 1]), Ok(0));
}

fn a_hard_close_resets(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.send(b"lost").unwrap();
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(0)).unwrap();
    client.close().unwrap();
    let mut room = [0; 9];
    let mut received = server.recv(&mut room);
    if received.is_ok() {
        // It may have arrived before.
        assert_eq!((received, &room[..4]), (Ok(4), &b"lost"[..]));
        received = server.recv(&mut room);
    }
    assert_eq!(code(received), code::WSAECONNRESET);
    assert_eq!(code(server.send(b"x")), code::WSAECONNRESET);
}

fn closing_a_listener_resets_who_waits_there(provider: &Provider) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    listener.close().unwrap();
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAECONNRESET);
    let other = provider.socket().unwrap();
    assert_eq!(code(other.connect(address)), code::WSAECONNREFUSED);
}

fn the_end_stays_the_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.close().unwrap();
    for _ in 0..3 {
        assert_eq!(server.recv(&mut [0; 1]), Ok(0));
    }
}

fn sending_to_a_closed_peer_fails(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.close().unwrap();
    // The first may be on its way before it is known that nobody is there.
    let refused = bounded(move || {
        loop {
            match server.send(b"x") {
                Ok(_) => thread::yield_now(),
                refused => break code(refused),
            }
        }
    });
    assert!(matches!(refused, code::WSAECONNRESET | code::WSAECONNABORTED), "{refused}");
}

/// Has a thread wait in `call` on a socket and closes the socket under it, again and again until the call was caught waiting:
/// `WSAEINTR`. A call that began after the close finds no socket; no call waits on.
fn closed_under(make: impl Fn() -> (Socket, Option<Socket>), call: fn(&Socket) -> Result<(), Error>) {
    for attempt in 0..2000 {
        let (socket, _peer) = make();
        let outcome = bounded(move || {
            let start = Barrier::new(2);
            thread::scope(|scope| {
                let caller = scope.spawn(|| {
                    start.wait();
                    call(&socket)
                });
                start.wait();
                // Not for correctness: the longer, the likelier is it that the call waits.
                (0..attempt * 20).for_each(|_| thread::yield_now());
                socket.close().unwrap();
                caller.join().unwrap()
            })
        });
        match code(outcome) {
            code::WSAEINTR => return,
            late => assert_eq!(late, code::WSAENOTSOCK),
        }
    }
    panic!("the call was never caught waiting");
}

fn close_wakes_a_receive(provider: &Provider) {
    let make = || {
        let (client, server) = provider.connected_pair().unwrap();
        (client, Some(server))
    };
    closed_under(make, |socket| socket.recv(&mut [0; 1]).map(|_| ()));
}

fn close_wakes_an_accept(provider: &Provider) {
    closed_under(|| (listener(provider).0, None), |socket| socket.accept().map(|_| ()));
}

fn close_wakes_a_send(provider: &Provider) {
    let make = || {
        let (client, server) = provider.connected_pair().unwrap();
        client.set_nonblocking(true).unwrap();
        while client.send(&[0; 10_000]).is_ok() {}
        while client.send(b"x").is_ok() {}
        client.set_nonblocking(false).unwrap();
        (client, Some(server))
    };
    // What is on the way may still leave room for a few.
    closed_under(make, |socket| {
        loop {
            socket.send(b"x")?;
        }
    });
}

fn a_close_that_would_linger_can_be_refused(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.set_nonblocking(true).unwrap();
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(60)).unwrap();
    let mut sent = 0;
    while let Ok(count) = client.send(&[5; 10_000]) {
        sent += count;
    }
    let mut received = 0;
    let mut room = vec![0; 100_000];
    // A transport that has handed everything to its peer, or to the system, has nothing to linger for.
    if let Err(error) = client.close() {
        assert_eq!(error.code(), Some(code::WSAEWOULDBLOCK));
        assert_eq!(client.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM), "as before");
        while received < sent {
            received += server.recv(&mut room).unwrap();
        }
        assert_eq!(client.send(b"still usable"), Ok(12));
        assert_eq!(server.recv(&mut room), Ok(12));
        let operation = client.recv_overlapped(9, Notify::Port);
        assert_eq!(operation.returned(), Ok(Outcome::Pending), "operations begin as before");
        // The peer's word that it has everything may still be on its way.
        while let Err(error) = client.close() {
            assert_eq!(error.code(), Some(code::WSAEWOULDBLOCK));
            thread::yield_now();
        }
    }
    while received < sent {
        received += server.recv(&mut room).unwrap();
    }
    assert_eq!(server.recv(&mut room), Ok(0), "everything came, then the end");
}

fn of_many_closes_one_works(provider: &Provider) {
    for _ in 0..50 {
        let (client, _server) = provider.connected_pair().unwrap();
        let handle = client.raw();
        let before = provider.open_handles();
        let table = *provider.table();
        let start = Barrier::new(4);
        let worked: usize = thread::scope(|scope| {
            let close = || {
                start.wait();
                match table.close_socket(handle) {
                    Ok(()) => 1,
                    Err(error) => {
                        assert_eq!(error.code(), Some(code::WSAENOTSOCK));
                        0
                    }
                }
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(close)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(worked, 1);
        assert_eq!(provider.open_handles(), before - 1);
    }
}

/// The socket that the next event is told of.
static WATCHED: Mutex<Option<Arc<Socket>>> = Mutex::new(None);
/// Where the upcall that tells it is: it has begun; it is about to return.
static STEP: AtomicUsize = AtomicUsize::new(0);

/// Is told an event, and returns once the socket is being closed.
unsafe extern "system" fn tell_late(event: ffi::WSAEVENT, errno: ffi::LPINT) -> ffi::WINBOOL {
    // Once: what is called below may tell events, too.
    let watched = WATCHED.lock().unwrap().take();
    if let Some(socket) = watched {
        STEP.store(1, Ordering::SeqCst);
        while socket.recv(&mut [0; 9]).err().and_then(|error| error.code()) != Some(code::WSAENOTSOCK) {
            thread::yield_now();
        }
        // Not for correctness: a close that does not wait has returned meanwhile, most likely.
        (0..1000).for_each(|_| thread::yield_now());
        STEP.store(2, Ordering::SeqCst);
    }
    // SAFETY: handed on as it came.
    unsafe { UPCALLS.lpWPUSetEvent.unwrap()(event, errno) }
}

fn a_close_waits_for_the_upcalls_of_other_threads(source: Source) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap();
    let upcalls = ffi::WSPUPCALLTABLE { lpWPUSetEvent: Some(tell_late), ..UPCALLS };
    let provider = source.start(&Host::new().with_upcalls(upcalls)).unwrap();
    let (client, server) = provider.connected_pair().unwrap();
    let (client, event) = (Arc::new(client), Event::new().unwrap());
    STEP.store(0, Ordering::SeqCst);
    *WATCHED.lock().unwrap() = Some(Arc::clone(&client));
    provider.table().event_select(client.raw(), Some(event.raw()), ffi::FD_READ).unwrap();
    server.send(b"x").unwrap();
    bounded(move || {
        while STEP.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        client.close().unwrap();
        assert_eq!(STEP.load(Ordering::SeqCst), 2, "an upcall is in progress still");
    });
}
