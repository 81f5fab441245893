//! What a provider must not answer is reported, and does the program no harm.

use wsp::rt::Outcome;
use wsp::{code, ffi};
use wsp_host::Error;
use wsp_host::winsock::{Failure, Socket, Stack, WSASYSCALLFAILURE, last_error};

use crate::support::{altered, bare, by, code, stack, tcp};

#[track_caller]
fn assert_nonsense<T: std::fmt::Debug>(result: Result<T, Failure>, function: &str) {
    match result {
        Err(Failure::Provider(Error::Nonsense { function: whose, .. })) => assert_eq!(whose, function),
        other => panic!("{function} answered nonsense, but: {other:?}"),
    }
    assert_eq!(last_error(), WSASYSCALLFAILURE);
}

fn socket(startup: wsp::winsock::StartupPointer) -> (Stack, Socket) {
    let stack = stack(by(startup));
    let socket = tcp(&stack).unwrap();
    (stack, socket)
}

/// Receives, sends: `$count` bytes moved, these flags, this result.
macro_rules! moving {
    ($recv:ident, $send:ident, $count:expr, $flags:expr, $error:expr) => {
        unsafe extern "system" fn $recv(
            _: usize,
            _: ffi::LPWSABUF,
            _: u32,
            received: ffi::LPDWORD,
            flags: ffi::LPDWORD,
            _: ffi::LPWSAOVERLAPPED,
            _: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
            _: ffi::LPWSATHREADID,
            errno: ffi::LPINT,
        ) -> i32 {
            // SAFETY: the host's places.
            unsafe {
                received.write_unaligned($count);
                flags.write_unaligned($flags);
                errno.write_unaligned($error);
            }
            if $error == 0 { 0 } else { ffi::SOCKET_ERROR }
        }
        unsafe extern "system" fn $send(
            _: usize,
            _: ffi::LPWSABUF,
            _: u32,
            sent: ffi::LPDWORD,
            _: u32,
            _: ffi::LPWSAOVERLAPPED,
            _: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
            _: ffi::LPWSATHREADID,
            errno: ffi::LPINT,
        ) -> i32 {
            // SAFETY: the host's places.
            unsafe {
                sent.write_unaligned($count);
                errno.write_unaligned($error);
            }
            if $error == 0 { 0 } else { ffi::SOCKET_ERROR }
        }
    };
}

#[test]
fn more_bytes_than_there_was_room_for() {
    moving!(recv, send, 9, 0, 0);
    bare!(Boasting);
    altered!(startup, Boasting, |table| {
        table.lpWSPRecv = Some(recv);
        table.lpWSPSend = Some(send);
    });
    let (_stack, socket) = socket(Some(startup));
    assert_nonsense(socket.recv(&mut [0; 8]), "WSPRecv");
    assert_nonsense(socket.send(&[0; 8]), "WSPSend");
    assert_eq!((socket.recv(&mut [0; 9]), socket.send(&[0; 9])), (Ok(9), Ok(9)));
}

#[test]
fn pending_where_nothing_can_be_pending() {
    moving!(recv, send, 0, 0, code::WSA_IO_PENDING);
    bare!(Dreaming);
    altered!(startup, Dreaming, |table| {
        table.lpWSPRecv = Some(recv);
        table.lpWSPSend = Some(send);
    });
    let (stack, socket) = socket(Some(startup));
    assert_nonsense(socket.recv(&mut [0; 8]), "WSPRecv");
    assert_nonsense(socket.send(&[0; 8]), "WSPSend");
    let (mut count, mut flags, null) = (0, 0, (std::ptr::null_mut(), None));
    // SAFETY: no buffers.
    let outcome = unsafe {
        let calls = stack.ws2().calls();
        calls.wsa_recv(socket.raw(), std::ptr::null_mut(), 0, &raw mut count, &raw mut flags, null)
    };
    assert_eq!(outcome, Ok(Outcome::Pending), "a call with a record of its own sees it as it is");
}

#[test]
fn a_part_of_a_message_is_too_long_for_a_plain_receive() {
    moving!(recv, send, 4, ffi::MSG_PARTIAL, 0);
    bare!(Partial);
    altered!(startup, Partial, |table| {
        table.lpWSPRecv = Some(recv);
        table.lpWSPSend = Some(send);
    });
    let (_stack, socket) = socket(Some(startup));
    assert_eq!(code(socket.recv(&mut [0; 8])), code::WSAEMSGSIZE);
    assert_eq!(last_error(), code::WSAEMSGSIZE);
}

#[test]
fn descriptors_that_are_no_handles_of_the_hosts() {
    unsafe extern "system" fn make(
        _: i32,
        _: i32,
        _: i32,
        _: ffi::LPWSAPROTOCOL_INFOW,
        _: ffi::GROUP,
        _: u32,
        _: ffi::LPINT,
    ) -> usize {
        12
    }
    bare!(Inventing);
    altered!(startup, Inventing, |table| table.lpWSPSocket = Some(make));
    let stack = stack(by(Some(startup)));
    assert_nonsense(tcp(&stack), "WSPSocket");
    unsafe extern "system" fn accept(
        _: usize,
        _: *mut ffi::sockaddr,
        _: ffi::LPINT,
        _: ffi::LPCONDITIONPROC,
        _: usize,
        _: ffi::LPINT,
    ) -> usize {
        0
    }
    bare!(Accepting);
    altered!(accepting, Accepting, |table| table.lpWSPAccept = Some(accept));
    let (_stack, socket) = socket(Some(accepting));
    assert_nonsense(socket.accept(), "WSPAccept");
}

#[test]
fn names_and_options_longer_than_their_room() {
    unsafe extern "system" fn name(_: usize, _: *mut ffi::sockaddr, length: ffi::LPINT, _: ffi::LPINT) -> i32 {
        // SAFETY: the host's place.
        unsafe { length.write_unaligned(1000) };
        0
    }
    unsafe extern "system" fn option(_: usize, _: i32, _: i32, _: *mut i8, length: ffi::LPINT, _: ffi::LPINT) -> i32 {
        // SAFETY: the host's place.
        unsafe { length.write_unaligned(-1) };
        0
    }
    bare!(Long);
    altered!(startup, Long, |table| {
        table.lpWSPGetSockName = Some(name);
        table.lpWSPGetPeerName = Some(name);
        table.lpWSPGetSockOpt = Some(option);
    });
    let (_stack, socket) = socket(Some(startup));
    assert!(matches!(socket.local_addr(), Err(Failure::Provider(Error::Nonsense { .. }))));
    assert!(matches!(socket.peer_addr(), Err(Failure::Provider(Error::Nonsense { .. }))));
    assert!(matches!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Err(Failure::Provider(Error::Nonsense { .. }))));
}

#[test]
fn a_code_that_the_function_does_not_document() {
    unsafe extern "system" fn listen(_: usize, _: i32, errno: ffi::LPINT) -> i32 {
        // SAFETY: the host's place.
        unsafe { errno.write_unaligned(12_345) };
        ffi::SOCKET_ERROR
    }
    bare!(Odd);
    altered!(startup, Odd, |table| table.lpWSPListen = Some(listen));
    let (_stack, socket) = socket(Some(startup));
    let failure = socket.listen(1).unwrap_err();
    assert_eq!(failure, Failure::Provider(Error::Undocumented { function: "WSPListen", code: 12_345 }));
    assert_eq!(last_error(), 12_345, "the program gets it all the same");
}
