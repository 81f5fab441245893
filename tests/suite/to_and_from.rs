//! `WSPSendTo`, `WSPRecvFrom`, `WSPSendDisconnect` and `WSPRecvDisconnect` on connections.

use wsp::rt::{CallError, Outcome, OverlappedCall, Piece, PieceMut, Room};
use wsp::{code, ffi};
use wsp_host::{Event, Provider, Socket};

use crate::support::{PATIENCE, any, code};

over_each!(
    sending_to_anybody_sends_to_the_peer,
    receiving_from_anybody_receives_from_the_peer,
    both_can_be_overlapped,
    both_need_a_connection,
    a_send_disconnect_ends_the_stream,
    a_receive_disconnect_refuses_receives,
    disconnect_data_is_not_there,
);

fn send_to(socket: &Socket, data: &[u8], flags: u32, call: OverlappedCall) -> Result<Outcome<u32>, Option<i32>> {
    let nowhere = wsp_host::to_sockaddr(any());
    // SAFETY: what is passed outlives the call, or the operation that the caller waits for.
    let sent = unsafe {
        let table = socket.provider().table();
        table.send_to(socket.raw(), &[Piece::new(data)], flags, Some(&nowhere), call)
    };
    sent.map_err(|error| error.code())
}

fn recv_from(socket: &Socket, room: &mut [u8], flags: u32, call: OverlappedCall) -> Result<Outcome<u32>, Option<i32>> {
    let mut from = [0xAA; 32];
    let mut place = Room::new(&mut from);
    // SAFETY: as above.
    let received = unsafe {
        let table = socket.provider().table();
        table.recv_from(socket.raw(), &mut [PieceMut::new(room)], flags, Some(&mut place), call)
    };
    assert_eq!(from, [0xAA; 32], "of no use on a connection");
    received.map(|outcome| outcome.map(|done| done.bytes)).map_err(|error| error.code())
}

fn sending_to_anybody_sends_to_the_peer(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    assert_eq!(send_to(&client, b"hello", 0, OverlappedCall::NONE), Ok(Outcome::Done(5)));
    let mut room = [0; 9];
    assert_eq!(server.recv(&mut room), Ok(5));
    assert_eq!(&room[..5], b"hello");
    assert_eq!(send_to(&client, b"x", ffi::MSG_OOB, OverlappedCall::NONE), Err(Some(code::WSAEOPNOTSUPP)));
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(send_to(&client, b"x", 0, OverlappedCall::NONE), Err(Some(code::WSAESHUTDOWN)));
}

fn receiving_from_anybody_receives_from_the_peer(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.send(b"hello").unwrap();
    let mut room = [0; 9];
    assert_eq!(recv_from(&server, &mut room, ffi::MSG_PEEK, OverlappedCall::NONE), Ok(Outcome::Done(5)));
    assert_eq!(recv_from(&server, &mut room, 0, OverlappedCall::NONE), Ok(Outcome::Done(5)));
    assert_eq!(&room[..5], b"hello");
    server.set_nonblocking(true).unwrap();
    assert_eq!(recv_from(&server, &mut room, 0, OverlappedCall::NONE), Err(Some(code::WSAEWOULDBLOCK)));
    server.shutdown(std::net::Shutdown::Read).unwrap();
    assert_eq!(recv_from(&server, &mut room, 0, OverlappedCall::NONE), Err(Some(code::WSAESHUTDOWN)));
}

fn both_can_be_overlapped(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (sent, received) = (Event::new().unwrap(), Event::new().unwrap());
    let record = |event: &Event| ffi::WSAOVERLAPPED { hEvent: event.raw(), ..wsp::rt::zeroed() };
    let (mut send, mut receive) = (record(&sent), record(&received));
    let call = |operation: &mut ffi::WSAOVERLAPPED| OverlappedCall {
        operation: &raw mut *operation,
        routine: None,
        thread: std::ptr::null_mut(),
    };
    let mut room = [0; 9];
    assert_eq!(recv_from(&server, &mut room, 0, call(&mut receive)), Ok(Outcome::Pending));
    assert!(matches!(send_to(&client, b"late", 0, call(&mut send)), Ok(Outcome::Done(4) | Outcome::Pending)));
    assert!(sent.wait(PATIENCE) && received.wait(PATIENCE));
    // SAFETY: members of our records. The status tells that what was written before it can be read.
    let status = |record: &ffi::WSAOVERLAPPED| unsafe { wsp::rt::acquire(&raw const record.Internal) };
    assert_eq!((status(&send), send.InternalHigh, status(&receive), receive.InternalHigh), (0, 4, 0, 4));
    assert_eq!(&room[..4], b"late");
}

fn both_need_a_connection(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(send_to(&socket, b"x", 0, OverlappedCall::NONE), Err(Some(code::WSAENOTCONN)));
    assert_eq!(recv_from(&socket, &mut [0; 1], 0, OverlappedCall::NONE), Err(Some(code::WSAENOTCONN)));
    let table = provider.table();
    assert_eq!(table.send_disconnect(socket.raw(), None).unwrap_err().code(), Some(code::WSAENOTCONN));
    assert_eq!(table.recv_disconnect(socket.raw(), None).unwrap_err().code(), Some(code::WSAENOTCONN));
}

fn a_send_disconnect_ends_the_stream(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.send(b"last").unwrap();
    provider.table().send_disconnect(client.raw(), None).unwrap();
    assert_eq!(code(client.send(b"x")), code::WSAESHUTDOWN);
    assert_eq!(server.recv(&mut [0; 9]), Ok(4));
    assert_eq!(server.recv(&mut [0; 9]), Ok(0));
    server.send(b"answer").unwrap();
    assert_eq!(client.recv(&mut [0; 9]), Ok(6), "the other direction works");
}

fn a_receive_disconnect_refuses_receives(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    provider.table().recv_disconnect(client.raw(), None).unwrap();
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAESHUTDOWN);
    client.send(b"x").unwrap();
    assert_eq!(server.recv(&mut [0; 1]), Ok(1), "sending works");
}

fn disconnect_data_is_not_there(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let mut data: ffi::WSABUF = wsp::rt::zeroed();
    let send = provider.table().send_disconnect(client.raw(), Some(&data));
    assert_eq!(send.map_err(|error: CallError<_>| error.code()), Err(Some(code::WSAENOPROTOOPT)));
    let receive = provider.table().recv_disconnect(client.raw(), Some(&mut data));
    assert_eq!(receive.map_err(|error: CallError<_>| error.code()), Err(Some(code::WSAENOPROTOOPT)));
    client.send(b"x").unwrap();
    assert_eq!(server.recv(&mut [0; 1]), Ok(1), "nothing was shut");
}
