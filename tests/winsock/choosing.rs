//! Which provider a socket gets.

use std::ptr;
use std::sync::Mutex;

use wsp::rt::{Opened, SocketRef, Startup};
use wsp::winsock::{call, error};
use wsp::{code, ffi};
use wsp_host::Host;
use wsp_host::winsock::{Entry, InstallError, Ws2, last_error};

use crate::support::{Source, altered, bare, by, by_info, code, refused, stack, tcp, ws2};

/// What `WSPSocket` was given: family, type, protocol, flags, the entry's number and the reserved word.
type Given = (i32, i32, i32, u32, u32, u32);

/// A provider that writes down what `WSPSocket` is given, and answers with `$answer`.
macro_rules! noting {
    ($name:ident, $given:ident, $answer:expr) => {
        static $given: Mutex<Vec<Given>> = Mutex::new(Vec::new());
        struct $name;
        #[wsp::provider(export = false)]
        impl wsp::winsock::Provider for $name {
            type Socket = ();
            fn start(_: &Startup) -> Result<Self, error::StartupError> {
                Ok(Self)
            }
            fn socket(&self, call: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
                let info = call.protocol_info.read();
                $given.lock().unwrap().push((
                    call.family,
                    call.socket_type,
                    call.protocol,
                    call.flags,
                    info.dwCatalogEntryId,
                    info.dwProviderReserved,
                ));
                $answer
            }
            fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
                Ok(())
            }
        }
    };
}

#[test]
fn arguments_arrive_as_the_program_gave_them() {
    noting!(Noting, GIVEN, Ok(Opened::New(())));
    let entry = Entry::linked::<Noting>(Entry::tcp());
    let id = entry.id();
    let stack = stack(entry);
    let overlapped = ffi::WSA_FLAG_OVERLAPPED;
    let (inet, stream) = (ffi::AF_INET, ffi::SOCK_STREAM);
    for (family, kind, protocol) in [(inet, stream, 0), (inet, stream, 6), (0, 0, 0), (0, stream, 6)] {
        stack.socket(family, kind, protocol).unwrap();
        assert_eq!(GIVEN.lock().unwrap().pop(), Some((family, kind, protocol, overlapped, id, 0)));
    }
    // SAFETY: no structure is given.
    let raw = unsafe { stack.ws2().calls().wsa_socket(inet, 0, 0, ptr::null_mut(), 0, 0) }.unwrap();
    assert_eq!(GIVEN.lock().unwrap().pop(), Some((inet, 0, 0, 0, id, 0)));
    stack.ws2().calls().close(raw).unwrap();
}

#[test]
fn an_entry_is_chosen_by_its_number_alone_and_handed_on_as_it_is() {
    noting!(Noting, GIVEN, Ok(Opened::New(())));
    let entries = [Source::Linked.entry(), Entry::linked::<Noting>(Entry::tcp())];
    let mut info = *entries[1].info();
    info.iAddressFamily = 99;
    info.ProviderId = entries[0].info().ProviderId;
    info.dwProviderReserved = 0x1234_5678;
    let stack = ws2(entries).startup(0x0202).unwrap();
    stack.socket_from(&info).unwrap();
    let from = ffi::FROM_PROTOCOL_INFO;
    let given = (from, from, from, ffi::WSA_FLAG_OVERLAPPED, info.dwCatalogEntryId, 0x1234_5678);
    assert_eq!(GIVEN.lock().unwrap().pop(), Some(given));
    info.dwCatalogEntryId = 7;
    assert_eq!(refused(stack.socket_from(&info)), code::WSAEINVAL);
    for bad in [1, 0xFFFF, usize::MAX] {
        // SAFETY: what can be no pointer is refused without being used.
        let bad = unsafe { stack.ws2().calls().wsa_socket(from, from, from, bad as *mut _, 0, 0) };
        assert_eq!(refused(bad), code::WSAEFAULT);
    }
}

#[test]
fn nothing_that_matches_is_told_by_what_is_missing() {
    let stack = stack(Source::Linked.entry());
    let (inet, stream) = (ffi::AF_INET, ffi::SOCK_STREAM);
    assert_eq!(refused(stack.socket(23, stream, 6)), code::WSAEAFNOSUPPORT);
    assert_eq!(refused(stack.socket(inet, ffi::SOCK_DGRAM, 6)), code::WSAESOCKTNOSUPPORT);
    assert_eq!(refused(stack.socket(inet, stream, 17)), code::WSAEPROTONOSUPPORT);
    assert_eq!(last_error(), code::WSAEPROTONOSUPPORT);
    assert!(!stack.ws2().is_started(&stack.ws2().entries()[0]), "no provider was asked");
}

#[test]
fn in_progress_passes_the_call_on_to_the_next_entry_that_matches() {
    noting!(Passing, PASSED, Err(error::SocketError::InProgress));
    noting!(Taking, TAKEN, Ok(Opened::New(())));
    let mut datagrams = Entry::tcp();
    datagrams.iSocketType = ffi::SOCK_DGRAM;
    let entries = [
        Entry::linked::<Passing>(Entry::tcp()),
        Entry::linked::<Passing>(datagrams),
        Entry::linked::<Taking>(Entry::tcp()),
    ];
    let (first, last) = (*entries[0].info(), entries[2].id());
    let stack = ws2(entries).startup(0x0202).unwrap();
    tcp(&stack).unwrap();
    assert_eq!(PASSED.lock().unwrap().len(), 1, "the entry for datagrams does not match");
    assert_eq!(TAKEN.lock().unwrap()[0].4, last);
    assert_eq!(code(stack.socket_from(&first)), code::WSAEINPROGRESS, "an entry that was named has no next");
    assert!(stack.ws2().remove(last));
    assert_eq!(code(tcp(&stack)), code::WSAEINPROGRESS, "nobody is left");
}

#[test]
fn other_failures_are_not_passed_on() {
    noting!(Refusing, ASKED, Err(error::SocketError::MFile));
    let stack = ws2([Entry::linked::<Refusing>(Entry::tcp()), Source::Linked.entry()]).startup(0x0202).unwrap();
    assert_eq!(code(tcp(&stack)), code::WSAEMFILE);
    assert_eq!(ASKED.lock().unwrap().len(), 1);
}

#[test]
fn the_open_type_makes_sockets_that_are_not_overlapped_and_reaches_no_provider() {
    noting!(Noting, GIVEN, Ok(Opened::New(())));
    let stack = stack(Entry::linked::<Noting>(Entry::tcp()));
    let socket = tcp(&stack).unwrap();
    // This provider has no options: it would refuse.
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_OPENTYPE), Ok(0));
    socket.set_option(ffi::SOL_SOCKET, ffi::SO_OPENTYPE, 0x20).unwrap();
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_OPENTYPE), Ok(0x20));
    tcp(&stack).unwrap();
    assert_eq!(GIVEN.lock().unwrap().pop().map(|given| given.3), Some(0));
    std::thread::scope(|scope| {
        let other = scope.spawn(|| socket.option(ffi::SOL_SOCKET, ffi::SO_OPENTYPE));
        assert_eq!(other.join().unwrap(), Ok(0), "it belongs to the thread");
    });
    assert_eq!(code(socket.option_bytes(ffi::SOL_SOCKET, ffi::SO_OPENTYPE, 3)), code::WSAEFAULT);
    socket.set_option(ffi::SOL_SOCKET, ffi::SO_OPENTYPE, 0).unwrap();
    assert_eq!(code(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE)), code::WSAEOPNOTSUPP, "others are the provider's");
}

#[test]
fn foreign_handles_are_no_sockets() {
    let one = stack(Source::Linked.entry());
    let two = stack(Source::Linked.entry());
    let provider = Host::new().start_type::<wsp_provider::Loopback>().unwrap();
    let other = provider.socket().unwrap();
    let socket = tcp(&one).unwrap();
    tcp(&two).unwrap();
    let closed = tcp(&two).unwrap();
    closed.close().unwrap();
    for foreign in [socket.raw(), other.raw(), closed.raw(), 0, 1, socket.raw() + 1, ffi::INVALID_SOCKET] {
        assert!(!two.ws2().knows(foreign));
        assert_eq!(refused(two.ws2().calls().listen(foreign, 1)), code::WSAENOTSOCK);
        assert_eq!(last_error(), code::WSAENOTSOCK);
    }
    assert!(one.ws2().knows(socket.raw()));
}

#[test]
fn a_handle_of_the_system_belongs_to_the_provider_that_claims_it() {
    const INHERITED: usize = 0x7654_3210;
    unsafe extern "system" fn options(
        socket: usize,
        _: i32,
        option: i32,
        _: *mut i8,
        length: ffi::LPINT,
        errno: ffi::LPINT,
    ) -> i32 {
        // SAFETY: the host's pointers.
        unsafe {
            if (socket, option) == (INHERITED, ffi::SO_PROTOCOL_INFOW) {
                length.write_unaligned(628);
                return 0;
            }
            errno.write_unaligned(code::WSAENOTSOCK);
        }
        ffi::SOCKET_ERROR
    }
    unsafe extern "system" fn listen(socket: usize, _: i32, _: ffi::LPINT) -> i32 {
        assert_eq!(socket, INHERITED);
        0
    }
    bare!(Inheriting);
    altered!(startup, Inheriting, |table| {
        table.lpWSPGetSockOpt = Some(options);
        table.lpWSPListen = Some(listen);
    });
    let mut info = Entry::tcp();
    info.dwServiceFlags1 |= ffi::XP1_IFS_HANDLES;
    let with_handles = by_info(info, Some(startup));
    let stack = ws2([by(Some(startup)), with_handles]).startup(0x0202).unwrap();
    stack.ws2().calls().listen(INHERITED, 1).unwrap();
    assert_eq!(refused(stack.ws2().calls().listen(INHERITED + 4, 1)), code::WSAENOTSOCK);
    let entries = stack.ws2().entries();
    assert!(!stack.ws2().is_started(&entries[0]), "only providers that have such handles are asked");
}

#[test]
fn programs_see_what_is_not_hidden() {
    let mut hidden = Entry::tcp();
    hidden.dwProviderFlags |= ffi::PFL_HIDDEN;
    let entries = [Entry::new(hidden, "none"), Entry::new(Entry::tcp(), "none")];
    let shown = entries[1].id();
    let stack = ws2(entries).startup(0x0202).unwrap();
    let seen: Vec<_> = stack.protocols().iter().map(|info| info.dwCatalogEntryId).collect();
    assert_eq!(seen, [shown]);
    assert_eq!(stack.ws2().entries().len(), 2);
}

#[test]
fn numbers_of_entries_are_unique_in_the_process() {
    let info = Entry::tcp();
    let one = ws2([Entry::new(info, "none")]);
    assert_eq!(one.install(Entry::new(info, "none")), Err(InstallError::Taken(info.dwCatalogEntryId)));
    let mut other = Entry::tcp();
    other.dwCatalogEntryId = info.dwCatalogEntryId;
    let two = Ws2::new();
    assert_eq!(two.install(Entry::new(other, "none")), Err(InstallError::Taken(info.dwCatalogEntryId)));
    drop(one);
    two.install(Entry::new(other, "none")).expect("the number is free again");
    assert!(!two.remove(7) && two.remove(other.dwCatalogEntryId));
    assert_eq!(two.entries().len(), 0);
}
