//! Ends that move to another process, or are used by several.
//!
//! A TCP connection is the system's, and belongs to whoever has a socket of it. Of a connection of streams nothing else is to
//! be handed over; who has it knows by a pipe whether others have it, too. With one of messages goes what was read and written
//! beyond the messages that the host has seen.

use std::net::SocketAddrV4;
use std::sync::Arc;

use wsp::transport::{Bound, Fault, Mode, Parcel, State, Taken};

use super::connection::{Core, condition};
use super::desk;
use super::instance::Instance;
use super::listener::Listener;
use super::ports::Lease;
use super::share::Share;
use super::{Connection, Tcp};
use crate::bytes::{Reader, Writer};
use crate::claims::{self, Fetched, Packed};
use crate::os::{Descriptor, memory, net};

/// More than any state of a connection of messages has.
const STATE: usize = 4 << 20;

/// Hands something over.
pub fn give(instance: &Arc<Instance>, parcel: Parcel<'_, Tcp>, to: u32, state: &State) -> Result<u32, Fault> {
    let (to, common) = claims::recipient(to, state)?;
    let desk = instance.desks.open()?;
    let place = desk.place()?;
    let shared = matches!(parcel, Parcel::Connection { shared: true, .. });
    let mut packed = match parcel {
        Parcel::Bare => Packed { bytes: Writer(vec![0]), ..Packed::default() },
        Parcel::Listener(listener) => pack_listener(listener)?,
        Parcel::Connection { connection, shared } => pack_connection(&connection.0, shared)?,
    };
    packed.add_state(state, common);
    Ok(desk.put(place, to, packed, shared))
}

fn pack_listener(listener: &Listener) -> Result<Packed, Fault> {
    let mut bytes = Writer(vec![1]);
    bytes.mode(listener.mode());
    bytes.word(u32::try_from(listener.backlog()).unwrap_or(u32::MAX));
    let (address, socket) = listener.share()?;
    bytes.address(address);
    Ok(Packed { bytes, socket: Some(socket), ..Packed::default() })
}

fn pack_connection(core: &Core, shared: bool) -> Result<Packed, Fault> {
    core.usable()?;
    let mut bytes = Writer(vec![2]);
    bytes.byte(u8::from(shared));
    bytes.mode(core.mode);
    bytes.address(core.local);
    bytes.address(core.peer);
    let (socket, mut files) = (Some(net::leaving(&core.socket)?), Vec::new());
    match &core.messages {
        None if shared => files.extend(core.share()?),
        None => core.move_away(),
        Some(_) if shared => return Err(Fault::NotSupported),
        Some(messages) => files.push(core.give_messages(messages)?),
    }
    Ok(Packed { bytes, socket, files, ..Packed::default() })
}

/// Takes what was handed over to this process.
pub fn take(instance: &Arc<Instance>, claim: u32) -> Result<(Taken<Tcp>, State), Fault> {
    let Fetched { contents, files, passed, state } = claims::fetch(&desk::name(claim), Contents::parse)?;
    Ok((contents.unpack(instance, files, &mut Reader(&passed))?, state))
}

/// What was handed over.
enum Contents {
    Bare,
    Listener { mode: Mode, backlog: usize, address: SocketAddrV4 },
    Connection { shared: bool, mode: Mode, addresses: [SocketAddrV4; 2] },
}

impl Contents {
    fn parse(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Bare,
            1 => {
                let (mode, backlog) = (from.mode()?, usize::try_from(from.word()?).ok()?);
                Self::Listener { mode, backlog, address: from.address()? }
            }
            2 => {
                let (shared, mode) = (from.flag()?, from.mode()?);
                Self::Connection { shared, mode, addresses: [from.address()?, from.address()?] }
            }
            _ => return None,
        })
    }

    fn unpack(
        self,
        instance: &Arc<Instance>,
        files: Vec<Descriptor>,
        passed: &mut Reader<'_>,
    ) -> Result<Taken<Tcp>, Fault> {
        let mut files = files.into_iter();
        Ok(match self {
            Self::Bare => Taken::Bare,
            Self::Listener { mode, backlog, address } => {
                let listener = Listener::taken_over(instance, net::arrive(passed, &mut files)?, backlog, mode)?;
                Taken::Listener(listener, Bound { address, lease: Lease::taken_over(address) })
            }
            Self::Connection { shared, mode, addresses } => {
                let mut core = Core::accepted(instance, net::arrive(passed, &mut files)?, mode, addresses);
                let mut file = || files.next().ok_or(Fault::BadClaim);
                match &mut core.messages {
                    Some(messages) => {
                        let state = memory::contents(file()?, STATE)?;
                        messages.restore(&mut Reader(&state)).ok_or(Fault::BadClaim)?;
                    }
                    None if shared => core.shared_with_others(Share::new(file()?, file()?)),
                    None => {}
                }
                core.ring_from_now()?;
                let core = Arc::new(core);
                if core.messages.as_ref().is_some_and(|messages| messages.remote.is_active()) {
                    core.serve_from_now();
                }
                Taken::Connection(Connection(core))
            }
        })
    }
}

impl Core {
    /// Lets another process go on with a connection of streams instead of this one.
    fn move_away(&self) {
        self.set(condition::MOVED);
        self.ring_no_more();
    }

    /// What another process needs to use a connection of streams beside this one.
    fn share(&self) -> Result<[Descriptor; 2], Fault> {
        let mut share = self.shared();
        if share.is_none() {
            *share = Some(Share::open()?);
        }
        share.as_ref().ok_or(Fault::NoBuffers)?.duplicate()
    }
}
