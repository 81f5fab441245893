//! How connections are made, and what a socket is before.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use wsp::{code, ffi};
use wsp_host::Event;
use wsp_host::switch::{SanNotify, SanProvider, SanSocket};

use crate::support::{PATIENCE, address, code, pair};

over_all!(
    the_switchs_handle_is_made_for_each_socket,
    a_connect_is_made_when_it_is_accepted,
    a_rejected_request_is_refused,
    the_condition_is_asked_before_the_peer_is_answered,
    a_deferred_request_is_offered_again,
    a_refusal_says_that_tcp_is_refused_too,
    a_full_backlog_refuses,
    a_foreign_address_is_not_available,
    each_request_signals_the_event,
    only_accept_and_connect_events_can_be_asked_for,
    the_provider_tells_its_addresses,
    quality_of_service_is_not_there,
    options_of_a_san_can_be_read,
    data_needs_a_connection,
    a_closed_descriptor_stays_unknown,
);
over_all!(alone: a_socket_without_a_handle_is_not_made);

fn listener(provider: &SanProvider, backlog: i32) -> (SanSocket, std::net::SocketAddrV4, Event) {
    let (listener, address, event) = (provider.socket().unwrap(), address(), Event::new().unwrap());
    listener.bind(address).unwrap();
    listener.listen(backlog).unwrap();
    listener.event_select(&event, ffi::FD_ACCEPT).unwrap();
    (listener, address, event)
}

fn the_switchs_handle_is_made_for_each_socket(provider: &SanProvider) {
    let (client, server) = pair(provider);
    assert_ne!(client.handle(), server.handle());
    assert_ne!(client.raw(), server.raw());
    let before = provider.open_handles();
    client.close().unwrap();
    assert_eq!(provider.open_handles(), before - 1, "and given back by its close");
}

fn a_connect_is_made_when_it_is_accepted(provider: &SanProvider) {
    let (listener, address, event) = listener(provider, 5);
    let client = provider.socket().unwrap();
    let connecting = client.connect(address).unwrap();
    assert!(!connecting.at_once);
    assert!(event.wait(PATIENCE));
    assert!(!connecting.event().is_set(), "nobody has accepted it yet");
    let (_server, _) = listener.accept(|_| ffi::CF_ACCEPT).unwrap();
    connecting.finish(&client, PATIENCE).unwrap();
    assert_eq!(code(client.connect_once(address)), code::WSAEISCONN);
}

fn the_condition_is_asked_before_the_peer_is_answered(provider: &SanProvider) {
    // So it is in a SAN, whatever the option for it says.
    for option in [0, 1] {
        let (listener, address, event) = (provider.socket().unwrap(), address(), Event::new().unwrap());
        listener.set_option(ffi::SOL_SOCKET, ffi::SO_CONDITIONAL_ACCEPT, option).unwrap();
        listener.bind(address).unwrap();
        listener.listen(5).unwrap();
        listener.event_select(&event, ffi::FD_ACCEPT).unwrap();
        let client = provider.socket().unwrap();
        let connecting = client.connect(address).unwrap();
        assert!(event.wait(PATIENCE));
        let (here, mut asked) = (std::thread::current().id(), 0);
        let (server, from) = listener
            .accept(|_| {
                assert_eq!(std::thread::current().id(), here, "on the thread of the call");
                assert!(!connecting.event().is_set());
                assert_eq!(code(client.send_blocking(b"early")), code::WSAENOTCONN);
                asked += 1;
                ffi::CF_ACCEPT
            })
            .unwrap();
        assert_eq!((asked, from.ip()), (1, address.ip()), "and the peer's address is told");
        connecting.finish(&client, PATIENCE).unwrap();
        client.send_blocking(b"x").unwrap();
        assert_eq!(server.recv_blocking(&mut [0; 4]), Ok(1));
    }
}

fn a_rejected_request_is_refused(provider: &SanProvider) {
    let (listener, address, event) = listener(provider, 5);
    let client = provider.socket().unwrap();
    let connecting = client.connect(address).unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(code(listener.accept(|_| ffi::CF_REJECT).map(drop)), code::WSAECONNREFUSED);
    assert_eq!(code(connecting.finish(&client, PATIENCE)), code::WSAECONNREFUSED);
}

fn a_deferred_request_is_offered_again(provider: &SanProvider) {
    let (listener, address, event) = listener(provider, 5);
    let client = provider.socket().unwrap();
    let connecting = client.connect(address).unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(code(listener.accept(|_| ffi::CF_DEFER).map(drop)), code::WSATRY_AGAIN);
    let (_server, _) = listener.accept(|_| ffi::CF_ACCEPT).unwrap();
    connecting.finish(&client, PATIENCE).unwrap();
}

fn a_refusal_says_that_tcp_is_refused_too(provider: &SanProvider) {
    let connect = |to, meanwhile: &dyn Fn()| {
        let client = provider.socket().unwrap();
        match client.connect(to) {
            Ok(connecting) => {
                meanwhile();
                code(connecting.finish(&client, PATIENCE))
            }
            Err(error) => code(Err::<(), _>(error)),
        }
    };
    // Somebody is there whom the switch reaches by TCP/IP only, and who has nothing to say to a provider.
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let SocketAddr::V4(there) = server.local_addr().unwrap() else { panic!("an address of IPv4 was asked for") };
    assert_eq!(connect(there, &|| drop(server.accept().unwrap())), code::WSAETIMEDOUT);
    let nobody = address();
    let told = connect(nobody, &|| {});
    let certain = TcpStream::connect(nobody).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
    assert!(certain && matches!(told, code::WSAECONNREFUSED | code::WSAETIMEDOUT), "{told}");
}

fn a_full_backlog_refuses(provider: &SanProvider) {
    let (_listener, address, _event) = listener(provider, 1);
    let waiting = provider.socket().unwrap();
    let _connecting = waiting.connect(address).unwrap();
    let mut refused = false;
    // What a transport holds on the way may count, but not for ever.
    let mut others = Vec::new();
    for _ in 0..20 {
        let other = provider.socket().unwrap();
        match other.connect(address) {
            Ok(connecting) if others.len() < 10 => others.push((other, connecting)),
            Ok(connecting) => {
                refused |= code(connecting.finish(&other, PATIENCE)) == code::WSAECONNREFUSED;
            }
            Err(error) => refused |= error.code() == Some(code::WSAECONNREFUSED),
        }
    }
    assert!(refused);
}

fn a_foreign_address_is_not_available(provider: &SanProvider) {
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.bind("192.0.2.1:80".parse().unwrap())), code::WSAEADDRNOTAVAIL);
}

fn each_request_signals_the_event(provider: &SanProvider) {
    let (listener, address, event) = listener(provider, 5);
    let clients: Vec<_> = (0..2).map(|_| provider.socket().unwrap()).collect();
    let connecting: Vec<_> = clients.iter().map(|client| client.connect(address).unwrap()).collect();
    for (client, connecting) in clients.iter().zip(&connecting) {
        assert!(event.wait(PATIENCE));
        assert_eq!(listener.enum_events(&event).unwrap().lNetworkEvents, ffi::FD_ACCEPT);
        let (_server, _) = listener.accept(|_| ffi::CF_ACCEPT).unwrap();
        connecting.finish(client, PATIENCE).unwrap();
    }
    assert_eq!(code(listener.accept(|_| ffi::CF_ACCEPT).map(drop)), code::WSAEWOULDBLOCK);
}

fn only_accept_and_connect_events_can_be_asked_for(provider: &SanProvider) {
    let (socket, event) = (provider.socket().unwrap(), Event::new().unwrap());
    socket.event_select(&event, ffi::FD_ACCEPT | ffi::FD_CONNECT).unwrap();
    assert_eq!(code(socket.event_select(&event, ffi::FD_READ)), code::WSAEINVAL);
}

fn the_provider_tells_its_addresses(provider: &SanProvider) {
    let addresses = provider.addresses().unwrap();
    assert!(addresses.contains(&std::net::Ipv4Addr::LOCALHOST), "{addresses:?}");
    let socket = provider.socket().unwrap();
    assert_eq!(code(socket.ioctl(ffi::SIO_ADDRESS_LIST_QUERY, None, Some(&mut [0; 8]))), code::WSAEFAULT);
}

fn quality_of_service_is_not_there(provider: &SanProvider) {
    let socket = provider.socket().unwrap();
    let refused = socket.qos_by_name(&mut b"guaranteed\0".to_vec()).map(drop);
    assert_eq!(code(refused), code::WSAEOPNOTSUPP);
}

fn options_of_a_san_can_be_read(provider: &SanProvider) {
    let socket = provider.socket().unwrap();
    let threshold = socket.option(ffi::SO_RDMA_THRESHOLD_SIZE).unwrap();
    assert!(threshold.is_some_and(|threshold| threshold > 0), "{threshold:?}");
    socket.set_option(ffi::SOL_SOCKET, ffi::SO_DEBUG, 1).unwrap();
    assert_eq!(socket.option(ffi::SO_DEBUG), Ok(Some(1)));
}

fn data_needs_a_connection(provider: &SanProvider) {
    let socket = provider.socket().unwrap();
    let receive = socket.recv_overlapped(4, SanNotify::Polled);
    assert_eq!(receive.returned().map_err(|error| error.code()), Err(Some(code::WSAENOTCONN)));
    assert!(!receive.is_marked());
    assert_eq!(code(socket.register(b"memory", ffi::MEM_READ)), code::WSAENOTCONN);
}

fn a_closed_descriptor_stays_unknown(provider: &SanProvider) {
    let old = provider.socket().unwrap();
    let stale = old.raw();
    old.close().unwrap();
    // The slot is used again, the descriptor is not.
    let sockets: Vec<_> = (0..100).map(|_| provider.socket().unwrap()).collect();
    assert!(sockets.iter().all(|socket| socket.raw() != stale));
    assert_eq!(provider.table().listen(stale, 1).unwrap_err().code(), Some(code::WSAENOTSOCK));
}

fn a_socket_without_a_handle_is_not_made(provider: &SanProvider) {
    let before = provider.open_handles();
    provider.refuse_handles(true);
    let refused = provider.socket().map(drop);
    provider.refuse_handles(false);
    assert!(refused.is_err());
    assert_eq!(provider.open_handles(), before);
    provider.socket().unwrap();
}
