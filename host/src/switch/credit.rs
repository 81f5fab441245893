//! Flow control: a message is sent only if the peer has a receive posted for it.
//!
//! Each message takes one receive. The receiver posts it again, at once for control messages, after the program has read it for
//! data, and tells so with the next message, or with a message of its own. So that neither side can starve the other:
//! - data leaves [`RESERVE`] receives for control messages, which are consumed whether or not the program reads;
//! - control messages leave one for a report of credits;
//! - a report is sent once half of the receives are untold, or two of them when the peer has hardly any left. A report tells of
//!   at least two and takes one, so reports about reports die out.

/// Receives that data leaves.
const RESERVE: u32 = 3;
/// The fewest receives to work with.
pub const FEWEST: u16 = 8;

/// How urgent a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A part of the stream.
    Data,
    /// Control.
    Control,
    /// Nothing but credits.
    Report,
}

/// What the peer did does not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdrawn;

/// The account of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credits {
    /// Receives of the peer's that are ours to use.
    pub ours: u32,
    /// Receives of the peer's in all.
    pub peer_total: u32,
    /// Receives that we have posted in all.
    pub total: u32,
    /// Posted again and not told.
    pub untold: u32,
    /// What the peer may still send, as far as it was told.
    pub peers: u32,
}

impl Credits {
    /// `posted` receives here and `peer_posted` there.
    pub fn new(posted: u16, peer_posted: u16) -> Self {
        let (posted, peer_posted) = (u32::from(posted), u32::from(peer_posted));
        Self { ours: peer_posted, peer_total: peer_posted, total: posted, untold: 0, peers: posted }
    }

    /// May a message of this class go?
    pub fn allows(&self, class: Class) -> bool {
        self.ours
            > match class {
                Class::Data => RESERVE,
                Class::Control => 1,
                Class::Report => 0,
            }
    }

    /// A message goes; says what to tell with it.
    pub fn send(&mut self) -> u16 {
        self.ours = self.ours.saturating_sub(1);
        let told = u16::try_from(self.untold).unwrap_or(u16::MAX);
        self.untold -= u32::from(told);
        self.peers += u32::from(told);
        told
    }

    /// A message has come, telling of `told` receives.
    ///
    /// # Errors
    /// The peer had no credit, or tells of more receives than it has.
    pub fn receive(&mut self, told: u16) -> Result<(), Overdrawn> {
        self.peers = self.peers.checked_sub(1).ok_or(Overdrawn)?;
        self.ours += u32::from(told);
        if self.ours <= self.peer_total { Ok(()) } else { Err(Overdrawn) }
    }

    /// A receive has been posted again.
    pub fn posted(&mut self) {
        self.untold += 1;
    }

    /// The peer has posted its receives anew, in another process.
    pub fn renew(&mut self, peer_posted: u16) {
        self.peer_total = u32::from(peer_posted);
        self.ours = self.peer_total;
    }

    /// Is a report due?
    pub fn report_due(&self) -> bool {
        self.untold >= self.total / 2 || self.untold >= 2 && self.peers <= RESERVE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    struct Side {
        credits: Credits,
        inbox: VecDeque<(u16, Class)>,
        /// Data that the program has not read.
        held: u32,
        wants_data: u32,
        wants_control: u32,
    }

    impl Side {
        fn new(receives: u16, peer: u16) -> Self {
            let credits = Credits::new(receives, peer);
            Self { credits, inbox: VecDeque::new(), held: 0, wants_data: 0, wants_control: 0 }
        }

        /// Takes what has come, and sends what may go: what progress does. Says whether anything happened.
        fn progress(&mut self, peer: &mut Self) -> bool {
            let mut happened = false;
            while let Some((told, class)) = self.inbox.pop_front() {
                happened = true;
                self.credits.receive(told).expect("the peer keeps to its credits");
                if class == Class::Data {
                    self.held += 1;
                } else {
                    self.credits.posted();
                }
            }
            while self.wants_control > 0 && self.credits.allows(Class::Control) {
                self.wants_control -= 1;
                happened = true;
                self.send(Class::Control, peer);
            }
            while self.wants_data > 0 && self.credits.allows(Class::Data) {
                self.wants_data -= 1;
                happened = true;
                self.send(Class::Data, peer);
            }
            if self.credits.report_due() && self.credits.allows(Class::Report) {
                happened = true;
                self.send(Class::Report, peer);
            }
            happened
        }

        fn send(&mut self, class: Class, peer: &mut Self) {
            let told = self.credits.send();
            peer.inbox.push_back((told, class));
            let posted = peer.credits.total - peer.held;
            assert!(peer.inbox.len() <= posted as usize, "a message without a receive");
        }

        fn read(&mut self, count: u32) {
            for _ in 0..count.min(self.held) {
                self.held -= 1;
                self.credits.posted();
            }
        }
    }

    fn settle(a: &mut Side, b: &mut Side) {
        for round in 0.. {
            let moved = a.progress(b) | b.progress(a);
            if !moved {
                return;
            }
            assert!(round < 10_000, "reports about reports do not die out");
        }
    }

    proptest! {
        #[test]
        fn control_always_gets_through_and_data_once_it_is_read(
            (receives, peer) in (FEWEST..40, FEWEST..40),
            steps in proptest::collection::vec((any::<bool>(), 0_u32..4, 0_u32..80), 0..60),
        ) {
            let (mut a, mut b) = (Side::new(receives, peer), Side::new(peer, receives));
            for (first, what, count) in steps {
                let (side, other) = if first { (&mut a, &mut b) } else { (&mut b, &mut a) };
                match what {
                    0 => side.wants_data += count,
                    1 => side.wants_control += count,
                    2 => side.read(count),
                    _ => { side.progress(other); }
                }
            }
            settle(&mut a, &mut b);
            prop_assert_eq!((a.wants_control, b.wants_control), (0, 0), "control waits for the program");
            for _ in 0..10_000 {
                if a.wants_data + b.wants_data + a.held + b.held == 0 {
                    break;
                }
                a.read(1);
                b.read(1);
                settle(&mut a, &mut b);
            }
            prop_assert_eq!((a.wants_data, b.wants_data), (0, 0), "data is stuck although all has been read");
        }
    }

    #[test]
    fn a_peer_that_overdraws_is_found_out() {
        let mut credits = Credits::new(8, 8);
        assert_eq!(credits.receive(1), Err(Overdrawn), "more receives than it has");
        let mut credits = Credits::new(8, 8);
        for _ in 0..8 {
            assert_eq!(credits.receive(0), Ok(()));
        }
        assert_eq!(credits.receive(0), Err(Overdrawn), "more messages than there are receives");
    }
}
