//! What providers share with the system on Windows: alertable waits and completion ports are its own.

use std::cell::Cell;
use std::ptr;

use wsp::ffi;
use wsp::rt::{Outcome, OverlappedCall, PieceMut, zeroed};
use wsp_host::{Notify, Port, Provider, current_thread, run_queued};

use crate::support::PATIENCE;

over_each!(
    a_routine_runs_in_an_alertable_wait_of_the_programs,
    a_call_that_the_program_queues_runs_while_a_call_waits,
    the_program_waits_for_packets_itself,
    an_event_of_the_programs_tells_the_end,
);

#[link(name = "kernel32")]
unsafe extern "system" {
    fn SleepEx(milliseconds: u32, alertable: i32) -> u32;
    fn QueueUserAPC(function: unsafe extern "system" fn(usize), thread: usize, context: usize) -> u32;
    fn CreateEventW(security: *mut u8, manual: i32, set: i32, name: *const u16) -> usize;
    fn WaitForSingleObject(handle: usize, milliseconds: u32) -> u32;
    fn CloseHandle(handle: usize) -> i32;
    fn GetThreadId(thread: usize) -> u32;
    fn GetCurrentThreadId() -> u32;
    fn GetQueuedCompletionStatus(
        port: usize,
        bytes: *mut u32,
        key: *mut usize,
        record: *mut usize,
        milliseconds: u32,
    ) -> i32;
}

const WAIT_IO_COMPLETION: u32 = 0xC0;
const ERROR_OPERATION_ABORTED: i32 = 995;

fn milliseconds() -> u32 {
    PATIENCE.as_millis() as u32
}

fn a_routine_runs_in_an_alertable_wait_of_the_programs(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let receive = server.recv_overlapped(9, Notify::Routine);
    client.send(b"hello").unwrap();
    assert_eq!(receive.routine_calls(), [], "not before the wait");
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { SleepEx(milliseconds(), 1) }, WAIT_IO_COMPLETION);
    let calls = receive.routine_calls();
    assert_eq!(calls.iter().map(|call| (call.error, call.bytes)).collect::<Vec<_>>(), [(0, 5)]);
    assert_eq!(run_queued(), 0, "told once");
}

fn a_call_that_the_program_queues_runs_while_a_call_waits(provider: &Provider) {
    thread_local!(static CLIENT: Cell<Option<usize>> = const { Cell::new(None) });
    unsafe extern "system" fn send(client: usize) {
        CLIENT.set(Some(client));
        // SAFETY: the socket of the test below, which waits on this thread.
        let client = unsafe { &*(client as *const wsp_host::Socket) };
        client.send(b"called").unwrap();
    }
    let (client, server) = provider.connected_pair().unwrap();
    let this = current_thread().unwrap().ThreadHandle;
    // SAFETY: a handle of this thread, and a socket that lives until the call has run.
    unsafe {
        assert_eq!(GetThreadId(this), GetCurrentThreadId(), "a handle of the system's");
        assert_ne!(QueueUserAPC(send, this, &raw const client as usize), 0);
    }
    let mut room = [0; 9];
    assert_eq!(server.recv(&mut room), Ok(6), "what nobody else sends");
    assert!(CLIENT.get().is_some());
}

fn the_program_waits_for_packets_itself(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    let port = Port::new().unwrap();
    assert!(port.associate(server.raw(), 77));
    let wait = |milliseconds| {
        let (mut bytes, mut key, mut record) = (0, 0, 0);
        // SAFETY: an open port, and places for what is in a packet.
        let done = unsafe {
            GetQueuedCompletionStatus(port.raw(), &raw mut bytes, &raw mut key, &raw mut record, milliseconds)
        };
        let error = std::io::Error::last_os_error().raw_os_error();
        (if done != 0 { None } else { error }, key, record, bytes)
    };
    let receive = server.recv_overlapped(9, Notify::Port);
    client.send(b"hello").unwrap();
    assert_eq!(wait(milliseconds()), (None, 77, receive.record(), 5));
    assert_eq!((receive.status(), receive.bytes()), (Some(0), Some(5)));
    let aborted = server.recv_overlapped(9, Notify::Port);
    assert_eq!(aborted.returned(), Ok(Outcome::Pending));
    server.close().unwrap();
    assert_eq!(wait(milliseconds()), (Some(ERROR_OPERATION_ABORTED), 77, aborted.record(), 0));
    assert_eq!(aborted.status(), Some(0xC000_0120));
    assert_eq!(wait(0).2, 0, "told once");
}

fn an_event_of_the_programs_tells_the_end(provider: &Provider) {
    let (client, server) = provider.connected_pair().unwrap();
    // SAFETY: no memory is involved.
    let event = unsafe { CreateEventW(ptr::null_mut(), 1, 0, ptr::null()) };
    assert_ne!(event, 0);
    let mut record = ffi::WSAOVERLAPPED { hEvent: event, ..zeroed() };
    let mut room = [0; 9];
    let call = OverlappedCall { operation: &raw mut record, routine: None, thread: ptr::null_mut() };
    // SAFETY: everything outlives the operation, which has ended when the event is set.
    let posted = unsafe { provider.table().recv(server.raw(), &mut [PieceMut::new(&mut room)], 0, call) };
    assert!(matches!(posted, Ok(Outcome::Pending)));
    client.send(b"hello").unwrap();
    // SAFETY: an open event.
    let woken = unsafe { WaitForSingleObject(event, milliseconds()) };
    assert_eq!((woken, record.Internal, record.InternalHigh), (0, 0, 5));
    // SAFETY: an open event that nobody uses any more.
    unsafe { CloseHandle(event) };
}
