//! How processes find each other by address: names in the system's name space of local sockets.
//!
//! A listener has a name of its own, with the mode, so that only those who speak it find it.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use wsp::transport::{Bound, Fault, Mode};

use crate::os::names::{self, Claim};
use crate::os::process;
use crate::os::socket::{self, Listener, Socket};

/// The version of everything that processes share. Others are not found.
const PREFIX: &str = "wsp-shm.1";
/// The ports that are given to those who ask for any.
const EPHEMERAL: std::ops::RangeInclusive<u16> = 49152..=65535;

/// An address that is in use.
#[derive(Debug, Clone)]
pub struct Lease(pub(super) Arc<Claim>);

/// Is the address one of this machine's?
pub fn ours(ip: Ipv4Addr) -> bool {
    ip.is_loopback() || process::addresses().contains(&ip)
}

/// The address by which a peer sees us.
pub fn seen_from(from: SocketAddrV4, to: SocketAddrV4) -> SocketAddrV4 {
    let ip = match (from.ip().is_unspecified(), to.ip().is_loopback()) {
        (false, _) => *from.ip(),
        (true, true) => Ipv4Addr::LOCALHOST,
        (true, false) => *to.ip(),
    };
    SocketAddrV4::new(ip, from.port())
}

/// Takes an address.
pub fn bind(wanted: SocketAddrV4, share: bool) -> Result<Bound<Lease>, Fault> {
    if !wanted.ip().is_unspecified() && !ours(*wanted.ip()) {
        return Err(Fault::AddressNotAvailable);
    }
    if wanted.port() != 0 {
        return claim(wanted, share);
    }
    let (first, count) = (*EPHEMERAL.start(), u64::from(EPHEMERAL.end() - EPHEMERAL.start()) + 1);
    let begin = process::random();
    for step in 0..count {
        let port = first + (begin.wrapping_add(step) % count) as u16;
        match claim(SocketAddrV4::new(*wanted.ip(), port), false) {
            Err(Fault::AddressInUse) => {}
            answer => return answer,
        }
    }
    Err(Fault::NoBuffers)
}

fn claim(address: SocketAddrV4, share: bool) -> Result<Bound<Lease>, Fault> {
    let claim = names::claim(&format!("{PREFIX}/claim/{}/", address.port()), *address.ip(), share)?;
    Ok(Bound { address, lease: Lease(Arc::new(claim)) })
}

/// How a listener takes connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of bytes, made as soon as they wait.
    Stream,
    /// Of bytes, made when they are accepted.
    Asking,
    /// Of messages, made when they are accepted.
    Messages,
}

impl Kind {
    /// The kinds that connections of a mode may find.
    fn of(mode: Mode) -> &'static [Self] {
        match mode {
            Mode::Stream => &[Self::Stream, Self::Asking],
            Mode::Messages => &[Self::Messages],
        }
    }

    /// What sends are on its connections.
    pub fn mode(self) -> Mode {
        if self == Self::Messages { Mode::Messages } else { Mode::Stream }
    }

    /// The name that a listener has.
    pub fn listener(self, address: SocketAddrV4) -> String {
        let kind = match self {
            Self::Stream => "stream",
            Self::Asking => "asking",
            Self::Messages => "messages",
        };
        format!("{PREFIX}/listen/{kind}/{address}")
    }
}

/// Listens at an address that is taken.
pub fn listen(address: SocketAddrV4, backlog: usize, kind: Kind) -> Result<Listener, Fault> {
    let socket = socket::listen(&kind.listener(address), backlog)?;
    let others = [Kind::Stream, Kind::Asking, Kind::Messages].into_iter().filter(|other| *other != kind);
    for other in others.map(|other| other.listener(address)) {
        if names::exists(&other) {
            return Err(Fault::AddressInUse);
        }
    }
    Ok(socket)
}

/// A socket to whoever listens at an address, and how it does.
///
/// # Errors
/// [`Fault::nobody_listens`]; [`Fault::TimedOut`] if another machine has the address, or none.
pub fn connect(to: SocketAddrV4, mode: Mode) -> Result<(Socket, Kind), Fault> {
    if to.ip().is_unspecified() || to.port() == 0 {
        return Err(Fault::AddressNotAvailable);
    }
    if !ours(*to.ip()) {
        return Err(Fault::TimedOut);
    }
    for ip in [*to.ip(), Ipv4Addr::UNSPECIFIED] {
        for kind in Kind::of(mode) {
            if let Some(socket) = socket::connect(&kind.listener(SocketAddrV4::new(ip, to.port())))? {
                return Ok((socket, *kind));
            }
        }
    }
    Err(Fault::nobody_listens(mode))
}

/// The name of what waits for another process.
pub fn parcel(claim: u32) -> String {
    format!("{PREFIX}/parcel/{claim:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: [u8; 4], port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(ip.into(), port)
    }

    #[test]
    fn an_address_is_taken_once_unless_it_is_shared() {
        let first = bind(at([127, 0, 0, 1], 0), false).unwrap();
        let port = first.address.port();
        assert!(EPHEMERAL.contains(&port));
        assert_eq!(bind(first.address, false).err(), Some(Fault::AddressInUse));
        assert_eq!(bind(at([0, 0, 0, 0], port), false).err(), Some(Fault::AddressInUse));
        let (shared, other) = (bind(first.address, true).unwrap(), bind(at([127, 0, 0, 2], port), false).unwrap());
        drop((first, other));
        assert_eq!(bind(at([127, 0, 0, 1], port), false).err(), Some(Fault::AddressInUse));
        drop(shared);
        let wildcard = bind(at([0, 0, 0, 0], port), false).unwrap();
        assert_eq!(bind(at([127, 0, 0, 3], port), false).err(), Some(Fault::AddressInUse));
        drop(wildcard);
        assert!(bind(at([127, 0, 0, 1], port), false).is_ok());
    }

    #[test]
    fn only_addresses_of_this_machine_are_taken_and_reached() {
        assert_eq!(bind(at([192, 0, 2, 1], 0), false).err(), Some(Fault::AddressNotAvailable));
        assert_eq!(connect(at([192, 0, 2, 1], 5), Mode::Stream).err(), Some(Fault::TimedOut));
        let free = bind(at([127, 0, 0, 1], 0), false).unwrap().address;
        assert_eq!(connect(free, Mode::Stream).err(), Some(Fault::Refused));
        assert_eq!(connect(at([0, 0, 0, 0], 5), Mode::Stream).err(), Some(Fault::AddressNotAvailable));
    }

    #[test]
    fn a_listener_is_found_in_its_mode_only() {
        let bound = bind(at([0, 0, 0, 0], 0), false).unwrap();
        let _listener = listen(bound.address, 4, Kind::Messages).unwrap();
        let to = at([127, 0, 0, 9], bound.address.port());
        assert!(connect(to, Mode::Messages).is_ok());
        assert_eq!(connect(to, Mode::Stream).err(), Some(Fault::Refused));
        assert_eq!(listen(bound.address, 4, Kind::Stream).err(), Some(Fault::AddressInUse));
    }

    #[test]
    fn connections_do_not_keep_the_address_once_it_is_free() {
        let bound = bind(at([127, 0, 0, 1], 0), false).unwrap();
        let listener = listen(bound.address, 4, Kind::Messages).unwrap();
        let near = connect(bound.address, Mode::Messages).unwrap().0;
        let far = socket::accept(&listener).unwrap().unwrap();
        drop(listener);
        assert!(listen(bound.address, 4, Kind::Stream).is_ok());
        drop((near, far));
    }

    #[test]
    fn who_connects_learns_whether_it_has_to_wait() {
        for kind in [Kind::Stream, Kind::Asking] {
            let bound = bind(at([127, 0, 0, 1], 0), false).unwrap();
            let _listener = listen(bound.address, 4, kind).unwrap();
            assert_eq!(connect(bound.address, Mode::Stream).unwrap().1, kind);
            assert_eq!(connect(bound.address, Mode::Messages).err(), Some(Fault::TimedOut));
        }
    }
}
