//! Memory that is opened to the peer, by key.
//!
//! Where the system lets both processes copy each other's memory, a transfer is one such copy: the peer finds the memory's place
//! in a table in the segment, and says there while it copies, so that the owner can wait for it. Everywhere else, and for what
//! has no place in the table, the owner's [agent](super::agent) does it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wsp::transport::{Access, Exposures, Fault, Gather, Rdma, Region, Remote, Scatter, Transfer};

use super::agent::Agent;
use super::connection::{Core, Facts, condition};
use super::segment::{Places, Shared};
use super::{Connection, layout};
use crate::moves::Side;
use crate::os::memory::Mapping;
use crate::os::process::Direction;

/// The part of a key that counts exposures; above it is the generation of the end, so that no key ever comes twice.
const COUNTED: u32 = 40;

const READ: u32 = 1;
const WRITE: u32 = 2;

/// One exposure. The owner writes it, except for `busy`.
#[derive(Debug)]
#[repr(C, align(64))]
struct Slot {
    /// 0 if it is free.
    key: AtomicU64,
    address: AtomicU64,
    length: AtomicU64,
    access: AtomicU32,
    /// How many threads of the peer are copying.
    busy: AtomicU32,
}

// SAFETY: atomics only.
unsafe impl Shared for Slot {}

const _: () = assert!(size_of::<Slot>() == layout::SLOT);

/// What one end opens and what it asks for.
pub struct Remotes {
    exposures: Exposures,
    ours: Places<Slot>,
    theirs: Places<Slot>,
    /// Held while `ours` changes.
    changing: Mutex<()>,
    generation: u32,
    pub(super) agent: Agent,
}

impl Remotes {
    /// Nothing yet.
    pub fn new(mapping: &Arc<Mapping>, facts: Facts) -> Self {
        Self {
            exposures: Exposures::default(),
            ours: Places::new(mapping, layout::table(facts.end), layout::SLOTS),
            theirs: Places::new(mapping, layout::table(1 - facts.end), layout::SLOTS),
            changing: Mutex::default(),
            generation: facts.generation,
            agent: Agent::new(mapping, facts.end),
        }
    }

    /// Is something being read or written for us?
    pub fn under_way(&self) -> bool {
        self.agent.under_way()
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was exposed under a key of ours.
    fn counted(&self, key: u64) -> Result<u64, Fault> {
        if key >> COUNTED == u64::from(self.generation) { Ok(key & ((1 << COUNTED) - 1)) } else { Err(Fault::BadClaim) }
    }

    /// Runs `body` on a part of what is open under a key.
    pub fn with(
        &self,
        key: u64,
        (offset, length): (u64, usize),
        allowed: impl FnOnce(Access) -> bool,
        body: impl FnOnce(Region),
    ) -> Result<(), Fault> {
        let key = self.counted(key).map_err(|_| Fault::Access)?;
        self.exposures.with(key, offset, length, allowed, body)
    }

    fn expose(&self, region: Region, access: Access, listed: bool) -> u64 {
        let counted = self.exposures.expose(region, access);
        let key = u64::from(self.generation) << COUNTED | counted;
        let slot = self.ours.at(counted);
        let _changing = self.changing();
        if listed && slot.key.load(Ordering::Relaxed) == 0 && slot.busy.load(Ordering::Relaxed) == 0 {
            slot.address.store(region.as_ptr() as u64, Ordering::Relaxed);
            slot.length.store(region.len() as u64, Ordering::Relaxed);
            let bits = if access.read { READ } else { 0 } | if access.write { WRITE } else { 0 };
            slot.access.store(bits, Ordering::Relaxed);
            slot.key.store(key, Ordering::Release);
        }
        key
    }
}

impl Core {
    fn withdraw(&self, key: u64) -> Result<(), Fault> {
        let counted = self.remote.counted(key)?;
        let slot = self.remote.ours.at(counted);
        let listed = {
            let _changing = self.remote.changing();
            // Pairs with `direct`: either the peer sees that the key is gone, or we see it copying.
            slot.key.compare_exchange(key, 0, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        };
        if listed {
            self.wait_while(|| slot.busy.load(Ordering::SeqCst) != 0);
        }
        self.remote.exposures.withdraw(counted)
    }

    /// Closes all that is open: the peer reaches none of it when this returns.
    pub fn withdraw_all(&self) {
        if self.remote.exposures.is_empty() {
            return;
        }
        let slots = || (0..self.remote.ours.len()).map(|index| self.remote.ours.at(index));
        slots().for_each(|slot| slot.key.store(0, Ordering::SeqCst));
        // One wait for all: a peer can make every one of them look busy.
        self.wait_while(|| slots().any(|slot| slot.busy.load(Ordering::SeqCst) != 0));
        self.remote.exposures.withdraw_all();
    }

    /// Closes all that is open, and gives up what is under way: no memory is used when this returns.
    pub fn close_remote(&self) {
        self.withdraw_all();
        self.remote.agent.abandon(Fault::Aborted);
    }

    /// Serves what the peer asks, and goes on with what we asked.
    pub fn serve_remote(&self) {
        if self.is(condition::OVER) {
            return;
        }
        let served = self.remote.agent.serve(&self.remote).and_then(|served| Ok((served, self.remote.agent.pump()?)));
        match served {
            Ok((served, pumped)) => {
                if served || pumped.ring {
                    self.links.ring();
                }
                if pumped.kick {
                    self.kick();
                }
            }
            Err(_) => drop(self.spoil()),
        }
    }

    fn transfer(&self, side: Side, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        let allowed = match side {
            Side::Write(_) => remote.access.write,
            Side::Read(_) => remote.access.read,
        };
        let inside = offset.checked_add(side.len() as u64).is_some_and(|end| end <= remote.length);
        if !allowed || !inside {
            return Err(Fault::Access);
        }
        if self.is(condition::OVER) {
            return Err(Fault::Aborted);
        }
        if let Some(fault) = self.ready().fault {
            return Err(fault);
        }
        if !self.remote.under_way()
            && let Some(done) = self.direct(&side, remote, offset)
        {
            return done.map(|()| Transfer::Done);
        }
        if !self.remote.agent.ask(side, remote.key, offset) {
            return Ok(Transfer::Full);
        }
        self.serve_remote();
        Ok(Transfer::Running)
    }

    /// Copies without the peer's help; `None` where that cannot be done.
    fn direct(&self, side: &Side, remote: &Remote, offset: u64) -> Option<Result<(), Fault>> {
        let (memory, identity) = self.readable.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let slot = self.remote.theirs.at(remote.key & ((1 << COUNTED) - 1));
        slot.busy.fetch_add(1, Ordering::SeqCst);
        // Pairs with `withdraw`. The length and the access are checked as the owner knows them, not as the descriptor says.
        let open = slot.key.load(Ordering::SeqCst) == remote.key && remote.key != 0;
        let done = open.then(|| {
            let (needed, length) = (if side.writes() { WRITE } else { READ }, slot.length.load(Ordering::Relaxed));
            let end = offset.checked_add(side.len() as u64).filter(|end| *end <= length);
            if end.is_none() || slot.access.load(Ordering::Relaxed) & needed == 0 {
                return Err(Fault::Access);
            }
            let address = slot.address.load(Ordering::Relaxed).wrapping_add(offset);
            let known = (identity.address, identity.word);
            let copied = match side {
                Side::Read(room) => memory.copy_known(known, room.regions(0, usize::MAX), address),
                Side::Write(data) if memory.read_word(known.0) == Ok(known.1) => {
                    memory.copy(Direction::Write, data.regions(0, usize::MAX), address)
                }
                Side::Write(_) => Err(Fault::Access),
            };
            if copied == Ok(side.len()) { Ok(()) } else { Err(Fault::Access) }
        });
        slot.busy.fetch_sub(1, Ordering::SeqCst);
        done
    }
}

impl Rdma for Connection {
    fn expose(&self, region: Region, access: Access) -> Result<u64, Fault> {
        if self.0.is(condition::OVER) {
            return Err(Fault::NoBuffers);
        }
        Ok(self.0.remote.expose(region, access, self.0.instance.single_copy))
    }

    fn withdraw(&self, key: u64) -> Result<(), Fault> {
        self.0.withdraw(key)
    }

    fn write(&self, data: &Gather, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        self.0.transfer(Side::Write(data.clone()), remote, offset)
    }

    fn read(&self, room: &Scatter, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        self.0.transfer(Side::Read(room.clone()), remote, offset)
    }

    fn finished(&self) -> Option<Result<(), Fault>> {
        self.0.serve_remote();
        self.0.remote.agent.finished()
    }
}
