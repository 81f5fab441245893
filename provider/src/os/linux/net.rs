//! TCP sockets, beyond what their crate has: moving bytes between them and a caller's memory, of which there is never a slice;
//! and looking at them without waiting.

use std::io;
use std::net::SocketAddrV4;
use std::os::fd::{AsFd, AsRawFd};

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;
use socket2::{SockAddr, Socket};
use wsp::transport::{Fault, Region};

use super::pieces::Pieces;

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

/// What is the matter with a socket now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// There are bytes, or the end, or an error.
    pub readable: bool,
    /// There is room, or an error.
    pub writable: bool,
    /// The peer sends nothing more.
    pub ended: bool,
    /// The connection is broken, or was not made.
    pub broken: bool,
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

/// How many bytes the peer's system has not acknowledged.
pub fn unacknowledged(socket: impl AsFd) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: this request stores a number where the pointer leads, which is a local.
    let answer = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    if answer == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
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
