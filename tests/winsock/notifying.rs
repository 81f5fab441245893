//! How programs learn that something has happened: events, routines, ports, messages.

use std::time::Duration;

use wsp::rt::Outcome;
use wsp::{code, ffi};
use wsp_host::winsock::{Failure, Stack, last_error};
use wsp_host::{Event, Notify, Operation, Port, Window, Woken, wait_alertable};

use crate::support::{PATIENCE, code, tcp};

over_each!(
    an_event_tells_the_end_of_an_operation,
    a_routine_runs_in_an_alertable_wait,
    a_port_tells_the_end_of_an_operation,
    a_closed_socket_ends_its_operations,
    network_events_are_recorded_and_enumerated,
    network_events_are_posted_to_windows,
);

fn assert_pending(operation: &Operation<Failure>) {
    assert_eq!(operation.returned(), Ok(Outcome::Pending));
    assert_eq!(last_error(), code::WSA_IO_PENDING);
    assert_eq!(operation.status(), None);
}

fn an_event_tells_the_end_of_an_operation(stack: &Stack) {
    let (client, server) = stack.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    assert_pending(&receive);
    assert_eq!(code(server.overlapped_result(&receive, false)), code::WSA_IO_INCOMPLETE);
    client.send(b"hello").unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(server.overlapped_result(&receive, true), Ok((5, 0)));
    assert_eq!(receive.buffer().map(|buffer| &buffer[..5]), Some(&b"hello"[..]));
    let sent = client.send_overlapped(b"more", Notify::Event(&event));
    sent.returned().unwrap();
    assert_eq!(client.overlapped_result(&sent, true), Ok((4, 0)));
    let waiting = server.recv_overlapped(9, Notify::Port);
    waiting.returned().unwrap();
    assert_eq!(server.overlapped_result(&waiting, true), Ok((4, 0)), "waits without an event");
}

fn a_routine_runs_in_an_alertable_wait(stack: &Stack) {
    let (client, server) = stack.connected_pair().unwrap();
    let receive = server.recv_overlapped(9, Notify::Routine);
    assert_pending(&receive);
    client.send(b"hello").unwrap();
    assert_eq!(receive.routine_calls(), [], "not before");
    while receive.routine_calls().is_empty() {
        assert_eq!(wait_alertable(None, PATIENCE), Woken::Calls(1));
    }
    let call = receive.routine_calls()[0];
    assert_eq!((call.error, call.bytes), (0, 5));
}

fn a_port_tells_the_end_of_an_operation(stack: &Stack) {
    let (client, server) = stack.connected_pair().unwrap();
    let port = Port::new().unwrap();
    assert!(server.associate(&port, 99));
    let receive = server.recv_overlapped(9, Notify::Port);
    receive.returned().unwrap();
    client.send(b"hello").unwrap();
    let packet = port.wait(PATIENCE).unwrap();
    assert_eq!((packet.key, packet.record, packet.status, packet.bytes), (99, receive.record(), 0, 5));
    assert_eq!(port.wait(Duration::ZERO), None, "told once");
    let event = Event::new().unwrap();
    let silent = server.recv_overlapped(9, Notify::EventOnly(&event));
    client.send(b"hello").unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!((silent.bytes(), port.wait(Duration::ZERO)), (Some(5), None), "the low bit keeps the port out");
}

fn a_closed_socket_ends_its_operations(stack: &Stack) {
    let (_client, server) = stack.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    server.close().unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(receive.status(), Some(0xC000_0120));
    assert_eq!(code(server.overlapped_result(&receive, false)), code::WSAENOTSOCK);
}

fn network_events_are_recorded_and_enumerated(stack: &Stack) {
    let (client, server) = stack.connected_pair().unwrap();
    let event = Event::new().unwrap();
    server.event_select(Some(&event), ffi::FD_READ | ffi::FD_CLOSE).unwrap();
    client.send(b"x").unwrap();
    assert!(event.wait(PATIENCE));
    let events = server.network_events(Some(&event)).unwrap();
    assert_eq!(events.lNetworkEvents, ffi::FD_READ);
    assert!(!event.is_set(), "the enumeration resets it");
    assert_eq!(code(server.ioctl(ffi::FIONBIO, &0_u32.to_ne_bytes(), &mut [])), code::WSAEINVAL, "nonblocking by then");
    server.event_select(None, 0).unwrap();
}

fn network_events_are_posted_to_windows(stack: &Stack) {
    const MESSAGE: u32 = 0x0401;
    let (client, server) = stack.connected_pair().unwrap();
    let window = Window::new();
    server.async_select(&window, MESSAGE, ffi::FD_READ).unwrap();
    client.send(b"x").unwrap();
    let message = window.wait(PATIENCE).unwrap();
    assert_eq!((message.number, message.wparam, message.lparam), (MESSAGE, server.raw(), ffi::FD_READ as isize));
    assert_eq!(code(tcp(stack).unwrap().async_select(&window, MESSAGE, -1)), code::WSAEINVAL);
}
