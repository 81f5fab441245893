//! The providers of a catalog: loaded and started when the first call needs them, each once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, ThreadId};

use wsp::ffi;
use wsp::rt::same_guid;
use wsp::winsock::caller::Table;

use super::entries::{Entry, Module, Wanted, expanded, numbered};
use super::failure::Failure;
use crate::startup::{self, Terms};
use crate::upcalls::{catalog as upcalls, functions, handles};
use crate::{library, os};

/// Version 2.2, whatever the program asked for.
const TERMS: Terms = Terms { version: 0x0202, upcalls: functions::TABLE, cleanup_after_failure: true };

/// A provider that has been started.
pub struct Started {
    pub id: ffi::GUID,
    pub table: Table,
    /// Dropped last: the functions came from it.
    _library: Option<os::Library>,
}

/// How deep start-ups of one provider may be nested.
const DEPTH: usize = 8;

/// The catalog, and what of it is in use.
#[derive(Default)]
pub struct Providers {
    /// The catalog lock. Held while a provider starts or is cleaned up.
    lock: Mutex<()>,
    /// The thread that holds it, which may take it again.
    owner: Mutex<Option<ThreadId>>,
    /// Only changed under the catalog lock, and locked for a moment: never while a provider is called.
    catalog: Mutex<Catalog>,
    /// Read by every call, also while a provider is being started.
    started: RwLock<Vec<Arc<Started>>>,
}

/// What the catalog lock guards.
#[derive(Default)]
pub struct Catalog {
    pub entries: Vec<Entry>,
    /// Start-ups of the program that no clean-up has undone.
    pub starts: usize,
    /// The entries that are known to the upcalls through this catalog.
    entered: HashSet<u32>,
    /// The providers that are being started, the innermost last.
    starting: Vec<ffi::GUID>,
}

/// The catalog lock, held.
pub struct Held<'a> {
    providers: &'a Providers,
    /// `None`: this thread had it before.
    outermost: Option<MutexGuard<'a, ()>>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.outermost.is_some() {
            *whole(self.providers.owner.lock()) = None;
        }
    }
}

fn whole<T>(locked: Result<T, PoisonError<T>>) -> T {
    locked.unwrap_or_else(PoisonError::into_inner)
}

impl Providers {
    /// Takes the catalog lock. As in ws2_32 the thread that has it may take it again: providers make socket calls in their start-up.
    pub fn hold(&self) -> Held<'_> {
        let this = thread::current().id();
        if *whole(self.owner.lock()) == Some(this) {
            return Held { providers: self, outermost: None };
        }
        let outermost = Some(whole(self.lock.lock()));
        *whole(self.owner.lock()) = Some(this);
        Held { providers: self, outermost }
    }

    /// The provider of this socket handle, if it was started from here.
    pub fn of_handle(&self, socket: ffi::SOCKET) -> Option<Arc<Started>> {
        let entry = handles::find(socket)?.entry?;
        self.find(&entry.info.ProviderId)
    }

    /// The provider, if it has been started.
    pub fn find(&self, id: &ffi::GUID) -> Option<Arc<Started>> {
        whole(self.started.read()).iter().find(|started| same_guid(&started.id, id)).cloned()
    }
}

impl Held<'_> {
    /// The catalog, for a moment.
    pub fn catalog(&self) -> MutexGuard<'_, Catalog> {
        whole(self.providers.catalog.lock())
    }

    /// Adds an entry at the end of the catalog. `false`: the number is another's.
    pub fn install(&self, entry: Entry) -> bool {
        let mut catalog = self.catalog();
        let path = match &entry.module {
            Module::File(path) => Some(path.clone()),
            Module::Linked(_) => None,
        };
        if numbered(&catalog.entries, entry.id()).is_some() {
            return false;
        }
        match upcalls::enter_as(entry.info, path) {
            Ok(()) => {
                catalog.entered.insert(entry.id());
            }
            // Another host of this process has the same entry.
            Err(taken) if taken.is_of(&entry.info.ProviderId) => {}
            Err(_) => return false,
        }
        catalog.entries.push(entry);
        true
    }

    /// Takes an entry out. A provider that has been started stays so.
    pub fn remove(&self, id: u32) -> bool {
        let mut catalog = self.catalog();
        let count = catalog.entries.len();
        catalog.entries.retain(|entry| entry.id() != id);
        if catalog.entered.remove(&id) {
            upcalls::remove(id);
        }
        catalog.entries.len() < count
    }

    /// The entries that match, in order.
    pub fn matching(&self, wanted: Wanted) -> Result<Vec<Entry>, i32> {
        wanted.among(&self.catalog().entries).map(|found| found.into_iter().cloned().collect())
    }

    /// The entry of this number.
    pub fn entry(&self, id: u32) -> Option<Entry> {
        numbered(&self.catalog().entries, id).cloned()
    }

    /// The entry's provider; the first time it is loaded and started, for this entry. One that asks for itself while it starts is
    /// started once more, as ws2_32 would; each start-up gets its clean-up.
    pub fn provider(&self, entry: &Entry) -> Result<Arc<Started>, Failure> {
        let id = entry.info.ProviderId;
        if let Some(started) = self.providers.find(&id) {
            return Ok(started);
        }
        {
            let starting = &mut self.catalog().starting;
            if starting.iter().filter(|other| same_guid(other, &id)).count() == DEPTH {
                return Err(Failure::Endless);
            }
            starting.push(id);
        }
        let outcome = start(entry);
        self.catalog().starting.pop();
        let started = Arc::new(outcome?);
        whole(self.providers.started.write()).push(Arc::clone(&started));
        Ok(started)
    }

    /// Cleans every provider up, once, and lets go of the libraries. Open sockets are not closed. Gives what the first provider
    /// that failed said.
    pub fn end(&self) -> Result<(), Failure> {
        let all = std::mem::take(&mut *whole(self.providers.started.write()));
        let mut outcome = Ok(());
        for started in all {
            let ended = started.table.cleanup();
            handles::forget(&started.id);
            outcome = outcome.and(ended.map_err(|error| Failure::Provider(error.into())));
        }
        outcome
    }
}

impl Drop for Catalog {
    fn drop(&mut self) {
        for id in self.entered.drain() {
            upcalls::remove(id);
        }
    }
}

fn start(entry: &Entry) -> Result<Started, Failure> {
    let id = entry.info.ProviderId;
    match &entry.module {
        Module::Linked(startup) => {
            Ok(Started { id, table: startup::start(*startup, TERMS, &entry.info)?.table, _library: None })
        }
        Module::File(file) => {
            let file = expanded(file, |name| std::env::var(name).ok());
            let (library, startup) = library::open(&file)?;
            let started = startup::start(startup, TERMS, &entry.info)
                .map_err(|reason| crate::LoadError::Start { file, reason })?;
            Ok(Started { id, table: started.table, _library: Some(library) })
        }
    }
}
