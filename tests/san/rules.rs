//! What a provider offers a switch, and how it starts and ends.

use std::sync::Mutex;

use wsp::rt::{Outcome, OverlappedCall, zeroed};
use wsp::{code, ffi};
use wsp_host::switch::{SanHost, SanNotify, SanProvider, SanSocket};
use wsp_host::{Event, UPCALLS_EX};

use crate::support::{PATIENCE, address, code, end, pair};

over_all!(
    the_extensions_have_their_guids,
    what_the_switch_does_itself_is_not_offered,
    what_needs_quality_of_service_is_refused,
    addresses_of_other_families_are_refused,
    a_closed_socket_leaves_its_address,
    an_event_comes_for_a_request_that_waits_already,
    options_are_there_in_every_state,
    an_import_is_a_socket_with_a_handle_of_its_own,
    a_move_releases_what_is_registered,
    rdma_memory_that_is_registered_twice_is_open_until_both_end,
    the_low_bit_of_an_event_is_a_flag,
);
over_all!(alone:
    start_ups_are_counted,
    the_provider_says_which_version_and_who_it_is,
    the_handle_is_given_back_last,
);

/// The 16 bytes of a GUID, as the documentation writes it.
fn guid(text: &str) -> [u8; 16] {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |at: usize| u8::from_str_radix(std::str::from_utf8(&digits[2 * at..2 * at + 2]).unwrap(), 16).unwrap();
    [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map(byte)
}

fn extension(socket: &SanSocket, text: &str) -> Result<usize, wsp_host::Error> {
    let mut found = [0; size_of::<usize>()];
    socket.ioctl(0xC800_0006, Some(&guid(text)), Some(&mut found))?;
    Ok(usize::from_ne_bytes(found))
}

fn the_extensions_have_their_guids(provider: &SanProvider) {
    let socket = provider.socket().unwrap();
    let mut found: Vec<usize> = [
        "{C0B422F5-F58C-11d1-AD6C-00C04FA34A2D}",
        "{C0B422F6-F58C-11d1-AD6C-00C04FA34A2D}",
        "{C0B422F7-F58C-11d1-AD6C-00C04FA34A2D}",
        "{C0B422F8-F58C-11d1-AD6C-00C04FA34A2D}",
        "{C0B422F9-F58C-11d1-AD6C-00C04FA34A2D}",
        "{C0B422FA-F58C-11d1-AD6C-00C04FA34A2D}",
        "{E5DA4AF8-D824-48CD-A799-6337A98ED2AF}",
    ]
    .iter()
    .map(|text| extension(&socket, text).unwrap_or_else(|error| panic!("{text}: {error}")))
    .collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 7, "seven functions, none twice");
    assert!(found[0] > 0xFFFF);
}

fn what_the_switch_does_itself_is_not_offered(provider: &SanProvider) {
    let socket = provider.socket().unwrap();
    for (name, text) in [
        ("TransmitFile", "{B5367DF0-CBAC-11CF-95CA-00805F48A192}"),
        ("AcceptEx", "{B5367DF1-CBAC-11CF-95CA-00805F48A192}"),
        ("GetAcceptExSockaddrs", "{B5367DF2-CBAC-11CF-95CA-00805F48A192}"),
        ("ConnectEx", "{25A207B9-DDF3-4660-8EE9-76E58C74063E}"),
    ] {
        assert_eq!(code(extension(&socket, text)), code::WSAEOPNOTSUPP, "{name}");
    }
}

fn what_needs_quality_of_service_is_refused(provider: &SanProvider) {
    let (client, _server) = pair(provider);
    for control in [ffi::SIO_GET_QOS, ffi::SIO_SET_QOS, ffi::SIO_GET_GROUP_QOS, ffi::SIO_SET_GROUP_QOS] {
        let refused = code(client.ioctl(control, Some(&[0; 64]), Some(&mut [0; 64])));
        assert_eq!(refused, code::WSAEOPNOTSUPP, "{control:#x}");
    }
    for option in [ffi::SO_GROUP_ID, ffi::SO_GROUP_PRIORITY] {
        assert!(!matches!(client.option(option), Ok(Some(_))), "{option:#x}");
        assert_eq!(code(client.set_option(ffi::SOL_SOCKET, option, 1)), code::WSAENOPROTOOPT, "{option:#x}");
    }
}

fn addresses_of_other_families_are_refused(provider: &SanProvider) {
    let socket = provider.socket().unwrap();
    let mut raw = wsp_host::to_sockaddr(address());
    for family in [0_u16, 1, 23, 0xFFFF] {
        raw[..2].copy_from_slice(&family.to_ne_bytes());
        assert_eq!(provider.table().bind(socket.raw(), &raw).unwrap_err().code(), Some(code::WSAEFAULT), "{family}");
    }
    socket.bind(address()).unwrap();
}

fn a_closed_socket_leaves_its_address(provider: &SanProvider) {
    let at = address();
    for _ in 0..3 {
        let (socket, client) = (provider.socket().unwrap(), provider.socket().unwrap());
        socket.bind(at).unwrap();
        socket.listen(5).unwrap();
        let (event, waiting) = (Event::new().unwrap(), Event::new().unwrap());
        socket.event_select(&waiting, ffi::FD_ACCEPT).unwrap();
        client.event_select(&event, ffi::FD_CONNECT).unwrap();
        assert_eq!(code(client.connect_once(at)), code::WSAEWOULDBLOCK);
        assert!(waiting.wait(PATIENCE));
        // With what waits there.
        socket.close().unwrap();
        assert!(event.wait(PATIENCE));
        let told = client.enum_events(&event).unwrap();
        assert_eq!(told.iErrorCode[ffi::FD_CONNECT_BIT as usize], code::WSAECONNREFUSED);
    }
}

fn an_event_comes_for_a_request_that_waits_already(provider: &SanProvider) {
    let (listener, at) = (provider.socket().unwrap(), address());
    listener.bind(at).unwrap();
    listener.listen(5).unwrap();
    let client = provider.socket().unwrap();
    let connecting = client.connect(at).unwrap();
    // It may have waited for any time.
    let early = Event::new().unwrap();
    listener.event_select(&early, ffi::FD_ACCEPT).unwrap();
    assert!(early.wait(PATIENCE));
    let event = Event::new().unwrap();
    listener.event_select(&event, ffi::FD_ACCEPT).unwrap();
    assert!(event.wait(PATIENCE), "it waits while the events are registered");
    let (_server, _) = listener.accept(|_| ffi::CF_ACCEPT).unwrap();
    connecting.finish(&client, PATIENCE).unwrap();
}

fn options_are_there_in_every_state(provider: &SanProvider) {
    let works = |socket: &SanSocket| {
        assert_eq!(socket.option(ffi::SO_DEBUG), Ok(Some(0)));
        socket.set_option(ffi::SOL_SOCKET, ffi::SO_DEBUG, 1).unwrap();
        assert_eq!(socket.option(ffi::SO_DEBUG), Ok(Some(1)));
        socket.set_option(ffi::SOL_SOCKET, ffi::SO_DEBUG, 0).unwrap();
    };
    let (socket, at) = (provider.socket().unwrap(), address());
    works(&socket);
    socket.bind(at).unwrap();
    works(&socket);
    socket.listen(5).unwrap();
    works(&socket);
    let (client, event) = (provider.socket().unwrap(), Event::new().unwrap());
    client.event_select(&event, ffi::FD_CONNECT).unwrap();
    assert_eq!(code(client.connect_once(at)), code::WSAEWOULDBLOCK);
    works(&client);
    let (client, server) = pair(provider);
    works(&client);
    client.close().unwrap();
    works(&server);
    let (client, _server) = pair(provider);
    client.duplicate(std::process::id()).unwrap();
    works(&client);
}

fn an_import_is_a_socket_with_a_handle_of_its_own(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let info = client.duplicate(std::process::id()).unwrap();
    let before = provider.open_handles();
    let moved = provider.import(&info, None).unwrap();
    assert_eq!(provider.open_handles(), before + 1);
    assert!(moved.handle() != client.handle() && moved.raw() != client.raw());
    client.close().unwrap();
    moved.send_blocking(b"x").unwrap();
    assert_eq!(server.recv_blocking(&mut [0; 4]), Ok(1));
}

fn a_move_releases_what_is_registered(provider: &SanProvider) {
    let (client, _server) = pair(provider);
    let memory = vec![7; 100];
    let registration = client.register(&memory, ffi::MEM_WRITE).unwrap();
    let receive = client.recv_overlapped(9, SanNotify::Polled);
    client.duplicate(std::process::id()).unwrap();
    assert_eq!(end(&receive), Ok(0));
    assert_eq!(code(client.deregister(registration)), code::WSAEINVAL, "it is no more");
    assert_eq!(code(provider.memory_freed(memory.as_ptr(), memory.len())), code::WSAEINVAL, "nothing is kept of it");
}

fn rdma_memory_that_is_registered_twice_is_open_until_both_end(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let memory = vec![0_u8; 100];
    let describe = || {
        let mut descriptor = vec![0; 32];
        let mut room = wsp::rt::Room::new(&mut descriptor);
        let register = provider.extensions().register_rdma;
        register.register_rdma_memory(server.raw(), &memory, ffi::MEM_READ, &mut room).unwrap();
        descriptor
    };
    let (first, second) = (describe(), describe());
    assert_ne!(first, second);
    let read = |descriptor: &[u8]| end(&client.rdma_read(9, descriptor, 0, SanNotify::Polled));
    assert_eq!((read(&first), read(&second)), (Ok(9), Ok(9)));
    server.deregister_rdma(&first).unwrap();
    assert!(read(&first).is_err());
    assert_eq!(read(&second), Ok(9));
    server.deregister_rdma(&second).unwrap();
    assert!(read(&second).is_err());
    assert_eq!(code(server.deregister_rdma(&second)), code::WSAEINVAL);
}

fn the_low_bit_of_an_event_is_a_flag(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let event = Event::new().unwrap();
    let mut record = ffi::WSAOVERLAPPED { hEvent: event.raw() | 1, ..zeroed() };
    let mut room = [0; 9];
    let call = OverlappedCall { operation: &raw mut record, routine: None, thread: std::ptr::null_mut() };
    // SAFETY: everything outlives the operation, which ends below.
    let started = unsafe {
        let mut pieces = [wsp::rt::PieceMut::new(&mut room)];
        provider.table().recv(client.raw(), &mut pieces, 0, call)
    };
    assert!(matches!(started, Ok(Outcome::Pending)));
    server.send_blocking(b"data").unwrap();
    let query = provider.table().raw().lpWSPGetOverlappedResult.unwrap();
    let (mut bytes, mut flags, mut errno) = (0, 7, 0);
    // SAFETY: the record and locals.
    let done = unsafe { query(client.raw(), &raw mut record, &mut bytes, 1, &mut flags, &mut errno) };
    assert_eq!((done, bytes, flags), (1, 4, 0), "waited for, and told");
    assert_eq!((record.Internal, record.InternalHigh, record.Offset, record.OffsetHigh), (0, 4, 0, 0));
    assert!(!event.is_set(), "nobody else is told");
}

fn start_ups_are_counted(provider: &SanProvider) {
    provider.start_again().unwrap();
    provider.start_again().unwrap();
    let (client, server) = pair(provider);
    let event = Event::new().unwrap();
    let receive = client.recv_overlapped(9, SanNotify::Event(&event));
    provider.cleanup().unwrap();
    assert_eq!(receive.status(), None, "others still use it");
    server.send_blocking(b"x").unwrap();
    assert!(event.wait(PATIENCE));
    event.reset();
    provider.cleanup().unwrap();
    let receive = client.recv_overlapped(9, SanNotify::Event(&event));
    provider.cleanup().unwrap();
    assert!(event.wait(PATIENCE), "the last one ends what is pending");
    assert_eq!(receive.status(), Some(0xC000_0120));
    assert_eq!(provider.cleanup().unwrap_err().code(), Some(code::WSANOTINITIALISED));
    provider.start_again().unwrap();
}

fn the_provider_says_which_version_and_who_it_is(provider: &SanProvider) {
    assert_eq!(provider.version(), 0x0202);
    let description = provider.description();
    assert!(!description.is_empty() && description.encode_utf16().count() <= 256, "{description:?}");
    // SAFETY: the start-up function of a provider that keeps to the interface.
    let old = unsafe { SanHost::new().with_version(0x0101).start(provider.raw_start()) };
    assert!(old.is_err(), "the extension functions are of version 2.2");
    let (client, _server) = pair(provider);
    client.send_blocking(b"x").unwrap();
}

/// The upcalls about sockets, in order: which, and the handle.
static LOG: Mutex<Vec<(&str, usize)>> = Mutex::new(Vec::new());

unsafe extern "system" fn complete(
    s: ffi::SOCKET,
    record: ffi::LPWSAOVERLAPPED,
    error: u32,
    bytes: u32,
    errno: ffi::LPINT,
) -> i32 {
    LOG.lock().unwrap().push(("complete", s));
    // SAFETY: handed on as it came.
    unsafe { UPCALLS_EX.lpWPUCompleteOverlappedRequest.unwrap()(s, record, error, bytes, errno) }
}

unsafe extern "system" fn close_handle(s: ffi::SOCKET, errno: ffi::LPINT) -> i32 {
    LOG.lock().unwrap().push(("close", s));
    // SAFETY: handed on as it came.
    unsafe { UPCALLS_EX.lpWPUCloseSocketHandle.unwrap()(s, errno) }
}

fn the_handle_is_given_back_last(provider: &SanProvider) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap();
    let upcalls = ffi::WSPUPCALLTABLEEX {
        lpWPUCompleteOverlappedRequest: Some(complete),
        lpWPUCloseSocketHandle: Some(close_handle),
        ..UPCALLS_EX
    };
    let start = provider.raw_start();
    provider.cleanup().unwrap();
    // SAFETY: the start-up function of a provider that keeps to the interface.
    let logged = unsafe { SanHost::new().with_upcalls(upcalls).start(start) }.unwrap();
    let (client, _server) = pair(&logged);
    let receives: Vec<_> = (0..5).map(|_| client.recv_overlapped(9, SanNotify::Notified)).collect();
    let handle = client.handle();
    LOG.lock().unwrap().clear();
    client.close().unwrap();
    assert!(receives.iter().all(|receive| receive.status() == Some(0xC000_0120)));
    let log: Vec<_> = LOG.lock().unwrap().iter().filter(|(_, of)| *of == handle).map(|(what, _)| *what).collect();
    assert_eq!(log, ["complete", "complete", "complete", "complete", "complete", "close"]);
    drop(logged);
    provider.start_again().unwrap();
}
