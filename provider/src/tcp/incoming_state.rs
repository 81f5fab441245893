//! What another process has to know of the direction from the peer, to go on with it.

use super::incoming::{BUFFER, Frame, Held, Incoming};
use super::wire::{HEADER, Header, Kind, REQUEST, Request};
use crate::bytes::{Reader, Writer};

impl Incoming {
    /// Puts it.
    pub fn save(&self, to: &mut Writer) {
        to.bytes(&self.buffer[self.start..self.end]);
        to.flag(self.frame.is_some());
        if let Some(frame) = &self.frame {
            to.0.extend(frame.header.bytes());
            to.word(frame.left as u32);
            to.flag(frame.request.is_some());
            to.0.extend(frame.request.iter().flat_map(|(request, _)| request.bytes()));
        }
        to.word(self.held.len() as u32);
        for held in &self.held {
            to.bytes(&held.bytes[held.at..]);
            to.flag(held.ends);
            to.flag(held.last);
        }
    }

    /// Takes it; `None` if it is not that.
    pub fn restore(from: &mut Reader<'_>) -> Option<Self> {
        let mut incoming = Self::default();
        let buffered = from.bytes().filter(|bytes| bytes.len() <= BUFFER)?;
        incoming.buffer[..buffered.len()].copy_from_slice(buffered);
        incoming.end = buffered.len();
        if from.flag()? {
            incoming.frame = Some(Frame::restore(from)?);
        }
        for _ in 0..from.word()? {
            let bytes = from.bytes()?.to_vec();
            incoming.held.push_back(Held { bytes, at: 0, ends: from.flag()?, last: from.flag()? });
        }
        Some(incoming)
    }
}

impl Frame {
    fn restore(from: &mut Reader<'_>) -> Option<Self> {
        let header = Header::parse(from.take::<HEADER>()?)?;
        let left = usize::try_from(from.word()?).ok().filter(|left| *left <= header.length)?;
        let known = if from.flag()? { Some(Request::parse(from.take::<REQUEST>()?)?) } else { None };
        let good = match header.kind {
            Kind::Message | Kind::Used => known.is_none(),
            Kind::Write => known.map_or(left == header.length, |request| {
                header.length == REQUEST + request.length && left <= request.length
            }),
            Kind::Read => known.map_or(left == header.length, |_| left == 0),
            // Those answer what only the giver knows.
            Kind::Written | Kind::Contents => false,
        };
        // The memory that was asked for stayed with the giver.
        good.then_some(Self { header, left, request: known.map(|request| (request, header.kind != Kind::Write)) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some_state(buffered: usize, message: bool, held: &[(Vec<u8>, bool)]) -> Incoming {
        let mut incoming = Incoming::default();
        incoming.end = buffered;
        incoming.buffer[..buffered].fill(5);
        let request = Request { key: 1, offset: 2, total: 9, at: 3, length: 6 };
        incoming.frame = Some(if message {
            Frame { header: Header { kind: Kind::Message, marked: true, length: 9, used: 7 }, left: 4, request: None }
        } else {
            let header = Header { kind: Kind::Write, marked: false, length: REQUEST + 6, used: 7 };
            Frame { header, left: 2, request: Some((request, true)) }
        });
        let held = held.iter().map(|(bytes, last)| Held { bytes: bytes.clone(), at: 0, ends: *last, last: *last });
        incoming.held.extend(held);
        incoming
    }

    proptest! {
        #[test]
        fn a_state_comes_back(buffered in 0..=BUFFER, message: bool, held: Vec<(Vec<u8>, bool)>) {
            let mut first = Writer::default();
            some_state(buffered, message, &held).save(&mut first);
            let mut from = Reader(&first.0);
            let back = Incoming::restore(&mut from).expect("it was saved so");
            prop_assert!(from.0.is_empty());
            let mut second = Writer::default();
            back.save(&mut second);
            prop_assert!(first.0 == second.0);
            // Memory that was asked for stayed with the giver.
            let allowed = back.frame.and_then(|frame| frame.request).map(|(_, allowed)| allowed);
            prop_assert_eq!(allowed, (!message).then_some(false));
        }

        #[test]
        fn any_bytes_are_a_state_or_none(held: Vec<(Vec<u8>, bool)>, message: bool, at: prop::sample::Index, byte: u8) {
            let mut bytes = Writer::default();
            some_state(20, message, &held).save(&mut bytes);
            let at = at.index(bytes.0.len());
            bytes.0[at] = byte;
            let _ = Incoming::restore(&mut Reader(&bytes.0));
            prop_assert!(Incoming::restore(&mut Reader(&bytes.0[..at.min(24)])).is_none());
        }
    }
}
