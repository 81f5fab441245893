//! What a socket has in common with its duplicates in other processes: the options, which directions are shut, and whose
//! registration for events is the newest.
//!
//! Until it is handed over for the first time all of this is in the socket alone. From then on the options that the socket keeps
//! follow those in the shared words: they are looked at whenever the lock round them is taken, and what changes there is merged bit
//! by bit, so that no process ever waits for another. It rings the bell of the own process only: a thread that sleeps in another sees
//! a change when it looks next, which is half a second later at most with the bells that processes share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard};

use super::endpoint::{Endpoint, Life, lock};
use super::events::Listener;
use super::options::{self, Options};
use crate::rt::Code;
use crate::transport::{COMMON, Common, Fault, Transport};

/// The word that counts registrations for events in steps of two; the lowest bit says whether the newest is one, or took one back.
const REGISTRATION: usize = options::WORDS;

const _: () = assert!(REGISTRATION < COMMON);

/// A direction, as a bit beside the options' flags.
#[derive(Debug, Clone, Copy)]
pub enum Direction {
    Receive = 1 << 8,
    Send = 1 << 9,
}

const SHUT: u64 = Direction::Receive as u64 | Direction::Send as u64;

/// The socket's own options become what they are in common.
fn follow(options: &mut Options, common: &dyn Common) {
    let [flags, times, sizes, _] = common.words().each_ref().map(|word| word.load(Ordering::Relaxed));
    let words = [flags & !SHUT, times, sizes];
    if words != options.words() {
        *options = Options::from_words(words);
    }
}

/// Changes a word in one step. Returns what it is then.
fn update(word: &AtomicU64, change: impl Fn(u64) -> u64) -> u64 {
    let mut now = word.load(Ordering::Relaxed);
    loop {
        match word.compare_exchange_weak(now, change(now), Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return change(now),
            Err(other) => now = other,
        }
    }
}

impl<T: Transport> Endpoint<T> {
    /// What changes rarely.
    pub(super) fn life(&self) -> MutexGuard<'_, Life<T>> {
        let mut life = lock(&self.life);
        if let Some(common) = self.common.get() {
            follow(&mut life.options, &**common);
        }
        life
    }

    /// Changes options, for all who have the socket.
    pub(super) fn change_options<R>(&self, change: impl FnOnce(&mut Options) -> R) -> R {
        let mut life = self.life();
        let before = life.options.words();
        let result = change(&mut life.options);
        if let Some(common) = self.common.get() {
            for (word, (before, after)) in common.words().iter().zip(before.into_iter().zip(life.options.words())) {
                let changed = before ^ after;
                update(word, |now| now & !changed | after & changed);
            }
        }
        result
    }

    /// Notes for all who have the socket that a direction is shut.
    pub(super) fn note_shut(&self, direction: Direction) {
        if let Some(common) = self.common.get() {
            common.words()[0].fetch_or(direction as u64, Ordering::Relaxed);
        }
    }

    /// Notes that no direction is shut any more: the socket starts anew.
    pub(super) fn note_reopened(&self) {
        if let Some(common) = self.common.get() {
            common.words()[0].fetch_and(!SHUT, Ordering::Relaxed);
        }
    }

    /// Has somebody who has the socket shut a direction?
    #[inline]
    pub(super) fn is_shut_in_common(&self, direction: Direction) -> bool {
        self.common.get().is_some_and(|common| common.words()[0].load(Ordering::Relaxed) & direction as u64 != 0)
    }

    /// The number of the newest registration for events.
    pub(super) fn newest_registration(&self) -> u64 {
        self.common.get().map_or(0, |common| common.words()[REGISTRATION].load(Ordering::Relaxed))
    }

    /// Replaces the registration for events, and ends those of all others who have the socket. The event object of the last one is
    /// signalled no more, and can be closed. A socket that is closed gets no registration.
    pub(super) fn replace_events(&self, listener: Option<Listener>, mask: i32) {
        let _signalling = self.signalling();
        let mut events = self.events();
        if self.is_closed() {
            // Under the lock under which a close ends the registration: one that comes later nobody would end.
            return;
        }
        events.register(listener, mask, |registers| self.number_registration(registers));
        self.eventful.store(events.is_registered(), Ordering::Release);
    }

    /// Ends the registration for events here, and nobody else's.
    pub(super) fn end_events(&self) {
        let mut events = self.events();
        events.register(None, 0, |_| 0);
        self.eventful.store(false, Ordering::Release);
    }

    /// The number of a registration that ends those of all who have the socket.
    fn number_registration(&self, registers: bool) -> u64 {
        let Some(common) = self.common.get() else { return 0 };
        update(&common.words()[REGISTRATION], |newest| (newest | 1).wrapping_add(1) | u64::from(registers))
    }

    /// Is anybody who has the socket told its events?
    pub(super) fn is_told_anywhere(&self) -> bool {
        if self.common.get().is_some() { self.newest_registration() & 1 != 0 } else { self.is_eventful() }
    }

    /// The words that a duplicate needs, if the transport has any. From the first time on the socket follows them. The caller has the
    /// locks of both directions, which are `shut` or not.
    ///
    /// # Errors
    /// The transport's.
    pub(super) fn in_common(&self, shut: [bool; 2]) -> Result<Option<Arc<dyn Common>>, Code> {
        if let Some(common) = self.common.get() {
            return Ok(Some(Arc::clone(common)));
        }
        let common = match self.home.transport.common() {
            Ok(common) => common,
            Err(Fault::NotSupported) => return Ok(None),
            Err(fault) => return Err(fault.code()),
        };
        // Whoever changes something has one of these locks, or one of the caller's, and finds the words afterwards, if not before.
        let (life, mut events) = (self.life(), self.events());
        for (word, value) in common.words().iter().zip(life.options.words()) {
            word.store(value, Ordering::Relaxed);
        }
        let number = u64::from(events.is_registered());
        common.words()[REGISTRATION].store(number, Ordering::Relaxed);
        events.set_number(number);
        let common = self.common.get_or_init(|| common);
        for (direction, _) in
            [Direction::Receive, Direction::Send].into_iter().zip(shut).filter(|(_, is_shut)| *is_shut)
        {
            self.note_shut(direction);
        }
        Ok(Some(Arc::clone(common)))
    }
}
