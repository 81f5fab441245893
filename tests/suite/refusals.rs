//! Hosts whose upcalls fail: calls end, operations have one end, sockets close.

use std::time::{Duration, Instant};

use wsp::rt::{Outcome, zeroed};
use wsp::{code, ffi};
use wsp_host::{Event, Host, Notify, Operation, Port, Provider, Socket, Window, Woken, wait_alertable};
use wsp_tests::refusing::Failing;

use crate::options::on;
use crate::support::{PATIENCE, Source, code};

over_each!(alone: every_upcall_may_fail, the_newest_upcalls_count, a_completion_that_the_host_refuses_is_in_the_record);

fn every_upcall_may_fail(source: Source) {
    for failing in Failing::ALL {
        let provider = source.start(&Host::new().with_upcalls(failing.upcalls())).unwrap();
        if *failing == Failing::create_socket_handle {
            code(provider.socket().map(|_| ()));
            continue;
        }
        operations_end_once(&provider, *failing);
        calls_wait(&provider);
        events_are_recorded(&provider);
        messages_may_be_lost(&provider);
        let (client, _server) = provider.connected_pair().unwrap();
        client.close().unwrap();
        assert_eq!(code(client.close()), code::WSAENOTSOCK, "{failing:?}: the socket is gone for all that");
    }
}

fn the_newest_upcalls_count(source: Source) {
    let first = source.start(&Host::new()).unwrap();
    first.socket().unwrap();
    let newest = source.start(&Host::new().with_upcalls(Failing::create_socket_handle.upcalls())).unwrap();
    code(first.socket().map(|_| ()));
    code(newest.socket().map(|_| ()));
    let repaired = source.start(&Host::new()).unwrap();
    first.socket().unwrap();
    drop((repaired, newest));
    first.socket().unwrap();
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Success,
    Error,
    Close,
}

fn finish(client: &Socket, server: &Socket, end: End) -> u32 {
    match end {
        End::Success => {
            assert_eq!(server.send(b"done"), Ok(4));
            0
        }
        End::Error => {
            server.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(0)).unwrap();
            server.close().unwrap();
            0xC000_020D
        }
        End::Close => {
            client.close().unwrap();
            0xC000_0120
        }
    }
}

/// Waits until the record holds the end.
fn ended(operation: &Operation, what: &str) -> u32 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // Routines run meanwhile.
        while wait_alertable(None, Duration::ZERO) != Woken::Timeout {}
        if let Some(status) = operation.status() {
            return status;
        }
        assert!(Instant::now() < deadline, "{what}: whoever polls waits for ever");
        std::thread::yield_now();
    }
}

fn operations_end_once(provider: &Provider, failing: Failing) {
    for way in 0..4 {
        for end in [End::Success, End::Error, End::Close] {
            let what = format!("{failing:?}, {way}, {end:?}");
            let (client, server) = provider.connected_pair().unwrap();
            let (event, port) = (Event::new().unwrap(), Port::new().unwrap());
            port.associate(client.raw(), 9);
            let notify = [Notify::Port, Notify::Event(&event), Notify::EventOnly(&event), Notify::Routine][way];
            let operation = client.recv_overlapped(9, notify);
            assert_eq!(operation.returned(), Ok(Outcome::Pending), "{what}");
            let expected = finish(&client, &server, end);
            assert_eq!(ended(&operation, &what), expected, "{what}");
            if way < 2 {
                assert_eq!(port.wait(PATIENCE).map(|packet| packet.record), Some(operation.record()), "{what}");
            }
            drop((client, server));
            while wait_alertable(None, Duration::ZERO) != Woken::Timeout {}
            assert_eq!(port.wait(Duration::ZERO), None, "{what}: again");
            let routine = usize::from(way == 3 && failing != Failing::queue_apc);
            assert_eq!(operation.routine_calls().len(), routine, "{what}");
            assert_eq!(operation.status(), Some(expected), "{what}: later");
        }
    }
}

/// A call that blocks, with a hook that cannot be asked for.
fn calls_wait(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| client.recv(&mut [0; 9]));
        assert_eq!(server.send(b"late"), Ok(4));
        assert_eq!(waiting.join().unwrap(), Ok(4));
    });
}

/// An event that cannot be set or reset is in the record all the same.
fn events_are_recorded(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (event, table) = (Event::new().unwrap(), provider.table());
    table.event_select(client.raw(), Some(event.raw()), ffi::FD_READ | ffi::FD_CLOSE).unwrap();
    server.send(b"x").unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut happened = 0;
    while happened & ffi::FD_READ == 0 {
        let mut told: ffi::WSANETWORKEVENTS = zeroed();
        table.enum_network_events(client.raw(), Some(event.raw()), &mut told).unwrap();
        assert_eq!(happened & told.lNetworkEvents, 0, "told once");
        happened |= told.lNetworkEvents;
        assert!(Instant::now() < deadline, "the event is lost");
        std::thread::yield_now();
    }
    table.event_select(client.raw(), None, 0).unwrap();
    client.set_nonblocking(false).unwrap();
    assert_eq!(client.recv(&mut [0; 9]), Ok(1));
}

fn messages_may_be_lost(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let window = Window::new();
    provider.table().async_select(client.raw(), window.raw(), 0x400, ffi::FD_READ).unwrap();
    server.send(b"x").unwrap();
    assert!(window.wait(PATIENCE).is_some());
    assert_eq!(client.recv(&mut [0; 9]), Ok(1));
}

/// Here the host knows the socket's handle no more: somebody has closed it behind the provider's back.
fn a_completion_that_the_host_refuses_is_in_the_record(source: Source) {
    let provider = source.start(&Host::new()).unwrap();
    for end in [End::Success, End::Error, End::Close] {
        let (client, server) = provider.connected_pair().unwrap();
        let event = Event::new().unwrap();
        let operations = [client.recv_overlapped(9, Notify::Port), client.recv_overlapped(9, Notify::Event(&event))];
        let close = wsp_host::UPCALLS.lpWPUCloseSocketHandle.unwrap();
        let mut errno = 0;
        // SAFETY: the host's function with a place of ours.
        assert_eq!(unsafe { close(client.raw(), &mut errno) }, 0);
        let expected = finish(&client, &server, end);
        let first = ended(&operations[0], "the first");
        assert_eq!(first, expected, "{end:?}");
        if end != End::Success {
            assert_eq!(ended(&operations[1], "the second"), expected, "{end:?}");
        }
        assert!(!event.is_set(), "the host was asked, and refused");
        let _ = client.close();
        assert_eq!(ended(&operations[1], "the second"), if end == End::Success { 0xC000_0120 } else { expected });
    }
}
