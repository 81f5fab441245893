//! Overlapped operations that take their time: many at once, both ways, and every way in which they may end.

use std::time::Duration;

use wsp::rt::{Outcome, OverlappedCall};
use wsp::{code, ffi};
use wsp_host::{Event, Host, Notify, Operation, Port, Provider, Socket, Upcall, Woken, wait_alertable};

use crate::support::{PATIENCE, Source, bounded};

over_each!(
    a_receive_waits_for_data,
    receives_are_served_in_the_order_they_were_posted,
    sends_wait_for_room_and_keep_their_order,
    a_send_that_is_begun_is_not_flushed,
    both_directions_are_independent,
    a_routine_tells_a_late_end,
    a_result_is_incomplete_until_the_end,
    a_result_can_be_waited_for,
    close_aborts_every_pending_operation_once,
    a_pending_operation_ends_with_the_peers_reset,
    a_pending_receive_ends_with_the_peers_end,
    a_socket_can_be_closed_from_a_routine,
    a_blocking_receive_takes_its_turn,
    ten_thousand_operations_end_once_each,
);
over_each!(alone: the_last_clean_up_ends_operations_silently);

const ABORTED: u32 = 0xC000_0120;
const RESET: u32 = 0xC000_020D;

/// What `WSPGetOverlappedResult` says: bytes and flags, or the code.
fn result(socket: &Socket, operation: &Operation, wait: bool) -> Result<(u32, u32), i32> {
    let query = socket.provider().table().raw().lpWSPGetOverlappedResult.unwrap();
    let (mut bytes, mut flags, mut errno) = (0xAAAA, 0, 0);
    let record = operation.record() as ffi::LPWSAOVERLAPPED;
    // SAFETY: the operation's record is alive, the rest are locals.
    let done = unsafe { query(socket.raw(), record, &mut bytes, i32::from(wait), &mut flags, &mut errno) };
    if done == 0 {
        assert_eq!(bytes, 0xAAAA, "the count is touched by a success only");
        return Err(errno);
    }
    Ok((bytes, flags))
}

fn pending(operation: &Operation) -> bool {
    operation.returned() == Ok(Outcome::Pending) && operation.status().is_none()
}

fn a_receive_waits_for_data(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    assert!(pending(&receive) && !event.is_set());
    client.send(b"late").unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!((receive.status(), receive.bytes()), (Some(0), Some(4)));
    assert_eq!(&receive.buffer().unwrap()[..4], b"late");
    assert_eq!(result(&server, &receive, false), Ok((4, 0)));
}

fn receives_are_served_in_the_order_they_were_posted(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let port = Port::new().unwrap();
    port.associate(server.raw(), 1);
    let receives: Vec<_> = (0..5).map(|_| server.recv_overlapped(2, Notify::Port)).collect();
    assert!(receives.iter().all(pending));
    client.send(b"0011223344").unwrap();
    for receive in &receives {
        assert_eq!(port.wait(PATIENCE).map(|packet| packet.record), Some(receive.record()));
    }
    let data: Vec<u8> = receives.iter().flat_map(|receive| receive.buffer().unwrap().to_vec()).collect();
    assert_eq!(data, b"0011223344");
}

fn sends_wait_for_room_and_keep_their_order(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let port = Port::new().unwrap();
    port.associate(client.raw(), 1);
    let data: Vec<u8> = (0..50_000_000_u32).map(|at| (at / 7) as u8).collect();
    let mut sends = Vec::new();
    for chunk in data.chunks(50_000) {
        sends.push(client.send_overlapped(chunk, Notify::Port));
        if sends.iter().filter(|send| pending(send)).count() == 3 {
            break;
        }
    }
    let data = &data[..50_000 * sends.len()];
    assert!(sends.len() < 1000, "more than fits");
    let mut received = Vec::new();
    let mut room = vec![0; 30_000];
    while received.len() < data.len() {
        let count = server.recv(&mut room).unwrap();
        received.extend_from_slice(&room[..count]);
    }
    assert!(received == data);
    for send in &sends {
        let packet = port.wait(PATIENCE).unwrap();
        assert_eq!((packet.record, packet.bytes, packet.status), (send.record(), 50_000, 0));
    }
}

fn a_send_that_is_begun_is_not_flushed(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let data: Vec<u8> = (0..20_000_000_u32).map(|at| (at / 7) as u8).collect();
    // More than fits: some of it is on its way, and the rest has to follow.
    let send = client.send_overlapped(&data, Notify::Event(&event));
    assert!(pending(&send));
    let table = provider.table();
    // SAFETY: not overlapped, so nothing is used after the call.
    let flushed = unsafe { table.ioctl(client.raw(), ffi::SIO_FLUSH, None, None, OverlappedCall::NONE) };
    assert_eq!(flushed, Ok(Outcome::Done(0)));
    assert!(pending(&send));
    let (mut received, mut room) = (Vec::new(), vec![0; 1_000_000]);
    while received.len() < data.len() {
        let count = server.recv(&mut room).unwrap();
        received.extend_from_slice(&room[..count]);
    }
    assert!(received == data && event.wait(PATIENCE));
    assert_eq!((send.status(), send.bytes()), (Some(0), Some(data.len())));
}

fn both_directions_are_independent(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = client.recv_overlapped(9, Notify::Event(&event));
    client.send(b"there").unwrap();
    assert_eq!(server.recv(&mut [0; 9]), Ok(5));
    assert!(pending(&receive));
    server.send(b"back").unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(receive.bytes(), Some(4));
}

fn a_routine_tells_a_late_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let receive = server.recv_overlapped(9, Notify::Routine);
    assert!(pending(&receive));
    client.send(b"late").unwrap();
    assert_eq!(wait_alertable(None, PATIENCE), Woken::Calls(1));
    let calls = receive.routine_calls();
    assert_eq!(calls.iter().map(|call| (call.error, call.bytes)).collect::<Vec<_>>(), [(0, 4)]);
    assert_eq!(wait_alertable(None, Duration::ZERO), Woken::Timeout);
}

fn a_result_is_incomplete_until_the_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    assert_eq!(result(&server, &receive, false), Err(code::WSA_IO_INCOMPLETE));
    client.send(b"x").unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(result(&server, &receive, false), Ok((1, 0)));
    let nothing = client.send_overlapped(b"", Notify::Event(&event));
    assert_eq!(result(&client, &nothing, false), Ok((0, 0)), "nothing moved is a success");
}

fn a_result_can_be_waited_for(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (event, quiet) = (Event::new().unwrap(), Event::new().unwrap());
    for notify in [Notify::Event(&event), Notify::EventOnly(&quiet), Notify::Port] {
        let receive = server.recv_overlapped(9, notify);
        std::thread::scope(|scope| {
            scope.spawn(|| client.send(b"x").unwrap());
            assert_eq!(result(&server, &receive, true), Ok((1, 0)));
        });
    }
}

fn close_aborts_every_pending_operation_once(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let (event, port) = (Event::new().unwrap(), Port::new().unwrap());
    port.associate(client.raw(), 1);
    let before = provider.counts().get(Upcall::CompleteOverlappedRequest);
    let by_event = client.recv_overlapped(9, Notify::EventOnly(&event));
    let by_port = client.recv_overlapped(9, Notify::Port);
    let by_routine = client.recv_overlapped(9, Notify::Routine);
    client.set_nonblocking(true).unwrap();
    while client.send(&[0; 10_000]).is_ok() {}
    let sending = client.send_overlapped(&[0; 100_000], Notify::Port);
    for operation in [&by_event, &by_port, &by_routine, &sending] {
        assert!(pending(operation));
    }
    client.close().unwrap();
    for operation in [&by_event, &by_port, &by_routine, &sending] {
        assert_eq!(operation.status(), Some(ABORTED));
    }
    assert!(event.is_set());
    let mut told = [port.wait(PATIENCE).unwrap(), port.wait(PATIENCE).unwrap()].map(|packet| packet.record);
    let mut expected = [by_port.record(), sending.record()];
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert_eq!(port.wait(Duration::ZERO), None);
    assert_eq!(wait_alertable(None, PATIENCE), Woken::Calls(1));
    assert_eq!(by_routine.routine_calls().len(), 1);
    assert_eq!(by_routine.routine_calls()[0].error, code::WSA_OPERATION_ABORTED);
    assert_eq!(provider.counts().get(Upcall::CompleteOverlappedRequest) - before, 3);
}

fn a_pending_operation_ends_with_the_peers_reset(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &[1, 0, 0, 0]).unwrap();
    client.close().unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(receive.status(), Some(RESET));
    assert_eq!(result(&server, &receive, false), Err(code::WSAECONNRESET));
}

fn a_pending_receive_ends_with_the_peers_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!((receive.status(), receive.bytes()), (Some(0), Some(0)));
}

fn a_socket_can_be_closed_from_a_routine(provider: &Provider) {
    // The routine runs inside a wait of this thread, so closing here and closing there are the same to the provider: what
    // matters is that a close never waits for an upcall that is below it on its own stack.
    let (client, server) = provider.connected_pair().unwrap();
    let receive = server.recv_overlapped(9, Notify::Routine);
    client.send(b"x").unwrap();
    assert_eq!(wait_alertable(None, PATIENCE), Woken::Calls(1));
    assert_eq!(receive.routine_calls().len(), 1);
    bounded(move || server.close()).unwrap();
}

fn a_blocking_receive_takes_its_turn(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let first = server.recv_overlapped(2, Notify::Event(&event));
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let mut room = [0; 2];
            server.recv(&mut room).map(|count| room[..count].to_vec())
        });
        // Byte by byte: whoever is behind gets nothing before the first is served.
        client.send(b"a").unwrap();
        assert!(event.wait(PATIENCE));
        client.send(b"b").unwrap();
        let second = second.join().unwrap().unwrap();
        let all: Vec<u8> = first.buffer().unwrap()[..first.bytes().unwrap()].iter().chain(&second).copied().collect();
        assert!(all == b"ab" || all == b"ba", "{all:?}");
    });
}

fn ten_thousand_operations_end_once_each(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let port = Port::new().unwrap();
    port.associate(server.raw(), 1);
    for round in 0..100 {
        let receives: Vec<_> = (0..100).map(|_| server.recv_overlapped(1, Notify::Port)).collect();
        client.send(&[round; 100]).unwrap();
        for receive in &receives {
            assert_eq!(port.wait(PATIENCE).map(|packet| packet.record), Some(receive.record()));
            assert_eq!(receive.buffer(), Some(&[round][..]));
        }
    }
    assert_eq!(port.wait(Duration::ZERO), None);
}

fn the_last_clean_up_ends_operations_silently(source: Source) {
    let provider = source.start(&Host::new()).unwrap();
    let (client, _server) = provider.connected_pair().unwrap();
    let (event, port) = (Event::new().unwrap(), Port::new().unwrap());
    port.associate(client.raw(), 1);
    let operations = [
        client.recv_overlapped(9, Notify::EventOnly(&event)),
        client.recv_overlapped(9, Notify::Port),
        client.recv_overlapped(9, Notify::Routine),
    ];
    assert!(operations.iter().all(pending));
    provider.table().cleanup().unwrap();
    for operation in &operations {
        assert_eq!(operation.status(), Some(ABORTED));
    }
    assert!(!event.is_set());
    assert_eq!(port.wait(Duration::ZERO), None);
    assert_eq!(wait_alertable(None, Duration::ZERO), Woken::Timeout);
}
