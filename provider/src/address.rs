//! IPv4 addresses as C has them.

use std::mem::{offset_of, size_of};
use std::net::{Ipv4Addr, SocketAddrV4};

use wsp::ffi;
use wsp::rt::Bytes;

/// Size of a `sockaddr_in`.
pub const SIZE: usize = size_of::<ffi::sockaddr_in>();

/// Why an address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAddress {
    /// Too short, or not of this family.
    Malformed,
}

/// Reads a `sockaddr_in`.
pub fn parse(bytes: Bytes<'_>) -> Result<SocketAddrV4, BadAddress> {
    let mut raw = [0; SIZE];
    if bytes.copy_to(0, &mut raw) < SIZE {
        return Err(BadAddress::Malformed);
    }
    let [family_low, family_high, port_high, port_low, a, b, c, d, ..] = raw;
    if i32::from(u16::from_ne_bytes([family_low, family_high])) != ffi::AF_INET {
        return Err(BadAddress::Malformed);
    }
    Ok(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([port_high, port_low])))
}

/// Writes a `sockaddr_in`.
pub fn bytes(address: SocketAddrV4) -> [u8; SIZE] {
    let mut raw = [0; SIZE];
    let [family_low, family_high] = (ffi::AF_INET as u16).to_ne_bytes();
    let [port_high, port_low] = address.port().to_be_bytes();
    raw[..4].copy_from_slice(&[family_low, family_high, port_high, port_low]);
    raw[4..8].copy_from_slice(&address.ip().octets());
    raw
}

// The layout that the two functions above spell out.
const _: () =
    assert!(offset_of!(ffi::sockaddr_in, sin_port) == 2 && offset_of!(ffi::sockaddr_in, sin_addr) == 4 && SIZE == 16);
