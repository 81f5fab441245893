//! Ends that move to another process, or are used by several.
//!
//! Who gives prepares everything and waits, under a name made of the claim's number, for the process it is for: the kernel says
//! who comes. What is handed over are descriptors: of the segment, in which all state of the end is, and of the sockets that
//! lead to the other end. Through these the new process sends the other end its own socket and bell, and gets an answer.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use wsp::transport::{Bound, Ending, Fault, Mode, Parcel, State, Taken};

use super::connection::{Core, Facts, condition};
use super::instance::Instance;
use super::links::Link;
use super::listener::{Listener, Listening};
use super::rendezvous::{self, Kind, Lease};
use super::segment::{End, Place};
use super::watcher::{Watch, Watched};
use super::{Connection, Shm, layout};
use crate::bytes::{Reader, Writer};
use crate::claims::{self, Packed};
use crate::os::Descriptor;
use crate::os::memory::{self, Mapping};
use crate::os::names::Claim;
use crate::os::process::{self, Credentials};
use crate::os::socket::{self, Socket};

/// What waits, and the end that its taker holds already, if both use it.
pub type Claims = claims::Claims<Watch<socket::Listener>, Option<usize>>;

/// Gives up what nobody came for. Returns when to look again.
pub fn expire(claims: &Claims) -> Option<Duration> {
    let (expired, next) = claims.expire();
    give_up(expired);
    next
}

/// The processes do not come: they hold nothing.
pub fn give_up(expired: Vec<claims::Waiting<Watch<socket::Listener>, Option<usize>>>) {
    for waiting in expired {
        let Some((end, segment)) = waiting.more.zip(waiting.packed.files.first()) else { continue };
        if let Ok(mapping) = Mapping::new(segment, layout::SIZE) {
            release(&Place::<End>::new(&Arc::new(mapping), layout::end(end)), waiting.to);
        }
    }
}

/// Enters a process among those that use an end.
fn hold(end: &Place<End>, process: i32) -> Result<(), Fault> {
    let entered = end.holders.iter().any(|holder| {
        let before = holder.load(Ordering::Acquire);
        let free = i32::try_from(before).is_ok_and(|process| process == 0 || !process::alive(process));
        free && holder.compare_exchange(before, process as u32, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    });
    if entered { Ok(()) } else { Err(Fault::NoBuffers) }
}

/// Takes a process out, once. Returns whether living processes are left.
pub fn release(end: &Place<End>, process: i32) -> bool {
    let process = process as u32;
    let _ = end
        .holders
        .iter()
        .any(|holder| holder.compare_exchange(process, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok());
    end.holders.iter().any(|holder| match i32::try_from(holder.load(Ordering::Acquire)) {
        Ok(0) | Err(_) => false,
        Ok(process) => process::alive(process),
    })
}

/// Hands something over.
pub fn give(instance: &Arc<Instance>, parcel: Parcel<'_, Shm>, to: u32, state: &State) -> Result<u32, Fault> {
    let (to, common) = claims::recipient(to, state)?;
    let (claim, socket) = instance.claims.open()?;
    let watch = Watch::new(instance, Arc::new(socket), Watched::Claim(claim))?;
    let (mut packed, held) = match parcel {
        Parcel::Bare => (Packed { bytes: Writer(vec![0]), ..Packed::default() }, None),
        Parcel::Listener(listener) => (pack_listener(listener)?, None),
        Parcel::Connection { connection, shared } => pack_connection(&connection.0, shared, to)?,
    };
    packed.add_state(state, common);
    instance.claims.put(claim, watch, to, packed, held);
    instance.watcher.wake();
    Ok(claim)
}

fn pack_listener(listener: &Listener) -> Result<Packed, Fault> {
    let mut bytes = Writer(vec![1]);
    bytes.mode(listener.facts.kind.mode());
    bytes.byte(u8::from(listener.facts.kind == Kind::Asking));
    bytes.address(listener.facts.address);
    bytes.word(u32::try_from(listener.backlog.load(Ordering::Relaxed)).unwrap_or(u32::MAX));
    let mut files = socket::share(listener.watch.socket())?;
    files.extend(listener.lease.0.share()?);
    Ok(Packed { bytes, files, ..Packed::default() })
}

fn pack_connection(core: &Core, shared: bool, to: i32) -> Result<(Packed, Option<usize>), Fault> {
    let (lent, ended) = core.outgoing.loans();
    if core.is(condition::OVER) || lent != ended || core.remote.under_way() {
        // Memory of this process is in use.
        return Err(Fault::BadClaim);
    }
    let facts = core.facts;
    let generation = if shared { facts.generation } else { facts.generation.checked_add(1).ok_or(Fault::NoBuffers)? };
    let mut bytes = Writer(vec![2]);
    bytes.byte(u8::from(shared));
    bytes.byte(facts.end as u8);
    bytes.mode(facts.mode);
    bytes.address(facts.local);
    bytes.address(facts.peer);
    bytes.word(generation);
    bytes.byte(core.links.all().len() as u8);
    let mut files = vec![memory::duplicate(&core.file)?];
    for link in core.links.all() {
        // The process number is good where it was seen: the taker, too, recognises the process before it copies memory.
        let process = link.process.unwrap_or_default();
        bytes.word(process.process as u32);
        bytes.word(process.user);
        files.push(memory::duplicate(socket::descriptor(&link.socket))?);
    }
    if !shared {
        // First, since it can fail: what failed has changed nothing.
        if !core.settle(condition::MOVED) {
            return Err(Fault::NotSupported);
        }
        core.withdraw_all();
        core.own.can_copy.store(0, Ordering::Release);
        core.leave();
        return Ok((Packed { bytes, files, ..Packed::default() }, None));
    }
    share(core, to)?;
    Ok((Packed { bytes, files, ..Packed::default() }, Some(facts.end)))
}

/// Enters another process among those that use an end, and this one, if it used the end alone. What fails changes nothing.
fn share(core: &Core, to: i32) -> Result<(), Fault> {
    hold(&core.own, to)?;
    if core.is(condition::SHARED) {
        return Ok(());
    }
    let entered = hold(&core.own, process::own()).and_then(|()| {
        if core.settle(condition::SHARED) {
            return Ok(());
        }
        release(&core.own, process::own());
        Err(Fault::NotSupported)
    });
    if entered.is_err() {
        release(&core.own, to);
    }
    entered
}

/// Takes what was handed over to this process.
pub fn take(instance: &Arc<Instance>, claim: u32) -> Result<(Taken<Shm>, State), Fault> {
    let fetched = claims::fetch(&rendezvous::parcel(claim), Contents::parse)?;
    if !fetched.passed.is_empty() {
        return Err(Fault::BadClaim);
    }
    Ok((fetched.contents.unpack(instance, fetched.files)?, fetched.state))
}

/// What was handed over.
enum Contents {
    Bare,
    Listener(Listening, usize),
    Connection { shared: bool, facts: Facts, peers: Vec<Credentials> },
}

impl Contents {
    fn parse(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Bare,
            1 => {
                let kind = match (from.mode()?, from.flag()?) {
                    (Mode::Stream, false) => Kind::Stream,
                    (Mode::Stream, true) => Kind::Asking,
                    (Mode::Messages, _) => Kind::Messages,
                };
                let address: SocketAddrV4 = from.address()?;
                Self::Listener(Listening { address, kind }, usize::try_from(from.word()?).ok()?)
            }
            2 => {
                let shared = from.flag()?;
                let end = usize::from(from.flag()?);
                let (mode, local, peer) = (from.mode()?, from.address()?, from.address()?);
                let generation = from.word().filter(|generation| *generation > 0)?;
                let peers =
                    (0..from.byte()?).map(|_| Some(Credentials { process: from.word()? as i32, user: from.word()? }));
                let peers = peers.collect::<Option<_>>()?;
                Self::Connection { shared, facts: Facts { end, mode, local, peer, generation }, peers }
            }
            _ => return None,
        })
    }

    fn unpack(self, instance: &Arc<Instance>, files: Vec<Descriptor>) -> Result<Taken<Shm>, Fault> {
        let mut files = files.into_iter();
        Ok(match self {
            Self::Bare => Taken::Bare,
            Self::Listener(facts, backlog) => {
                let name = facts.kind.listener(facts.address);
                let socket = socket::adopt_listener(&mut files, &name, backlog)?;
                let lease = Lease(Arc::new(Claim::adopt(files)?));
                let bound = Bound { address: facts.address, lease: lease.clone() };
                Taken::Listener(Listener::new(instance, facts, lease, (socket, backlog))?, bound)
            }
            Self::Connection { shared, facts, peers } => {
                let segment = files.next().ok_or(Fault::BadClaim)?;
                let adopt = |(peer, file): (Credentials, Descriptor)| -> Result<_, Fault> {
                    Ok((peer, socket::adopt(file, Some(peer.process))?))
                };
                let peers = peers.into_iter().zip(files).map(adopt).collect::<Result<_, _>>()?;
                Taken::Connection(Connection(arrive(instance, segment, peers, shared, facts)?))
            }
        })
    }
}

/// Goes on with an end here.
fn arrive(
    instance: &Arc<Instance>,
    segment: Descriptor,
    peers: Vec<(Credentials, Socket)>,
    shared: bool,
    facts: Facts,
) -> Result<Arc<Core>, Fault> {
    memory::check(&segment, layout::SIZE)?;
    let core = Arc::new(Core::new(instance, segment, facts)?);
    let bits = condition::ARRIVING | if shared { condition::SHARED } else { 0 };
    core.condition.fetch_or(bits, Ordering::AcqRel);
    let introduced = introduce(&core, &peers, shared);
    if let Err(fault) = introduced {
        core.close(Ending::Abortive);
        return Err(fault);
    }
    if core.links.is_empty() {
        core.condition.fetch_or(condition::DEAD, Ordering::AcqRel);
    }
    Ok(core)
}

/// Tells the processes at the other end that we are here.
fn introduce(core: &Arc<Core>, peers: &[(Credentials, Socket)], shared: bool) -> Result<(), Fault> {
    for (process, socket) in peers {
        let (ours, theirs) = socket::pair(process.process)?;
        match core.greet(socket, shared, Some(&theirs)) {
            Ok(()) => {
                let (token, process) = (core.instance.watcher.token(), Some(*process));
                core.add_link(Link { token, socket: Arc::new(ours), bell: None, process, identity: None })?;
            }
            // That process is gone; what it sent is still to be read.
            Err(Fault::Reset) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}
