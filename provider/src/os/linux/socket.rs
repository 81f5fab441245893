//! Local sockets: names that processes find each other by, and frames that carry descriptors.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
};
use rustix::time::Timespec;
use wsp::transport::Fault;

use super::fault;

/// The largest frame.
pub const FRAME: usize = 96 * 1024;
/// The most descriptors in one frame.
pub const DESCRIPTORS: usize = 24;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// What became of the attempt to read a frame.
#[derive(Debug)]
pub enum Incoming {
    /// The first bytes of the buffer, and these descriptors.
    Frame(usize, Vec<OwnedFd>),
    /// None is there now.
    Nothing,
    /// The other end is gone, and everything was read.
    Gone,
}

fn address(name: &str) -> Result<SocketAddrUnix, Fault> {
    SocketAddrUnix::new_abstract_name(name.as_bytes()).map_err(fault)
}

fn socket(kind: SocketType) -> Result<OwnedFd, Fault> {
    rustix::net::socket_with(AddressFamily::UNIX, kind, FLAGS, None).map_err(fault)
}

/// Takes a name; it is free again when the answer is dropped.
///
/// # Errors
/// [`Fault::AddressInUse`]
pub fn claim(name: &str) -> Result<OwnedFd, Fault> {
    let socket = socket(SocketType::DGRAM)?;
    rustix::net::bind(&socket, &address(name)?).map_err(|error| match error {
        Errno::ADDRINUSE => Fault::AddressInUse,
        error => fault(error),
    })?;
    Ok(socket)
}

/// Listens at a name. At most `backlog` wait, at least one.
///
/// # Errors
/// [`Fault::AddressInUse`]
pub fn listen(name: &str, backlog: usize) -> Result<OwnedFd, Fault> {
    let socket = socket(SocketType::SEQPACKET)?;
    rustix::net::bind(&socket, &address(name)?).map_err(|error| match error {
        Errno::ADDRINUSE => Fault::AddressInUse,
        error => fault(error),
    })?;
    set_backlog(&socket, backlog)?;
    Ok(socket)
}

/// Changes how many may wait.
pub fn set_backlog(listener: &OwnedFd, backlog: usize) -> Result<(), Fault> {
    // The system lets one more in than it is told.
    let told = i32::try_from(backlog.saturating_sub(1)).unwrap_or(i32::MAX);
    rustix::net::listen(listener, told).map_err(fault)
}

/// Connects to a name; `None` if nobody listens there.
///
/// # Errors
/// [`Fault::Refused`] if too many wait already.
pub fn connect(name: &str) -> Result<Option<OwnedFd>, Fault> {
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
pub fn accept(listener: impl AsFd) -> Result<Option<OwnedFd>, Fault> {
    match rustix::net::accept_with(listener, FLAGS) {
        Ok(socket) => Ok(Some(socket)),
        Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => Ok(None),
        Err(error) => Err(fault(error)),
    }
}

/// Two ends that are connected to each other.
pub fn pair() -> Result<(OwnedFd, OwnedFd), Fault> {
    rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None).map_err(fault)
}

/// Is there something to read or to accept, or is the other end gone? Waits for it as long as `limit`.
pub fn readable(socket: impl AsFd, limit: Duration) -> bool {
    let limit = Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    let mut polled = [PollFd::new(&socket, PollFlags::IN)];
    rustix::event::poll(&mut polled, Some(&limit)).is_ok_and(|count| count > 0)
}

/// Sends a frame, which has at least one byte.
///
/// # Errors
/// [`Fault::Reset`] if the other end is gone, [`Fault::NoBuffers`] if it does not read.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Fault> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
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
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(Incoming::Nothing),
            Err(Errno::CONNRESET) => return Ok(Incoming::Gone),
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

/// The names in use that begin so.
pub fn names(prefix: &str) -> Vec<String> {
    let prefix = format!("@{prefix}");
    // Without the list nothing is known to be in use, and the claims themselves still are exclusive.
    let list = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    list.lines()
        .filter_map(|line| line.split_whitespace().last())
        .filter(|name| name.starts_with(&prefix))
        .map(|name| name[1..].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_carry_bytes_and_descriptors() {
        let (one, other) = pair().unwrap();
        let mut buffer = [0_u8; 16];
        assert!(matches!(receive(&other, &mut buffer), Ok(Incoming::Nothing)));
        send(&one, b"hello", &[one.as_fd()]).unwrap();
        drop(one);
        let Incoming::Frame(5, descriptors) = receive(&other, &mut buffer).unwrap() else { panic!("a frame was sent") };
        assert_eq!((&buffer[..5], descriptors.len()), (&b"hello"[..], 1));
        drop(descriptors);
        assert!(matches!(receive(&other, &mut buffer), Ok(Incoming::Gone)));
        assert_eq!(send(&other, b"x", &[]), Err(Fault::Reset));
    }

    #[test]
    fn a_name_belongs_to_one_and_is_given_back() {
        let name = format!("wsp-shm-test/{}", super::super::process::own());
        let claimed = claim(&name).unwrap();
        assert_eq!(claim(&name).err(), Some(Fault::AddressInUse));
        assert_eq!(names(&name), std::slice::from_ref(&name));
        drop(claimed);
        assert!(claim(&name).is_ok());
    }

    #[test]
    fn as_many_wait_as_were_allowed() {
        let name = format!("wsp-shm-test/backlog/{}", super::super::process::own());
        assert!(connect(&name).unwrap().is_none());
        let listener = listen(&name, 2).unwrap();
        let (_first, _second) = (connect(&name).unwrap(), connect(&name).unwrap());
        assert_eq!(connect(&name).err(), Some(Fault::Refused));
        set_backlog(&listener, 3).unwrap();
        assert!(connect(&name).unwrap().is_some());
        assert!(accept(&listener).unwrap().is_some());
    }
}
