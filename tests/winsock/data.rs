//! Ordinary programs: data both ways through `std::io`, names, options, control codes, the end.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use wsp::{code, ffi};
use wsp_host::winsock::{Stack, last_error, set_last_error};
use wsp_host::{from_sockaddr, to_sockaddr};

use crate::support::{code, refused, tcp};

over_each!(
    bytes_travel_both_ways_unharmed,
    names_and_options_are_the_providers,
    conditions_decide_on_connections,
    sets_are_served_and_time_out,
    the_last_error_is_of_the_last_failure,
    a_socket_closed_under_a_waiting_call_ends_it,
    a_socket_can_be_handed_over,
);

fn bytes_travel_both_ways_unharmed(stack: &Stack) {
    const TOTAL: usize = 300_000;
    let (client, server) = stack.connected_pair().unwrap();
    let sent: Vec<u8> = (0..TOTAL as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    thread::scope(|scope| {
        for socket in [&client, &server] {
            let sent = &sent;
            scope.spawn(move || {
                let mut socket = socket;
                socket.write_all(sent).unwrap();
                socket.shutdown(Shutdown::Write).unwrap();
            });
            scope.spawn(move || {
                let mut socket = socket;
                let mut received = Vec::new();
                socket.read_to_end(&mut received).unwrap();
                assert!(received == *sent, "the bytes differ");
            });
        }
    });
}

fn names_and_options_are_the_providers(stack: &Stack) {
    let (client, server) = stack.connected_pair().unwrap();
    assert_eq!(client.peer_addr(), server.local_addr());
    assert_eq!(server.peer_addr(), client.local_addr());
    assert_eq!(client.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
    client.set_option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, 1).unwrap();
    assert_ne!(client.option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE), Ok(0));
    assert_eq!(client.available(), Ok(0));
    server.send(b"seven..").unwrap();
    assert_eq!(client.available(), Ok(7));
    client.set_nonblocking(true).unwrap();
    client.recv(&mut [0; 7]).unwrap();
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAEWOULDBLOCK);
    let mut io = &client;
    assert_eq!(io.read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let entry = stack.ws2().entries().remove(0);
    let wide = client.option_bytes(ffi::SOL_SOCKET, ffi::SO_PROTOCOL_INFOW, 628).unwrap();
    let narrow = client.option_bytes(ffi::SOL_SOCKET, ffi::SO_PROTOCOL_INFOA, 372).unwrap();
    assert_eq!(wide[..116], narrow[..116], "the same, but for the text");
    assert_eq!(wide[36..40], entry.id().to_ne_bytes());
    let refused = refused(client.option_bytes(ffi::SOL_SOCKET, ffi::SO_PROTOCOL_INFOA, 371));
    assert_eq!(refused, code::WSAEFAULT);
}

fn conditions_decide_on_connections(stack: &Stack) {
    let listener = tcp(stack).unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(3).unwrap();
    let address = listener.local_addr().unwrap();
    let client = tcp(stack).unwrap();
    client.connect(address).unwrap();
    let mut asked = None;
    let server = listener.accept_if(|caller| {
        asked = from_sockaddr("condition", caller).ok();
        ffi::CF_ACCEPT
    });
    server.unwrap().send(b"x").unwrap();
    assert_eq!(asked, client.local_addr().ok());
    assert_eq!(client.recv(&mut [0; 2]), Ok(1));
    tcp(stack).unwrap().connect(address).unwrap();
    assert_eq!(code(listener.accept_if(|_| ffi::CF_REJECT)), code::WSAECONNREFUSED);
}

fn sets_are_served_and_time_out(stack: &Stack) {
    let pairs: Vec<_> = (0..70).map(|_| stack.connected_pair().unwrap()).collect();
    let servers: Vec<_> = pairs.iter().map(|(_, server)| server.raw()).collect();
    let ready = stack.select(&servers, &[], &[], Some(Duration::from_millis(1))).unwrap();
    assert_eq!(ready, wsp_host::winsock::Ready::default());
    pairs[69].0.send(b"x").unwrap();
    let ready = stack.select(&servers, &[servers[0]], &[servers[1]], None).unwrap();
    assert_eq!((ready.read, ready.write, ready.except), (vec![servers[69]], vec![servers[0]], vec![]));
    assert_eq!(refused(stack.select(&[], &[], &[], None)), code::WSAEINVAL);
    assert_eq!(refused(stack.select(&[77], &[servers[0]], &[], None)), code::WSAENOTSOCK);
    let foreign = stack.select(&[servers[0], 77], &[], &[], Some(Duration::ZERO));
    assert!(
        matches!(foreign, Err(wsp_host::winsock::Failure::Provider(_))),
        "foreign members are the provider's affair"
    );
    assert_eq!(code(foreign), code::WSAENOTSOCK);
}

fn the_last_error_is_of_the_last_failure(stack: &Stack) {
    let socket = tcp(stack).unwrap();
    set_last_error(4711);
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_eq!(last_error(), 4711, "success leaves it alone");
    assert_eq!(code(socket.bind("127.0.0.1:0".parse().unwrap())), code::WSAEINVAL);
    assert_eq!(last_error(), code::WSAEINVAL);
    thread::scope(|scope| {
        assert_eq!(scope.spawn(last_error).join().unwrap(), 0, "each thread has its own");
    });
    let name = to_sockaddr("127.0.0.1:0".parse().unwrap());
    // SAFETY: a name that is long enough for what is said of it.
    let short = unsafe { stack.ws2().calls().bind(socket.raw(), name.as_ptr().cast(), 15) };
    assert_eq!((refused(short), last_error()), (code::WSAEFAULT, code::WSAEFAULT));
}

fn a_socket_closed_under_a_waiting_call_ends_it(stack: &Stack) {
    let (client, _server) = stack.connected_pair().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| code(client.recv(&mut [0; 1])));
        client.close().unwrap();
        // Caught waiting, or begun when the socket was gone.
        let ended = waiting.join().unwrap();
        assert!([code::WSAEINTR, code::WSAENOTSOCK, code::WSA_OPERATION_ABORTED].contains(&ended), "{ended}");
    });
    assert_eq!(code(client.close()), code::WSAENOTSOCK);
}

fn a_socket_can_be_handed_over(stack: &Stack) {
    let (client, server) = stack.connected_pair().unwrap();
    // Whether it can is the provider's affair; the structure is the host's.
    let info = match server.duplicate(std::process::id()) {
        Ok(info) => info,
        Err(failure) => return assert_eq!(failure.code(), code::WSAEOPNOTSUPP),
    };
    let entry = stack.ws2().entries().remove(0);
    assert_eq!(info.dwCatalogEntryId, entry.id());
    let twin = stack.socket_from(&info).unwrap();
    client.send(b"to both").unwrap();
    assert_eq!(twin.recv(&mut [0; 9]), Ok(7));
    server.close().unwrap();
    twin.send(b"still").unwrap();
    assert_eq!(client.recv(&mut [0; 9]), Ok(5));
}
