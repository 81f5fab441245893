//! Connections between machines, over TCP.
//!
//! A connection begins with a word each way (`wire`), by which both sides know that the other speaks as they do. After that a
//! connection of streams is the TCP connection itself: sends and receives are one system call each, straight from and to the
//! caller's memory, made by whichever thread is inside. A thread that has nothing to do sleeps in the system's own wait for all
//! sockets (`bell`), so who sends wakes nobody.
//!
//! A process that dies resets its connections: they end abortively unless they were closed.
//!
//! The peer is not trusted: every word and header is checked, everything that is kept for it is bounded, and whoever says nothing
//! is let go.
//!
//! What it needs of the operating system is in `crate::os`.
//!
//! | module | what it knows |
//! |---|---|
//! | `crate::os` | the operating system |
//! | `wire` | what goes over the wire |
//! | `bell`, `poller` | sleeping until something happens |
//! | `ports` | addresses that are in use |
//! | `listener`, `arrival` | those who want to connect |
//! | `connection` | an end: making, watching, ending |
//! | `stream` | bytes |
//! | `messages`, `incoming`, `outgoing` | messages in frames, and credit for them |
//! | `remote` | memory that is opened to the peer |
//! | `handover`, `share` | ends that move to another process, or are used by several |
//! | `desk` | where what is handed over waits, and the thread that gives it |
//! | `lingering` | what goes on after a close |
//! | `watcher` | the thread that sees to sockets nobody asks about |

mod arrival;
mod bell;
mod connection;
mod desk;
mod handover;
mod incoming;
mod incoming_state;
mod instance;
mod lingering;
mod listener;
mod messages;
mod outgoing;
mod poller;
mod ports;
mod remote;
mod share;
mod stream;
mod watcher;
mod wire;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use wsp::rt::Startup;
use wsp::transport::{
    self, Bound, Common, Ending, Fault, Gather, Mode, Parcel, Rdma, Ready, Received, Scatter, Sent, State, Taken,
    Transport,
};

pub use bell::Doorbell;
pub use listener::{Listener, Request};
pub use ports::Lease;

use crate::common::Page;
use connection::Core;
use instance::Instance;

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a connect may take until the other side is known to be there.
    pub connect: Duration,
    /// How long who comes to a listener may take to say what it wants.
    pub handshake: Duration,
    /// How long a message may be on its way to a peer that has room for it, before the connection is given up. Streams are not held
    /// to it: the system does not tell a peer that reads nothing from one that hears nothing.
    pub delivery: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), handshake: seconds(5), delivery: seconds(20) }
    }
}

/// The network of machines that TCP reaches.
pub struct Tcp {
    instance: Arc<Instance>,
}

impl Tcp {
    /// Makes the network ready.
    ///
    /// # Errors
    /// [`Fault::TooManyOpen`], [`Fault::NoBuffers`].
    pub fn new(settings: Settings) -> Result<Self, Fault> {
        let instance = Arc::new(Instance::new(settings)?);
        watcher::start(&instance)?;
        Ok(Self { instance })
    }
}

impl Drop for Tcp {
    fn drop(&mut self) {
        self.instance.watcher.stop();
        self.instance.desks.close();
    }
}

#[wsp::provider(export = false)]
impl Transport for Tcp {
    const DESCRIPTION: &'static str = "TCP between machines";

    type Bell = Doorbell;
    type Lease = Lease;
    type Listener = Listener;
    type Connection = Connection;

    fn start(_: &Startup) -> Result<Self, Fault> {
        Self::new(Settings::default())
    }

    fn bell(&self) -> &Doorbell {
        &self.instance.bell
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        crate::os::process::addresses()
    }

    fn bind(&self, wanted: SocketAddrV4, share: bool) -> Result<Bound<Lease>, Fault> {
        ports::bind(wanted, share)
    }

    fn listen(&self, from: &Bound<Lease>, backlog: usize, mode: Mode) -> Result<Listener, Fault> {
        Listener::new(&self.instance, from.lease.socket()?, backlog, mode)
    }

    fn connect(&self, from: &Bound<Lease>, to: SocketAddrV4, mode: Mode) -> Result<Connection, Fault> {
        connection::connect(&self.instance, from, to, mode)
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
pub struct Connection(Arc<Core>);

impl transport::Connection for Connection {
    fn established(&self) -> Poll<Result<(), Fault>> {
        self.0.advance()
    }

    fn local(&self) -> SocketAddrV4 {
        self.0.local
    }

    fn peer(&self) -> SocketAddrV4 {
        self.0.peer
    }

    fn send(&self, data: &Gather, at: usize, _: bool) -> Result<Sent, Fault> {
        match &self.0.messages {
            None => self.0.send_bytes(data, at),
            Some(messages) => self.0.send_message(messages, data, at),
        }
    }

    fn receive(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault> {
        match &self.0.messages {
            None => self.0.receive_bytes(room, at, peek),
            Some(messages) => self.0.receive_message(messages, room, at, peek),
        }
    }

    fn ready(&self) -> Ready {
        match &self.0.messages {
            None => self.0.bytes_ready(),
            Some(messages) => self.0.messages_ready(messages),
        }
    }

    fn available(&self) -> usize {
        match &self.0.messages {
            None => crate::os::net::waiting(&self.0.socket),
            Some(messages) => self.0.message_available(messages),
        }
    }

    fn finish(&self) {
        self.0.finish();
    }

    fn drained(&self) -> bool {
        crate::os::net::drained(&self.0.socket)
    }

    fn settle(&self) {
        self.0.settle();
    }

    fn close(&self, how: Ending) {
        self.0.close(how);
    }

    fn progress(&self) {
        if let Some(messages) = &self.0.messages {
            self.0.serve(messages);
        }
    }

    fn rdma(&self) -> Option<&dyn Rdma> {
        self.0.messages.is_some().then_some(self)
    }
}
