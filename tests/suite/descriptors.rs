//! Descriptors that name no socket, and functions that a provider leaves out.

use wsp::rt::{Opened, SocketRef, Startup};
use wsp::winsock::{call, error};
use wsp::{code, ffi};
use wsp_host::{Host, Provider};

use crate::calls::{self, End};
use crate::support::{Source, code, with};

over_each!(
    a_closed_descriptor_is_no_socket_for_any_function,
    a_forged_descriptor_is_no_socket_for_any_function,
    a_descriptor_can_be_used_while_others_close,
);

fn no_socket_for_any_function(provider: &Provider, descriptor: usize) {
    let mut tried = 0;
    for call in calls::all().iter().filter(|call| call.takes_socket) {
        let end = call.run(provider.table().raw(), descriptor, |_| {});
        assert_eq!(end, End::Failure(code::WSAENOTSOCK), "{} on {descriptor:#x}", call.name);
        tried += 1;
    }
    assert_eq!(tried, 24);
}

fn a_closed_descriptor_is_no_socket_for_any_function(provider: &Provider) {
    let socket = provider.socket().unwrap();
    socket.close().unwrap();
    no_socket_for_any_function(provider, socket.raw());
    // Nor once others have come and gone.
    let others: Vec<_> = (0..100).map(|_| provider.socket().unwrap()).collect();
    no_socket_for_any_function(provider, socket.raw());
    drop(others);
    no_socket_for_any_function(provider, socket.raw());
}

fn a_forged_descriptor_is_no_socket_for_any_function(provider: &Provider) {
    let socket = provider.socket().unwrap();
    let raw = socket.raw();
    for forged in [0, 1, 2, 4, raw + 1, raw - 1, raw ^ 2, raw + (1 << 20), raw | 1 << 31, usize::MAX, usize::MAX - 1] {
        no_socket_for_any_function(provider, forged);
    }
    socket.local_addr().expect_err("the real one is not bound");
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
}

fn a_descriptor_can_be_used_while_others_close(provider: &Provider) {
    let socket = provider.socket().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let other = provider.socket().unwrap();
                    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(ffi::SOCK_STREAM));
                    other.close().unwrap();
                    assert_eq!(code(other.local_addr()), code::WSAENOTSOCK);
                }
            });
        }
    });
}

#[test]
fn a_socket_of_one_instance_is_none_of_another() {
    with(Source::Linked, |linked| {
        let socket = linked.socket().unwrap();
        // No deadlock: the two sources have locks of their own.
        let loaded = Source::Library.start(&Host::new()).unwrap();
        no_socket_for_any_function(&loaded, socket.raw());
    });
}

/// A provider that does only what it must.
struct Bare;

#[wsp::provider(export = false)]
impl wsp::winsock::Provider for Bare {
    type Socket = ();

    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        Ok(Self)
    }

    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
        Ok(Opened::New(()))
    }

    fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }
}

#[test]
fn what_a_provider_leaves_out_is_not_supported() {
    let provider = Host::new().start_type::<Bare>().unwrap();
    let socket = provider.socket().unwrap();
    let mut refused = 0;
    for call in calls::all() {
        if ["WSPSocket", "WSPCloseSocket", "WSPCleanup"].contains(&call.name) {
            continue;
        }
        let end = call.run(provider.table().raw(), socket.raw(), |_| {});
        assert_eq!(end, End::Failure(code::WSAEOPNOTSUPP), "{}", call.name);
        refused += 1;
    }
    assert_eq!(refused, 27);
    socket.close().unwrap();
}
