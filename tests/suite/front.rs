//! The host like ws2_32 in the shape of a provider: a table whose functions make the socket call of the same meaning. So all scenarios
//! can be told to programs' calls too. A layered provider is made like this.

use std::sync::LazyLock;

use wsp::rt::addr::{fits, span};
use wsp::rt::{Outcome, zeroed};
use wsp::winsock::StartupPointer;
use wsp::{code, ffi};
use wsp_host::winsock::{Calls, Entry, Failure, Ws2};

/// Which provider the host has in its catalog.
pub trait Behind: 'static {
    /// The host. One for all start-ups, as in a program.
    fn ws2() -> &'static Ws2;
    /// An entry of this protocol.
    fn entry(info: ffi::WSAPROTOCOL_INFOW) -> Entry;
}

macro_rules! behind {
    ($(#[$attribute:meta])* $name:ident, |$info:ident| $entry:expr) => {
        $(#[$attribute])*
        pub struct $name;
        $(#[$attribute])*
        impl Behind for $name {
            fn ws2() -> &'static Ws2 {
                static WS2: LazyLock<Ws2> = LazyLock::new(Ws2::new);
                &WS2
            }
            fn entry($info: ffi::WSAPROTOCOL_INFOW) -> Entry {
                $entry
            }
        }
    };
}
behind!(Library, |info| Entry::new(info, wsp_host::library::find(None, "wsp_loopback").unwrap()));
behind!(
    #[cfg(any(target_os = "linux", windows))]
    Shm,
    |info| Entry::linked::<wsp_provider::shm::Shm>(info)
);

/// The start-up function: a start-up of the program, with this entry in the catalog.
pub fn startup<B: Behind>() -> StartupPointer {
    Some(start::<B>)
}

unsafe extern "system" fn start<B: Behind>(
    _: u16,
    data: ffi::LPWSPDATA,
    info: ffi::LPWSAPROTOCOL_INFOW,
    _: ffi::WSPUPCALLTABLE,
    table: ffi::LPWSPPROC_TABLE,
) -> i32 {
    // SAFETY: structures of the host's that starts this.
    let info = unsafe { info.read_unaligned() };
    let ws2 = B::ws2();
    // Started again, the entry is there.
    if !ws2.entries().iter().any(|entry| entry.id() == info.dwCatalogEntryId) {
        ws2.install(B::entry(info)).unwrap();
    }
    // Version 1 has blocking hooks. The table's clean-up undoes it.
    std::mem::forget(ws2.startup(0x0101).unwrap());
    let mut answer: ffi::WSPDATA = zeroed();
    (answer.wVersion, answer.wHighVersion) = (0x0202, 0x0202);
    // SAFETY: as above.
    unsafe {
        data.write_unaligned(answer);
        table.write_unaligned(functions::<B>());
    }
    0
}

/// Stores the outcome as a provider would.
fn lower<T>(errno: ffi::LPINT, failure: T, outcome: Result<T, Failure>) -> T {
    let (code, value) = outcome.map_or_else(|refused| (refused.code(), failure), |value| (0, value));
    if fits(span(errno as usize)) {
        // SAFETY: the scenario's place, if it can be one.
        unsafe { errno.write_unaligned(code) };
    }
    value
}

/// The same for what may be pending.
fn lower_outcome(errno: ffi::LPINT, outcome: Result<Outcome<()>, Failure>) -> i32 {
    match outcome {
        Ok(Outcome::Pending) if fits(span(errno as usize)) => {
            // SAFETY: as above.
            unsafe { errno.write_unaligned(code::WSA_IO_PENDING) };
            ffi::SOCKET_ERROR
        }
        Ok(Outcome::Pending) => ffi::SOCKET_ERROR,
        other => lower(errno, ffi::SOCKET_ERROR, other.map(|_| 0)),
    }
}

/// A function of the table: its parameters but `lpErrno`, its failure value, and the socket call.
macro_rules! entry {
    (($($parameter:ident: $type:ty),*) -> $returned:ty, $failure:expr, |$calls:ident| $call:expr) => {{
        unsafe extern "system" fn function<B: Behind>($($parameter: $type,)* errno: ffi::LPINT) -> $returned {
            let $calls: Calls<'static> = B::ws2().calls();
            // SAFETY: the pointers are handed on; the scenarios vouch for them.
            #[allow(unused_unsafe, reason = "some calls take no pointers")]
            lower(errno, $failure, unsafe { $call })
        }
        Some(function::<B>)
    }};
}

/// The same for a function that may be overlapped.
macro_rules! overlapped {
    (($($parameter:ident: $type:ty),*), |$calls:ident, $record:ident| $call:expr) => {{
        unsafe extern "system" fn function<B: Behind>(
            $($parameter: $type,)*
            operation: ffi::LPWSAOVERLAPPED,
            routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
            _thread: ffi::LPWSATHREADID,
            errno: ffi::LPINT,
        ) -> i32 {
            let $calls: Calls<'static> = B::ws2().calls();
            let $record = (operation, routine);
            // SAFETY: the pointers are handed on; the scenarios vouch for them.
            lower_outcome(errno, unsafe { $call })
        }
        Some(function::<B>)
    }};
}

const FAILED: i32 = ffi::SOCKET_ERROR;

fn functions<B: Behind>() -> ffi::WSPPROC_TABLE {
    let mut table = ffi::WSPPROC_TABLE::EMPTY;
    life::<B>(&mut table);
    names::<B>(&mut table);
    data::<B>(&mut table);
    others::<B>(&mut table);
    table
}

fn life<B: Behind>(table: &mut ffi::WSPPROC_TABLE) {
    table.lpWSPSocket = entry!((family: i32, kind: i32, protocol: i32, info: ffi::LPWSAPROTOCOL_INFOW, group: ffi::GROUP,
        flags: u32) -> usize, ffi::INVALID_SOCKET, |calls| calls.wsa_socket(family, kind, protocol, info, group, flags));
    table.lpWSPAccept = entry!((s: usize, address: *mut ffi::sockaddr, length: ffi::LPINT,
        condition: ffi::LPCONDITIONPROC, context: usize) -> usize, ffi::INVALID_SOCKET,
        |calls| calls.accept(s, address, length, condition, context));
    table.lpWSPBind = entry!((s: usize, name: *const ffi::sockaddr, length: i32) -> i32, FAILED,
        |calls| calls.bind(s, name, length).map(|()| 0));
    table.lpWSPListen = entry!((s: usize, backlog: i32) -> i32, FAILED, |calls| calls.listen(s, backlog).map(|()| 0));
    table.lpWSPConnect = entry!((s: usize, name: *const ffi::sockaddr, length: i32, caller: ffi::LPWSABUF,
        callee: ffi::LPWSABUF, socket: ffi::LPQOS, group: ffi::LPQOS) -> i32, FAILED,
        |calls| calls.connect(s, name, length, caller, callee, socket, group).map(|()| 0));
    table.lpWSPJoinLeaf = entry!((s: usize, name: *const ffi::sockaddr, length: i32, caller: ffi::LPWSABUF,
        callee: ffi::LPWSABUF, socket: ffi::LPQOS, group: ffi::LPQOS, flags: u32) -> usize, ffi::INVALID_SOCKET,
        |calls| calls.join_leaf(s, name, length, caller, callee, socket, group, flags));
    table.lpWSPDuplicateSocket = entry!((s: usize, process: u32, info: ffi::LPWSAPROTOCOL_INFOW) -> i32, FAILED,
        |calls| calls.duplicate(s, process, info).map(|()| 0));
    table.lpWSPShutdown = entry!((s: usize, how: i32) -> i32, FAILED, |calls| calls.shutdown(s, how).map(|()| 0));
    table.lpWSPCloseSocket = entry!((s: usize) -> i32, FAILED, |calls| calls.close(s).map(|()| 0));
    table.lpWSPCleanup = entry!(() -> i32, FAILED, |_calls| B::ws2().cleanup().map(|()| 0));
}

fn names<B: Behind>(table: &mut ffi::WSPPROC_TABLE) {
    table.lpWSPGetSockName = entry!((s: usize, name: *mut ffi::sockaddr, length: ffi::LPINT) -> i32, FAILED,
        |calls| calls.get_sock_name(s, name, length).map(|()| 0));
    table.lpWSPGetPeerName = entry!((s: usize, name: *mut ffi::sockaddr, length: ffi::LPINT) -> i32, FAILED,
        |calls| calls.get_peer_name(s, name, length).map(|()| 0));
    table.lpWSPAddressToString = entry!((address: ffi::LPSOCKADDR, length: u32, info: ffi::LPWSAPROTOCOL_INFOW,
        text: ffi::LPWSTR, room: ffi::LPDWORD) -> i32, FAILED,
        |calls| calls.address_to_string(address, length, info, text, room).map(|()| 0));
    table.lpWSPStringToAddress = entry!((text: ffi::LPWSTR, family: i32, info: ffi::LPWSAPROTOCOL_INFOW,
        address: ffi::LPSOCKADDR, length: ffi::LPINT) -> i32, FAILED,
        |calls| calls.string_to_address(text, family, info, address, length).map(|()| 0));
    table.lpWSPGetQOSByName = entry!((s: usize, name: ffi::LPWSABUF, qos: ffi::LPQOS) -> i32, 0,
        |calls| calls.get_qos_by_name(s, name, qos).map(|()| 1));
}

fn data<B: Behind>(table: &mut ffi::WSPPROC_TABLE) {
    table.lpWSPSend = overlapped!((s: usize, buffers: ffi::LPWSABUF, count: u32, sent: ffi::LPDWORD, flags: u32),
        |calls, record| calls.wsa_send(s, buffers, count, sent, flags, record));
    table.lpWSPSendTo = overlapped!((s: usize, buffers: ffi::LPWSABUF, count: u32, sent: ffi::LPDWORD, flags: u32,
        to: *const ffi::sockaddr, length: i32),
        |calls, record| calls.wsa_send_to(s, buffers, count, sent, flags, (to, length), record));
    table.lpWSPRecv = overlapped!((s: usize, buffers: ffi::LPWSABUF, count: u32, received: ffi::LPDWORD,
        flags: ffi::LPDWORD), |calls, record| calls.wsa_recv(s, buffers, count, received, flags, record));
    table.lpWSPRecvFrom = overlapped!((s: usize, buffers: ffi::LPWSABUF, count: u32, received: ffi::LPDWORD,
        flags: ffi::LPDWORD, from: *mut ffi::sockaddr, length: ffi::LPINT),
        |calls, record| calls.wsa_recv_from(s, buffers, count, received, flags, (from, length), record));
    table.lpWSPIoctl = overlapped!((s: usize, code: u32, input: ffi::LPVOID, input_length: u32, output: ffi::LPVOID,
        output_length: u32, bytes: ffi::LPDWORD), |calls, record| calls.wsa_ioctl(s, code, (input, input_length),
        (output, output_length), bytes, record));
    table.lpWSPGetOverlappedResult = entry!((s: usize, operation: ffi::LPWSAOVERLAPPED, bytes: ffi::LPDWORD, wait: i32,
        flags: ffi::LPDWORD) -> i32, 0, |calls| calls.get_overlapped_result(s, operation, bytes, wait, flags).map(|()| 1));
    table.lpWSPSendDisconnect = entry!((s: usize, data: ffi::LPWSABUF) -> i32, FAILED,
        |calls| calls.send_disconnect(s, data).map(|()| 0));
    table.lpWSPRecvDisconnect = entry!((s: usize, data: ffi::LPWSABUF) -> i32, FAILED,
        |calls| calls.recv_disconnect(s, data).map(|()| 0));
}

fn others<B: Behind>(table: &mut ffi::WSPPROC_TABLE) {
    table.lpWSPSelect = entry!((_count: i32, read: *mut ffi::fd_set, write: *mut ffi::fd_set, except: *mut ffi::fd_set,
        time: ffi::PTIMEVAL) -> i32, FAILED, |calls| calls.select(read, write, except, time).map(|ready| ready as i32));
    table.lpWSPEventSelect = entry!((s: usize, event: ffi::WSAEVENT, events: i32) -> i32, FAILED,
        |calls| calls.event_select(s, event, events).map(|()| 0));
    table.lpWSPEnumNetworkEvents = entry!((s: usize, event: ffi::WSAEVENT, events: ffi::LPWSANETWORKEVENTS) -> i32, FAILED,
        |calls| calls.enum_network_events(s, event, events).map(|()| 0));
    table.lpWSPAsyncSelect = entry!((s: usize, window: ffi::HWND, message: u32, events: i32) -> i32, FAILED,
        |calls| calls.async_select(s, window, message, events).map(|()| 0));
    table.lpWSPGetSockOpt = entry!((s: usize, level: i32, option: i32, value: *mut i8, length: ffi::LPINT) -> i32, FAILED,
        |calls| calls.get_sock_opt(s, level, option, value, length).map(|()| 0));
    table.lpWSPSetSockOpt = entry!((s: usize, level: i32, option: i32, value: *const i8, length: i32) -> i32, FAILED,
        |calls| calls.set_sock_opt(s, level, option, value, length).map(|()| 0));
    table.lpWSPCancelBlockingCall = entry!(() -> i32, FAILED, |calls| calls.cancel_blocking_call().map(|()| 0));
}
