//! The one instance of a provider in a process: started once, counted, cleaned up once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, ThreadId};

use super::code::{Check, refuse};
use super::export::pin_module;
use super::guard::guard;
use super::socket::{Keys, Opened, Refusals, Socket, SocketRef};
use super::upcalls::Upcalls;
use crate::handles::{HostKeyed, Miss, Retained, SlotKeyed, Table};
use crate::{code, ffi};

/// Lowest and highest version of the interface that is spoken, as (major, minor).
const LOWEST: (u8, u8) = (2, 0);
const HIGHEST: (u8, u8) = (2, 2);

/// A provider that has been started.
pub struct Running<P> {
    provider: P,
    upcalls: Upcalls,
    itself: Weak<Self>,
}

impl<P> Running<P> {
    /// The provider.
    #[inline(always)]
    pub fn provider(&self) -> &P {
        &self.provider
    }

    /// The host's services.
    pub fn upcalls(&self) -> &Upcalls {
        &self.upcalls
    }

    /// A counted share that may outlive the call.
    ///
    /// # Panics
    /// Never: whoever has a reference has it through a share.
    pub fn share(&self) -> Arc<Self> {
        match self.itself.upgrade() {
            Some(share) => share,
            None => unreachable!("a reference outlived every share"),
        }
    }
}

/// What a provider is told at start-up.
pub struct Startup {
    upcalls: Upcalls,
    info: ffi::WSAPROTOCOL_INFOW,
    version: u16,
}

impl Startup {
    /// The host's services.
    pub fn upcalls(&self) -> &Upcalls {
        &self.upcalls
    }

    /// The catalog entry that the host starts the provider for.
    pub fn protocol_info(&self) -> &ffi::WSAPROTOCOL_INFOW {
        &self.info
    }

    /// The version agreed on: the low byte is the major number.
    pub fn version(&self) -> u16 {
        self.version
    }
}

/// The place of a provider of type `P` with sockets of type `S`.
pub struct Cell<P, S, K: Keys> {
    state: Mutex<State<P>>,
    changed: Condvar,
    sockets: Table<Socket<S>, K>,
}

struct State<P> {
    count: usize,
    running: Option<Arc<Running<P>>>,
    /// The thread that is starting the provider or cleaning it up, outside the lock.
    busy: Option<ThreadId>,
}

impl<P> State<P> {
    const NEW: Self = Self { count: 0, running: None, busy: None };
}

macro_rules! new {
    ($($keys:ident),*) => { $(
        impl<P, S> Cell<P, S, $keys> {
            /// The place of a provider that is not running.
            pub const fn new() -> Self {
                Self { state: Mutex::new(State::NEW), changed: Condvar::new(), sockets: Table::<_, $keys>::new() }
            }
        }

        impl<P, S> Default for Cell<P, S, $keys> {
            fn default() -> Self {
                Self::new()
            }
        }
    )* };
}
new!(HostKeyed, SlotKeyed);

/// Ends the time in which one thread alone may start or clean up, however it ends.
struct Busy<'a, P, S, K: Keys>(&'a Cell<P, S, K>);

impl<P, S, K: Keys> Drop for Busy<'_, P, S, K> {
    fn drop(&mut self) {
        self.0.lock().busy = None;
        self.0.changed.notify_all();
    }
}

impl<P: Send + Sync + 'static, S: Send + Sync + 'static, K: Keys> Cell<P, S, K> {
    /// One start-up: the first makes the provider, the others count. Either all of it happens or nothing.
    ///
    /// # Errors
    /// The code to return: `WSAVERNOTSUPPORTED`, what `make` fails with, or `WSASYSNOTREADY` if the provider starts itself
    /// from within its own start.
    pub fn start(
        &self,
        requested: u16,
        info: ffi::WSAPROTOCOL_INFOW,
        upcalls: ffi::WSPUPCALLTABLEEX,
        description: &str,
        make: impl FnOnce(&Startup) -> Result<P, i32>,
    ) -> Result<ffi::WSPDATA, i32> {
        let version = negotiate(requested).ok_or(code::WSAVERNOTSUPPORTED)?;
        let data = describe(version, description);
        pin_module();
        let mut state = self.idle().ok_or(code::WSASYSNOTREADY)?;
        if let Some(running) = &state.running {
            running.upcalls.replace(upcalls);
            state.count += 1;
            return Ok(data);
        }
        state.busy = Some(thread::current().id());
        drop(state);
        let busy = Busy(self);
        let startup = Startup { upcalls: Upcalls::new(upcalls), info, version };
        let provider = make(&startup).map_err(|code| if code == 0 { code::WSASYSNOTREADY } else { code })?;
        let running = Arc::new_cyclic(|itself| Running { provider, upcalls: startup.upcalls, itself: itself.clone() });
        let mut state = self.lock();
        state.running = Some(running);
        state.count = 1;
        drop(state);
        drop(busy);
        Ok(data)
    }

    /// One clean-up: the last resets and releases all sockets and drops the provider.
    ///
    /// # Errors
    /// `WSANOTINITIALISED` without a start-up to undo; nothing changes.
    pub fn cleanup(&self, reset: impl Fn(&P, &SocketRef<'_, S>), end: impl FnOnce(&P)) -> Result<(), i32> {
        let mut state = self.idle().ok_or(code::WSANOTINITIALISED)?;
        if state.count == 0 {
            return Err(code::WSANOTINITIALISED);
        }
        state.count -= 1;
        if state.count > 0 {
            return Ok(());
        }
        state.busy = Some(thread::current().id());
        let running = state.running.take();
        drop(state);
        let _busy = Busy(self);
        if let Some(running) = running {
            self.release_all(&running, reset);
            let _ = guard(
                || {
                    end(running.provider());
                    Ok(())
                },
                || 0,
            );
        }
        Ok(())
    }

    /// Resets every open socket and gives its handle back. A hook that panics spoils only its own socket's reset.
    fn release_all(&self, running: &Running<P>, reset: impl Fn(&P, &SocketRef<'_, S>)) {
        let mut open = Vec::new();
        self.sockets.for_each(|socket| open.push(socket));
        for socket in open {
            if let Some(found) = self.sockets.get_even_poisoned(socket.handle()) {
                let _ = guard(
                    || {
                        reset(running.provider(), &SocketRef::new(found));
                        Ok(())
                    },
                    || 0,
                );
            }
            if self.sockets.remove_entry(&socket) {
                let _ = running.upcalls.close_socket_handle(socket.host_handle());
            }
        }
        self.sockets.reap();
    }

    /// The provider, if it is running.
    pub fn running(&self) -> Option<Arc<Running<P>>> {
        self.lock().running.clone()
    }

    /// Looks a descriptor up.
    ///
    /// # Errors
    /// The code of `unknown` if it names no socket of this instance, `poisoned` if a panic has spoilt the socket.
    #[inline(always)]
    pub fn socket(&self, descriptor: usize, unknown: &'static Check, poisoned: i32) -> Result<SocketRef<'_, S>, i32> {
        match self.sockets.get(descriptor) {
            Ok(found) => Ok(SocketRef::new(found)),
            Err(Miss::Unknown) => Err(refuse(unknown)),
            Err(Miss::Poisoned) => Err(poisoned),
        }
    }

    /// The hot path of [`socket`](Self::socket) alone: finds nearly every socket that is there, and says nothing of the others.
    #[inline(always)]
    pub fn socket_at_once(&self, descriptor: usize) -> Option<SocketRef<'_, S>> {
        self.sockets.get_at_once(descriptor).map(SocketRef::new)
    }

    /// Spoils a socket: later calls on it fail, but for its close.
    #[cold]
    pub fn poison(&self, descriptor: usize) {
        if let Ok(found) = self.sockets.get(descriptor) {
            found.poison();
        }
    }

    /// Closes a socket: the provider's part, then the descriptor, then the host's handle. Of several threads that close at once
    /// one does; a close that the provider refuses leaves the socket as it was.
    ///
    /// # Errors
    /// The code of `unknown`, or what `body` fails with.
    pub fn close(
        &self,
        descriptor: usize,
        unknown: &'static Check,
        body: impl FnOnce(&P, &SocketRef<'_, S>) -> Result<(), i32>,
    ) -> Result<(), i32> {
        let entry = match self.sockets.get(descriptor) {
            Ok(found) => {
                if !found.begin_close() {
                    return Err(refuse(unknown));
                }
                let socket = SocketRef::new(found);
                if let Err(code) = body(socket.running::<P>().provider(), &socket) {
                    socket.inner().abandon_close();
                    return Err(code);
                }
                let entry = socket.retain();
                drop(socket);
                if !self.sockets.remove_entry(&entry) {
                    return Err(refuse(unknown));
                }
                entry
            }
            Err(Miss::Poisoned) => self.close_poisoned(descriptor, body).ok_or_else(|| refuse(unknown))?,
            Err(Miss::Unknown) => return Err(refuse(unknown)),
        };
        // The last upcall for this socket. The host may issue the handle again at once, and already can: it is unlinked.
        let _ = entry.upcalls().close_socket_handle(entry.host_handle());
        Ok(())
    }

    /// Closes a socket that a panic has spoilt. Whatever becomes of the provider's part, which ends what is pending as far as it still
    /// can, the socket is gone.
    #[cold]
    fn close_poisoned(
        &self,
        descriptor: usize,
        body: impl FnOnce(&P, &SocketRef<'_, S>) -> Result<(), i32>,
    ) -> Option<Retained<Socket<S>>> {
        let socket = SocketRef::new(self.sockets.get_even_poisoned(descriptor)?);
        let entry = socket.retain();
        // First: of several threads one closes it.
        if !self.sockets.remove_entry(&entry) {
            return None;
        }
        let _ = guard(|| body(socket.running::<P>().provider(), &socket), || 0);
        Some(entry)
    }

    /// Registers what a provider opened and gives its descriptor.
    ///
    /// # Errors
    /// `full` if no descriptor is left, `refused` if the host gives no handle, or cleans up meanwhile; the socket is dropped.
    pub fn open(
        &self,
        opened: Opened<S>,
        owner: Arc<Running<P>>,
        catalog_entry_id: u32,
        full: i32,
        refused: i32,
    ) -> Result<usize, i32> {
        match opened {
            Opened::Existing(descriptor) => Ok(descriptor),
            Opened::NewThen(value, then) => {
                let descriptor = self.open(Opened::New(value), owner, catalog_entry_id, full, refused)?;
                if let Ok(found) = self.sockets.get(descriptor) {
                    then(&SocketRef::new(found));
                }
                Ok(descriptor)
            }
            Opened::New(value) => {
                let refusals = Refusals { full, refused };
                let descriptor =
                    K::register(&self.sockets, &owner.upcalls, catalog_entry_id, refusals, |host_handle| {
                        Socket::new(value, host_handle, catalog_entry_id, Arc::clone(&owner))
                    })?;
                if self.lock().running.as_ref().is_some_and(|running| Arc::ptr_eq(running, &owner)) {
                    return Ok(descriptor);
                }
                self.release_late(descriptor, &owner);
                Err(refused)
            }
        }
    }

    /// Gives back a socket that was registered while the last clean-up went through those that there were. It may have met it.
    fn release_late(&self, descriptor: usize, owner: &Running<P>) {
        let Ok(found) = self.sockets.get(descriptor) else { return };
        let socket = SocketRef::new(found);
        let (entry, is_late) = (socket.retain(), std::ptr::eq(socket.running::<P>(), owner));
        drop(socket);
        if is_late && self.sockets.remove_entry(&entry) {
            let _ = owner.upcalls.close_socket_handle(entry.host_handle());
        }
    }

    /// Waits until no other thread is starting or cleaning up. `None` if this very thread is.
    fn idle(&self) -> Option<MutexGuard<'_, State<P>>> {
        let mut state = self.lock();
        while let Some(busy) = state.busy {
            if busy == thread::current().id() {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Some(state)
    }
}

impl<P, S, K: Keys> Cell<P, S, K> {
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        // No code of the provider runs under the lock; a panic elsewhere leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn negotiate(requested: u16) -> Option<u16> {
    let [major, minor] = requested.to_le_bytes();
    let (major, minor) = (major, minor).min(HIGHEST);
    ((major, minor) >= LOWEST).then(|| u16::from_le_bytes([major, minor]))
}

fn describe(version: u16, description: &str) -> ffi::WSPDATA {
    let mut text = [0_u16; ffi::WSPDESCRIPTION_LEN as usize + 1];
    let last = text.len() - 1;
    for (unit, to) in description.encode_utf16().zip(&mut text[..last]) {
        *to = unit;
    }
    ffi::WSPDATA { wVersion: version, wHighVersion: u16::from_le_bytes([HIGHEST.0, HIGHEST.1]), szDescription: text }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::rt::zeroed;

    type Tested = Cell<(), (), HostKeyed>;

    /// A host, known by its one upcall.
    fn host() -> ffi::WSPUPCALLTABLEEX {
        ffi::WSPUPCALLTABLEEX { lpWPUCloseSocketHandle: Some(closes), ..zeroed() }
    }

    fn start(
        cell: &Tested,
        version: u16,
        upcalls: ffi::WSPUPCALLTABLEEX,
        make: impl FnOnce(&Startup) -> Result<(), i32>,
    ) -> Result<(), i32> {
        cell.start(version, zeroed(), upcalls, "tested", make).map(drop)
    }

    fn cleanup(cell: &Tested) -> Result<(), i32> {
        cell.cleanup(|(), _| (), |()| ())
    }

    #[test]
    fn a_start_up_that_fails_changes_nothing() {
        let cell = Tested::new();
        assert_eq!(start(&cell, 0x0202, host(), |_| Err(code::WSAENOBUFS)), Err(code::WSAENOBUFS));
        assert_eq!(start(&cell, 0x0202, host(), |_| Err(0)), Err(code::WSASYSNOTREADY), "a failure without a code");
        assert_eq!(cleanup(&cell), Err(code::WSANOTINITIALISED), "they do not count");
        start(&cell, 0x0202, host(), |_| Ok(())).unwrap();
        assert_eq!(start(&cell, 0x0101, zeroed(), |_| Ok(())), Err(code::WSAVERNOTSUPPORTED));
        let running = cell.running().unwrap();
        assert!(running.upcalls().table().lpWPUCloseSocketHandle.is_some(), "the upcalls are those of the good one");
        assert_eq!(cleanup(&cell), Ok(()));
    }

    #[test]
    fn a_provider_cannot_start_or_clean_up_within_its_start() {
        let cell = Tested::new();
        let mut within = Vec::new();
        let make = |_: &Startup| {
            within.extend([start(&cell, 0x0202, zeroed(), |_| Ok(())), cleanup(&cell)]);
            Ok(())
        };
        start(&cell, 0x0202, zeroed(), make).unwrap();
        assert_eq!(within, [Err(code::WSASYSNOTREADY), Err(code::WSANOTINITIALISED)]);
        assert_eq!(cleanup(&cell), Ok(()));
        assert_eq!(cleanup(&cell), Err(code::WSANOTINITIALISED));
    }

    static LATE: Tested = Tested::new();
    static CLOSED: AtomicUsize = AtomicUsize::new(0);

    /// A host that cleans up while it gives a handle, as another of its threads may.
    unsafe extern "system" fn creates(_: u32, _: usize, _: *mut i32) -> usize {
        cleanup(&LATE).unwrap();
        8
    }

    unsafe extern "system" fn closes(_: usize, _: *mut i32) -> i32 {
        CLOSED.fetch_add(1, Ordering::Relaxed);
        0
    }

    #[test]
    fn no_socket_is_left_that_was_opened_under_the_last_clean_up() {
        let upcalls = ffi::WSPUPCALLTABLEEX {
            lpWPUCreateSocketHandle: Some(creates),
            lpWPUCloseSocketHandle: Some(closes),
            ..zeroed()
        };
        start(&LATE, 0x0202, upcalls, |_| Ok(())).unwrap();
        let owner = LATE.running().unwrap();
        let kept = Arc::downgrade(&owner);
        let opened = LATE.open(Opened::New(()), owner, 1, code::WSAEMFILE, code::WSAENETDOWN);
        assert_eq!(opened, Err(code::WSAENETDOWN));
        assert!(LATE.sockets.is_empty() && LATE.sockets.reap() == 0);
        assert!(kept.upgrade().is_none(), "the provider is gone");
        assert_eq!(CLOSED.load(Ordering::Relaxed), 1, "the handle is given back");
    }

    #[test]
    fn versions_are_negotiated_by_major_and_minor() {
        assert_eq!(negotiate(0x0202), Some(0x0202));
        assert_eq!(negotiate(0x0002), Some(0x0002));
        assert_eq!(negotiate(0x0902), Some(0x0202), "2.9 gets 2.2");
        assert_eq!(negotiate(0x0003), Some(0x0202), "3.0 gets 2.2");
        assert_eq!(negotiate(0x0101), None);
        assert_eq!(negotiate(0), None);
    }

    #[test]
    fn a_long_description_is_cut_before_the_zero() {
        let data = describe(0x0202, &"x".repeat(1000));
        assert_eq!(data.szDescription[255], 0);
        assert_eq!(data.szDescription[254], u16::from(b'x'));
    }
}
