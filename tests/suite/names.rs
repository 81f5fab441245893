//! Addresses of sockets and their peers, and the room for them.

use std::net::Ipv4Addr;

use wsp::rt::Room;
use wsp::{code, ffi};
use wsp_host::{Provider, to_sockaddr};

use crate::support::{any, listener};

over_each!(
    both_ends_agree_on_their_names,
    an_unbound_socket_has_no_name,
    an_accept_without_room_keeps_the_connection,
    an_address_of_another_family_is_refused,
);
// For programs the host answers, and tells no size.
over_each!(direct:
    too_little_room_is_told_with_the_size,
);

fn both_ends_agree_on_their_names(provider: &Provider) {
    let (listener, address) = listener(provider);
    assert_eq!(*address.ip(), Ipv4Addr::LOCALHOST);
    assert_ne!(address.port(), 0);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    let (server, from) = listener.accept().unwrap();
    let local = client.local_addr().unwrap();
    assert_eq!(from, local, "accept says who it is");
    assert_eq!(*local.ip(), Ipv4Addr::LOCALHOST, "a connected socket's address is no wildcard");
    assert_eq!(client.peer_addr(), Ok(address));
    assert_eq!(server.peer_addr(), Ok(local));
    assert_eq!(server.local_addr(), Ok(address));
}

fn an_unbound_socket_has_no_name(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(socket.local_addr().unwrap_err().code(), Some(code::WSAEINVAL));
    socket.bind(any()).unwrap();
    socket.local_addr().unwrap();
}

fn too_little_room_is_told_with_the_size(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let table = provider.table();
    for size in [0, 1, 15] {
        let mut raw = [0xAA; 32];
        let mut room = Room::new(&mut raw[..size]);
        let refused = table.get_sock_name(client.raw(), &mut room).unwrap_err();
        assert_eq!((refused.code(), room.size), (Some(code::WSAEFAULT), 16), "own name, room for {size}");
        let mut room = Room::new(&mut raw[..size]);
        let refused = table.get_peer_name(client.raw(), &mut room).unwrap_err();
        assert_eq!((refused.code(), room.size), (Some(code::WSAEFAULT), 16), "peer's name, room for {size}");
        assert_eq!(raw, [0xAA; 32], "nothing is written");
    }
    let mut raw = [0xAA; 32];
    let mut room = Room::new(&mut raw);
    table.get_sock_name(client.raw(), &mut room).unwrap();
    assert_eq!(room.size, 16);
    assert_eq!(raw[16..], [0xAA; 16], "nothing beyond the address");
}

fn an_accept_without_room_keeps_the_connection(provider: &Provider) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    let mut raw = [0; 15];
    let mut room = Room::new(&mut raw);
    let refused = provider.table().accept(listener.raw(), Some(&mut room), None, 0).unwrap_err();
    assert_eq!((refused.code(), room.size), (Some(code::WSAEFAULT), 16));
    assert_eq!(provider.open_handles(), 2, "no socket was made");
    let (server, from) = listener.accept().unwrap();
    assert_eq!(Ok(from), client.local_addr());
    client.send(b"still there").unwrap();
    assert_eq!(server.recv(&mut [0; 20]), Ok(11));
}

fn an_address_of_another_family_is_refused(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let mut address = to_sockaddr(any());
    address[0] = 99;
    let table = provider.table();
    let refused = table.bind(socket.raw(), &address).unwrap_err().code();
    assert!(matches!(refused, Some(code::WSAEFAULT | code::WSAEAFNOSUPPORT)), "{refused:?}");
    let refused = table.bind(socket.raw(), &to_sockaddr(any())[..15]).unwrap_err().code();
    assert_eq!(refused, Some(code::WSAEFAULT), "too short");
    let refused = table.connect(socket.raw(), &address, None, None, None, None).unwrap_err().code();
    assert!(matches!(refused, Some(code::WSAEFAULT | code::WSAEAFNOSUPPORT)), "{refused:?}");
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_ERROR), Ok(0));
}
