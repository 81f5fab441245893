//! Listening: one thread per listener takes connections from the provider, and brings each session so far that the program
//! gets a stream.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wsp::{code, ffi};

use super::connect::free_port;
use super::options::SwitchOptions;
use super::provider::SanProvider;
use super::session::{Role, Session};
use super::socket::SanSocket;
use super::stream::SanStream;
use super::{ConnectError, Switch};
use crate::deadline::after;
use crate::error::Error;
use crate::os;
use crate::upcalls::events::Event;

/// Says whether a connection from this address is wanted.
pub type Condition = dyn Fn(SocketAddrV4) -> bool + Send + Sync;

/// A socket that takes connections through a provider; at the address 0.0.0.0 through all providers.
pub struct SanListener {
    queue: Arc<Queue>,
    switch: Switch,
    address: SocketAddrV4,
    doors: Vec<(Arc<Door>, JoinHandle<()>)>,
}

/// One provider's socket, and the thread that takes connections from it.
struct Door {
    socket: SanSocket,
    /// What accepted streams call their own address.
    local: SocketAddrV4,
    accepting: Event,
    stop: Event,
    options: SwitchOptions,
    queue: Arc<Queue>,
}

/// Where the doors bring connections to.
struct Queue {
    stopped: AtomicBool,
    backlog: usize,
    condition: Box<Condition>,
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    ready: VecDeque<Session>,
    /// Sessions whose peers have not said their terms.
    negotiating: usize,
    /// Why no more connections come.
    failed: Option<Error>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SanListener {
    /// Listens at an address of a provider; port 0 asks for any.
    ///
    /// # Errors
    /// No provider serves the address, or the provider's.
    pub fn bind(switch: &Switch, address: SocketAddrV4) -> io::Result<Self> {
        Self::bind_with(switch, address, 128, |_| true)
    }

    /// The same, with a limit of connections that wait, and with a condition that each has to meet. The condition is asked on
    /// the listener's thread, while the peer waits.
    ///
    /// # Errors
    /// As above.
    pub fn bind_with(
        switch: &Switch,
        address: SocketAddrV4,
        backlog: u16,
        condition: impl Fn(SocketAddrV4) -> bool + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let providers = if address.ip().is_unspecified() {
            switch.providers()
        } else {
            switch.route(*address.ip()).map(|(provider, _)| provider).into_iter().collect()
        };
        if providers.is_empty() {
            return Err(ConnectError::NoProvider(address).into());
        }
        let port = if address.port() == 0 { free_port(*address.ip()) } else { address.port() };
        let address = SocketAddrV4::new(*address.ip(), port);
        let queue = Arc::new(Queue {
            stopped: AtomicBool::new(false),
            backlog: usize::from(backlog.max(1)),
            condition: Box::new(condition),
            inner: Mutex::default(),
            changed: Condvar::new(),
        });
        // Dropped on the way, it ends the doors that are open already.
        let mut listener = Self { queue, switch: switch.clone(), address, doors: Vec::new() };
        for provider in providers {
            listener.open(&provider, backlog)?;
        }
        Ok(listener)
    }

    /// Listens through one provider.
    fn open(&mut self, provider: &SanProvider, backlog: u16) -> io::Result<()> {
        let socket = provider.socket()?;
        socket.bind(self.address)?;
        socket.listen(i32::from(backlog))?;
        let (accepting, stop) = (Event::new()?, Event::new()?);
        socket.event_select(&accepting, ffi::FD_ACCEPT)?;
        let own = provider.first_addresses().first().filter(|_| self.address.ip().is_unspecified());
        let local = SocketAddrV4::new(own.copied().unwrap_or(*self.address.ip()), self.address.port());
        let (options, queue) = (self.switch.options().clone(), Arc::clone(&self.queue));
        let door = Arc::new(Door { socket, local, accepting, stop, options, queue });
        let taker = Arc::clone(&door);
        let thread = std::thread::Builder::new().name("wsp-accept".to_owned()).spawn(move || taker.run())?;
        self.doors.push((door, thread));
        Ok(())
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// None; fallible as that of the standard library's listeners.
    pub fn local_addr(&self) -> io::Result<SocketAddrV4> {
        Ok(self.address)
    }

    /// The next connection, and whom it is from; waits for it.
    ///
    /// # Errors
    /// The provider's, once it takes no more connections.
    pub fn accept(&self) -> io::Result<(SanStream, SocketAddrV4)> {
        self.accept_for(None)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    /// The next connection; waits for it as long as this. `None` after the time.
    ///
    /// # Errors
    /// As above.
    pub fn accept_timeout(&self, time: Duration) -> io::Result<Option<(SanStream, SocketAddrV4)>> {
        self.accept_for(Some(after(time)))
    }

    fn accept_for(&self, until: Option<Instant>) -> io::Result<Option<(SanStream, SocketAddrV4)>> {
        let mut inner = self.queue.lock();
        loop {
            if let Some(session) = inner.ready.pop_front() {
                drop(inner);
                // The thread may have waited for room.
                self.queue.changed.notify_all();
                let peer = session.remote;
                return Ok(Some((SanStream::new(&self.switch, session), peer)));
            }
            if let Some(error) = inner.failed {
                return Err(error.into());
            }
            inner = match until {
                None => self.queue.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(None);
                    }
                    self.queue.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// The connections, one after the other, for ever.
    pub fn incoming(&self) -> impl Iterator<Item = io::Result<SanStream>> + '_ {
        std::iter::repeat_with(|| self.accept().map(|(stream, _)| stream))
    }
}

impl Drop for SanListener {
    fn drop(&mut self) {
        self.queue.stopped.store(true, Ordering::Release);
        // Under the lock, so that no thread is between its look at the flag and its sleep.
        drop(self.queue.lock());
        self.queue.changed.notify_all();
        for (door, _) in &self.doors {
            door.stop.set();
        }
        for (_, thread) in self.doors.drain(..) {
            // A thread that panicked takes no more connections either.
            let _ = thread.join();
        }
    }
}

impl Door {
    fn run(&self) {
        while !self.queue.stopped.load(Ordering::Acquire) {
            // A provider may signal once for many connections: all are taken before the next wait.
            let taken = self.queue.wait_for_room().then(|| self.take_one());
            match taken {
                Some(Ok(true)) => {}
                Some(Ok(false)) => {
                    os::wait_any(&[self.accepting.os(), self.stop.os()], Duration::from_secs(60));
                    // The registration stays; the call resets the event and clears the record.
                    if let Err(error) = self.socket.enum_events(&self.accepting) {
                        self.queue.fail(error);
                        return;
                    }
                }
                Some(Err(error)) => {
                    self.queue.fail(error);
                    return;
                }
                None => return,
            }
        }
    }

    /// Takes a connection, if there is one.
    fn take_one(&self) -> Result<bool, Error> {
        let wanted = |raw: &[u8]| {
            let from = crate::socket::from_sockaddr("WSPAccept", raw);
            if from.is_ok_and(|from| (self.queue.condition)(from)) { ffi::CF_ACCEPT } else { ffi::CF_REJECT }
        };
        let (socket, peer) = match self.socket.accept(wanted) {
            Ok(accepted) => accepted,
            Err(error) => {
                return match error.code() {
                    Some(code::WSAEWOULDBLOCK) => Ok(false),
                    // Refused by the condition, or gone before it was taken: the next may be better.
                    Some(code::WSAECONNREFUSED | code::WSAECONNRESET | code::WSAECONNABORTED) => Ok(true),
                    _ => Err(error),
                };
            }
        };
        // A session that cannot be prepared closes its socket by being dropped; the peer learns of it so.
        let Ok(session) = Session::prepare(Arc::new(socket), &self.options, Role::Accepting, (self.local, peer)) else {
            return Ok(true);
        };
        self.queue.lock().negotiating += 1;
        let queue = Arc::clone(&self.queue);
        let negotiate = move || queue.negotiate(session);
        // A thread of its own: a peer that says nothing must not keep others out.
        if std::thread::Builder::new().name("wsp-negotiate".to_owned()).spawn(negotiate).is_err() {
            self.queue.lock().negotiating -= 1;
        }
        Ok(true)
    }
}

impl Queue {
    fn fail(&self, error: Error) {
        self.lock().failed = Some(error);
        self.changed.notify_all();
    }

    /// Connections beyond the backlog stay with the provider, which refuses what is too much for it. `false`: it is over.
    fn wait_for_room(&self) -> bool {
        let mut inner = self.lock();
        while inner.ready.len() + inner.negotiating >= self.backlog && !self.stopped.load(Ordering::Acquire) {
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        !self.stopped.load(Ordering::Acquire)
    }

    fn negotiate(&self, session: Session) {
        let agreed = session.negotiate(Role::Accepting);
        let mut inner = self.lock();
        inner.negotiating -= 1;
        // A peer that is no switch, or says nothing, is let go.
        if agreed.is_ok() && !self.stopped.load(Ordering::Acquire) {
            inner.ready.push_back(session);
        }
        drop(inner);
        self.changed.notify_all();
    }
}
