//! Sockets of programs, much like those of the standard library.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddrV4};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use wsp::ffi;
use wsp::rt::{Outcome, zeroed};

use super::{Failure, Ws2};
use crate::by_value::by_value;
use crate::error::Error;
use crate::extensions::pointer;
use crate::socket::{ask, count, from_sockaddr, nonsense, to_sockaddr};
use crate::upcalls::events::Event;
use crate::upcalls::messages::Window;
use crate::upcalls::ports::Port;

/// A socket of a program. Every method makes the socket call of that name. Dropping it closes it.
pub struct Socket {
    ws2: Ws2,
    raw: ffi::SOCKET,
    closed: AtomicBool,
}

/// Room for a name of any family that is likely.
const ROOM: usize = 32;

impl Socket {
    pub(super) fn new(ws2: Ws2, raw: ffi::SOCKET) -> Self {
        Self { ws2, raw, closed: AtomicBool::new(false) }
    }

    /// Its handle.
    pub fn raw(&self) -> ffi::SOCKET {
        self.raw
    }

    pub(super) fn ws2(&self) -> &Ws2 {
        &self.ws2
    }

    /// Gives the socket an address; port 0 asks for any.
    ///
    /// # Errors
    /// The provider's.
    pub fn bind(&self, address: SocketAddrV4) -> Result<(), Failure> {
        let name = to_sockaddr(address);
        // SAFETY: a name of this length.
        unsafe { self.ws2.calls().bind(self.raw, name.as_ptr().cast(), name.len() as i32) }
    }

    /// Lets connections come in.
    ///
    /// # Errors
    /// The provider's.
    pub fn listen(&self, backlog: i32) -> Result<(), Failure> {
        self.ws2.calls().listen(self.raw, backlog)
    }

    /// Connects; once more if the network or the host cannot be reached.
    ///
    /// # Errors
    /// The provider's.
    pub fn connect(&self, address: SocketAddrV4) -> Result<(), Failure> {
        let name = to_sockaddr(address);
        let no = ptr::null_mut();
        let calls = self.ws2.calls();
        // SAFETY: a name of this length.
        unsafe {
            calls.connect(self.raw, name.as_ptr().cast(), name.len() as i32, no, no, ptr::null_mut(), ptr::null_mut())
        }
    }

    /// Takes a connection, and says who it is from.
    ///
    /// # Errors
    /// The provider's, or an address that is none.
    pub fn accept(&self) -> Result<(Self, SocketAddrV4), Failure> {
        let mut raw = 0;
        let calls = self.ws2.calls();
        let from = named("WSPAccept", |name, length| {
            // SAFETY: room for a name of this length.
            raw = unsafe { calls.accept(self.raw, name, length, None, 0) }?;
            Ok(())
        });
        let socket = (raw != 0).then(|| Self::new(self.ws2.clone(), raw));
        match (socket, from?) {
            (Some(socket), from) => Ok((socket, from)),
            (None, _) => Err(nonsense("WSPAccept", "the socket 0").into()),
        }
    }

    /// Takes a connection if `condition` says so: it gets the caller's address and answers with `CF_ACCEPT`, `CF_REJECT` or
    /// `CF_DEFER`. It is called on this thread, during the call.
    ///
    /// # Errors
    /// The provider's.
    pub fn accept_if<F: FnMut(&[u8]) -> i32>(&self, mut condition: F) -> Result<Self, Failure> {
        let context = (&raw mut condition) as usize;
        let calls = self.ws2.calls();
        // SAFETY: no room for a name; the context is what the condition takes.
        let raw = unsafe { calls.accept(self.raw, ptr::null_mut(), ptr::null_mut(), Some(ask::<F>), context) }?;
        Ok(Self::new(self.ws2.clone(), raw))
    }

    /// Sends bytes; says how many.
    ///
    /// # Errors
    /// The provider's.
    pub fn send(&self, data: &[u8]) -> Result<usize, Failure> {
        self.ws2.calls().send(self.raw, data, 0)
    }

    /// Receives bytes; says how many. 0: the peer has ended its side.
    ///
    /// # Errors
    /// The provider's.
    pub fn recv(&self, room: &mut [u8]) -> Result<usize, Failure> {
        self.ws2.calls().recv(self.raw, room, 0)
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    /// The provider's.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Failure> {
        let how = match how {
            Shutdown::Read => ffi::SD_RECEIVE,
            Shutdown::Write => ffi::SD_SEND,
            Shutdown::Both => ffi::SD_BOTH,
        };
        self.ws2.calls().shutdown(self.raw, how)
    }

    /// Its own address.
    ///
    /// # Errors
    /// The provider's, or an address that is none.
    pub fn local_addr(&self) -> Result<SocketAddrV4, Failure> {
        let calls = self.ws2.calls();
        // SAFETY: room for a name of this length.
        named("WSPGetSockName", |name, length| unsafe { calls.get_sock_name(self.raw, name, length) })
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The provider's, or an address that is none.
    pub fn peer_addr(&self) -> Result<SocketAddrV4, Failure> {
        let calls = self.ws2.calls();
        // SAFETY: room for a name of this length.
        named("WSPGetPeerName", |name, length| unsafe { calls.get_peer_name(self.raw, name, length) })
    }

    /// Makes calls that would wait fail (`FIONBIO`).
    ///
    /// # Errors
    /// The provider's.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Failure> {
        let mut value = u32::from(nonblocking);
        // SAFETY: four bytes.
        unsafe { self.ws2.calls().ioctl_socket(self.raw, ffi::FIONBIO, &raw mut value) }
    }

    /// How many bytes one receive would get (`FIONREAD`).
    ///
    /// # Errors
    /// The provider's.
    pub fn available(&self) -> Result<u32, Failure> {
        let mut value = 0;
        // SAFETY: four bytes.
        unsafe { self.ws2.calls().ioctl_socket(self.raw, ffi::FIONREAD, &raw mut value) }?;
        Ok(value)
    }

    /// A control code (`WSAIoctl`); says how many bytes of `output` were filled.
    ///
    /// # Errors
    /// The provider's.
    pub fn ioctl(&self, code: u32, input: &[u8], output: &mut [u8]) -> Result<usize, Failure> {
        // An empty slice is no buffer: its address may be none of memory's.
        let input = Some(input).filter(|input| !input.is_empty());
        let given = input.map_or((ptr::null_mut(), 0), |input| (input.as_ptr().cast_mut().cast(), input.len() as u32));
        let (room_length, place) = (output.len(), output.as_mut_ptr().cast());
        let room = if room_length == 0 { (ptr::null_mut(), 0) } else { (place, room_length as u32) };
        let mut bytes = 0;
        let calls = self.ws2.calls();
        // SAFETY: buffers of these lengths, not used after the call.
        match unsafe { calls.wsa_ioctl(self.raw, code, given, room, &raw mut bytes, (ptr::null_mut(), None)) }? {
            Outcome::Done(()) => Ok(count("WSPIoctl", bytes, room_length)?),
            Outcome::Pending => Err(crate::socket::pending("WSPIoctl").into()),
        }
    }

    /// The address of a function that the provider adds (`SIO_GET_EXTENSION_FUNCTION_POINTER`).
    ///
    /// # Errors
    /// The provider's: it has no such function.
    pub fn extension(&self, function: &ffi::GUID) -> Result<usize, Failure> {
        let control = ffi::SIO_GET_EXTENSION_FUNCTION_POINTER;
        pointer(function, |guid, found| self.ioctl(control, guid, found).map(|bytes| Outcome::Done(bytes as u32)))
    }

    /// An option whose value is a number.
    ///
    /// # Errors
    /// The provider's, or a value that is no number.
    pub fn option(&self, level: i32, option: i32) -> Result<i32, Failure> {
        let value = self.option_bytes(level, option, 4)?;
        let bytes = value.try_into().map_err(|_| nonsense("WSPGetSockOpt", "a value that is not of 4 bytes"))?;
        Ok(i32::from_ne_bytes(bytes))
    }

    /// An option's value, of at most `room` bytes.
    ///
    /// # Errors
    /// The provider's.
    pub fn option_bytes(&self, level: i32, option: i32, room: usize) -> Result<Vec<u8>, Failure> {
        let mut value = vec![0_u8; room];
        let mut length = i32::try_from(room).unwrap_or(i32::MAX);
        let calls = self.ws2.calls();
        // SAFETY: room of this length.
        unsafe { calls.get_sock_opt(self.raw, level, option, value.as_mut_ptr().cast(), &raw mut length) }?;
        value.truncate(count("WSPGetSockOpt", length.cast_unsigned(), room)?);
        Ok(value)
    }

    /// Sets an option.
    ///
    /// # Errors
    /// The provider's.
    pub fn set_option_bytes(&self, level: i32, option: i32, value: &[u8]) -> Result<(), Failure> {
        let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
        // SAFETY: a value of this length.
        unsafe { self.ws2.calls().set_sock_opt(self.raw, level, option, value.as_ptr().cast(), length) }
    }

    /// Sets an option whose value is a number.
    ///
    /// # Errors
    /// The provider's.
    pub fn set_option(&self, level: i32, option: i32, value: i32) -> Result<(), Failure> {
        self.set_option_bytes(level, option, &value.to_ne_bytes())
    }

    /// From now on these network events (`FD_` bits) set `event`; the socket becomes nonblocking (`WSAEventSelect`).
    ///
    /// # Errors
    /// The provider's.
    pub fn event_select(&self, event: Option<&Event>, events: i32) -> Result<(), Failure> {
        self.ws2.calls().event_select(self.raw, event.map_or(0, Event::raw), events)
    }

    /// The network events since the last time, with their codes; resets `event` (`WSAEnumNetworkEvents`).
    ///
    /// # Errors
    /// The provider's.
    pub fn network_events(&self, event: Option<&Event>) -> Result<ffi::WSANETWORKEVENTS, Failure> {
        let mut events: ffi::WSANETWORKEVENTS = zeroed();
        // SAFETY: a structure of our own.
        unsafe { self.ws2.calls().enum_network_events(self.raw, event.map_or(0, Event::raw), &raw mut events) }?;
        Ok(events)
    }

    /// From now on these network events are posted to `window`; the socket becomes nonblocking (`WSAAsyncSelect`).
    ///
    /// # Errors
    /// The provider's.
    pub fn async_select(&self, window: &Window, message: u32, events: i32) -> Result<(), Failure> {
        self.ws2.calls().async_select(self.raw, window.raw(), message, events)
    }

    /// From now on overlapped operations on this socket are reported to `port`, with this key.
    pub fn associate(&self, port: &Port, key: usize) -> bool {
        port.associate(self.raw, key)
    }

    /// What another process (or this one) makes a socket of the same connection from, by
    /// [`Stack::socket_from`](super::Stack::socket_from) (`WSADuplicateSocketW`).
    ///
    /// # Errors
    /// The provider's.
    pub fn duplicate(&self, process: u32) -> Result<ffi::WSAPROTOCOL_INFOW, Failure> {
        let mut info: ffi::WSAPROTOCOL_INFOW = zeroed();
        // SAFETY: a structure of our own.
        unsafe { self.ws2.calls().duplicate(self.raw, process, &raw mut info) }?;
        Ok(info)
    }

    /// Closes it, also under threads that wait in it. Once that has worked, dropping it closes nothing.
    ///
    /// # Errors
    /// The provider's; the socket stays open.
    pub fn close(&self) -> Result<(), Failure> {
        self.ws2.calls().close(self.raw)?;
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}

/// The address that a call stores as a name.
fn named(
    function: &'static str,
    call: impl FnOnce(*mut ffi::sockaddr, ffi::LPINT) -> Result<(), Failure>,
) -> Result<SocketAddrV4, Failure> {
    let mut name = [0_u8; ROOM];
    let mut length = ROOM as i32;
    call(name.as_mut_ptr().cast(), &raw mut length)?;
    let length = count(function, length.cast_unsigned(), ROOM)?;
    from_sockaddr(function, &name[..length]).map_err(|error: Error| error.into())
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !*self.closed.get_mut() {
            // Nobody is left to be told.
            let _ = self.close();
        }
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Socket({:#x})", self.raw)
    }
}

impl Read for &Socket {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv(room)?)
    }
}

impl Write for &Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Ok(self.send(data)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

by_value!(Socket);
