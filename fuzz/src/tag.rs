//! The word of check in descriptors of memory. It is no secret, so a forger can make it.

use std::net::SocketAddrV4;

const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
const TURN: u32 = 29;

/// An address as it is mixed in.
pub fn name(address: SocketAddrV4) -> u64 {
    u64::from(u32::from(*address.ip())) << 16 | u64::from(address.port())
}

fn word(descriptor: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(descriptor[at..at + 8].try_into().expect("eight bytes"))
}

/// Everything but the peer's address.
fn mixed(descriptor: &[u8], owner: u64) -> u64 {
    let words = [word(descriptor, 8), word(descriptor, 16), word(descriptor, 0) >> 32, owner];
    words.into_iter().fold(0, |mixed, word| mix(mixed, word))
}

fn mix(mixed: u64, word: u64) -> u64 {
    (mixed ^ word).wrapping_mul(SPREAD).rotate_left(TURN)
}

/// The peer's address, from a good descriptor and its owner's.
pub fn other_end(descriptor: &[u8], owner: u64) -> u64 {
    // By Newton's method: each round doubles the bits that are right.
    let inverse =
        (0..6).fold(SPREAD, |found: u64, _| found.wrapping_mul(2_u64.wrapping_sub(found.wrapping_mul(SPREAD))));
    word(descriptor, 24).rotate_right(TURN).wrapping_mul(inverse) ^ mixed(descriptor, owner)
}

/// Makes the word of check go with the rest, if it is all there.
pub fn repair(descriptor: &mut [u8], owner: u64, peer: u64) {
    if descriptor.len() >= 32 {
        let tag = mix(mixed(descriptor, owner), peer);
        descriptor[24..32].copy_from_slice(&tag.to_le_bytes());
    }
}
