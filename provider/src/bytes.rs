//! Numbers in bytes, little-endian: what processes of one machine tell each other.

use std::net::{Ipv4Addr, SocketAddrV4};

use wsp::transport::Mode;

/// Puts numbers one after the other.
#[derive(Debug, Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    /// A number of one byte.
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// A number of four bytes.
    pub fn word(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A number of eight bytes.
    pub fn long(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Bytes, behind their count.
    pub fn bytes(&mut self, value: &[u8]) {
        self.word(value.len() as u32);
        self.0.extend_from_slice(value);
    }

    /// A flag.
    pub fn flag(&mut self, value: bool) {
        self.byte(u8::from(value));
    }

    /// An address.
    pub fn address(&mut self, value: SocketAddrV4) {
        self.word(u32::from(*value.ip()));
        self.word(u32::from(value.port()));
    }

    /// A mode.
    pub fn mode(&mut self, value: Mode) {
        self.byte(u8::from(value == Mode::Messages));
    }
}

/// Takes numbers that a [`Writer`] put; `None` where there are too few bytes or a value is not one.
#[derive(Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// As many bytes as are asked for.
    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    /// Bytes, behind their count.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.word()?).ok()?;
        let (first, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(first)
    }

    /// A number of one byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    /// A number of four bytes.
    pub fn word(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// A number of eight bytes.
    pub fn long(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    /// An address.
    pub fn address(&mut self) -> Option<SocketAddrV4> {
        let ip = Ipv4Addr::from(self.word()?);
        Some(SocketAddrV4::new(ip, u16::try_from(self.word()?).ok()?))
    }

    /// A mode.
    pub fn mode(&mut self) -> Option<Mode> {
        match self.byte()? {
            0 => Some(Mode::Stream),
            1 => Some(Mode::Messages),
            _ => None,
        }
    }

    /// A flag.
    pub fn flag(&mut self) -> Option<bool> {
        self.byte().filter(|flag| *flag < 2).map(|flag| flag == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_and_nothing_is_read_beyond_the_end(word: u32, long: u64, flag: bool, bytes: Vec<u8>) {
            let mut to = Writer::default();
            to.bytes(&bytes);
            to.long(long);
            to.flag(flag);
            to.word(word);
            let mut from = Reader(&to.0);
            let read = (from.bytes(), from.long(), from.flag(), from.word(), from.byte());
            prop_assert_eq!(read, (Some(&bytes[..]), Some(long), Some(flag), Some(word), None));
            let mut short = Reader(&to.0[..bytes.len() + 3]);
            prop_assert_eq!(short.bytes(), None);
        }
    }
}
