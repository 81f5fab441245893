//! Names of sockets, and addresses as text.

use wsp::{code, ffi};

use super::{Calls, downcall, good, inside, nonzero, refuse, zero};
use crate::winsock::Failure;
use crate::winsock::entries::Wanted;

/// The least room for a name that the host lets pass.
const NAME: i32 = 16;

impl Calls<'_> {
    /// `getsockname`: the host wants room for 16 bytes at least.
    ///
    /// # Errors
    /// `WSAEFAULT` if there is less room or none; the provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn get_sock_name(
        self,
        s: ffi::SOCKET,
        name: *mut ffi::sockaddr,
        length: ffi::LPINT,
    ) -> Result<(), Failure> {
        self.on("getsockname", s, |provider| {
            // SAFETY: the caller's pointer, if it can be one.
            if name.is_null() || !good(length) || unsafe { length.read_unaligned() } < NAME {
                return refuse("getsockname", code::WSAEFAULT);
            }
            downcall!(provider.lpWSPGetSockName, GetSockNameError, zero; s, name, length).map(drop)
        })
    }

    /// `getpeername`: unchecked.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn get_peer_name(
        self,
        s: ffi::SOCKET,
        name: *mut ffi::sockaddr,
        length: ffi::LPINT,
    ) -> Result<(), Failure> {
        self.on("getpeername", s, |provider| {
            downcall!(provider.lpWSPGetPeerName, GetPeerNameError, zero; s, name, length).map(drop)
        })
    }

    /// `WSAAddressToStringW`. Without `info` the first entry of the address's family answers; its provider is started if need be.
    ///
    /// # Errors
    /// No entry of that family or number: `WSAEINVAL`. Its provider cannot be loaded or started. The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn address_to_string(
        self,
        address: ffi::LPSOCKADDR,
        length: ffi::DWORD,
        info: ffi::LPWSAPROTOCOL_INFOW,
        text: ffi::LPWSTR,
        text_length: ffi::LPDWORD,
    ) -> Result<(), Failure> {
        const CALL: &str = "WSAAddressToStringW";
        self.run(CALL, || {
            if !good(address) || (length as usize) < size_of::<u16>() {
                return refuse(CALL, code::WSAEFAULT);
            }
            // SAFETY: the caller's address, which has room for its family.
            let family = i32::from(unsafe { address.cast::<u16>().read_unaligned() });
            // SAFETY: the caller's pointer.
            let entry = unsafe { self.of_family(CALL, family, info) }?;
            let mut own = entry.info;
            let info = if info.is_null() { &raw mut own } else { info };
            inside(&self.started(&entry)?, |provider| {
                downcall!(provider.lpWSPAddressToString, AddressToStringError, zero;
                    address, length, info, text, text_length)
                .map(drop)
            })
        })
    }

    /// `WSAStringToAddressW`. Without `info` the first entry of the family answers; its provider is started if need be.
    ///
    /// # Errors
    /// As [`address_to_string`](Self::address_to_string).
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn string_to_address(
        self,
        text: ffi::LPWSTR,
        family: ffi::INT,
        info: ffi::LPWSAPROTOCOL_INFOW,
        address: ffi::LPSOCKADDR,
        length: ffi::LPINT,
    ) -> Result<(), Failure> {
        const CALL: &str = "WSAStringToAddressW";
        self.run(CALL, || {
            // SAFETY: the caller's pointer.
            let entry = unsafe { self.of_family(CALL, family, info) }?;
            let mut own = entry.info;
            let info = if info.is_null() { &raw mut own } else { info };
            inside(&self.started(&entry)?, |provider| {
                downcall!(provider.lpWSPStringToAddress, StringToAddressError, zero;
                    text, family, info, address, length)
                .map(drop)
            })
        })
    }

    /// The entry of the number in `info`, or the first of the family.
    ///
    /// # Safety
    /// `info` is NULL, obviously bad or readable.
    unsafe fn of_family(
        self,
        call: &'static str,
        family: i32,
        info: ffi::LPWSAPROTOCOL_INFOW,
    ) -> Result<crate::winsock::Entry, Failure> {
        if info.is_null() {
            let all = self.0.entries();
            let first = all.into_iter().find(|entry| entry.info.iAddressFamily == family && entry.is_protocol());
            return first.map_or_else(|| refuse(call, code::WSAEINVAL), Ok);
        }
        let any = Wanted { family: 0, socket_type: 0, protocol: 0 };
        // SAFETY: by this function's contract.
        let found = unsafe { self.meant(call, any, info) }?;
        found.into_iter().next().map_or_else(|| refuse(call, code::WSAEINVAL), Ok)
    }

    /// `WSAGetQOSByName`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn get_qos_by_name(self, s: ffi::SOCKET, name: ffi::LPWSABUF, qos: ffi::LPQOS) -> Result<(), Failure> {
        self.on("WSAGetQOSByName", s, |provider| {
            downcall!(provider.lpWSPGetQOSByName, GetQosByNameError, nonzero; s, name, qos).map(drop)
        })
    }
}
