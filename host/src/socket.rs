//! Sockets, much like those of the standard library.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering};

use wsp::ffi;
use wsp::rt::{BufferEntry, Outcome, OverlappedCall, Piece, PieceMut, Room};

use crate::by_value::by_value;
use crate::error::Error;
use crate::session::Provider;

/// A socket of a provider. Every method calls the provider's function of that name. Dropping it closes it.
pub struct Socket {
    provider: Provider,
    raw: ffi::SOCKET,
    closed: AtomicBool,
}

impl Socket {
    pub(crate) fn new(provider: Provider, raw: ffi::SOCKET) -> Self {
        Self { provider, raw, closed: AtomicBool::new(false) }
    }

    /// The descriptor.
    pub fn raw(&self) -> ffi::SOCKET {
        self.raw
    }

    /// The provider that it belongs to.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Gives the socket an address; port 0 asks for any.
    ///
    /// # Errors
    /// The provider's.
    pub fn bind(&self, address: SocketAddrV4) -> Result<(), Error> {
        Ok(self.provider.table().bind(self.raw, &to_sockaddr(address))?)
    }

    /// Lets connections come in.
    ///
    /// # Errors
    /// The provider's.
    pub fn listen(&self, backlog: i32) -> Result<(), Error> {
        Ok(self.provider.table().listen(self.raw, backlog)?)
    }

    /// Connects.
    ///
    /// # Errors
    /// The provider's.
    pub fn connect(&self, address: SocketAddrV4) -> Result<(), Error> {
        Ok(self.provider.table().connect(self.raw, &to_sockaddr(address), None, None, None, None)?)
    }

    /// Takes a connection, and says who it is from.
    ///
    /// # Errors
    /// The provider's, or an address that is none.
    pub fn accept(&self) -> Result<(Self, SocketAddrV4), Error> {
        let mut address = [0; 32];
        let mut room = Room::new(&mut address);
        let raw = self.provider.table().accept(self.raw, Some(&mut room), None, 0)?;
        let socket = Self::new(self.provider.clone(), raw);
        Ok((socket, from_sockaddr("WSPAccept", room.filled())?))
    }

    /// Takes a connection if `condition` says so: it gets the caller's address and answers with `CF_ACCEPT`, `CF_REJECT`,
    /// `CF_DEFER`, or what a program should not answer with. It is called on this thread, during the call.
    ///
    /// # Errors
    /// The provider's.
    pub fn accept_if<F: FnMut(&[u8]) -> i32>(&self, mut condition: F) -> Result<Self, Error> {
        let context = (&raw mut condition) as usize;
        let raw = self.provider.table().accept(self.raw, None, Some(ask::<F>), context)?;
        Ok(Self::new(self.provider.clone(), raw))
    }

    /// Sends bytes; says how many.
    ///
    /// # Errors
    /// The provider's.
    pub fn send(&self, data: &[u8]) -> Result<usize, Error> {
        self.send_with(&[data], 0)
    }

    /// Sends several buffers with these flags; says how many bytes.
    ///
    /// # Errors
    /// The provider's.
    pub fn send_with(&self, data: &[&[u8]], flags: u32) -> Result<usize, Error> {
        let pieces: Vec<_> = data.iter().map(|data| Piece::new(data)).collect();
        // SAFETY: not overlapped, so nothing is used after the call.
        match unsafe { self.provider.table().send(self.raw, &pieces, flags, OverlappedCall::NONE) }? {
            Outcome::Done(bytes) => count("WSPSend", bytes, data.iter().map(|data| data.len()).sum()),
            Outcome::Pending => Err(pending("WSPSend")),
        }
    }

    /// Receives bytes; says how many. 0: the peer has ended its side.
    ///
    /// # Errors
    /// The provider's.
    pub fn recv(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.recv_with(&mut [buffer], 0).map(|(bytes, _)| bytes)
    }

    /// Receives into several buffers with these flags; says how many bytes, and with what flags.
    ///
    /// # Errors
    /// The provider's.
    pub fn recv_with(&self, buffers: &mut [&mut [u8]], flags: u32) -> Result<(usize, u32), Error> {
        let room = buffers.iter().map(|buffer| buffer.len()).sum();
        let mut pieces: Vec<_> = buffers.iter_mut().map(|buffer| PieceMut::new(buffer)).collect();
        // SAFETY: not overlapped, so nothing is used after the call.
        match unsafe { self.provider.table().recv(self.raw, &mut pieces, flags, OverlappedCall::NONE) }? {
            Outcome::Done(done) => Ok((count("WSPRecv", done.bytes, room)?, done.flags)),
            Outcome::Pending => Err(pending("WSPRecv")),
        }
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    /// The provider's.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Error> {
        let how = match how {
            Shutdown::Read => ffi::SD_RECEIVE,
            Shutdown::Write => ffi::SD_SEND,
            Shutdown::Both => ffi::SD_BOTH,
        };
        Ok(self.provider.table().shutdown(self.raw, how)?)
    }

    /// Its own address.
    ///
    /// # Errors
    /// The provider's, or an address that is none.
    pub fn local_addr(&self) -> Result<SocketAddrV4, Error> {
        let mut address = [0; 32];
        let mut room = Room::new(&mut address);
        self.provider.table().get_sock_name(self.raw, &mut room)?;
        from_sockaddr("WSPGetSockName", room.filled())
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The provider's, or an address that is none.
    pub fn peer_addr(&self) -> Result<SocketAddrV4, Error> {
        let mut address = [0; 32];
        let mut room = Room::new(&mut address);
        self.provider.table().get_peer_name(self.raw, &mut room)?;
        from_sockaddr("WSPGetPeerName", room.filled())
    }

    /// Makes calls that would wait fail (`FIONBIO`).
    ///
    /// # Errors
    /// The provider's.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Error> {
        let value = u32::from(nonblocking).to_ne_bytes();
        self.ioctl(ffi::FIONBIO, Some(&value), None).map(|_| ())
    }

    /// How many bytes one receive would get (`FIONREAD`).
    ///
    /// # Errors
    /// The provider's.
    pub fn available(&self) -> Result<u32, Error> {
        let mut value = [0; 4];
        self.ioctl(ffi::FIONREAD, None, Some(&mut value))?;
        Ok(u32::from_ne_bytes(value))
    }

    /// A control code; says how many bytes of `output` were filled.
    ///
    /// # Errors
    /// The provider's.
    pub fn ioctl(&self, code: u32, input: Option<&[u8]>, output: Option<&mut [u8]>) -> Result<usize, Error> {
        let room = output.as_ref().map_or(0, |output| output.len());
        // SAFETY: not overlapped, so nothing is used after the call.
        match unsafe { self.provider.table().ioctl(self.raw, code, input, output, OverlappedCall::NONE) }? {
            Outcome::Done(bytes) => count("WSPIoctl", bytes, room),
            Outcome::Pending => Err(pending("WSPIoctl")),
        }
    }

    /// An option whose value is a number.
    ///
    /// # Errors
    /// The provider's, or a value that is no number.
    pub fn option(&self, level: i32, option: i32) -> Result<i32, Error> {
        let value = self.option_bytes(level, option, 4)?;
        let bytes = value.try_into().map_err(|_| nonsense("WSPGetSockOpt", "a value that is not of 4 bytes"))?;
        Ok(i32::from_ne_bytes(bytes))
    }

    /// An option's value, of at most `room` bytes.
    ///
    /// # Errors
    /// The provider's.
    pub fn option_bytes(&self, level: i32, option: i32, room: usize) -> Result<Vec<u8>, Error> {
        let mut value = vec![0; room];
        let mut room = Room::new(&mut value);
        self.provider.table().get_sock_opt(self.raw, level, option, &mut room)?;
        let size = room.size as usize;
        value.truncate(size);
        Ok(value)
    }

    /// Sets an option whose value is a number.
    ///
    /// # Errors
    /// The provider's.
    pub fn set_option(&self, level: i32, option: i32, value: i32) -> Result<(), Error> {
        self.set_option_bytes(level, option, &value.to_ne_bytes())
    }

    /// Sets an option.
    ///
    /// # Errors
    /// The provider's.
    pub fn set_option_bytes(&self, level: i32, option: i32, value: &[u8]) -> Result<(), Error> {
        Ok(self.provider.table().set_sock_opt(self.raw, level, option, Some(value))?)
    }

    /// Lets another process have the socket, too: it makes a socket of the structure, which is good once and for that process.
    ///
    /// # Errors
    /// The provider's.
    pub fn duplicate(&self, process: u32) -> Result<ffi::WSAPROTOCOL_INFOW, Error> {
        Ok(self.provider.table().duplicate_socket(self.raw, process)?)
    }

    /// Closes it, also under threads that wait in it. Once that has worked, dropping it closes nothing.
    ///
    /// # Errors
    /// The provider's; the socket stays open.
    pub fn close(&self) -> Result<(), Error> {
        self.provider.table().close_socket(self.raw)?;
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !self.closed.load(Ordering::Acquire) {
            // A socket that will not close is released by the clean-up.
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
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv(buffer)?)
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

/// The address as a `sockaddr_in`.
pub fn to_sockaddr(address: SocketAddrV4) -> [u8; 16] {
    let mut raw = [0; 16];
    raw[..2].copy_from_slice(&(ffi::AF_INET as u16).to_ne_bytes());
    raw[2..4].copy_from_slice(&address.port().to_be_bytes());
    raw[4..8].copy_from_slice(&address.ip().octets());
    raw
}

/// The address in a `sockaddr_in` that `function` answered with.
///
/// # Errors
/// It is none.
pub fn from_sockaddr(function: &'static str, raw: &[u8]) -> Result<SocketAddrV4, Error> {
    match *raw {
        [low, high, port_high, port_low, a, b, c, d, _, _, _, _, _, _, _, _]
            if i32::from(u16::from_ne_bytes([low, high])) == ffi::AF_INET =>
        {
            Ok(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([port_high, port_low])))
        }
        _ => Err(nonsense(function, "an address that is no sockaddr_in")),
    }
}

/// More bytes than there is room for would be the provider's mistake, and the caller's crash.
pub(crate) fn count(function: &'static str, bytes: u32, room: usize) -> Result<usize, Error> {
    let bytes = bytes as usize;
    if bytes <= room { Ok(bytes) } else { Err(nonsense(function, "more bytes than it was given")) }
}

pub(crate) fn pending(function: &'static str) -> Error {
    nonsense(function, "a pending operation to a call that is not overlapped")
}

pub(crate) fn nonsense(function: &'static str, answer: &'static str) -> Error {
    Error::Nonsense { function, answer }
}

/// The condition function: asks the closure whose address is the context.
pub(crate) unsafe extern "system" fn ask<F: FnMut(&[u8]) -> i32>(
    caller: ffi::LPWSABUF,
    _caller_data: ffi::LPWSABUF,
    _socket_qos: ffi::LPQOS,
    _group_qos: ffi::LPQOS,
    _callee: ffi::LPWSABUF,
    _callee_data: ffi::LPWSABUF,
    _group: *mut ffi::GROUP,
    context: usize,
) -> i32 {
    // SAFETY: the closure of the `accept_if` that is going on, on this thread.
    let condition = unsafe { &mut *(context as *mut F) };
    let address = if caller.is_null() {
        &[]
    } else {
        // SAFETY: by the interface's contract a buffer of the provider's, good during the call.
        unsafe {
            let (pointer, length) = caller.read_unaligned().parts();
            if pointer.is_null() { &[] } else { std::slice::from_raw_parts(pointer.cast_const(), length) }
        }
    };
    condition(address)
}
