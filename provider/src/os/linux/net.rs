//! TCP sockets, beyond what their crate has: moving bytes between them and a caller's memory, of which there is never a slice;
//! and looking at them without waiting.

use std::io;
use std::net::SocketAddrV4;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;
use socket2::{Domain, Protocol, SockAddr, TcpKeepalive, Type};
use wsp::transport::{Fault, Region};

use super::Descriptor;
use super::pieces::Pieces;
use crate::bytes::Reader;
pub use crate::os::common::Levels;

pub use socket2::Socket;

/// A new socket that never waits, bound to an address that this process does not have yet; port 0 is any that is free.
///
/// # Errors
/// [`Fault::AddressInUse`] if somebody else listens there.
pub fn bound(address: SocketAddrV4, share: bool) -> Result<Socket, Fault> {
    match reusing(address, share) {
        // Perhaps nobody has it, and connections of it are still ending.
        Err(Fault::AddressInUse) if address.port() != 0 => reusing(address, true),
        answer => answer,
    }
}

/// Another socket for an address that this process has already. `None`: not before it is used.
pub fn bound_again(address: SocketAddrV4) -> Result<Option<Socket>, Fault> {
    reusing(address, true).map(Some)
}

fn reusing(address: SocketAddrV4, reuse: bool) -> Result<Socket, Fault> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(reuse)?;
    socket.bind(&address.into())?;
    // From now on others may have the address beside this one, as far as this process lets them.
    socket.set_reuse_address(true)?;
    Ok(socket)
}

/// Begins to connect; [`levels`] tell when that has been done.
pub fn connect(socket: &Socket, to: SocketAddrV4) -> io::Result<()> {
    match socket.connect(&to.into()) {
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(()),
        answer => answer,
    }
}

/// The socket, for who ends its connection; whoever has it here still has it.
pub fn part_with(socket: &Socket) -> io::Result<Socket> {
    socket.try_clone()
}

/// Has a silent peer asked for a sign of life.
pub fn keep_alive(socket: &Socket, alive: &TcpKeepalive, retries: u32) -> io::Result<()> {
    socket.set_tcp_keepalive(&alive.clone().with_retries(retries))
}

/// Chooses how long what was sent may stay without receipt, or wait for a peer that has no room, before the connection is broken.
pub fn give_up_after(socket: &Socket, limit: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(limit))
}

/// Sends a header, if there is one, and regions behind it, without waiting. Returns how many bytes were taken.
pub fn send(socket: impl AsFd, header: &[u8], data: impl Iterator<Item = Region>) -> io::Result<usize> {
    let mut pieces = Pieces::default();
    if !header.is_empty() {
        pieces.push(header.as_ptr().cast_mut().cast(), header.len());
    }
    // What has no room goes with the next call.
    pieces.extend(data);
    loop {
        let message = message(&mut pieces);
        // SAFETY: the pieces are a slice of the caller's and regions, which are good by their maker's word; none is written.
        let sent = unsafe {
            libc::sendmsg(socket.as_fd().as_raw_fd(), &raw const message, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
        };
        match usize::try_from(sent) {
            Ok(count) => return Ok(count),
            Err(_) => retry()?,
        }
    }
}

/// Receives into regions and then, if these are filled, into `spill`, without waiting. Returns how many bytes; 0 at the end of
/// the stream. With `peek` they stay.
pub fn receive(
    socket: impl AsFd,
    room: impl Iterator<Item = Region>,
    spill: &mut [u8],
    peek: bool,
) -> io::Result<usize> {
    let mut pieces = Pieces::default();
    if pieces.extend(room) && !spill.is_empty() {
        pieces.push(spill.as_mut_ptr().cast(), spill.len());
    }
    let flags = libc::MSG_DONTWAIT | if peek { libc::MSG_PEEK } else { 0 };
    loop {
        let mut message = message(&mut pieces);
        // SAFETY: the pieces are a slice of the caller's and regions, which are good for writing by their maker's word.
        let received = unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut message, flags) };
        match usize::try_from(received) {
            Ok(count) => return Ok(count),
            Err(_) => retry()?,
        }
    }
}

fn message(pieces: &mut Pieces) -> libc::msghdr {
    // SAFETY: a structure of numbers and pointers, for which zero is good.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iovlen = pieces.as_slice().len();
    message.msg_iov = pieces.as_mut_ptr();
    message
}

/// An error that is not only an interruption.
fn retry() -> io::Result<()> {
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) }
}

/// Looks at a socket.
pub fn levels(socket: impl AsFd) -> Levels {
    let mut polled = [PollFd::new(&socket, PollFlags::IN | PollFlags::OUT | PollFlags::RDHUP)];
    // Without waiting it is not interrupted; there is no other way for it to fail.
    let _ = rustix::event::poll(&mut polled, Some(&Timespec::default()));
    let found = polled[0].revents();
    let broken = found.contains(PollFlags::ERR);
    Levels {
        readable: broken || found.intersects(PollFlags::IN | PollFlags::RDHUP | PollFlags::HUP),
        writable: broken || found.intersects(PollFlags::OUT | PollFlags::HUP),
        ended: broken || found.intersects(PollFlags::RDHUP | PollFlags::HUP),
        broken,
    }
}

/// How many bytes can be received.
pub fn waiting(socket: impl AsFd) -> usize {
    rustix::io::ioctl_fionread(socket).map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX))
}

/// Does what was sent, and the end of it, arrive if this is closed now? It sends nothing more since a time; if it has `ended`,
/// nothing more comes from the peer.
pub fn can_be_closed(socket: impl AsFd, _since: Instant, _ended: bool) -> bool {
    drained(socket)
}

/// Does [`drained`] tell what has arrived also while more may be sent?
pub const TELLS_BEFORE_THE_END: bool = true;

/// Has the peer's system acknowledged all that was sent, as far as can be told?
pub fn drained(socket: impl AsFd) -> bool {
    let mut count: libc::c_int = 0;
    // SAFETY: this request stores a number where the pointer leads, which is a local.
    let answer = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    answer != 0 || count == 0
}

/// Ends a connection abortively, at once and for all who have the socket.
pub fn disconnect(socket: impl AsFd) {
    // SAFETY: a structure of numbers, for which zero is good; a family of zero means none.
    let nowhere: libc::sockaddr = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the pointer is to a local of the size stated. It fails only if there is no connection any more.
    let _ = unsafe { libc::connect(socket.as_fd().as_raw_fd(), &raw const nowhere, size) };
}

/// The IPv4 address that a system call gave.
pub fn address(found: io::Result<SockAddr>) -> Result<SocketAddrV4, Fault> {
    found?.as_socket_ipv4().ok_or(Fault::NetworkDown)
}

/// Takes the error that the system keeps for a socket.
pub fn error(socket: &Socket) -> Option<Fault> {
    match socket.take_error() {
        Ok(error) => error.map(Fault::from),
        Err(error) => Some(error.into()),
    }
}

/// A socket on its way to another process.
pub type Leaving = Descriptor;

/// How many bytes [`pass`] adds.
pub const PASSED: usize = 0;

/// Gets a socket ready for another process, beside this one.
pub fn leaving(socket: &Socket) -> Result<Leaving, Fault> {
    Ok(socket.try_clone()?.into())
}

/// What passes a socket to a process: a descriptor or bytes, or both. Here it is the descriptor, whoever it is for.
///
/// # Errors
/// Not here.
pub fn pass<'a>(socket: &'a Leaving, _to: i32, _bytes: &mut Vec<u8>) -> Result<Option<&'a Descriptor>, Fault> {
    Ok(Some(socket))
}

/// The socket that another process [passed](pass).
///
/// # Errors
/// [`Fault::BadClaim`] if it is no TCP socket.
pub fn arrive(_bytes: &mut Reader<'_>, mut files: impl Iterator<Item = Descriptor>) -> Result<Socket, Fault> {
    let socket = Socket::from(files.next().ok_or(Fault::BadClaim)?);
    if socket.r#type()? == Type::STREAM { Ok(socket) } else { Err(Fault::BadClaim) }
}
