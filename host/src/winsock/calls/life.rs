//! Sockets come and go: made, connected, accepted, handed over, closed.

use std::ptr;

use wsp::{code, ffi};

use super::{Calls, downcall, good, inside, refuse, valid, zero};
use crate::socket::nonsense;
use crate::upcalls::handles;
use crate::winsock::Failure;
use crate::winsock::entries::{Entry, Wanted};
use crate::winsock::providers::Started;
use crate::winsock::thread;

/// The shortest name that the host lets pass.
const NAME: i32 = 16;

impl Calls<'_> {
    /// `socket`: overlapped, unless `SO_OPENTYPE` says otherwise.
    ///
    /// # Errors
    /// No entry matches: `WSAEAFNOSUPPORT`, `WSAESOCKTNOSUPPORT`, `WSAEPROTONOSUPPORT` or `WSAEPROTOTYPE`. Its provider cannot
    /// be loaded or started. The provider's.
    pub fn socket(self, family: i32, socket_type: i32, protocol: i32) -> Result<ffi::SOCKET, Failure> {
        let flags = if thread::open_type() == 0 { ffi::WSA_FLAG_OVERLAPPED } else { 0 };
        // SAFETY: no pointers.
        unsafe { self.wsa_socket(family, socket_type, protocol, ptr::null_mut(), 0, flags) }
    }

    /// `WSASocketW`.
    ///
    /// # Errors
    /// As [`socket`](Self::socket); `WSAEINVAL` if there is no entry of the number in `info`, `WSAEFAULT` if that cannot be a pointer.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn wsa_socket(
        self,
        family: i32,
        socket_type: i32,
        protocol: i32,
        info: ffi::LPWSAPROTOCOL_INFOW,
        group: ffi::GROUP,
        flags: ffi::DWORD,
    ) -> Result<ffi::SOCKET, Failure> {
        const CALL: &str = "WSASocketW";
        self.run(CALL, || {
            let wanted = Wanted { family, socket_type, protocol };
            let mut outcome = refuse(CALL, code::WSAEINVAL);
            // SAFETY: the caller's pointer.
            for entry in unsafe { self.meant(CALL, wanted, info) }? {
                let provider = self.started(&entry)?;
                outcome = inside(&provider, |provider| {
                    let mut own = entry.info;
                    let info = if info.is_null() { &raw mut own } else { info };
                    let made = downcall!(provider.lpWSPSocket, SocketError, valid;
                        family, socket_type, protocol, info, group, flags)?;
                    handle_of(provider, "WSPSocket", made)
                });
                if !matches!(&outcome, Err(failure) if failure.code() == code::WSAEINPROGRESS) {
                    return outcome;
                }
            }
            outcome
        })
    }

    /// The entries that a call means: that of the number in `info`, or those that match.
    ///
    /// # Safety
    /// `info` is NULL, obviously bad or readable.
    pub(super) unsafe fn meant(
        self,
        call: &'static str,
        wanted: Wanted,
        info: ffi::LPWSAPROTOCOL_INFOW,
    ) -> Result<Vec<Entry>, Failure> {
        let held = self.0.0.providers.hold();
        if info.is_null() {
            return held.matching(wanted).or_else(|code| refuse(call, code));
        }
        if !good(info) {
            return refuse(call, code::WSAEFAULT);
        }
        // SAFETY: readable by the contract.
        let id = unsafe { (&raw const (*info).dwCatalogEntryId).read_unaligned() };
        held.entry(id).map(|entry| vec![entry]).map_or_else(|| refuse(call, code::WSAEINVAL), Ok)
    }

    /// The entry's provider, which is started now if it has not been.
    pub(super) fn started(self, entry: &Entry) -> Result<std::sync::Arc<Started>, Failure> {
        self.0.0.providers.hold().provider(entry)
    }

    /// `bind`: the host wants a name of 16 bytes at least.
    ///
    /// # Errors
    /// `WSAEFAULT` for a shorter name or none; the provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn bind(self, s: ffi::SOCKET, name: *const ffi::sockaddr, length: i32) -> Result<(), Failure> {
        self.on("bind", s, |provider| {
            if name.is_null() || length < NAME {
                return refuse("bind", code::WSAEFAULT);
            }
            downcall!(provider.lpWSPBind, BindError, zero; s, name, length).map(drop)
        })
    }

    /// `listen`.
    ///
    /// # Errors
    /// The provider's.
    pub fn listen(self, s: ffi::SOCKET, backlog: i32) -> Result<(), Failure> {
        self.on("listen", s, |provider| downcall!(provider.lpWSPListen, ListenError, zero; s, backlog).map(drop))
    }

    /// `WSAConnect`, and with NULLs `connect`. Tried once more if the network or the host cannot be reached.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    #[expect(clippy::too_many_arguments, reason = "the call has as many")]
    pub unsafe fn connect(
        self,
        s: ffi::SOCKET,
        name: *const ffi::sockaddr,
        length: i32,
        caller_data: ffi::LPWSABUF,
        callee_data: ffi::LPWSABUF,
        socket_qos: ffi::LPQOS,
        group_qos: ffi::LPQOS,
    ) -> Result<(), Failure> {
        self.on("connect", s, |provider| {
            let once = || {
                downcall!(provider.lpWSPConnect, ConnectError, zero;
                    s, name, length, caller_data, callee_data, socket_qos, group_qos)
                .map(drop)
            };
            once().or_else(|failure| match failure.code() {
                code::WSAEHOSTUNREACH | code::WSAENETUNREACH => once(),
                _ => Err(failure),
            })
        })
    }

    /// `WSAAccept`, and with no condition `accept`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn accept(
        self,
        s: ffi::SOCKET,
        address: *mut ffi::sockaddr,
        length: ffi::LPINT,
        condition: ffi::LPCONDITIONPROC,
        context: ffi::DWORD_PTR,
    ) -> Result<ffi::SOCKET, Failure> {
        self.on("WSAAccept", s, |provider| {
            let made = downcall!(provider.lpWSPAccept, AcceptError, valid; s, address, length, condition, context)?;
            handle_of(provider, "WSPAccept", made)
        })
    }

    /// `WSAJoinLeaf`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    #[expect(clippy::too_many_arguments, reason = "the call has as many")]
    pub unsafe fn join_leaf(
        self,
        s: ffi::SOCKET,
        name: *const ffi::sockaddr,
        length: i32,
        caller_data: ffi::LPWSABUF,
        callee_data: ffi::LPWSABUF,
        socket_qos: ffi::LPQOS,
        group_qos: ffi::LPQOS,
        flags: ffi::DWORD,
    ) -> Result<ffi::SOCKET, Failure> {
        self.on("WSAJoinLeaf", s, |provider| {
            let joined = downcall!(provider.lpWSPJoinLeaf, JoinLeafError, valid;
                s, name, length, caller_data, callee_data, socket_qos, group_qos, flags)?;
            handle_of(provider, "WSPJoinLeaf", joined)
        })
    }

    /// `WSADuplicateSocketW`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn duplicate(
        self,
        s: ffi::SOCKET,
        process: ffi::DWORD,
        info: ffi::LPWSAPROTOCOL_INFOW,
    ) -> Result<(), Failure> {
        self.on("WSADuplicateSocketW", s, |provider| {
            downcall!(provider.lpWSPDuplicateSocket, DuplicateSocketError, zero; s, process, info).map(drop)
        })
    }

    /// `shutdown`.
    ///
    /// # Errors
    /// The provider's.
    pub fn shutdown(self, s: ffi::SOCKET, how: i32) -> Result<(), Failure> {
        self.on("shutdown", s, |provider| downcall!(provider.lpWSPShutdown, ShutdownError, zero; s, how).map(drop))
    }

    /// `closesocket`. Also under threads that are in calls on the socket.
    ///
    /// # Errors
    /// The provider's; the socket stays open.
    pub fn close(self, s: ffi::SOCKET) -> Result<(), Failure> {
        self.on("closesocket", s, |provider| downcall!(provider.lpWSPCloseSocket, CloseSocketError, zero; s).map(drop))
    }
}

/// What a provider returned as a socket has to be a handle that it obtained from the host.
fn handle_of(provider: &Started, function: &'static str, socket: ffi::SOCKET) -> Result<ffi::SOCKET, Failure> {
    let known = handles::find(socket).and_then(|handle| handle.entry).is_some_and(|entry| entry.is_of(&provider.id));
    if known { Ok(socket) } else { Err(nonsense(function, "a descriptor that is no handle of this host's").into()) }
}
