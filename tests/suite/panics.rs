//! A provider that panics: the call fails, its socket is spoilt, and that is all.

use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};

use wsp::rt::{Opened, SocketRef, Startup};
use wsp::winsock::{call, error};
use wsp::{code, ffi};
use wsp_host::{Host, Provider, Socket, to_sockaddr};

use crate::support::{any, code};

/// Panics on demand: when a socket is bound or closed, or an option is set to [`EXPLODE`].
struct Panicky;

const EXPLODE: i32 = 13;

/// What a panic may carry: something whose end is another panic.
struct Vengeful;

impl Drop for Vengeful {
    fn drop(&mut self) {
        panic!("and once more");
    }
}

#[derive(Default)]
struct Fuse {
    close: AtomicUsize,
}

#[wsp::provider(export = false)]
impl wsp::winsock::Provider for Panicky {
    type Socket = Fuse;

    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        Ok(Self)
    }

    fn socket(&self, call: &call::Socket<'_>) -> Result<Opened<Fuse>, error::SocketError> {
        assert_eq!(call.flags & ffi::WSA_FLAG_NO_HANDLE_INHERIT, 0, "no such sockets");
        Ok(Opened::New(Fuse::default()))
    }

    fn bind(&self, _: &SocketRef<'_, Fuse>, _: &call::Bind<'_>) -> Result<(), error::BindError> {
        panic!("no binding");
    }

    fn listen(&self, _: &SocketRef<'_, Fuse>, _: &call::Listen) -> Result<(), error::ListenError> {
        panic_any(Vengeful);
    }

    fn set_sock_opt(
        &self,
        socket: &SocketRef<'_, Fuse>,
        call: &call::SetSockOpt<'_>,
    ) -> Result<(), error::SetSockOptError> {
        let value: Option<i32> = call.value.and_then(|value| value.read());
        if value == Some(EXPLODE) {
            socket.close.store(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn get_sock_opt(&self, _: &SocketRef<'_, Fuse>, call: &call::GetSockOpt<'_>) -> Result<(), error::GetSockOptError> {
        Ok(call.value.put_value(0)?)
    }

    fn close_socket(&self, socket: &SocketRef<'_, Fuse>) -> Result<(), error::CloseSocketError> {
        assert_eq!(socket.close.load(Ordering::Relaxed), 0, "no closing");
        Ok(())
    }

    fn address_to_string(&self, _: &call::AddressToString<'_>) -> Result<(), error::AddressToStringError> {
        panic!("no texts");
    }
}

fn start() -> Provider {
    Host::new().start_type::<Panicky>().unwrap()
}

fn assert_works(socket: &Socket) {
    assert_eq!(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE), Ok(0));
}

fn assert_spoilt(socket: &Socket) {
    assert_eq!(code(socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE)), code::WSAENETDOWN);
    assert_eq!(code(socket.bind(any())), code::WSAENETDOWN);
    assert_eq!(code(socket.send(b"x")), code::WSAENETDOWN);
}

#[test]
fn a_panic_fails_the_call_and_spoils_the_socket() {
    let provider = start();
    let (spoilt, other) = (provider.socket().unwrap(), provider.socket().unwrap());
    assert_eq!(code(spoilt.bind(any())), code::WSAENETDOWN);
    assert_spoilt(&spoilt);
    assert_works(&other);
    spoilt.close().expect("a spoilt socket can be closed");
    assert_eq!(code(spoilt.bind(any())), code::WSAENOTSOCK);
    assert_eq!(provider.open_handles(), 1, "and its handle is given back");
    other.close().unwrap();
}

#[test]
fn a_panic_that_panics_is_contained_too() {
    let provider = start();
    let (spoilt, other) = (provider.socket().unwrap(), provider.socket().unwrap());
    assert_eq!(code(spoilt.listen(1)), code::WSAENETDOWN);
    assert_spoilt(&spoilt);
    assert_works(&other);
}

#[test]
fn a_panic_in_close_leaves_a_socket_that_can_be_closed() {
    let provider = start();
    let (spoilt, other) = (provider.socket().unwrap(), provider.socket().unwrap());
    spoilt.set_option(ffi::SOL_SOCKET, ffi::SO_KEEPALIVE, EXPLODE).unwrap();
    assert_eq!(code(spoilt.close()), code::WSAENETDOWN);
    assert_eq!(provider.open_handles(), 2);
    assert_spoilt(&spoilt);
    spoilt.close().unwrap();
    assert_eq!(provider.open_handles(), 1);
    assert_works(&other);
}

#[test]
fn a_panic_without_a_socket_spoils_nothing() {
    let provider = start();
    let socket = provider.socket().unwrap();
    let mut text = [0; 64];
    let mut room = wsp::rt::Room::new(&mut text);
    let refused = provider.table().address_to_string(&to_sockaddr(any()), provider.protocol_info(), &mut room);
    assert_eq!(refused.unwrap_err().code(), Some(code::WSAEINVAL));
    let info = provider.protocol_info();
    let refused = provider.table().socket(ffi::AF_INET, ffi::SOCK_STREAM, 0, info, 0, ffi::WSA_FLAG_NO_HANDLE_INHERIT);
    assert_eq!(refused.unwrap_err().code(), Some(code::WSAENETDOWN));
    assert_eq!(provider.open_handles(), 1);
    assert_works(&socket);
    provider.socket().unwrap();
}

#[test]
fn a_panic_in_the_last_cleanup_keeps_nothing_alive() {
    static RESETS: AtomicUsize = AtomicUsize::new(0);
    struct Stubborn;
    #[wsp::provider(export = false)]
    impl wsp::winsock::Provider for Stubborn {
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
        fn bind(&self, _: &SocketRef<'_, ()>, _: &call::Bind<'_>) -> Result<(), error::BindError> {
            panic!("no binding");
        }
        fn reset(&self, _: &SocketRef<'_, ()>) {
            RESETS.fetch_add(1, Ordering::Relaxed);
            panic!("no end");
        }
        fn cleanup(&self) {
            panic!("no clean-up");
        }
    }
    let provider = Host::new().start_type::<Stubborn>().unwrap();
    let sockets: Vec<_> = (0..3).map(|_| provider.socket().unwrap()).collect();
    assert_eq!(code(sockets[1].bind(any())), code::WSAENETDOWN);
    provider.cleanup().unwrap();
    assert_eq!(RESETS.load(Ordering::Relaxed), 3, "each socket was reset, the spoilt one too");
    assert_eq!(provider.open_handles(), 0);
    for socket in &sockets {
        assert_eq!(code(socket.close()), code::WSAENOTSOCK);
    }
    provider.start_again().unwrap();
    provider.socket().unwrap();
}
