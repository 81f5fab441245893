//! One end of a connection: how it is made, watched, and ended. The bytes are in [`transfer`](super::transfer).

use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicU32, Ordering, compiler_fence, fence};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use wsp::transport::{Bell, Ending, Fault, Mode};

use super::handover;
use super::instance::Instance;
use super::layout;
use super::links::{Link, Links};
use super::remote::Remotes;
use super::ring::Ring;
use super::segment::{End, Place, state, verdict};
use super::watcher::Watched;
use super::wire::{self, Frame, Identity};
use crate::os::memory::Mapping;
use crate::os::process::{self, Memory};
use crate::os::socket::{self, Incoming, Socket};
use crate::os::{Descriptor, sync};

/// How long a peer may take to finish copying what it must not use any more. It is a system call under way.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// How long another process that uses this end may be sending or receiving. It copies less than a megabyte; who takes so much
/// longer is stopped, or the peer has written the word that says so.
const TURN: Duration = Duration::from_secs(10);

/// What is the matter with an end, as bits.
pub mod condition {
    /// It was handed over to another process.
    pub const MOVED: u32 = 1;
    /// It was closed here.
    pub const CLOSED: u32 = 2;
    /// The segment holds nonsense.
    pub const SPOILT: u32 = 4;
    /// Other processes use it as well.
    pub const SHARED: u32 = 8;
    /// No process is left at the other end.
    pub const DEAD: u32 = 16;

    /// It came from another process, and the other end has not answered yet.
    pub const ARRIVING: u32 = 32;
    /// A connection of bytes that the listener's side is still to accept, or has accepted.
    pub const ASKING: u32 = 64;

    /// Nothing can be done with it.
    pub const OVER: u32 = MOVED | CLOSED | SPOILT;
}

/// One end of a connection.
pub struct Core {
    pub(super) instance: Arc<Instance>,
    pub(super) file: Descriptor,
    pub(super) facts: Facts,
    pub(super) outgoing: Ring,
    pub(super) incoming: Ring,
    pub(super) own: Place<End>,
    pub(super) other: Place<End>,
    pub(super) links: Links,
    pub(super) condition: AtomicU32,
    pub(super) remote: Remotes,
    /// The process whose memory can be copied from and to, and its generation.
    pub(super) readable: Mutex<Option<(Memory, Identity)>>,
    /// How many sends other processes had lent before.
    pub(super) lent_before: u64,
    sending: AtomicU32,
    receiving: AtomicU32,
    made: OnceLock<Result<(), Fault>>,
    /// Held while frames are read.
    serving: Mutex<()>,
}

/// What does not change about an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// 0 for the end that asked for the connection, 1 for the one that accepted it.
    pub end: usize,
    /// What sends are.
    pub mode: Mode,
    /// Our address.
    pub local: SocketAddrV4,
    /// The peer's.
    pub peer: SocketAddrV4,
    /// Counts the processes that had this end, from 1.
    pub generation: u32,
}

/// Which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the peer.
    Out,
    /// From the peer.
    In,
}

impl Core {
    /// An end over a segment, which has the right size.
    pub fn new(instance: &Arc<Instance>, file: Descriptor, facts: Facts) -> Result<Self, Fault> {
        let mapping = Arc::new(Mapping::new(&file, layout::SIZE)?);
        let (own, other) = (facts.end, 1 - facts.end);
        let outgoing = Ring::new(&mapping, layout::data(own), layout::DATA);
        Ok(Self {
            instance: Arc::clone(instance),
            file,
            facts,
            lent_before: outgoing.loans().0,
            outgoing,
            incoming: Ring::new(&mapping, layout::data(other), layout::DATA),
            own: Place::new(&mapping, layout::end(own)),
            other: Place::new(&mapping, layout::end(other)),
            links: Links::default(),
            condition: AtomicU32::new(0),
            remote: Remotes::new(&mapping, facts),
            readable: Mutex::default(),
            sending: AtomicU32::new(0),
            receiving: AtomicU32::new(0),
            made: OnceLock::new(),
            serving: Mutex::default(),
        })
    }

    /// Is a bit of the condition set?
    pub fn is(&self, bits: u32) -> bool {
        self.condition.load(Ordering::Acquire) & bits != 0
    }

    /// Who we are to the peer.
    pub fn identity(&self) -> Identity {
        self.instance.identity(self.facts.generation)
    }

    /// Adds the socket that leads to a process at the other end, and has it watched.
    pub fn add_link(self: &Arc<Self>, link: Link) -> Result<(), Fault> {
        let (token, socket) = (link.token, Arc::clone(&link.socket));
        if !self.links.put(link) {
            return Err(Fault::NoBuffers);
        }
        self.instance.watcher.add(&*socket, token, Watched::Link(Arc::downgrade(self)))
    }

    /// Says to a process at the other end that we are here.
    pub fn greet(&self, through: &Socket, shared: bool, socket: Option<&Socket>) -> Result<(), Fault> {
        let frame = Frame::Link { shared, identity: self.identity() };
        let mut files = self.instance.bell.parts();
        files.extend(socket.map(socket::descriptor));
        socket::send(through, &frame.bytes(), &files)
    }

    /// Is the connection made?
    pub fn established(&self) -> Poll<Result<(), Fault>> {
        if let Some(made) = self.made.get() {
            return Poll::Ready(*made);
        }
        let asks = self.facts.mode == Mode::Messages || self.is(condition::ASKING);
        if self.facts.end == 1 || !asks {
            return Poll::Ready(*self.made.get_or_init(|| Ok(())));
        }
        let over = self.is(condition::DEAD | condition::OVER);
        let made = match self.other.verdict.load(Ordering::Acquire) {
            verdict::ACCEPTED => Ok(()),
            verdict::WAITING if !over => return Poll::Pending,
            _ => Err(Fault::Refused),
        };
        Poll::Ready(*self.made.get_or_init(|| made))
    }

    /// Ends it on both sides: the segment cannot be trusted any more.
    #[cold]
    pub fn spoil(&self) -> Fault {
        self.condition.fetch_or(condition::SPOILT, Ordering::AcqRel);
        self.own.state.fetch_max(state::ABORTED, Ordering::Release);
        self.remote.agent.abandon(Fault::Reset);
        self.links.ring();
        self.instance.bell.ring();
        Fault::Reset
    }

    /// Has the peer's agent look, whether or not any thread of the peer's is there.
    pub fn kick(&self) {
        for link in self.links.all() {
            // If the socket is full of kicks, one more changes nothing.
            let _ = socket::send(&*link.socket, &Frame::Kick.bytes(), &[]);
        }
    }

    /// Reads what a process at the other end says.
    pub fn serve_link(self: &Arc<Self>, token: u64) {
        let serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kicked = false;
        while let Some(link) = self.links.find(token) {
            let mut buffer = [0; wire::LONGEST];
            match socket::receive(&*link.socket, &mut buffer) {
                Ok(Incoming::Nothing) => break,
                Ok(Incoming::Frame(length, files)) => match Frame::parse(&buffer[..length]) {
                    Some(Frame::Link { shared, identity }) => self.on_link(link, shared, identity, files),
                    Some(Frame::Kick) => kicked = true,
                    _ => self.lose(token),
                },
                Ok(Incoming::Gone) | Err(_) => self.lose(token),
            }
        }
        drop(serving);
        if kicked {
            self.serve_remote();
        }
    }

    /// A process at the other end says who it is.
    fn on_link(self: &Arc<Self>, through: Link, shared: bool, identity: Identity, files: Vec<Descriptor>) {
        let mut files = files.into_iter();
        let Ok(bell) = self.instance.bell_of_peer(&mut files) else { return self.lose(through.token) };
        let socket = files.next().map(|file| socket::adopt(file, None)).transpose();
        let Ok(socket) = socket else { return self.lose(through.token) };
        let link = match socket {
            Some(socket) => Link {
                token: self.instance.watcher.token(),
                socket: Arc::new(socket),
                bell: None,
                process: None,
                identity: None,
            },
            None => through.clone(),
        };
        let process = link.process.or_else(|| process::credentials(&*link.socket).ok());
        let (token, link) = (link.token, Link { bell: Some(bell), process, identity: Some(identity), ..link });
        if !shared {
            self.forget(|known| known.token != token);
        }
        let added = if token == through.token {
            self.links.put(link)
        } else {
            // It knows the way to us, but not who we are.
            self.greet(&link.socket, true, None).and_then(|()| self.add_link(link)).is_ok()
        };
        if !added {
            self.lose(token);
        }
        self.probe();
        self.instance.bell.ring();
    }

    /// Finds out whether the peer's memory can be copied from, and tells the peer.
    pub fn probe(&self) {
        let links = self.links.all();
        let who = match &links[..] {
            [Link { process: Some(process), identity: Some(identity), .. }] if self.instance.single_copy => {
                Memory::of(process).map(|memory| (memory, *identity))
            }
            _ => None,
        };
        let who = who.filter(|(memory, identity)| memory.read_word(identity.address) == Ok(identity.word));
        let generation = who.as_ref().map_or(0, |(_, identity)| identity.generation);
        *self.readable.lock().unwrap_or_else(PoisonError::into_inner) = who;
        self.own.can_copy.store(generation, Ordering::Release);
        if links.iter().all(|link| link.identity.is_some()) {
            self.condition.fetch_and(!condition::ARRIVING, Ordering::AcqRel);
        }
    }

    /// May memory be lent to the peer?
    pub fn lends(&self) -> bool {
        self.instance.single_copy
            && self.other.can_copy.load(Ordering::Acquire) == self.facts.generation
            && !self.is(condition::SHARED)
    }

    fn forget(&self, which: impl FnMut(&Link) -> bool) {
        for link in self.links.take(which) {
            self.instance.watcher.remove(&*link.socket, link.token);
        }
    }

    /// A process at the other end is gone.
    fn lose(&self, token: u64) {
        self.forget(|link| link.token == token);
        if self.links.is_empty() {
            self.condition.fetch_or(condition::DEAD, Ordering::AcqRel);
        }
        self.instance.bell.ring();
    }

    /// Sends nothing more.
    pub fn finish(&self) {
        if !self.is(condition::OVER) {
            self.own.state.fetch_max(state::FINISHED, Ordering::Release);
            self.links.ring();
        }
    }

    /// Ends the connection, unless other processes still use this end.
    pub fn close(&self, how: Ending) {
        let before = self.condition.fetch_or(condition::CLOSED, Ordering::AcqRel);
        if before & (condition::CLOSED | condition::MOVED) != 0 {
            return;
        }
        self.close_remote();
        if before & condition::SHARED != 0 && handover::release(&self.own, process::own()) {
            return;
        }
        let last = match how {
            Ending::Graceful => state::CLOSED,
            Ending::Abortive => state::ABORTED,
        };
        self.own.state.fetch_max(last, Ordering::Release);
        self.revoke();
        self.links.ring();
        self.instance.bell.ring();
    }

    /// Takes back memory that was lent: nobody uses it when this returns.
    fn revoke(&self) {
        let (lent, ended) = self.outgoing.loans();
        if lent == ended {
            return;
        }
        self.own.revoked.store(1, Ordering::Relaxed);
        // Pairs with `borrow`: either the peer sees the revocation, or we see it copying.
        fence(Ordering::SeqCst);
        self.wait_while(|| self.other.copying.load(Ordering::Acquire) != 0);
    }

    /// Waits while the peer is in a short piece of work, if it lives and means well.
    pub fn wait_while(&self, busy: impl Fn() -> bool) {
        let begun = Instant::now();
        while busy() && !self.is(condition::DEAD) && begun.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
    }

    /// Lets one thread of all processes that use this end go one way.
    #[inline]
    pub fn turn(&self, way: Way) -> Result<Turn<'_>, Fault> {
        let (inside, lock) = match way {
            Way::Out => (&self.sending, &self.own.send_lock),
            Way::In => (&self.receiving, &self.own.receive_lock),
        };
        inside.store(1, Ordering::Relaxed);
        // Pairs with the barrier in `settle`, which does the work for both sides.
        compiler_fence(Ordering::SeqCst);
        let condition = self.condition.load(Ordering::Relaxed);
        let turn = Turn { inside, lock: None };
        if condition & (condition::OVER | condition::SHARED) == 0 {
            Ok(turn)
        } else {
            self.rare_turn(turn, condition, lock)
        }
    }

    /// The same for an end that is over, or that several processes use.
    #[cold]
    fn rare_turn<'a>(&self, mut turn: Turn<'a>, condition: u32, lock: &'a AtomicU32) -> Result<Turn<'a>, Fault> {
        if condition & condition::SPOILT != 0 {
            return Err(Fault::Reset);
        }
        if condition & condition::OVER != 0 {
            return Err(Fault::Aborted);
        }
        self.lock(lock, TURN)?;
        turn.lock = Some(lock);
        Ok(turn)
    }

    /// Takes the turn that a word of the segment stands for.
    pub(super) fn lock(&self, lock: &AtomicU32, patience: Duration) -> Result<(), Fault> {
        let own = process::own() as u32;
        let mut begun = None;
        let mut tries = 0_u32;
        while let Err(owner) = lock.compare_exchange_weak(0, own, Ordering::Acquire, Ordering::Relaxed) {
            tries = tries.wrapping_add(1);
            if tries.is_multiple_of(1024) {
                let begun = begun.get_or_insert_with(Instant::now);
                // Its owner died in the midst of it, or does not come back: how far it came is not known.
                if !i32::try_from(owner).is_ok_and(process::alive) || begun.elapsed() >= patience {
                    return Err(self.spoil());
                }
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Sets bits of the condition; who is sending or receiving has seen them, or is done, when this returns.
    ///
    /// Returns whether the system can see to that; if not, nothing was set.
    pub fn settle(&self, bits: u32) -> bool {
        self.condition.fetch_or(bits, Ordering::SeqCst);
        if !sync::barrier() {
            self.condition.fetch_and(!bits, Ordering::SeqCst);
            return false;
        }
        while self.sending.load(Ordering::Acquire) + self.receiving.load(Ordering::Acquire) > 0 {
            std::thread::yield_now();
        }
        true
    }

    /// Leaves the connection to another process: no socket of it stays open here.
    pub fn leave(&self) {
        self.forget(|_| true);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close(Ending::Abortive);
        self.leave();
    }
}

/// A thread that is sending or receiving.
#[derive(Debug)]
pub struct Turn<'a> {
    inside: &'a AtomicU32,
    lock: Option<&'a AtomicU32>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(lock) = self.lock {
            lock.store(0, Ordering::Release);
        }
        self.inside.store(0, Ordering::Release);
    }
}
