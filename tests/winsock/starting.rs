//! When providers are loaded, started, cleaned up and let go.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use wsp::rt::{Opened, SocketRef, Startable, Startup};
use wsp::winsock::{StartupPointer, call, error};
use wsp::{code, ffi};
use wsp_host::winsock::{
    Entry, Failure, WSAEINVALIDPROCTABLE, WSAEINVALIDPROVIDER, WSAEPROVIDERFAILEDINIT, Ws2, last_error,
};
use wsp_host::{LoadError, StartError};

use crate::support::{Source, altered, bare, by, by_info, code, refused, stack, tcp, ws2};

over_each!(
    nothing_is_started_before_the_first_call_that_needs_it,
    the_last_clean_up_lets_go_and_the_next_start_up_begins_anew,
    text_starts_a_provider_too,
);

fn nothing_is_started_before_the_first_call_that_needs_it(stack: &wsp_host::winsock::Stack) {
    let entry = stack.ws2().entries().remove(0);
    stack.protocols();
    code(stack.socket(99, 1, 6));
    assert!(!stack.ws2().is_started(&entry));
    tcp(stack).unwrap();
    assert!(stack.ws2().is_started(&entry));
}

fn text_starts_a_provider_too(stack: &wsp_host::winsock::Stack) {
    let entry = stack.ws2().entries().remove(0);
    let address = stack.string_to_address("127.0.0.1:80", ffi::AF_INET).unwrap();
    assert!(stack.ws2().is_started(&entry));
    assert_eq!(stack.address_to_string(&address).unwrap(), "127.0.0.1:80");
    assert_eq!(refused(stack.string_to_address("::1", 23)), code::WSAEINVAL, "no entry of that family");
    assert_eq!(refused(stack.address_to_string(&[2])), code::WSAEFAULT, "not even a family");
}

fn the_last_clean_up_lets_go_and_the_next_start_up_begins_anew(stack: &wsp_host::winsock::Stack) {
    let ws2 = stack.ws2();
    let entry = ws2.entries().remove(0);
    let second = ws2.startup(0x0101).unwrap();
    let (client, server) = stack.connected_pair().unwrap();
    second.cleanup().unwrap();
    assert_eq!(client.send(b"x"), Ok(1), "one start-up is left");
    stack.cleanup().unwrap();
    assert!(!ws2.is_started(&entry));
    assert_eq!(refused(client.send(b"x")), code::WSANOTINITIALISED);
    assert_eq!(refused(tcp(stack)), code::WSANOTINITIALISED);
    assert_eq!(refused(ws2.cleanup()), code::WSANOTINITIALISED);
    assert_eq!(last_error(), code::WSANOTINITIALISED);
    let again = ws2.startup(0x0202).unwrap();
    assert_eq!(code(server.send(b"x")), code::WSAENOTSOCK, "sockets do not come back");
    again.connected_pair().unwrap();
}

#[test]
fn versions_of_programs_are_negotiated() {
    let ws2 = Ws2::new();
    for (requested, agreed) in [(0x0001, 0x0001), (0x0101, 0x0101), (0x0901, 0x0101), (0x0002, 0x0002)] {
        assert_eq!(ws2.startup(requested).unwrap().version(), agreed, "{requested:#06x}");
    }
    for requested in [0x0202, 0x0502, 0x0003, 0xFFFF] {
        assert_eq!(ws2.startup(requested).unwrap().version(), 0x0202, "{requested:#06x}");
    }
    assert_eq!(ws2.startup(0x0100).err().map(|failure| failure.code()), Some(code::WSAVERNOTSUPPORTED));
}

#[test]
fn a_provider_is_started_once_for_version_2_2_with_the_entry_used_first() {
    static STARTS: Mutex<Vec<(u16, u32)>> = Mutex::new(Vec::new());
    bare!(Counting);
    unsafe extern "system" fn startup(
        version: u16,
        data: ffi::LPWSPDATA,
        info: ffi::LPWSAPROTOCOL_INFOW,
        upcalls: ffi::WSPUPCALLTABLE,
        table: ffi::LPWSPPROC_TABLE,
    ) -> i32 {
        // SAFETY: the host's structure.
        STARTS.lock().unwrap().push((version, unsafe { (*info).dwCatalogEntryId }));
        let real = <Counting as Startable<StartupPointer>>::STARTUP.unwrap();
        // SAFETY: the arguments of this call.
        unsafe { real(version, data, info, upcalls, table) }
    }
    let first = Entry::tcp();
    let mut second = Entry::tcp();
    second.ProviderId = first.ProviderId;
    let ws2 = ws2([by_info(first, Some(startup)), by_info(second, Some(startup))]);
    let stack = ws2.startup(0x0101).unwrap();
    let _more = ws2.startup(0x0202).unwrap();
    stack.socket_from(&second).unwrap();
    tcp(&stack).unwrap();
    stack.socket_from(&first).unwrap();
    assert_eq!(*STARTS.lock().unwrap(), [(0x0202, second.dwCatalogEntryId)]);
}

static CLEANED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "system" fn cleaned(errno: ffi::LPINT) -> i32 {
    CLEANED.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the host's place.
    unsafe { errno.write_unaligned(code::WSANOTINITIALISED) };
    ffi::SOCKET_ERROR
}

#[test]
fn a_start_up_that_fails_is_cleaned_up_and_tried_again_by_the_next_call() {
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    unsafe extern "system" fn startup(
        _: u16,
        _: ffi::LPWSPDATA,
        _: ffi::LPWSAPROTOCOL_INFOW,
        _: ffi::WSPUPCALLTABLE,
        table: ffi::LPWSPPROC_TABLE,
    ) -> i32 {
        TRIED.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the host's table.
        unsafe { (*table).lpWSPCleanup = Some(cleaned) };
        code::WSASYSNOTREADY
    }
    // The entry that does not start is in the way of the one behind it.
    let stack = ws2([by(Some(startup)), Source::Linked.entry()]).startup(0x0202).unwrap();
    for round in 1..=3 {
        assert_eq!(code(tcp(&stack)), WSAEPROVIDERFAILEDINIT);
        assert_eq!(last_error(), WSAEPROVIDERFAILEDINIT);
        assert_eq!((TRIED.load(Ordering::SeqCst), CLEANED.load(Ordering::SeqCst)), (round, round));
    }
    stack.cleanup().unwrap();
    assert_eq!(CLEANED.load(Ordering::SeqCst), 3, "what was not started is not cleaned up once more");
}

#[test]
fn a_start_up_that_panics_is_one_that_fails() {
    struct Panicking;
    #[wsp::provider(export = false)]
    impl wsp::winsock::Provider for Panicking {
        type Socket = ();
        fn start(_: &Startup) -> Result<Self, error::StartupError> {
            panic!("no start");
        }
        fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
            Ok(Opened::New(()))
        }
        fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
            Ok(())
        }
    }
    let stack = stack(Entry::linked::<Panicking>(Entry::tcp()));
    let Err(Failure::Start(StartError::Failed(reason))) = tcp(&stack) else { panic!("it does not start") };
    assert_eq!(reason.code(), Some(code::WSASYSNOTREADY));
}

#[test]
fn tables_and_versions_that_cannot_be_used_have_codes_of_their_own() {
    bare!(Holey);
    altered!(holey, Holey, |table| table.lpWSPListen = None);
    let stack = stack(by(Some(holey)));
    let missing = vec!["WSPListen"];
    let failure = tcp(&stack).unwrap_err();
    assert_eq!(failure, Failure::Start(StartError::IncompleteTable { missing }));
    assert_eq!(failure.code(), WSAEINVALIDPROCTABLE);

    bare!(Ancient);
    unsafe extern "system" fn ancient(
        version: u16,
        data: ffi::LPWSPDATA,
        info: ffi::LPWSAPROTOCOL_INFOW,
        upcalls: ffi::WSPUPCALLTABLE,
        table: ffi::LPWSPPROC_TABLE,
    ) -> i32 {
        let real = <Ancient as Startable<StartupPointer>>::STARTUP.unwrap();
        // SAFETY: the arguments of this call.
        unsafe {
            let returned = real(version, data, info, upcalls, table);
            (*data).wVersion = 0x0101;
            returned
        }
    }
    let stack = crate::support::stack(by(Some(ancient)));
    assert_eq!(code(tcp(&stack)), WSAEINVALIDPROVIDER);
}

#[test]
fn libraries_that_cannot_be_loaded_are_named() {
    let missing = std::path::Path::new("/no/such/provider");
    let text = std::env::temp_dir().join(format!("wsp-no-library-{}", std::process::id()));
    std::fs::write(&text, "not a library").unwrap();
    let stack = ws2([Entry::new(Entry::tcp(), missing)]).startup(0x0202).unwrap();
    let failure = tcp(&stack).unwrap_err();
    assert_eq!(failure, Failure::Load(LoadError::NoFile { file: missing.to_owned() }));
    assert_eq!(failure.code(), WSAEPROVIDERFAILEDINIT);
    let stack = crate::support::stack(Entry::new(Entry::tcp(), &text));
    let failure = tcp(&stack).unwrap_err();
    std::fs::remove_file(&text).unwrap();
    assert!(matches!(failure, Failure::Load(LoadError::NotALibrary { .. })), "{failure}");
    assert_eq!(failure.code(), WSAEPROVIDERFAILEDINIT);
}

#[test]
fn the_last_clean_up_is_one_for_each_provider_and_closes_no_sockets() {
    static ENDED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    struct Ending;
    #[wsp::provider(export = false)]
    impl wsp::winsock::Provider for Ending {
        type Socket = ();
        fn start(_: &Startup) -> Result<Self, error::StartupError> {
            Ok(Self)
        }
        fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
            Ok(Opened::New(()))
        }
        fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
            ENDED.lock().unwrap().push("close");
            Ok(())
        }
        fn reset(&self, _: &SocketRef<'_, ()>) {
            ENDED.lock().unwrap().push("reset");
        }
        fn cleanup(&self) {
            ENDED.lock().unwrap().push("clean-up");
        }
    }
    let ws2 = ws2([Entry::linked::<Ending>(Entry::tcp())]);
    let (one, two) = (ws2.startup(0x0202).unwrap(), ws2.startup(0x0202).unwrap());
    let socket = tcp(&one).unwrap();
    drop(one);
    assert_eq!(ENDED.lock().unwrap().len(), 0);
    drop(two);
    assert_eq!(*ENDED.lock().unwrap(), ["reset", "clean-up"], "the provider ends what is open, the host does not");
    drop(socket);
    assert_eq!(ENDED.lock().unwrap().len(), 2);
}

#[test]
fn a_provider_makes_socket_calls_while_it_starts() {
    static HOST: Mutex<Option<(Ws2, ffi::WSAPROTOCOL_INFOW)>> = Mutex::new(None);
    static OWN: AtomicUsize = AtomicUsize::new(0);
    struct Layer;
    #[wsp::provider(export = false)]
    impl wsp::winsock::Provider for Layer {
        type Socket = ();
        fn start(startup: &Startup) -> Result<Self, error::StartupError> {
            let (ws2, below) = HOST.lock().unwrap().clone().unwrap();
            let stack = ws2.startup(0x0202).unwrap();
            let socket = stack.socket_from(&below).expect("the provider below starts within this start-up");
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            // What is made with this crate does not start within its own start.
            let own = code(stack.socket_from(startup.protocol_info()));
            OWN.store(own as usize, Ordering::SeqCst);
            socket.close().unwrap();
            stack.cleanup().unwrap();
            Ok(Self)
        }
        fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
            Ok(Opened::New(()))
        }
        fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
            Ok(())
        }
    }
    let (above, below) = (Entry::linked::<Layer>(Entry::tcp()), Source::Linked.entry());
    let ws2 = ws2([above.clone(), below.clone()]);
    *HOST.lock().unwrap() = Some((ws2.clone(), *below.info()));
    let stack = ws2.startup(0x0202).unwrap();
    stack.socket_from(above.info()).unwrap();
    assert!(ws2.is_started(&above) && ws2.is_started(&below));
    assert_eq!(OWN.load(Ordering::SeqCst), WSAEPROVIDERFAILEDINIT as usize);
    HOST.lock().unwrap().take();
}

#[test]
fn a_provider_that_asks_for_its_own_sockets_in_every_start_up_ends() {
    static HOST: Mutex<Option<Ws2>> = Mutex::new(None);
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    static REFUSED: Mutex<Vec<Failure>> = Mutex::new(Vec::new());
    unsafe extern "system" fn ended(_: ffi::LPINT) -> i32 {
        ENDED.fetch_add(1, Ordering::SeqCst);
        0
    }
    bare!(Counting);
    altered!(real, Counting, |table| table.lpWSPCleanup = Some(ended));
    unsafe extern "system" fn startup(
        version: u16,
        data: ffi::LPWSPDATA,
        info: ffi::LPWSAPROTOCOL_INFOW,
        upcalls: ffi::WSPUPCALLTABLE,
        table: ffi::LPWSPPROC_TABLE,
    ) -> i32 {
        STARTED.fetch_add(1, Ordering::SeqCst);
        let ws2 = HOST.lock().unwrap().clone().unwrap();
        if let Err(failure) = ws2.calls().socket(ffi::AF_INET, ffi::SOCK_STREAM, 0) {
            REFUSED.lock().unwrap().push(failure);
        }
        // SAFETY: the arguments of this call.
        unsafe { real(version, data, info, upcalls, table) }
    }
    let ws2 = ws2([by(Some(startup))]);
    *HOST.lock().unwrap() = Some(ws2.clone());
    let stack = ws2.startup(0x0202).unwrap();
    tcp(&stack).expect("it starts in the end");
    let started = STARTED.load(Ordering::SeqCst);
    assert!(started > 1, "the thread that starts a provider has the lock");
    let refused = REFUSED.lock().unwrap().clone();
    assert_eq!(refused, [Failure::Endless], "the innermost alone");
    assert_eq!(refused[0].code(), WSAEPROVIDERFAILEDINIT);
    stack.cleanup().unwrap();
    assert_eq!(ENDED.load(Ordering::SeqCst), started, "one clean-up for each start-up");
    HOST.lock().unwrap().take();
}
