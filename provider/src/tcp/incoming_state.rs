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
