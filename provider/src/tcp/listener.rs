//! Listening ends, and those who want to connect.
//!
//! Requests are taken from the system by the watching thread, as soon as they come, so that who asks is answered in any case;
//! how many of them may wait is counted here.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use wsp::transport::{self, Bell as _, Fault, Mode};

use super::Connection;
use super::arrival::Arrival;
use super::connection::{Core, configure};
use super::instance::Instance;
use super::watcher::Watched;
use super::wire::Answer;
use crate::os::net::{self, Leaving, Socket};

/// How many may wait in the system until the watching thread comes.
const UNSEEN: i32 = 1024;
/// How long it is before a new try when there were no descriptors.
const AGAIN: Duration = Duration::from_millis(100);

/// What a listening end and the watching thread share.
pub struct Queue {
    instance: Arc<Instance>,
    mode: Mode,
    /// Until the listening end is dropped.
    socket: Mutex<Option<Socket>>,
    waiting: Mutex<VecDeque<Request>>,
    backlog: AtomicUsize,
    /// Do other processes listen here, too? Then who comes is taken only when the host asks.
    shared: AtomicBool,
    /// Why nobody could be taken the last time, until the host is told.
    failed: Mutex<Option<Fault>>,
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// Takes all who have come.
    pub fn welcome(self: &Arc<Self>, number: usize) {
        if self.shared.load(Ordering::Acquire) {
            return self.instance.bell.ring();
        }
        loop {
            match self.take_one() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.note(error);
                    self.instance.bell.ring();
                    return self.instance.watcher.look_again(number, AGAIN);
                }
            }
        }
    }

    /// Notes that somebody who came cannot be taken for now. What else fails is about who came, and gone with it.
    fn note(&self, error: io::Error) {
        let fault = Fault::from(error);
        if matches!(fault, Fault::TooManyOpen | Fault::NoBuffers) {
            *lock(&self.failed) = Some(fault);
        }
    }

    /// Takes somebody who has come. Returns whether there was anybody.
    fn take_one(self: &Arc<Self>) -> io::Result<bool> {
        let accepted = match &*lock(&self.socket) {
            Some(socket) => socket.accept(),
            None => return Ok(false),
        };
        match accepted {
            Ok((socket, _)) => {
                *lock(&self.failed) = None;
                if socket.set_nonblocking(true).and_then(|()| configure(&socket)).is_ok() {
                    Arrival::receive(&self.instance, self, socket);
                }
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Those who wait. If nobody does, and others listen here as well, somebody who has come to all of them is taken.
    fn requests(self: &Arc<Self>) -> MutexGuard<'_, VecDeque<Request>> {
        if self.shared.load(Ordering::Acquire)
            && lock(&self.waiting).is_empty()
            && let Err(error) = self.take_one()
        {
            self.note(error);
        }
        lock(&self.waiting)
    }

    /// Lets somebody who has said what it wants wait, or refuses it.
    pub fn offer(&self, socket: Socket, mode: Mode) -> Result<(), Fault> {
        let (local, peer) = (net::address(socket.local_addr())?, net::address(socket.peer_addr())?);
        let core = Arc::new(Core::accepted(&self.instance, socket, mode, [local, peer]));
        // Held until it is in, so that no more wait than may.
        let mut waiting = lock(&self.waiting);
        if mode != self.mode || waiting.len() >= self.backlog.load(Ordering::Relaxed) {
            core.refuse();
            return Err(Fault::Refused);
        }
        core.answer(if mode == Mode::Stream { Answer::Accepted } else { Answer::Waiting })?;
        waiting.push_back(Request(Some(core)));
        drop(waiting);
        self.instance.bell.ring();
        Ok(())
    }
}

/// A listening end.
pub struct Listener {
    queue: Arc<Queue>,
    number: usize,
}

impl Listener {
    /// Over a socket that is bound.
    pub fn new(instance: &Arc<Instance>, socket: Socket, backlog: usize, mode: Mode) -> Result<Self, Fault> {
        socket.listen(UNSEEN)?;
        Self::taken_over(instance, socket, backlog, mode)
    }

    /// Over a socket that listens.
    pub fn taken_over(instance: &Arc<Instance>, socket: Socket, backlog: usize, mode: Mode) -> Result<Self, Fault> {
        let queue = Arc::new(Queue {
            instance: Arc::clone(instance),
            mode,
            socket: Mutex::new(Some(socket)),
            waiting: Mutex::default(),
            backlog: AtomicUsize::new(backlog),
            shared: AtomicBool::new(false),
            failed: Mutex::default(),
        });
        let number = instance.watcher.number();
        if let Some(socket) = &*lock(&queue.socket) {
            instance.watcher.add(socket, number, Watched::Listener(Arc::downgrade(&queue)), None)?;
        }
        Ok(Self { queue, number })
    }

    /// What sends are on its connections.
    pub fn mode(&self) -> Mode {
        self.queue.mode
    }

    /// How many may wait.
    pub fn backlog(&self) -> usize {
        self.queue.backlog.load(Ordering::Relaxed)
    }

    /// The address and the socket for another process, which comes first from now on.
    pub fn share(&self) -> Result<(SocketAddrV4, Leaving), Fault> {
        let socket = lock(&self.queue.socket);
        let socket = socket.as_ref().ok_or(Fault::BadClaim)?;
        let shared = (net::address(socket.local_addr())?, net::leaving(socket)?);
        self.queue.shared.store(true, Ordering::Release);
        Ok(shared)
    }
}

impl transport::Listener for Listener {
    type Connection = Connection;
    type Request = Request;

    fn poll(&self) -> Poll<Result<Request, Fault>> {
        match self.queue.requests().pop_front() {
            Some(request) => Poll::Ready(Ok(request)),
            None => lock(&self.queue.failed).take().map_or(Poll::Pending, |fault| Poll::Ready(Err(fault))),
        }
    }

    fn waiting(&self) -> bool {
        // What fails is worth an attempt, which tells why.
        !self.queue.requests().is_empty() || lock(&self.queue.failed).is_some()
    }

    fn set_backlog(&self, backlog: usize) {
        self.queue.backlog.store(backlog, Ordering::Relaxed);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let socket = lock(&self.queue.socket).take();
        if let Some(socket) = socket {
            self.queue.instance.watcher.remove(&socket, self.number);
        }
        self.queue.backlog.store(0, Ordering::Relaxed);
        // Refused by being dropped: not under the lock.
        let refused = std::mem::take(&mut *lock(&self.queue.waiting));
        drop(refused);
    }
}

/// Somebody who wants to connect.
pub struct Request(Option<Arc<Core>>);

impl Request {
    fn core(&self) -> &Core {
        match &self.0 {
            Some(core) => core,
            None => unreachable!("a request is gone once it is accepted"),
        }
    }
}

impl transport::Request for Request {
    type Connection = Connection;

    fn peer(&self) -> SocketAddrV4 {
        self.core().peer
    }

    fn local(&self) -> SocketAddrV4 {
        self.core().local
    }

    fn accept(mut self) -> Result<Connection, Fault> {
        let core = self.0.take().ok_or(Fault::Aborted)?;
        let levels = net::levels(&core.socket);
        if levels.broken || levels.ended && core.mode == Mode::Messages {
            return Err(Fault::Reset);
        }
        core.ring_from_now()?;
        if core.mode == Mode::Messages {
            core.answer(Answer::Accepted)?;
        }
        Ok(Connection(core))
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // In a stream the other side counts as connected, and is reset.
        if let Some(core) = self.0.take().filter(|core| core.mode == Mode::Messages) {
            core.refuse();
        }
    }
}
