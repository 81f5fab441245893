//! A SAN provider through its table of functions, as a switch calls it.

use std::cell::UnsafeCell;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wsp::ffi;
use wsp::rt::{Outcome, OverlappedCall, Piece, PieceMut, zeroed};
use wsp_host::switch::{Connecting, Exposed, SanHost, SanProvider, SanSocket};
use wsp_host::{Event, library};

use super::{LARGEST, Link, Pages, Problem, said};

/// Operations under way in each direction.
const DEPTH: usize = 4;
/// The low bit of `hEvent`: no notice, the caller polls.
const POLLED: usize = 1;
/// How long the processes look for each other.
const PATIENCE: Duration = Duration::from_secs(10);

/// Records that are used in turn.
struct Turn {
    records: [Box<UnsafeCell<ffi::WSAOVERLAPPED>>; DEPTH],
    /// How many operations were started and have ended.
    started: usize,
    ended: usize,
}

impl Turn {
    fn new() -> Self {
        Self { records: std::array::from_fn(|_| Box::new(UnsafeCell::new(zeroed()))), started: 0, ended: 0 }
    }

    fn under_way(&self) -> usize {
        self.started - self.ended
    }

    fn next(&mut self) -> OverlappedCall {
        let record = self.records[self.started % DEPTH].get();
        self.started += 1;
        // SAFETY: the operation that had it has ended: at most `DEPTH` are under way.
        unsafe { (*record).hEvent = POLLED };
        OverlappedCall { operation: record, routine: None, thread: std::ptr::null_mut() }
    }

    /// Polls the oldest operation until it has ended. Returns its bytes.
    fn oldest(&mut self, provider: &SanProvider, socket: ffi::SOCKET) -> Result<usize, Problem> {
        let function = provider.table().raw().lpWSPGetOverlappedResult.ok_or("WSPGetOverlappedResult is absent")?;
        let record = self.records[self.ended % DEPTH].get();
        let (mut bytes, mut flags, mut errno) = (0, 0, 0);
        // SAFETY: the table's function; the record stays as long as `self`.
        while unsafe { function(socket, record, &raw mut bytes, 0, &raw mut flags, &raw mut errno) } == 0 {
            if errno != wsp::code::WSA_IO_INCOMPLETE {
                return Err(format!("an operation failed with {errno}"));
            }
            std::hint::spin_loop();
        }
        self.ended += 1;
        Ok(bytes as usize)
    }
}

/// One end.
pub struct Entry {
    sends: Turn,
    receives: Turn,
    out: Pages,
    room: Pages,
    socket: Arc<SanSocket>,
    provider: SanProvider,
    polled: bool,
    descriptor: Vec<u8>,
    /// Where the peer's memory begins under its descriptor.
    start: u32,
    registration: Option<ffi::HANDLE>,
    _exposed: Option<Exposed>,
}

impl Entry {
    fn new(provider: SanProvider, socket: SanSocket, polled: bool) -> Self {
        Self {
            sends: Turn::new(),
            receives: Turn::new(),
            out: Pages::new(LARGEST),
            room: Pages::new(LARGEST),
            socket: Arc::new(socket),
            provider,
            polled,
            descriptor: Vec::new(),
            start: 0,
            registration: None,
            _exposed: None,
        }
    }

    fn start_send(&mut self, size: usize) -> Result<(), Problem> {
        let call = if self.polled { self.sends.next() } else { OverlappedCall::NONE };
        let piece = [Piece::new(&self.out[..size])];
        // SAFETY: the memory and the record live until the operation has ended; the socket is closed before they go.
        unsafe { self.provider.table().send(self.socket.raw(), &piece, 0, call) }.map(|_| ()).map_err(said)
    }

    fn post(&mut self) -> Result<(), Problem> {
        let call = self.receives.next();
        let mut piece = [PieceMut::new(&mut self.room)];
        // SAFETY: as in `start_send`.
        unsafe { self.provider.table().recv(self.socket.raw(), &mut piece, 0, call) }.map(|_| ()).map_err(said)
    }

    /// Tells the peer which memory it may write to.
    pub fn open(mut self) -> Result<Self, Problem> {
        let memory = Pages::around(LARGEST);
        let start = Pages::start(&memory) as u32;
        let exposed = self.socket.register_rdma(memory, ffi::MEM_READ | ffi::MEM_WRITE).map_err(said)?;
        self.socket.send_blocking(&[&start.to_ne_bytes(), exposed.descriptor()].concat()).map_err(said)?;
        self._exposed = Some(exposed);
        Ok(self)
    }

    /// Hears which memory of the peer it may write to.
    pub fn hear(mut self) -> Result<Self, Problem> {
        let mut descriptor = [0; 256];
        let size = self.socket.recv_blocking(&mut descriptor).map_err(said)?;
        let (start, descriptor) = descriptor[..size].split_first_chunk().ok_or("half a descriptor")?;
        (self.start, self.descriptor) = (u32::from_ne_bytes(*start), descriptor.to_vec());
        self.registration = Some(self.socket.register(&self.out, ffi::MEM_READ).map_err(said)?);
        Ok(self)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Ends what is under way before its memory goes.
        let _ = self.socket.close();
    }
}

fn provider(name: &str) -> Result<SanProvider, Problem> {
    SanHost::new().load(&library::find(None, name).map_err(said)?).map_err(said)
}

fn any(provider: &SanProvider) -> Result<SocketAddrV4, Problem> {
    let address = provider.addresses().map_err(said)?.first().copied().ok_or("the provider has no address")?;
    // The interface has no port 0 in a system area network: the switch chooses.
    let port = std::net::TcpListener::bind((address, 0)).and_then(|free| free.local_addr()).map_err(said)?.port();
    Ok(SocketAddrV4::new(address, port))
}

fn listen(provider: &SanProvider) -> Result<(SanSocket, Event, SocketAddrV4), Problem> {
    let (listener, address) = (provider.socket().map_err(said)?, any(provider)?);
    listener.bind(address).map_err(said)?;
    let accepting = Event::new().map_err(said)?;
    listener.event_select(&accepting, ffi::FD_ACCEPT).map_err(said)?;
    listener.listen(1).map_err(said)?;
    Ok((listener, accepting, address))
}

pub fn answer(name: &str, polled: bool, tell: &mut dyn FnMut(&str) -> Result<(), Problem>) -> Result<Entry, Problem> {
    let provider = provider(name)?;
    let (listener, accepting, address) = listen(&provider)?;
    tell(&address.to_string())?;
    Ok(Entry::new(provider, accept(&listener, &accepting)?, polled))
}

fn accept(listener: &SanSocket, accepting: &Event) -> Result<SanSocket, Problem> {
    let until = Instant::now() + PATIENCE;
    loop {
        accepting.wait(Duration::from_millis(100));
        listener.enum_events(accepting).map_err(said)?;
        match listener.accept(|_| ffi::CF_ACCEPT) {
            Ok((socket, _)) => return Ok(socket),
            Err(error) if error.code() == Some(wsp::code::WSAEWOULDBLOCK) && Instant::now() < until => {}
            Err(error) => return Err(said(error)),
        }
    }
}

pub fn ask(name: &str, polled: bool, place: &str) -> Result<Entry, Problem> {
    let provider = provider(name)?;
    let socket = provider.socket().map_err(said)?;
    socket.bind(any(&provider)?).map_err(said)?;
    let connecting = socket.connect(place.parse().map_err(said)?).map_err(said)?;
    finish(&socket, &connecting)?;
    Ok(Entry::new(provider, socket, polled))
}

fn finish(socket: &SanSocket, connecting: &Connecting) -> Result<(), Problem> {
    connecting.finish(socket, PATIENCE).map_err(said)?;
    // A provider looks out in the background for what an event is to tell; from here on we poll.
    socket.event_select(connecting.event(), 0).map_err(said)
}

/// Both ends in one process.
pub fn both(name: &str, polled: bool) -> Result<(Entry, Entry), Problem> {
    let provider = provider(name)?;
    let (listener, accepting, address) = listen(&provider)?;
    let socket = provider.socket().map_err(said)?;
    socket.bind(any(&provider)?).map_err(said)?;
    let connecting = socket.connect(address).map_err(said)?;
    let accepted = accept(&listener, &accepting)?;
    finish(&socket, &connecting)?;
    Ok((Entry::new(provider.clone(), socket, polled), Entry::new(provider, accepted, polled)))
}

impl Link for Entry {
    fn send(&mut self, size: usize) -> Result<(), Problem> {
        if self.sends.under_way() == DEPTH {
            self.sends.oldest(&self.provider, self.socket.raw())?;
        }
        self.start_send(size)
    }

    fn flush(&mut self) -> Result<(), Problem> {
        while self.sends.under_way() > 0 {
            self.sends.oldest(&self.provider, self.socket.raw())?;
        }
        Ok(())
    }

    fn expect(&mut self) -> Result<(), Problem> {
        if self.polled && self.receives.under_way() == 0 { self.post() } else { Ok(()) }
    }

    fn recv(&mut self, size: usize) -> Result<(), Problem> {
        let count = if self.polled {
            self.expect()?;
            self.receives.oldest(&self.provider, self.socket.raw())?
        } else {
            let mut piece = [PieceMut::new(&mut self.room)];
            // SAFETY: not overlapped: the memory is used during the call only.
            match unsafe { self.provider.table().recv(self.socket.raw(), &mut piece, 0, OverlappedCall::NONE) } {
                Ok(Outcome::Done(done)) => done.bytes as usize,
                Ok(Outcome::Pending) => return Err("a call that waits is pending".into()),
                Err(error) => return Err(said(error)),
            }
        };
        if count == size { Ok(()) } else { Err(format!("{count} bytes instead of {size}")) }
    }

    fn put(&mut self, size: usize) -> Result<(), Problem> {
        let call = self.sends.next();
        let piece = [Piece::registered(&self.out[..size], self.registration.unwrap_or_default())];
        let write = &self.provider.extensions().rdma_write;
        // SAFETY: as in `start_send`; the descriptor is copied by the call.
        unsafe { write.rdma_write(self.socket.raw(), &piece, &self.descriptor, self.start, 0, call) }.map_err(said)?;
        self.sends.oldest(&self.provider, self.socket.raw()).map(|_| ())
    }
}
