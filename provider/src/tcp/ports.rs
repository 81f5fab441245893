//! Addresses that are in use.
//!
//! The system knows which addresses are ours and where somebody listens. What it does not keep apart is an address whose
//! connections are still ending from one that somebody has: so this process's own are counted here. Between processes it decides
//! when the second of them wants to listen.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use wsp::transport::{Bound, Fault};

use crate::os::net::{self, Socket};

/// The hosts' part of each address that is in use, by port.
static USED: LazyLock<Mutex<HashMap<u16, Vec<Ipv4Addr>>>> = LazyLock::new(Mutex::default);

fn used() -> MutexGuard<'static, HashMap<u16, Vec<Ipv4Addr>>> {
    USED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An address that is in use.
#[derive(Debug)]
pub struct Lease(Arc<Held>);

#[derive(Debug)]
struct Held {
    address: SocketAddrV4,
    /// Bound to the address, until it listens or connects.
    socket: Mutex<Option<Socket>>,
}

impl Lease {
    /// Counts an address as used, and keeps a socket that is bound to it.
    fn new(used: &mut HashMap<u16, Vec<Ipv4Addr>>, address: SocketAddrV4, socket: Option<Socket>) -> Self {
        used.entry(address.port()).or_default().push(*address.ip());
        Self(Arc::new(Held { address, socket: Mutex::new(socket) }))
    }

    /// For an address that came from another process.
    pub fn taken_over(address: SocketAddrV4) -> Self {
        Self::new(&mut used(), address, None)
    }

    /// A socket that is bound to the address: the first, or another one.
    pub fn socket(&self) -> Result<Socket, Fault> {
        let first = self.0.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.map_or_else(|| net::bound_again(self.0.address)?.ok_or(Fault::AddressInUse), Ok)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut used = used();
        let Some(hosts) = used.get_mut(&self.address.port()) else { return };
        if let Some(at) = hosts.iter().position(|host| host == self.address.ip()) {
            hosts.swap_remove(at);
        }
        if hosts.is_empty() {
            used.remove(&self.address.port());
        }
    }
}

/// Takes an address.
pub fn bind(wanted: SocketAddrV4, share: bool) -> Result<Bound<Lease>, Fault> {
    if wanted.ip().is_multicast() || wanted.ip().is_broadcast() {
        return Err(Fault::AddressNotAvailable);
    }
    let mut used = used();
    let overlaps = |host: &Ipv4Addr| host == wanted.ip() || host.is_unspecified() || wanted.ip().is_unspecified();
    let ours = wanted.port() != 0 && used.get(&wanted.port()).is_some_and(|hosts| hosts.iter().any(overlaps));
    let socket = match (ours, share) {
        (true, false) => return Err(Fault::AddressInUse),
        (true, true) => net::bound_again(wanted)?,
        (false, _) => Some(net::bound(wanted, share)?),
    };
    let address = socket.as_ref().map_or(Ok(wanted), |socket| net::address(socket.local_addr()))?;
    Ok(Bound { address, lease: Lease::new(&mut used, address, socket) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: [u8; 4], port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(host.into(), port)
    }

    #[test]
    fn an_address_is_taken_once_unless_it_is_shared() {
        let first = bind(at([127, 0, 0, 1], 0), false).unwrap();
        let port = first.address.port();
        assert_eq!(bind(first.address, false).err(), Some(Fault::AddressInUse));
        assert_eq!(bind(at([0, 0, 0, 0], port), false).err(), Some(Fault::AddressInUse));
        let (shared, other) = (bind(first.address, true).unwrap(), bind(at([127, 0, 0, 2], port), false).unwrap());
        drop((first, other));
        assert_eq!(bind(at([127, 0, 0, 1], port), false).err(), Some(Fault::AddressInUse));
        drop(shared);
        assert!(bind(at([127, 0, 0, 1], port), false).is_ok());
    }

    #[test]
    fn only_addresses_of_this_machine_are_taken() {
        assert_eq!(bind(at([192, 0, 2, 1], 0), false).err(), Some(Fault::AddressNotAvailable));
        assert_eq!(bind(at([224, 0, 0, 1], 0), false).err(), Some(Fault::AddressNotAvailable));
    }

    #[test]
    fn what_others_have_is_in_use() {
        let other = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        assert_eq!(bind(at([127, 0, 0, 1], port), false).err(), Some(Fault::AddressInUse));
        drop(other);
        assert!(bind(at([127, 0, 0, 1], port), false).is_ok());
    }
}
