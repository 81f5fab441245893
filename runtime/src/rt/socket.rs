//! Sockets as the runtime keeps them.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use super::cell::Running;
use super::upcalls::Upcalls;
use crate::handles::{HostKeyed, Key, Ref, Retained, SlotKeyed, Table};

/// A provider's socket with what the runtime knows of it.
pub struct Socket<S> {
    value: S,
    /// The handle that upcalls take.
    host_handle: usize,
    catalog_entry_id: u32,
    upcalls: Upcalls,
    /// Keeps the running provider alive; `running` points into it.
    _owner: Arc<dyn Any + Send + Sync>,
    running: *const (),
}

// SAFETY: `running` points into the `Arc` beside it, which may be shared and sent.
unsafe impl<S: Send> Send for Socket<S> {}
// SAFETY: as above.
unsafe impl<S: Sync> Sync for Socket<S> {}

impl<S> Socket<S> {
    pub(super) fn new<P: Send + Sync + 'static>(
        value: S,
        host_handle: usize,
        catalog_entry_id: u32,
        owner: Arc<Running<P>>,
    ) -> Self {
        let running = Arc::as_ptr(&owner).cast();
        let upcalls = owner.upcalls().clone();
        Self { value, host_handle, catalog_entry_id, upcalls, _owner: owner, running }
    }

    /// The handle that upcalls take: the host's.
    pub fn host_handle(&self) -> usize {
        self.host_handle
    }

    /// The catalog entry that the socket was made for.
    pub fn catalog_entry_id(&self) -> u32 {
        self.catalog_entry_id
    }

    /// The host's services.
    pub fn upcalls(&self) -> &Upcalls {
        &self.upcalls
    }
}

impl<S> Deref for Socket<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.value
    }
}

/// A socket during a call on it.
pub struct SocketRef<'a, S> {
    found: Ref<'a, Socket<S>>,
}

impl<'a, S> SocketRef<'a, S> {
    #[inline(always)]
    pub(super) fn new(found: Ref<'a, Socket<S>>) -> Self {
        Self { found }
    }

    /// The descriptor that the host knows the socket by.
    pub fn descriptor(&self) -> usize {
        self.found.handle()
    }

    /// The handle that upcalls take: the host's.
    pub fn host_handle(&self) -> usize {
        self.found.host_handle
    }

    /// The catalog entry that the socket was made for.
    pub fn catalog_entry_id(&self) -> u32 {
        self.found.catalog_entry_id
    }

    /// The host's services.
    pub fn upcalls(&self) -> &Upcalls {
        &self.found.upcalls
    }

    /// A counted reference that may outlive the call.
    pub fn retain(&self) -> Retained<Socket<S>> {
        self.found.retain()
    }

    pub(super) fn inner(&self) -> &Ref<'a, Socket<S>> {
        &self.found
    }

    /// The running provider that the socket belongs to. For generated code.
    #[doc(hidden)]
    #[inline(always)]
    pub fn running<P: 'static>(&self) -> &Running<P> {
        // SAFETY: the table of an instance only holds sockets of its own provider type, so `running` points to a
        // `Running<P>`; the socket keeps that alive.
        unsafe { &*self.found.running.cast::<Running<P>>() }
    }
}

impl<S> Deref for SocketRef<'_, S> {
    type Target = S;

    #[inline(always)]
    fn deref(&self) -> &S {
        &self.found.value
    }
}

/// What a provider answers when asked for a socket.
#[derive(Debug, Clone, Copy)]
pub enum Opened<S> {
    /// A new socket: the runtime gets it a handle from the host and registers it.
    New(S),
    /// The same, and the function is called once that is done, before the host has the descriptor.
    NewThen(S, fn(&SocketRef<'_, S>)),
    /// A socket that is there already, by its descriptor.
    Existing(usize),
}

impl<S> From<S> for Opened<S> {
    fn from(socket: S) -> Self {
        Self::New(socket)
    }
}

/// How the descriptors of a profile come about.
pub trait Keys: Key {
    /// Obtains the host's handle, makes the socket and registers it.
    ///
    /// # Errors
    /// `full` if no descriptor is left, `refused` if the host gives no handle.
    fn register<S>(
        table: &Table<Socket<S>, Self>,
        upcalls: &Upcalls,
        catalog_entry_id: u32,
        codes: Refusals,
        make: impl FnOnce(usize) -> Socket<S>,
    ) -> Result<usize, i32>;
}

/// Codes for the two ways in which a socket cannot be had.
#[derive(Debug, Clone, Copy)]
pub struct Refusals {
    /// No descriptor is left.
    pub full: i32,
    /// The host gives no handle.
    pub refused: i32,
}

impl Keys for HostKeyed {
    fn register<S>(
        table: &Table<Socket<S>, Self>,
        upcalls: &Upcalls,
        catalog_entry_id: u32,
        codes: Refusals,
        make: impl FnOnce(usize) -> Socket<S>,
    ) -> Result<usize, i32> {
        let handle = upcalls.create_socket_handle(catalog_entry_id, 0).map_err(|_| codes.refused)?;
        match table.insert(handle, make(handle)) {
            Ok(_) => Ok(handle),
            // The host issued a handle that it has not taken back: no use in giving it back a second time.
            Err(_) => Err(codes.full),
        }
    }
}

impl Keys for SlotKeyed {
    fn register<S>(
        table: &Table<Socket<S>, Self>,
        upcalls: &Upcalls,
        catalog_entry_id: u32,
        codes: Refusals,
        make: impl FnOnce(usize) -> Socket<S>,
    ) -> Result<usize, i32> {
        let mut given = true;
        let (descriptor, entry) = table
            .insert(|descriptor| {
                let handle = upcalls.create_socket_handle(catalog_entry_id, descriptor);
                given = handle.is_ok();
                make(handle.unwrap_or(usize::MAX))
            })
            .map_err(|_| codes.full)?;
        if given {
            return Ok(descriptor);
        }
        table.remove_entry(&entry);
        Err(codes.refused)
    }
}
