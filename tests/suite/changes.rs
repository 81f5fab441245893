//! Being told that the addresses have changed: `SIO_ADDRESS_LIST_CHANGE` and its event.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wsp::rt::{Outcome, Startup, zeroed};
use wsp::transport::{Bound, Fault, LocalBell, Mode, Transport};
use wsp::{code, ffi};
use wsp_host::switch::SanHost;
use wsp_host::{Event, Host, Notify, Port, Provider, Socket, Window, Woken, wait_alertable};
use wsp_provider::Loopback;

use crate::support::{PATIENCE, bounded, code};

over_each!(
    without_blocking_the_change_is_not_waited_for,
    close_ends_what_waits_for_a_change,
    a_close_wakes_a_call_that_waits_for_a_change,
    a_pending_change_is_no_result,
);

const CHANGE: u32 = ffi::SIO_ADDRESS_LIST_CHANGE;
const ABORTED: u32 = 0xC000_0120;

fn wait_for_change(socket: &Socket) -> Result<usize, wsp_host::Error> {
    socket.ioctl(CHANGE, None, None)
}

fn without_blocking_the_change_is_not_waited_for(provider: &Provider) {
    let socket = provider.socket().unwrap();
    socket.set_nonblocking(true).unwrap();
    assert_eq!(code(wait_for_change(&socket)), code::WSAEWOULDBLOCK);
}

fn close_ends_what_waits_for_a_change(provider: &Provider) {
    let (socket, port) = (provider.socket().unwrap(), Port::new().unwrap());
    port.associate(socket.raw(), 3);
    let event = Event::new().unwrap();
    let operations = [
        socket.ioctl_overlapped(CHANGE, Notify::Port),
        socket.ioctl_overlapped(CHANGE, Notify::EventOnly(&event)),
        socket.ioctl_overlapped(CHANGE, Notify::Routine),
    ];
    for operation in &operations {
        assert_eq!(operation.returned(), Ok(Outcome::Pending));
        assert_eq!(operation.status(), None);
    }
    socket.close().unwrap();
    assert!(operations.iter().all(|operation| operation.status() == Some(ABORTED)));
    assert!(event.wait(PATIENCE));
    assert_eq!(port.wait(PATIENCE).map(|packet| packet.status), Some(ABORTED));
    assert_eq!(wait_alertable(None, PATIENCE), Woken::Calls(1));
    assert_eq!(operations[2].routine_calls().len(), 1);
    assert_eq!(port.wait(Duration::ZERO), None, "told once");
}

fn a_close_wakes_a_call_that_waits_for_a_change(provider: &Provider) {
    let socket = std::sync::Arc::new(provider.socket().unwrap());
    let waiting = std::sync::Arc::clone(&socket);
    let started = std::sync::Arc::new(std::sync::Barrier::new(2));
    let begins = std::sync::Arc::clone(&started);
    let thread = std::thread::spawn(move || {
        begins.wait();
        wait_for_change(&waiting).map_err(|error| error.code())
    });
    started.wait();
    socket.close().unwrap();
    let ended = bounded(move || thread.join().unwrap());
    // Whichever comes first.
    assert!(matches!(ended, Err(Some(code::WSAEINTR | code::WSAENOTSOCK))), "{ended:?}");
}

fn a_pending_change_is_no_result(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let operation = socket.ioctl_overlapped(CHANGE, Notify::Port);
    let query = provider.table().raw().lpWSPGetOverlappedResult.unwrap();
    let (mut bytes, mut flags, mut errno) = (0, 0, 0);
    let record = operation.record() as ffi::LPWSAOVERLAPPED;
    // SAFETY: the operation's record is alive, the rest are locals.
    let done = unsafe { query(socket.raw(), record, &mut bytes, 0, &mut flags, &mut errno) };
    assert_eq!((done, errno), (0, code::WSA_IO_INCOMPLETE));
}

/// The loopback network with addresses that a test changes.
struct Moving(Loopback);

static ADDRESSES: Mutex<Vec<Ipv4Addr>> = Mutex::new(Vec::new());
static ALONE: Mutex<()> = Mutex::new(());

const FIRST: Ipv4Addr = Ipv4Addr::LOCALHOST;
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[wsp::provider(export = false)]
impl Transport for Moving {
    const DESCRIPTION: &'static str = "Moves";
    type Bell = LocalBell;
    type Lease = <Loopback as Transport>::Lease;
    type Listener = <Loopback as Transport>::Listener;
    type Connection = <Loopback as Transport>::Connection;

    fn start(startup: &Startup) -> Result<Self, Fault> {
        Loopback::start(startup).map(Self)
    }

    fn bell(&self) -> &LocalBell {
        self.0.bell()
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        ADDRESSES.lock().unwrap().clone()
    }

    fn bind(&self, wanted: SocketAddrV4, share: bool) -> Result<Bound<Self::Lease>, Fault> {
        self.0.bind(wanted, share)
    }

    fn listen(&self, from: &Bound<Self::Lease>, backlog: usize, mode: Mode) -> Result<Self::Listener, Fault> {
        self.0.listen(from, backlog, mode)
    }

    fn connect(&self, from: &Bound<Self::Lease>, to: SocketAddrV4, mode: Mode) -> Result<Self::Connection, Fault> {
        self.0.connect(from, to, mode)
    }
}

fn set(addresses: &[Ipv4Addr]) {
    *ADDRESSES.lock().unwrap() = addresses.to_vec();
}

/// The provider, with one address.
fn moving() -> (MutexGuard<'static, ()>, Provider) {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set(&[FIRST]);
    (alone, Host::new().start_type::<Moving>().unwrap())
}

fn listed(socket: &Socket) -> usize {
    let mut list = [0; 256];
    socket.ioctl(ffi::SIO_ADDRESS_LIST_QUERY, None, Some(&mut list)).unwrap();
    i32::from_ne_bytes(list[..4].try_into().unwrap()) as usize
}

#[test]
fn a_change_ends_every_operation_that_waits_for_it() {
    let (_alone, provider) = moving();
    let (socket, port) = (provider.socket().unwrap(), Port::new().unwrap());
    port.associate(socket.raw(), 3);
    let (event, quiet) = (Event::new().unwrap(), Event::new().unwrap());
    let operations = [
        socket.ioctl_overlapped(CHANGE, Notify::Event(&event)),
        socket.ioctl_overlapped(CHANGE, Notify::EventOnly(&quiet)),
        socket.ioctl_overlapped(CHANGE, Notify::Routine),
    ];
    assert_eq!(listed(&socket), 1);
    set(&[SECOND, FIRST]);
    assert!(event.wait(PATIENCE) && quiet.wait(PATIENCE));
    while operations[2].routine_calls().is_empty() {
        assert!(matches!(wait_alertable(None, PATIENCE), Woken::Calls(_)));
    }
    for operation in &operations {
        assert_eq!((operation.status(), operation.bytes()), (Some(0), Some(0)));
    }
    assert_eq!(listed(&socket), 2, "what the program asks for next");
    let packet = port.wait(PATIENCE).unwrap();
    assert_eq!((packet.record, packet.status, packet.bytes), (operations[0].record(), 0, 0));
    // The same addresses in another order are no change: the next operation waits.
    let waiting = socket.ioctl_overlapped(CHANGE, Notify::Port);
    set(&[FIRST, SECOND]);
    let other = provider.socket().unwrap();
    let second = other.ioctl_overlapped(CHANGE, Notify::Port);
    assert_eq!((waiting.status(), second.status()), (None, None));
    other.close().unwrap();
    socket.close().unwrap();
    assert_eq!((waiting.status(), second.status()), (Some(ABORTED), Some(ABORTED)));
}

#[test]
fn a_call_that_blocks_returns_with_the_change() {
    let (_alone, provider) = moving();
    let socket = provider.socket().unwrap();
    let waited = bounded(move || {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait_for_change(&socket));
            let mut next = 2;
            // Until the call has begun a change is not the one that it waits for.
            while !waiting.is_finished() {
                set(&[FIRST, Ipv4Addr::new(127, 0, 0, next)]);
                next = next % 200 + 1;
                std::thread::yield_now();
            }
            waiting.join().unwrap()
        })
    });
    assert_eq!(waited, Ok(0));
}

fn happened(socket: &Socket, event: &Event) -> i32 {
    let mut told: ffi::WSANETWORKEVENTS = zeroed();
    let table = socket.provider().table();
    table.enum_network_events(socket.raw(), Some(event.raw()), &mut told).unwrap();
    if told.lNetworkEvents & ffi::FD_ADDRESS_LIST_CHANGE != 0 {
        assert_eq!(told.iErrorCode[ffi::FD_ADDRESS_LIST_CHANGE_BIT as usize], 0);
    }
    told.lNetworkEvents
}

/// Makes the change known: an operation on another socket ends with it, on the thread that tells events, too.
fn change(provider: &Provider, addresses: &[Ipv4Addr]) {
    let (other, event) = (provider.socket().unwrap(), Event::new().unwrap());
    let operation = other.ioctl_overlapped(CHANGE, Notify::Event(&event));
    set(addresses);
    assert!(event.wait(PATIENCE));
    assert_eq!(operation.status(), Some(0));
}

#[test]
fn the_event_comes_once_for_each_call_of_the_control_code() {
    let (_alone, provider) = moving();
    let (socket, event) = (provider.socket().unwrap(), Event::new().unwrap());
    provider.table().event_select(socket.raw(), Some(event.raw()), ffi::FD_ADDRESS_LIST_CHANGE).unwrap();
    change(&provider, &[SECOND]);
    assert!(!event.is_set(), "nobody has asked for it");
    for addresses in [[FIRST], [SECOND]] {
        assert_eq!(code(wait_for_change(&socket)), code::WSAEWOULDBLOCK);
        assert!(!event.is_set());
        set(&addresses);
        assert!(event.wait(PATIENCE));
        assert_eq!(happened(&socket, &event), ffi::FD_ADDRESS_LIST_CHANGE);
        change(&provider, &[FIRST, SECOND]);
        assert!(!event.is_set(), "once");
        assert_eq!(happened(&socket, &event), 0);
    }
}

#[test]
fn the_message_comes_once_for_each_call_of_the_control_code() {
    let (_alone, provider) = moving();
    let (socket, window) = (provider.socket().unwrap(), Window::new());
    let table = provider.table();
    table.async_select(socket.raw(), window.raw(), 0x400, ffi::FD_ADDRESS_LIST_CHANGE).unwrap();
    assert_eq!(code(wait_for_change(&socket)), code::WSAEWOULDBLOCK);
    set(&[SECOND]);
    let message = window.wait(PATIENCE).unwrap();
    assert_eq!(message.lparam, ffi::FD_ADDRESS_LIST_CHANGE as ffi::LPARAM);
    change(&provider, &[FIRST]);
    assert!(window.wait(Duration::ZERO).is_none(), "once");
}

#[test]
fn a_switch_is_told_the_addresses_of_the_moment() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set(&[FIRST]);
    let provider = SanHost::new().start_type::<Moving>().unwrap();
    assert_eq!(provider.first_addresses(), [FIRST]);
    for addresses in [&[FIRST, SECOND][..], &[], &[SECOND]] {
        set(addresses);
        assert_eq!(provider.addresses().unwrap(), addresses);
    }
    // It asks again when TCP/IP tells it of a change.
    let socket = provider.socket().unwrap();
    assert_eq!(socket.ioctl(CHANGE, None, None).unwrap_err().code(), Some(code::WSAEOPNOTSUPP));
}
