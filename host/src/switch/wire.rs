//! The messages that two switches exchange over a provider's messages. The provider sees bytes only.
//!
//! Every message is one `WSPSend` and takes one receive of the peer's. Numbers are little-endian.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | kind |
//! | 1 | 1 | 0 |
//! | 2 | 2 | credits: receives that the sender has posted since it last told |
//! | 4 | 4 | argument: see below |
//! | 8 | | body |
//!
//! | kind | name | argument | body |
//! |---|---|---|---|
//! | 1 | negotiate | version, 1 | `SANs`, receives (2), abilities (2; bit 0: RDMA read), largest message (4), session (16) |
//! | 2 | data | length of the body | bytes of the stream |
//! | 3 | credit | 0 | none |
//! | 4 | offer | transfer | bytes to read by RDMA (4), length of the descriptor (4), descriptor, first bytes of the stream |
//! | 5 | request | transfer | bytes to be written by RDMA (4), first bytes of the stream |
//! | 6 | location | transfer | bytes of room (4), descriptor |
//! | 7 | done | transfer | bytes moved (4), 0 or 1 for failed (4) |
//! | 8 | fin | 0 | none: the end of the sender's stream |
//! | 9 | fin taken | 0 | none |
//! | 10 | suspend | 0 | none: the sender is about to move to another process |
//! | 11 | suspend taken | 0 | none: nothing follows until the resume |
//! | 12 | resume | 0 | receives posted in the new process (2), 0 (2), largest message (4) |
//!
//! Data, offer, request and fin are parts of the stream, in order. In the read path an offer is answered by a done; in the
//! write path a request by one or more locations, each answered by a done.

/// The version of the format.
const VERSION: u32 = 1;
const MAGIC: [u8; 4] = *b"SANs";

/// Bytes before the body.
pub const HEADER: usize = 8;
/// What an offer has before its descriptor.
pub const OFFER_HEAD: usize = HEADER + 8;

/// What a switch says of itself when a session begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Receives posted.
    pub receives: u16,
    /// Largest message that fits into one.
    pub message_size: u32,
    /// The provider has `WSPRdmaRead`.
    pub rdma_read: bool,
    /// Identifies the session; the connecting side chooses.
    pub session: [u8; 16],
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Opens the session.
    Negotiate(Terms),
    /// Bytes of the stream.
    Data(&'a [u8]),
    /// Nothing but credits.
    Credit,
    /// Bytes of the stream, of which most are to be read by RDMA.
    Offer { id: u32, length: u32, descriptor: &'a [u8], first: &'a [u8] },
    /// Bytes of the stream, of which most are to be written by RDMA.
    Request { id: u32, length: u32, first: &'a [u8] },
    /// Where to write them.
    Location { id: u32, length: u32, descriptor: &'a [u8] },
    /// They have been read, or written.
    Done { id: u32, bytes: u32, failed: bool },
    /// The end of the stream.
    Fin,
    /// The end of the stream has arrived, and all before it.
    FinTaken,
    /// The sender is about to move.
    Suspend,
    /// The last message until the resume.
    SuspendTaken,
    /// The sender has moved.
    Resume { receives: u16, message_size: u32 },
}

/// The bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Shorter than its kind.
    #[error("a message is too short")]
    Short,
    /// Its lengths contradict each other.
    #[error("a message's length is wrong")]
    Length,
    /// No kind that we know.
    #[error("a message of an unknown kind")]
    Kind,
    /// Not a switch, or one of another version.
    #[error("the peer is no switch of this version")]
    Version,
}

impl<'a> Message<'a> {
    /// Reads a message, and the credits that came with it.
    ///
    /// # Errors
    /// The bytes are none.
    pub fn parse(bytes: &'a [u8]) -> Result<(u16, Self), WireError> {
        let mut reader = Reader(bytes);
        let [kind, reserved] = reader.take()?;
        let credits = reader.u16()?;
        let id = reader.u32()?;
        if reserved != 0 {
            return Err(WireError::Kind);
        }
        let message = match kind {
            1 => Self::Negotiate(parse_terms(id, &mut reader)?),
            2 if id as usize == reader.0.len() => Self::Data(reader.rest()),
            2 => return Err(WireError::Length),
            3 => Self::Credit,
            4 => {
                let (length, described) = (reader.u32()?, reader.u32()?);
                Self::Offer { id, length, descriptor: reader.slice(described)?, first: reader.rest() }
            }
            5 => Self::Request { id, length: reader.u32()?, first: reader.rest() },
            6 => Self::Location { id, length: reader.u32()?, descriptor: reader.rest() },
            7 => Self::Done { id, bytes: reader.u32()?, failed: reader.u32()? != 0 },
            8 => Self::Fin,
            9 => Self::FinTaken,
            10 => Self::Suspend,
            11 => Self::SuspendTaken,
            12 => {
                let [receives, _] = [reader.u16()?, reader.u16()?];
                Self::Resume { receives, message_size: reader.u32()? }
            }
            _ => return Err(WireError::Kind),
        };
        if reader.0.is_empty() { Ok((credits, message)) } else { Err(WireError::Length) }
    }

    /// Writes the message; says how many bytes. `None` if there is not enough room.
    pub fn write(&self, credits: u16, room: &mut [u8]) -> Option<usize> {
        let mut writer = Writer { room, at: 0 };
        let (kind, argument) = self.head()?;
        writer.put(&[kind, 0])?;
        writer.put(&credits.to_le_bytes())?;
        writer.put(&argument.to_le_bytes())?;
        match *self {
            Self::Negotiate(terms) => {
                writer.put(&MAGIC)?;
                writer.put(&terms.receives.to_le_bytes())?;
                writer.put(&u16::from(terms.rdma_read).to_le_bytes())?;
                writer.put(&terms.message_size.to_le_bytes())?;
                writer.put(&terms.session)?;
            }
            Self::Data(bytes) => writer.put(bytes)?,
            Self::Offer { length, descriptor, first, .. } => {
                writer.put(&length.to_le_bytes())?;
                writer.put(&u32::try_from(descriptor.len()).ok()?.to_le_bytes())?;
                writer.put(descriptor)?;
                writer.put(first)?;
            }
            Self::Request { length, first: rest, .. } | Self::Location { length, descriptor: rest, .. } => {
                writer.put(&length.to_le_bytes())?;
                writer.put(rest)?;
            }
            Self::Done { bytes, failed, .. } => {
                writer.put(&bytes.to_le_bytes())?;
                writer.put(&u32::from(failed).to_le_bytes())?;
            }
            Self::Resume { receives, message_size } => {
                writer.put(&receives.to_le_bytes())?;
                writer.put(&[0; 2])?;
                writer.put(&message_size.to_le_bytes())?;
            }
            Self::Credit | Self::Fin | Self::FinTaken | Self::Suspend | Self::SuspendTaken => {}
        }
        Some(writer.at)
    }

    /// Kind and argument.
    fn head(&self) -> Option<(u8, u32)> {
        Some(match *self {
            Self::Negotiate(_) => (1, VERSION),
            Self::Data(bytes) => (2, u32::try_from(bytes.len()).ok()?),
            Self::Credit => (3, 0),
            Self::Offer { id, .. } => (4, id),
            Self::Request { id, .. } => (5, id),
            Self::Location { id, .. } => (6, id),
            Self::Done { id, .. } => (7, id),
            Self::Fin => (8, 0),
            Self::FinTaken => (9, 0),
            Self::Suspend => (10, 0),
            Self::SuspendTaken => (11, 0),
            Self::Resume { .. } => (12, 0),
        })
    }
}

fn parse_terms(version: u32, reader: &mut Reader<'_>) -> Result<Terms, WireError> {
    if version != VERSION || reader.take::<4>()? != MAGIC {
        return Err(WireError::Version);
    }
    let (receives, abilities) = (reader.u16()?, reader.u16()?);
    Ok(Terms { receives, message_size: reader.u32()?, rdma_read: abilities & 1 != 0, session: reader.take()? })
}

/// Takes values off the front. Also reads what a moved session is written as.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub fn u16(&mut self) -> Result<u16, WireError> {
        self.take().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, WireError> {
        self.take().map(u32::from_le_bytes)
    }

    pub fn slice(&mut self, length: u32) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(length as usize).ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

struct Writer<'a> {
    room: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.at.checked_add(bytes.len())?;
        self.room.get_mut(self.at..end)?.copy_from_slice(bytes);
        self.at = end;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn messages() -> impl Strategy<Value = (u16, u8, u32, u32, Vec<u8>, Vec<u8>, bool)> {
        (
            any::<u16>(),
            0_u8..12,
            any::<u32>(),
            any::<u32>(),
            vec(any::<u8>(), 0..64),
            vec(any::<u8>(), 0..64),
            any::<bool>(),
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again((credits, which, id, length, one, other, flag) in messages()) {
            let mut session = [0; 16];
            session[..4].copy_from_slice(&id.to_le_bytes());
            let message = match which {
                0 => Message::Negotiate(Terms { receives: credits, message_size: length, rdma_read: flag, session }),
                1 => Message::Data(&one),
                2 => Message::Credit,
                3 => Message::Offer { id, length, descriptor: &one, first: &other },
                4 => Message::Request { id, length, first: &one },
                5 => Message::Location { id, length, descriptor: &one },
                6 => Message::Done { id, bytes: length, failed: flag },
                7 => Message::Fin,
                8 => Message::FinTaken,
                9 => Message::Suspend,
                10 => Message::SuspendTaken,
                _ => Message::Resume { receives: credits, message_size: length },
            };
            let mut room = [0; 256];
            let size = message.write(credits, &mut room).unwrap();
            prop_assert_eq!(Message::parse(&room[..size]), Ok((credits, message)));
            prop_assert!(message.write(credits, &mut room[..size - 1]).is_none(), "too little room");
        }

        #[test]
        fn any_bytes_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..128)) {
            if let Ok((credits, message)) = Message::parse(&bytes) {
                let mut room = [0; 128];
                let size = message.write(credits, &mut room).unwrap();
                prop_assert_eq!(Message::parse(&room[..size]), Ok((credits, message)));
            }
        }

        #[test]
        fn a_message_with_a_header_and_any_body_does_no_harm(kind in 0_u8..16, id: u32, body in vec(any::<u8>(), 0..64)) {
            let mut bytes = vec![kind, 0, 1, 0];
            bytes.extend(id.to_le_bytes());
            bytes.extend(&body);
            if let Ok((_, Message::Data(data))) = Message::parse(&bytes) {
                prop_assert_eq!(data.len(), id as usize);
            }
        }
    }

    #[test]
    fn negotiation_fits_into_what_providers_hold() {
        let terms = Terms { receives: 16, message_size: 1, rdma_read: true, session: [1; 16] };
        let mut room = [0; 256];
        assert_eq!(Message::Negotiate(terms).write(0, &mut room), Some(36));
    }
}
