//! Threads that get in each other's way: a transport that holds one of them where a test wants, while others go on.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use wsp::rt::{Outcome, OverlappedCall, Piece, Startup};
use wsp::transport::{
    Bell, Bound, Connection, Ending, Fault, Gather, Limits, Listener, LocalBell, Mode, Ready, Received, Request,
    Scatter, Sent, Transport,
};
use wsp::{code, ffi};
use wsp_host::switch::SanHost;
use wsp_host::{Host, Notify, Port};

use crate::support::{any, code};

const PEER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
const ABORTED: u32 = 0xC000_0120;

/// Where a thread can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// It knows how a connect ended.
    Established,
    /// It has the lock of what changes rarely.
    Limits,
    /// It wakes those who wait, with no lock held.
    Ring,
    /// It has taken a request.
    Taken,
}

/// What the transport does.
struct Script {
    /// The next thread that comes here is held.
    shut: Option<Gate>,
    held: bool,
    made: Poll<Result<(), Fault>>,
    /// What was sent, and how many bytes more there is room for.
    sent: Vec<u8>,
    room: usize,
    /// How often there was no room.
    full: usize,
    /// How often who waits was woken.
    rings: usize,
}

const START: Script =
    Script { shut: None, held: false, made: Poll::Ready(Ok(())), sent: Vec::new(), room: 0, full: 0, rings: 0 };

static SCRIPT: Mutex<Script> = Mutex::new(START);
static CHANGED: Condvar = Condvar::new();
static BELL: LocalBell = LocalBell::new();
static ALONE: Mutex<()> = Mutex::new(());

fn script() -> MutexGuard<'static, Script> {
    SCRIPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The transport is one, so its tests come one after another.
fn begin() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    *script() = START;
    alone
}

fn change(how: impl FnOnce(&mut Script)) {
    how(&mut script());
    CHANGED.notify_all();
    BELL.ring();
}

fn wait_until(holds: impl Fn(&Script) -> bool) {
    drop(CHANGED.wait_while(script(), |script| !holds(script)).unwrap_or_else(PoisonError::into_inner));
}

fn pass(gate: Gate) {
    let mut script = script();
    if script.shut == Some(gate) && !script.held {
        script.held = true;
        CHANGED.notify_all();
        drop(CHANGED.wait_while(script, |script| script.shut.is_some()).unwrap_or_else(PoisonError::into_inner));
    }
}

struct Gated;
struct End;
struct Requests;
struct Asker;
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
        change(|script| script.rings += 1);
        pass(Gate::Ring);
    }
}

#[wsp::provider(export = false)]
impl Transport for Gated {
    const DESCRIPTION: &'static str = "Holds threads";
    type Bell = Rings;
    type Lease = ();
    type Listener = Requests;
    type Connection = End;

    fn start(_: &Startup) -> Result<Self, Fault> {
        Ok(Self)
    }

    fn bell(&self) -> &Rings {
        &Rings
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        vec![Ipv4Addr::LOCALHOST]
    }

    fn bind(&self, wanted: SocketAddrV4, _: bool) -> Result<Bound<()>, Fault> {
        Ok(Bound { address: SocketAddrV4::new(*wanted.ip(), 7), lease: () })
    }

    fn listen(&self, _: &Bound<()>, _: usize, _: Mode) -> Result<Requests, Fault> {
        Ok(Requests)
    }

    fn connect(&self, _: &Bound<()>, _: SocketAddrV4, _: Mode) -> Result<End, Fault> {
        Ok(End)
    }

    fn limits(&self) -> Limits {
        pass(Gate::Limits);
        Limits::default()
    }
}

impl Listener for Requests {
    type Connection = End;
    type Request = Asker;

    fn poll(&self) -> Poll<Result<Asker, Fault>> {
        Poll::Ready(Ok(Asker))
    }

    fn waiting(&self) -> bool {
        false
    }

    fn set_backlog(&self, _: usize) {}
}

impl Request for Asker {
    type Connection = End;

    fn peer(&self) -> SocketAddrV4 {
        pass(Gate::Taken);
        PEER
    }

    fn local(&self) -> SocketAddrV4 {
        any()
    }

    fn accept(self) -> Result<End, Fault> {
        Err(Fault::Reset)
    }
}

impl Connection for End {
    fn established(&self) -> Poll<Result<(), Fault>> {
        let made = script().made;
        pass(Gate::Established);
        made
    }

    fn local(&self) -> SocketAddrV4 {
        any()
    }

    fn peer(&self) -> SocketAddrV4 {
        PEER
    }

    fn send(&self, data: &Gather, at: usize, _: bool) -> Result<Sent, Fault> {
        let mut sent = Ok(Sent::Full);
        change(|script| {
            let mut bytes = vec![0; script.room.min(data.len() - at)];
            data.copy_to(at, &mut bytes);
            script.room -= bytes.len();
            script.full += usize::from(bytes.is_empty());
            script.sent.extend(&bytes);
            if !bytes.is_empty() {
                sent = Ok(if at + bytes.len() == data.len() { Sent::All } else { Sent::Part(bytes.len()) });
            }
        });
        sent
    }

    fn receive(&self, _: &Scatter, _: usize, _: bool) -> Result<Received, Fault> {
        Ok(Received::Nothing)
    }

    fn ready(&self) -> Ready {
        Ready::default()
    }

    fn available(&self) -> usize {
        0
    }

    fn finish(&self) {}

    fn close(&self, _: Ending) {}
}

#[test]
fn the_end_of_one_connect_is_not_taken_for_that_of_the_next() {
    let _alone = begin();
    let provider = Host::new().start_type::<Gated>().unwrap();
    let socket = provider.socket().unwrap();
    socket.set_nonblocking(true).unwrap();
    change(|script| script.made = Poll::Pending);
    assert_eq!(code(socket.connect(PEER)), code::WSAEWOULDBLOCK);
    let error = || socket.option(ffi::SOL_SOCKET, ffi::SO_ERROR);
    change(|script| {
        script.made = Poll::Ready(Err(Fault::Refused));
        script.shut = Some(Gate::Established);
    });
    thread::scope(|scope| {
        let late = scope.spawn(error);
        wait_until(|script| script.held);
        assert_eq!(error(), Ok(code::WSAECONNREFUSED));
        change(|script| script.made = Poll::Pending);
        assert_eq!(code(socket.connect(PEER)), code::WSAEWOULDBLOCK, "once more");
        change(|script| script.shut = None);
        assert_eq!(late.join().unwrap(), Ok(0), "it was told before, and the new connect goes on");
    });
    change(|script| script.made = Poll::Ready(Ok(())));
    assert_eq!(socket.peer_addr(), Ok(PEER));
}

#[test]
fn a_connect_that_ends_under_a_close_is_told_all_the_same() {
    let _alone = begin();
    let provider = Host::new().start_type::<Gated>().unwrap();
    let (socket, port) = (provider.socket().unwrap(), Port::new().unwrap());
    port.associate(socket.raw(), 1);
    socket.bind(any()).unwrap();
    let connect = socket.extensions().unwrap().connect.unwrap();
    change(|script| script.made = Poll::Pending);
    let operation = socket.connect_ex(&connect, PEER, b"first", Notify::Port);
    assert_eq!(operation.returned(), Ok(Outcome::Pending));
    change(|script| {
        script.made = Poll::Ready(Ok(()));
        script.shut = Some(Gate::Ring);
    });
    // The provider's own thread has found the socket connected, and is about to send.
    wait_until(|script| script.held);
    let before = script().rings;
    thread::scope(|scope| {
        let closing = scope.spawn(|| socket.close());
        wait_until(|script| script.rings > before);
        change(|script| script.shut = None);
        closing.join().unwrap().unwrap();
    });
    let packet = port.wait(Duration::ZERO).expect("the end is told before the close is over");
    assert_eq!((packet.record, packet.status), (operation.record(), ABORTED));
}

#[test]
fn a_condition_is_not_asked_once_its_listener_is_closed() {
    let _alone = begin();
    let provider = Host::new().start_type::<Gated>().unwrap();
    let listener = provider.socket().unwrap();
    listener.bind(any()).unwrap();
    listener.listen(1).unwrap();
    change(|script| script.shut = Some(Gate::Taken));
    thread::scope(|scope| {
        let accepting = scope.spawn(|| {
            let mut asked = false;
            let refused = listener.accept_if(|_| {
                asked = true;
                ffi::CF_REJECT
            });
            (code(refused), asked)
        });
        wait_until(|script| script.held);
        listener.close().unwrap();
        change(|script| script.shut = None);
        assert_eq!(accepting.join().unwrap(), (code::WSAEINTR, false), "what it would use may be gone");
    });
}

#[test]
fn a_message_that_waits_in_its_midst_is_not_cut_by_another() {
    let _alone = begin();
    let provider = SanHost::new().start_type::<Gated>().unwrap();
    let socket = provider.socket().unwrap();
    socket.connect_once(PEER).unwrap();
    change(|script| {
        script.room = 1;
        script.shut = Some(Gate::Limits);
    });
    thread::scope(|scope| {
        scope.spawn(|| socket.option(ffi::SO_MAX_MSG_SIZE));
        wait_until(|script| script.held);
        let send = |message: &[u8]| {
            // SAFETY: not overlapped, so nothing is used after the call.
            unsafe { provider.table().send(socket.raw(), &[Piece::new(message)], 0, OverlappedCall::NONE) }
        };
        let first = scope.spawn(move || send(b"ab"));
        wait_until(|script| script.full > 0);
        change(|script| script.room = 2);
        let second = scope.spawn(move || send(b"c"));
        let begun = Instant::now();
        while script().sent.len() < 2 && begun.elapsed() < Duration::from_millis(20) {
            // Not for correctness: the longer, the likelier is it that the second has come where it could get between.
            thread::yield_now();
        }
        change(|script| script.shut = None);
        assert_eq!([first, second].map(|sent| sent.join().unwrap()), [Ok(Outcome::Done(2)), Ok(Outcome::Done(1))]);
    });
    assert_eq!(script().sent, b"abc");
}
