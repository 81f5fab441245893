//! What processes tell each other over local sockets: who they are. Data never goes this way.

use std::net::SocketAddrV4;

use wsp::transport::Mode;

use crate::bytes::{Reader, Writer};

/// Where a process can be recognised from outside: a word of its memory that no other process has at that address.
///
/// Together with the process number, which the kernel vouches for, it keeps memory of a wrong process from being copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The word's address in that process.
    pub address: u64,
    /// The word.
    pub word: u64,
    /// Counts the processes that had this end of the connection one after the other, from 1.
    pub generation: u32,
}

/// A frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Asks for a connection. With it: the segment, the asker's bell.
    Hello {
        /// What its sends are.
        mode: Mode,
        /// The asker's address.
        from: SocketAddrV4,
        /// The address that was asked for.
        to: SocketAddrV4,
        /// The asker.
        identity: Identity,
    },
    /// A process uses the other end from now on. With it: its bell and, if it is not the one at the other end of this socket,
    /// the socket that leads to it.
    Link {
        /// Do those that were known go on using it, too?
        shared: bool,
        /// The process.
        identity: Identity,
    },
    /// There is something to be served.
    Kick,
}

/// No frame is longer.
pub const LONGEST: usize = 64;

const MAGIC: u32 = 0x5753_5031;

impl Writer {
    /// A process.
    pub fn identity(&mut self, value: Identity) {
        self.long(value.address);
        self.long(value.word);
        self.word(value.generation);
    }
}

impl Reader<'_> {
    /// A process.
    pub fn identity(&mut self) -> Option<Identity> {
        Some(Identity { address: self.long()?, word: self.long()?, generation: self.word().filter(|some| *some > 0)? })
    }
}

impl Frame {
    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.word(MAGIC);
        match *self {
            Self::Hello { mode, from, to: asked, identity } => {
                to.byte(1);
                to.mode(mode);
                to.address(from);
                to.address(asked);
                to.identity(identity);
            }
            Self::Link { shared, identity } => {
                to.byte(2);
                to.byte(u8::from(shared));
                to.identity(identity);
            }
            Self::Kick => to.byte(3),
        }
        to.0
    }

    /// What the bytes are, if they are a frame.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        if from.word()? != MAGIC {
            return None;
        }
        let frame = match from.byte()? {
            1 => {
                let mode = from.mode()?;
                let (asker, asked) = (from.address()?, from.address()?);
                Self::Hello { mode, from: asker, to: asked, identity: from.identity()? }
            }
            2 => Self::Link { shared: from.flag()?, identity: from.identity()? },
            3 => Self::Kick,
            _ => return None,
        };
        from.0.is_empty().then_some(frame)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn frames_come_back(ip: u32, port: u16, address: u64, word: u64, generation in 1_u32.., messages: bool) {
            let identity = Identity { address, word, generation };
            let (from, to) = (SocketAddrV4::new(ip.into(), port), SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7));
            let mode = if messages { Mode::Messages } else { Mode::Stream };
            for frame in [Frame::Hello { mode, from, to, identity }, Frame::Link { shared: messages, identity }, Frame::Kick] {
                let bytes = frame.bytes();
                prop_assert!(bytes.len() <= LONGEST);
                prop_assert_eq!(Frame::parse(&bytes), Some(frame));
                for cut in 0..bytes.len() {
                    prop_assert_eq!(Frame::parse(&bytes[..cut]), None);
                }
            }
        }

        #[test]
        fn any_bytes_are_a_frame_or_none(mut bytes in prop::collection::vec(any::<u8>(), 0..64), magic: bool) {
            if magic && bytes.len() > 4 {
                bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
            }
            if let Some(frame) = Frame::parse(&bytes) {
                prop_assert_eq!(frame.bytes(), bytes);
            }
        }
    }
}
