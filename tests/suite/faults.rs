//! A transport that fails everywhere, with every fault: whatever reaches a caller, an event or a completion is a code that the spec
//! gives there.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use wsp::rt::{Code, ErrorList, Startup, zeroed};
use wsp::transport::{
    Access, Bell, Bound, Connection, Ending, Fault, Gather, Listener, LocalBell, Mode, Parcel, Pin, Ready, Received,
    Region, Request, Scatter, Sent, State, Taken, Transport,
};
use wsp::{code, ffi};
use wsp::{san, winsock};
use wsp_codegen::model::{Delivery, Model};
use wsp_host::switch::{SanHost, SanNotify, SanSocket};
use wsp_host::{Event, Host, Notify, Operation, Provider, Socket};
use wsp_probe::model;

use crate::support::{PATIENCE, any, code};

/// Where the transport fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Nowhere,
    Start,
    Bind,
    Listen,
    Connect,
    Established,
    Poll,
    Accept,
    Pin,
    Send,
    Broken,
    Give,
    Take,
    /// A send panics.
    Panic,
}

static STAGE: AtomicUsize = AtomicUsize::new(Stage::Nowhere as usize);
static FAULT: AtomicUsize = AtomicUsize::new(0);
static BELL: LocalBell = LocalBell::new();

fn fault_at(stage: Stage) -> Option<Fault> {
    let here = STAGE.load(Ordering::SeqCst) == stage as usize;
    here.then(|| Fault::ALL[FAULT.load(Ordering::SeqCst)])
}

fn fails(stage: Stage) -> Result<(), Fault> {
    fault_at(stage).map_or(Ok(()), Err)
}

/// Fails there from now on.
fn fail_at(stage: Stage) {
    STAGE.store(stage as usize, Ordering::SeqCst);
    BELL.ring();
}

struct Faulty;
struct End;
struct Calls;
struct Call;
struct Rings;

impl Bell for Rings {
    fn arm(&self) -> u32 {
        BELL.arm()
    }
    fn sleep(&self, ticket: u32, limit: Option<Duration>) {
        BELL.sleep(ticket, limit);
    }
    fn disarm(&self) {
        BELL.disarm();
    }
    fn ring(&self) {
        BELL.ring();
    }
}

#[wsp::provider(export = false)]
impl Transport for Faulty {
    const DESCRIPTION: &'static str = "Fails";
    type Bell = Rings;
    type Lease = ();
    type Listener = Calls;
    type Connection = End;

    fn start(_: &Startup) -> Result<Self, Fault> {
        fails(Stage::Start).map(|()| Self)
    }

    fn bell(&self) -> &Rings {
        &Rings
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        vec![Ipv4Addr::LOCALHOST]
    }

    fn bind(&self, wanted: SocketAddrV4, _: bool) -> Result<Bound<()>, Fault> {
        fails(Stage::Bind)?;
        Ok(Bound { address: SocketAddrV4::new(*wanted.ip(), 7), lease: () })
    }

    fn listen(&self, _: &Bound<()>, _: usize, _: Mode) -> Result<Calls, Fault> {
        fails(Stage::Listen).map(|()| Calls)
    }

    fn connect(&self, _: &Bound<()>, _: SocketAddrV4, _: Mode) -> Result<End, Fault> {
        fails(Stage::Connect).map(|()| End)
    }

    fn pin(&self, _: Region, _: Access) -> Result<Pin, Fault> {
        fails(Stage::Pin).map(|()| None)
    }

    fn give(&self, _: Parcel<'_, Self>, _: u32, _: &State) -> Result<u32, Fault> {
        fails(Stage::Give).map(|()| 1)
    }

    fn take(&self, _: u32) -> Result<(Taken<Self>, State), Fault> {
        Err(fault_at(Stage::Take).unwrap_or(Fault::BadClaim))
    }
}

impl Listener for Calls {
    type Connection = End;
    type Request = Call;

    fn poll(&self) -> Poll<Result<Call, Fault>> {
        Poll::Ready(fails(Stage::Poll).map(|()| Call))
    }

    fn waiting(&self) -> bool {
        true
    }

    fn set_backlog(&self, _: usize) {}
}

impl Request for Call {
    type Connection = End;

    fn peer(&self) -> SocketAddrV4 {
        any()
    }

    fn local(&self) -> SocketAddrV4 {
        any()
    }

    fn accept(self) -> Result<End, Fault> {
        fails(Stage::Accept).map(|()| End)
    }
}

impl Connection for End {
    fn established(&self) -> Poll<Result<(), Fault>> {
        Poll::Ready(fails(Stage::Established))
    }

    fn local(&self) -> SocketAddrV4 {
        any()
    }

    fn peer(&self) -> SocketAddrV4 {
        any()
    }

    fn send(&self, _: &Gather, _: usize, _: bool) -> Result<Sent, Fault> {
        assert!(fault_at(Stage::Panic).is_none(), "what a transport should not do");
        fails(Stage::Send)?;
        fails(Stage::Broken).map(|()| Sent::All)
    }

    fn receive(&self, _: &Scatter, _: usize, _: bool) -> Result<Received, Fault> {
        fails(Stage::Broken).map(|()| Received::Nothing)
    }

    fn ready(&self) -> Ready {
        let fault = fault_at(Stage::Broken);
        Ready { readable: fault.is_some(), writable: true, ended: false, fault }
    }

    fn available(&self) -> usize {
        0
    }

    fn finish(&self) {}

    fn close(&self, _: Ending) {}
}

/// The code that a fault is to a function with this list of errors.
fn told<E: ErrorList + From<Code>>(fault: Fault) -> i32 {
    E::from(fault.code()).code()
}

/// May the event be told with this code?
fn assert_event(profile: &str, event: &str, code: i32) {
    let model: &Model = model();
    let function = model.profile(profile).and_then(|profile| profile.function("WSPEnumNetworkEvents")).unwrap();
    let listed = function.errors.iter().any(|entry| {
        matches!(&entry.delivery, Delivery::Event(of) if of == event)
            && model.code(&entry.code).is_some_and(|listed| listed.value == code)
    });
    assert!(listed, "{profile}: {event} is told with {code}");
}

/// One test, since the transport is one: every fault at every stage, in both profiles. And what a panic leaves.
#[test]
fn every_fault_becomes_a_code_that_the_function_lists() {
    for (at, fault) in Fault::ALL.iter().enumerate() {
        FAULT.store(at, Ordering::SeqCst);
        fail_at(Stage::Start);
        let refused = Host::new().start_type::<Faulty>().err().unwrap();
        let expected = told::<winsock::error::StartupError>(*fault);
        assert!(refused.to_string().contains(&expected.to_string()), "{refused}: {expected}");
        fail_at(Stage::Nowhere);
        let provider = Host::new().start_type::<Faulty>().unwrap();
        plain_calls(&provider, *fault);
        plain_ends(&provider, *fault);
        plain_events(&provider);
        fail_at(Stage::Nowhere);
        drop(provider);
        let provider = SanHost::new().start_type::<Faulty>().unwrap();
        san_calls(|| provider.socket().unwrap(), *fault);
        fail_at(Stage::Nowhere);
    }
    let provider = Host::new().start_type::<Faulty>().unwrap();
    plain_panic(&provider);
}

fn bound(provider: &Provider) -> Socket {
    let socket = provider.socket().unwrap();
    socket.bind(any()).unwrap();
    socket
}

fn plain_calls(provider: &Provider, fault: Fault) {
    use winsock::error::{
        AcceptError, BindError, ConnectError, DuplicateSocketError, ListenError, RecvError, SendError, SocketError,
    };
    let peer = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
    let (unbound, socket, listener) = (provider.socket().unwrap(), bound(provider), bound(provider));
    listener.listen(1).unwrap();
    let (connected, _) = listener.accept().unwrap();
    let failed = |stage, call: &dyn Fn() -> Result<(), wsp_host::Error>, expected: i32| {
        fail_at(stage);
        assert_eq!(code(call()), expected, "{stage:?}, {fault:?}");
        fail_at(Stage::Nowhere);
    };
    failed(Stage::Bind, &|| unbound.bind(any()), told::<BindError>(fault));
    failed(Stage::Listen, &|| socket.listen(1), told::<ListenError>(fault));
    failed(Stage::Connect, &|| socket.connect(peer), told::<ConnectError>(fault));
    failed(Stage::Established, &|| socket.connect(peer), told::<ConnectError>(fault));
    failed(Stage::Poll, &|| listener.accept().map(|_| ()), told::<AcceptError>(fault));
    failed(Stage::Accept, &|| listener.accept().map(|_| ()), told::<AcceptError>(fault));
    failed(Stage::Send, &|| connected.send(b"x").map(|_| ()), told::<SendError>(fault));
    failed(Stage::Broken, &|| connected.recv(&mut [0; 1]).map(|_| ()), told::<RecvError>(fault));
    let give = || Ok(provider.table().duplicate_socket(connected.raw(), 1).map(|_| ())?);
    failed(Stage::Give, &give, told::<DuplicateSocketError>(fault));
    let mut claimed = *provider.protocol_info();
    claimed.dwProviderReserved = 1;
    let take = || {
        let from = ffi::FROM_PROTOCOL_INFO;
        provider.table().socket(from, from, from, &claimed, 0, ffi::WSA_FLAG_OVERLAPPED)?;
        Ok(())
    };
    failed(Stage::Take, &take, told::<SocketError>(fault));
}

fn wait_for(operation: &Operation) -> u32 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = operation.status() {
            return status;
        }
        assert!(Instant::now() < deadline, "the operation does not end");
        std::thread::yield_now();
    }
}

fn plain_ends(provider: &Provider, fault: Fault) {
    use winsock::error::{AcceptExError, ConnectExError, RecvError};
    let listener = bound(provider);
    listener.listen(1).unwrap();
    let functions = listener.extensions().unwrap();
    let (connected, _) = listener.accept().unwrap();
    let receive = connected.recv_overlapped(9, Notify::Port);
    fail_at(Stage::Broken);
    assert_eq!(wait_for(&receive), Code(told::<RecvError>(fault)).ntstatus(), "{fault:?}");
    fail_at(Stage::Established);
    let connect = bound(provider).connect_ex(
        &functions.connect.unwrap(),
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9),
        b"",
        Notify::Port,
    );
    assert_eq!(wait_for(&connect), Code(told::<ConnectExError>(fault)).ntstatus(), "{fault:?}");
    fail_at(Stage::Poll);
    let accept = listener.accept_ex(&functions.accept.unwrap(), &provider.socket().unwrap(), 0, Notify::Port);
    assert_eq!(wait_for(&accept), Code(told::<AcceptExError>(fault)).ntstatus(), "{fault:?}");
    fail_at(Stage::Nowhere);
}

fn plain_events(provider: &Provider) {
    let happened = |socket: &Socket, event: &Event| {
        assert!(event.wait(PATIENCE));
        let mut told: ffi::WSANETWORKEVENTS = zeroed();
        provider.table().enum_network_events(socket.raw(), Some(event.raw()), &mut told).unwrap();
        told
    };
    let watch = |socket: &Socket, events| {
        let event = Event::new().unwrap();
        provider.table().event_select(socket.raw(), Some(event.raw()), events).unwrap();
        event
    };
    let listener = bound(provider);
    listener.listen(1).unwrap();
    let (connected, _) = listener.accept().unwrap();
    let event = watch(&connected, ffi::FD_CLOSE);
    fail_at(Stage::Broken);
    assert_event("winsock", "FD_CLOSE", happened(&connected, &event).iErrorCode[ffi::FD_CLOSE_BIT as usize]);
    fail_at(Stage::Established);
    let socket = bound(provider);
    let event = watch(&socket, ffi::FD_CONNECT);
    assert!(socket.connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9)).is_err());
    assert_event("winsock", "FD_CONNECT", happened(&socket, &event).iErrorCode[ffi::FD_CONNECT_BIT as usize]);
    fail_at(Stage::Nowhere);
}

/// A panic spoils the socket. What is pending on it ends with its close: the memory may be the program's own again after that.
fn plain_panic(provider: &Provider) {
    let listener = bound(provider);
    listener.listen(1).unwrap();
    let (connected, _) = listener.accept().unwrap();
    let receive = connected.recv_overlapped(9, Notify::Port);
    fail_at(Stage::Panic);
    assert_eq!(code(connected.send(b"x")), code::WSAENETDOWN);
    fail_at(Stage::Nowhere);
    assert_eq!(receive.status(), None);
    connected.close().unwrap();
    assert_eq!(receive.status(), Some(Code(code::WSA_OPERATION_ABORTED).ntstatus()));
}

fn san_calls(socket: impl Fn() -> SanSocket, fault: Fault) {
    use san::error::{BindError, ConnectError, ListenError, RecvError, RegisterMemoryError, SendError};
    let peer = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
    let failed = |stage, call: &dyn Fn() -> Result<(), wsp_host::Error>, expected: i32| {
        fail_at(stage);
        assert_eq!(code(call()), expected, "san, {stage:?}, {fault:?}");
        fail_at(Stage::Nowhere);
    };
    let bound = socket();
    failed(Stage::Bind, &|| bound.bind(peer), told::<BindError>(fault));
    bound.bind(peer).unwrap();
    failed(Stage::Listen, &|| bound.listen(1), told::<ListenError>(fault));
    failed(Stage::Connect, &|| bound.connect_once(peer), told::<ConnectError>(fault));
    failed(Stage::Established, &|| bound.connect_once(peer), told::<ConnectError>(fault));
    bound.connect_once(peer).unwrap();
    let memory = [0; 16];
    failed(Stage::Pin, &|| bound.register(&memory, ffi::MEM_READ).map(|_| ()), told::<RegisterMemoryError>(fault));
    failed(Stage::Send, &|| bound.send_blocking(b"x").map(|_| ()), told::<SendError>(fault));
    failed(Stage::Broken, &|| bound.recv_blocking(&mut [0; 1]).map(|_| ()), told::<RecvError>(fault));
    let bound = std::sync::Arc::new(bound);
    let receive = bound.recv_overlapped(9, SanNotify::Polled);
    fail_at(Stage::Broken);
    let deadline = Instant::now() + PATIENCE;
    while matches!(receive.result(false), Ok(None)) {
        assert!(Instant::now() < deadline, "the operation does not end");
    }
    assert_eq!(receive.status(), Some(Code(told::<RecvError>(fault)).ntstatus()), "san, {fault:?}");
    let other = socket();
    fail_at(Stage::Established);
    let event = Event::new().unwrap();
    other.event_select(&event, ffi::FD_CONNECT).unwrap();
    assert!(other.connect_once(peer).is_err());
    let told = other.enum_events(&event).unwrap();
    assert_eq!(told.lNetworkEvents, ffi::FD_CONNECT);
    assert_event("san", "FD_CONNECT", told.iErrorCode[ffi::FD_CONNECT_BIT as usize]);
}
