//! What a socket and its duplicates have in common (`WSPDuplicateSocket`).

use std::net::Shutdown;
use std::thread;

use wsp::rt::{Code, FdSet, zeroed};
use wsp::{code, ffi};
use wsp_host::{Event, Notify, Provider, Socket, Window};

use crate::support::{PATIENCE, code};

over_each!(
    options_set_through_one_are_seen_through_all,
    an_option_changes_no_other_of_a_duplicate,
    a_direction_is_shut_for_all,
    a_receive_that_waits_ends_when_another_shuts_its_direction,
    a_send_that_waits_ends_when_another_shuts_its_direction,
    what_an_accepted_socket_takes_on_is_seen_through_all,
    the_newest_registration_of_all_counts,
    a_message_registration_ends_that_of_events,
    a_duplicate_without_registration_ends_none,
    a_listener_and_its_duplicate_share_options,
);

const LEVEL: i32 = ffi::SOL_SOCKET;

/// More than can be under way while nobody receives.
const MUCH: usize = 32 << 20;

/// Another socket of the same.
fn twin(socket: &Socket) -> Socket {
    let info = socket.duplicate(std::process::id()).unwrap();
    socket.provider().socket_from(&info).unwrap()
}

/// What was noted for a socket since the last time.
fn happened(socket: &Socket) -> i32 {
    let mut told: ffi::WSANETWORKEVENTS = zeroed();
    socket.provider().table().enum_network_events(socket.raw(), None, &mut told).unwrap();
    told.lNetworkEvents
}

fn options_set_through_one_are_seen_through_all(provider: &Provider) {
    let (_client, server) = provider.connected_pair().unwrap();
    server.set_option(LEVEL, ffi::SO_RCVBUF, 7_000).unwrap();
    let (second, third) = (twin(&server), twin(&server));
    for (option, value) in [
        (ffi::SO_RCVTIMEO, 5_000),
        (ffi::SO_SNDTIMEO, 6_000),
        (ffi::SO_SNDBUF, 9_000),
        (ffi::SO_KEEPALIVE, 1),
        (ffi::SO_DONTLINGER, 0),
    ] {
        second.set_option(LEVEL, option, value).unwrap();
        let seen = [&server, &second, &third].map(|socket| socket.option(LEVEL, option));
        assert_eq!(seen, [Ok(value); 3], "option {option:#x}");
    }
    third.set_nonblocking(true).unwrap();
    assert_eq!(code(server.recv(&mut [0; 1])), code::WSAEWOULDBLOCK);
    // A duplicate of a duplicate, and after the first is gone.
    server.close().unwrap();
    let fourth = twin(&third);
    fourth.set_option(LEVEL, ffi::SO_RCVTIMEO, 0).unwrap();
    assert_eq!((second.option(LEVEL, ffi::SO_RCVTIMEO), fourth.option(LEVEL, ffi::SO_RCVBUF)), (Ok(0), Ok(7_000)));
}

fn an_option_changes_no_other_of_a_duplicate(provider: &Provider) {
    let (_client, server) = provider.connected_pair().unwrap();
    let second = twin(&server);
    server.set_option(LEVEL, ffi::SO_RCVTIMEO, 1_000).unwrap();
    second.set_option(LEVEL, ffi::SO_SNDTIMEO, 2_000).unwrap();
    second.set_option(LEVEL, ffi::SO_OOBINLINE, 1).unwrap();
    server.set_option(LEVEL, ffi::SO_OOBINLINE, 0).unwrap();
    for socket in [&server, &second] {
        let values = [ffi::SO_RCVTIMEO, ffi::SO_SNDTIMEO, ffi::SO_OOBINLINE].map(|option| socket.option(LEVEL, option));
        assert_eq!(values, [Ok(1_000), Ok(2_000), Ok(0)]);
    }
}

fn a_direction_is_shut_for_all(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    server.shutdown(Shutdown::Read).unwrap();
    let second = twin(&server);
    client.send(b"x").unwrap();
    assert_eq!(code(second.recv(&mut [0; 1])), code::WSAESHUTDOWN, "shut before");
    second.send(b"y").unwrap();
    second.shutdown(Shutdown::Write).unwrap();
    assert_eq!(code(server.send(b"z")), code::WSAESHUTDOWN, "shut since");
    let mut all = [0; 2];
    assert_eq!((client.recv(&mut all), client.recv(&mut all)), (Ok(1), Ok(0)));
}

fn a_receive_that_waits_ends_when_another_shuts_its_direction(provider: &Provider) {
    let (_client, server) = provider.connected_pair().unwrap();
    let (second, third) = (twin(&server), twin(&server));
    let event = Event::new().unwrap();
    thread::scope(|scope| {
        let posted = server.recv_overlapped(1, Notify::Event(&event));
        let waiting = scope.spawn(|| code(second.recv(&mut [0; 1])));
        third.shutdown(Shutdown::Read).unwrap();
        assert_eq!(waiting.join().unwrap(), code::WSAESHUTDOWN);
        assert!(event.wait(PATIENCE));
        assert_eq!(posted.status(), Some(Code(code::WSAESHUTDOWN).ntstatus()));
    });
    let mut set = FdSet::new(&[server.raw()]);
    assert_eq!(provider.table().select(0, Some(&mut set), None, None, None), Ok(1), "a receive fails at once");
}

fn a_send_that_waits_ends_when_another_shuts_its_direction(provider: &Provider) {
    let (_client, server) = provider.connected_pair().unwrap();
    let (second, third) = (twin(&server), twin(&server));
    let event = Event::new().unwrap();
    let much = vec![7; MUCH];
    let posted = server.send_overlapped(&much, Notify::Event(&event));
    assert_eq!(posted.status(), None);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| code(second.send(&much)));
        third.shutdown(Shutdown::Write).unwrap();
        assert_eq!(waiting.join().unwrap(), code::WSAESHUTDOWN);
    });
    assert!(event.wait(PATIENCE));
    assert_eq!(posted.status(), Some(Code(code::WSAESHUTDOWN).ntstatus()));
    assert_eq!(code(server.send(b"x")), code::WSAESHUTDOWN);
}

fn what_an_accepted_socket_takes_on_is_seen_through_all(provider: &Provider) {
    let (listener, address) = crate::support::listener(provider);
    listener.set_option(LEVEL, ffi::SO_RCVTIMEO, 4_000).unwrap();
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_option(LEVEL, ffi::SO_RCVTIMEO, 5_000).unwrap();
    let second = twin(&server);
    server.set_option_bytes(LEVEL, ffi::SO_UPDATE_ACCEPT_CONTEXT, &listener.raw().to_ne_bytes()).unwrap();
    assert_eq!([&server, &second].map(|socket| socket.option(LEVEL, ffi::SO_RCVTIMEO)), [Ok(4_000); 2]);
}

fn the_newest_registration_of_all_counts(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (ours, theirs) = (Event::new().unwrap(), Event::new().unwrap());
    let table = provider.table();
    table.event_select(server.raw(), Some(ours.raw()), ffi::FD_READ | ffi::FD_CLOSE).unwrap();
    let second = twin(&server);
    assert_eq!(code(second.set_nonblocking(false)), code::WSAEINVAL, "while events are registered, wherever");
    table.event_select(second.raw(), Some(theirs.raw()), ffi::FD_READ).unwrap();
    client.send(b"x").unwrap();
    assert!(theirs.wait(PATIENCE));
    assert_eq!(happened(&server), 0, "another has the events");
    assert!(!ours.is_set());
    // And back.
    table.event_select(server.raw(), Some(ours.raw()), ffi::FD_READ).unwrap();
    assert!(ours.wait(PATIENCE));
    theirs.reset();
    let mut byte = [0; 1];
    assert_eq!(server.recv(&mut byte), Ok(1));
    client.send(b"y").unwrap();
    assert!(ours.wait(PATIENCE));
    assert_eq!(happened(&second), 0);
    assert!(!theirs.is_set());
    // Taken back through one that has none.
    table.event_select(second.raw(), None, 0).unwrap();
    server.set_nonblocking(false).unwrap();
}

fn a_message_registration_ends_that_of_events(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (event, window) = (Event::new().unwrap(), Window::new());
    let table = provider.table();
    let second = twin(&server);
    table.event_select(second.raw(), Some(event.raw()), ffi::FD_READ).unwrap();
    table.async_select(server.raw(), window.raw(), 0x0401, ffi::FD_READ).unwrap();
    client.send(b"x").unwrap();
    assert_eq!(window.wait(PATIENCE).map(|message| message.wparam), Some(server.raw()));
    assert_eq!(happened(&second), 0);
    assert!(!event.is_set());
}

fn a_duplicate_without_registration_ends_none(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    provider.table().event_select(server.raw(), Some(event.raw()), ffi::FD_READ).unwrap();
    let second = twin(&server);
    second.set_option(LEVEL, ffi::SO_RCVTIMEO, 1_000).unwrap();
    second.close().unwrap();
    client.send(b"x").unwrap();
    assert!(event.wait(PATIENCE));
}

fn a_listener_and_its_duplicate_share_options(provider: &Provider) {
    let (listener, _) = crate::support::listener(provider);
    let second = twin(&listener);
    second.set_option(LEVEL, ffi::SO_SNDTIMEO, 3_000).unwrap();
    assert_eq!(listener.option(LEVEL, ffi::SO_SNDTIMEO), Ok(3_000));
    second.set_nonblocking(true).unwrap();
    assert_eq!(code(listener.accept().map(|_| ())), code::WSAEWOULDBLOCK);
    let bare = provider.socket().unwrap();
    let other = twin(&bare);
    bare.set_option(LEVEL, ffi::SO_REUSEADDR, 1).unwrap();
    assert_eq!(other.option(LEVEL, ffi::SO_REUSEADDR), Ok(1));
}
