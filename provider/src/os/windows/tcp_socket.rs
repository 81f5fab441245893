//! A TCP socket that can be ended at once for all its users, and knows where it is watched.

use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::os::windows::io::{AsRawSocket as _, RawSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use socket2::SockAddr;

use super::net;
use super::sources::{Source, Sources};

/// A TCP socket, with what the transport needs of the crate's.
#[derive(Debug)]
pub struct Socket {
    // First, so that it is watched no more when it is closed.
    sources: Sources,
    /// None once it was [disconnected](Self::disconnect), or [somebody else has it](Self::part_with).
    socket: RwLock<Option<socket2::Socket>>,
    /// Does it send nothing more?
    finished: AtomicBool,
    /// Is there room for more? As for a socket of the system's that events are selected for, there is until a send finds none.
    room: AtomicBool,
}

impl From<socket2::Socket> for Socket {
    fn from(socket: socket2::Socket) -> Self {
        Self::new(socket, false)
    }
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        socket2::Socket::from(stream).into()
    }
}

impl Source for Socket {
    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn with_raw(&self, body: impl FnOnce(RawSocket) -> io::Result<()>) -> io::Result<()> {
        self.with(|socket| body(socket.as_raw_socket()))
    }
}

impl Socket {
    /// Over a socket of the system's, which may have finished sending already.
    pub fn new(socket: socket2::Socket, finished: bool) -> Self {
        let (socket, finished) = (RwLock::new(Some(socket)), AtomicBool::new(finished));
        Self { sources: Sources::default(), socket, finished, room: AtomicBool::new(false) }
    }

    /// Runs `body` with the system's socket, which stays open meanwhile.
    ///
    /// # Errors
    /// Those of `body`; it was disconnected.
    pub fn with<R>(&self, body: impl FnOnce(&socket2::Socket) -> io::Result<R>) -> io::Result<R> {
        match &*self.socket.read().unwrap_or_else(PoisonError::into_inner) {
            Some(socket) => body(socket),
            None => Err(ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Takes the system's socket from all who have this one.
    fn take(&self) -> Option<socket2::Socket> {
        let mut socket = self.socket.write().unwrap_or_else(PoisonError::into_inner);
        self.sources.clear();
        socket.take()
    }

    /// Ends the connection abortively. Only the close of a socket does that here.
    pub fn disconnect(&self) {
        if let Some(socket) = self.take() {
            // It fails only if there is no connection any more.
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
    }

    /// The same socket for somebody else, and for nobody who has this one.
    ///
    /// # Errors
    /// It was disconnected, or is somebody else's already.
    pub fn part_with(&self) -> io::Result<Self> {
        let socket = self.take().ok_or(ErrorKind::ConnectionAborted)?;
        Ok(Self::new(socket, self.has_finished()))
    }

    /// Another one for the same connection.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.with(socket2::Socket::try_clone).map(|socket| Self::new(socket, self.has_finished()))
    }

    /// See [`socket2::Socket::listen`].
    pub fn listen(&self, backlog: i32) -> io::Result<()> {
        self.with(|socket| socket.listen(backlog))
    }

    /// See [`socket2::Socket::accept`].
    pub fn accept(&self) -> io::Result<(Self, SockAddr)> {
        let accepted = self.with(socket2::Socket::accept);
        // After somebody, too: who shares it with another process asks for one at a time.
        if accepted.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::WouldBlock) {
            self.sources.want_input();
        }
        accepted.map(|(socket, from)| (socket.into(), from))
    }

    /// See [`socket2::Socket::local_addr`].
    pub fn local_addr(&self) -> io::Result<SockAddr> {
        self.with(socket2::Socket::local_addr)
    }

    /// See [`socket2::Socket::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SockAddr> {
        self.with(socket2::Socket::peer_addr)
    }

    /// See [`socket2::Socket::set_nonblocking`].
    pub fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        self.with(|socket| socket.set_nonblocking(on))
    }

    /// See [`socket2::Socket::set_tcp_nodelay`].
    pub fn set_tcp_nodelay(&self, on: bool) -> io::Result<()> {
        self.with(|socket| socket.set_tcp_nodelay(on))
    }

    /// See [`socket2::Socket::set_linger`].
    pub fn set_linger(&self, time: Option<Duration>) -> io::Result<()> {
        self.with(|socket| socket.set_linger(time))
    }

    /// See [`socket2::Socket::shutdown`].
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.finished.store(true, Ordering::Release);
        }
        self.with(|socket| socket.shutdown(how))
    }

    /// Was its sending shut down?
    pub fn has_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Is there certainly room for more?
    pub fn has_room(&self) -> bool {
        self.room.load(Ordering::Relaxed)
    }

    /// A send or a look has found room, or none.
    pub fn note_room(&self, room: bool) {
        self.room.store(room, Ordering::Relaxed);
    }

    /// What is the matter with the socket, if it is broken. That a connection was reset the system keeps to itself until
    /// something is received.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let error = self.with(socket2::Socket::take_error)?;
        Ok(error.or_else(|| net::levels(self).broken.then(|| ErrorKind::ConnectionReset.into())))
    }
}
