//! Registered memory of a SAN socket, and the descriptors that hosts pass round for it.

use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::sync::Arc;

use super::cache::{Held, Local};
use crate::rt::{BufferEntry, Buffers, Bytes, Code};
use crate::transport::{Access, Remote};
use crate::{code, ffi};

/// Bytes of a descriptor.
pub const DESCRIPTOR: usize = 32;

/// The first bytes of every descriptor: a word to tell it from others' by, and the version of the layout.
const MARK: [u8; 4] = *b"WSD\x01";

const INVALID: Code = Code(code::WSAEINVAL);

/// What is registered on a socket.
#[derive(Default)]
pub struct Registrations {
    pub local: Held,
    /// Descriptors whose memory the peer can reach, the transport's keys, and their registrations.
    exposed: HashMap<[u8; DESCRIPTOR], (u64, usize)>,
}

impl Registrations {
    /// The registrations that an operation's buffers name, each with the access that is needed and round all its bytes.
    pub fn of(&self, buffers: Buffers<'_, ffi::WSABUFEX>, needed: fn(Access) -> bool) -> Result<Vec<Arc<Local>>, Code> {
        buffers
            .entries()
            .map(|entry| {
                let (pointer, length) = entry.parts();
                let local = self.local.get(entry.handle).ok_or(INVALID)?;
                let offset = (pointer as usize).checked_sub(local.region.as_ptr() as usize).ok_or(INVALID)?;
                local.region.part(offset, length).filter(|_| needed(local.access)).ok_or(INVALID)?;
                Ok(Arc::clone(local))
            })
            .collect()
    }

    /// Notes a descriptor that was given out: its key, and its registration.
    pub fn note_exposed(&mut self, descriptor: [u8; DESCRIPTOR], key: u64, handle: usize) {
        self.exposed.insert(descriptor, (key, handle));
    }

    /// The key and the registration of a descriptor that is taken back.
    ///
    /// # Errors
    /// `WSAEINVAL` if none such was given out, or it was taken back before.
    pub fn take_exposed(&mut self, descriptor: &[u8; DESCRIPTOR]) -> Result<(u64, usize), Code> {
        self.exposed.remove(descriptor).ok_or(INVALID)
    }

    /// Can the peer reach anything?
    pub fn is_exposed(&self) -> bool {
        !self.exposed.is_empty()
    }

    /// Gives everything up. Returns the transport's keys.
    pub fn clear(&mut self) -> Vec<u64> {
        self.local.clear();
        self.exposed.drain().map(|(_, (key, _))| key).collect()
    }
}

/// What `MEM_` flags allow.
pub fn access(flags: u32) -> Access {
    Access { read: flags & ffi::MEM_READ != 0, write: flags & ffi::MEM_WRITE != 0 }
}

/// What a descriptor says and whose it is, mixed into one word, so that one that was damaged, or is another connection's, is
/// found at once. It is no secret: what a peer may reach, the owner's transport checks.
fn tag(remote: &Remote, flags: u32, owner: SocketAddrV4, peer: SocketAddrV4) -> u64 {
    let [owner, peer] = [owner, peer].map(|end| u64::from(u32::from(*end.ip())) << 16 | u64::from(end.port()));
    let words = [remote.key, remote.length, flags.into(), owner, peer];
    // The odd multiplier spreads each word over all bits.
    words.into_iter().fold(0, |mixed: u64, word| (mixed ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29))
}

/// Writes a descriptor. It holds no address of this process.
pub fn describe(remote: &Remote, owner: SocketAddrV4, peer: SocketAddrV4) -> [u8; DESCRIPTOR] {
    let flags = u32::from(remote.access.read) | u32::from(remote.access.write) << 1;
    let mut descriptor = [0; DESCRIPTOR];
    descriptor[..4].copy_from_slice(&MARK);
    descriptor[4..8].copy_from_slice(&flags.to_le_bytes());
    descriptor[8..16].copy_from_slice(&remote.key.to_le_bytes());
    descriptor[16..24].copy_from_slice(&remote.length.to_le_bytes());
    descriptor[24..].copy_from_slice(&tag(remote, flags, owner, peer).to_le_bytes());
    descriptor
}

/// The bytes of a descriptor that a host passes.
///
/// # Errors
/// `WSAEINVAL` if they are too few or too many for one.
pub fn take(descriptor: Bytes<'_>) -> Result<[u8; DESCRIPTOR], Code> {
    let mut bytes = [0; DESCRIPTOR];
    let fits = descriptor.len() == DESCRIPTOR && descriptor.copy_to(0, &mut bytes) == DESCRIPTOR;
    if fits { Ok(bytes) } else { Err(INVALID) }
}

/// Reads a peer's descriptor. What it says is checked again by the peer, who knows what it gave out.
///
/// # Errors
/// `WSAEINVAL` if it is no descriptor, or none of this connection.
pub fn understand(descriptor: &[u8; DESCRIPTOR], owner: SocketAddrV4, peer: SocketAddrV4) -> Result<Remote, Code> {
    let word = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&descriptor[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    let flags = word(0) >> 32;
    let access = Access { read: flags & 1 != 0, write: flags & 2 != 0 };
    let remote = Remote { key: word(8), length: word(16), access };
    // Also finds whatever else is not as written: other flags, another version.
    if describe(&remote, owner, peer) == *descriptor { Ok(remote) } else { Err(INVALID) }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn end(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    proptest! {
        #[test]
        fn a_descriptor_says_what_was_put_in(key: u64, length: u64, read: bool, write: bool) {
            let remote = Remote { key, length, access: Access { read, write } };
            let descriptor = describe(&remote, end(1), end(2));
            prop_assert_eq!(understand(&descriptor, end(1), end(2)), Ok(remote));
            prop_assert!(understand(&descriptor, end(2), end(1)).is_err());
            prop_assert!(understand(&descriptor, end(1), end(3)).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(mut bytes: [u8; DESCRIPTOR], mark: bool) {
            if mark {
                bytes[..4].copy_from_slice(&MARK);
            }
            prop_assert!(understand(&bytes, end(1), end(2)).is_err());
        }
    }
}
