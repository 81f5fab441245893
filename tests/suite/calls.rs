//! Every function of the table as a raw call: which pointers it takes, and how to call it with given ones.

use wsp::ffi;
use wsp::rt::ErrorList;
use wsp::winsock::error;

use crate::memory::{Filling, Memory};
use Filling::{Address, Buffers, Number, Text, Zeroes};

/// A function of the table.
pub struct Call {
    /// Its C name.
    pub name: &'static str,
    /// Does it take a socket?
    pub takes_socket: bool,
    /// The pointers it takes, besides `lpErrno`.
    pub pointers: &'static [(&'static str, Filling)],
    /// May it fail with this code?
    pub documents: fn(i32) -> bool,
    call: fn(&ffi::WSPPROC_TABLE, usize, &[usize], *mut i32) -> bool,
}

/// How a raw call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Well.
    Success,
    /// With the failure value, and this in `lpErrno`.
    Failure(i32),
}

impl Call {
    /// Good memory for every pointer.
    pub fn memory(&self) -> Memory {
        Memory::new(self.pointers.iter().map(|(_, filling)| *filling))
    }

    /// Calls it with good memory, but for what `change` does to the pointers.
    pub fn run(&self, table: &ffi::WSPPROC_TABLE, socket: usize, change: impl FnOnce(&mut [usize])) -> End {
        const UNTOUCHED: i32 = -1;
        let mut memory = self.memory();
        let mut pointers = memory.pointers();
        change(&mut pointers);
        let mut errno = UNTOUCHED;
        if (self.call)(table, socket, &pointers, &raw mut errno) { End::Success } else { End::Failure(errno) }
    }

    /// Calls it with good memory and this `lpErrno`. Did it succeed?
    pub fn run_with_errno(&self, table: &ffi::WSPPROC_TABLE, socket: usize, errno: usize) -> bool {
        let mut memory = self.memory();
        (self.call)(table, socket, &memory.pointers(), errno as *mut i32)
    }
}

const NO_SOCKET: usize = ffi::INVALID_SOCKET;

macro_rules! call {
    ($slot:ident, $error:ident, $takes_socket:literal, [$($pointer:ident: $filling:expr),*],
     |$f:ident, $s:ident, $p:ident, $e:ident| $body:expr) => {
        Call {
            name: <error::$error as ErrorList>::FUNCTION,
            takes_socket: $takes_socket,
            pointers: &[$((stringify!($pointer), $filling)),*],
            documents: |code| <error::$error as ErrorList>::from_number(code).is_some(),
            call: |table, $s, $p, $e| {
                let (_, _) = ($s, $p);
                let $f = table.$slot.expect("start-up fills every entry");
                // SAFETY: each pointer is good, or is one that the function has to refuse without using it.
                unsafe { $body }
            },
        }
    };
}

/// All of them.
pub fn all() -> Vec<Call> {
    sockets().into_iter().chain(data()).chain(waiting()).chain(others()).collect()
}

fn sockets() -> [Call; 10] {
    [
        call!(lpWSPAccept, AcceptError, true, [addr: Zeroes, addrlen: Number(32)],
            |f, s, p, e| f(s, p[0] as _, p[1] as _, None, 0, e) != NO_SOCKET),
        call!(lpWSPBind, BindError, true, [name: Address], |f, s, p, e| f(s, p[0] as _, 16, e) == 0),
        call!(lpWSPCloseSocket, CloseSocketError, true, [], |f, s, p, e| f(s, e) == 0),
        call!(lpWSPConnect, ConnectError, true,
            [name: Address, caller: Buffers, callee: Buffers, qos: Zeroes, group: Zeroes],
            |f, s, p, e| f(s, p[0] as _, 16, p[1] as _, p[2] as _, p[3] as _, p[4] as _, e) == 0),
        call!(lpWSPGetPeerName, GetPeerNameError, true, [name: Zeroes, namelen: Number(32)],
            |f, s, p, e| f(s, p[0] as _, p[1] as _, e) == 0),
        call!(lpWSPGetSockName, GetSockNameError, true, [name: Zeroes, namelen: Number(32)],
            |f, s, p, e| f(s, p[0] as _, p[1] as _, e) == 0),
        call!(lpWSPJoinLeaf, JoinLeafError, true,
            [name: Address, caller: Buffers, callee: Buffers, qos: Zeroes, group: Zeroes],
            |f, s, p, e| f(s, p[0] as _, 16, p[1] as _, p[2] as _, p[3] as _, p[4] as _, ffi::JL_BOTH, e)
                != NO_SOCKET),
        call!(lpWSPListen, ListenError, true, [], |f, s, p, e| f(s, 1, e) == 0),
        call!(lpWSPShutdown, ShutdownError, true, [], |f, s, p, e| f(s, ffi::SD_SEND, e) == 0),
        call!(lpWSPSocket, SocketError, false, [info: Zeroes],
            |f, s, p, e| f(ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP, p[0] as _, 0, 0, e) != NO_SOCKET),
    ]
}

fn data() -> [Call; 6] {
    [
        call!(lpWSPRecv, RecvError, true,
            [buffers: Buffers, count: Zeroes, flags: Zeroes, overlapped: Zeroes, thread: Zeroes],
            |f, s, p, e| f(s, p[0] as _, 1, p[1] as _, p[2] as _, p[3] as _, None, p[4] as _, e) == 0),
        call!(lpWSPRecvDisconnect, RecvDisconnectError, true, [data: Buffers],
            |f, s, p, e| f(s, p[0] as _, e) == 0),
        call!(lpWSPRecvFrom, RecvFromError, true,
            [buffers: Buffers, count: Zeroes, flags: Zeroes, from: Zeroes, fromlen: Number(32), overlapped: Zeroes,
             thread: Zeroes],
            |f, s, p, e| f(s, p[0] as _, 1, p[1] as _, p[2] as _, p[3] as _, p[4] as _, p[5] as _, None, p[6] as _, e)
                == 0),
        call!(lpWSPSend, SendError, true, [buffers: Buffers, count: Zeroes, overlapped: Zeroes, thread: Zeroes],
            |f, s, p, e| f(s, p[0] as _, 1, p[1] as _, 0, p[2] as _, None, p[3] as _, e) == 0),
        call!(lpWSPSendDisconnect, SendDisconnectError, true, [data: Buffers],
            |f, s, p, e| f(s, p[0] as _, e) == 0),
        call!(lpWSPSendTo, SendToError, true,
            [buffers: Buffers, count: Zeroes, to: Address, overlapped: Zeroes, thread: Zeroes],
            |f, s, p, e| f(s, p[0] as _, 1, p[1] as _, 0, p[2] as _, 16, p[3] as _, None, p[4] as _, e) == 0),
    ]
}

fn waiting() -> [Call; 6] {
    [
        call!(lpWSPAsyncSelect, AsyncSelectError, true, [], |f, s, p, e| f(s, 0x1_0002, 0x400, 1, e) == 0),
        call!(lpWSPCancelBlockingCall, CancelBlockingCallError, false, [], |f, s, p, e| f(e) == 0),
        call!(lpWSPEnumNetworkEvents, EnumNetworkEventsError, true, [events: Zeroes],
            |f, s, p, e| f(s, 0, p[0] as _, e) == 0),
        call!(lpWSPEventSelect, EventSelectError, true, [], |f, s, p, e| f(s, 4, 1, e) == 0),
        call!(lpWSPGetOverlappedResult, GetOverlappedResultError, true,
            [overlapped: Zeroes, count: Zeroes, flags: Zeroes],
            |f, s, p, e| f(s, p[0] as _, p[1] as _, 0, p[2] as _, e) != 0),
        call!(lpWSPSelect, SelectError, false, [read: Zeroes, write: Zeroes, except: Zeroes, timeout: Zeroes],
            |f, s, p, e| f(0, p[0] as _, p[1] as _, p[2] as _, p[3] as _, e) >= 0),
    ]
}

fn others() -> [Call; 8] {
    [
        call!(lpWSPAddressToString, AddressToStringError, false,
            [address: Address, info: Zeroes, text: Zeroes, length: Number(64)],
            |f, s, p, e| f(p[0] as _, 16, p[1] as _, p[2] as _, p[3] as _, e) == 0),
        call!(lpWSPCleanup, CleanupError, false, [], |f, s, p, e| f(e) == 0),
        call!(lpWSPDuplicateSocket, DuplicateSocketError, true, [info: Zeroes],
            |f, s, p, e| f(s, 1, p[0] as _, e) == 0),
        call!(lpWSPGetSockOpt, GetSockOptError, true, [value: Zeroes, length: Number(4)],
            |f, s, p, e| f(s, ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, p[0] as _, p[1] as _, e) == 0),
        call!(lpWSPGetQOSByName, GetQosByNameError, true, [name: Buffers, qos: Zeroes],
            |f, s, p, e| f(s, p[0] as _, p[1] as _, e) != 0),
        call!(lpWSPIoctl, IoctlError, true,
            [input: Number(1), output: Zeroes, count: Zeroes, overlapped: Zeroes, thread: Zeroes],
            |f, s, p, e| f(s, ffi::FIONBIO, p[0] as _, 4, p[1] as _, 4, p[2] as _, p[3] as _, None, p[4] as _, e)
                == 0),
        call!(lpWSPSetSockOpt, SetSockOptError, true, [value: Number(1)],
            |f, s, p, e| f(s, ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, p[0] as _, 4, e) == 0),
        call!(lpWSPStringToAddress, StringToAddressError, false,
            [text: Text, info: Zeroes, address: Zeroes, length: Number(32)],
            |f, s, p, e| f(p[0] as _, ffi::AF_INET, p[1] as _, p[2] as _, p[3] as _, e) == 0),
    ]
}

#[test]
fn every_function_of_the_table_is_here_once() {
    let mut names: Vec<_> = all().iter().map(|call| call.name).collect();
    names.sort_unstable();
    names.dedup();
    let entries = size_of::<ffi::WSPPROC_TABLE>() / size_of::<usize>();
    assert_eq!(names.len(), entries, "{names:?}");
}
