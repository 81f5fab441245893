//! Connections between processes of one machine, in shared memory.
//!
//! Every connection is a segment of memory that its two ends share, and a local socket that tells when the other end is gone.
//! In the segment there is a ring of cells for each direction (`ring`): a small message is one cache line that moves from core
//! to core, a medium one is copied into the segment and out of it, a large one stays where it is until the receiver copies it
//! straight from the sender's memory, where the system lets both processes do that. Threads that find nothing to do sleep at
//! their process's bell (`bell`); who makes something happen rings the peer's, which costs one look at a shared word while
//! nobody sleeps. So the hot path makes no system call.
//!
//! The other process is not trusted: what is read from the segment is copied once and checked, descriptors are checked to be
//! sealed memory of the right size, process numbers come from the kernel. What does not fit resets the connection.
//!
//! | module | what it knows |
//! |---|---|
//! | `os` | the operating system |
//! | `segment`, `layout` | safe views of shared memory; what lies where |
//! | `ring`, `record` | records in one direction |
//! | `transfer` | what sends and receives are in terms of records |
//! | `connection`, `links` | the two ends: making, watching, ending |
//! | `rendezvous`, `listener`, `wire` | how ends find each other |
//! | `remote`, `agent` | memory that is opened to the peer; serving it where it cannot be copied directly |
//! | `handover` | ends that move to another process |
//! | `watcher` | the one thread of its own |

mod agent;
mod bell;
mod connection;
mod handover;
#[cfg(test)]
mod hostile_tests;
mod instance;
mod layout;
mod links;
mod listener;
mod record;
mod remote;
mod rendezvous;
mod ring;
mod segment;
mod transfer;
mod watcher;
mod wire;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::task::Poll;

use wsp::rt::Startup;
use wsp::transport::{
    self, Bound, Common, Ending, Fault, Gather, Mode, Parcel, Ready, Received, Scatter, Sent, State, Taken, Transport,
};

pub use bell::Doorbell;
pub use listener::{Listener, Request};
pub use rendezvous::Lease;

use crate::common::Page;
use connection::Core;
use instance::Instance;
use listener::Listening;
use rendezvous::Kind;

/// The variable that says whether memory may be copied from process to process: `off` forbids it.
pub const SINGLE_COPY: &str = "WSP_SHM_SINGLE_COPY";

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// May large sends be copied straight from the sender's memory, where the system allows that to both processes anyway?
    pub single_copy: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { single_copy: true }
    }
}

impl Settings {
    /// What the environment says.
    pub fn from_environment() -> Self {
        Self { single_copy: std::env::var_os(SINGLE_COPY).is_none_or(|value| value != "off") }
    }
}

/// The network of all processes of this machine.
pub struct Shm {
    instance: Arc<Instance>,
}

impl Shm {
    /// Makes the network ready.
    ///
    /// # Errors
    /// [`Fault::TooManyOpen`], [`Fault::NoBuffers`].
    pub fn new(settings: Settings) -> Result<Self, Fault> {
        let instance = Arc::new(Instance::new(settings.single_copy)?);
        watcher::start(&instance)?;
        Ok(Self { instance })
    }
}

impl Shm {
    fn listen_as(&self, from: &Bound<Lease>, backlog: usize, kind: Kind) -> Result<Listener, Fault> {
        let listening = (rendezvous::listen(from.address, backlog, kind)?, backlog);
        Listener::new(&self.instance, Listening { address: from.address, kind }, from.lease.clone(), listening)
    }
}

impl Drop for Shm {
    fn drop(&mut self) {
        self.instance.watcher.stop();
        handover::give_up(self.instance.claims.clear());
    }
}

#[wsp::provider(export = false)]
impl Transport for Shm {
    const DESCRIPTION: &'static str = "Shared memory between processes of one machine";

    type Bell = Doorbell;
    type Lease = Lease;
    type Listener = Listener;
    type Connection = Connection;

    fn start(_: &Startup) -> Result<Self, Fault> {
        Self::new(Settings::from_environment())
    }

    fn bell(&self) -> &Doorbell {
        &self.instance.bell
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        crate::os::process::addresses()
    }

    fn bind(&self, wanted: SocketAddrV4, share: bool) -> Result<Bound<Lease>, Fault> {
        rendezvous::bind(wanted, share)
    }

    fn listen(&self, from: &Bound<Lease>, backlog: usize, mode: Mode) -> Result<Listener, Fault> {
        let kind = if mode == Mode::Stream { Kind::Stream } else { Kind::Messages };
        self.listen_as(from, backlog, kind)
    }

    fn listen_conditionally(&self, from: &Bound<Lease>, backlog: usize, mode: Mode) -> Result<Listener, Fault> {
        let kind = if mode == Mode::Stream { Kind::Asking } else { Kind::Messages };
        self.listen_as(from, backlog, kind)
    }

    fn connect(&self, from: &Bound<Lease>, to: SocketAddrV4, mode: Mode) -> Result<Connection, Fault> {
        listener::connect(&self.instance, from, to, mode)
    }

    fn common(&self) -> Result<Arc<dyn Common>, Fault> {
        Page::create()
    }

    fn give(&self, parcel: Parcel<'_, Self>, to_process: u32, state: &State) -> Result<u32, Fault> {
        handover::give(&self.instance, parcel, to_process, state)
    }

    fn take(&self, claim: u32) -> Result<(Taken<Self>, State), Fault> {
        handover::take(&self.instance, claim)
    }
}

/// One end of a connection.
pub struct Connection(pub(crate) Arc<Core>);

/// How large sends travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// Once, from the sender's memory into the receiver's.
    Single,
    /// Twice, into shared memory and out of it.
    Double,
}

impl Connection {
    /// How large sends travel at present.
    pub fn copies(&self) -> Copies {
        if self.0.lends() { Copies::Single } else { Copies::Double }
    }
}

impl transport::Connection for Connection {
    fn established(&self) -> Poll<Result<(), Fault>> {
        self.0.established()
    }

    fn local(&self) -> SocketAddrV4 {
        self.0.facts.local
    }

    fn peer(&self) -> SocketAddrV4 {
        self.0.facts.peer
    }

    fn send(&self, data: &Gather, at: usize, lend: bool) -> Result<Sent, Fault> {
        self.0.send(data, at, lend)
    }

    fn released(&self) -> u64 {
        self.0.released()
    }

    fn receive(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault> {
        self.0.receive(room, at, peek)
    }

    fn ready(&self) -> Ready {
        self.0.ready()
    }

    fn available(&self) -> usize {
        self.0.available()
    }

    fn finish(&self) {
        self.0.finish();
    }

    fn drained(&self) -> bool {
        self.0.drained()
    }

    fn close(&self, how: Ending) {
        self.0.close(how);
    }

    fn progress(&self) {
        self.0.serve_remote();
    }

    fn rdma(&self) -> Option<&dyn transport::Rdma> {
        // Memory belongs to one process; an end that several use cannot open it.
        (!self.0.is(connection::condition::SHARED)).then_some(self)
    }
}
