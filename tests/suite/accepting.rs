//! Taking connections, also by the caller's condition.

use std::net::SocketAddrV4;

use wsp::{code, ffi};
use wsp_host::{Provider, Socket, from_sockaddr};

use crate::support::{code, listener};

over_each!(
    connections_come_in_the_order_of_their_requests,
    accept_needs_a_listener,
    an_empty_queue_would_block,
    a_condition_may_accept,
    a_condition_may_reject,
    a_condition_may_defer,
    a_condition_that_answers_nonsense_accepts_nothing,
    a_condition_may_call_the_provider,
);

fn waiting(provider: &Provider) -> (Socket, SocketAddrV4, Socket) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    (listener, address, client)
}

fn connections_come_in_the_order_of_their_requests(provider: &Provider) {
    let (listener, address) = listener(provider);
    let clients: Vec<Socket> = (0..4).map(|_| provider.socket().unwrap()).collect();
    for client in &clients {
        client.connect(address).unwrap();
    }
    for client in &clients {
        let (_server, from) = listener.accept().unwrap();
        assert_eq!(client.local_addr(), Ok(from));
    }
}

fn accept_needs_a_listener(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.accept()), code::WSAEINVAL);
    let (client, _server) = provider.connected_pair().unwrap();
    assert_eq!(code(client.accept()), code::WSAEINVAL);
}

fn an_empty_queue_would_block(provider: &Provider) {
    let (listener, address) = listener(provider);
    listener.set_nonblocking(true).unwrap();
    assert_eq!(code(listener.accept()), code::WSAEWOULDBLOCK);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    listener.accept().unwrap();
    assert_eq!(code(listener.accept()), code::WSAEWOULDBLOCK);
}

fn a_condition_may_accept(provider: &Provider) {
    let (listener, _, client) = waiting(provider);
    let mut asked = Vec::new();
    let server = listener.accept_if(|caller| {
        asked.push(from_sockaddr("condition", caller).unwrap());
        ffi::CF_ACCEPT
    });
    assert_eq!(asked, [client.local_addr().unwrap()], "asked once, with the caller's address");
    client.send(b"x").unwrap();
    assert_eq!(server.unwrap().recv(&mut [0; 1]), Ok(1));
}

fn a_condition_may_reject(provider: &Provider) {
    let (listener, _, client) = waiting(provider);
    assert_eq!(code(listener.accept_if(|_| ffi::CF_REJECT)), code::WSAECONNREFUSED);
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAECONNRESET, "the peer is told");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(code(listener.accept()), code::WSAEWOULDBLOCK, "the request is gone");
}

fn a_condition_may_defer(provider: &Provider) {
    let (listener, address, client) = waiting(provider);
    let second = provider.socket().unwrap();
    second.connect(address).unwrap();
    for _ in 0..3 {
        assert_eq!(code(listener.accept_if(|_| ffi::CF_DEFER)), code::WSATRY_AGAIN);
    }
    assert_eq!(provider.open_handles(), 3);
    let (_server, from) = listener.accept().unwrap();
    assert_eq!(client.local_addr(), Ok(from), "still the first in the queue");
}

fn a_condition_that_answers_nonsense_accepts_nothing(provider: &Provider) {
    let (listener, _, _client) = waiting(provider);
    assert_eq!(code(listener.accept_if(|_| 1234)), code::WSAEINVAL);
    assert_eq!(provider.open_handles(), 2);
}

fn a_condition_may_call_the_provider(provider: &Provider) {
    let (listener, address, _client) = waiting(provider);
    let server = listener.accept_if(|_| {
        // No lock may be held here: each of these uses the listener or the network.
        assert_eq!(listener.local_addr(), Ok(address));
        let another = provider.socket().unwrap();
        another.connect(address).unwrap();
        ffi::CF_ACCEPT
    });
    server.unwrap();
    let (_other, _) = listener.accept().unwrap();
}
