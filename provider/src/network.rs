//! Who is bound and who listens, in this process.

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::stream::{Patience, Stream};

/// Largest queue of connections that a listener may ask for.
const MAX_BACKLOG: usize = 128;

/// First and last port that the network picks itself.
const PICKED: std::ops::RangeInclusive<u16> = 49152..=65535;

/// One end of a connection.
#[derive(Clone)]
pub struct Connection {
    /// Bytes from the peer.
    pub incoming: Arc<Stream>,
    /// Bytes to the peer.
    pub outgoing: Arc<Stream>,
    /// Our address.
    pub local: SocketAddrV4,
    /// The peer's.
    pub peer: SocketAddrV4,
}

impl Connection {
    /// Two ends that are connected.
    fn pair(client: SocketAddrV4, server: SocketAddrV4) -> (Self, Self) {
        let (one, other) = (Arc::new(Stream::default()), Arc::new(Stream::default()));
        let at_client = Self { incoming: Arc::clone(&one), outgoing: Arc::clone(&other), local: client, peer: server };
        let at_server = Self { incoming: other, outgoing: one, local: server, peer: client };
        (at_client, at_server)
    }

    /// Both ends fail from now on.
    pub fn reset(&self) {
        self.incoming.reset();
        self.outgoing.reset();
    }
}

/// A listening socket's queue.
#[derive(Default)]
pub struct Listener {
    state: Mutex<Queue>,
    arrived: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Connection>,
    limit: usize,
    closed: bool,
}

/// Why no connection could be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoConnection {
    /// The queue is empty and the call may not wait.
    WouldBlock,
    /// The listener was closed.
    Closed,
}

impl Listener {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how many connections may wait. Out of range is clamped, as the interface has it.
    pub fn set_backlog(&self, backlog: i32) {
        self.lock().limit = usize::try_from(backlog).unwrap_or(1).clamp(1, MAX_BACKLOG);
    }

    /// Takes the oldest connection.
    pub fn take(&self, patience: Patience) -> Result<Connection, NoConnection> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return Err(NoConnection::Closed);
            }
            if let Some(connection) = queue.waiting.pop_front() {
                return Ok(connection);
            }
            if patience == Patience::None {
                return Err(NoConnection::WouldBlock);
            }
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Puts a connection back, first in line.
    pub fn put_back(&self, connection: Connection) {
        self.lock().waiting.push_front(connection);
        self.arrived.notify_all();
    }

    /// Refuses what waits and what comes.
    pub fn close(&self) {
        let refused: Vec<Connection> = {
            let mut queue = self.lock();
            queue.closed = true;
            queue.waiting.drain(..).collect()
        };
        self.arrived.notify_all();
        refused.iter().for_each(Connection::reset);
    }

    fn offer(&self, connection: Connection) -> bool {
        let mut queue = self.lock();
        let accepted = !queue.closed && queue.waiting.len() < queue.limit;
        if accepted {
            queue.waiting.push_back(connection);
            self.arrived.notify_one();
        }
        accepted
    }
}

/// Why an address cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAddress {
    /// It belongs to somebody else.
    InUse,
    /// It is not one of this network.
    NotOurs,
    /// All ports are taken.
    Exhausted,
}

/// An address that a socket has. Dropped, the address is given back: also by a socket that never came to life.
pub struct Lease {
    network: Arc<Network>,
    /// The address. Its host part may become a more exact one.
    pub address: SocketAddrV4,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut ports = self.network.lock();
        if let Some(port) = ports.get_mut(&self.address.port()) {
            port.users = port.users.saturating_sub(1);
            if port.users == 0 {
                ports.remove(&self.address.port());
            }
        }
    }
}

/// The process's network.
#[derive(Default)]
pub struct Network {
    /// Who has which port; a listener once it listens.
    ports: Mutex<HashMap<u16, Port>>,
}

#[derive(Default)]
struct Port {
    users: usize,
    listener: Option<Arc<Listener>>,
}

impl Network {
    fn lock(&self) -> MutexGuard<'_, HashMap<u16, Port>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds an address; port 0 picks one. With `share` a port that is taken may be taken again.
    pub fn bind(self: &Arc<Self>, wanted: SocketAddrV4, share: bool) -> Result<Lease, NoAddress> {
        if !wanted.ip().is_loopback() && !wanted.ip().is_unspecified() {
            return Err(NoAddress::NotOurs);
        }
        let mut ports = self.lock();
        let port = match wanted.port() {
            0 => PICKED.clone().find(|port| !ports.contains_key(port)).ok_or(NoAddress::Exhausted)?,
            port => port,
        };
        let taken = ports.entry(port).or_default();
        if taken.users > 0 && !share {
            return Err(NoAddress::InUse);
        }
        taken.users += 1;
        Ok(Lease { network: Arc::clone(self), address: SocketAddrV4::new(*wanted.ip(), port) })
    }

    /// Starts listening on a bound address.
    pub fn listen(&self, address: SocketAddrV4, listener: &Arc<Listener>) -> Result<(), NoAddress> {
        let mut ports = self.lock();
        let port = ports.entry(address.port()).or_default();
        if port.listener.is_some() {
            return Err(NoAddress::InUse);
        }
        port.listener = Some(Arc::clone(listener));
        Ok(())
    }

    /// Stops listening.
    pub fn unlisten(&self, address: SocketAddrV4) {
        if let Some(port) = self.lock().get_mut(&address.port()) {
            port.listener = None;
        }
    }

    /// Connects to whoever listens at `server`; `None` if nobody does or the queue is full.
    pub fn connect(&self, client: SocketAddrV4, server: SocketAddrV4) -> Option<Connection> {
        if !server.ip().is_loopback() {
            return None;
        }
        let listener = self.lock().get(&server.port())?.listener.clone()?;
        let client = SocketAddrV4::new(concrete(*client.ip()), client.port());
        let (at_client, at_server) = Connection::pair(client, server);
        listener.offer(at_server).then_some(at_client)
    }
}

/// A connected socket's own address is never the wildcard.
fn concrete(address: Ipv4Addr) -> Ipv4Addr {
    if address.is_unspecified() { Ipv4Addr::LOCALHOST } else { address }
}
