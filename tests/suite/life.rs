//! A socket's life: made, bound, listening, connected, closed.

use std::net::{Ipv4Addr, SocketAddrV4};

use wsp::{code, ffi};
use wsp_host::{Provider, Upcall};

use crate::support::{any, bounded, code, listener};

over_each!(
    every_descriptor_is_a_handle_of_the_host,
    a_host_without_handles_is_told_so,
    wildcards_take_the_catalog_entry,
    foreign_families_types_and_protocols_are_refused,
    bind_takes_an_address_once,
    an_address_in_use_is_refused_unless_it_may_be_shared,
    an_address_that_is_not_local_is_refused,
    listen_needs_an_address,
    listening_again_is_no_error,
    connect_is_refused_where_nobody_listens,
    connect_works_once,
    a_full_queue_refuses,
    an_address_is_free_again_after_close,
    a_reissued_handle_reaches_the_new_socket,
);

fn every_descriptor_is_a_handle_of_the_host(provider: &Provider) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    let (server, _) = listener.accept().unwrap();
    let counts = provider.counts();
    assert_eq!(counts.get(Upcall::CreateSocketHandle), 3, "the accepted socket has the listener's catalog entry");
    assert_eq!(provider.open_handles(), 3);
    for socket in [&client, &server, &listener] {
        socket.close().unwrap();
    }
    assert_eq!(counts.get(Upcall::CloseSocketHandle), 3);
    assert_eq!(provider.open_handles(), 0);
    assert_eq!(code(client.close()), code::WSAENOTSOCK);
    assert_eq!(counts.get(Upcall::CloseSocketHandle), 3, "given back once");
}

fn a_host_without_handles_is_told_so(provider: &Provider) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    provider.refuse_handles(true);
    assert_eq!(code(provider.socket()), code::WSAENOBUFS);
    assert_eq!(code(listener.accept()), code::WSAENOBUFS);
    assert_eq!(provider.open_handles(), 2);
    provider.refuse_handles(false);
    provider.socket().unwrap();
    // The connection could not be had; who asked for it must not wait for ever.
    let received = bounded(move || client.recv(&mut [0; 8]));
    assert_eq!(code(received), code::WSAECONNRESET);
}

fn wildcards_take_the_catalog_entry(provider: &Provider) {
    let from = ffi::FROM_PROTOCOL_INFO;
    for (family, kind, protocol) in [
        (0, 0, 0),
        (from, from, from),
        (ffi::AF_INET, ffi::SOCK_STREAM, 0),
        (ffi::AF_INET, 0, ffi::IPPROTO_TCP),
        (0, ffi::SOCK_STREAM, from),
    ] {
        let socket = provider.socket_of(family, kind, protocol).unwrap();
        assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
    }
}

fn foreign_families_types_and_protocols_are_refused(provider: &Provider) {
    const AF_IPX: i32 = 6;
    let tcp = ffi::IPPROTO_TCP;
    let stream = ffi::SOCK_STREAM;
    assert_eq!(code(provider.socket_of(AF_IPX, stream, tcp)), code::WSAEAFNOSUPPORT);
    assert_eq!(code(provider.socket_of(ffi::AF_INET, ffi::SOCK_DGRAM, 0)), code::WSAESOCKTNOSUPPORT);
    assert_eq!(code(provider.socket_of(ffi::AF_INET, stream, ffi::IPPROTO_UDP)), code::WSAEPROTONOSUPPORT);
    assert_eq!(code(provider.socket_of(AF_IPX, ffi::SOCK_DGRAM, 99)), code::WSAEAFNOSUPPORT, "the family is first");
    assert_eq!(code(provider.socket_of(0, ffi::SOCK_DGRAM, 99)), code::WSAESOCKTNOSUPPORT, "then the type");
    assert_eq!(provider.open_handles(), 0);
}

fn bind_takes_an_address_once(provider: &Provider) {
    let socket = provider.socket().unwrap();
    socket.bind(any()).unwrap();
    assert_eq!(code(socket.bind(any())), code::WSAEINVAL);
}

fn an_address_in_use_is_refused_unless_it_may_be_shared(provider: &Provider) {
    let first = provider.socket().unwrap();
    first.bind(any()).unwrap();
    let address = first.local_addr().unwrap();
    let second = provider.socket().unwrap();
    assert_eq!(code(second.bind(address)), code::WSAEADDRINUSE);
    second.set_option(ffi::SOL_SOCKET, ffi::SO_REUSEADDR, 1).unwrap();
    second.bind(address).unwrap();
    assert_eq!(second.local_addr(), Ok(address));
    first.listen(1).unwrap();
    assert_eq!(code(second.listen(1)), code::WSAEADDRINUSE, "one of them listens");
}

fn an_address_that_is_not_local_is_refused(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let foreign = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 0);
    assert_eq!(code(socket.bind(foreign)), code::WSAEADDRNOTAVAIL);
    socket.bind(any()).unwrap();
}

fn listen_needs_an_address(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.listen(1)), code::WSAEINVAL);
    let (client, _server) = provider.connected_pair().unwrap();
    assert_eq!(code(client.listen(1)), code::WSAEISCONN);
}

fn listening_again_is_no_error(provider: &Provider) {
    let (listener, address) = listener(provider);
    for backlog in [1, i32::MAX, -1, 0] {
        listener.listen(backlog).unwrap();
    }
    assert_eq!(listener.option(ffi::SOL_SOCKET, ffi::SO_ACCEPTCONN), Ok(1));
    assert_eq!(code(listener.connect(address)), code::WSAEINVAL);
}

fn connect_is_refused_where_nobody_listens(provider: &Provider) {
    let bound = provider.socket().unwrap();
    bound.bind(any()).unwrap();
    let client = provider.socket().unwrap();
    assert_eq!(code(client.connect(bound.local_addr().unwrap())), code::WSAECONNREFUSED);
    assert_eq!(code(client.connect(any())), code::WSAEADDRNOTAVAIL, "port 0 is no address of a peer");
    let (_listener, address) = listener(provider);
    client.connect(address).expect("a refused socket may try again");
}

fn connect_works_once(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (_listener, address) = listener(provider);
    assert_eq!(code(client.connect(address)), code::WSAEISCONN);
    assert_eq!(code(server.connect(address)), code::WSAEISCONN);
}

fn a_full_queue_refuses(provider: &Provider) {
    let (listener, address) = listener(provider);
    listener.listen(1).unwrap();
    let first = provider.socket().unwrap();
    first.connect(address).unwrap();
    let second = provider.socket().unwrap();
    assert_eq!(code(second.connect(address)), code::WSAECONNREFUSED);
    listener.accept().unwrap();
    second.connect(address).unwrap();
}

fn an_address_is_free_again_after_close(provider: &Provider) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    let (server, _) = listener.accept().unwrap();
    listener.close().unwrap();
    let next = provider.socket().unwrap();
    assert_eq!(code(next.bind(address)), code::WSAEADDRINUSE, "the accepted socket still has it");
    server.close().unwrap();
    next.bind(address).unwrap();
}

fn a_reissued_handle_reaches_the_new_socket(provider: &Provider) {
    provider.reissue_handles(true);
    let old = provider.socket().unwrap();
    old.bind(any()).unwrap();
    old.set_option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, 1).unwrap();
    old.close().unwrap();
    let new = provider.socket().unwrap();
    assert_eq!(new.raw(), old.raw(), "the host issues the handle again");
    assert_eq!(code(new.local_addr()), code::WSAEINVAL, "the new socket is not bound");
    assert_eq!(new.option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE), Ok(0));
}
