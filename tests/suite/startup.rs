//! Starting and cleaning up: counted, all or nothing, again and again.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use wsp::rt::{ErrorList, Opened, SocketRef, Startup, zeroed};
use wsp::winsock::error::StartupError;
use wsp::winsock::{call, error};
use wsp::{code, ffi};
use wsp_host::{Error, Host, Provider, StartError, UPCALLS, Upcall};

use crate::calls::{self, End};
use crate::support::{Source, bounded, code};

over_each!(start_ups_are_counted,);
// Programs start the host, not the provider.
over_each!(direct:
    the_version_is_negotiated,
    the_provider_describes_itself,
    a_failed_start_up_harms_nobody,
);
over_each!(alone:
    the_last_clean_up_ends_everything,
    one_clean_up_too_many_changes_nothing,
    a_provider_starts_again_after_its_end,
    waiting_calls_end_with_the_last_clean_up,
    threads_may_start_and_clean_up_as_they_like,
);

fn start_ups_are_counted(provider: &Provider) {
    provider.start_again().unwrap();
    let socket = provider.socket().unwrap();
    provider.cleanup().unwrap();
    socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE).expect("one start-up is left");
}

fn the_version_is_negotiated(provider: &Provider) {
    assert_eq!((provider.version(), provider.highest_version()), (0x0202, 0x0202));
    let start = provider.raw_start();
    for (requested, given) in [
        (0x0202, Ok(0x0202)),
        (0x0002, Ok(0x0002)),
        (0x0102, Ok(0x0102)),
        (0x0302, Ok(0x0202)),
        (0x0003, Ok(0x0202)),
        (0xFFFF, Ok(0x0202)),
        (0x0101, Err(StartError::VersionRefused { requested: 0x0101 })),
        (0x0001, Err(StartError::VersionRefused { requested: 0x0001 })),
        (0x0000, Err(StartError::VersionRefused { requested: 0x0000 })),
    ] {
        // SAFETY: the provider's own start-up function; `provider` keeps it loaded.
        let started = unsafe { Host::new().with_version(requested).start(start) };
        assert_eq!(started.map(|other| other.version()), given, "asked for {requested:#06x}");
    }
}

fn the_provider_describes_itself(provider: &Provider) {
    use wsp::transport::Transport;
    let known = [
        wsp_provider::Loopback::DESCRIPTION,
        #[cfg(any(target_os = "linux", windows))]
        wsp_provider::shm::Shm::DESCRIPTION,
        #[cfg(any(target_os = "linux", windows))]
        wsp_provider::tcp::Tcp::DESCRIPTION,
    ];
    assert!(known.contains(&provider.description().as_str()), "{}", provider.description());
}

/// Calls start-up with these pointers, some of which may be NULL or impossible.
fn start_raw(provider: &Provider, data: usize, info: usize, table: usize) -> i32 {
    let start = provider.raw_start().unwrap();
    // SAFETY: good memory, or addresses that start-up has to refuse without using them.
    unsafe { start(0x0202, data as *mut _, info as *mut _, UPCALLS, table as *mut _) }
}

fn a_failed_start_up_harms_nobody(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let mut data: ffi::WSPDATA = zeroed();
    let mut info = *provider.protocol_info();
    let mut table = ffi::WSPPROC_TABLE::EMPTY;
    let (data, info, table) = (&raw mut data as usize, &raw mut info as usize, &raw mut table as usize);
    for bad in [0, 1, 0xFFFF, usize::MAX] {
        assert_eq!(start_raw(provider, bad, info, table), code::WSAEFAULT);
        assert_eq!(start_raw(provider, data, bad, table), code::WSAEFAULT);
        assert_eq!(start_raw(provider, data, info, bad), code::WSAEFAULT);
    }
    // SAFETY: the provider's own start-up function; `provider` keeps it loaded.
    let refused = unsafe { Host::new().with_version(0x0101).start(provider.raw_start()) };
    refused.err().expect("an old version is refused");
    let start = provider.raw_start().unwrap();
    let mut untouched = ffi::WSPPROC_TABLE::EMPTY;
    // SAFETY: good memory.
    let refused = unsafe { start(0x0101, data as *mut _, info as *mut _, UPCALLS, &raw mut untouched) };
    assert_eq!(refused, code::WSAVERNOTSUPPORTED);
    assert!(untouched.lpWSPCleanup.is_none(), "a table is given by a start that succeeds");
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
    provider.socket().unwrap();
}

/// All functions but start-up fail, and no socket is known.
fn assert_ended(provider: &Provider, socket: usize) {
    for call in calls::all() {
        match call.run(provider.table().raw(), socket, |_| {}) {
            End::Failure(code) if call.takes_socket => assert_eq!(code, code::WSAENOTSOCK, "{}", call.name),
            End::Failure(code) => assert!((call.documents)(code), "{} stored {code}", call.name),
            End::Success => panic!("{} succeeded", call.name),
        }
    }
}

fn the_last_clean_up_ends_everything(source: Source) {
    let provider = source.start(&Host::new()).unwrap();
    let (client, server) = provider.connected_pair().unwrap();
    let bound = provider.socket().unwrap();
    provider.start_again().unwrap();
    provider.cleanup().unwrap();
    client.send(b"x").expect("not the last");
    provider.cleanup().unwrap();
    assert_eq!(provider.open_handles(), 0, "handles are given back");
    let counts = provider.counts();
    assert_eq!(counts.get(Upcall::CreateSocketHandle), counts.get(Upcall::CloseSocketHandle));
    for socket in [&client, &server, &bound] {
        assert_ended(&provider, socket.raw());
    }
}

fn one_clean_up_too_many_changes_nothing(source: Source) {
    let provider = source.start(&Host::new()).unwrap();
    provider.cleanup().unwrap();
    for _ in 0..3 {
        assert_eq!(code(provider.cleanup()), code::WSANOTINITIALISED);
    }
    provider.start_again().unwrap();
    provider.socket().expect("one start-up counts as one");
    provider.cleanup().unwrap();
    assert_eq!(code(provider.cleanup()), code::WSANOTINITIALISED);
}

fn a_provider_starts_again_after_its_end(source: Source) {
    for round in 0..100 {
        let provider = source.start(&Host::new()).unwrap();
        let (client, server) = provider.connected_pair().unwrap();
        client.send(b"hello").unwrap();
        assert_eq!(server.recv(&mut [0; 9]), Ok(5));
        provider.cleanup().unwrap();
        assert_eq!(provider.open_handles(), 0, "round {round}");
        provider.start_again().unwrap();
        assert_eq!(code(client.send(b"x")), code::WSAENOTSOCK, "sockets do not come back");
        provider.connected_pair().unwrap();
    }
}

fn waiting_calls_end_with_the_last_clean_up(source: Source) {
    let caught = (0..2000).any(|attempt| {
        let provider = source.start(&Host::new()).unwrap();
        let (client, _server) = provider.connected_pair().unwrap();
        let ended = bounded(move || {
            let start = Barrier::new(2);
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    start.wait();
                    client.recv(&mut [0; 1])
                });
                start.wait();
                // Not for correctness: the longer, the likelier is it that the call waits.
                (0..attempt * 20).for_each(|_| thread::yield_now());
                provider.cleanup().unwrap();
                receiver.join().unwrap()
            })
        });
        // Caught waiting, or begun when there was no socket any more.
        code(ended) != code::WSAENOTSOCK
    });
    assert!(caught, "the call was never caught waiting");
}

fn threads_may_start_and_clean_up_as_they_like(source: Source) {
    const THREADS: usize = 64;
    const ROUNDS: usize = 1000;
    let first = source.start(&Host::new()).unwrap();
    bounded(move || {
        let barrier = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..ROUNDS {
                        // SAFETY: the provider's own start-up function; `first` keeps it loaded.
                        let provider = unsafe { Host::new().start(first.raw_start()) }.unwrap();
                        let socket = provider.socket().unwrap();
                        assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
                        socket.close().unwrap();
                        assert_eq!(provider.open_handles(), 0);
                        provider.cleanup().unwrap();
                    }
                });
            }
            // Without this one start-up the others run into first starts and last clean-ups.
            first.cleanup().unwrap();
        });
        assert_eq!(code(first.cleanup()), code::WSANOTINITIALISED, "all start-ups are undone");
    });
}

/// What [`Failing`] is to do: a place in the list of start-up's errors, or beyond it.
static FAULT: AtomicUsize = AtomicUsize::new(0);
const PANIC: usize = 1000;
const NONE: usize = 1001;

struct Failing;

#[wsp::provider(export = false)]
impl wsp::winsock::Provider for Failing {
    type Socket = ();

    fn start(startup: &Startup) -> Result<Self, StartupError> {
        let event = startup.upcalls().create_event().expect("upcalls work during start-up");
        startup.upcalls().close_event(event).expect("and so does this one");
        match FAULT.load(Ordering::SeqCst) {
            NONE => Ok(Self),
            PANIC => panic!("no start"),
            at => Err(StartupError::ALL[at]),
        }
    }

    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
        Ok(Opened::New(()))
    }

    fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }
}

#[test]
fn a_start_up_that_fails_leaves_nothing() {
    for (at, expected) in StartupError::ALL.iter().enumerate() {
        FAULT.store(at, Ordering::SeqCst);
        let failed = Host::new().start_type::<Failing>().err();
        let reason = if expected.code() == code::WSAVERNOTSUPPORTED {
            StartError::VersionRefused { requested: 0x0202 }
        } else {
            StartError::Failed(Error::Documented { function: "WSPStartup", code: expected.code() })
        };
        assert_eq!(failed, Some(reason));
    }
    FAULT.store(PANIC, Ordering::SeqCst);
    let failed = Host::new().start_type::<Failing>().err();
    let fallback = Error::Documented { function: "WSPStartup", code: code::WSASYSNOTREADY };
    assert_eq!(failed, Some(StartError::Failed(fallback)));
    FAULT.store(NONE, Ordering::SeqCst);
    let provider = Host::new().start_type::<Failing>().unwrap();
    provider.socket().unwrap();
    provider.cleanup().unwrap();
    assert_eq!(code(provider.cleanup()), code::WSANOTINITIALISED, "the failed ones do not count");
}
