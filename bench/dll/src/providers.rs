//! The providers: generated entry points around one store into the socket.

use std::sync::atomic::{AtomicU32, Ordering};

use wsp::ffi;
use wsp::rt::{ErrorList, Opened, Outcome, SocketRef, Startup};

/// Both providers, one for each profile.
pub struct Nothing;

/// Where the work of a socket goes. Two threads with a socket each do not meet here: a socket has its own cache lines.
#[derive(Default)]
pub struct Work(AtomicU32);

impl Work {
    #[inline(always)]
    fn done(&self, flags: ffi::DWORD) {
        self.0.store(flags, Ordering::Relaxed);
    }
}

/// Data calls and the rest of an implementation, the same in both profiles but for the modules.
macro_rules! provider {
    ($profile:ident, $startup_error:ident $(, $method:ident($($call:ident)?) -> $result:ty, $error:ident)*) => {
        #[wsp::provider]
        impl wsp::$profile::Provider for Nothing {
            type Socket = Work;

            fn start(_: &Startup) -> Result<Self, wsp::$profile::error::$startup_error> {
                Ok(Self)
            }

            fn socket(
                &self,
                _: &wsp::$profile::call::Socket<'_>,
            ) -> Result<Opened<Work>, wsp::$profile::error::SocketError> {
                Ok(Opened::New(Work::default()))
            }

            fn close_socket(&self, _: &SocketRef<'_, Work>) -> Result<(), wsp::$profile::error::CloseSocketError> {
                Ok(())
            }

            #[inline(always)]
            fn send(
                &self,
                socket: &SocketRef<'_, Work>,
                call: &wsp::$profile::call::Send<'_>,
            ) -> Result<Outcome<ffi::DWORD>, wsp::$profile::error::SendError> {
                socket.done(call.flags);
                Ok(if call.overlapped.is_some() { Outcome::Pending } else { Outcome::Done(1) })
            }

            #[inline(always)]
            fn recv(
                &self,
                socket: &SocketRef<'_, Work>,
                call: &wsp::$profile::call::Recv<'_>,
            ) -> Result<Outcome<wsp::$profile::done::Recv>, wsp::$profile::error::RecvError> {
                socket.done(call.flags);
                Ok(if call.overlapped.is_some() {
                    Outcome::Pending
                } else {
                    Outcome::Done(wsp::$profile::done::Recv { bytes: 1, flags: 0 })
                })
            }

            $(
                fn $method(
                    &self,
                    _: &SocketRef<'_, Work>,
                    $(_: &wsp::$profile::call::$call,)?
                ) -> Result<$result, wsp::$profile::error::$error> {
                    Err(wsp::$profile::error::$error::FALLBACK)
                }
            )*
        }
    };
}

provider!(winsock, StartupError);

// The profile makes these mandatory; none of them is measured.
provider!(
    san, StartupExError,
    accept(Accept) -> Opened<Work>, AcceptError,
    bind(Bind) -> (), BindError,
    connect(Connect) -> (), ConnectError,
    duplicate_socket(DuplicateSocket) -> ffi::WSAPROTOCOL_INFOW, DuplicateSocketError,
    enum_network_events(EnumNetworkEvents) -> (), EnumNetworkEventsError,
    event_select(EventSelect) -> (), EventSelectError,
    get_overlapped_result(GetOverlappedResult) -> wsp::san::done::GetOverlappedResult, GetOverlappedResultError,
    get_sock_opt(GetSockOpt) -> (), GetSockOptError,
    ioctl(Ioctl) -> Outcome<ffi::DWORD>, IoctlError,
    listen(Listen) -> (), ListenError,
    set_sock_opt(SetSockOpt) -> (), SetSockOptError,
    deregister_memory(DeregisterMemory) -> (), DeregisterMemoryError,
    deregister_rdma_memory(DeregisterRdmaMemory) -> (), DeregisterRdmaMemoryError,
    rdma_write(RdmaWrite) -> Outcome<ffi::DWORD>, RdmaWriteError,
    register_memory(RegisterMemory) -> ffi::HANDLE, RegisterMemoryError,
    register_rdma_memory(RegisterRdmaMemory) -> (), RegisterRdmaMemoryError
);
