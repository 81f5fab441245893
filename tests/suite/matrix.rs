//! Every way to be told the end of an operation, with every end that it may have: told once.

use std::time::Duration;

use wsp::rt::{Outcome, OverlappedCall};
use wsp::{code, ffi};
use wsp_host::{Event, Host, Notify, Operation, Port, Provider, Socket, UPCALLS, Upcall, Woken, wait_alertable};

use crate::options::on;
use crate::support::{PATIENCE, Source};

over_each!(every_end_is_told_once_by_every_way);
over_each!(alone: an_end_that_no_queue_takes_is_in_the_record);

const ABORTED: u32 = 0xC000_0120;
const RESET: u32 = 0xC000_020D;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Port,
    Event,
    EventOnly,
    Routine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Success,
    Error,
    Cancel,
    Close,
}

/// A pending operation on the first socket, which `finish` brings to its end.
fn pending(client: &Socket, end: End, notify: Notify<'_>) -> (Operation, Vec<Operation>) {
    if end != End::Cancel {
        return (client.recv_overlapped(9, notify), Vec::new());
    }
    // Sends are what can be cancelled alone: those for which there is no room yet. So small that no transport borrows their memory;
    // what is told of those before does not matter here.
    let mut before = Vec::new();
    loop {
        before.push(client.send_overlapped(&[7; 4000], Notify::Routine));
        // A system's own buffers may grow a little when they are full; many that wait stay many.
        let waiting = before.iter().rev().take_while(|send| send.status().is_none()).count();
        if waiting >= 200 {
            return (client.send_overlapped(&[7; 4000], notify), before);
        }
    }
}

fn finish(client: &Socket, server: &Socket, end: End) {
    match end {
        End::Success => assert_eq!(server.send(b"done"), Ok(4)),
        End::Error => {
            server.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(0)).unwrap();
            server.close().unwrap();
        }
        End::Cancel => {
            let table = client.provider().table();
            // SAFETY: not overlapped, so nothing is used after the call.
            let flushed = unsafe { table.ioctl(client.raw(), ffi::SIO_FLUSH, None, None, OverlappedCall::NONE) };
            assert_eq!(flushed, Ok(Outcome::Done(0)));
        }
        End::Close => client.close().unwrap(),
    }
}

fn expected(end: End) -> (u32, i32, u32) {
    match end {
        End::Success => (0, 0, 4),
        End::Error => (RESET, code::WSAECONNRESET, 0),
        End::Cancel | End::Close => (ABORTED, code::WSA_OPERATION_ABORTED, 0),
    }
}

fn every_end_is_told_once_by_every_way(provider: &Provider) {
    for way in [Way::Port, Way::Event, Way::EventOnly, Way::Routine] {
        for end in [End::Success, End::Error, End::Cancel, End::Close] {
            one(provider, way, end);
        }
    }
}

fn one(provider: &Provider, way: Way, end: End) {
    let (client, server) = provider.connected_pair().unwrap();
    let (event, port) = (Event::new().unwrap(), Port::new().unwrap());
    port.associate(client.raw(), 9);
    let notices = || provider.counts().get(Upcall::CompleteOverlappedRequest);
    let notify = match way {
        Way::Port => Notify::Port,
        Way::Event => Notify::Event(&event),
        Way::EventOnly => Notify::EventOnly(&event),
        Way::Routine => Notify::Routine,
    };
    let (operation, before) = pending(&client, end, notify);
    assert_eq!(operation.returned(), Ok(Outcome::Pending), "{way:?}, {end:?}");
    let counted = notices();
    assert!(operation.status().is_none(), "{way:?}, {end:?}");
    finish(&client, &server, end);
    let (status, error, bytes) = expected(end);
    let name = format!("{way:?}, {end:?}");
    match way {
        Way::Port | Way::Event => {
            let packet = port.wait(PATIENCE).unwrap_or_else(|| panic!("{name}: no packet"));
            assert_eq!((packet.record, packet.status, packet.bytes), (operation.record(), status, bytes), "{name}");
            assert_eq!(event.is_set(), way == Way::Event, "{name}");
        }
        Way::EventOnly => assert!(event.wait(PATIENCE), "{name}"),
        Way::Routine => {
            while operation.routine_calls().is_empty() {
                assert!(matches!(wait_alertable(None, PATIENCE), Woken::Calls(_)), "{name}");
            }
        }
    }
    assert_eq!((operation.status(), operation.bytes()), (Some(status), Some(bytes as usize)), "{name}");
    if way != Way::Routine && end != End::Cancel {
        assert_eq!(notices() - counted, 1, "{name}");
    }
    // Nothing comes afterwards, whatever becomes of the sockets.
    event.reset();
    drop((client, server));
    while wait_alertable(None, Duration::ZERO) != Woken::Timeout {}
    assert!(!event.is_set(), "{name}: again");
    assert_eq!(port.wait(Duration::ZERO), None, "{name}: again");
    let calls = operation.routine_calls();
    let routine: Vec<_> = calls.iter().map(|call| (call.error, call.bytes, call.flags)).collect();
    assert_eq!(routine, if way == Way::Routine { vec![(error, bytes, 0)] } else { vec![] }, "{name}");
    assert!(before.iter().all(|send| send.routine_calls().len() == 1), "{name}: the sends before it");
}

fn an_end_that_no_queue_takes_is_in_the_record(source: Source) {
    unsafe extern "system" fn no_queue(
        _: ffi::LPWSATHREADID,
        _: ffi::LPWSAUSERAPC,
        _: usize,
        errno: ffi::LPINT,
    ) -> i32 {
        // SAFETY: upcalls are given a good address.
        unsafe { errno.write_unaligned(code::WSAEFAULT) };
        ffi::SOCKET_ERROR
    }
    let upcalls = ffi::WSPUPCALLTABLE { lpWPUQueueApc: Some(no_queue), ..UPCALLS };
    let provider = source.start(&Host::new().with_upcalls(upcalls)).unwrap();
    for end in [End::Success, End::Error, End::Close] {
        let (client, server) = provider.connected_pair().unwrap();
        let operation = client.recv_overlapped(9, Notify::Routine);
        finish(&client, &server, end);
        let deadline = std::time::Instant::now() + PATIENCE;
        while operation.status().is_none() {
            assert!(std::time::Instant::now() < deadline, "{end:?}: whoever polls waits for ever");
            std::thread::yield_now();
        }
        assert_eq!(operation.status(), Some(expected(end).0), "{end:?}");
        assert_eq!(operation.routine_calls(), [], "{end:?}");
    }
}
