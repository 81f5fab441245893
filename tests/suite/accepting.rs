//! Taking connections, also by the caller's condition.

use std::net::SocketAddrV4;

use wsp::rt::zeroed;
use wsp::{code, ffi};
use wsp_host::{BlockingHook, Event, Provider, Socket, from_sockaddr};

use crate::support::{PATIENCE, any, code, listener};

over_each!(
    connections_come_in_the_order_of_their_requests,
    accept_needs_a_listener,
    an_empty_queue_would_block,
    a_condition_may_accept,
    a_condition_may_reject,
    a_condition_may_defer,
    a_condition_that_answers_nonsense_accepts_nothing,
    a_condition_may_call_the_provider,
    without_the_option_the_connection_is_there_before_the_condition,
    with_the_option_the_condition_decides_on_the_connection,
    with_the_option_a_request_ends_with_its_listener,
    a_connect_that_is_cancelled_returns_at_once,
    the_condition_is_told_both_ends_and_nothing_that_is_not_there,
    addresses_are_told_to_those_who_want_them,
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

/// A listener with `SO_CONDITIONAL_ACCEPT`.
fn conditional(provider: &Provider) -> (Socket, SocketAddrV4) {
    let listener = provider.socket().unwrap();
    listener.set_option(ffi::SOL_SOCKET, ffi::SO_CONDITIONAL_ACCEPT, 1).unwrap();
    listener.bind(any()).unwrap();
    listener.listen(5).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Can the network hold a connection until somebody decides? The system makes those of TCP by itself.
fn holds(provider: &Provider) -> bool {
    !provider.description().starts_with("TCP")
}

/// Asks for a connection. The event tells when it is made or refused.
fn ask(provider: &Provider, address: SocketAddrV4) -> (Socket, Event) {
    let (client, event) = (provider.socket().unwrap(), Event::new().unwrap());
    provider.table().event_select(client.raw(), Some(event.raw()), ffi::FD_CONNECT).unwrap();
    if let Err(error) = client.connect(address) {
        assert_eq!(error.code(), Some(code::WSAEWOULDBLOCK));
    }
    (client, event)
}

/// How a connect ended.
fn outcome_of(client: &Socket, event: &Event) -> i32 {
    assert!(event.wait(PATIENCE));
    let mut told: ffi::WSANETWORKEVENTS = zeroed();
    client.provider().table().enum_network_events(client.raw(), Some(event.raw()), &mut told).unwrap();
    assert_eq!(told.lNetworkEvents, ffi::FD_CONNECT);
    told.iErrorCode[ffi::FD_CONNECT_BIT as usize]
}

fn without_the_option_the_connection_is_there_before_the_condition(provider: &Provider) {
    let (listener, address) = listener(provider);
    for verdict in [ffi::CF_ACCEPT, ffi::CF_REJECT] {
        let (client, event) = ask(provider, address);
        let taken = listener.accept_if(|_| {
            assert_eq!(outcome_of(&client, &event), 0);
            assert_eq!(client.peer_addr(), Ok(address));
            verdict
        });
        assert_eq!(taken.is_ok(), verdict == ffi::CF_ACCEPT);
        client.provider().table().event_select(client.raw(), None, 0).unwrap();
        client.set_nonblocking(false).unwrap();
        if verdict == ffi::CF_REJECT {
            assert_eq!(code(client.recv(&mut [0; 1])), code::WSAECONNRESET, "what was made is reset");
        }
    }
}

fn with_the_option_the_condition_decides_on_the_connection(provider: &Provider) {
    let (listener, address) = conditional(provider);
    for verdict in [ffi::CF_ACCEPT, ffi::CF_REJECT, ffi::CF_DEFER] {
        let (client, event) = ask(provider, address);
        let taken = listener.accept_if(|_| {
            if holds(provider) {
                assert!(!event.is_set(), "nobody has decided yet");
                assert_eq!(code(client.peer_addr()), code::WSAENOTCONN);
            }
            verdict
        });
        let (made, refused) = (0, if holds(provider) { code::WSAECONNREFUSED } else { 0 });
        match verdict {
            ffi::CF_REJECT => {
                assert_eq!(code(taken), code::WSAECONNREFUSED);
                assert_eq!(outcome_of(&client, &event), refused);
            }
            ffi::CF_DEFER => {
                assert_eq!(code(taken), code::WSATRY_AGAIN);
                assert!(!event.is_set() || !holds(provider), "still not decided");
                let (server, from) = listener.accept().unwrap();
                assert_eq!(outcome_of(&client, &event), made);
                assert_eq!((client.local_addr(), server.local_addr()), (Ok(from), Ok(address)));
            }
            _ => {
                let server = taken.unwrap();
                assert_eq!(outcome_of(&client, &event), made);
                assert_eq!(client.send(b"x"), Ok(1));
                assert_eq!(server.recv(&mut [0; 1]), Ok(1));
            }
        }
    }
}

fn with_the_option_a_request_ends_with_its_listener(provider: &Provider) {
    let (listener, address) = conditional(provider);
    let (client, event) = ask(provider, address);
    if !holds(provider) {
        assert_eq!(outcome_of(&client, &event), 0);
    }
    listener.close().unwrap();
    if holds(provider) {
        assert_eq!(outcome_of(&client, &event), code::WSAECONNREFUSED);
    }
    // Whoever gives up first leaves nothing behind either.
    let (listener, address) = conditional(provider);
    let (client, _event) = ask(provider, address);
    client.close().unwrap();
    let (other, event) = ask(provider, address);
    // One that is gone may be seen to be, or may still be taken.
    let mut servers = Vec::new();
    while servers.last().is_none_or(|(_, from)| Ok(*from) != other.local_addr()) {
        match listener.accept() {
            Ok(server) => servers.push(server),
            Err(error) => assert_eq!(error.code(), Some(code::WSAECONNRESET)),
        }
    }
    assert_eq!(outcome_of(&other, &event), 0);
}

fn a_connect_that_is_cancelled_returns_at_once(provider: &Provider) {
    let (listener, address) = conditional(provider);
    let client = provider.socket().unwrap();
    let table = provider.table();
    let hook = BlockingHook::install(|| {
        table.cancel_blocking_call().unwrap();
        true
    });
    let outcome = client.connect(address);
    drop(hook);
    if holds(provider) {
        assert_eq!(code(outcome), code::WSAEINTR);
    } else {
        // The system may have made it before anybody could cancel anything.
        assert!(matches!(outcome.map_err(|error| error.code()), Ok(()) | Err(Some(code::WSAEINTR))));
    }
    client.close().unwrap();
    let (other, event) = ask(provider, address);
    while listener.accept().map_or(true, |(server, _)| server.peer_addr() != other.local_addr()) {}
    assert_eq!(outcome_of(&other, &event), 0);
}

/// What a condition was told: the caller's and the callee's address, and whether anything else was there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    caller: Vec<u8>,
    callee: Vec<u8>,
    caller_data: bool,
    qualities: bool,
    room: Option<u32>,
}

unsafe extern "system" fn note(
    caller: ffi::LPWSABUF,
    caller_data: ffi::LPWSABUF,
    quality: ffi::LPQOS,
    group_quality: ffi::LPQOS,
    callee: ffi::LPWSABUF,
    callee_data: ffi::LPWSABUF,
    _: *mut ffi::GROUP,
    context: usize,
) -> i32 {
    // SAFETY: what the interface gives a condition function, and the context of the test below.
    unsafe {
        let bytes = |buffer: ffi::LPWSABUF| {
            let buffer = buffer.read_unaligned();
            std::slice::from_raw_parts(buffer.buf.cast::<u8>(), buffer.len as usize).to_vec()
        };
        *(context as *mut Asked) = Asked {
            caller: bytes(caller),
            callee: bytes(callee),
            caller_data: !caller_data.is_null() && caller_data.read_unaligned().len > 0,
            qualities: !quality.is_null() || !group_quality.is_null(),
            room: (!callee_data.is_null()).then(|| callee_data.read_unaligned().len),
        };
    }
    ffi::CF_ACCEPT
}

fn the_condition_is_told_both_ends_and_nothing_that_is_not_there(provider: &Provider) {
    let (listener, address, client) = waiting(provider);
    let mut asked = Asked::default();
    let table = provider.table();
    let server = table.accept(listener.raw(), None, Some(note), &raw mut asked as usize).unwrap();
    assert_eq!(asked.caller[..8], wsp_host::to_sockaddr(client.local_addr().unwrap())[..8]);
    assert_eq!(asked.callee[..8], wsp_host::to_sockaddr(address)[..8]);
    assert_eq!((asked.caller_data, asked.qualities), (false, false), "neither data nor qualities of service");
    assert!(matches!(asked.room, None | Some(0)), "no answer can be sent along: {:?}", asked.room);
    table.close_socket(server).unwrap();
}

fn addresses_are_told_to_those_who_want_them(provider: &Provider) {
    let (listener, address) = listener(provider);
    let table = provider.table();
    for condition in [None, Some(note as unsafe extern "system" fn(_, _, _, _, _, _, _, _) -> _)] {
        for wanted in [true, false] {
            let client = provider.socket().unwrap();
            client.connect(address).unwrap();
            let (mut asked, mut raw) = (Asked::default(), [0xAA; 20]);
            let mut room = wsp::rt::Room::new(&mut raw);
            let place = wanted.then_some(&mut room);
            let server = table.accept(listener.raw(), place, condition, &raw mut asked as usize).unwrap();
            if wanted {
                assert_eq!(room.size, 16);
                assert_eq!(raw[..16], wsp_host::to_sockaddr(client.local_addr().unwrap()));
            } else {
                assert_eq!(raw, [0xAA; 20]);
            }
            table.close_socket(server).unwrap();
        }
    }
}
