//! The record, the buffers, the thread and the routine of an overlapped call: whose they are, and what is in them when.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::thread::{self, ThreadId};
use std::time::Duration;

use wsp::rt::{acquire, zeroed};
use wsp::{code, ffi};
use wsp_host::{Event, Provider, Socket, Woken, wait_alertable};

use crate::support::PATIENCE;

over_each!(
    counts_are_stored_with_success_only,
    arrays_of_buffers_are_copied,
    the_identification_of_the_thread_is_copied,
    with_a_routine_the_event_is_the_callers,
    routines_are_told_the_end_on_their_own_thread,
    calls_can_be_made_within_routines_which_never_nest,
    buffers_are_filled_and_sent_in_the_order_of_their_calls,
    a_record_is_laid_out_as_the_interface_has_it,
    an_event_is_reset_while_its_operation_is_pending,
);

/// A function that can be overlapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Recv,
    RecvFrom,
    Send,
    SendTo,
    Ioctl,
}

use Function::{Ioctl, Recv, RecvFrom, Send, SendTo};

const DATA: [Function; 4] = [Recv, RecvFrom, Send, SendTo];
const ALL: [Function; 5] = [Recv, RecvFrom, Send, SendTo, Ioctl];

impl Function {
    fn receives(self) -> bool {
        matches!(self, Recv | RecvFrom)
    }
}

/// What a call is given beside its buffers. Stays where it is until the operation has ended.
struct Call {
    record: Box<ffi::WSAOVERLAPPED>,
    thread: Option<Box<ffi::WSATHREADID>>,
    bytes: u32,
    flags: u32,
}

const UNTOUCHED: u32 = 0xAAAA_AAAA;

impl Call {
    fn new(event: usize, routine: bool) -> Self {
        let record = Box::new(ffi::WSAOVERLAPPED { Internal: 0x5AFE, hEvent: event, ..zeroed() });
        let thread = routine.then(|| Box::new(wsp_host::current_thread().unwrap()));
        Self { record, thread, bytes: UNTOUCHED, flags: 0 }
    }

    /// The code of the call; 0 is success.
    fn start(&mut self, function: Function, socket: &Socket, buffers: &mut [ffi::WSABUF]) -> i32 {
        let table = socket.provider().table().raw();
        let (s, array, count) = (socket.raw(), buffers.as_mut_ptr(), buffers.len() as u32);
        let (bytes, flags, record) = (&raw mut self.bytes, &raw mut self.flags, &raw mut *self.record);
        let routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE = if self.thread.is_some() { Some(ended) } else { None };
        let thread = self.thread.as_mut().map_or(ptr::null_mut(), |thread| &raw mut **thread);
        let mut errno = 0;
        let e = &raw mut errno;
        let list = ffi::SIO_ADDRESS_LIST_QUERY;
        // SAFETY: the table's functions, called as the interface has them; what is passed outlives the operation.
        let returned = unsafe {
            match function {
                Recv => table.lpWSPRecv.unwrap()(s, array, count, bytes, flags, record, routine, thread, e),
                RecvFrom => {
                    let from = table.lpWSPRecvFrom.unwrap();
                    from(s, array, count, bytes, flags, ptr::null_mut(), ptr::null_mut(), record, routine, thread, e)
                }
                Send => table.lpWSPSend.unwrap()(s, array, count, bytes, 0, record, routine, thread, e),
                SendTo => {
                    table.lpWSPSendTo.unwrap()(s, array, count, bytes, 0, ptr::null(), 0, record, routine, thread, e)
                }
                Ioctl => {
                    let (room, size) = (buffers[0].buf.cast(), buffers[0].len);
                    table.lpWSPIoctl.unwrap()(
                        s,
                        list,
                        ptr::null_mut(),
                        0,
                        room,
                        size,
                        bytes,
                        record,
                        routine,
                        thread,
                        e,
                    )
                }
            }
        };
        if returned == 0 { 0 } else { errno }
    }

    /// The record's status, which others may be writing.
    fn status(&self) -> usize {
        // SAFETY: a member of the record, which is ours.
        unsafe { acquire(&raw const self.record.Internal) }
    }

    fn result(&self, socket: &Socket) -> (u32, u32) {
        let query = socket.provider().table().raw().lpWSPGetOverlappedResult.unwrap();
        let (mut bytes, mut flags, mut errno) = (0, UNTOUCHED, 0);
        let record = (&raw const *self.record).cast_mut();
        // SAFETY: the operation's record is alive, the rest are locals.
        assert_ne!(unsafe { query(socket.raw(), record, &mut bytes, 0, &mut flags, &mut errno) }, 0, "{errno}");
        (bytes, flags)
    }
}

fn buffer(memory: &mut [u8]) -> ffi::WSABUF {
    ffi::WSABUF { len: memory.len() as u32, buf: memory.as_mut_ptr().cast() }
}

/// What a routine was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    thread: ThreadId,
    record: usize,
    error: u32,
    bytes: u32,
    flags: u32,
}

thread_local! {
    static TOLD: RefCell<Vec<Told>> = const { RefCell::new(Vec::new()) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the routine calls.
    static INSIDE: Cell<Option<fn()>> = const { Cell::new(None) };
}

unsafe extern "system" fn ended(error: u32, bytes: u32, record: ffi::LPWSAOVERLAPPED, flags: u32) {
    DEPTH.set(DEPTH.get() + 1);
    assert_eq!(DEPTH.get(), 1, "a routine within a routine");
    let told = Told { thread: thread::current().id(), record: record as usize, error, bytes, flags };
    TOLD.with_borrow_mut(|all| all.push(told));
    if let Some(call) = INSIDE.take() {
        call();
    }
    DEPTH.set(DEPTH.get() - 1);
}

/// Waits for so many routines of this thread.
fn told(count: usize) -> Vec<Told> {
    while TOLD.with_borrow(Vec::len) < count {
        assert!(matches!(wait_alertable(None, PATIENCE), Woken::Calls(_)), "no routine has run");
    }
    while wait_alertable(None, Duration::ZERO) != Woken::Timeout {}
    TOLD.take()
}

/// Fills the connection, so that sends wait. Returns how much is on the way.
fn fill(client: &Socket) -> usize {
    client.set_nonblocking(true).unwrap();
    let mut sent = 0;
    for size in [10_000, 1] {
        while let Ok(count) = client.send(&vec![0; size]) {
            sent += count;
        }
    }
    client.set_nonblocking(false).unwrap();
    sent
}

fn drain(server: &Socket, mut count: usize) {
    let mut room = vec![0; 50_000];
    while count > 0 {
        let size = count.min(room.len());
        count -= server.recv(&mut room[..size]).unwrap();
    }
}

fn counts_are_stored_with_success_only(provider: &Provider) {
    for function in DATA {
        let (client, server) = provider.connected_pair().unwrap();
        let mut memory = [7; 4];
        let mut call = Call::new(0, false);
        call.flags = if function.receives() { ffi::MSG_PARTIAL } else { 0 };
        server.send(b"here").unwrap();
        if function.receives() {
            client.recv_with(&mut [&mut [0; 4]], ffi::MSG_PEEK).unwrap();
        }
        assert_eq!(call.start(function, &client, &mut [buffer(&mut memory)]), 0, "{function:?}");
        assert_eq!((call.bytes, call.flags), (4, 0), "{function:?}: at once");
        // Nothing more is there, and no more has room.
        let mut pending = Vec::new();
        if !function.receives() {
            fill(&client);
        }
        loop {
            let mut call = Call::new(0, false);
            call.flags = if function.receives() { ffi::MSG_PARTIAL } else { 0 };
            let flags = call.flags;
            let returned = call.start(function, &client, &mut [buffer(&mut memory)]);
            if returned == code::WSA_IO_PENDING {
                assert_eq!((call.bytes, call.flags), (UNTOUCHED, flags), "{function:?}: pending");
                pending.push(call);
                break;
            }
            assert_eq!((returned, function.receives()), (0, false), "{function:?}");
            assert!(pending.len() < 100_000, "there is always room");
            pending.push(call);
        }
        client.close().unwrap();
        // Refused, nothing is started.
        let mut call = Call::new(0, false);
        assert_eq!(call.start(function, &client, &mut [buffer(&mut memory)]), code::WSAENOTSOCK, "{function:?}");
        assert_eq!((call.bytes, call.status()), (UNTOUCHED, 0x5AFE), "{function:?}: refused");
    }
}

fn arrays_of_buffers_are_copied(provider: &Provider) {
    for function in DATA {
        let (client, server) = provider.connected_pair().unwrap();
        let (mut first, mut second) = (*b"123", *b"45");
        let mut array = [buffer(&mut first), buffer(&mut second)];
        let event = Event::new().unwrap();
        let mut call = Call::new(event.raw(), false);
        let before = if function.receives() { 0 } else { fill(&client) };
        let returned = call.start(function, &client, &mut array);
        assert!(matches!(returned, 0 | code::WSA_IO_PENDING), "{function:?}: {returned}");
        array.fill(zeroed());
        if function.receives() {
            server.send(b"abcde").unwrap();
            assert!(event.wait(PATIENCE));
            assert_eq!((call.status(), &first, &second), (0, b"abc", b"de"), "{function:?}");
        } else {
            drain(&server, before);
            let mut room = [0; 5];
            let mut got = 0;
            while got < 5 {
                got += server.recv(&mut room[got..]).unwrap();
            }
            assert_eq!(&room, b"12345", "{function:?}");
            assert!(event.wait(PATIENCE));
        }
        assert_eq!(call.result(&client), (5, 0), "{function:?}");
    }
}

/// Runs an operation of each function with a routine to its end. `meanwhile` gets the call once it was made.
fn with_routines(provider: &Provider, event: usize, mut meanwhile: impl FnMut(Function, &mut Call)) -> Vec<Told> {
    let mut all = Vec::new();
    for function in ALL {
        let (client, server) = provider.connected_pair().unwrap();
        let mut memory = [7; 256];
        let size = if function == Ioctl { 256 } else { 4 };
        let mut call = Call::new(event, true);
        let returned = call.start(function, &client, &mut [buffer(&mut memory[..size])]);
        assert!(matches!(returned, 0 | code::WSA_IO_PENDING), "{function:?}: {returned}");
        meanwhile(function, &mut call);
        server.send(b"data").unwrap();
        let told = told(1);
        assert_eq!(told.len(), 1, "{function:?}");
        assert_eq!(told[0].record, &raw const *call.record as usize, "{function:?}");
        assert_eq!((told[0].error, told[0].flags), (0, 0), "{function:?}");
        assert_eq!(call.result(&client), (told[0].bytes, 0), "{function:?}");
        assert!(told[0].bytes == 4 || function == Ioctl && told[0].bytes > 4, "{function:?}");
        all.extend(told);
    }
    all
}

fn the_identification_of_the_thread_is_copied(provider: &Provider) {
    with_routines(provider, 0, |_, call| **call.thread.as_mut().unwrap() = zeroed());
}

fn with_a_routine_the_event_is_the_callers(provider: &Provider) {
    let event = Event::new().unwrap();
    with_routines(provider, event.raw(), |_, _| {});
    assert!(!event.is_set(), "nobody has touched it");
    // It need not even be one.
    with_routines(provider, 0x1234_5678, |_, call| assert_eq!(call.record.hEvent, 0x1234_5678));
}

fn routines_are_told_the_end_on_their_own_thread(provider: &Provider) {
    let all = with_routines(provider, 0, |function, _| {
        assert_eq!(TOLD.with_borrow(Vec::len), 0, "{function:?}: not before this thread waits");
    });
    assert!(all.iter().all(|told| told.thread == thread::current().id()));
}

/// A call for a routine to make.
type Inner = (Socket, Call, Vec<u8>, Function);

thread_local! {
    static WITHIN: RefCell<Vec<Inner>> = const { RefCell::new(Vec::new()) };
}

/// Starts the operation that waits in `WITHIN`. Others of this thread may have ended meanwhile.
fn start_within() {
    WITHIN.with_borrow_mut(|all| {
        let (socket, call, memory, function) = all.last_mut().unwrap();
        let returned = call.start(*function, socket, &mut [buffer(memory)]);
        assert!(matches!(returned, 0 | code::WSA_IO_PENDING), "{function:?}: {returned}");
    });
}

fn calls_can_be_made_within_routines_which_never_nest(provider: &Provider) {
    for outer in ALL {
        for inner in ALL {
            let (client, server) = provider.connected_pair().unwrap();
            let (other, peer) = provider.connected_pair().unwrap();
            peer.send(b"data").unwrap();
            let size = |function| if function == Ioctl { 256 } else { 4 };
            let (memory, call) = (vec![7; size(inner)], Call::new(0, true));
            WITHIN.set(vec![(other, call, memory, inner)]);
            INSIDE.set(Some(start_within));
            let mut memory = vec![7; size(outer)];
            let mut call = Call::new(0, true);
            let returned = call.start(outer, &client, &mut [buffer(&mut memory)]);
            assert!(matches!(returned, 0 | code::WSA_IO_PENDING), "{outer:?}: {returned}");
            server.send(b"data").unwrap();
            let records: Vec<_> = told(2).iter().map(|told| told.record).collect();
            let inner_record = WITHIN.with_borrow(|all| &raw const *all[0].1.record as usize);
            assert_eq!(records, [&raw const *call.record as usize, inner_record], "{outer:?}, {inner:?}");
            WITHIN.take();
        }
    }
}

fn buffers_are_filled_and_sent_in_the_order_of_their_calls(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let mut rooms = [[0; 2]; 10];
    let calls: Vec<Call> = rooms
        .iter_mut()
        .map(|room| {
            let mut call = Call::new(0, true);
            assert_eq!(call.start(RecvFrom, &client, &mut [buffer(room)]), code::WSA_IO_PENDING);
            call
        })
        .collect();
    let before = fill(&server);
    let mut texts: Vec<[u8; 2]> = (0..10).map(|number| [b'a' + number, b'0' + number]).collect();
    let sends: Vec<Call> = texts
        .iter_mut()
        .map(|text| {
            let mut call = Call::new(0, true);
            let returned = call.start(SendTo, &server, &mut [buffer(text)]);
            assert!(matches!(returned, 0 | code::WSA_IO_PENDING), "{returned}");
            call
        })
        .collect();
    // Of what filled the connection ten receives have taken their part.
    drain(&client, before - 20);
    let mut room = [0; 20];
    let mut got = 0;
    while got < 20 {
        got += client.recv(&mut room[got..]).unwrap();
    }
    assert_eq!(&room, b"a0b1c2d3e4f5g6h7i8j9");
    assert_eq!(told(20).len(), 20);
    assert!(calls.iter().all(|call| call.result(&client) == (2, 0)));
    assert!(sends.iter().all(|call| call.result(&server) == (2, 0)));
}

fn a_record_is_laid_out_as_the_interface_has_it(provider: &Provider) {
    for function in DATA {
        let (client, server) = provider.connected_pair().unwrap();
        let event = Event::new().unwrap();
        let mut memory = [7; 4];
        let mut call = Call::new(event.raw(), false);
        if function.receives() {
            assert_eq!(call.start(function, &client, &mut [buffer(&mut memory)]), code::WSA_IO_PENDING);
            assert_eq!(call.status(), ffi::WSS_OPERATION_IN_PROGRESS);
            server.send(b"data").unwrap();
        } else {
            let returned = call.start(function, &client, &mut [buffer(&mut memory)]);
            assert!(matches!(returned, 0 | code::WSA_IO_PENDING), "{returned}");
        }
        assert!(event.wait(PATIENCE));
        let members =
            |record: &ffi::WSAOVERLAPPED| (record.InternalHigh, record.Offset, record.OffsetHigh, record.hEvent);
        assert_eq!((call.status(), members(&call.record)), (0, (4, 0, 0, event.raw())), "{function:?}");
    }
    let (client, _server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let mut memory = [7; 4];
    let mut call = Call::new(event.raw(), false);
    assert_eq!(call.start(Recv, &client, &mut [buffer(&mut memory)]), code::WSA_IO_PENDING);
    client.close().unwrap();
    assert!(event.wait(PATIENCE));
    assert_eq!(call.status(), 0xC000_0120);
    assert_eq!((call.record.InternalHigh, call.record.OffsetHigh), (0, code::WSA_OPERATION_ABORTED as u32));
}

fn an_event_is_reset_while_its_operation_is_pending(provider: &Provider) {
    for function in [Recv, RecvFrom] {
        let (client, server) = provider.connected_pair().unwrap();
        let event = Event::new().unwrap();
        let mut memory = [0; 4];
        for text in [b"once", b"more"] {
            event.set();
            let mut call = Call::new(event.raw(), false);
            assert_eq!(call.start(function, &client, &mut [buffer(&mut memory)]), code::WSA_IO_PENDING);
            assert!(!event.is_set(), "{function:?}: what it says is not of this operation");
            server.send(text).unwrap();
            assert!(event.wait(PATIENCE));
            assert_eq!((call.result(&client), &memory), ((4, 0), text), "{function:?}");
        }
    }
}
