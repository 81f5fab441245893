//! What mio can watch.
//!
//! Each wait of mio's on Windows ends with the first that happens, and is begun again when mio's own socket finds that there is
//! no more. Ours are not mio's: a [`Source`] says itself that it [wants more](Sources::want_input), after each receive and
//! wherever it finds nothing. Input and room are two waits, so that beginning one again does not tell once more of the other.

use std::io::{self, ErrorKind};
use std::os::windows::io::{FromRawSocket as _, IntoRawSocket as _, RawSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// Something that can be watched.
pub trait Source {
    /// Where it is watched.
    fn sources(&self) -> &Sources;

    /// Runs `body` with the socket, which stays open meanwhile.
    fn with_raw(&self, body: impl FnOnce(RawSocket) -> io::Result<()>) -> io::Result<()>;
}

/// Where a socket is watched.
#[derive(Debug, Default)]
pub struct Sources(Mutex<Vec<Watched>>);

/// A socket that a poller watches.
#[derive(Debug)]
struct Watched {
    /// The address of the poller's registry, by which it is known.
    poller: usize,
    input: Wait,
    room: Option<Wait>,
}

/// One wait: a socket of mio's that does not own the system's.
#[derive(Debug)]
struct Wait(Option<TcpStream>);

impl Wait {
    fn begin(registry: &Registry, socket: RawSocket, token: Token, wanted: Interest) -> io::Result<Self> {
        // SAFETY: it is never closed by this value, which gives it up before it is dropped; and it stays open so long, since
        // whoever owns it takes it out of all pollers before.
        let mut wait = Self(Some(unsafe { TcpStream::from_raw_socket(socket) }));
        if let Some(stream) = &mut wait.0 {
            registry.register(stream, token, wanted)?;
        }
        Ok(wait)
    }

    fn again(&self) {
        if let Some(stream) = &self.0 {
            // The wait begins again because of the answer that is given here. It fails only if the poller is gone.
            let _ = stream.try_io(|| io::Result::<()>::Err(ErrorKind::WouldBlock.into()));
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(stream) = self.0.take() {
            // Ends the wait, and leaves the socket open.
            let _ = stream.into_raw_socket();
        }
    }
}

fn poller(registry: &Registry) -> usize {
    std::ptr::from_ref(registry).addr()
}

impl Sources {
    fn lock(&self) -> MutexGuard<'_, Vec<Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is no input, or some was taken: what is there from now on is to be told.
    pub fn want_input(&self) {
        self.lock().iter().for_each(|watched| watched.input.again());
    }

    /// There was no room: when there is, that is to be told.
    pub fn want_room(&self) {
        self.lock().iter().filter_map(|watched| watched.room.as_ref()).for_each(Wait::again);
    }

    /// It is watched by nobody any more.
    pub fn clear(&self) {
        self.lock().clear();
    }
}

/// Watches a socket under a token.
pub fn add(registry: &Registry, source: &impl Source, token: Token, wanted: Interest) -> io::Result<()> {
    source.with_raw(|socket| {
        let input = Wait::begin(registry, socket, token, Interest::READABLE)?;
        let room =
            wanted.is_writable().then(|| Wait::begin(registry, socket, token, Interest::WRITABLE)).transpose()?;
        source.sources().lock().push(Watched { poller: poller(registry), input, room });
        Ok(())
    })
}

/// Changes what a socket is watched for: for room, too, or no more.
pub fn change(registry: &Registry, source: &impl Source, token: Token, wanted: Interest) -> io::Result<()> {
    source.with_raw(|socket| {
        let mut all = source.sources().lock();
        let known = all.iter_mut().find(|watched| watched.poller == poller(registry));
        let watched = known.ok_or(ErrorKind::NotFound)?;
        watched.room =
            wanted.is_writable().then(|| Wait::begin(registry, socket, token, Interest::WRITABLE)).transpose()?;
        Ok(())
    })
}

/// Watches a socket no longer.
pub fn remove(registry: &Registry, source: &impl Source) -> io::Result<()> {
    source.sources().lock().retain(|watched| watched.poller != poller(registry));
    Ok(())
}
