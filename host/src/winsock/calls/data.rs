//! Data: sent and received, overlapped or not. Providers are told the thread in every call.

use std::ptr;

use wsp::rt::Outcome;
use wsp::{code, ffi};

use super::{Calls, at_once, downcall, nonzero, refuse, started, zero};
use crate::socket::count;
use crate::winsock::Failure;
use crate::winsock::thread::ThreadId;

/// The overlapped part of a call: the record (NULL: not overlapped) and the completion routine.
pub type Record = (ffi::LPWSAOVERLAPPED, ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE);

const NOT_OVERLAPPED: Record = (ptr::null_mut(), None);

impl Calls<'_> {
    /// `WSASend`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`]; what an overlapped call was given stays until it has ended.
    pub unsafe fn wsa_send(
        self,
        s: ffi::SOCKET,
        buffers: ffi::LPWSABUF,
        buffer_count: ffi::DWORD,
        sent: ffi::LPDWORD,
        flags: ffi::DWORD,
        (record, routine): Record,
    ) -> Result<Outcome<()>, Failure> {
        let mut thread = ThreadId::current();
        self.on("WSASend", s, |provider| {
            started(downcall!(provider.lpWSPSend, SendError, zero;
                s, buffers, buffer_count, sent, flags, record, routine, thread.pointer()))
        })
    }

    /// `WSASendTo`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// As [`wsa_send`](Self::wsa_send).
    #[expect(clippy::too_many_arguments, reason = "the call has as many")]
    pub unsafe fn wsa_send_to(
        self,
        s: ffi::SOCKET,
        buffers: ffi::LPWSABUF,
        buffer_count: ffi::DWORD,
        sent: ffi::LPDWORD,
        flags: ffi::DWORD,
        (to, to_length): (*const ffi::sockaddr, i32),
        (record, routine): Record,
    ) -> Result<Outcome<()>, Failure> {
        let mut thread = ThreadId::current();
        self.on("WSASendTo", s, |provider| {
            started(downcall!(provider.lpWSPSendTo, SendToError, zero;
                s, buffers, buffer_count, sent, flags, to, to_length, record, routine, thread.pointer()))
        })
    }

    /// `WSARecv`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// As [`wsa_send`](Self::wsa_send).
    pub unsafe fn wsa_recv(
        self,
        s: ffi::SOCKET,
        buffers: ffi::LPWSABUF,
        buffer_count: ffi::DWORD,
        received: ffi::LPDWORD,
        flags: ffi::LPDWORD,
        (record, routine): Record,
    ) -> Result<Outcome<()>, Failure> {
        let mut thread = ThreadId::current();
        self.on("WSARecv", s, |provider| {
            started(downcall!(provider.lpWSPRecv, RecvError, zero;
                s, buffers, buffer_count, received, flags, record, routine, thread.pointer()))
        })
    }

    /// `WSARecvFrom`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// As [`wsa_send`](Self::wsa_send).
    #[expect(clippy::too_many_arguments, reason = "the call has as many")]
    pub unsafe fn wsa_recv_from(
        self,
        s: ffi::SOCKET,
        buffers: ffi::LPWSABUF,
        buffer_count: ffi::DWORD,
        received: ffi::LPDWORD,
        flags: ffi::LPDWORD,
        (from, from_length): (*mut ffi::sockaddr, ffi::LPINT),
        (record, routine): Record,
    ) -> Result<Outcome<()>, Failure> {
        let mut thread = ThreadId::current();
        self.on("WSARecvFrom", s, |provider| {
            started(downcall!(provider.lpWSPRecvFrom, RecvFromError, zero;
                s, buffers, buffer_count, received, flags, from, from_length, record, routine, thread.pointer()))
        })
    }

    /// `send`.
    ///
    /// # Errors
    /// The provider's.
    pub fn send(self, s: ffi::SOCKET, data: &[u8], flags: i32) -> Result<usize, Failure> {
        let (mut buffer, mut sent) = (buffer(data.as_ptr(), data.len()), 0);
        let flags = flags.cast_unsigned();
        // SAFETY: a buffer of this length, not used after the call.
        let outcome = unsafe { self.wsa_send(s, &raw mut buffer, 1, &raw mut sent, flags, NOT_OVERLAPPED) }?;
        self.noting(|| at_once("WSPSend", outcome).and_then(|()| Ok(count("WSPSend", sent, data.len())?)))
    }

    /// `sendto`, to a raw address; `None`: to the peer.
    ///
    /// # Errors
    /// The provider's.
    pub fn send_to(self, s: ffi::SOCKET, data: &[u8], flags: i32, to: Option<&[u8]>) -> Result<usize, Failure> {
        let (mut buffer, mut sent) = (buffer(data.as_ptr(), data.len()), 0);
        let to = to.map_or((ptr::null(), 0), |to| (to.as_ptr().cast(), i32::try_from(to.len()).unwrap_or(i32::MAX)));
        let flags = flags.cast_unsigned();
        // SAFETY: a buffer and an address of these lengths, not used after the call.
        let outcome = unsafe { self.wsa_send_to(s, &raw mut buffer, 1, &raw mut sent, flags, to, NOT_OVERLAPPED) }?;
        self.noting(|| at_once("WSPSendTo", outcome).and_then(|()| Ok(count("WSPSendTo", sent, data.len())?)))
    }

    /// `recv`. 0: the peer has ended its side.
    ///
    /// # Errors
    /// `WSAEMSGSIZE` if the provider has only a part of a message; the provider's.
    pub fn recv(self, s: ffi::SOCKET, room: &mut [u8], flags: i32) -> Result<usize, Failure> {
        let (mut buffer, mut received) = (buffer(room.as_mut_ptr(), room.len()), 0);
        let mut flags = flags.cast_unsigned();
        // SAFETY: a buffer of this length, not used after the call.
        let outcome =
            unsafe { self.wsa_recv(s, &raw mut buffer, 1, &raw mut received, &raw mut flags, NOT_OVERLAPPED) }?;
        self.noting(|| at_once("WSPRecv", outcome).and_then(|()| whole("recv", "WSPRecv", flags, received, room.len())))
    }

    /// `recvfrom`: the count, and the length of the raw address stored in `from`.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_from(
        self,
        s: ffi::SOCKET,
        room: &mut [u8],
        flags: i32,
        from: &mut [u8],
    ) -> Result<(usize, usize), Failure> {
        let (mut buffer, mut received) = (buffer(room.as_mut_ptr(), room.len()), 0);
        let mut flags = flags.cast_unsigned();
        let mut length = u32::try_from(from.len()).unwrap_or(u32::MAX);
        let place = (from.as_mut_ptr().cast(), (&raw mut length).cast());
        // SAFETY: a buffer and room for an address of these lengths, not used after the call.
        let outcome = unsafe {
            self.wsa_recv_from(s, &raw mut buffer, 1, &raw mut received, &raw mut flags, place, NOT_OVERLAPPED)
        }?;
        self.noting(|| {
            at_once("WSPRecvFrom", outcome)?;
            let received = whole("recvfrom", "WSPRecvFrom", flags, received, room.len())?;
            Ok((received, count("WSPRecvFrom", length, from.len())?))
        })
    }

    /// `WSAGetOverlappedResult`. Neither is `NULL` refused nor is it waited for the provider.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn get_overlapped_result(
        self,
        s: ffi::SOCKET,
        record: ffi::LPWSAOVERLAPPED,
        bytes: ffi::LPDWORD,
        wait: ffi::WINBOOL,
        flags: ffi::LPDWORD,
    ) -> Result<(), Failure> {
        self.on("WSAGetOverlappedResult", s, |provider| {
            downcall!(provider.lpWSPGetOverlappedResult, GetOverlappedResultError, nonzero;
                s, record, bytes, wait, flags)
            .map(drop)
        })
    }

    /// `WSASendDisconnect`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn send_disconnect(self, s: ffi::SOCKET, data: ffi::LPWSABUF) -> Result<(), Failure> {
        self.on("WSASendDisconnect", s, |provider| {
            downcall!(provider.lpWSPSendDisconnect, SendDisconnectError, zero; s, data).map(drop)
        })
    }

    /// `WSARecvDisconnect`.
    ///
    /// # Errors
    /// The provider's.
    ///
    /// # Safety
    /// See [`Calls`].
    pub unsafe fn recv_disconnect(self, s: ffi::SOCKET, data: ffi::LPWSABUF) -> Result<(), Failure> {
        self.on("WSARecvDisconnect", s, |provider| {
            downcall!(provider.lpWSPRecvDisconnect, RecvDisconnectError, zero; s, data).map(drop)
        })
    }
}

/// A buffer of this length, or of the most that one can have.
fn buffer(pointer: *const u8, length: usize) -> ffi::WSABUF {
    ffi::WSABUF { len: u32::try_from(length).unwrap_or(u32::MAX), buf: pointer.cast_mut().cast() }
}

/// The count of a plain receive, which gets whole messages only.
fn whole(call: &'static str, function: &'static str, flags: u32, received: u32, room: usize) -> Result<usize, Failure> {
    if flags & ffi::MSG_PARTIAL != 0 {
        return refuse(call, code::WSAEMSGSIZE);
    }
    Ok(count(function, received, room)?)
}
