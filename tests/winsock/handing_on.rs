//! What reaches the provider, seen by functions put into its table.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use wsp::rt::FdSet;
use wsp::{code, ffi};
use wsp_host::winsock::{Failure, WSASYSCALLFAILURE, last_error};
use wsp_host::{current_thread, to_sockaddr};

use crate::support::{Source, altered, bare, by, code, stack, tcp, ws2};

/// Stores a code and fails.
///
/// # Safety
/// The host's place.
unsafe fn fail(errno: ffi::LPINT, code: i32) -> i32 {
    // SAFETY: by the contract.
    unsafe { errno.write_unaligned(code) };
    ffi::SOCKET_ERROR
}

#[test]
fn a_connect_that_reaches_nobody_is_tried_once_more() {
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    static CODE: AtomicI32 = AtomicI32::new(0);
    unsafe extern "system" fn connect(
        _: usize,
        _: *const ffi::sockaddr,
        _: i32,
        _: ffi::LPWSABUF,
        _: ffi::LPWSABUF,
        _: ffi::LPQOS,
        _: ffi::LPQOS,
        errno: ffi::LPINT,
    ) -> i32 {
        let tries = TRIES.fetch_add(1, Ordering::SeqCst) + 1;
        match CODE.load(Ordering::SeqCst) {
            0 if tries == 2 => 0,
            // SAFETY: the host's place.
            0 => unsafe { fail(errno, code::WSAEHOSTUNREACH) },
            // SAFETY: as above.
            code => unsafe { fail(errno, code) },
        }
    }
    bare!(Far);
    altered!(startup, Far, |table| table.lpWSPConnect = Some(connect));
    let stack = stack(by(Some(startup)));
    let socket = tcp(&stack).unwrap();
    for (stored, tries) in [(code::WSAEHOSTUNREACH, 2), (code::WSAENETUNREACH, 2), (code::WSAECONNREFUSED, 1)] {
        CODE.store(stored, Ordering::SeqCst);
        TRIES.store(0, Ordering::SeqCst);
        assert_eq!(code(socket.connect("127.0.0.1:9".parse().unwrap())), stored);
        assert_eq!(TRIES.load(Ordering::SeqCst), tries);
    }
    CODE.store(0, Ordering::SeqCst);
    TRIES.store(0, Ordering::SeqCst);
    socket.connect("127.0.0.1:9".parse().unwrap()).expect("the second attempt works");
}

#[test]
fn short_names_do_not_reach_the_provider_and_those_of_peers_do() {
    static ASKED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    unsafe extern "system" fn bind(_: usize, _: *const ffi::sockaddr, _: i32, _: ffi::LPINT) -> i32 {
        ASKED.lock().unwrap().push("bind");
        0
    }
    unsafe extern "system" fn own(_: usize, _: *mut ffi::sockaddr, _: ffi::LPINT, _: ffi::LPINT) -> i32 {
        ASKED.lock().unwrap().push("own");
        0
    }
    unsafe extern "system" fn peer(_: usize, _: *mut ffi::sockaddr, _: ffi::LPINT, _: ffi::LPINT) -> i32 {
        ASKED.lock().unwrap().push("peer");
        0
    }
    bare!(Named);
    altered!(startup, Named, |table| {
        table.lpWSPBind = Some(bind);
        table.lpWSPGetSockName = Some(own);
        table.lpWSPGetPeerName = Some(peer);
    });
    let stack = stack(by(Some(startup)));
    let socket = tcp(&stack).unwrap();
    let mut name = to_sockaddr("127.0.0.1:9".parse().unwrap());
    let (calls, raw, name) = (stack.ws2().calls(), socket.raw(), name.as_mut_ptr().cast::<ffi::sockaddr>());
    for (length, passes) in [(16_i32, true), (15, false), (0, false), (-1, false)] {
        let mut room = length;
        // SAFETY: names of at most 16 bytes; the functions above do not use them.
        unsafe {
            assert_eq!(calls.bind(raw, name, length).is_ok(), passes);
            assert_eq!(calls.get_sock_name(raw, name, &raw mut room).is_ok(), passes);
            calls.get_peer_name(raw, name, &raw mut room).unwrap();
        }
    }
    // SAFETY: as above.
    unsafe {
        assert_eq!(code(calls.bind(raw, std::ptr::null(), 16)), code::WSAEFAULT);
        assert_eq!(code(calls.get_sock_name(raw, name, std::ptr::null_mut())), code::WSAEFAULT);
        calls.get_peer_name(raw, std::ptr::null_mut(), std::ptr::null_mut()).unwrap();
    }
    assert_eq!(*ASKED.lock().unwrap(), ["bind", "own", "peer", "peer", "peer", "peer", "peer"]);
}

/// What the functions of data and control were given.
static GIVEN: Mutex<Vec<(usize, usize, u32)>> = Mutex::new(Vec::new());

unsafe extern "system" fn sending(
    _: usize,
    buffers: ffi::LPWSABUF,
    count: u32,
    sent: ffi::LPDWORD,
    flags: u32,
    record: ffi::LPWSAOVERLAPPED,
    _: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: ffi::LPWSATHREADID,
    _: ffi::LPINT,
) -> i32 {
    assert!(record.is_null() && count == 1);
    // SAFETY: the host's structures.
    unsafe {
        GIVEN.lock().unwrap().push(((*thread).ThreadHandle, 0, flags));
        sent.write_unaligned((*buffers).len);
    }
    0
}

unsafe extern "system" fn controlling(
    _: usize,
    _: u32,
    input: ffi::LPVOID,
    input_length: u32,
    output: ffi::LPVOID,
    output_length: u32,
    _: ffi::LPDWORD,
    record: ffi::LPWSAOVERLAPPED,
    _: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: ffi::LPWSATHREADID,
    _: ffi::LPINT,
) -> i32 {
    assert!(record.is_null() && !thread.is_null());
    assert_eq!((input_length, output_length), (4, 4));
    GIVEN.lock().unwrap().push((input as usize, output as usize, 0));
    0
}

#[test]
fn the_thread_is_told_in_every_call_and_ioctlsocket_has_one_buffer_for_both() {
    bare!(Watching);
    altered!(startup, Watching, |table| {
        table.lpWSPSend = Some(sending);
        table.lpWSPIoctl = Some(controlling);
    });
    let stack = stack(by(Some(startup)));
    let socket = tcp(&stack).unwrap();
    let calls = stack.ws2().calls();
    assert_eq!(calls.send(socket.raw(), b"xyz", 4), Ok(3));
    let here = current_thread().unwrap().ThreadHandle;
    assert_eq!(GIVEN.lock().unwrap().pop(), Some((here, 0, 4)));
    std::thread::scope(|scope| {
        scope.spawn(|| socket.send(b"x").unwrap());
    });
    let other = GIVEN.lock().unwrap().pop().unwrap().0;
    assert_ne!(other, here);
    for address in [0x5_0000_usize, 1] {
        // SAFETY: the function above does not use the pointer.
        unsafe { calls.ioctl_socket(socket.raw(), ffi::FIONBIO, address as *mut u32) }.unwrap();
        assert_eq!(GIVEN.lock().unwrap().pop(), Some((address, address, 0)), "even if it is none");
    }
}

#[test]
fn select_goes_to_the_provider_of_the_first_socket_with_all_sets() {
    static ASKED: Mutex<Vec<[usize; 3]>> = Mutex::new(Vec::new());
    unsafe extern "system" fn select(
        _: i32,
        read: *mut ffi::fd_set,
        write: *mut ffi::fd_set,
        except: *mut ffi::fd_set,
        _: ffi::PTIMEVAL,
        _: ffi::LPINT,
    ) -> i32 {
        let counts = [read, write, except].map(|set| {
            // SAFETY: NULL, or a set of the program's.
            if set.is_null() { usize::MAX } else { unsafe { wsp::rt::SocketSet::new(set) }.len() }
        });
        ASKED.lock().unwrap().push(counts);
        7
    }
    bare!(Selecting);
    altered!(startup, Selecting, |table| table.lpWSPSelect = Some(select));
    let entries = [Source::Linked.entry(), by(Some(startup))];
    let (first, second) = (*entries[0].info(), *entries[1].info());
    let stack = ws2(entries).startup(0x0202).unwrap();
    let (one, other) = (stack.socket_from(&first).unwrap(), stack.socket_from(&second).unwrap());
    let null: *mut u8 = std::ptr::null_mut();
    let mut empty = FdSet::new(&[]);
    let mut write = FdSet::new(&[other.raw(), one.raw()]);
    let mut except = FdSet::new(&vec![one.raw(); 100]);
    // SAFETY: sets with true counts.
    let ready =
        unsafe { stack.ws2().calls().select(empty.as_mut_ptr(), write.as_mut_ptr(), except.as_mut_ptr(), null.cast()) };
    assert_eq!(ready, Ok(7));
    assert_eq!(ASKED.lock().unwrap().pop(), Some([0, 2, 100]));
    // SAFETY: as above.
    unsafe { stack.ws2().calls().select(null.cast(), write.as_mut_ptr(), null.cast(), null.cast()) }.unwrap();
    assert_eq!(ASKED.lock().unwrap().pop(), Some([usize::MAX, 2, usize::MAX]), "NULL stays NULL");
    // SAFETY: what can be no set is refused without being used.
    let bad = unsafe {
        stack.ws2().calls().select(write.as_mut_ptr(), null.wrapping_add(1).cast(), null.cast(), null.cast())
    };
    assert_eq!(code(bad), code::WSAEFAULT);
}

#[test]
fn extension_functions_are_the_providers() {
    const KNOWN: ffi::GUID = ffi::GUID { Data1: 1, Data2: 2, Data3: 3, Data4: [4; 8] };
    unsafe extern "system" fn extension() {}
    unsafe extern "system" fn ioctl(
        _: usize,
        code: u32,
        input: ffi::LPVOID,
        input_length: u32,
        output: ffi::LPVOID,
        output_length: u32,
        bytes: ffi::LPDWORD,
        _: ffi::LPWSAOVERLAPPED,
        _: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        _: ffi::LPWSATHREADID,
        errno: ffi::LPINT,
    ) -> i32 {
        assert_eq!(code, ffi::SIO_GET_EXTENSION_FUNCTION_POINTER);
        assert_eq!((input_length as usize, output_length as usize), (16, size_of::<usize>()));
        // SAFETY: the host's buffers, of these lengths.
        unsafe {
            let wanted = input.cast::<ffi::GUID>().read_unaligned();
            if !wsp::rt::same_guid(&wanted, &KNOWN) {
                return fail(errno, wsp::code::WSAEINVAL);
            }
            output.cast::<usize>().write_unaligned(extension as *const () as usize);
            bytes.write_unaligned(output_length);
        }
        0
    }
    bare!(Extending);
    altered!(startup, Extending, |table| table.lpWSPIoctl = Some(ioctl));
    let stack = stack(by(Some(startup)));
    let socket = tcp(&stack).unwrap();
    assert_eq!(socket.extension(&KNOWN), Ok(extension as *const () as usize));
    assert_eq!(code(socket.extension(&ffi::GUID { Data1: 9, ..KNOWN })), code::WSAEINVAL);
}

#[test]
fn a_failure_without_a_code_gets_one() {
    unsafe extern "system" fn silent(_: usize, _: i32, _: ffi::LPINT) -> i32 {
        ffi::SOCKET_ERROR
    }
    bare!(Silent);
    altered!(startup, Silent, |table| table.lpWSPListen = Some(silent));
    let stack = stack(by(Some(startup)));
    let failure = tcp(&stack).unwrap().listen(1).unwrap_err();
    assert_eq!((failure.code(), last_error()), (WSASYSCALLFAILURE, WSASYSCALLFAILURE));
    let Failure::Provider(reason) = failure else { panic!("the provider's fault") };
    assert_eq!(reason.code(), Some(0), "and what the provider stored is still told");
}

#[test]
fn a_panic_is_one_failed_call() {
    bare!(
        Panicking,
        fn bind(
            &self,
            _: &wsp::rt::SocketRef<'_, ()>,
            _: &wsp::winsock::call::Bind<'_>,
        ) -> Result<(), wsp::winsock::error::BindError> {
            panic!("no binding");
        }
    );
    let stack = stack(wsp_host::winsock::Entry::linked::<Panicking>(wsp_host::winsock::Entry::tcp()));
    let (spoilt, other) = (tcp(&stack).unwrap(), tcp(&stack).unwrap());
    let address = "127.0.0.1:0".parse().unwrap();
    assert_eq!(code(spoilt.bind(address)), code::WSAENETDOWN);
    assert_eq!(code(spoilt.listen(1)), code::WSAENETDOWN, "the socket is spoilt");
    assert_eq!(code(other.listen(1)), code::WSAEOPNOTSUPP, "and no other");
    spoilt.close().unwrap();
}

unsafe extern "system" fn sending_to(
    _: usize,
    buffers: ffi::LPWSABUF,
    _: u32,
    sent: ffi::LPDWORD,
    _: u32,
    to: *const ffi::sockaddr,
    length: i32,
    _: ffi::LPWSAOVERLAPPED,
    _: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: ffi::LPWSATHREADID,
    _: ffi::LPINT,
) -> i32 {
    assert!(!thread.is_null() && to.is_null() == (length == 0));
    // SAFETY: the host's structures.
    unsafe { sent.write_unaligned((*buffers).len) };
    0
}

unsafe extern "system" fn receiving_from(
    _: usize,
    buffers: ffi::LPWSABUF,
    _: u32,
    received: ffi::LPDWORD,
    flags: ffi::LPDWORD,
    from: *mut ffi::sockaddr,
    length: ffi::LPINT,
    _: ffi::LPWSAOVERLAPPED,
    _: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: ffi::LPWSATHREADID,
    _: ffi::LPINT,
) -> i32 {
    assert!(!thread.is_null());
    // SAFETY: the host's structures and the program's room.
    unsafe {
        (*buffers).buf.write(7);
        from.cast::<u8>().write_bytes(9, 16);
        length.write_unaligned(16);
        received.write_unaligned(1);
        assert_eq!(flags.read_unaligned(), ffi::MSG_PEEK);
    }
    0
}

#[test]
fn addresses_of_peers_travel_with_the_data() {
    bare!(Addressed);
    altered!(startup, Addressed, |table| {
        table.lpWSPSendTo = Some(sending_to);
        table.lpWSPRecvFrom = Some(receiving_from);
    });
    let stack = stack(by(Some(startup)));
    let socket = tcp(&stack).unwrap();
    let calls = stack.ws2().calls();
    assert_eq!(calls.send_to(socket.raw(), b"hello", 0, Some(&[0; 16])), Ok(5));
    assert_eq!(calls.send_to(socket.raw(), b"hello", 0, None), Ok(5));
    let (mut room, mut from) = ([0; 9], [0; 32]);
    let peek = ffi::MSG_PEEK.cast_signed();
    assert_eq!(calls.recv_from(socket.raw(), &mut room, peek, &mut from), Ok((1, 16)));
    assert_eq!((room[0], &from[..17]), (7, &[[9; 16].as_slice(), &[0]].concat()[..]));
}
