//! The extension functions that programs ask for by GUID: `ConnectEx`, `AcceptEx`, `GetAcceptExSockaddrs`, `DisconnectEx`.

use std::net::SocketAddrV4;
use std::time::Duration;

use wsp::rt::Outcome;
use wsp::winsock::caller::{AcceptEx, ConnectEx, DisconnectEx, GetAcceptExSockaddrs};
use wsp::{code, ffi};
use wsp_host::{Event, Notify, Operation, Port, Provider, Socket};

use crate::options::on;
use crate::support::{PATIENCE, any, code, listener};

over_each!(
    extensions_are_found_by_guid,
    unknown_extensions_are_refused,
    connect_ex_ends_once_with_the_bytes_sent,
    connect_ex_needs_a_bound_socket,
    a_refused_connect_ex_tells_why,
    accept_ex_brings_connection_addresses_and_data,
    accept_ex_without_room_waits_for_no_data,
    accept_ex_needs_a_listener_and_a_new_socket,
    accepts_are_served_in_their_order,
    accepts_come_before_calls,
    closing_either_socket_ends_an_accept_ex,
    closing_ends_a_connect_ex,
    the_contexts_can_be_updated,
    a_disconnected_socket_serves_again,
    disconnect_ex_ends_gracefully,
    disconnect_ex_ends_what_is_pending,
    disconnect_ex_needs_a_connection,
);

const ABORTED: u32 = 0xC000_0120;
const REFUSED: u32 = 0xC000_0236;

struct Functions {
    connect: ConnectEx,
    accept: AcceptEx,
    addresses: GetAcceptExSockaddrs,
    disconnect: DisconnectEx,
}

fn functions(provider: &Provider) -> Functions {
    let all = provider.socket().unwrap().extensions().unwrap();
    Functions {
        connect: all.connect.expect("ConnectEx"),
        accept: all.accept.expect("AcceptEx"),
        addresses: all.addresses.expect("GetAcceptExSockaddrs"),
        disconnect: all.disconnect.expect("DisconnectEx"),
    }
}

fn bound(provider: &Provider) -> Socket {
    let socket = provider.socket().unwrap();
    socket.bind(any()).unwrap();
    socket
}

/// Waits for the end, which is told by a port.
fn told(port: &Port, operation: &Operation) -> (u32, u32) {
    let packet = port.wait(PATIENCE).expect("the end is told");
    assert_eq!(packet.record, operation.record());
    (packet.status, packet.bytes)
}

/// Waits for the end, which is told by an event.
fn ended(operation: &Operation, event: &Event) -> (Option<u32>, Option<usize>) {
    assert_eq!(operation.returned(), Ok(Outcome::Pending));
    assert!(event.wait(PATIENCE), "the end is told");
    (operation.status(), operation.bytes())
}

fn extensions_are_found_by_guid(provider: &Provider) {
    let all = provider.socket().unwrap().extensions().unwrap();
    assert!(all.connect.is_some() && all.accept.is_some() && all.addresses.is_some() && all.disconnect.is_some());
}

fn unknown_extensions_are_refused(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let unknown = ffi::GUID { Data1: 1, Data2: 2, Data3: 3, Data4: [4; 8] };
    let san = ffi::WSAID_RDMAWRITE;
    for guid in [ffi::WSAID_TRANSMITFILE, ffi::WSAID_TRANSMITPACKETS, ffi::WSAID_WSARECVMSG, san, unknown] {
        assert_eq!(socket.extension(&guid), Ok(None), "{:x}", guid.Data1);
    }
}

fn connect_ex_ends_once_with_the_bytes_sent(provider: &Provider) {
    let (listener, address) = listener(provider);
    let (client, port) = (bound(provider), Port::new().unwrap());
    port.associate(client.raw(), 5);
    let connect = client.connect_ex(&functions(provider).connect, address, b"first", Notify::Port);
    assert_eq!(connect.returned(), Ok(Outcome::Pending));
    assert_eq!(told(&port, &connect), (0, 5));
    assert_eq!((connect.status(), connect.bytes()), (Some(0), Some(5)));
    assert_eq!(port.wait(Duration::ZERO), None, "once");
    let (server, from) = listener.accept().unwrap();
    assert_eq!(Ok(from), client.local_addr());
    let mut room = [0; 9];
    assert_eq!(server.recv(&mut room), Ok(5));
    assert_eq!(&room[..5], b"first");
    let again = client.connect_ex(&functions(provider).connect, address, b"", Notify::Port);
    assert_eq!(code(again.returned()), code::WSAEISCONN);
    assert!(!again.is_marked(), "a refused call leaves its record alone");
    assert_eq!(port.wait(Duration::ZERO), None);
}

fn connect_ex_needs_a_bound_socket(provider: &Provider) {
    let (listener, address) = listener(provider);
    let connect = functions(provider).connect;
    let unbound = provider.socket().unwrap();
    assert_eq!(code(unbound.connect_ex(&connect, address, b"", Notify::Port).returned()), code::WSAEINVAL);
    assert_eq!(code(listener.connect_ex(&connect, address, b"", Notify::Port).returned()), code::WSAEINVAL);
    let nowhere = SocketAddrV4::new(*address.ip(), 0);
    let refused = bound(provider).connect_ex(&connect, nowhere, b"", Notify::Port);
    assert_eq!(code(refused.returned()), code::WSAEADDRNOTAVAIL);
}

fn a_refused_connect_ex_tells_why(provider: &Provider) {
    let (unused, address) = listener(provider);
    unused.close().unwrap();
    let (client, event) = (bound(provider), Event::new().unwrap());
    let connect = client.connect_ex(&functions(provider).connect, address, b"lost", Notify::Event(&event));
    match connect.returned() {
        // Known at once or later, as the transport has it.
        Ok(Outcome::Pending) => {
            assert!(event.wait(PATIENCE));
            assert_eq!(connect.status(), Some(REFUSED));
        }
        refused => {
            assert_eq!(code(refused), code::WSAECONNREFUSED);
            assert!(!event.is_set() && !connect.is_marked());
        }
    }
}

fn accept_ex_brings_connection_addresses_and_data(provider: &Provider) {
    let functions = functions(provider);
    let ((listener, address), port) = (listener(provider), Port::new().unwrap());
    port.associate(listener.raw(), 7);
    let server = provider.socket().unwrap();
    let accept = listener.accept_ex(&functions.accept, &server, 100, Notify::Port);
    assert_eq!(accept.returned(), Ok(Outcome::Pending));
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    client.send(b"hello").unwrap();
    assert_eq!(told(&port, &accept), (0, 5));
    assert_eq!(&accept.buffer().unwrap()[..5], b"hello");
    let (local, remote) = accept.accepted_addresses(&functions.addresses, 100).unwrap().expect("it has ended");
    assert_eq!((Ok(local), Ok(remote)), (client.peer_addr(), client.local_addr()));
    assert_eq!((server.peer_addr(), server.local_addr()), (Ok(remote), Ok(local)));
    server.send(b"answer").unwrap();
    assert_eq!(client.recv(&mut [0; 9]), Ok(6));
    assert_eq!(port.wait(Duration::ZERO), None, "once");
}

fn accept_ex_without_room_waits_for_no_data(provider: &Provider) {
    let functions = functions(provider);
    let (listener, address) = listener(provider);
    // One that waits already is taken at once.
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    let (server, event) = (provider.socket().unwrap(), Event::new().unwrap());
    let accept = listener.accept_ex(&functions.accept, &server, 0, Notify::Event(&event));
    assert_eq!(ended(&accept, &event), (Some(0), Some(0)));
    client.send(b"x").unwrap();
    assert_eq!(server.recv(&mut [0; 9]), Ok(1));
}

fn accept_ex_needs_a_listener_and_a_new_socket(provider: &Provider) {
    let accept = functions(provider).accept;
    let (listener, _) = listener(provider);
    let (client, _server) = provider.connected_pair().unwrap();
    let refused = |on: &Socket, onto: &Socket| code(on.accept_ex(&accept, onto, 0, Notify::Port).returned());
    let new = provider.socket().unwrap();
    assert_eq!(refused(&new, &provider.socket().unwrap()), code::WSAEINVAL, "no listener");
    assert_eq!(refused(&listener, &bound(provider)), code::WSAEINVAL, "bound");
    assert_eq!(refused(&listener, &client), code::WSAEINVAL, "connected");
    assert_eq!(refused(&listener, &listener), code::WSAEINVAL, "the listener itself");
    let closed = provider.socket().unwrap();
    closed.close().unwrap();
    assert_eq!(refused(&listener, &closed), code::WSAENOTSOCK);
    let pending = listener.accept_ex(&accept, &new, 0, Notify::Port);
    assert_eq!(pending.returned(), Ok(Outcome::Pending));
    assert_eq!(refused(&listener, &new), code::WSAEINVAL, "posted already");
    assert_eq!(code(new.bind(any())), code::WSAEINVAL, "promised to a connection");
    drop(listener);
    assert_eq!(pending.status(), Some(ABORTED));
    new.bind(any()).expect("free again");
}

fn accepts_are_served_in_their_order(provider: &Provider) {
    let functions = functions(provider);
    let ((listener, address), port) = (listener(provider), Port::new().unwrap());
    port.associate(listener.raw(), 7);
    let servers: Vec<_> = (0..4).map(|_| provider.socket().unwrap()).collect();
    let accepts: Vec<_> =
        servers.iter().map(|server| listener.accept_ex(&functions.accept, server, 0, Notify::Port)).collect();
    let clients: Vec<_> = (0..4).map(|_| provider.socket().unwrap()).collect();
    for (client, accept) in clients.iter().zip(&accepts) {
        client.connect(address).unwrap();
        assert_eq!(told(&port, accept), (0, 0));
    }
    for (client, server) in clients.iter().zip(&servers) {
        assert_eq!(server.peer_addr(), client.local_addr());
    }
}

fn accepts_come_before_calls(provider: &Provider) {
    let functions = functions(provider);
    let (listener, address) = listener(provider);
    listener.set_nonblocking(true).unwrap();
    let (server, event) = (provider.socket().unwrap(), Event::new().unwrap());
    let accept = listener.accept_ex(&functions.accept, &server, 0, Notify::Event(&event));
    let clients: Vec<_> = (0..2).map(|_| provider.socket().unwrap()).collect();
    clients[0].connect(address).unwrap();
    assert_eq!(code(listener.accept()), code::WSAEWOULDBLOCK, "it is the other's");
    assert_eq!(ended(&accept, &event), (Some(0), Some(0)));
    clients[1].connect(address).unwrap();
    assert_eq!(listener.accept().map(|(_, from)| from), clients[1].local_addr());
}

fn closing_either_socket_ends_an_accept_ex(provider: &Provider) {
    let functions = functions(provider);
    for (room, close_listener) in [(0, true), (0, false), (9, true), (9, false)] {
        let ((listener, _), port) = (listener(provider), Port::new().unwrap());
        port.associate(listener.raw(), 1);
        let server = provider.socket().unwrap();
        let accept = listener.accept_ex(&functions.accept, &server, room, Notify::Port);
        if close_listener { listener.close() } else { server.close() }.unwrap();
        assert_eq!(told(&port, &accept), (ABORTED, 0));
        assert_eq!(accept.status(), Some(ABORTED));
        assert_eq!(port.wait(Duration::ZERO), None, "once");
    }
    // While it waits for data it is the accepted socket's.
    let (listener, address) = listener(provider);
    let (server, event) = (provider.socket().unwrap(), Event::new().unwrap());
    let accept = listener.accept_ex(&functions.accept, &server, 9, Notify::Event(&event));
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    while server.peer_addr().is_err() {
        std::thread::yield_now();
    }
    server.close().unwrap();
    assert_eq!(ended(&accept, &event).0, Some(ABORTED));
}

fn closing_ends_a_connect_ex(provider: &Provider) {
    let connect = functions(provider).connect;
    for _ in 0..50 {
        let (_listener, address) = listener(provider);
        let (client, port) = (bound(provider), Port::new().unwrap());
        port.associate(client.raw(), 1);
        let operation = client.connect_ex(&connect, address, b"", Notify::Port);
        client.close().unwrap();
        if operation.returned() == Ok(Outcome::Pending) {
            // Either it was connected before, or not any more.
            let (status, _) = told(&port, &operation);
            assert!(matches!(status, 0 | ABORTED), "{status:#x}");
        }
        assert_eq!(port.wait(Duration::ZERO), None, "once at most");
    }
}

fn the_contexts_can_be_updated(provider: &Provider) {
    let functions = functions(provider);
    let (listener, address) = listener(provider);
    listener.set_option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, 1).unwrap();
    let (server, event) = (provider.socket().unwrap(), Event::new().unwrap());
    let update = |socket: &Socket, from: usize| {
        socket.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_UPDATE_ACCEPT_CONTEXT, &from.to_ne_bytes())
    };
    assert_eq!(code(update(&server, listener.raw())), code::WSAENOTCONN);
    let accept = listener.accept_ex(&functions.accept, &server, 0, Notify::Event(&event));
    let client = bound(provider);
    assert_eq!(
        code(client.set_option(ffi::SOL_SOCKET, ffi::SO_UPDATE_CONNECT_CONTEXT, 0)),
        code::WSAENOTCONN,
        "not yet connected"
    );
    let connected = Event::new().unwrap();
    let connect = client.connect_ex(&functions.connect, address, b"", Notify::Event(&connected));
    assert_eq!(ended(&connect, &connected).0, Some(0));
    assert_eq!(ended(&accept, &event).0, Some(0));
    client.set_option(ffi::SOL_SOCKET, ffi::SO_UPDATE_CONNECT_CONTEXT, 0).unwrap();
    assert_eq!(server.option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE), Ok(0), "its own");
    assert_eq!(code(update(&server, client.raw())), code::WSAEINVAL, "that is no listener");
    assert_eq!(code(update(&server, 0x00AB_CDEF)), code::WSAENOTSOCK);
    assert_eq!(code(server.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_UPDATE_ACCEPT_CONTEXT, &[1, 2])), code::WSAEFAULT);
    update(&server, listener.raw()).unwrap();
    assert_ne!(server.option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE), Ok(0), "its listener's");
}

fn a_disconnected_socket_serves_again(provider: &Provider) {
    let functions = functions(provider);
    let (listener, address) = listener(provider);
    let (server, client) = (provider.socket().unwrap(), bound(provider));
    let own = client.local_addr();
    let disconnect = |socket: &Socket| {
        let done = Event::new().unwrap();
        let operation = socket.disconnect_ex(&functions.disconnect, true, Notify::Event(&done));
        assert_eq!(operation.returned(), Ok(Outcome::Done(0)));
        assert!(done.is_set(), "told, too");
        assert_eq!(code(socket.send(b"x")), code::WSAENOTCONN);
    };
    for round in 0..3 {
        let (accepted, connected) = (Event::new().unwrap(), Event::new().unwrap());
        let accept = listener.accept_ex(&functions.accept, &server, 10, Notify::Event(&accepted));
        let connect = client.connect_ex(&functions.connect, address, b"again", Notify::Event(&connected));
        assert_eq!(ended(&connect, &connected), (Some(0), Some(5)), "round {round}");
        assert_eq!(ended(&accept, &accepted), (Some(0), Some(5)), "round {round}");
        // TCP keeps the address of who ends first for a while: here it is the listener's, from which nobody connects.
        disconnect(&server);
        assert_eq!(client.recv(&mut [0; 1]), Ok(0));
        disconnect(&client);
        assert_eq!(client.local_addr(), own, "who connected keeps its address");
        assert_eq!(code(server.local_addr()), code::WSAEINVAL, "who accepted had none of its own");
    }
}

fn disconnect_ex_ends_gracefully(provider: &Provider) {
    let disconnect = functions(provider).disconnect;
    for reuse in [true, false] {
        let (client, server) = provider.connected_pair().unwrap();
        client.send(b"last words").unwrap();
        assert_eq!(
            client.disconnect_ex(&disconnect, reuse, Notify::Port).returned(),
            Ok(Outcome::Done(0)),
            "reuse {reuse}"
        );
        let mut room = [0; 20];
        assert_eq!(server.recv(&mut room), Ok(10));
        assert_eq!(server.recv(&mut room), Ok(0));
    }
}

fn disconnect_ex_ends_what_is_pending(provider: &Provider) {
    let disconnect = functions(provider).disconnect;
    let (client, _server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = client.recv_overlapped(9, Notify::Event(&event));
    assert_eq!(client.disconnect_ex(&disconnect, true, Notify::Port).returned(), Ok(Outcome::Done(0)));
    assert_eq!(ended(&receive, &event).0, Some(ABORTED));
}

fn disconnect_ex_needs_a_connection(provider: &Provider) {
    let disconnect = functions(provider).disconnect;
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.disconnect_ex(&disconnect, true, Notify::Port).returned()), code::WSAENOTCONN);
    let (client, server) = provider.connected_pair().unwrap();
    server.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(0)).unwrap();
    server.close().unwrap();
    // A connection that the peer has reset is one all the same, until it is given up.
    let outcome = client.disconnect_ex(&disconnect, true, Notify::Port).returned();
    assert_eq!(outcome, Ok(Outcome::Done(0)));
}
