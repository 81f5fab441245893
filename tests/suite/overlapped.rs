//! Overlapped calls: exactly one notice of each that was accepted, none of one that was refused.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wsp::rt::{Outcome, OverlappedCall, Piece, PieceMut};
use wsp::{code, ffi};
use wsp_host::{
    Event, Host, Notify, Operation, Packet, Port, Provider, RoutineCall, UPCALLS, Upcall, Woken, run_queued,
    wait_alertable,
};

use crate::support::{PATIENCE, Source, code};

over_each!(
    an_event_tells_the_end,
    an_event_says_nothing_of_what_was_before,
    a_port_tells_the_end,
    a_port_and_an_event_tell_the_end,
    the_low_bit_keeps_the_port_quiet,
    a_routine_tells_the_end_in_an_alertable_wait,
    an_end_without_event_or_port_is_in_the_record,
    nothing_moved_is_told_too,
    a_refused_call_is_not_told,
    the_byte_count_may_be_left_out,
    the_end_of_the_stream_is_an_end,
    a_socket_without_the_attribute_is_never_overlapped,
);
// Programs pass no thread: the host does.
over_each!(direct:
    a_routine_without_a_thread_is_refused,
);
over_each!(alone: a_routine_needs_the_hosts_queue, beside_a_routine_the_event_is_the_callers);

const NOW: Duration = Duration::ZERO;

fn assert_done(operation: &Operation, bytes: usize) {
    assert_eq!(operation.returned(), Ok(Outcome::Done(bytes as u32)));
    assert_eq!(operation.status(), Some(0));
    assert_eq!(operation.bytes(), Some(bytes));
}

fn notices(provider: &Provider) -> u64 {
    provider.counts().get(Upcall::CompleteOverlappedRequest)
}

fn an_event_tells_the_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (sent, received) = (Event::new().unwrap(), Event::new().unwrap());
    let send = client.send_overlapped(b"hello", Notify::Event(&sent));
    assert_done(&send, 5);
    assert!(sent.is_set());
    assert_eq!(notices(provider), 1);
    let receive = server.recv_overlapped(9, Notify::Event(&received));
    assert_done(&receive, 5);
    assert_eq!(&receive.buffer().unwrap()[..5], b"hello");
    assert!(received.is_set());
    assert_eq!(notices(provider), 2);
}

fn an_event_says_nothing_of_what_was_before(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    for notify in [Notify::Event(&event), Notify::EventOnly(&event)] {
        event.set();
        let receive = server.recv_overlapped(9, notify);
        assert_eq!(receive.returned(), Ok(Outcome::Pending));
        assert!(!event.is_set());
        client.send(b"x").unwrap();
        assert!(event.wait(PATIENCE));
    }
}

fn a_port_tells_the_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let port = Port::new().unwrap();
    assert!(port.associate(client.raw(), 77));
    assert!(port.associate(server.raw(), 88));
    let send = client.send_overlapped(b"hello", Notify::Port);
    assert_done(&send, 5);
    assert_eq!(port.wait(PATIENCE), Some(Packet { key: 77, record: send.record(), status: 0, bytes: 5 }));
    let receive = server.recv_overlapped(3, Notify::Port);
    assert_done(&receive, 3);
    assert_eq!(port.wait(PATIENCE), Some(Packet { key: 88, record: receive.record(), status: 0, bytes: 3 }));
    assert_eq!(port.wait(NOW), None, "told once");
    assert_eq!(notices(provider), 2);
}

fn a_port_and_an_event_tell_the_end(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let (port, event) = (Port::new().unwrap(), Event::new().unwrap());
    port.associate(client.raw(), 1);
    let send = client.send_overlapped(b"hello", Notify::Event(&event));
    assert_done(&send, 5);
    assert!(event.is_set());
    assert_eq!(port.wait(PATIENCE).map(|packet| packet.record), Some(send.record()));
    assert_eq!(port.wait(NOW), None);
}

fn the_low_bit_keeps_the_port_quiet(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let (port, event) = (Port::new().unwrap(), Event::new().unwrap());
    port.associate(client.raw(), 1);
    let send = client.send_overlapped(b"hello", Notify::EventOnly(&event));
    assert_done(&send, 5);
    assert!(event.is_set());
    assert_eq!(port.wait(NOW), None);
    assert_eq!(notices(provider), 1, "the host decides, so the provider always tells it");
}

fn a_routine_tells_the_end_in_an_alertable_wait(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let port = Port::new().unwrap();
    port.associate(client.raw(), 1);
    let send = client.send_overlapped(b"hello", Notify::Routine);
    assert_done(&send, 5);
    let receive = server.recv_overlapped(9, Notify::Routine);
    assert_done(&receive, 5);
    assert_eq!(send.routine_calls(), [], "not before the wait");
    assert_eq!(wait_alertable(None, PATIENCE), Woken::Calls(2));
    let call = RoutineCall { error: 0, bytes: 5, flags: 0 };
    assert_eq!((send.routine_calls(), receive.routine_calls()), (vec![call], vec![call]));
    assert_eq!(run_queued(), 0, "told once");
    assert_eq!(notices(provider), 0, "by one way only");
    assert_eq!(port.wait(NOW), None);
}

fn an_end_without_event_or_port_is_in_the_record(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let send = client.send_overlapped(b"hello", Notify::Port);
    assert_done(&send, 5);
    assert_eq!(notices(provider), 1);
}

fn nothing_moved_is_told_too(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    assert_done(&client.send_overlapped(b"", Notify::Event(&event)), 0);
    assert!(event.is_set());
    assert_eq!(notices(provider), 1);
}

fn a_refused_call_is_not_told(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (port, event) = (Port::new().unwrap(), Event::new().unwrap());
    port.associate(server.raw(), 1);
    server.shutdown(std::net::Shutdown::Write).unwrap();
    let unconnected = provider.socket().unwrap();
    port.associate(unconnected.raw(), 2);
    for notify in [Notify::Port, Notify::Event(&event), Notify::EventOnly(&event), Notify::Routine] {
        let refused = [
            (server.send_overlapped(b"x", notify), code::WSAESHUTDOWN),
            (unconnected.send_overlapped(b"x", notify), code::WSAENOTCONN),
            (unconnected.recv_overlapped(1, notify), code::WSAENOTCONN),
        ];
        for (operation, expected) in refused {
            assert_eq!(code(operation.returned()), expected);
            assert!(!operation.is_marked(), "the record is as it was");
            assert_eq!(operation.routine_calls(), []);
        }
    }
    assert!(!event.is_set());
    assert_eq!(port.wait(NOW), None);
    assert_eq!(run_queued(), 0);
    assert_eq!(notices(provider), 0);
    client.send(b"x").unwrap();
    assert_eq!(server.recv(&mut [0; 2]), Ok(1), "nothing was taken");
}

fn a_routine_without_a_thread_is_refused(provider: &Provider) {
    unsafe extern "system" fn never(_: u32, _: u32, _: ffi::LPWSAOVERLAPPED, _: u32) {
        unreachable!("there is no thread to run on");
    }
    let (client, _server) = provider.connected_pair().unwrap();
    let mut record: ffi::WSAOVERLAPPED = wsp::rt::zeroed();
    let call = OverlappedCall { operation: &raw mut record, routine: Some(never), thread: std::ptr::null_mut() };
    // SAFETY: the record outlives the call, which is refused.
    let refused = unsafe { provider.table().send(client.raw(), &[Piece::new(b"x")], 0, call) };
    assert!(refused.unwrap_err().code().is_some());
    assert_eq!(record.Internal, 0);
}

fn the_byte_count_may_be_left_out(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let mut record: ffi::WSAOVERLAPPED = wsp::rt::zeroed();
    record.hEvent = event.raw();
    let mut errno = -1;
    let mut pieces = [Piece::new(b"hello")];
    let send = provider.table().raw().lpWSPSend.unwrap();
    // SAFETY: all memory outlives the call, which is done at once.
    let returned = unsafe {
        let null = std::ptr::null_mut();
        send(client.raw(), pieces.as_mut_ptr().cast(), 1, null, 0, &raw mut record, None, null.cast(), &raw mut errno)
    };
    assert_eq!((returned, errno), (0, 0));
    assert_eq!((record.Internal, record.InternalHigh), (0, 5));
    assert!(event.is_set());
    let mut room = [0; 9];
    // SAFETY: not overlapped.
    let received =
        unsafe { provider.table().recv(server.raw(), &mut [PieceMut::new(&mut room)], 0, OverlappedCall::NONE) };
    assert!(matches!(received, Ok(Outcome::Done(done)) if done.bytes == 5));
}

fn the_end_of_the_stream_is_an_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.close().unwrap();
    let event = Event::new().unwrap();
    assert_done(&server.recv_overlapped(9, Notify::Event(&event)), 0);
    assert!(event.is_set());
}

fn a_socket_without_the_attribute_is_never_overlapped(provider: &Provider) {
    const UNTOUCHED: usize = 0x5AFE;
    let listener = provider.synchronous_socket().unwrap();
    listener.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.listen(1).unwrap();
    let client = provider.synchronous_socket().unwrap();
    client.connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    let event = Event::new().unwrap();
    let mut record = ffi::WSAOVERLAPPED { Internal: UNTOUCHED, hEvent: event.raw(), ..wsp::rt::zeroed() };
    let mut room = [0; 5];
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (table, s) = (provider.table(), (from.raw(), to.raw()));
        let call = OverlappedCall { operation: &raw mut record, routine: None, thread: std::ptr::null_mut() };
        // SAFETY: the record and the buffers outlive the calls, which are done when they return.
        let (sent, received) = unsafe {
            let sent = table.send(s.0, &[Piece::new(b"hello")], 0, call);
            (sent, table.recv(s.1, &mut [PieceMut::new(&mut room)], 0, call))
        };
        assert!(matches!(sent, Ok(Outcome::Done(5))), "{sent:?}");
        assert!(matches!(received, Ok(Outcome::Done(done)) if done.bytes == 5));
        assert_eq!((&room, record.Internal, event.is_set()), (b"hello", UNTOUCHED, false));
    }
    // A call that would be pending is not: it waits, or says that it cannot.
    server.set_nonblocking(true).unwrap();
    let call = OverlappedCall { operation: &raw mut record, routine: None, thread: std::ptr::null_mut() };
    // SAFETY: as above.
    let refused = unsafe { provider.table().recv(server.raw(), &mut [PieceMut::new(&mut room)], 0, call) };
    assert_eq!(refused.map(|_| ()).unwrap_err().code(), Some(code::WSAEWOULDBLOCK));
    assert_eq!((record.Internal, event.is_set()), (UNTOUCHED, false));
}

fn a_routine_needs_the_hosts_queue(source: Source) {
    let upcalls = ffi::WSPUPCALLTABLE { lpWPUQueueApc: None, ..UPCALLS };
    let provider = source.start(&Host::new().with_upcalls(upcalls)).unwrap();
    let (client, server) = provider.connected_pair().unwrap();
    let refused = client.send_overlapped(b"x", Notify::Routine);
    assert_eq!(code(refused.returned()), code::WSAEOPNOTSUPP);
    assert!(!refused.is_marked());
    assert_eq!(server.available(), Ok(0), "refused before anything was moved");
    assert_done(&client.send_overlapped(b"x", Notify::Port), 1);
}

fn beside_a_routine_the_event_is_the_callers(source: Source) {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    unsafe extern "system" fn count(_: ffi::WSAEVENT, _: ffi::LPINT) -> ffi::WINBOOL {
        CALLS.fetch_add(1, Ordering::Relaxed);
        ffi::TRUE
    }
    let upcalls = ffi::WSPUPCALLTABLE { lpWPUSetEvent: Some(count), lpWPUResetEvent: Some(count), ..UPCALLS };
    let provider = source.start(&Host::new().with_upcalls(upcalls)).unwrap();
    let (client, server) = provider.connected_pair().unwrap();
    let receive = server.recv_overlapped(9, Notify::Routine);
    let send = client.send_overlapped(b"hello", Notify::Routine);
    while [&send, &receive].iter().any(|operation| operation.routine_calls().is_empty()) {
        assert!(matches!(wait_alertable(None, PATIENCE), Woken::Calls(_)));
    }
    assert_eq!(CALLS.load(Ordering::Relaxed), 0, "the record's event may be anything");
}
