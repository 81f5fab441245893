//! What calls do in every state of a socket, and what they leave behind.

use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::thread;

use wsp::rt::{FdSet, OverlappedCall, Piece, PieceMut, Room, zeroed};
use wsp::{code, ffi};
use wsp_host::{BlockingHook, Event, Provider, Socket, to_sockaddr};

use crate::options::on;
use crate::support::{PATIENCE, any, bounded, code, listener};

over_each!(
    options_are_there_in_every_state,
    the_error_of_a_socket_is_told_once,
    what_only_other_sockets_have_cannot_be_read,
    ports_are_in_network_byte_order,
    an_address_may_be_chosen_with_the_connection,
    an_address_of_zeros_is_not_available,
    an_address_is_the_callers_again_after_the_call,
    ending_a_direction_never_waits,
    a_connection_that_was_shut_is_not_made_again,
    a_close_that_lingers_waits_for_the_data,
    a_close_that_lingers_gives_up_after_its_time,
    cancelled_calls_leave_their_sockets_usable,
    cancelled_calls_of_all_kinds_say_so,
    select_tells_listeners_data_and_ends,
    select_tells_who_can_send,
    select_that_does_not_wait_calls_no_hook,
    parts_of_messages_are_no_part_of_streams,
    sends_of_a_stream_that_is_full_take_a_part,
);

type Make = fn(&Provider) -> (Socket, Vec<Socket>);

const STATES: [Make; 6] = [
    |provider| (provider.socket().unwrap(), vec![]),
    |provider| {
        let socket = provider.socket().unwrap();
        socket.bind(any()).unwrap();
        (socket, vec![])
    },
    |provider| (listener(provider).0, vec![]),
    |provider| {
        let (client, server) = provider.connected_pair().unwrap();
        (client, vec![server])
    },
    |provider| {
        let (client, server) = provider.connected_pair().unwrap();
        client.shutdown(Shutdown::Both).unwrap();
        (client, vec![server])
    },
    |provider| {
        let (client, server) = provider.connected_pair().unwrap();
        server.close().unwrap();
        (client, vec![])
    },
];

fn options_are_there_in_every_state(provider: &Provider) {
    for make in STATES {
        let (socket, _others) = make(provider);
        assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE), Ok(0));
        socket.set_option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, 1).unwrap();
        assert_ne!(socket.option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE), Ok(0));
        assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
    }
}

fn the_error_of_a_socket_is_told_once(provider: &Provider) {
    let (gone, address) = listener(provider);
    gone.close().unwrap();
    let (client, event) = (provider.socket().unwrap(), Event::new().unwrap());
    provider.table().event_select(client.raw(), Some(event.raw()), ffi::FD_CONNECT).unwrap();
    assert!(client.connect(address).is_err());
    assert!(event.wait(PATIENCE));
    let mut told: ffi::WSANETWORKEVENTS = zeroed();
    provider.table().enum_network_events(client.raw(), Some(event.raw()), &mut told).unwrap();
    // Calls that succeed leave it.
    client.set_option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, 1).unwrap();
    let error = |socket: &Socket| socket.option(ffi::SOL_SOCKET, ffi::SO_ERROR).unwrap();
    let first = error(&client);
    assert!(matches!(first, 0 | code::WSAECONNREFUSED), "a refusal that the call itself told is none");
    assert_eq!(error(&client), 0);
}

fn what_only_other_sockets_have_cannot_be_read(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.option(ffi::SOL_SOCKET, ffi::SO_MAX_MSG_SIZE)), code::WSAENOPROTOOPT, "no messages");
    for read_only in [ffi::SO_MAX_MSG_SIZE, ffi::SO_PROTOCOL_INFOW, ffi::SO_ERROR, ffi::SO_ACCEPTCONN] {
        assert_eq!(code(socket.set_option(ffi::SOL_SOCKET, read_only, 1)), code::WSAENOPROTOOPT, "{read_only:#x}");
    }
}

fn ports_are_in_network_byte_order(provider: &Provider) {
    let socket = provider.socket().unwrap();
    socket.bind(any()).unwrap();
    let mut raw = [0; 16];
    provider.table().get_sock_name(socket.raw(), &mut Room::new(&mut raw)).unwrap();
    let local = socket.local_addr().unwrap();
    assert_eq!(raw[2..4], local.port().to_be_bytes());
    assert_eq!(raw[4..8], local.ip().octets());
    socket.close().unwrap();
    // What was read is what a bind takes.
    let again = provider.socket().unwrap();
    provider.table().bind(again.raw(), &raw).unwrap();
    assert_eq!(again.local_addr(), Ok(local));
}

fn an_address_may_be_chosen_with_the_connection(provider: &Provider) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = client.local_addr().unwrap().port();
    client.connect(address).unwrap();
    assert_eq!(client.local_addr(), Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)), "known by then");
    drop(listener);
}

fn an_address_of_zeros_is_not_available(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.connect(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0))), code::WSAEADDRNOTAVAIL);
    let (_listener, address) = listener(provider);
    socket.connect(address).unwrap();
}

fn an_address_is_the_callers_again_after_the_call(provider: &Provider) {
    let (listener, address) = listener(provider);
    let (client, event) = (provider.socket().unwrap(), Event::new().unwrap());
    provider.table().event_select(client.raw(), Some(event.raw()), ffi::FD_CONNECT).unwrap();
    let mut raw = to_sockaddr(address);
    let _ = provider.table().connect(client.raw(), &raw, None, None, None, None);
    raw.fill(0xFF);
    listener.accept().unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(client.peer_addr(), Ok(address));
}

fn ending_a_direction_never_waits(provider: &Provider) {
    for end in 0..4 {
        let (client, _server) = provider.connected_pair().unwrap();
        // However much is on the way, and whatever is to be done about it at the close.
        client.set_nonblocking(true).unwrap();
        while client.send(&[1; 10_000]).is_ok() {}
        client.set_nonblocking(false).unwrap();
        client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(600)).unwrap();
        bounded(move || {
            let table = client.provider().table();
            match end {
                0 => client.shutdown(Shutdown::Write).unwrap(),
                1 => client.shutdown(Shutdown::Read).unwrap(),
                2 => table.send_disconnect(client.raw(), None).unwrap(),
                _ => table.recv_disconnect(client.raw(), None).unwrap(),
            }
            client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(0)).unwrap();
        });
    }
}

fn a_connection_that_was_shut_is_not_made_again(provider: &Provider) {
    let (_listener, address) = listener(provider);
    for how in [Shutdown::Write, Shutdown::Read, Shutdown::Both] {
        let (client, _server) = provider.connected_pair().unwrap();
        client.shutdown(how).unwrap();
        assert_eq!(code(client.connect(address)), code::WSAEISCONN);
    }
    let (client, _server) = provider.connected_pair().unwrap();
    provider.table().send_disconnect(client.raw(), None).unwrap();
    provider.table().recv_disconnect(client.raw(), None).unwrap();
    assert_eq!(code(client.connect(address)), code::WSAEISCONN);
}

/// A connection with as much on the way as there is room for.
fn full(provider: &Provider) -> (Socket, Socket, usize) {
    let (client, server) = provider.connected_pair().unwrap();
    client.set_nonblocking(true).unwrap();
    let mut sent = 0;
    while let Ok(count) = client.send(&[1; 10_000]) {
        sent += count;
    }
    client.set_nonblocking(false).unwrap();
    (client, server, sent)
}

fn a_close_that_lingers_waits_for_the_data(provider: &Provider) {
    let (client, server, sent) = full(provider);
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(600)).unwrap();
    bounded(move || {
        thread::scope(|scope| {
            scope.spawn(|| client.close().unwrap());
            let (mut received, mut room) = (0, vec![0; 100_000]);
            loop {
                match server.recv(&mut room).unwrap() {
                    0 => break,
                    count => received += count,
                }
            }
            assert_eq!(received, sent, "everything, then the end");
        });
    });
}

fn a_close_that_lingers_gives_up_after_its_time(provider: &Provider) {
    let (client, server, sent) = full(provider);
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(1)).unwrap();
    bounded(move || client.close().unwrap());
    // Nobody has read: the connection is over, unless the system has taken all of it over.
    let (mut received, mut room) = (0, vec![0; 100_000]);
    loop {
        match server.recv(&mut room) {
            Ok(0) => break assert_eq!(received, sent),
            Ok(count) => received += count,
            Err(error) => break assert_eq!(error.code(), Some(code::WSAECONNRESET)),
        }
    }
}

/// Runs a call under a hook that cancels it.
fn cancelled<R>(provider: &Provider, call: impl FnOnce() -> R) -> R {
    let table = provider.table();
    let _hook = BlockingHook::install(|| {
        table.cancel_blocking_call().unwrap();
        true
    });
    call()
}

fn cancelled_calls_leave_their_sockets_usable(provider: &Provider) {
    let (listener, address) = listener(provider);
    assert_eq!(code(cancelled(provider, || listener.accept())), code::WSAEINTR);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    let (server, _) = listener.accept().unwrap();
    let select = || provider.table().select(0, Some(&mut FdSet::new(&[server.raw()])), None, None, None);
    assert_eq!(cancelled(provider, select).unwrap_err().code(), Some(code::WSAEINTR));
    client.send(b"x").unwrap();
    assert_eq!(select().unwrap(), 1);
    assert_eq!(server.recv(&mut [0; 1]), Ok(1));
}

fn cancelled_calls_of_all_kinds_say_so(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let mut room = [0; 4];
    let receive = || {
        // SAFETY: not overlapped, so nothing is used after the call.
        let got = unsafe {
            let mut pieces = [PieceMut::new(&mut room)];
            provider.table().recv_from(client.raw(), &mut pieces, 0, None, OverlappedCall::NONE)
        };
        got.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(cancelled(provider, receive), Err(Some(code::WSAEINTR)));
    server.send(b"x").unwrap();
    assert_eq!(client.recv(&mut [0; 4]), Ok(1));
    let (full, _reader, _) = full(provider);
    // What there is room for is progress; without any the call says that it was cancelled.
    let code = loop {
        let send = || {
            // SAFETY: not overlapped, so nothing is used after the call.
            unsafe {
                let pieces = [Piece::new(&[1; 10_000])];
                provider.table().send_to(full.raw(), &pieces, 0, None, OverlappedCall::NONE)
            }
        };
        if let Err(error) = cancelled(provider, send) {
            break error.code();
        }
    };
    assert_eq!(code, Some(code::WSAEINTR));
}

fn select_tells_listeners_data_and_ends(provider: &Provider) {
    let ready = |socket: &Socket| {
        let mut set = FdSet::new(&[socket.raw()]);
        let soon = ffi::timeval { tv_sec: 0, tv_usec: 0 };
        provider.table().select(0, Some(&mut set), None, None, Some(&soon)).unwrap()
    };
    let wait = |socket: &Socket| {
        let mut set = FdSet::new(&[socket.raw()]);
        assert_eq!(provider.table().select(0, Some(&mut set), None, None, None).unwrap(), 1);
    };
    let (listener, address) = listener(provider);
    assert_eq!(ready(&listener), 0);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    wait(&listener);
    let (server, _) = listener.accept().unwrap();
    assert_eq!((ready(&listener), ready(&server)), (0, 0));
    client.send(b"x").unwrap();
    wait(&server);
    server.recv(&mut [0; 1]).unwrap();
    assert_eq!(ready(&server), 0);
    client.close().unwrap();
    wait(&server);
    assert_eq!(server.recv(&mut [0; 1]), Ok(0), "the end");
    let (client, server) = provider.connected_pair().unwrap();
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(0)).unwrap();
    client.close().unwrap();
    wait(&server);
    assert_eq!(code(server.recv(&mut [0; 1])), code::WSAECONNRESET);
}

fn select_tells_who_can_send(provider: &Provider) {
    let writable = |socket: &Socket, time: Option<&ffi::timeval>| {
        let mut set = FdSet::new(&[socket.raw()]);
        provider.table().select(0, None, Some(&mut set), None, time).unwrap()
    };
    let now = ffi::timeval { tv_sec: 0, tv_usec: 0 };
    let (_listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    assert_eq!(writable(&client, Some(&now)), 0, "not connected");
    client.set_nonblocking(true).unwrap();
    let _ = client.connect(address);
    assert_eq!(writable(&client, None), 1, "the connect has succeeded");
    assert_eq!(client.send(b"x"), Ok(1), "so sending works");
    let (full, server, mut sent) = full(provider);
    let mut room = vec![0; 100_000];
    while sent > 0 {
        sent -= server.recv(&mut room).unwrap();
    }
    assert_eq!(writable(&full, None), 1, "there is room again");
    full.set_nonblocking(true).unwrap();
    assert_eq!(full.send(b"x"), Ok(1));
}

fn select_that_does_not_wait_calls_no_hook(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let calls = std::cell::Cell::new(0);
    let _hook = BlockingHook::install(|| {
        calls.set(calls.get() + 1);
        true
    });
    let now = ffi::timeval { tv_sec: 0, tv_usec: 0 };
    for _ in 0..50 {
        let mut set = FdSet::new(&[client.raw()]);
        assert_eq!(provider.table().select(0, Some(&mut set), None, None, Some(&now)).unwrap(), 0);
    }
    assert_eq!(calls.get(), 0);
}

fn parts_of_messages_are_no_part_of_streams(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    assert_eq!(code(client.send_with(&[b"x"], ffi::MSG_PARTIAL)), code::WSAEOPNOTSUPP);
    let sent = |flags| {
        // SAFETY: not overlapped, so nothing is used after the call.
        let sent =
            unsafe { provider.table().send_to(client.raw(), &[Piece::new(b"y")], flags, None, OverlappedCall::NONE) };
        sent.map_err(|error| error.code())
    };
    for refused in [ffi::MSG_PARTIAL, ffi::MSG_OOB] {
        assert_eq!(sent(refused), Err(Some(code::WSAEOPNOTSUPP)));
    }
    // Streams have no routes of their own: the flag is ignored.
    assert_eq!(client.send_with(&[b"x"], ffi::MSG_DONTROUTE), Ok(1));
    assert_eq!(server.recv_with(&mut [&mut [0; 4]], 0), Ok((1, 0)));
    assert_eq!(sent(ffi::MSG_DONTROUTE), Ok(wsp::rt::Outcome::Done(1)));
}

fn sends_of_a_stream_that_is_full_take_a_part(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let data = vec![1; 50_000_000];
    let send = |data: &[u8]| {
        // SAFETY: not overlapped, so nothing is used after the call.
        unsafe { provider.table().send_to(client.raw(), &[Piece::new(data)], 0, None, OverlappedCall::NONE) }
    };
    client.set_nonblocking(true).unwrap();
    let wsp::rt::Outcome::Done(part) = send(&data).unwrap() else { panic!("it is not overlapped") };
    assert!(part > 0 && (part as usize) < data.len(), "{part}");
    let mut room = vec![0; 100_000];
    let mut left = part as usize;
    while left > 0 {
        left -= server.recv(&mut room).unwrap();
    }
    // Blocking, every byte is taken; those who receive wait for the first.
    client.set_nonblocking(false).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(send(&data[..3_000_000]).unwrap(), wsp::rt::Outcome::Done(3_000_000)));
        let mut received = 0;
        while received < 3_000_000 {
            // SAFETY: not overlapped, so nothing is used after the call.
            let got = unsafe {
                let mut pieces = [PieceMut::new(&mut room)];
                provider.table().recv_from(server.raw(), &mut pieces, 0, None, OverlappedCall::NONE)
            };
            let wsp::rt::Outcome::Done(done) = got.unwrap() else { panic!("it is not overlapped") };
            assert!(done.bytes > 0);
            received += done.bytes as usize;
        }
        assert_eq!(received, 3_000_000);
    });
}
