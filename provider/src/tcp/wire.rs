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
//! connection of streams is the bytes themselves.

use wsp::transport::Mode;

/// Bytes in each word of the beginning.
pub const WORD: usize = 8;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
