//! Sockets of a provider, call by call: the low door beside the switch's own streams.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use wsp::rt::{Outcome, OverlappedCall, Piece, PieceMut, Room, zeroed};
use wsp::transport::Region;
use wsp::{code, ffi};

use super::memory::Own;
use super::operation::{Kind, SanNotify, SanOperation};
use super::provider::SanProvider;
use super::{freeing, memory};
use crate::deadline::after;
use crate::error::Error;
use crate::socket::{ask, count, from_sockaddr, nonsense, pending, to_sockaddr};
use crate::upcalls::events::Event;
use crate::upcalls::handles;
use crate::upcalls::ports::{Association, Port, Sink};

/// A socket of a provider: its descriptor, which calls down carry, and the switch's handle, which upcalls carry. Every method
/// calls the provider's function of that name. Dropping it closes it.
pub struct SanSocket {
    provider: SanProvider,
    raw: ffi::SOCKET,
    handle: usize,
    closed: AtomicBool,
}

impl SanSocket {
    /// Takes over what `function` returned. The one handle created during the call is the socket's.
    pub(super) fn adopt(
        provider: &SanProvider,
        function: &'static str,
        raw: ffi::SOCKET,
        made: &[usize],
    ) -> Result<Self, Error> {
        let socket = |handle| Self { provider: provider.clone(), raw, handle, closed: AtomicBool::new(false) };
        match *made {
            [handle] => Ok(socket(handle)),
            _ => {
                // Closed by being dropped.
                drop(socket(0));
                Err(nonsense(function, "a socket for which it did not create exactly one handle"))
            }
        }
    }

    /// The provider's descriptor.
    pub fn raw(&self) -> ffi::SOCKET {
        self.raw
    }

    /// The switch's handle.
    pub fn handle(&self) -> usize {
        self.handle
    }

    /// The provider that it belongs to.
    pub fn provider(&self) -> &SanProvider {
        &self.provider
    }

    /// Gives the socket an address.
    ///
    /// # Errors
    /// The provider's.
    pub fn bind(&self, address: SocketAddrV4) -> Result<(), Error> {
        Ok(self.provider.table().bind(self.raw, &to_sockaddr(address))?)
    }

    /// Lets connections come in.
    ///
    /// # Errors
    /// The provider's.
    pub fn listen(&self, backlog: i32) -> Result<(), Error> {
        Ok(self.provider.table().listen(self.raw, backlog)?)
    }

    /// Asks for `FD_ACCEPT` or `FD_CONNECT` on an event.
    ///
    /// # Errors
    /// The provider's.
    pub fn event_select(&self, event: &Event, events: i32) -> Result<(), Error> {
        Ok(self.provider.table().event_select(self.raw, Some(event.raw()), events)?)
    }

    /// What has happened since the last call; resets the event.
    ///
    /// # Errors
    /// The provider's.
    pub fn enum_events(&self, event: &Event) -> Result<ffi::WSANETWORKEVENTS, Error> {
        let mut events: ffi::WSANETWORKEVENTS = zeroed();
        self.provider.table().enum_network_events(self.raw, Some(event.raw()), &mut events)?;
        Ok(events)
    }

    /// Starts to connect, as the switch does: selects `FD_CONNECT` first, then calls.
    ///
    /// # Errors
    /// The provider's but `WSAEWOULDBLOCK`, which is how a connect starts.
    pub fn connect(&self, address: SocketAddrV4) -> Result<Connecting, Error> {
        let event = Event::new().map_err(|_| nonsense("WSPEventSelect", "no event: the system has none left"))?;
        self.event_select(&event, ffi::FD_CONNECT)?;
        match self.connect_once(address) {
            Ok(()) => Ok(Connecting { event, at_once: true }),
            Err(error) if error.code() == Some(code::WSAEWOULDBLOCK) => Ok(Connecting { event, at_once: false }),
            Err(error) => Err(error),
        }
    }

    /// `WSPConnect` and nothing else.
    ///
    /// # Errors
    /// The provider's.
    pub fn connect_once(&self, address: SocketAddrV4) -> Result<(), Error> {
        Ok(self.provider.table().connect(self.raw, &to_sockaddr(address), None, None, None, None)?)
    }

    /// Takes a connection if `condition` says so, and says who it is from. The condition gets the caller's address as a
    /// `sockaddr` and answers with `CF_ACCEPT`, `CF_REJECT`, `CF_DEFER`, or what a switch should not answer with. It is called on
    /// this thread, during the call.
    ///
    /// # Errors
    /// The provider's, an address that is none, or a socket without handle.
    pub fn accept<F: FnMut(&[u8]) -> i32>(&self, mut condition: F) -> Result<(Self, SocketAddrV4), Error> {
        let mut address = [0; 32];
        let mut room = Room::new(&mut address);
        let context = (&raw mut condition) as usize;
        let (raw, made) =
            handles::watch(|| self.provider.table().accept(self.raw, Some(&mut room), Some(ask::<F>), context));
        let socket = Self::adopt(&self.provider, "WSPAccept", raw?, &made)?;
        let peer = from_sockaddr("WSPAccept", room.filled())?;
        Ok((socket, peer))
    }

    /// Sends a message without an overlapped record: waits until it is sent. The memory is registered for the time.
    ///
    /// # Errors
    /// The provider's.
    pub fn send_blocking(&self, data: &[u8]) -> Result<usize, Error> {
        let _registered = self.registered(memory::read_only(data), ffi::MEM_READ)?;
        // SAFETY: not overlapped, so nothing is used after the call.
        match unsafe { self.provider.table().send(self.raw, &[Piece::new(data)], 0, OverlappedCall::NONE) }? {
            Outcome::Done(bytes) => count("WSPSend", bytes, data.len()),
            Outcome::Pending => Err(pending("WSPSend")),
        }
    }

    /// Receives a message without an overlapped record: waits for it. The memory is registered for the time.
    ///
    /// # Errors
    /// The provider's.
    pub fn recv_blocking(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let (named, room) = (memory::writable(buffer), buffer.len());
        let _registered = self.registered(named, ffi::MEM_WRITE)?;
        // SAFETY: not overlapped, so nothing is used after the call.
        let outcome = unsafe {
            let pieces = &mut [PieceMut::at(named.as_ptr(), room)];
            self.provider.table().recv(self.raw, pieces, 0, OverlappedCall::NONE)
        };
        match outcome? {
            Outcome::Done(done) => count("WSPRecv", done.bytes, room),
            Outcome::Pending => Err(pending("WSPRecv")),
        }
    }

    /// Starts to send a message.
    pub fn send_overlapped(&self, data: &[u8], notify: SanNotify<'_>) -> SanOperation {
        SanOperation::begin((&self.provider, self.raw), data.to_vec(), &Kind::Send { flags: 0 }, &[], notify)
    }

    /// Posts a receive.
    pub fn recv_overlapped(&self, room: usize, notify: SanNotify<'_>) -> SanOperation {
        SanOperation::begin((&self.provider, self.raw), vec![0; room], &Kind::Recv { flags: 0 }, &[], notify)
    }

    /// Starts to write into the peer's memory that `descriptor` stands for, from `offset` on.
    pub fn rdma_write(&self, data: &[u8], descriptor: &[u8], offset: u32, notify: SanNotify<'_>) -> SanOperation {
        SanOperation::begin((&self.provider, self.raw), data.to_vec(), &Kind::RdmaWrite { offset }, descriptor, notify)
    }

    /// Starts to read from the peer's memory that `descriptor` stands for, from `offset` on.
    pub fn rdma_read(&self, room: usize, descriptor: &[u8], offset: u32, notify: SanNotify<'_>) -> SanOperation {
        SanOperation::begin((&self.provider, self.raw), vec![0; room], &Kind::RdmaRead { offset }, descriptor, notify)
    }

    /// Registers memory for data transfer on this socket, and gives the registration.
    ///
    /// # Errors
    /// The provider's.
    pub fn register(&self, memory: &[u8], access: u32) -> Result<ffi::HANDLE, Error> {
        self.register_region(memory::read_only(memory), access)
    }

    /// The same for memory that is named by its place.
    pub(super) fn register_region(&self, memory: Region, access: u32) -> Result<ffi::HANDLE, Error> {
        self.provider.extensions().register_region(self.raw, memory, access)
    }

    /// Ends a registration.
    ///
    /// # Errors
    /// The provider's.
    pub fn deregister(&self, registration: ffi::HANDLE) -> Result<(), Error> {
        Ok(self.provider.extensions().deregister.deregister_memory(self.raw, registration)?)
    }

    fn registered(&self, memory: Region, access: u32) -> Result<Registered<'_>, Error> {
        let registration = if memory.is_empty() { None } else { Some(self.register_region(memory, access)?) };
        Ok(Registered { socket: self, registration, memory })
    }

    /// Exposes memory to the peer, which then reads (`MEM_READ`) or writes (`MEM_WRITE`) it by RDMA.
    ///
    /// # Errors
    /// The provider's.
    pub fn register_rdma(self: &Arc<Self>, memory: Vec<u8>, access: u32) -> Result<Exposed, Error> {
        let memory = Own::from(memory.into_boxed_slice());
        let descriptor = self.describe(memory.region(), access)?;
        Ok(Exposed { socket: Arc::clone(self), memory: Some(memory), descriptor })
    }

    /// Registers memory for RDMA, with as much room for the descriptor as the provider asks for.
    pub(super) fn describe(&self, memory: Region, access: u32) -> Result<Vec<u8>, Error> {
        const MOST: usize = 4096;
        let mut descriptor = vec![0; 128];
        loop {
            let mut room = Room::new(&mut descriptor);
            let result = self.provider.extensions().register_rdma_region(self.raw, memory, access, &mut room);
            let size = room.size as usize;
            match result {
                Ok(()) => {
                    let size = size.min(descriptor.len());
                    descriptor.truncate(size);
                    return Ok(descriptor);
                }
                // Too little room and bad memory share the code; only the former tells another size.
                Err(error) if error.code() == Some(code::WSAEFAULT) && size > descriptor.len() && size <= MOST => {
                    descriptor.resize(size, 0);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the peer's access to memory that was registered for RDMA.
    ///
    /// # Errors
    /// The provider's.
    pub fn deregister_rdma(&self, descriptor: &[u8]) -> Result<(), Error> {
        Ok(self.provider.extensions().deregister_rdma.deregister_rdma_memory(self.raw, descriptor)?)
    }

    /// Hands control to another process, and gives what that process imports the socket with.
    ///
    /// # Errors
    /// The provider's.
    pub fn duplicate(&self, process: u32) -> Result<ffi::WSAPROTOCOL_INFOW, Error> {
        Ok(self.provider.table().duplicate_socket(self.raw, process)?)
    }

    /// A control code; says how many bytes of `output` were filled.
    ///
    /// # Errors
    /// The provider's.
    pub fn ioctl(&self, code: u32, input: Option<&[u8]>, output: Option<&mut [u8]>) -> Result<usize, Error> {
        let room = output.as_ref().map_or(0, |output| output.len());
        // SAFETY: not overlapped, so nothing is used after the call.
        match unsafe { self.provider.table().ioctl(self.raw, code, input, output, OverlappedCall::NONE) }? {
            Outcome::Done(bytes) => count("WSPIoctl", bytes, room),
            Outcome::Pending => Err(pending("WSPIoctl")),
        }
    }

    /// An option of `SOL_SOCKET` whose value is a number; `None` if the provider does not know it.
    ///
    /// # Errors
    /// The provider's but `WSAENOPROTOOPT`, or a value that is no number.
    pub fn option(&self, option: i32) -> Result<Option<u32>, Error> {
        let mut value = [0; 4];
        let mut room = Room::new(&mut value);
        match self.provider.table().get_sock_opt(self.raw, ffi::SOL_SOCKET, option, &mut room).map_err(Error::from) {
            Ok(()) if room.size == 4 => Ok(Some(u32::from_ne_bytes(value))),
            Ok(()) => Err(nonsense("WSPGetSockOpt", "a value that is not of 4 bytes")),
            Err(error) if error.code() == Some(code::WSAENOPROTOOPT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets an option of this level whose value is a number.
    ///
    /// # Errors
    /// The provider's.
    pub fn set_option(&self, level: i32, option: i32, value: i32) -> Result<(), Error> {
        Ok(self.provider.table().set_sock_opt(self.raw, level, option, &value.to_ne_bytes())?)
    }

    /// Looks a template for quality of service up.
    ///
    /// # Errors
    /// The provider's; `WSAEOPNOTSUPP` if it has none.
    pub fn qos_by_name(&self, name: &mut [u8]) -> Result<ffi::QOS, Error> {
        let len = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let mut name = ffi::WSABUF { len, buf: name.as_mut_ptr().cast() };
        let mut qos: ffi::QOS = zeroed();
        self.provider.table().get_qos_by_name(self.raw, &mut name, Some(&mut qos))?;
        Ok(qos)
    }

    /// From now on notified operations are reported here, with this key.
    pub fn report_to(&self, port: &Port, key: usize) -> bool {
        port.associate(self.handle, key)
    }

    pub(super) fn report_to_sink(&self, sink: Arc<dyn Sink>) -> bool {
        handles::associate(self.handle, Association::new(sink, 0))
    }

    /// Closes it, also under threads that wait in it. Once that has worked, dropping it closes nothing.
    ///
    /// # Errors
    /// The provider's; the socket stays open.
    pub fn close(&self) -> Result<(), Error> {
        self.provider.table().close_socket(self.raw)?;
        self.closed.store(true, Ordering::Release);
        Ok(())
    }

    /// Passes the descriptor, and the duty to close it, on to another value. This one is closed, so far as it is concerned.
    pub(super) fn keep_descriptor(&self) -> Self {
        let closed = self.closed.swap(true, Ordering::AcqRel);
        let provider = self.provider.clone();
        Self { provider, raw: self.raw, handle: self.handle, closed: AtomicBool::new(closed) }
    }

    /// Has it been closed?
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl Drop for SanSocket {
    fn drop(&mut self) {
        if !self.is_closed() {
            // A socket that will not close is released by the clean-up.
            let _ = self.close();
        }
    }
}

impl std::fmt::Debug for SanSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SanSocket({:#x}, handle {:#x})", self.raw, self.handle)
    }
}

/// A connect that has started.
pub struct Connecting {
    event: Event,
    /// `WSPConnect` succeeded itself.
    pub at_once: bool,
}

impl Connecting {
    /// Waits for the event, and asks for the outcome.
    ///
    /// # Errors
    /// The connect's outcome (as an error of `WSPConnect`), `WSAETIMEDOUT` after `time`, or what the query says.
    pub fn finish(&self, socket: &SanSocket, time: Duration) -> Result<(), Error> {
        if self.at_once {
            return Ok(());
        }
        let deadline = after(time);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.event.wait(left) {
                return Err(Error::Documented { function: "WSPConnect", code: code::WSAETIMEDOUT });
            }
            let events = socket.enum_events(&self.event)?;
            if events.lNetworkEvents & ffi::FD_CONNECT != 0 {
                return match events.iErrorCode[ffi::FD_CONNECT_BIT as usize] {
                    0 => Ok(()),
                    code => Err(Error::Documented { function: "WSPConnect", code }),
                };
            }
        }
    }

    /// The event that tells the outcome.
    pub fn event(&self) -> &Event {
        &self.event
    }
}

/// Memory that is registered until this is dropped.
struct Registered<'a> {
    socket: &'a SanSocket,
    registration: Option<ffi::HANDLE>,
    /// Not to be used.
    memory: Region,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        if let Some(registration) = self.registration {
            // After a close the registration is gone already.
            let _ = self.socket.deregister(registration);
            freeing::range_freed(self.memory.as_ptr(), self.memory.len());
        }
    }
}

/// Memory that the peer may access by RDMA until this is dropped.
#[derive(Debug)]
pub struct Exposed {
    socket: Arc<SanSocket>,
    memory: Option<Own>,
    descriptor: Vec<u8>,
}

impl Exposed {
    /// What the peer names the memory by. Opaque.
    pub fn descriptor(&self) -> &[u8] {
        &self.descriptor
    }

    /// A copy of the memory as it is now; the peer may be writing to it.
    pub fn contents(&self) -> Vec<u8> {
        self.memory.as_ref().map(Own::copy).unwrap_or_default()
    }

    /// Ends the peer's access.
    ///
    /// # Errors
    /// The provider's; the memory stays exposed.
    pub fn end(mut self) -> Result<Vec<u8>, (Self, Error)> {
        match self.socket.deregister_rdma(&self.descriptor) {
            Ok(()) => {
                let memory = self.memory.take().map(Own::into_box).map(Vec::from).unwrap_or_default();
                freeing::memory_freed(&memory);
                Ok(memory)
            }
            Err(error) => Err((self, error)),
        }
    }
}

/// Is there no such socket any more, by what the provider says? It ended all access to its memory with it, as the last clean-up does.
fn says_gone(error: &Error) -> bool {
    matches!(error.code(), Some(code::WSAENOTSOCK | code::WSANOTINITIALISED))
}

impl Drop for Exposed {
    fn drop(&mut self) {
        if self.memory.is_some()
            && !self.socket.is_closed()
            && self.socket.deregister_rdma(&self.descriptor).is_err()
            && self.socket.close().is_err_and(|error| !says_gone(&error))
        {
            // Neither call ended the peer's access: the memory is given up.
            std::mem::forget(self.memory.take());
        }
        if let Some(memory) = self.memory.as_ref().map(Own::region) {
            freeing::range_freed(memory.as_ptr(), memory.len());
        }
    }
}
