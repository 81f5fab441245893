//! One end of a connection: how it is made, watched, and ended.

use std::io;
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use socket2::TcpKeepalive;
use wsp::transport::{Bell as _, Bound, Ending, Fault, Mode, Region};

use super::Connection;
use super::arrival::Word;
use super::instance::Instance;
use super::lingering::Lingering;
use super::messages::Messages;
use super::ports::Lease;
use super::share::Share;
use super::watcher::Watched;
use super::wire::{Answer, Hello, WORD};
use crate::os::net::{self, Socket};

/// What is the matter with an end, as bits.
pub mod condition {
    /// It was closed here.
    pub const CLOSED: u32 = 1;
    /// It was handed over to another process.
    pub const MOVED: u32 = 2;
    /// What happens to it rings the bell.
    pub const RINGS: u32 = 4;
    /// Others go on with it, and this end counts no more among those who use it.
    pub const LEFT: u32 = 8;

    /// Nothing can be done with it.
    pub const OVER: u32 = CLOSED | MOVED;
}

/// Sets what every connection has.
///
/// If this process dies the peer gets a reset, not the end of the stream: a connection ends abortively unless it is closed.
pub fn configure(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    socket.set_linger(Some(Duration::ZERO))?;
    let alive = TcpKeepalive::new().with_time(Duration::from_secs(5)).with_interval(Duration::from_secs(2));
    net::keep_alive(socket, &alive, 4)
}

/// One end of a connection.
pub struct Core {
    pub(super) instance: Arc<Instance>,
    pub(super) socket: Socket,
    pub(super) mode: Mode,
    pub(super) local: SocketAddrV4,
    pub(super) peer: SocketAddrV4,
    condition: AtomicU32,
    /// Why it is broken: what the system tells only once.
    fault: OnceLock<Fault>,
    /// Is nothing more to be read?
    ended: AtomicBool,
    made: OnceLock<Result<(), Fault>>,
    /// While it is being made.
    asking: Mutex<Option<Asking>>,
    /// Is a sender told of room?
    wants_room: AtomicBool,
    /// Was everything taken that was there?
    pub(super) emptied: AtomicBool,
    /// The number by which the watching thread knows it, once it serves the peer.
    served: OnceLock<usize>,
    /// If other processes, or other descriptors, may use it as well.
    share: Mutex<Option<Share>>,
    /// If it is one of messages.
    pub(super) messages: Option<Box<Messages>>,
}

/// How far the making is.
struct Asking {
    /// Under which the watching thread knows it.
    number: usize,
    /// `None`: it may take as long as it takes.
    until: Option<Instant>,
    greeted: bool,
    /// Has the other side answered at all?
    known: bool,
    word: Word,
}

impl Asking {
    /// Goes on as far as it goes.
    fn step(&mut self, socket: &Socket, mode: Mode) -> Poll<Result<(), Fault>> {
        if !self.greeted {
            let levels = net::levels(socket);
            if levels.broken {
                return Poll::Ready(Err(unreached(net::error(socket).unwrap_or(Fault::TimedOut))));
            }
            if !levels.writable {
                return self.patience();
            }
            if say(socket, Hello { mode }.bytes()).is_err() {
                return Poll::Ready(Err(Fault::TimedOut));
            }
            self.greeted = true;
        }
        loop {
            // Whoever does not speak as we do is not reached by us; by TCP/IP alone it may be.
            return match self.word.hear(socket).map(|word| word.map(Answer::parse)) {
                Ok(None) => self.patience(),
                Ok(Some(Some(Answer::Accepted))) => Poll::Ready(Ok(())),
                Ok(Some(Some(Answer::Refused))) => Poll::Ready(Err(Fault::Refused)),
                Ok(Some(Some(Answer::Waiting))) if !self.known && mode == Mode::Messages => {
                    self.known = true;
                    continue;
                }
                Ok(Some(_)) | Err(_) => Poll::Ready(Err(Fault::TimedOut)),
            };
        }
    }

    fn patience(&self) -> Poll<Result<(), Fault>> {
        // Who is known to be there may take its time to accept.
        if self.known || self.until.is_none_or(|until| Instant::now() < until) {
            Poll::Pending
        } else {
            Poll::Ready(Err(Fault::TimedOut))
        }
    }
}

/// What it means that the system could not connect. What it says of the peer, it would say to TCP/IP as well.
fn unreached(fault: Fault) -> Fault {
    match fault {
        Fault::Refused
        | Fault::HostUnreachable
        | Fault::NetworkUnreachable
        | Fault::AddressInUse
        | Fault::AddressNotAvailable
        | Fault::NoBuffers
        | Fault::TooManyOpen => fault,
        _ => Fault::TimedOut,
    }
}

/// Sends a word of the beginning, for which there is always room.
fn say(socket: &Socket, word: [u8; WORD]) -> Result<(), Fault> {
    match net::send(socket, &word, std::iter::empty::<Region>()) {
        Ok(WORD) => Ok(()),
        _ => Err(Fault::Reset),
    }
}

/// Asks for a connection.
pub fn connect(
    instance: &Arc<Instance>,
    from: &Bound<Lease>,
    to: SocketAddrV4,
    mode: Mode,
) -> Result<Connection, Fault> {
    let socket = from.lease.socket()?;
    configure(&socket)?;
    net::connect(&socket, to).map_err(|error| unreached(error.into()))?;
    let local = net::address(socket.local_addr())?;
    let (number, patience) = (instance.watcher.number(), instance.settings.connect);
    let until = Instant::now().checked_add(patience);
    let asking = Asking { number, until, greeted: false, known: false, word: Word::default() };
    let core = Arc::new(Core::new(instance, socket, mode, [local, to], Some(asking)));
    if core.advance().is_pending() {
        let watched = Watched::Asker(Arc::downgrade(&core));
        instance.watcher.add(&core.socket, number, watched, Some(patience))?;
        if core.made.get().is_some() {
            instance.watcher.remove(&core.socket, number);
        }
    }
    Ok(Connection(core))
}

impl Core {
    fn new(
        instance: &Arc<Instance>,
        socket: Socket,
        mode: Mode,
        [local, peer]: [SocketAddrV4; 2],
        asking: Option<Asking>,
    ) -> Self {
        if mode == Mode::Messages {
            // Where that cannot be chosen the system's own patience counts.
            let _ = net::give_up_after(&socket, instance.settings.delivery);
        }
        Self {
            instance: Arc::clone(instance),
            socket,
            mode,
            local,
            peer,
            condition: AtomicU32::new(0),
            fault: OnceLock::new(),
            ended: AtomicBool::new(false),
            made: OnceLock::new(),
            asking: Mutex::new(asking),
            wants_room: AtomicBool::new(false),
            emptied: AtomicBool::new(false),
            served: OnceLock::new(),
            share: Mutex::default(),
            messages: (mode == Mode::Messages).then(|| Box::new(Messages::new(1))),
        }
    }

    /// The listener's end of a connection. It does not ring yet.
    pub fn accepted(instance: &Arc<Instance>, socket: Socket, mode: Mode, addresses: [SocketAddrV4; 2]) -> Self {
        let core = Self::new(instance, socket, mode, addresses, None);
        let _ = core.made.set(Ok(()));
        core
    }

    /// Is a bit of the condition set?
    pub fn is(&self, bits: u32) -> bool {
        self.condition.load(Ordering::Acquire) & bits != 0
    }

    /// Sets bits of the condition.
    pub fn set(&self, bits: u32) {
        self.condition.fetch_or(bits, Ordering::AcqRel);
    }

    /// How it is shared with others, if it is.
    pub fn shared(&self) -> MutexGuard<'_, Option<Share>> {
        self.share.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Others use it as well.
    pub fn shared_with_others(&self, share: Share) {
        *self.shared() = Some(share);
    }

    /// Lets what happens ring the bell.
    pub fn ring_from_now(&self) -> Result<(), Fault> {
        self.instance.bell.add(&self.socket)?;
        self.set(condition::RINGS);
        Ok(())
    }

    /// Has the peer's requests served though no thread of the host's has a reason to come by.
    pub fn serve_from_now(self: &Arc<Self>) {
        let mut first = false;
        let number = *self.served.get_or_init(|| {
            first = true;
            self.instance.watcher.number()
        });
        if first {
            // If it cannot be watched they wait for a thread of the host's.
            let _ = self.instance.watcher.add(&self.socket, number, Watched::Agent(Arc::downgrade(self)), None);
        }
    }

    /// Lets nothing of it ring the bell any more.
    pub fn ring_no_more(&self) {
        if let Some(number) = self.served.get() {
            self.instance.watcher.remove(&self.socket, *number);
        }
        if self.condition.fetch_and(!condition::RINGS, Ordering::AcqRel) & condition::RINGS != 0 {
            self.instance.bell.remove(&self.socket);
        }
    }

    /// Answers who asks.
    pub fn answer(&self, answer: Answer) -> Result<(), Fault> {
        say(&self.socket, answer.bytes())
    }

    /// Tells who asks that there will be no connection.
    pub fn refuse(&self) {
        let _ = self.answer(Answer::Refused);
        self.close(Ending::Graceful);
    }

    /// Goes on with the making of the connection.
    pub fn advance(&self) -> Poll<Result<(), Fault>> {
        if let Some(made) = self.made.get() {
            return Poll::Ready(*made);
        }
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = &mut *asking else {
            return self.made.get().map_or(Poll::Pending, |made| Poll::Ready(*made));
        };
        let Poll::Ready(outcome) = state.step(&self.socket, self.mode) else { return Poll::Pending };
        self.instance.watcher.remove(&self.socket, state.number);
        let outcome = outcome.and_then(|()| self.ring_from_now());
        let made = *self.made.get_or_init(|| outcome);
        *asking = None;
        drop(asking);
        self.instance.bell.ring();
        Poll::Ready(made)
    }

    /// May something be done with it?
    pub fn usable(&self) -> Result<(), Fault> {
        if self.is(condition::OVER) { Err(Fault::Aborted) } else { Ok(()) }
    }

    /// Why it is broken, if that was seen.
    pub fn fault(&self) -> Option<Fault> {
        self.fault.get().copied()
    }

    /// It is broken: the first reason counts.
    #[cold]
    pub fn broken(&self, error: io::Error) -> Fault {
        if self.is(condition::OVER) {
            return Fault::Aborted;
        }
        *self.fault.get_or_init(|| match Fault::from(error) {
            Fault::TimedOut => Fault::TimedOut,
            Fault::HostUnreachable | Fault::NetworkUnreachable => Fault::TimedOut,
            Fault::NoBuffers => Fault::NoBuffers,
            _ => Fault::Reset,
        })
    }

    /// Nothing can be sent any more: what has arrived can still be read.
    #[cold]
    pub fn fail(&self, messages: &Messages, error: io::Error) -> Fault {
        let known = self.fault().is_some();
        let fault = self.broken(error);
        if !known {
            messages.remote.abandon(fault);
            self.instance.bell.ring();
        }
        fault
    }

    /// Nothing can be read any more, or what was read is nonsense: that is the end of it.
    #[cold]
    pub fn end(&self, messages: &Messages, fault: Fault) -> Fault {
        if self.is(condition::OVER) {
            return Fault::Aborted;
        }
        let fault = *self.fault.get_or_init(|| fault);
        if !self.ended.swap(true, Ordering::AcqRel) {
            net::disconnect(&self.socket);
            messages.remote.abandon(fault);
            // Once: who sleeps would otherwise be woken by its own look.
            self.instance.bell.ring();
        }
        fault
    }

    /// Has the bell rung when there is room again, or no more.
    pub fn want_room(&self, wanted: bool) {
        if self.wants_room.load(Ordering::Relaxed) != wanted {
            self.wants_room.store(wanted, Ordering::Relaxed);
            self.instance.bell.want_room(&self.socket, wanted);
        }
    }

    /// Sends nothing more.
    pub fn finish(&self) {
        if !self.is(condition::OVER) {
            let _ = self.socket.shutdown(std::net::Shutdown::Write);
        }
    }

    /// Sends nothing more, if the system can tell only then whether everything has arrived. It is about to be closed.
    pub fn settle(&self) {
        if !net::TELLS_BEFORE_THE_END && !self.is(condition::OVER) && !self.leave() {
            self.finish();
        }
    }

    /// Gives it up, if others use it as well. Returns whether they do.
    fn leave(&self) -> bool {
        if self.shared().take().is_some_and(|share| !share.leave()) {
            self.set(condition::LEFT);
        }
        self.is(condition::LEFT)
    }

    /// Gives the socket to the watching thread, which closes it once what was sent has arrived.
    fn end_later(&self) {
        Self::end_gracefully(&self.socket);
        self.ring_no_more();
        if let Ok(socket) = net::part_with(&self.socket) {
            Lingering::close(&self.instance, socket);
        }
    }

    /// Lets what was sent arrive, and then the end.
    pub fn end_gracefully(socket: &Socket) {
        // Both fail only if there is no connection any more.
        let _ = socket.set_linger(None);
        let _ = socket.shutdown(std::net::Shutdown::Write);
    }

    /// Ends the connection, unless others still use it.
    pub fn close(&self, how: Ending) {
        let known = self.condition.try_update(Ordering::AcqRel, Ordering::Acquire, |before| {
            (before & condition::OVER == 0).then_some(before | condition::CLOSED)
        });
        if known.is_err() {
            return;
        }
        let asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(asking) = asking {
            let _ = self.made.set(Err(Fault::Aborted));
            self.instance.watcher.remove(&self.socket, asking.number);
        }
        if let Some(messages) = &self.messages {
            // No memory of the host's is used when this returns.
            messages.remote.withdraw_all();
            messages.remote.abandon(Fault::Aborted);
        }
        if self.leave() {
            // It ends with the last who has it.
        } else if how == Ending::Graceful && self.made.get().is_some_and(Result::is_ok) {
            self.end_later();
        } else {
            net::disconnect(&self.socket);
        }
        self.instance.bell.ring();
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close(Ending::Abortive);
        self.ring_no_more();
    }
}
