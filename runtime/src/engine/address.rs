//! IPv4 addresses as C has them.

use std::mem::{offset_of, size_of};
use std::net::{Ipv4Addr, SocketAddrV4};

use crate::rt::{Bytes, Code};
use crate::{code, ffi};

/// Size of a `sockaddr_in`.
pub const SIZE: usize = size_of::<ffi::sockaddr_in>();

/// Reads a `sockaddr_in`.
///
/// # Errors
/// `WSAEFAULT` if it is too short or of another family.
pub fn parse(bytes: Bytes<'_>) -> Result<SocketAddrV4, Code> {
    parse_or(bytes, code::WSAEFAULT)
}

/// The same for a call that says `WSAEAFNOSUPPORT` of another family.
///
/// # Errors
/// `WSAEFAULT` if it is too short, `WSAEAFNOSUPPORT` if it is of another family.
pub fn parse_peer(bytes: Bytes<'_>) -> Result<SocketAddrV4, Code> {
    parse_or(bytes, code::WSAEAFNOSUPPORT)
}

fn parse_or(bytes: Bytes<'_>, other_family: i32) -> Result<SocketAddrV4, Code> {
    let mut raw = [0; SIZE];
    let enough = bytes.copy_to(0, &mut raw) == SIZE;
    let [family_low, family_high, port_high, port_low, a, b, c, d, ..] = raw;
    if i32::from(u16::from_ne_bytes([family_low, family_high])) != ffi::AF_INET {
        return Err(Code(other_family));
    }
    if !enough {
        return Err(Code(code::WSAEFAULT));
    }
    Ok(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([port_high, port_low])))
}

/// Writes a `sockaddr_in`.
pub fn bytes(address: SocketAddrV4) -> [u8; SIZE] {
    let mut raw = [0; SIZE];
    raw[..2].copy_from_slice(&(ffi::AF_INET as u16).to_ne_bytes());
    raw[2..4].copy_from_slice(&address.port().to_be_bytes());
    raw[4..8].copy_from_slice(&address.ip().octets());
    raw
}

// The layout that the two functions above spell out.
const _: () =
    assert!(offset_of!(ffi::sockaddr_in, sin_port) == 2 && offset_of!(ffi::sockaddr_in, sin_addr) == 4 && SIZE == 16);
