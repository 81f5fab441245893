//! What mio can watch.
//!
//! A wait of the system's ends with the first that happens. mio would at once begin another for what has not happened; ours are
//! begun again by who has looked and found nothing more, which costs less and is no work for the system while something lies
//! there unread. So each wait is one registration with mio, given up when its event is told: a [`Source`] says itself that it
//! [wants more](Sources::want_input), wherever it finds nothing and after receives that may have taken all. Input and room are
//! two waits, so that beginning one again does not tell once more of the other.
//!
//! An event may be told after somebody has looked, found nothing and left the wait as it was. That is no loss: who is told looks.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::os::windows::io::{FromRawSocket as _, IntoRawSocket as _, RawSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mio::net::TcpStream;
use mio::{Interest, Token};

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
    waits: Arc<Waits>,
    input: Arc<Wait>,
    room: Option<Arc<Wait>>,
}

/// One wait for a socket.
#[derive(Debug)]
struct Wait {
    waits: Arc<Waits>,
    socket: RawSocket,
    /// mio's number for it.
    token: Token,
    /// The poller's number for the socket.
    number: usize,
    wanted: Interest,
    /// While it has not ended: a socket of mio's that does not own the system's.
    under_way: Mutex<Option<TcpStream>>,
}

/// What a poller waits for.
#[derive(Debug)]
struct Waits {
    registry: mio::Registry,
    known: Mutex<Known>,
}

/// The waits by mio's numbers for them, which count up.
#[derive(Debug, Default)]
struct Known {
    newest: usize,
    waits: BTreeMap<usize, Weak<Wait>>,
}

/// The sockets that a poller watches.
#[derive(Debug)]
pub struct Registry(Arc<Waits>);

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wait {
    fn begin(waits: &Arc<Waits>, socket: RawSocket, number: usize, wanted: Interest) -> io::Result<Arc<Self>> {
        let mut known = lock(&waits.known);
        known.newest += 1;
        let (token, under_way) = (Token(known.newest), Mutex::default());
        let wait = Arc::new(Self { waits: Arc::clone(waits), socket, token, number, wanted, under_way });
        known.waits.insert(token.0, Arc::downgrade(&wait));
        drop(known);
        wait.again()?;
        Ok(wait)
    }

    /// Begins unless it is under way.
    fn again(&self) -> io::Result<()> {
        let mut under_way = lock(&self.under_way);
        if under_way.is_some() {
            return Ok(());
        }
        // SAFETY: the socket is never closed by this value, which is given up by `let_go`; and it is open, since whoever owns it
        // takes it out of all pollers, and so drops this wait, before closing it.
        let stream = under_way.insert(unsafe { TcpStream::from_raw_socket(self.socket) });
        let begun = self.waits.registry.register(stream, self.token, self.wanted);
        begun.inspect_err(|_| let_go(&mut under_way))
    }

    fn end(&self) {
        let_go(&mut lock(&self.under_way));
    }
}

/// Ends a wait, and leaves the socket open.
fn let_go(under_way: &mut Option<TcpStream>) {
    if let Some(stream) = under_way.take() {
        let _ = stream.into_raw_socket();
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.end();
        lock(&self.waits.known).waits.remove(&self.token.0);
    }
}

impl Sources {
    /// There is no input, or some was taken: what is there from now on is to be told.
    pub fn want_input(&self) {
        // It fails only if the poller is gone.
        lock(&self.0).iter().for_each(|watched| drop(watched.input.again()));
    }

    /// There was no room: when there is, that is to be told.
    pub fn want_room(&self) {
        lock(&self.0).iter().filter_map(|watched| watched.room.as_ref()).for_each(|room| drop(room.again()));
    }

    /// It is watched by nobody any more.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}

impl Registry {
    /// Without sockets.
    pub fn new(registry: mio::Registry) -> Self {
        Self(Arc::new(Waits { registry, known: Mutex::default() }))
    }

    fn is_for(&self, watched: &Watched) -> bool {
        Arc::ptr_eq(&self.0, &watched.waits)
    }

    fn room(&self, socket: RawSocket, number: usize, wanted: Interest) -> io::Result<Option<Arc<Wait>>> {
        wanted.is_writable().then(|| Wait::begin(&self.0, socket, number, Interest::WRITABLE)).transpose()
    }

    /// Watches a socket under a number.
    pub fn add(&self, source: &impl Source, number: usize, wanted: Interest) -> io::Result<()> {
        source.with_raw(|socket| {
            let input = Wait::begin(&self.0, socket, number, Interest::READABLE)?;
            let room = self.room(socket, number, wanted)?;
            lock(&source.sources().0).push(Watched { waits: Arc::clone(&self.0), input, room });
            Ok(())
        })
    }

    /// Changes what a socket is watched for: for room, too, or no more.
    pub fn change(&self, source: &impl Source, number: usize, wanted: Interest) -> io::Result<()> {
        source.with_raw(|socket| {
            let mut all = lock(&source.sources().0);
            let watched = all.iter_mut().find(|watched| self.is_for(watched)).ok_or(ErrorKind::NotFound)?;
            watched.room = self.room(socket, number, wanted)?;
            Ok(())
        })
    }

    /// Watches a socket no longer.
    pub fn remove(&self, source: &impl Source) -> io::Result<()> {
        lock(&source.sources().0).retain(|watched| !self.is_for(watched));
        Ok(())
    }

    /// Whose event it is, if it is still watched. Its wait has ended.
    pub fn told(&self, token: Token) -> Option<usize> {
        let wait = lock(&self.0.known).waits.get(&token.0).and_then(Weak::upgrade)?;
        wait.end();
        Some(wait.number)
    }
}
