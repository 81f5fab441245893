//! Who has which port, and who listens there.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use wsp::transport::{Bell, Bound, Connection, Fault, LocalBell, Mode, Request};

use super::End;

/// First and last port that the network picks itself.
const PICKED: std::ops::Range<u16> = 49152..65535;

#[derive(Default)]
struct Port {
    users: usize,
    listener: Option<Arc<Queue>>,
}

/// The process's network.
#[derive(Default)]
pub struct Network {
    ports: Mutex<HashMap<u16, Port>>,
    /// How many ports were ever picked: a port that was given back is picked again as late as possible.
    picked: AtomicUsize,
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    /// Takes a port; 0 picks one.
    pub fn lease(&self, wanted: u16, share: bool) -> Result<u16, Fault> {
        let mut ports = lock(&self.ports);
        let port = match wanted {
            0 => {
                let first = self.picked.fetch_add(1, Ordering::Relaxed) % PICKED.len();
                let mut order = PICKED.cycle().skip(first).take(PICKED.len());
                order.find(|port| !ports.contains_key(port)).ok_or(Fault::NoBuffers)?
            }
            port => port,
        };
        let taken = ports.entry(port).or_default();
        if taken.users > 0 && !share {
            return Err(Fault::AddressInUse);
        }
        taken.users += 1;
        Ok(port)
    }

    /// Starts to listen at a port.
    pub fn listen(&self, port: u16, queue: &Arc<Queue>) -> Result<(), Fault> {
        let mut ports = lock(&self.ports);
        let port = ports.entry(port).or_default();
        if port.listener.is_some() {
            return Err(Fault::AddressInUse);
        }
        port.users += 1;
        port.listener = Some(Arc::clone(queue));
        Ok(())
    }

    /// Who listens at a port in this mode.
    pub fn listener(&self, port: u16, mode: Mode) -> Option<Arc<Queue>> {
        lock(&self.ports).get(&port)?.listener.clone().filter(|queue| queue.mode == mode)
    }

    fn release(&self, port: u16, listener: bool) {
        let mut ports = lock(&self.ports);
        if let Some(taken) = ports.get_mut(&port) {
            taken.users = taken.users.saturating_sub(1);
            if listener {
                taken.listener = None;
            }
            if taken.users == 0 {
                ports.remove(&port);
            }
        }
    }
}

/// A port that is taken.
pub struct Lease {
    network: Arc<Network>,
    port: u16,
}

impl Lease {
    pub fn new(network: &Arc<Network>, port: u16) -> Self {
        Self { network: Arc::clone(network), port }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.network.release(self.port, false);
    }
}

/// The requests that wait at a listener.
pub struct Queue {
    mode: Mode,
    /// Is a connection made only once it is accepted?
    answers: bool,
    waiting: Mutex<VecDeque<Incoming>>,
    limit: AtomicUsize,
    bell: Arc<LocalBell>,
}

impl Queue {
    pub fn new(mode: Mode, answers: bool, limit: usize, bell: &Arc<LocalBell>) -> Arc<Self> {
        let limit = AtomicUsize::new(limit);
        Arc::new(Self { mode, answers, waiting: Mutex::default(), limit, bell: Arc::clone(bell) })
    }

    /// Is a connection made only once it is accepted?
    pub fn answers(&self) -> bool {
        self.answers
    }

    /// Puts a request in, unless the queue is full.
    pub fn offer(&self, end: End) -> Result<(), Fault> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= self.limit.load(Ordering::Relaxed) {
            return Err(Fault::Refused);
        }
        waiting.push_back(Incoming(Some(end)));
        drop(waiting);
        self.bell.ring();
        Ok(())
    }
}

/// A listening end, which several sockets may share.
#[derive(Clone)]
pub struct Listener(Arc<Listening>);

struct Listening {
    network: Arc<Network>,
    address: SocketAddrV4,
    queue: Arc<Queue>,
}

impl Listener {
    pub fn new(network: &Arc<Network>, address: SocketAddrV4, queue: Arc<Queue>) -> Self {
        Self(Arc::new(Listening { network: Arc::clone(network), address, queue }))
    }

    /// The address with one more user.
    pub fn bound(&self) -> Result<Bound<Lease>, Fault> {
        let port = self.0.network.lease(self.0.address.port(), true)?;
        Ok(Bound { address: self.0.address, lease: Lease::new(&self.0.network, port) })
    }
}

impl wsp::transport::Listener for Listener {
    type Connection = End;
    type Request = Incoming;

    fn poll(&self) -> Poll<Result<Incoming, Fault>> {
        match lock(&self.0.queue.waiting).pop_front() {
            Some(incoming) => Poll::Ready(Ok(incoming)),
            None => Poll::Pending,
        }
    }

    fn waiting(&self) -> bool {
        !lock(&self.0.queue.waiting).is_empty()
    }

    fn set_backlog(&self, backlog: usize) {
        self.0.queue.limit.store(backlog, Ordering::Relaxed);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.network.release(self.address.port(), true);
        // Refused by being dropped, which rings: not under the lock.
        let refused = std::mem::take(&mut *lock(&self.queue.waiting));
        drop(refused);
    }
}

/// Somebody who wants to connect.
pub struct Incoming(Option<End>);

impl Incoming {
    fn end(&self) -> &End {
        match &self.0 {
            Some(end) => end,
            None => unreachable!("a request is gone once it is accepted"),
        }
    }
}

impl Request for Incoming {
    type Connection = End;

    fn peer(&self) -> SocketAddrV4 {
        self.end().peer()
    }

    fn local(&self) -> SocketAddrV4 {
        self.end().local()
    }

    fn accept(mut self) -> Result<End, Fault> {
        let end = self.0.take().ok_or(Fault::Aborted)?;
        end.answer(true);
        Ok(end)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(end) = &self.0 {
            end.answer(false);
        }
    }
}
