//! Names in the system's name space of local sockets, which processes take without being connected.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::SocketType;
use wsp::transport::Fault;

use super::socket::{address, socket};
use super::{Descriptor, fault, memory};

/// How often an address can be taken.
const SHARES: usize = 64;
/// The flag in the list of sockets of one that listens, `__SO_ACCEPTCON`.
const LISTENS: u32 = 1 << 16;

/// An address that is taken; it is free again when this and all that came of it are dropped.
#[derive(Debug)]
pub struct Claim(OwnedFd);

impl Claim {
    /// What passes it to another process, which then has it as well.
    pub fn share(&self) -> Result<Vec<Descriptor>, Fault> {
        Ok(vec![memory::duplicate(&self.0)?])
    }

    /// The claim that another process passed.
    pub fn adopt(mut parts: impl Iterator<Item = Descriptor>) -> Result<Self, Fault> {
        parts.next().map(Self).ok_or(Fault::BadClaim)
    }
}

/// Takes an address, which is a name below the prefix and a number: the first who takes it has number 0, who shares it a higher
/// one.
///
/// # Errors
/// [`Fault::AddressInUse`]
pub fn claim(prefix: &str, ip: Ipv4Addr, share: bool) -> Result<Claim, Fault> {
    let (name, claim) = (0..if share { SHARES } else { 1 })
        .map(|number| format!("{prefix}{ip}/{number}"))
        .find_map(|name| match take(&name) {
            Err(Fault::AddressInUse) => None,
            answer => Some(answer.map(|claim| (name, claim))),
        })
        .unwrap_or(Err(Fault::AddressInUse))?;
    // Two who take overlapping addresses at once may both find the other and give up; never do both succeed.
    let conflict = !share && names(prefix).iter().any(|other| *other != name && overlaps(&other[prefix.len()..], ip));
    if conflict { Err(Fault::AddressInUse) } else { Ok(claim) }
}

/// Is a claim's name for an address that this one cannot be told from?
fn overlaps(name: &str, address: Ipv4Addr) -> bool {
    let ip = name.split('/').next().and_then(|ip| ip.parse::<Ipv4Addr>().ok());
    ip.is_some_and(|ip| ip == address || ip.is_unspecified() || address.is_unspecified())
}

fn take(name: &str) -> Result<Claim, Fault> {
    let socket = socket(SocketType::DGRAM)?;
    rustix::net::bind(&socket, &address(name)?).map_err(|error| match error {
        Errno::ADDRINUSE => Fault::AddressInUse,
        error => fault(error),
    })?;
    Ok(Claim(socket))
}

/// Does somebody listen at a name? Connections that were accepted there bear it as well, and outlive the listener.
pub fn exists(name: &str) -> bool {
    let name = format!("@{name}");
    entries().lines().filter_map(listening).any(|other| other == name)
}

/// The name in an entry of the list, if its socket listens.
fn listening(entry: &str) -> Option<&str> {
    let mut words = entry.split_whitespace();
    let flags = u32::from_str_radix(words.nth(3)?, 16).ok()?;
    words.last().filter(|_| flags & LISTENS != 0)
}

/// The names in use that begin so.
fn names(prefix: &str) -> Vec<String> {
    let prefix = format!("@{prefix}");
    entries()
        .lines()
        .filter_map(|entry| entry.split_whitespace().last())
        .filter(|name| name.starts_with(&prefix))
        .map(|name| name[1..].to_owned())
        .collect()
}

/// All local sockets: `Num RefCount Protocol Flags Type St Inode Path`. Without the list nothing is known to be in use, and the
/// claims themselves still are exclusive.
fn entries() -> String {
    std::fs::read_to_string("/proc/net/unix").unwrap_or_default()
}
