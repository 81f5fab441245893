//! When a socket is ready, and who is told: `WSPSelect`, `WSPEventSelect` with `WSPEnumNetworkEvents`, `WSPAsyncSelect`.

use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use wsp::rt::{FdSet, Outcome, OverlappedCall, PieceMut, Room, zeroed};
use wsp::{code, ffi};
use wsp_host::{BlockingHook, Error, Event, Provider, Socket, Window};

use crate::support::{PATIENCE, any, bounded, code, listener};

over_each!(
    select_keeps_the_members_that_are_ready,
    select_times_out_with_empty_sets,
    select_is_woken_by_data,
    select_is_woken_when_receiving_is_shut,
    select_loses_no_member_above_64,
    select_of_a_stranger_is_refused,
    select_of_nothing_is_refused,
    select_for_less_than_no_time_is_refused,
    select_ends_when_a_member_is_closed,
    a_failed_connect_is_an_exception,
    each_connect_is_an_event,
    events_before_the_registration_are_told,
    an_event_is_told_once_and_again_after_its_call,
    enumeration_resets_the_event_and_keeps_the_registration,
    untold_codes_stay_untouched,
    a_write_event_comes_after_room_was_missing,
    an_accept_event_comes_for_each_connection,
    an_accept_that_fails_lets_the_event_come_again,
    the_end_of_a_connection_is_an_event,
    a_reset_is_an_event_with_its_code,
    registering_makes_a_socket_nonblocking_for_good,
    the_newest_registration_counts,
    messages_tell_the_same_as_events,
    eight_threads_lose_no_wake_up,
    a_hook_can_end_a_blocking_call,
    a_hook_can_cancel_a_blocking_call,
    without_a_blocking_call_nothing_is_cancelled,
    connects_without_blocking_end_later,
    routines_run_while_a_call_waits,
    routines_run_while_select_waits,
);

const NOW: ffi::timeval = ffi::timeval { tv_sec: 0, tv_usec: 0 };

fn readable(provider: &Provider, sockets: &[&Socket], time: Option<&ffi::timeval>) -> (i32, Vec<usize>) {
    let mut set = FdSet::new(&sockets.iter().map(|socket| socket.raw()).collect::<Vec<_>>());
    let count = provider.table().select(0, Some(&mut set), None, None, time).unwrap();
    (count, set.sockets().to_vec())
}

fn select_keeps_the_members_that_are_ready(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let (other, _silent) = provider.connected_pair().unwrap();
    client.send(b"x").unwrap();
    assert_eq!(readable(provider, &[&other, &server], Some(&NOW)), (1, vec![server.raw()]));
    let mut write = FdSet::new(&[client.raw(), server.raw()]);
    let mut except = FdSet::new(&[client.raw()]);
    let mut read = FdSet::new(&[server.raw()]);
    let count = provider.table().select(9, Some(&mut read), Some(&mut write), Some(&mut except), None).unwrap();
    assert_eq!(count, 3);
    assert_eq!((read.sockets().len(), write.sockets().len(), except.sockets().len()), (1, 2, 0));
}

fn select_times_out_with_empty_sets(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let soon = ffi::timeval { tv_sec: 0, tv_usec: 1000 };
    assert_eq!(readable(provider, &[&client], Some(&soon)), (0, vec![]));
}

fn select_is_woken_by_data(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| readable(provider, &[&server], None));
        client.send(b"x").unwrap();
        assert_eq!(waiting.join().unwrap(), (1, vec![server.raw()]));
    });
}

fn select_is_woken_when_receiving_is_shut(provider: &Provider) {
    let (_client, server) = provider.connected_pair().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| readable(provider, &[&server], None));
        // Not for correctness: the longer, the likelier is it that the call sleeps.
        thread::sleep(Duration::from_millis(2));
        server.shutdown(Shutdown::Read).unwrap();
        assert_eq!(waiting.join().unwrap(), (1, vec![server.raw()]));
    });
}

fn select_loses_no_member_above_64(provider: &Provider) {
    let pairs: Vec<_> = (0..100).map(|_| provider.connected_pair().unwrap()).collect();
    for (client, _) in pairs.iter().skip(1).step_by(2) {
        client.send(b"x").unwrap();
    }
    let servers: Vec<_> = pairs.iter().map(|(_, server)| server).collect();
    let expected: Vec<_> = servers.iter().skip(1).step_by(2).map(|server| server.raw()).collect();
    assert_eq!(readable(provider, &servers, Some(&NOW)), (50, expected));
}

fn select_of_a_stranger_is_refused(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let mut set = FdSet::new(&[client.raw(), 0x00AB_CDEF]);
    let refused = provider.table().select(0, Some(&mut set), None, None, Some(&NOW)).unwrap_err();
    assert_eq!(refused.code(), Some(code::WSAENOTSOCK));
}

fn select_of_nothing_is_refused(provider: &Provider) {
    let refused = provider.table().select(0, Some(&mut FdSet::new(&[])), None, None, Some(&NOW)).unwrap_err();
    assert_eq!(refused.code(), Some(code::WSAEINVAL));
}

fn select_for_less_than_no_time_is_refused(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    for (tv_sec, tv_usec) in [(-1, 0), (0, -1), (1, -1)] {
        let mut set = FdSet::new(&[client.raw()]);
        let time = ffi::timeval { tv_sec, tv_usec };
        let refused = provider.table().select(0, Some(&mut set), None, None, Some(&time)).unwrap_err();
        assert_eq!((refused.code(), set.sockets()), (Some(code::WSAEINVAL), &[client.raw()][..]));
    }
}

fn select_ends_when_a_member_is_closed(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut set = FdSet::new(&[client.raw()]);
            provider.table().select(0, Some(&mut set), None, None, None).unwrap_err().code()
        });
        client.close().unwrap();
        assert_eq!(waiting.join().unwrap(), Some(code::WSAENOTSOCK));
    });
}

fn a_failed_connect_is_an_exception(provider: &Provider) {
    let (unused, address) = listener(provider);
    unused.close().unwrap();
    let socket = provider.socket().unwrap();
    socket.set_nonblocking(true).unwrap();
    assert!(matches!(code(socket.connect(address)), code::WSAECONNREFUSED | code::WSAEWOULDBLOCK));
    let mut except = FdSet::new(&[socket.raw()]);
    assert_eq!(provider.table().select(0, None, None, Some(&mut except), None), Ok(1));
}

fn each_connect_is_an_event(provider: &Provider) {
    let (unused, address) = listener(provider);
    unused.close().unwrap();
    let (_listener, there) = listener(provider);
    let socket = provider.socket().unwrap();
    let watch = Watch::new(&socket, ffi::FD_CONNECT);
    for (to, expected) in [(address, code::WSAECONNREFUSED), (there, 0)] {
        if let Err(refused) = socket.connect(to) {
            assert!(matches!(refused.code(), Some(code::WSAECONNREFUSED | code::WSAEWOULDBLOCK)));
        }
        let (happened, codes) = watch.next();
        assert_eq!((happened, codes[ffi::FD_CONNECT_BIT as usize]), (ffi::FD_CONNECT, expected));
    }
}

/// A registration of events.
struct Watch<'a> {
    socket: &'a Socket,
    event: Event,
}

impl<'a> Watch<'a> {
    fn new(socket: &'a Socket, events: i32) -> Self {
        let event = Event::new().unwrap();
        socket.provider().table().event_select(socket.raw(), Some(event.raw()), events).unwrap();
        Self { socket, event }
    }

    /// Waits for the event and asks what happened.
    fn next(&self) -> (i32, [i32; 10]) {
        assert!(self.event.wait(PATIENCE), "the event is signalled");
        self.happened()
    }

    fn happened(&self) -> (i32, [i32; 10]) {
        let mut told: ffi::WSANETWORKEVENTS = zeroed();
        told.iErrorCode = [-1; 10];
        let table = self.socket.provider().table();
        table.enum_network_events(self.socket.raw(), Some(self.event.raw()), &mut told).unwrap();
        (told.lNetworkEvents, told.iErrorCode)
    }

    /// Gathers what happens until all of these have.
    fn until(&self, wanted: i32) -> i32 {
        let mut all = 0;
        while all & wanted != wanted {
            all |= self.next().0;
        }
        all
    }
}

fn events_before_the_registration_are_told(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    client.send(b"x").unwrap();
    let watch = Watch::new(&server, ffi::FD_READ | ffi::FD_WRITE);
    assert_eq!(watch.until(ffi::FD_READ | ffi::FD_WRITE), ffi::FD_READ | ffi::FD_WRITE);
}

fn an_event_is_told_once_and_again_after_its_call(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let watch = Watch::new(&server, ffi::FD_READ);
    client.send(b"ab").unwrap();
    assert_eq!(watch.next().0, ffi::FD_READ);
    client.send(b"c").unwrap();
    assert_eq!(watch.happened().0, 0, "nothing was read yet");
    server.recv(&mut [0; 1]).unwrap();
    assert_eq!(watch.next().0, ffi::FD_READ, "there is more");
    server.recv(&mut [0; 9]).unwrap();
    assert_eq!(watch.happened().0, 0, "there is nothing more");
    client.send(b"d").unwrap();
    assert_eq!(watch.next().0, ffi::FD_READ);
}

fn enumeration_resets_the_event_and_keeps_the_registration(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let watch = Watch::new(&server, ffi::FD_READ);
    for _ in 0..3 {
        client.send(b"x").unwrap();
        assert_eq!(watch.next().0, ffi::FD_READ);
        assert!(!watch.event.is_set());
        assert_eq!(watch.happened().0, 0, "told means forgotten");
        server.recv(&mut [0; 1]).unwrap();
    }
}

fn untold_codes_stay_untouched(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let watch = Watch::new(&server, ffi::FD_READ | ffi::FD_CLOSE);
    client.send(b"x").unwrap();
    let (happened, codes) = watch.next();
    assert_eq!(happened, ffi::FD_READ);
    for (bit, code) in codes.into_iter().enumerate() {
        assert_eq!(code, if bit == ffi::FD_READ_BIT as usize { 0 } else { -1 });
    }
}

fn a_write_event_comes_after_room_was_missing(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let watch = Watch::new(&client, ffi::FD_WRITE);
    assert_eq!(watch.next().0, ffi::FD_WRITE, "at the registration");
    while client.send(&[0; 10_000]).is_ok() {}
    assert_eq!(watch.happened().0, 0);
    let mut room = vec![0; 1 << 20];
    while server.available().unwrap() > 0 {
        server.recv(&mut room).unwrap();
    }
    assert_eq!(watch.next().0, ffi::FD_WRITE);
}

fn an_accept_event_comes_for_each_connection(provider: &Provider) {
    let (listener, address) = listener(provider);
    let watch = Watch::new(&listener, ffi::FD_ACCEPT);
    let clients: Vec<_> = (0..2).map(|_| provider.socket().unwrap()).collect();
    clients.iter().for_each(|client| client.connect(address).unwrap());
    assert_eq!(watch.next().0, ffi::FD_ACCEPT);
    listener.accept().unwrap();
    assert_eq!(watch.next().0, ffi::FD_ACCEPT, "one more waits");
    listener.accept().unwrap();
    assert_eq!(watch.happened().0, 0);
    assert_eq!(code(listener.accept()), code::WSAEWOULDBLOCK);
}

fn an_accept_that_fails_lets_the_event_come_again(provider: &Provider) {
    let (listener, address) = listener(provider);
    let watch = Watch::new(&listener, ffi::FD_ACCEPT);
    let client = provider.socket().unwrap();
    client.connect(address).unwrap();
    assert_eq!(watch.next().0, ffi::FD_ACCEPT);
    let mut short = [0; 4];
    let refused = provider.table().accept(listener.raw(), Some(&mut Room::new(&mut short)), None, 0);
    assert_eq!(code(refused.map_err(Error::from)), code::WSAEFAULT);
    assert_eq!(watch.next().0, ffi::FD_ACCEPT, "the connection still waits");
    drop(listener.accept().unwrap());
    assert_eq!(code(listener.accept()), code::WSAEWOULDBLOCK);
    let another = provider.socket().unwrap();
    another.connect(address).unwrap();
    assert_eq!(watch.next().0, ffi::FD_ACCEPT);
}

fn the_end_of_a_connection_is_an_event(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let watch = Watch::new(&server, ffi::FD_READ | ffi::FD_CLOSE);
    client.send(b"last").unwrap();
    assert_eq!(watch.next().0, ffi::FD_READ);
    client.close().unwrap();
    assert_eq!(watch.happened().0, 0, "not before everything was read");
    server.recv(&mut [0; 9]).unwrap();
    let (happened, codes) = watch.next();
    assert_eq!((happened, codes[ffi::FD_CLOSE_BIT as usize]), (ffi::FD_CLOSE, 0));
}

fn a_reset_is_an_event_with_its_code(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let watch = Watch::new(&server, ffi::FD_CLOSE);
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &[1, 0, 0, 0]).unwrap();
    client.close().unwrap();
    let (happened, codes) = watch.next();
    assert_eq!((happened, codes[ffi::FD_CLOSE_BIT as usize]), (ffi::FD_CLOSE, code::WSAECONNRESET));
}

fn registering_makes_a_socket_nonblocking_for_good(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let table = provider.table();
    let event = Event::new().unwrap();
    table.event_select(client.raw(), Some(event.raw()), ffi::FD_READ).unwrap();
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAEWOULDBLOCK);
    assert_eq!(code(client.set_nonblocking(false)), code::WSAEINVAL, "while events are registered");
    table.event_select(client.raw(), None, 0).unwrap();
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAEWOULDBLOCK, "it stays so");
    client.set_nonblocking(false).unwrap();
}

fn the_newest_registration_counts(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let old = Watch::new(&server, ffi::FD_READ);
    let new = Watch::new(&server, ffi::FD_CLOSE);
    client.send(b"x").unwrap();
    client.close().unwrap();
    server.recv(&mut [0; 1]).unwrap();
    assert_eq!(new.next().0, ffi::FD_CLOSE);
    assert!(!old.event.is_set());
}

fn messages_tell_the_same_as_events(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let window = Window::new();
    let events = ffi::FD_READ | ffi::FD_CLOSE;
    provider.table().async_select(server.raw(), window.raw(), 0x0401, events).unwrap();
    client.send(b"x").unwrap();
    let message = window.wait(PATIENCE).expect("a message for the data");
    assert_eq!((message.number, message.wparam, message.lparam), (0x0401, server.raw(), ffi::FD_READ as isize));
    server.recv(&mut [0; 1]).unwrap();
    client.set_option_bytes(ffi::SOL_SOCKET, ffi::SO_LINGER, &[1, 0, 0, 0]).unwrap();
    client.close().unwrap();
    let message = window.wait(PATIENCE).expect("a message for the end");
    let parameter = ffi::FD_CLOSE as isize | (code::WSAECONNRESET as isize) << 16;
    assert_eq!((message.wparam, message.lparam), (server.raw(), parameter));
    assert_eq!(window.wait(Duration::ZERO).map(|message| message.lparam), None);
}

fn eight_threads_lose_no_wake_up(provider: &Provider) {
    const ROUNDS: usize = 100;
    let pairs: Vec<_> = (0..8).map(|_| provider.connected_pair().unwrap()).collect();
    let provider = provider.clone();
    bounded(move || {
        thread::scope(|scope| {
            for (client, server) in &pairs {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        assert_eq!(readable(&provider, &[server], None).0, 1);
                        assert_eq!(server.recv(&mut [0; 9]), Ok(1));
                        server.send(b"y").unwrap();
                    }
                });
                scope.spawn(move || {
                    for _ in 0..ROUNDS {
                        client.send(b"x").unwrap();
                        assert_eq!(client.recv(&mut [0; 9]), Ok(1));
                    }
                });
            }
        });
    });
}

fn a_hook_can_end_a_blocking_call(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let calls = std::cell::Cell::new(0);
    let hook = BlockingHook::install(|| {
        calls.set(calls.get() + 1);
        calls.get() < 3
    });
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAEINTR);
    drop(hook);
    assert_eq!(calls.get(), 3, "called again and again while the call waits");
}

fn a_hook_can_cancel_a_blocking_call(provider: &Provider) {
    let (client, _server) = provider.connected_pair().unwrap();
    let table = provider.table();
    let _hook = BlockingHook::install(|| {
        table.cancel_blocking_call().unwrap();
        true
    });
    assert_eq!(code(client.recv(&mut [0; 1])), code::WSAEINTR);
}

fn without_a_blocking_call_nothing_is_cancelled(provider: &Provider) {
    assert_eq!(provider.table().cancel_blocking_call().unwrap_err().code(), Some(code::WSAEINVAL));
}

fn connects_without_blocking_end_later(provider: &Provider) {
    let (listener, address) = listener(provider);
    let client = provider.socket().unwrap();
    client.bind(any()).unwrap();
    let watch = Watch::new(&client, ffi::FD_CONNECT | ffi::FD_WRITE);
    match client.connect(address) {
        Ok(()) => {}
        Err(Error::Documented { code: code::WSAEWOULDBLOCK, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(watch.until(ffi::FD_CONNECT | ffi::FD_WRITE), ffi::FD_CONNECT | ffi::FD_WRITE);
    let (server, from) = listener.accept().unwrap();
    assert_eq!(Ok(from), client.local_addr());
    assert_eq!(code(client.connect(address)), code::WSAEISCONN);
    server.send(b"x").unwrap();
}

/// A completion routine that sends on the socket whose address the record's event is: with a routine the event is the caller's.
unsafe extern "system" fn send_on(_: u32, _: u32, record: ffi::LPWSAOVERLAPPED, _: u32) {
    // SAFETY: the record of `with_a_routine`, whose socket outlives the wait.
    let socket = unsafe { &*((*record).hEvent as *const Socket) };
    socket.send(b"r").unwrap();
}

/// Runs `wait`, which ends only when the routine of an operation, queued to this very thread, has run.
fn with_a_routine(provider: &Provider, wait: impl FnOnce(&Socket)) {
    let (first, peer) = provider.connected_pair().unwrap();
    let (waiting, other) = provider.connected_pair().unwrap();
    let mut record = ffi::WSAOVERLAPPED { hEvent: &raw const other as usize, ..zeroed() };
    let mut thread = wsp_host::current_thread().unwrap();
    let mut room = [0; 4];
    let call = OverlappedCall { operation: &raw mut record, routine: Some(send_on), thread: &raw mut thread };
    // SAFETY: everything outlives the operation, which has ended when the wait has.
    let posted = unsafe { provider.table().recv(first.raw(), &mut [PieceMut::new(&mut room)], 0, call) };
    assert!(matches!(posted, Ok(Outcome::Pending)));
    thread::scope(|scope| {
        scope.spawn(|| peer.send(b"go").unwrap());
        wait(&waiting);
    });
    assert_eq!((record.Internal, record.InternalHigh), (0, 2));
}

fn routines_run_while_a_call_waits(provider: &Provider) {
    with_a_routine(provider, |waiting| assert_eq!(waiting.recv(&mut [0; 4]), Ok(1), "and the call goes on"));
}

fn routines_run_while_select_waits(provider: &Provider) {
    with_a_routine(provider, |waiting| assert_eq!(readable(provider, &[waiting], None).0, 1));
}
