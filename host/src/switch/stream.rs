//! Streams: what programs get.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Switch;
use super::session::Session;
use super::socket::SanSocket;
use crate::by_value::by_value;

/// A stream of bytes through a provider, in both directions at once. A handle: its clones are the same stream. When the last
/// is dropped, what was written is delivered in the background, and the connection closed.
///
/// A write larger than the RDMA threshold returns once the peer has fetched the data, into the program's buffer or, if it does not
/// read, into memory of its switch's: of that there are some megabytes, as there are buffers between the ends of a `TcpStream`.
#[derive(Clone)]
pub struct SanStream(Arc<End>);

/// What all handles share.
struct End {
    session: Arc<Session>,
    /// The session is not ours any more.
    given_up: AtomicBool,
    /// Last: the switch's thread outlives the session's handing over.
    switch: Switch,
}

impl Drop for End {
    fn drop(&mut self) {
        if !*self.given_up.get_mut() {
            self.switch.keeper().linger(Arc::clone(&self.session), self.session.linger());
        }
    }
}

impl SanStream {
    pub(super) fn new(switch: &Switch, session: Session) -> Self {
        let session = Arc::new(session);
        session.bell().attach(switch.keeper().nudge(&session));
        // Of what has ended since the peer has said its terms nobody was told.
        session.bell().nudge();
        if session.is_polled() {
            switch.keeper().tick(&session);
        }
        Self(Arc::new(End { session, given_up: AtomicBool::new(false), switch: switch.clone() }))
    }

    pub(super) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Is this the only handle?
    pub(super) fn is_alone(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Lets go of the session without its last words.
    pub(super) fn give_up(self) {
        self.0.given_up.store(true, Ordering::Release);
    }

    /// Another handle of the same stream.
    ///
    /// # Errors
    /// None; fallible as that of the standard library's streams.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Ends this side's stream (`Write`), or reads nothing more (`Read`), or both.
    ///
    /// # Errors
    /// The connection's end.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if matches!(how, Shutdown::Read | Shutdown::Both) {
            self.session().end_reading();
        }
        if matches!(how, Shutdown::Write | Shutdown::Both) {
            self.session().end_stream()?;
        }
        Ok(())
    }

    /// Closes the connection at once, for all handles; the peer finds it reset.
    pub fn abort(&self) {
        self.session().abort();
    }

    /// The own address.
    ///
    /// # Errors
    /// None; fallible as that of the standard library's streams.
    pub fn local_addr(&self) -> io::Result<SocketAddrV4> {
        Ok(self.session().local)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// None, as above.
    pub fn peer_addr(&self) -> io::Result<SocketAddrV4> {
        Ok(self.session().remote)
    }

    /// Limits how long a read may wait; `None`: for ever.
    ///
    /// # Errors
    /// A time of zero.
    pub fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        if time.is_some_and(|time| time.is_zero()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        *self.session().read_timeout.lock().unwrap_or_else(PoisonError::into_inner) = time;
        Ok(())
    }

    /// Makes calls that would wait fail with `WouldBlock`. Writes then go in messages only, never by RDMA.
    ///
    /// # Errors
    /// None, as above.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.session().nonblocking.store(nonblocking, Ordering::Release);
        Ok(())
    }

    /// The provider's socket under the stream.
    pub fn socket(&self) -> &Arc<SanSocket> {
        self.session().socket()
    }

    /// The switch that the stream belongs to.
    pub fn switch(&self) -> &Switch {
        &self.0.switch
    }
}

impl Read for &SanStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.session().read(buffer)
    }
}

impl Write for &SanStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.session().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

by_value!(SanStream);

impl std::fmt::Debug for SanStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let session = self.session();
        write!(f, "SanStream({} -> {}, {:?})", session.local, session.remote, session.socket())
    }
}
