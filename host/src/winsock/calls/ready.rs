//! Readiness: sets, events and messages, all straight to the provider.

use wsp::rt::SocketSet;
use wsp::{code, ffi};

use super::{Calls, downcall, good, inside, refuse, zero};
use crate::winsock::Failure;

impl Calls<'_> {
    /// `select`: goes to the provider of the first socket in the first set that is not empty, with all sets, whoever's the other
    /// sockets are. Gives the count of sockets that are ready.
    ///
    /// # Errors
    /// `WSAEINVAL` if no set has a socket, `WSAEFAULT` for what cannot be a set, `WSAENOTSOCK` if the first is none; the provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn select(
        self,
        read: *mut ffi::fd_set,
        write: *mut ffi::fd_set,
        except: *mut ffi::fd_set,
        timeout: ffi::PTIMEVAL,
    ) -> Result<usize, Failure> {
        const CALL: &str = "select";
        self.run(CALL, || {
            let sets = [read, write, except];
            if sets.iter().any(|set| !set.is_null() && !good(*set)) {
                return refuse(CALL, code::WSAEFAULT);
            }
            let given = sets.into_iter().filter(|set| !set.is_null());
            // SAFETY: sets of the caller's.
            let Some(first) = given.filter_map(|set| unsafe { SocketSet::new(set) }.iter().next()).next() else {
                return refuse(CALL, code::WSAEINVAL);
            };
            let Some(provider) = self.provider_of(first) else { return refuse(CALL, code::WSAENOTSOCK) };
            inside(&provider, |provider| {
                let ready = downcall!(provider.lpWSPSelect, SelectError, |ready: i32| ready != ffi::SOCKET_ERROR;
                    0, read, write, except, timeout)?;
                usize::try_from(ready).map_err(|_| crate::socket::nonsense("WSPSelect", "a negative count").into())
            })
        })
    }

    /// `WSAEventSelect`.
    ///
    /// # Errors
    /// The provider's.
    pub fn event_select(self, s: ffi::SOCKET, event: ffi::WSAEVENT, events: i32) -> Result<(), Failure> {
        self.on("WSAEventSelect", s, |provider| {
            downcall!(provider.lpWSPEventSelect, EventSelectError, zero; s, event, events).map(drop)
        })
    }

    /// `WSAEnumNetworkEvents`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn enum_network_events(
        self,
        s: ffi::SOCKET,
        event: ffi::WSAEVENT,
        events: ffi::LPWSANETWORKEVENTS,
    ) -> Result<(), Failure> {
        self.on("WSAEnumNetworkEvents", s, |provider| {
            downcall!(provider.lpWSPEnumNetworkEvents, EnumNetworkEventsError, zero; s, event, events).map(drop)
        })
    }

    /// `WSAAsyncSelect`.
    ///
    /// # Errors
    /// The provider's.
    pub fn async_select(self, s: ffi::SOCKET, window: ffi::HWND, message: u32, events: i32) -> Result<(), Failure> {
        self.on("WSAAsyncSelect", s, |provider| {
            downcall!(provider.lpWSPAsyncSelect, AsyncSelectError, zero; s, window, message, events).map(drop)
        })
    }
}
