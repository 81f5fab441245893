//! The host's side: what the upcalls do and refuse, asked by a provider.

use std::cell::Cell;
use std::sync::Mutex;
use std::time::Duration;

use wsp::rt::{ErrorList, FdSet, Opened, Room, SocketRef, Startup, Upcalls};
use wsp::winsock::{call, error};
use wsp::{code, ffi};
use wsp_host::{BlockingHook, Event, Host, Message, Provider, Window, Woken, run_queued, wait_alertable};

use crate::support::PATIENCE;

/// Hands its upcalls out.
struct Probe;

static UPCALLS: Mutex<Option<Upcalls>> = Mutex::new(None);

#[wsp::provider(export = false)]
impl wsp::winsock::Provider for Probe {
    type Socket = ();

    fn start(startup: &Startup) -> Result<Self, error::StartupError> {
        *UPCALLS.lock().unwrap() = Some(startup.upcalls().clone());
        Ok(Self)
    }

    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
        Ok(Opened::New(()))
    }

    fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }
}

fn start() -> (Provider, Upcalls) {
    let provider = Host::new().start_type::<Probe>().unwrap();
    let upcalls = UPCALLS.lock().unwrap().clone().unwrap();
    (provider, upcalls)
}

#[track_caller]
fn refused<T, E: ErrorList>(result: Result<T, wsp::rt::CallError<E>>) -> i32 {
    match result {
        Err(wsp::rt::CallError::Documented(error)) => error.code(),
        Err(other) => panic!("not documented: {:?}", other.code()),
        Ok(_) => panic!("should have been refused"),
    }
}

#[test]
fn this_program_exports_the_completion() {
    assert!(Host::exports_completion());
}

#[test]
fn handles_have_contexts_and_are_never_alike() {
    let (provider, upcalls) = start();
    let id = provider.protocol_info().dwCatalogEntryId;
    let handles: Vec<_> = (0..100).map(|context| upcalls.create_socket_handle(id, context).unwrap()).collect();
    for (context, handle) in handles.iter().enumerate() {
        assert_eq!(handle % 4, 0);
        assert_eq!(upcalls.query_socket_handle_context(*handle), Ok(context));
    }
    assert_eq!(provider.open_handles(), 100);
    for handle in &handles {
        upcalls.close_socket_handle(*handle).unwrap();
        assert_eq!(refused(upcalls.close_socket_handle(*handle)), code::WSAENOTSOCK);
        assert_eq!(refused(upcalls.query_socket_handle_context(*handle)), code::WSAENOTSOCK);
        assert_eq!(refused(upcalls.complete_overlapped_request(*handle, None, 0, 0)), code::WSAEINVAL);
    }
    assert_eq!(provider.open_handles(), 0);
    let again = upcalls.create_socket_handle(id, 0).unwrap();
    assert!(!handles.contains(&again));
    upcalls.close_socket_handle(again).unwrap();
}

#[test]
fn handles_of_the_system_are_taken_over_once() {
    let (provider, upcalls) = start();
    let id = provider.protocol_info().dwCatalogEntryId;
    let proposed = 0x7000_0000;
    assert_eq!(upcalls.modify_ifs_handle(id, proposed), Ok(proposed));
    assert_eq!(refused(upcalls.modify_ifs_handle(id, proposed)), code::WSAEINVAL);
    assert_eq!(refused(upcalls.query_socket_handle_context(proposed)), code::WSAENOTSOCK, "it has no context");
    upcalls.close_socket_handle(proposed).unwrap();
    assert_eq!(refused(upcalls.modify_ifs_handle(id, ffi::INVALID_SOCKET)), code::WSAEINVAL);
}

#[test]
fn events_are_set_and_reset_and_closed() {
    let (_provider, upcalls) = start();
    let event = Event::new().unwrap();
    assert_eq!(event.raw() % 2, 0, "the low bit is a flag");
    assert!(!event.is_set());
    for _ in 0..3 {
        upcalls.set_event(event.raw()).unwrap();
        assert!(event.is_set() && event.is_set(), "reset by hand only");
    }
    upcalls.reset_event(event.raw()).unwrap();
    assert!(!event.is_set());
    let own = upcalls.create_event().unwrap();
    assert_ne!(own, event.raw());
    upcalls.close_event(own).unwrap();
    // On Windows the value may be another's by now.
    assert_eq!(refused(upcalls.close_event(own)), code::WSA_INVALID_HANDLE);
    for gone in [0, 1, usize::MAX] {
        assert_eq!(refused(upcalls.close_event(gone)), code::WSA_INVALID_HANDLE);
        assert_eq!(refused(upcalls.set_event(gone)), code::WSA_INVALID_HANDLE);
        assert_eq!(refused(upcalls.reset_event(gone)), code::WSA_INVALID_HANDLE);
    }
}

#[test]
fn queued_calls_run_on_their_thread_in_order() {
    thread_local!(static SEEN: Cell<usize> = const { Cell::new(0) });
    unsafe extern "system" fn see(value: usize) {
        SEEN.set(SEEN.get() * 10 + value);
    }
    let (_provider, upcalls) = start();
    let thread = upcalls.open_current_thread().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for value in 1..=3 {
                upcalls.queue_apc(Some(&thread), Some(see), value).unwrap();
            }
            assert_eq!(run_queued(), 0, "not on this thread");
        });
    });
    assert_eq!(SEEN.get(), 0, "not before an alertable wait");
    let event = Event::new().unwrap();
    assert_eq!(wait_alertable(Some(&event), PATIENCE), Woken::Calls(3));
    assert_eq!(SEEN.get(), 123);
    assert_eq!(wait_alertable(Some(&event), Duration::ZERO), Woken::Timeout);
    event.set();
    assert_eq!(wait_alertable(Some(&event), PATIENCE), Woken::Event);
    upcalls.close_thread(Some(&thread)).unwrap();
}

#[test]
fn calls_cannot_be_queued_to_nobody() {
    unsafe extern "system" fn never(_: usize) {
        unreachable!("nobody runs it");
    }
    let (_provider, upcalls) = start();
    let gone = std::thread::scope(|scope| scope.spawn(|| upcalls.open_current_thread().unwrap()).join().unwrap());
    let here = upcalls.open_current_thread().unwrap();
    let forged = ffi::WSATHREADID { Reserved: 1, ..here };
    for thread in [None, Some(&gone), Some(&forged)] {
        assert_eq!(refused(upcalls.queue_apc(thread, Some(never), 0)), code::WSAEFAULT);
    }
    assert_eq!(refused(upcalls.queue_apc(Some(&here), None, 0)), code::WSAEFAULT);
    assert_eq!(run_queued(), 0);
    upcalls.close_thread(Some(&here)).unwrap();
    upcalls.close_thread(Some(&gone)).unwrap();
}

#[test]
fn a_thread_is_closed_as_often_as_it_was_opened() {
    let (_provider, upcalls) = start();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (one, other) = (upcalls.open_current_thread().unwrap(), upcalls.open_current_thread().unwrap());
            let forged = ffi::WSATHREADID { Reserved: 1, ..one };
            for thread in [None, Some(&forged)] {
                assert_eq!(refused(upcalls.close_thread(thread)), code::WSAEFAULT);
            }
            upcalls.close_thread(Some(&one)).unwrap();
            upcalls.close_thread(Some(&other)).unwrap();
            assert_eq!(refused(upcalls.close_thread(Some(&other))), code::WSAEFAULT, "once each");
        });
    });
}

#[test]
fn the_blocking_hook_belongs_to_its_thread() {
    let (provider, upcalls) = start();
    let id = provider.protocol_info().dwCatalogEntryId;
    let none = upcalls.query_blocking_callback(id).unwrap();
    assert!(none.callback.is_none());
    let calls = Cell::new(0);
    {
        let _hook = BlockingHook::install(|| {
            calls.set(calls.get() + 1);
            calls.get() < 2
        });
        let found = upcalls.query_blocking_callback(id).unwrap();
        let callback = found.callback.unwrap();
        // SAFETY: the hook is installed.
        let answers = unsafe { [callback(found.context), callback(found.context)] };
        assert_eq!(answers, [1, 0]);
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(upcalls.query_blocking_callback(id).unwrap().callback.is_none()));
        });
    }
    assert!(upcalls.query_blocking_callback(id).unwrap().callback.is_none());
    assert_eq!(refused(upcalls.query_blocking_callback(7)), code::WSAEINVAL);
}

#[test]
fn messages_reach_their_window() {
    let (_provider, upcalls) = start();
    let window = Window::new();
    upcalls.post_message(window.raw(), 0x401, 5, -1).unwrap();
    upcalls.post_message(window.raw(), 0x402, 6, 0).unwrap();
    assert_eq!(window.wait(PATIENCE), Some(Message { number: 0x401, wparam: 5, lparam: -1 }));
    assert_eq!(window.wait(PATIENCE).map(|message| message.number), Some(0x402));
    assert_eq!(window.wait(Duration::ZERO), None);
    let gone = window.raw();
    drop(window);
    assert!(upcalls.post_message(gone, 0x401, 0, 0).is_err());
}

#[test]
fn membership_is_tested_beyond_64_sockets() {
    let (_provider, upcalls) = start();
    let members: Vec<usize> = (1..=200).map(|at| at * 4).collect();
    let mut set = FdSet::new(&members);
    assert!(members.iter().all(|member| upcalls.fd_is_set(*member, &mut set) == Ok(1)));
    assert_eq!(upcalls.fd_is_set(2, &mut set), Ok(0));
    assert_eq!(set.sockets(), members, "only tested");
    assert_eq!(upcalls.fd_is_set(4, &mut FdSet::default()), Ok(0));
}

#[test]
fn the_path_of_a_loaded_provider_is_known() {
    let (linked, upcalls) = start();
    let file = wsp_host::library::find(None, "wsp_loopback").unwrap();
    let loaded = Host::new().load(&file).unwrap();
    let id = loaded.protocol_info().ProviderId;
    let mut path = [0; 4096];
    upcalls.get_provider_path(&id, &mut Room::new(&mut path)).unwrap();
    let end = path.iter().position(|unit| *unit == 0).unwrap();
    assert_eq!(String::from_utf16(&path[..end]).unwrap(), file.to_str().unwrap());
    assert_eq!(refused(upcalls.get_provider_path(&id, &mut Room::new(&mut path[..end]))), code::WSAEFAULT);
    let unknown = linked.protocol_info().ProviderId;
    assert_eq!(refused(upcalls.get_provider_path(&unknown, &mut Room::new(&mut path))), code::WSAEINVAL);
}
