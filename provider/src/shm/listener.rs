//! Listening ends, and those who want to connect.

use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use wsp::transport::{self, Bound, Fault, Mode};

use super::connection::{Core, Facts, condition};
use super::instance::Instance;
use super::links::Link;
use super::rendezvous::{self, Kind, Lease};
use super::segment::{state, verdict};
use super::watcher::{Watch, Watched};
use super::wire::{self, Frame};
use super::{Connection, layout};
use crate::os::socket::{self, Incoming, Socket};
use crate::os::{memory, process};

/// How many may be connected without having said what they want. They take no place in the queue.
const SILENT: usize = 64;

/// A listening end.
pub struct Listener {
    instance: Arc<Instance>,
    pub(super) facts: Listening,
    pub(super) watch: Watch<socket::Listener>,
    pub(super) backlog: AtomicUsize,
    queue: Mutex<Queue>,
    /// Goes after the socket: whoever takes the address then can listen there.
    pub(super) lease: Lease,
}

/// Who came through the door.
#[derive(Default)]
struct Queue {
    /// Connected, and did not say yet what they want.
    silent: VecDeque<Watch<Socket>>,
    /// Has said it. No more are let in until this one is taken, so that the backlog stays what it is.
    heard: Option<Request>,
}

/// What does not change about a listening end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// Where.
    pub address: SocketAddrV4,
    /// How.
    pub kind: Kind,
}

impl Listener {
    /// Over a socket that listens.
    pub fn new(
        instance: &Arc<Instance>,
        facts: Listening,
        lease: Lease,
        (socket, backlog): (socket::Listener, usize),
    ) -> Result<Self, Fault> {
        let watch = Watch::new(instance, Arc::new(socket), Watched::Bell)?;
        let backlog = AtomicUsize::new(backlog);
        Ok(Self { instance: Arc::clone(instance), facts, lease, watch, backlog, queue: Mutex::default() })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets in who waits, until somebody has said what it wants. Returns whether somebody has.
    fn look(&self, queue: &mut Queue) -> Result<bool, Fault> {
        if queue.heard.is_some() {
            return Ok(true);
        }
        for _ in 0..queue.silent.len() {
            let Some(watch) = queue.silent.pop_front() else { break };
            match self.hear(watch.socket()) {
                Ok(None) => queue.silent.push_back(watch),
                Ok(request) => {
                    queue.heard = request;
                    return Ok(true);
                }
                Err(_) => {}
            }
        }
        while let Some(socket) = socket::accept(self.watch.socket())? {
            let socket = Arc::new(socket);
            match self.hear(&socket) {
                Ok(None) => {
                    queue.silent.truncate(SILENT - 1);
                    queue.silent.push_back(Watch::new(&self.instance, socket, Watched::Bell)?);
                }
                Ok(request) => {
                    queue.heard = request;
                    return Ok(true);
                }
                Err(Fault::TooManyOpen) => return Err(Fault::TooManyOpen),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// What somebody wants, if it has said so.
    fn hear(&self, from: &Arc<Socket>) -> Result<Option<Request>, Fault> {
        let mut buffer = [0; wire::LONGEST];
        let (length, files) = match socket::receive(&**from, &mut buffer)? {
            Incoming::Nothing => return Ok(None),
            Incoming::Gone => return Err(Fault::Reset),
            Incoming::Frame(length, files) => (length, files),
        };
        let Some(Frame::Hello { mode, from: peer, to, identity }) = Frame::parse(&buffer[..length]) else {
            return Err(Fault::Reset);
        };
        let mut files = files.into_iter();
        let segment = files.next().ok_or(Fault::Reset)?;
        if mode != self.facts.kind.mode() || to.port() != self.facts.address.port() {
            return Err(Fault::Reset);
        }
        memory::check(&segment, layout::SIZE)?;
        let bell = self.instance.bell_of_peer(&mut files)?;
        let facts = Facts { end: 1, mode, local: to, peer, generation: 1 };
        let link = Link {
            token: self.instance.watcher.token(),
            socket: Arc::clone(from),
            bell: Some(bell),
            process: process::credentials(&**from).ok(),
            identity: Some(identity),
        };
        Ok(Some(Request { core: Arc::new(Core::new(&self.instance, segment, facts)?), link: Some(link) }))
    }
}

impl transport::Listener for Listener {
    type Connection = Connection;
    type Request = Request;

    fn poll(&self) -> Poll<Result<Request, Fault>> {
        let mut queue = self.queue();
        if let Err(fault) = self.look(&mut queue) {
            return Poll::Ready(Err(fault));
        }
        queue.heard.take().map_or(Poll::Pending, |request| Poll::Ready(Ok(request)))
    }

    fn waiting(&self) -> bool {
        // What fails is worth an attempt, which tells why. Who is connected and silent is not: it may stay so.
        self.look(&mut self.queue()).unwrap_or(true)
    }

    fn set_backlog(&self, backlog: usize) {
        self.backlog.store(backlog, Ordering::Relaxed);
        // It fails for no reason that a listening socket could have.
        let _ = socket::set_backlog(self.watch.socket(), backlog);
    }
}

/// Somebody who wants to connect.
pub struct Request {
    core: Arc<Core>,
    /// Until it is accepted.
    link: Option<Link>,
}

impl transport::Request for Request {
    type Connection = Connection;

    fn peer(&self) -> SocketAddrV4 {
        self.core.facts.peer
    }

    fn local(&self) -> SocketAddrV4 {
        self.core.facts.local
    }

    fn accept(mut self) -> Result<Connection, Fault> {
        let Some(link) = self.link.take() else { return Err(Fault::Reset) };
        let (core, token, socket) = (Arc::clone(&self.core), link.token, Arc::clone(&link.socket));
        let made = core.greet(&socket, false, None).and_then(|()| core.add_link(link));
        let ended = core.other.state.load(Ordering::Acquire);
        let gone = ended == state::ABORTED || (ended == state::CLOSED && core.facts.mode == Mode::Messages);
        // In a stream, what a peer sent before it went still counts.
        let left = made == Err(Fault::Reset) && ended != state::OPEN && !gone;
        if gone || (made.is_err() && !left) {
            core.own.verdict.store(verdict::REFUSED, Ordering::Release);
            return Err(made.err().unwrap_or(Fault::Reset));
        }
        if left {
            core.condition.fetch_or(condition::DEAD, Ordering::AcqRel);
        }
        core.serve_link(token);
        core.probe();
        core.own.verdict.store(verdict::ACCEPTED, Ordering::Release);
        core.links.ring();
        Ok(Connection(core))
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            self.core.own.verdict.store(verdict::REFUSED, Ordering::Release);
            self.core.own.state.fetch_max(state::ABORTED, Ordering::Release);
            if let Some(bell) = link.bell {
                transport::Bell::ring(&*bell);
            }
        }
    }
}

/// Asks for a connection.
pub fn connect(
    instance: &Arc<Instance>,
    from: &Bound<Lease>,
    to: SocketAddrV4,
    mode: Mode,
) -> Result<Connection, Fault> {
    let (socket, kind) = rendezvous::connect(to, mode)?;
    let socket = Arc::new(socket);
    let segment = memory::create("wsp-connection", layout::SIZE)?;
    let local = rendezvous::seen_from(from.address, to);
    let core = Core::new(instance, segment, Facts { end: 0, mode, local, peer: to, generation: 1 })?;
    if kind == Kind::Asking {
        core.condition.fetch_or(condition::ASKING, Ordering::AcqRel);
    }
    let hello = Frame::Hello { mode, from: local, to, identity: core.identity() };
    let files: Vec<_> = std::iter::once(&core.file).chain(instance.bell.parts()).collect();
    socket::send(&*socket, &hello.bytes(), &files).map_err(|fault| match fault {
        Fault::Reset => Fault::Refused,
        fault => fault,
    })?;
    let core = Arc::new(core);
    let process = process::credentials(&*socket).ok();
    core.add_link(Link { token: instance.watcher.token(), socket, bell: None, process, identity: None })?;
    Ok(Connection(core))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use wsp::transport::{Listener as _, Transport};

    use super::*;
    use crate::shm::{Settings, Shm};

    #[test]
    fn who_has_connected_and_says_nothing_is_no_request() {
        let shm = Shm::new(Settings::default()).unwrap();
        let bound = shm.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), false).unwrap();
        let listener = shm.listen(&bound, 4, Mode::Messages).unwrap();
        let (silent, _) = rendezvous::connect(bound.address, Mode::Messages).unwrap();
        assert!(!listener.waiting(), "nobody has asked for anything");
        assert!(listener.poll().is_pending());
        let client = shm.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), false).unwrap();
        let _connection = shm.connect(&client, bound.address, Mode::Messages).unwrap();
        assert!(listener.waiting(), "somebody else has");
        assert!(matches!(listener.poll(), Poll::Ready(Ok(_))));
        drop(silent);
        assert!(!listener.waiting(), "who is gone asks for nothing");
    }
}
