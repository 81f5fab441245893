//! Write a transport, get a provider.
//!
//! A [`Transport`] moves bytes between two ends and knows which addresses are its own. Everything that Winsock wants around
//! that is done once, in this crate: blocking, non-blocking and overlapped calls, completion by event, routine and port,
//! readiness, options, close, cancellation, clean-up. [`#[wsp::provider]`](crate::provider) on the implementation makes a
//! provider of it, for both profiles.
//!
//! # How it is driven
//! Every method returns at once. What cannot be done yet says so ([`Sent::Full`], [`Received::Nothing`], [`Poll::Pending`]) and
//! is asked again. Between two questions a thread may sleep at the transport's [`Bell`], so whatever makes an answer change
//! must ring the bell of the side that waits for it: bytes that arrive, room that becomes free, a connection that is made or
//! breaks. Ringing once too often costs little; a bell not rung is a call that hangs.
//!
//! At most one thread at a time is in [`Connection::send`] of a connection, and at most one in [`Connection::receive`]; all
//! other methods may be called by any thread at any time. No lock of the runtime that the transport could want is held.
//!
//! # What a connection carries
//! In [`Mode::Stream`] bytes; where one send ends is not kept. In [`Mode::Messages`] each send is a message, and what
//! [`Received::Bytes`] calls `last` is its end; an empty message is one, too. A transport that cannot do that refuses the mode
//! with [`Fault::NotSupported`], and is a provider for the profile `winsock` only.

mod bell;
mod buffers;
mod common;
mod exposures;
mod fault;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::task::Poll;

pub use bell::{Bell, LocalBell, Sleepers, TickingBell};
pub use buffers::{Gather, Region, Scatter};
pub use common::{COMMON, Common, LocalCommon, State};
pub use exposures::{Access, Exposures, Remote};
pub use fault::Fault;

use crate::rt::Startup;

/// What the sends of a connection are to its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A stream of bytes: the profile `winsock`. A connection counts as made as soon as it waits at its listener.
    Stream,
    /// Messages with boundaries: the profile `san`. A connection counts as made once the listener's side has accepted it.
    Messages,
}

/// A network that carries connections. One value is made at start-up and dropped after the last clean-up.
pub trait Transport: Sized + Send + Sync + 'static {
    /// What `WSPDATA` calls the provider.
    const DESCRIPTION: &'static str;

    /// Where threads of this process sleep until something happens.
    type Bell: Bell;
    /// An address that is in use; dropping it gives the address back.
    type Lease: Send + Sync + 'static;
    /// A listening end.
    type Listener: Listener<Connection = Self::Connection>;
    /// A connection, from the moment it is asked for.
    type Connection: Connection;

    /// Makes the network ready.
    ///
    /// # Errors
    /// It cannot be used; start-up fails.
    fn start(startup: &Startup) -> Result<Self, Fault>;

    /// Where threads of this process sleep.
    fn bell(&self) -> &Self::Bell;

    /// The addresses that are this transport's on this machine, now.
    fn addresses(&self) -> Vec<Ipv4Addr>;

    /// Takes an address. Port 0 asks for any; with `share` (`SO_REUSEADDR`) an address may be taken twice.
    ///
    /// # Errors
    /// [`Fault::AddressInUse`], [`Fault::AddressNotAvailable`] if it is not this transport's, [`Fault::NoBuffers`].
    fn bind(&self, wanted: SocketAddrV4, share: bool) -> Result<Bound<Self::Lease>, Fault>;

    /// Listens at an address that [`bind`](Self::bind) gave. At most `backlog` requests wait; further ones are refused at once.
    ///
    /// # Errors
    /// [`Fault::AddressInUse`] if somebody listens there, [`Fault::NotSupported`] for the mode.
    fn listen(&self, from: &Bound<Self::Lease>, backlog: usize, mode: Mode) -> Result<Self::Listener, Fault>;

    /// Listens like [`listen`](Self::listen); a connection counts as made only once its request is accepted, in [`Mode::Stream`], too
    /// (`SO_CONDITIONAL_ACCEPT`). A network that makes connections by itself cannot wait: there, as by default, this is `listen`, and
    /// a request that is not accepted is a connection that is reset.
    ///
    /// # Errors
    /// As for [`listen`](Self::listen).
    fn listen_conditionally(
        &self,
        from: &Bound<Self::Lease>,
        backlog: usize,
        mode: Mode,
    ) -> Result<Self::Listener, Fault> {
        self.listen(from, backlog, mode)
    }

    /// Asks for a connection. Whether it is made, [`Connection::established`] tells.
    ///
    /// # Errors
    /// What is known at once. [`Fault::Refused`], [`Fault::Reset`] and [`Fault::HostUnreachable`] only if the peer cannot be
    /// reached by any other network either; otherwise [`Fault::TimedOut`].
    fn connect(&self, from: &Bound<Self::Lease>, to: SocketAddrV4, mode: Mode) -> Result<Self::Connection, Fault>;

    /// Makes memory ready for transfers: locks its pages, enters it with the hardware, or whatever a network wants. The registration
    /// holds what this returns, and drops it once it is given up. Registrations are kept for the next use of the same memory, so
    /// this may be long after the host has deregistered it, but never after the host has said that it frees the memory.
    ///
    /// # Errors
    /// [`Fault::NoBuffers`].
    fn pin(&self, region: Region, access: Access) -> Result<Pin, Fault> {
        let _ = (region, access);
        Ok(None)
    }

    /// What the transport would rather not exceed.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// New words, all 0, for a socket that another process is going to have as well as this one. Without them, as by default, what is
    /// set on the socket in one of them from then on is not seen in the other.
    ///
    /// # Errors
    /// [`Fault::NotSupported`] by default.
    fn common(&self) -> Result<Arc<dyn Common>, Fault> {
        Err(Fault::NotSupported)
    }

    /// Hands something over to another process, together with what the runtime knows of the socket. The claim is good once,
    /// for that process only, and while this one lives; it is a number, not a secret.
    ///
    /// # Errors
    /// [`Fault::NotSupported`] by default.
    fn give(&self, parcel: Parcel<'_, Self>, to_process: u32, state: &State) -> Result<u32, Fault> {
        let _ = (parcel, to_process, state);
        Err(Fault::NotSupported)
    }

    /// Takes what another process has handed over, and the state that came with it.
    ///
    /// # Errors
    /// [`Fault::NotSupported`] by default; [`Fault::BadClaim`] for a claim that is unknown, used, expired or for another process.
    fn take(&self, claim: u32) -> Result<(Taken<Self>, State), Fault> {
        let _ = claim;
        Err(Fault::NotSupported)
    }
}

/// What a transport keeps for memory that is registered, if anything.
pub type Pin = Option<Box<dyn Send + Sync>>;

/// An address that is in use.
#[derive(Debug)]
pub struct Bound<L> {
    /// The address, with its port. Its host part may be the wildcard.
    pub address: SocketAddrV4,
    /// Dropped when the socket that has it is gone.
    pub lease: L,
}

/// Sizes that a transport prefers, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest message, if there is a limit (`SO_MAX_MSG_SIZE`).
    pub message: Option<u32>,
    /// Largest single RDMA transfer, if there is a limit (`SO_MAX_RDMA_SIZE`).
    pub rdma: Option<u32>,
    /// From here on RDMA is worth it (`SO_RDMA_THRESHOLD_SIZE`).
    pub rdma_threshold: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: None, rdma: None, rdma_threshold: 16 * 1024 }
    }
}

/// A listening end. Dropped, it refuses what waits.
pub trait Listener: Send + Sync + 'static {
    /// What it makes.
    type Connection: Connection;
    /// Somebody who wants to connect.
    type Request: Request<Connection = Self::Connection>;

    /// The oldest request, which is thereby taken.
    ///
    /// # Errors
    /// Somebody came and cannot be taken for now ([`Fault::TooManyOpen`]), or the listening end is spoilt.
    fn poll(&self) -> Poll<Result<Self::Request, Fault>>;

    /// Is there a request? [`poll`](Self::poll) would give it.
    fn waiting(&self) -> bool;

    /// Changes how many requests may wait.
    fn set_backlog(&self, backlog: usize);
}

/// Somebody who wants to connect. Dropped, the request is refused.
pub trait Request: Send + Sync + 'static {
    /// What it becomes.
    type Connection: Connection;

    /// The address it comes from.
    fn peer(&self) -> SocketAddrV4;

    /// The address it came to: never the wildcard.
    fn local(&self) -> SocketAddrV4;

    /// Accepts it. In [`Mode::Messages`] the other side only now counts as connected.
    ///
    /// # Errors
    /// The other side is gone: [`Fault::Reset`].
    fn accept(self) -> Result<Self::Connection, Fault>;
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// What was sent still arrives, then the end of the stream.
    Graceful,
    /// The peer gets [`Fault::Reset`]; what is under way is lost.
    Abortive,
}

/// What became of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The rest was taken, and its memory is free again.
    All,
    /// So many bytes more were taken. The send goes on behind them.
    Part(usize),
    /// The rest was taken, but its memory is in use until [`Connection::released`] counts it.
    Lent,
    /// There is no room now.
    Full,
}

/// What was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// So many bytes; `last`: they end a message. Without it there is more of the message: now, soon, or beyond the room given.
    Bytes {
        /// How many; 0 with `last` is an empty message, or the end of one.
        count: usize,
        /// Is the message complete?
        last: bool,
    },
    /// Nothing is there now.
    Nothing,
    /// The peer has finished and everything was read. In [`Mode::Stream`] only.
    End,
}

/// What could be done without waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ready {
    /// A receive would give bytes, the end, or an error.
    pub readable: bool,
    /// A send would take bytes, or fail.
    pub writable: bool,
    /// The peer has finished, whether or not everything was read.
    pub ended: bool,
    /// The connection is broken.
    pub fault: Option<Fault>,
}

/// One end of a connection. Dropped without [`close`](Self::close) it ends abortively.
pub trait Connection: Send + Sync + 'static {
    /// Is the connection made? Pending while it is being made; afterwards always the same.
    ///
    /// # Errors
    /// Why it was not made; see [`Transport::connect`].
    fn established(&self) -> Poll<Result<(), Fault>>;

    /// Our address: never the wildcard.
    fn local(&self) -> SocketAddrV4;

    /// The peer's.
    fn peer(&self) -> SocketAddrV4;

    /// Takes bytes of `data` from offset `at` on. Called with the same data and a greater `at` until all of it is taken; in
    /// [`Mode::Stream`] the rest may also be given up. Only if `lend` is set the answer may be [`Sent::Lent`].
    ///
    /// # Errors
    /// The connection is broken; nothing more is taken.
    fn send(&self, data: &Gather, at: usize, lend: bool) -> Result<Sent, Fault>;

    /// How many sends that were [`Lent`](Sent::Lent) have ended since the connection began, in their order.
    fn released(&self) -> u64 {
        0
    }

    /// Puts what has arrived into `room` from offset `at` on. With `peek` it stays.
    ///
    /// # Errors
    /// The connection is broken. What arrived in order before that is given first.
    fn receive(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault>;

    /// What could be done without waiting.
    fn ready(&self) -> Ready;

    /// How many bytes one receive could give now (`FIONREAD`).
    fn available(&self) -> usize;

    /// Sends nothing more: the peer reads what is under way, then the end. In [`Mode::Stream`] only.
    fn finish(&self);

    /// Has everything sent arrived at the peer, or at an operating system that will see to it?
    fn drained(&self) -> bool {
        true
    }

    /// The host closes this end, and waits before that until it has [drained](Self::drained). For transports that can tell this
    /// only of an end that sends nothing more: nothing is sent after it. In [`Mode::Stream`] only.
    fn settle(&self) {}

    /// Ends the connection. Memory of sends that are [`Lent`](Sent::Lent) is not used after this returns. In
    /// [`Mode::Messages`], too, a graceful end lets messages arrive that were sent before; the peer's next receive then gets
    /// [`Fault::Reset`].
    fn close(&self, how: Ending);

    /// Serves the peer: what it asks of this end apart from bytes. Called whenever a thread of the runtime comes by.
    fn progress(&self) {}

    /// The part for remote memory, if the transport has one.
    fn rdma(&self) -> Option<&dyn Rdma> {
        None
    }
}

/// Remote memory. Descriptors that hosts pass round are made and checked by the runtime: a transport sees keys.
pub trait Rdma: Send + Sync {
    /// Opens memory of this process to the peer of this connection. Returns the key by which the peer names it.
    ///
    /// # Errors
    /// [`Fault::NoBuffers`].
    fn expose(&self, region: Region, access: Access) -> Result<u64, Fault>;

    /// Closes it again: when this returns the peer cannot reach it any more.
    ///
    /// # Errors
    /// [`Fault::BadClaim`] if the key is not in use.
    fn withdraw(&self, key: u64) -> Result<(), Fault>;

    /// Starts to write `data` into the peer's memory, at `offset` of what `remote` names.
    ///
    /// # Errors
    /// [`Fault::Access`] if the peer does not allow it, or the connection's fault.
    fn write(&self, data: &Gather, remote: &Remote, offset: u64) -> Result<Transfer, Fault>;

    /// Starts to read the peer's memory, from `offset` of what `remote` names, until `room` is full.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    fn read(&self, room: &Scatter, remote: &Remote, offset: u64) -> Result<Transfer, Fault>;

    /// The outcome of the oldest transfer that is [`Running`](Transfer::Running), once it has ended; each is told once.
    fn finished(&self) -> Option<Result<(), Fault>>;
}

/// What became of the start of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// It is done.
    Done,
    /// It runs; [`Rdma::finished`] tells its end. Its memory is in use until then.
    Running,
    /// It cannot be started now: ask again.
    Full,
}

/// What is handed over to another process.
pub enum Parcel<'a, T: Transport> {
    /// A socket without connection.
    Bare,
    /// A listening end.
    Listener(&'a T::Listener),
    /// A connection. With `shared` both processes go on using it (`winsock`), and it ends with the last of them; without, this
    /// one stops (`san`): the value given is dropped without ending the connection.
    Connection {
        /// The connection.
        connection: &'a T::Connection,
        /// Do both use it from now on?
        shared: bool,
    },
}

/// What another process has handed over.
pub enum Taken<T: Transport> {
    /// A socket without connection.
    Bare,
    /// A listening end, and the address it listens at.
    Listener(T::Listener, Bound<T::Lease>),
    /// A connection.
    Connection(T::Connection),
}
