//! Socket options.

use wsp::{code, ffi};
use wsp_host::Provider;

use crate::support::{code, listener};

over_each!(
    flags_are_off_and_can_be_set,
    numbers_can_be_set,
    linger_is_a_structure_of_its_own,
    what_a_socket_is_can_be_read,
    unknown_options_and_levels_are_refused,
    values_of_the_wrong_size_are_refused,
    accepted_sockets_inherit,
    a_receive_gives_up_after_its_time,
    a_send_gives_up_after_its_time,
    sharing_and_owning_an_address_exclude_one_another,
    an_address_can_be_shared_if_both_want_it,
    control_codes_that_mean_nothing_are_refused,
    a_base_socket_is_its_own_base,
    keep_alive_takes_its_structure,
    conditional_accepts_can_be_asked_for,
    urgent_data_is_never_left,
);

const FLAGS: [(i32, i32); 6] = [
    (ffi::SOL_SOCKET, ffi::SO_DEBUG),
    (ffi::SOL_SOCKET, ffi::SO_DONTROUTE),
    (ffi::SOL_SOCKET, ffi::SO_KEEPALIVE),
    (ffi::SOL_SOCKET, ffi::SO_OOBINLINE),
    (ffi::SOL_SOCKET, ffi::SO_REUSEADDR),
    (ffi::IPPROTO_TCP, ffi::TCP_NODELAY),
];

fn flags_are_off_and_can_be_set(provider: &Provider) {
    let socket = provider.socket().unwrap();
    for (level, option) in FLAGS {
        assert_eq!(socket.option(level, option), Ok(0), "option {option:#x} at first");
        for value in [1, 0, 77] {
            socket.set_option(level, option, value).unwrap();
            let read = socket.option(level, option).unwrap();
            assert_eq!(read != 0, value != 0, "option {option:#x} set to {value}");
        }
    }
    let other = provider.socket().unwrap();
    for (level, option) in FLAGS {
        assert_eq!(other.option(level, option), Ok(0), "option {option:#x} of another socket");
    }
}

fn numbers_can_be_set(provider: &Provider) {
    let socket = provider.socket().unwrap();
    for option in [ffi::SO_RCVTIMEO, ffi::SO_SNDTIMEO] {
        assert_eq!(socket.option(ffi::SOL_SOCKET, option), Ok(0));
        socket.set_option(ffi::SOL_SOCKET, option, 1500).unwrap();
        assert_eq!(socket.option(ffi::SOL_SOCKET, option), Ok(1500));
    }
    for option in [ffi::SO_RCVBUF, ffi::SO_SNDBUF] {
        assert!(socket.option(ffi::SOL_SOCKET, option).unwrap() > 0);
        socket.set_option(ffi::SOL_SOCKET, option, 4096).unwrap();
        assert!(socket.option(ffi::SOL_SOCKET, option).unwrap() > 0, "what was granted");
    }
}

fn linger_is_a_structure_of_its_own(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let linger = |socket: &wsp_host::Socket| socket.option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, 8).unwrap();
    assert_eq!(linger(&socket), [0, 0, 0, 0]);
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_DONTLINGER), Ok(1));
    socket.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &on(5)).unwrap();
    assert_eq!(linger(&socket), on(5));
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_DONTLINGER), Ok(0));
    socket.set_option(ffi::SOL_SOCKET, ffi::SO_DONTLINGER, 1).unwrap();
    assert_eq!(linger(&socket)[..2], [0, 0]);
}

/// `linger` switched on, with this many seconds.
pub fn on(seconds: u16) -> [u8; 4] {
    let mut value = [0; 4];
    value[..2].copy_from_slice(&1_u16.to_ne_bytes());
    value[2..].copy_from_slice(&seconds.to_ne_bytes());
    value
}

fn what_a_socket_is_can_be_read(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_ACCEPTCONN), Ok(0));
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_ERROR), Ok(0));
    let (listener, _) = listener(provider);
    assert_eq!(listener.option(ffi::SOL_SOCKET, ffi::SO_ACCEPTCONN), Ok(1));
    let info = socket.option_bytes(ffi::SOL_SOCKET, ffi::SO_PROTOCOL_INFOW, 1000).unwrap();
    assert_eq!(info.len(), size_of::<ffi::WSAPROTOCOL_INFOW>());
    let at = std::mem::offset_of!(ffi::WSAPROTOCOL_INFOW, dwCatalogEntryId);
    assert_eq!(info[at..at + 4], provider.protocol_info().dwCatalogEntryId.to_ne_bytes());
}

fn unknown_options_and_levels_are_refused(provider: &Provider) {
    let socket = provider.socket().unwrap();
    for level in [ffi::SOL_SOCKET, ffi::IPPROTO_TCP] {
        assert_eq!(code(socket.option(level, 0x7777)), code::WSAENOPROTOOPT);
        assert_eq!(code(socket.set_option(level, 0x7777, 1)), code::WSAENOPROTOOPT);
    }
    assert_eq!(code(socket.option(0x1234, ffi::SO_DEBUG)), code::WSAEINVAL);
    assert_eq!(code(socket.set_option(0x1234, ffi::SO_DEBUG, 1)), code::WSAEINVAL);
    assert_eq!(code(socket.set_option(ffi::SOL_SOCKET, ffi::SO_TYPE, 1)), code::WSAENOPROTOOPT, "read only");
}

fn values_of_the_wrong_size_are_refused(provider: &Provider) {
    let socket = provider.socket().unwrap();
    for size in [0, 1, 3] {
        let option = ffi::SO_RCVTIMEO;
        assert_eq!(code(socket.option_bytes(ffi::SOL_SOCKET, option, size)), code::WSAEFAULT, "room for {size}");
        let value = vec![1; size];
        let refused = code(socket.set_option_bytes(ffi::SOL_SOCKET, option, &value));
        assert_eq!(refused, code::WSAEFAULT, "a value of {size}");
    }
    assert_eq!(code(socket.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &[1, 0])), code::WSAEFAULT);
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_RCVTIMEO), Ok(0));
}

fn accepted_sockets_inherit(provider: &Provider) {
    let (listener, address) = listener(provider);
    listener.set_option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, 1).unwrap();
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert_ne!(server.option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE), Ok(0));
    assert_eq!(code(server.recv(&mut [0; 1])), code::WSAEWOULDBLOCK, "nonblocking too");
}

fn a_receive_gives_up_after_its_time(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    server.set_option(ffi::SOL_SOCKET, ffi::SO_RCVTIMEO, 1).unwrap();
    assert_eq!(code(server.recv(&mut [0; 1])), code::WSAETIMEDOUT);
    client.send(b"x").unwrap();
    assert_eq!(server.recv(&mut [0; 1]), Ok(1), "still usable");
}

fn a_send_gives_up_after_its_time(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    client.set_option(ffi::SOL_SOCKET, ffi::SO_SNDTIMEO, 1).unwrap();
    let mut sent = 0_usize;
    // What there was room for is told as progress; without any the time is over.
    let gave_up = loop {
        match client.send(&[1; 100_000]) {
            Ok(count) => sent += count,
            Err(error) => break error.code(),
        }
        assert!(sent < 1 << 30, "it takes a gigabyte and nobody reads");
    };
    assert_eq!(gave_up, Some(code::WSAETIMEDOUT));
}

fn sharing_and_owning_an_address_exclude_one_another(provider: &Provider) {
    let options = [ffi::SO_REUSEADDR, ffi::SO_EXCLUSIVEADDRUSE];
    for (first, second) in [(0, 1), (1, 0)] {
        let socket = provider.socket().unwrap();
        socket.set_option(ffi::SOL_SOCKET, options[first], 1).unwrap();
        assert_eq!(code(socket.set_option(ffi::SOL_SOCKET, options[second], 1)), code::WSAEINVAL);
        socket.set_option(ffi::SOL_SOCKET, options[second], 0).unwrap();
        socket.set_option(ffi::SOL_SOCKET, options[first], 0).unwrap();
        socket.set_option(ffi::SOL_SOCKET, options[second], 1).unwrap();
    }
}

fn an_address_can_be_shared_if_both_want_it(provider: &Provider) {
    let bound = |share: bool, to| {
        let socket = provider.socket().unwrap();
        socket.set_option(ffi::SOL_SOCKET, ffi::SO_REUSEADDR, i32::from(share)).unwrap();
        socket.bind(to).map(|()| socket)
    };
    let first = bound(true, crate::support::any()).unwrap();
    let address = first.local_addr().unwrap();
    bound(true, address).unwrap();
    let owner = bound(false, crate::support::any()).unwrap();
    owner.listen(1).unwrap();
    let taken = owner.local_addr().unwrap();
    assert_eq!(code(bound(false, taken)), code::WSAEADDRINUSE);
}

fn control_codes_that_mean_nothing_are_refused(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let refused = |control| code(socket.ioctl(control, Some(&[0; 64]), Some(&mut [0; 64])));
    for known in
        [ffi::SIO_GET_QOS, ffi::SIO_TRANSLATE_HANDLE, ffi::SIO_ROUTING_INTERFACE_CHANGE, ffi::SIO_MULTICAST_SCOPE]
    {
        assert_eq!(refused(known), code::WSAENOPROTOOPT, "{known:#x}");
    }
    for unknown in [0, 0x1234_5678, 0xFFFF_FFFF] {
        assert_eq!(refused(unknown), code::WSAEINVAL, "{unknown:#x}");
    }
    assert_eq!(refused(ffi::SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER), code::WSAEOPNOTSUPP, "registered I/O");
}

fn a_base_socket_is_its_own_base(provider: &Provider) {
    let socket = provider.socket().unwrap();
    for control in [ffi::SIO_BASE_HANDLE, ffi::SIO_BSP_HANDLE, ffi::SIO_BSP_HANDLE_SELECT, ffi::SIO_BSP_HANDLE_POLL] {
        let mut base = [0; size_of::<usize>()];
        assert_eq!(socket.ioctl(control, None, Some(&mut base)), Ok(base.len()));
        assert_eq!(usize::from_ne_bytes(base), socket.raw(), "{control:#x}");
        assert_eq!(code(socket.ioctl(control, None, Some(&mut base[..3]))), code::WSAEFAULT);
    }
}

fn keep_alive_takes_its_structure(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    assert_eq!(client.ioctl(ffi::SIO_KEEPALIVE_VALS, Some(&[1; 12]), None), Ok(0));
    assert_eq!(code(client.ioctl(ffi::SIO_KEEPALIVE_VALS, Some(&[1; 11]), None)), code::WSAEFAULT);
    assert_eq!(code(client.ioctl(ffi::SIO_KEEPALIVE_VALS, None, None)), code::WSAEFAULT);
}

#[test]
fn control_codes_say_what_they_are_for() {
    let parts = |control: u32| (control >> 29, control >> 27 & 3, control >> 16 & 0x7FF, control & 0xFFFF);
    const VOID: u32 = ffi::IOC_VOID >> 29;
    const OUT: u32 = ffi::IOC_OUT >> 29;
    const BOTH: u32 = (ffi::IOC_IN | ffi::IOC_OUT) >> 29;
    assert_eq!((ffi::IOC_IN >> 31, OUT, VOID), (1, 2, 1));
    assert_eq!(parts(ffi::SIO_FLUSH), (VOID, 1, 0, 4), "generic Winsock 2");
    assert_eq!(parts(ffi::SIO_ADDRESS_LIST_QUERY), (OUT, 1, 0, 22));
    assert_eq!(parts(ffi::SIO_ADDRESS_LIST_CHANGE), (VOID, 1, 0, 23));
    assert_eq!(parts(ffi::SIO_GET_EXTENSION_FUNCTION_POINTER), (BOTH, 1, 0, 6));
    assert_eq!(parts(ffi::SIO_KEEPALIVE_VALS), (ffi::IOC_IN >> 29, 3, 0, 4), "a vendor's");
    assert_eq!(
        (ffi::FIONREAD >> 30, ffi::FIONREAD >> 16 & 0x7F, ffi::FIONREAD >> 8 & 0xFF),
        (1, 4, u32::from(b'f')),
        "Unix"
    );
}

fn urgent_data_is_never_left(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.set_option(ffi::SOL_SOCKET, ffi::SO_OOBINLINE, 1).unwrap();
    server.send(b"x").unwrap();
    let mut mark = [0xAA; 4];
    assert_eq!(client.ioctl(ffi::SIOCATMARK, None, Some(&mut mark)), Ok(4));
    assert_eq!(i32::from_ne_bytes(mark), ffi::TRUE);
}

fn conditional_accepts_can_be_asked_for(provider: &Provider) {
    let socket = provider.socket().unwrap();
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_CONDITIONAL_ACCEPT), Ok(0));
    socket.set_option(ffi::SOL_SOCKET, ffi::SO_CONDITIONAL_ACCEPT, 1).unwrap();
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_CONDITIONAL_ACCEPT), Ok(1));
}
