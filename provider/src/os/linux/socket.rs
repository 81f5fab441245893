//! Local sockets: names that processes find each other by, and frames that carry descriptors.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
};
use rustix::time::Timespec;
use wsp::transport::Fault;

use super::{Descriptor, fault, memory};
pub use crate::os::common::{DESCRIPTORS, FRAME, Incoming};

/// One end of a connection that carries frames.
pub type Socket = OwnedFd;
/// Where such connections come to.
pub type Listener = OwnedFd;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

pub(super) fn address(name: &str) -> Result<SocketAddrUnix, Fault> {
    SocketAddrUnix::new_abstract_name(name.as_bytes()).map_err(fault)
}

pub(super) fn socket(kind: SocketType) -> Result<OwnedFd, Fault> {
    rustix::net::socket_with(AddressFamily::UNIX, kind, FLAGS, None).map_err(fault)
}

/// Listens at a name. At most `backlog` wait, at least one.
///
/// # Errors
/// [`Fault::AddressInUse`]
pub fn listen(name: &str, backlog: usize) -> Result<Listener, Fault> {
    let socket = socket(SocketType::SEQPACKET)?;
    rustix::net::bind(&socket, &address(name)?).map_err(|error| match error {
        Errno::ADDRINUSE => Fault::AddressInUse,
        error => fault(error),
    })?;
    set_backlog(&socket, backlog)?;
    Ok(socket)
}

/// Changes how many may wait.
pub fn set_backlog(listener: &Listener, backlog: usize) -> Result<(), Fault> {
    // The system lets one more in than it is told.
    let told = i32::try_from(backlog.saturating_sub(1)).unwrap_or(i32::MAX);
    rustix::net::listen(listener, told).map_err(fault)
}

/// Connects to a name; `None` if nobody listens there.
///
/// # Errors
/// [`Fault::Refused`] if too many wait already.
pub fn connect(name: &str) -> Result<Option<Socket>, Fault> {
    let socket = socket(SocketType::SEQPACKET)?;
    loop {
        return match rustix::net::connect(&socket, &address(name)?) {
            Ok(()) => Ok(Some(socket)),
            Err(Errno::CONNREFUSED) => Ok(None),
            Err(Errno::AGAIN) => Err(Fault::Refused),
            Err(Errno::INTR) => continue,
            Err(error) => Err(fault(error)),
        };
    }
}

/// The oldest that waits, if any.
pub fn accept(listener: &Listener) -> Result<Option<Socket>, Fault> {
    match rustix::net::accept_with(listener, FLAGS) {
        Ok(socket) => Ok(Some(socket)),
        Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => Ok(None),
        Err(error) => Err(fault(error)),
    }
}

/// Two ends that are connected to each other: one for this process, one for another, which the system need not be told of here.
pub fn pair(_to: i32) -> Result<(Socket, Socket), Fault> {
    rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None).map_err(fault)
}

/// What passes an end to another process.
pub fn descriptor(socket: &Socket) -> &Descriptor {
    socket
}

/// The end that another process passed. `_peer` is the process at the other end, where that is not who connected it.
pub fn adopt(descriptor: Descriptor, _peer: Option<i32>) -> Result<Socket, Fault> {
    Ok(descriptor)
}

/// What passes a listening end to another process, which then listens there as well.
pub fn share(listener: &Listener) -> Result<Vec<Descriptor>, Fault> {
    Ok(vec![memory::duplicate(listener)?])
}

/// The listening end that another process passed. Its name and its backlog are the system's to know here.
pub fn adopt_listener(
    mut parts: impl Iterator<Item = Descriptor>,
    _name: &str,
    _backlog: usize,
) -> Result<Listener, Fault> {
    parts.next().ok_or(Fault::BadClaim)
}

/// Is there something to read or to accept, or is the other end gone? Waits for it as long as `limit`.
pub fn readable(socket: impl AsFd, limit: Duration) -> bool {
    let begun = Instant::now();
    let mut polled = [PollFd::new(&socket, PollFlags::IN)];
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        match rustix::event::poll(&mut polled, Some(&left)) {
            Err(Errno::INTR) => {}
            found => return found.is_ok_and(|count| count > 0),
        }
    }
}

/// Has nobody the writing end of a pipe any more?
pub fn abandoned(reader: Descriptor) -> bool {
    let mut polled = [PollFd::new(&reader, PollFlags::empty())];
    // Without waiting it is not interrupted; there is no other way for it to fail.
    let _ = rustix::event::poll(&mut polled, Some(&Timespec::default()));
    polled[0].revents().contains(PollFlags::HUP)
}

/// Sends a frame, which has at least one byte.
///
/// # Errors
/// [`Fault::Reset`] if the other end is gone, [`Fault::NoBuffers`] if it does not read.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[&Descriptor]) -> Result<(), Fault> {
    let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(|descriptor| descriptor.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(Fault::NoBuffers);
    }
    loop {
        let sent = rustix::net::sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL);
        return match sent {
            Ok(_) => Ok(()),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN | Errno::MSGSIZE) => Err(Fault::NoBuffers),
            Err(Errno::TOOMANYREFS) => Err(Fault::TooManyOpen),
            Err(error) => Err(fault(error)),
        };
    }
}

/// Reads a frame, if there is one.
///
/// # Errors
/// [`Fault::Reset`]; [`Fault::TooManyOpen`] if there is no room for the frame's descriptors, which are lost.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<Incoming, Fault> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match rustix::net::recvmsg(&socket, &mut [IoSliceMut::new(buffer)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(received) => break received,
            // The latter is said once, if the other end went without reading all that it was sent; what it had sent itself still
            // comes, and then the end.
            Err(Errno::INTR | Errno::CONNRESET) => {}
            Err(Errno::AGAIN) => return Ok(Incoming::Nothing),
            Err(error) => return Err(fault(error)),
        }
    };
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Fault::TooManyOpen);
    }
    if received.flags.contains(ReturnFlags::TRUNC) {
        return Err(Fault::Reset);
    }
    if received.bytes == 0 { Ok(Incoming::Gone) } else { Ok(Incoming::Frame(received.bytes, descriptors)) }
}
