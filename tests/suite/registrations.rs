//! What a registration for events lasts for and hands down, and what the record of events holds.

use std::time::Duration;

use wsp::rt::zeroed;
use wsp::{code, ffi};
use wsp_host::{Event, Provider, Socket, Window};

use crate::support::{PATIENCE, code, listener};

over_each!(
    accepted_sockets_inherit_the_event,
    accepted_sockets_inherit_the_window,
    an_empty_mask_ends_the_registration,
    a_new_registration_begins_with_an_empty_record,
    messages_leave_no_record,
    a_refused_query_keeps_the_record,
    nothing_is_told_after_the_close,
    writing_is_told_at_first_and_when_there_is_room_again,
    the_end_of_a_connect_is_a_message,
    requests_that_wait_are_told_again,
    what_is_left_unread_is_told_again,
    select_leaves_the_registration,
);

fn select(socket: &Socket, event: Option<&Event>, events: i32) {
    socket.provider().table().event_select(socket.raw(), event.map(Event::raw), events).unwrap();
}

fn happened(socket: &Socket, event: Option<&Event>) -> (i32, [i32; 10]) {
    let mut told: ffi::WSANETWORKEVENTS = zeroed();
    socket.provider().table().enum_network_events(socket.raw(), event.map(Event::raw), &mut told).unwrap();
    (told.lNetworkEvents, told.iErrorCode)
}

fn wait_for(socket: &Socket, event: &Event) -> i32 {
    assert!(event.wait(PATIENCE), "the event is not told");
    happened(socket, Some(event)).0
}

/// Messages about a socket: which event, which code.
fn message(window: &Window, socket: &Socket) -> (i32, i32) {
    let message = window.wait(PATIENCE).expect("a message");
    assert_eq!((message.number, message.wparam), (0x0402, socket.raw()));
    ((message.lparam & 0xFFFF) as i32, (message.lparam >> 16) as i32)
}

fn watch(socket: &Socket, window: &Window, events: i32) {
    socket.provider().table().async_select(socket.raw(), window.raw(), 0x0402, events).unwrap();
}

fn accepted_sockets_inherit_the_event(provider: &Provider) {
    let (listener, address) = listener(provider);
    let event = Event::new().unwrap();
    select(&listener, Some(&event), ffi::FD_ACCEPT | ffi::FD_READ);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    assert_eq!(wait_for(&listener, &event), ffi::FD_ACCEPT);
    let (server, _) = listener.accept().unwrap();
    client.send(b"x").unwrap();
    assert_eq!(wait_for(&server, &event), ffi::FD_READ, "with the same event object");
    assert_eq!(
        code(server.recv_with(&mut [&mut [0; 1]], 0).and_then(|_| server.recv(&mut [0; 1]))),
        code::WSAEWOULDBLOCK
    );
}

fn accepted_sockets_inherit_the_window(provider: &Provider) {
    let (listener, address) = listener(provider);
    let window = Window::new();
    watch(&listener, &window, ffi::FD_ACCEPT | ffi::FD_READ);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    assert_eq!(message(&window, &listener), (ffi::FD_ACCEPT, 0));
    let (server, _) = listener.accept().unwrap();
    client.send(b"x").unwrap();
    assert_eq!(message(&window, &server), (ffi::FD_READ, 0));
}

fn an_empty_mask_ends_the_registration(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    select(&client, Some(&event), ffi::FD_READ);
    select(&client, Some(&event), 0);
    server.send(b"x").unwrap();
    let (other, another) = (Event::new().unwrap(), Event::new().unwrap());
    // Told on the same thread, and later.
    select(&server, Some(&another), ffi::FD_WRITE);
    assert!(another.wait(PATIENCE));
    assert!(!event.is_set());
    assert_eq!(happened(&client, Some(&event)).0, 0, "nothing is recorded either");
    // The event is of no account then, whatever it is.
    provider.table().event_select(client.raw(), Some(0xDEAD), 0).unwrap();
    select(&client, Some(&other), ffi::FD_READ);
    assert_eq!(wait_for(&client, &other), ffi::FD_READ, "recorded from now on");
}

fn a_new_registration_begins_with_an_empty_record(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    select(&client, Some(&event), ffi::FD_READ | ffi::FD_WRITE);
    server.send(b"x").unwrap();
    while !client.available().is_ok_and(|count| count == 1) {
        std::thread::yield_now();
    }
    let window = Window::new();
    watch(&client, &window, ffi::FD_CLOSE);
    assert_eq!(happened(&client, None).0, 0, "the record went with the registration");
    let next = Event::new().unwrap();
    select(&client, Some(&next), ffi::FD_WRITE);
    assert_eq!(wait_for(&client, &next), ffi::FD_WRITE, "no more than was asked for");
    server.close().unwrap();
    client.recv(&mut [0; 9]).unwrap();
    assert_eq!(window.wait(Duration::ZERO).map(|message| message.lparam), None, "nor do messages come any more");
}

fn messages_leave_no_record(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let window = Window::new();
    watch(&client, &window, ffi::FD_READ);
    server.send(b"x").unwrap();
    assert_eq!(message(&window, &client), (ffi::FD_READ, 0));
    assert_eq!(happened(&client, None).0, 0);
}

fn a_refused_query_keeps_the_record(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    select(&client, Some(&event), ffi::FD_READ);
    server.send(b"x").unwrap();
    assert!(event.wait(PATIENCE));
    let query = provider.table().raw().lpWSPEnumNetworkEvents.unwrap();
    let mut errno = 0;
    // SAFETY: a structure that is not there is refused, not written.
    let refused = unsafe { query(client.raw(), event.raw(), std::ptr::null_mut(), &mut errno) };
    assert_eq!((refused, errno), (ffi::SOCKET_ERROR, code::WSAEINVAL));
    assert!(event.is_set(), "it has not been reset");
    assert_eq!(happened(&client, Some(&event)).0, ffi::FD_READ);
    assert!(!event.is_set());
}

fn nothing_is_told_after_the_close(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (event, window) = (Event::new().unwrap(), Window::new());
    select(&client, Some(&event), ffi::FD_READ | ffi::FD_CLOSE);
    watch(&server, &window, ffi::FD_READ | ffi::FD_CLOSE);
    client.close().unwrap();
    assert_eq!(message(&window, &server), (ffi::FD_CLOSE, 0));
    server.close().unwrap();
    assert!(!event.is_set(), "one's own close is no event");
    // The object is the program's as before.
    event.set();
    assert!(event.is_set());
    event.reset();
    let (other, peer) = provider.connected_pair().unwrap();
    select(&other, Some(&event), ffi::FD_READ);
    peer.send(b"x").unwrap();
    assert_eq!(wait_for(&other, &event), ffi::FD_READ);
    assert_eq!(window.wait(Duration::ZERO), None);
}

fn writing_is_told_at_first_and_when_there_is_room_again(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let window = Window::new();
    watch(&client, &window, ffi::FD_WRITE);
    assert_eq!(message(&window, &client), (ffi::FD_WRITE, 0), "at registration");
    let mut sent = 0;
    while let Ok(count) = client.send(&[1; 10_000]) {
        sent += count;
        assert!(sent < 1 << 30);
    }
    assert_eq!(window.wait(Duration::ZERO), None, "once");
    let mut room = vec![0; 100_000];
    while sent > 0 {
        sent -= server.recv(&mut room).unwrap();
    }
    assert_eq!(message(&window, &client), (ffi::FD_WRITE, 0), "there is room again");
    assert_eq!(client.send(b"x"), Ok(1));
}

fn the_end_of_a_connect_is_a_message(provider: &Provider) {
    let (listener, address) = listener(provider);
    let events = ffi::FD_CONNECT | ffi::FD_WRITE;
    let (client, window) = (provider.socket().unwrap(), Window::new());
    watch(&client, &window, events);
    let _ = client.connect(address);
    let first = message(&window, &client);
    let second = message(&window, &client);
    assert_eq!(
        (first, second),
        ((ffi::FD_WRITE, 0), (ffi::FD_CONNECT, 0)).min(((ffi::FD_CONNECT, 0), (ffi::FD_WRITE, 0)))
    );
    listener.close().unwrap();
    let (client, window) = (provider.socket().unwrap(), Window::new());
    watch(&client, &window, events);
    let _ = client.connect(address);
    assert_eq!(message(&window, &client), (ffi::FD_CONNECT, code::WSAECONNREFUSED));
}

fn requests_that_wait_are_told_again(provider: &Provider) {
    let (listener, address) = listener(provider);
    let clients: Vec<Socket> = (0..3).map(|_| provider.socket().unwrap()).collect();
    clients.iter().for_each(|client| client.connect(address).unwrap());
    let window = Window::new();
    watch(&listener, &window, ffi::FD_ACCEPT);
    for _ in &clients {
        assert_eq!(message(&window, &listener), (ffi::FD_ACCEPT, 0), "at registration, and while there are more");
        assert_eq!(window.wait(Duration::ZERO), None, "one for each accept");
        drop(listener.accept().unwrap());
    }
}

fn what_is_left_unread_is_told_again(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let window = Window::new();
    server.send(b"three").unwrap();
    watch(&client, &window, ffi::FD_READ);
    for _ in 0..5 {
        assert_eq!(message(&window, &client), (ffi::FD_READ, 0), "as long as there is something");
        assert_eq!(client.recv(&mut [0; 1]), Ok(1));
    }
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAEWOULDBLOCK);
    assert_eq!(window.wait(Duration::ZERO), None);
}

fn select_leaves_the_registration(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    select(&client, Some(&event), ffi::FD_READ);
    server.send(b"x").unwrap();
    let mut read = wsp::rt::FdSet::new(&[client.raw()]);
    assert_eq!(provider.table().select(0, Some(&mut read), None, None, None).unwrap(), 1);
    assert_eq!(wait_for(&client, &event), ffi::FD_READ);
    client.recv(&mut [0; 1]).unwrap();
    server.send(b"y").unwrap();
    assert_eq!(wait_for(&client, &event), ffi::FD_READ, "as before");
}
