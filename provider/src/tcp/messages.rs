//! A connection of messages: what its two directions share.
//!
//! Whoever is inside reads frames and takes from them what it wants: a receive takes messages straight into its memory, everybody
//! else keeps them for a receive to come. Credit sees to it that what is kept has a bound, so reading never has to stop, and what
//! comes behind a message nobody wants is reached.
//!
//! Locks are taken in this order: incoming, outgoing, moves.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use wsp::transport::{Bell as _, Fault, Ready};

use super::connection::{Core, condition};
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::remote::Remotes;
use super::wire::{HEADER, WINDOW};
use crate::bytes::{Reader, Writer};
use crate::os::{Descriptor, memory};

/// The peer is told what was used up at the latest when it is so much.
const TOLD: u32 = WINDOW / 4;

/// What a connection of messages has beside its socket.
pub struct Messages {
    incoming: Mutex<Incoming>,
    outgoing: Mutex<Outgoing>,
    /// Remote memory.
    pub remote: Remotes,
    /// The account of either direction.
    pub account: Account,
    /// Does a sender wait for the peer to use something up?
    pub starved: AtomicBool,
    /// Is there something to be written apart from messages?
    pub owing: AtomicBool,
}

/// What was sent and used up, each since the beginning, modulo 2^32.
#[derive(Debug, Default)]
pub struct Account {
    /// What we have sent.
    sent: AtomicU32,
    /// What the peer says it has used up of that.
    used_there: AtomicU32,
    /// What we have received.
    received: AtomicU32,
    /// What we have used up of that.
    used: AtomicU32,
    /// What the peer was told of that.
    told: AtomicU32,
}

impl Account {
    /// How much may be sent.
    pub fn credit(&self) -> u32 {
        // In one order with `starved`: whoever sets that sees here what was said before it was looked at.
        let used = self.used_there.load(Ordering::SeqCst);
        WINDOW - self.sent.load(Ordering::Acquire).wrapping_sub(used).min(WINDOW)
    }

    /// A frame is going to be sent.
    pub fn send(&self, payload: usize) {
        self.sent.fetch_add((HEADER + payload) as u32, Ordering::AcqRel);
    }

    /// It was not.
    pub fn unsend(&self, payload: usize) {
        self.sent.fetch_sub((HEADER + payload) as u32, Ordering::AcqRel);
    }

    /// The peer says what it has used up. Returns whether that is more than before.
    ///
    /// # Errors
    /// It cannot be.
    pub fn peer_used(&self, used: u32) -> Result<bool, Fault> {
        let before = self.used_there.load(Ordering::Acquire);
        if used.wrapping_sub(before) > self.sent.load(Ordering::Acquire).wrapping_sub(before) {
            return Err(Fault::Reset);
        }
        self.used_there.store(used, Ordering::SeqCst);
        Ok(used != before)
    }

    /// A frame of a message begins.
    ///
    /// # Errors
    /// The peer has no credit for it.
    pub fn receive(&self, payload: usize) -> Result<(), Fault> {
        let count = (HEADER + payload) as u32;
        let received = self.received.fetch_add(count, Ordering::AcqRel).wrapping_add(count);
        let kept = received.wrapping_sub(self.used.load(Ordering::Acquire));
        if kept > WINDOW { Err(Fault::Reset) } else { Ok(()) }
    }

    /// The host has taken so much.
    pub fn use_up(&self, count: usize) {
        self.used.fetch_add(count as u32, Ordering::AcqRel);
    }

    /// What we have used up, to tell the peer.
    pub fn tell(&self) -> u32 {
        let used = self.used.load(Ordering::Acquire);
        self.told.store(used, Ordering::Release);
        used
    }

    /// Should the peer be told?
    pub fn is_due(&self) -> bool {
        self.used.load(Ordering::Acquire).wrapping_sub(self.told.load(Ordering::Acquire)) >= TOLD
    }
}

impl Account {
    fn numbers(&self) -> [&AtomicU32; 5] {
        [&self.sent, &self.used_there, &self.received, &self.used, &self.told]
    }

    fn save(&self, to: &mut Writer) {
        self.numbers().into_iter().for_each(|number| to.word(number.load(Ordering::Acquire)));
    }

    fn restore(from: &mut Reader<'_>) -> Option<Self> {
        let account = Self::default();
        for number in account.numbers() {
            number.store(from.word()?, Ordering::Release);
        }
        Some(account)
    }
}

impl Messages {
    /// Nothing was sent yet. The generation counts the processes that had this end.
    pub fn new(generation: u32) -> Self {
        Self {
            incoming: Mutex::default(),
            outgoing: Mutex::default(),
            remote: Remotes::new(generation),
            account: Account::default(),
            starved: AtomicBool::new(false),
            owing: AtomicBool::new(false),
        }
    }

    /// What another process has [saved](Core::give_messages); `None` if it is not that.
    pub fn restore(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.remote = Remotes::restore(from)?;
        self.account = Account::restore(from)?;
        self.incoming = Mutex::new(Incoming::restore(from)?);
        let outgoing = Outgoing::restore(from)?;
        self.owing = AtomicBool::new(!outgoing.is_idle());
        self.outgoing = Mutex::new(outgoing);
        from.0.is_empty().then_some(())
    }

    /// The direction from the peer.
    pub fn incoming(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The direction to the peer.
    pub fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Reads what has come, keeps messages and serves the rest, unless another thread is doing so.
    pub fn take_in(&self, messages: &Messages) {
        let incoming = match messages.incoming.try_lock() {
            Ok(incoming) => incoming,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.keep(messages, incoming);
    }

    /// Returns whether there may be more.
    fn keep(&self, messages: &Messages, mut incoming: MutexGuard<'_, Incoming>) -> bool {
        let kept = incoming.keep(self, messages);
        let news = incoming.take_news();
        drop(incoming);
        if news {
            // Whoever waits for it may have found nothing before it was taken from the socket.
            self.instance.bell.ring();
        }
        kept.unwrap_or(false)
    }

    /// Serves the peer and writes what is owed, unless another thread is doing so.
    pub fn serve(&self, messages: &Messages) {
        if self.is(condition::OVER) {
            return;
        }
        if messages.remote.is_active() {
            self.take_in(messages);
        }
        self.write_what_is_owed(messages);
    }

    /// The same, but after whoever is doing so: it may have looked before that came of which the caller was told, once. Returns
    /// whether there may be more to serve.
    pub fn serve_in_turn(&self, messages: &Messages) -> bool {
        if self.is(condition::OVER) {
            return false;
        }
        let more = messages.remote.is_active() && self.keep(messages, messages.incoming());
        self.write_what_is_owed(messages);
        more
    }

    fn write_what_is_owed(&self, messages: &Messages) {
        if messages.owing.load(Ordering::Acquire) || messages.remote.under_way() {
            let _ = self.write_owed(messages, &mut messages.outgoing());
        }
    }

    /// Stops here, for another process to go on. Returns a file with all that it has to know.
    ///
    /// # Errors
    /// [`Fault::BadClaim`] while something is under way that only this process can end.
    pub fn give_messages(&self, messages: &Messages) -> Result<Descriptor, Fault> {
        let (incoming, mut out) = (messages.incoming(), messages.outgoing());
        self.write_owed(messages, &mut out)?;
        if messages.remote.under_way() || !out.can_move() || self.fault().is_some() {
            return Err(Fault::BadClaim);
        }
        let mut to = Writer::default();
        messages.remote.save(&mut to).ok_or(Fault::NoBuffers)?;
        messages.account.save(&mut to);
        incoming.save(&mut to);
        out.save(&mut to);
        let file = memory::store("wsp-tcp-messages", &to.0)?;
        // Whoever waits for a lock sees it before anything else is read or written.
        self.set(condition::MOVED);
        self.ring_no_more();
        messages.remote.withdraw_all();
        Ok(file)
    }

    /// What could be done without waiting.
    pub fn messages_ready(&self, messages: &Messages) -> Ready {
        if self.is(condition::OVER) {
            return Ready { readable: true, writable: true, ended: true, fault: Some(Fault::Aborted) };
        }
        let fault = self.fault();
        let broken = fault.is_some();
        let readable = broken || messages.incoming().has_message();
        Ready { readable, writable: broken || messages.account.credit() > HEADER as u32, ended: broken, fault }
    }

    /// How many bytes one receive could give.
    pub fn message_available(&self, messages: &Messages) -> usize {
        self.take_in(messages);
        messages.incoming().kept()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};
    use std::task::Poll;
    use std::thread;
    use std::time::{Duration, Instant};

    use wsp::transport::{
        Access, Connection as _, Gather, Listener as _, Mode, Region, Request as _, Sent, Transport as _,
    };

    use super::super::{Connection, Settings, Tcp};
    use super::*;
    use crate::os::net;

    fn soon<R>(mut answer: impl FnMut() -> Poll<Result<R, Fault>>) -> R {
        loop {
            match answer() {
                Poll::Ready(answer) => return answer.unwrap(),
                Poll::Pending => thread::yield_now(),
            }
        }
    }

    fn pair(network: &Tcp) -> [Connection; 2] {
        let bind = || network.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), false).unwrap();
        let (from, to) = (bind(), bind());
        let listener = network.listen(&to, 1, Mode::Messages).unwrap();
        let one = network.connect(&from, to.address, Mode::Messages).unwrap();
        let other = soon(|| listener.poll()).accept().unwrap();
        soon(|| one.established());
        [one, other]
    }

    #[test]
    fn what_came_while_another_thread_was_reading_is_served_after_it() {
        let network = Tcp::new(Settings::default()).unwrap();
        let [one, other] = pair(&network);
        let mut memory = *b"bytes";
        // SAFETY: the connections are gone before the memory.
        let region = unsafe { Region::new(memory.as_mut_ptr(), memory.len()) };
        other.rdma().unwrap().expose(region, Access { read: true, write: false }).unwrap();
        let (core, messages) = (&other.0, other.0.messages.as_deref().unwrap());
        thread::scope(|scope| {
            let reading = messages.incoming();
            assert_eq!(one.send(&Gather::of(region), 0, false), Ok(Sent::All));
            while net::waiting(&core.socket) < HEADER + region.len() {
                thread::yield_now();
            }
            let watching = scope.spawn(|| core.serve_in_turn(messages));
            let begun = Instant::now();
            while !watching.is_finished() && begun.elapsed() < Duration::from_millis(20) {
                // Not for correctness: the longer, the likelier is it that the thread has come to wait.
                thread::yield_now();
            }
            assert!(!watching.is_finished(), "it would have to ask again and again");
            drop(reading);
            assert!(!watching.join().unwrap(), "there is no more");
        });
        assert!(messages.incoming().has_message());
        drop((one, other));
    }

    #[test]
    fn credit_is_what_the_peer_has_not_used_up() {
        let (ours, theirs) = (Account::default(), Account::default());
        // All the way round the numbers.
        for _ in 0..20_000 {
            let payload = (WINDOW / 2) as usize - HEADER;
            assert_eq!(ours.credit(), WINDOW);
            ours.send(payload);
            ours.send(payload);
            assert_eq!(ours.credit(), 0);
            assert_eq!((theirs.receive(payload), theirs.receive(payload)), (Ok(()), Ok(())));
            theirs.use_up(HEADER + payload);
            assert!(theirs.is_due());
            assert_eq!(ours.peer_used(theirs.tell()), Ok(true));
            assert_eq!(ours.credit(), WINDOW / 2);
            theirs.use_up(HEADER + payload);
            assert_eq!(ours.peer_used(theirs.tell()), Ok(true));
        }
    }

    #[test]
    fn a_peer_that_takes_more_than_it_may_or_counts_wrong_is_found_out() {
        let account = Account::default();
        assert_eq!(account.peer_used(1), Err(Fault::Reset));
        account.send(8);
        assert_eq!(account.peer_used(21), Err(Fault::Reset));
        assert_eq!(account.peer_used(20), Ok(true));
        assert_eq!(account.peer_used(19), Err(Fault::Reset), "it cannot take that back");
        assert_eq!(account.receive(WINDOW as usize - HEADER), Ok(()));
        assert_eq!(account.receive(0), Err(Fault::Reset));
    }
}
