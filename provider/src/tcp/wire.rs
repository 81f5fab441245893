//! What goes over the wire. All numbers are little-endian. Whatever is read here was written by somebody who is not trusted.
//!
//! A connection begins with one word each way, of [`WORD`] bytes:
//!
//! | bytes | from who connects ([`Hello`]) | from who listens ([`Answer`]) |
//! |---|---|---|
//! | 0-3 | `WSPT` | `WSPT` |
//! | 4 | version, 1 | version, 1 |
//! | 5 | 1 | 2 |
//! | 6 | mode: 0 stream, 1 messages | 0 waiting, 1 accepted, 2 refused |
//! | 7 | 0 | 0 |
//!
//! *Waiting* is said at once by who lets a connection wait for its acceptance, and another answer follows. After *accepted* a
//! connection of streams is the bytes themselves. One of messages is frames, each a header of [`HEADER`] bytes and a payload:
//!
//! | bytes | header |
//! |---|---|
//! | 0 | kind, see [`Kind`] |
//! | 1 | 1 if it is marked: the last of its message, or refused; else 0 |
//! | 2-3 | 0 |
//! | 4-7 | length of the payload |
//! | 8-11 | how much of what it received the sender has used up since the beginning, modulo 2^32 |
//!
//! What counts as received are the frames of messages: their headers and payloads. At most [`WINDOW`] bytes of them may be under
//! way and not used up; so what nobody has asked for yet can always be kept, and all other frames are always read.
//!
//! A request for remote memory begins with [`REQUEST`] bytes: the key, the offset in the memory, how many bytes the whole transfer
//! has, where in it this piece begins (8 bytes each), the piece's length (4 bytes). Requests are answered in their order; at most
//! [`OUTSTANDING`] may be unanswered.

use wsp::transport::Mode;

/// Bytes in each word of the beginning.
pub const WORD: usize = 8;
/// Bytes in a header.
pub const HEADER: usize = 12;
/// Bytes at the beginning of a request.
pub const REQUEST: usize = 36;
/// The most bytes of messages, with their headers, that are under way or kept.
pub const WINDOW: u32 = 384 * 1024;
/// The most bytes of a message in one frame.
pub const FRAGMENT: usize = 128 * 1024;
/// The most bytes of remote memory in one frame.
pub const PIECE: usize = 64 * 1024;
/// The most requests that may be unanswered.
pub const OUTSTANDING: usize = 32;

const MAGIC: [u8; 4] = *b"WSPT";
const VERSION: u8 = 1;

/// What who connects says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// What its sends are.
    pub mode: Mode,
}

/// What who listens says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The connection is known, and waits to be accepted.
    Waiting,
    /// It is made.
    Accepted,
    /// It is not made.
    Refused,
}

fn word(kind: u8, value: u8) -> [u8; WORD] {
    let [a, b, c, d] = MAGIC;
    [a, b, c, d, VERSION, kind, value, 0]
}

/// The value in a word of a kind.
fn value(bytes: [u8; WORD], kind: u8) -> Option<u8> {
    (bytes == word(kind, bytes[6])).then_some(bytes[6])
}

impl Hello {
    /// Its bytes.
    pub fn bytes(self) -> [u8; WORD] {
        word(1, u8::from(self.mode == Mode::Messages))
    }

    /// What the bytes say, if they are one.
    pub fn parse(bytes: [u8; WORD]) -> Option<Self> {
        let mode = match value(bytes, 1)? {
            0 => Mode::Stream,
            1 => Mode::Messages,
            _ => return None,
        };
        Some(Self { mode })
    }
}

impl Answer {
    const ALL: [Self; 3] = [Self::Waiting, Self::Accepted, Self::Refused];

    /// Its bytes.
    pub fn bytes(self) -> [u8; WORD] {
        word(2, self as u8)
    }

    /// What the bytes say, if they are one.
    pub fn parse(bytes: [u8; WORD]) -> Option<Self> {
        let value = value(bytes, 2)?;
        Self::ALL.into_iter().find(|answer| *answer as u8 == value)
    }
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A piece of a message. Marked: the last one.
    Message = 1,
    /// Nothing but the header, for what it says has been used up.
    Used = 2,
    /// Asks to write remote memory. The request, and the bytes.
    Write = 3,
    /// Asks to read remote memory. The request.
    Read = 4,
    /// Answers a write. Marked: it was refused.
    Written = 5,
    /// Answers a read: the bytes. Marked: it was refused, and there are none.
    Contents = 6,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Message, Self::Used, Self::Write, Self::Read, Self::Written, Self::Contents];

    /// Which lengths the payload may have.
    fn lengths(self, marked: bool) -> std::ops::RangeInclusive<usize> {
        match self {
            Self::Message if marked => 0..=FRAGMENT,
            Self::Message => 1..=FRAGMENT,
            Self::Used | Self::Written => 0..=0,
            Self::Write => REQUEST..=REQUEST + PIECE,
            Self::Read => REQUEST..=REQUEST,
            Self::Contents if marked => 0..=0,
            Self::Contents => 0..=PIECE,
        }
    }

    /// May it be marked?
    fn marks(self) -> bool {
        matches!(self, Self::Message | Self::Written | Self::Contents)
    }
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Kind,
    /// The kind says what that means.
    pub marked: bool,
    /// Bytes behind the header.
    pub length: usize,
    /// How much its sender has used up.
    pub used: u32,
}

impl Header {
    /// Its bytes. The length is one that the kind may have.
    pub fn bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0] = self.kind as u8;
        bytes[1] = u8::from(self.marked);
        bytes[4..8].copy_from_slice(&(self.length as u32).to_le_bytes());
        bytes[8..].copy_from_slice(&self.used.to_le_bytes());
        bytes
    }

    /// What the bytes say, if they are one.
    pub fn parse(bytes: [u8; HEADER]) -> Option<Self> {
        let [kind, mark, zero, other, a, b, c, d, e, f, g, h] = bytes;
        let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind)?;
        let marked = mark == 1;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        let good = mark <= u8::from(kind.marks()) && zero == 0 && other == 0 && kind.lengths(marked).contains(&length);
        good.then_some(Self { kind, marked, length, used: u32::from_le_bytes([e, f, g, h]) })
    }
}

/// A piece of a transfer to or from remote memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Which memory.
    pub key: u64,
    /// Where in it the transfer begins.
    pub offset: u64,
    /// How many bytes the transfer has.
    pub total: usize,
    /// Where in the transfer this piece begins.
    pub at: usize,
    /// How many bytes it has.
    pub length: usize,
}

impl Request {
    /// Its bytes.
    pub fn bytes(self) -> [u8; REQUEST] {
        let mut bytes = [0; REQUEST];
        for (place, number) in bytes.chunks_mut(8).zip([self.key, self.offset, self.total as u64, self.at as u64]) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes[32..].copy_from_slice(&(self.length as u32).to_le_bytes());
        bytes
    }

    /// What the bytes say, if they are one: the piece lies in its transfer and is not too large.
    pub fn parse(bytes: [u8; REQUEST]) -> Option<Self> {
        let long = |at: usize| bytes[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        let (total, at) = (usize::try_from(long(16)?).ok()?, usize::try_from(long(24)?).ok()?);
        let length = usize::try_from(u32::from_le_bytes(*bytes[32..].first_chunk()?)).ok()?;
        let inside = at.checked_add(length).is_some_and(|end| end <= total);
        (inside && length <= PIECE).then_some(Self { key: long(0)?, offset: long(8)?, total, at, length })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header() -> impl Strategy<Value = Header> {
        (prop::sample::select(&Kind::ALL[..]), any::<bool>(), any::<prop::sample::Index>(), any::<u32>()).prop_map(
            |(kind, marked, length, used)| {
                let marked = marked && kind.marks();
                let lengths = kind.lengths(marked);
                let length = lengths.start() + length.index(lengths.end() - lengths.start() + 1);
                Header { kind, marked, length, used }
            },
        )
    }

    proptest! {
        #[test]
        fn headers_come_back(header in header()) {
            prop_assert_eq!(Header::parse(header.bytes()), Some(header));
        }

        #[test]
        fn any_bytes_are_a_header_or_none(mut bytes: [u8; HEADER], near: bool) {
            if near {
                bytes[0] %= 8;
                bytes[1] %= 3;
                bytes[2..4].fill(0);
                bytes[6] %= 3;
                bytes[7] = 0;
            }
            if let Some(header) = Header::parse(bytes) {
                prop_assert!(header.length <= FRAGMENT.max(REQUEST + PIECE));
                prop_assert_eq!(header.bytes(), bytes);
            }
        }

        #[test]
        fn any_bytes_are_a_request_or_none(mut bytes: [u8; REQUEST], near: bool) {
            if near {
                bytes[19..24].fill(0);
                bytes[27..32].fill(0);
                bytes[34..].fill(0);
            }
            if let Some(request) = Request::parse(bytes) {
                prop_assert!(request.at + request.length <= request.total && request.length <= PIECE);
                prop_assert_eq!(request.bytes(), bytes);
            }
        }

        #[test]
        fn requests_come_back(key: u64, offset: u64, at in 0_usize..1 << 40, length in 0..=PIECE, more in 0_usize..1 << 20) {
            let request = Request { key, offset, total: at + length + more, at, length };
            prop_assert_eq!(Request::parse(request.bytes()), Some(request));
        }

        #[test]
        fn any_word_is_a_hello_an_answer_or_none(mut bytes: [u8; WORD], near: bool) {
            if near {
                bytes[..4].copy_from_slice(&MAGIC);
                bytes[4..].iter_mut().for_each(|byte| *byte %= 4);
            }
            if let Some(hello) = Hello::parse(bytes) {
                prop_assert_eq!(hello.bytes(), bytes);
                prop_assert_eq!(Answer::parse(bytes), None);
            }
            if let Some(answer) = Answer::parse(bytes) {
                prop_assert_eq!(answer.bytes(), bytes);
            }
        }
    }

    #[test]
    fn words_come_back() {
        for mode in [Mode::Stream, Mode::Messages] {
            assert_eq!(Hello::parse(Hello { mode }.bytes()), Some(Hello { mode }));
        }
        for answer in Answer::ALL {
            assert_eq!(Answer::parse(answer.bytes()), Some(answer));
        }
        assert_eq!(Hello::parse(*b"GET / HT"), None);
    }
}
