//! Overlapped operations that own their memory.

use std::cell::UnsafeCell;
use std::net::SocketAddrV4;
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use wsp::ffi;
use wsp::rt::{Outcome, OverlappedCall, Piece, PieceMut, acquire, zeroed};
use wsp::winsock::caller::{AcceptEx, ConnectEx, DisconnectEx, GetAcceptExSockaddrs};

use crate::error::Error;
use crate::socket::{Socket, from_sockaddr, to_sockaddr};
use crate::upcalls::apc;
use crate::upcalls::events::Event;

/// How the end of an operation is to be told.
#[derive(Clone, Copy)]
pub enum Notify<'a> {
    /// By the socket's completion port, if it has one.
    Port,
    /// By this event, and by the socket's completion port, if it has one.
    Event(&'a Event),
    /// By this event and not by a completion port: the low bit of the event's number is set.
    EventOnly(&'a Event),
    /// By a completion routine on this thread, in an alertable wait.
    Routine,
}

/// What a completion routine was called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutineCall {
    /// 0 or an error code.
    pub error: i32,
    /// Bytes moved.
    pub bytes: u32,
    /// Flags.
    pub flags: u32,
}

/// What the provider may use until the operation has ended.
#[repr(C)]
struct Block {
    /// First: a completion routine gets its address only.
    record: UnsafeCell<ffi::WSAOVERLAPPED>,
    buffer: UnsafeCell<Vec<u8>>,
    calls: Mutex<Vec<RoutineCall>>,
}

/// What `Internal` holds before the call: something that no provider stores.
const UNMARKED: usize = 0x5AFE;

/// What `hEvent` holds beside a completion routine: no event, but whatever the caller likes.
const CONTEXT: usize = 0x5AFE_0000;

/// An overlapped operation, or the attempt at one. Dropped while it is pending, its memory is given up: the provider may still
/// use it.
pub struct Operation<E = Error> {
    block: NonNull<Block>,
    routine: bool,
    returned: Result<Outcome<u32>, E>,
}

// SAFETY: the block is only read here, and its record and its buffer only after the operation has ended.
unsafe impl<E: Send> Send for Operation<E> {}

impl Socket {
    /// Starts to send.
    pub fn send_overlapped(&self, data: &[u8], notify: Notify<'_>) -> Operation {
        Operation::send(data, notify, |pieces, overlapped| {
            // SAFETY: the block stays until the operation has ended; of the array of buffers the interface has a copy made.
            Ok(unsafe { self.provider().table().send(self.raw(), pieces, 0, overlapped) }?)
        })
    }

    /// Starts to receive.
    pub fn recv_overlapped(&self, room: usize, notify: Notify<'_>) -> Operation {
        Operation::recv(room, notify, |pieces, overlapped| {
            // SAFETY: the block stays until the operation has ended; of the array of buffers the interface has a copy made.
            Ok(match unsafe { self.provider().table().recv(self.raw(), pieces, 0, overlapped) }? {
                Outcome::Done(done) => Outcome::Done(done.bytes),
                Outcome::Pending => Outcome::Pending,
            })
        })
    }
}

impl Socket {
    /// Starts a control code that has neither input nor output.
    pub fn ioctl_overlapped(&self, control: u32, notify: Notify<'_>) -> Operation {
        Operation::begin(Block::new(Vec::new(), notify), notify, |overlapped| {
            // SAFETY: the block stays until the operation has ended.
            Ok(unsafe { self.provider().table().ioctl(self.raw(), control, None, None, overlapped) }?)
        })
    }
}

/// Room for an address in the buffer of an accept: the address and 16 bytes, as the interface asks for.
const ADDRESS_ROOM: u32 = 32;

impl Socket {
    /// Starts to connect with `ConnectEx`, which sends `data` first.
    pub fn connect_ex(
        &self,
        function: &ConnectEx,
        address: SocketAddrV4,
        data: &[u8],
        notify: Notify<'_>,
    ) -> Operation {
        let block = Block::new(data.to_vec(), notify);
        // SAFETY: the block is ours until the call below.
        let data = Some(unsafe { (*(*block.as_ptr()).buffer.get()).as_slice() }).filter(|data| !data.is_empty());
        Operation::begin(block, notify, |overlapped| {
            // SAFETY: the block stays until the operation has ended.
            Ok(unsafe { function.connect_ex(self.raw(), &to_sockaddr(address), data, overlapped) }?)
        })
    }

    /// Starts to accept a connection onto the socket `onto` with `AcceptEx`, which waits for at most `room` bytes of data if that is
    /// not 0. [`Operation::accepted_addresses`] tells who it is.
    pub fn accept_ex(&self, function: &AcceptEx, onto: &Self, room: u32, notify: Notify<'_>) -> Operation {
        let block = Block::new(vec![0; (room + 2 * ADDRESS_ROOM) as usize], notify);
        // SAFETY: the block is ours until the call below.
        let output = unsafe { (*(*block.as_ptr()).buffer.get()).as_mut_ptr() };
        Operation::begin(block, notify, |overlapped| {
            let lengths = (room, ADDRESS_ROOM, ADDRESS_ROOM);
            // SAFETY: the block stays until the operation has ended.
            Ok(unsafe {
                function.accept_ex(self.raw(), onto.raw(), output.cast(), lengths.0, lengths.1, lengths.2, overlapped)
            }?)
        })
    }

    /// Starts to end the connection with `DisconnectEx`, with `reuse` so that the socket can have another one.
    pub fn disconnect_ex(&self, function: &DisconnectEx, reuse: bool, notify: Notify<'_>) -> Operation {
        let flags = if reuse { ffi::TF_REUSE_SOCKET } else { 0 };
        Operation::begin(Block::new(Vec::new(), notify), notify, |overlapped| {
            // SAFETY: the block stays until the operation has ended.
            Ok(match unsafe { function.disconnect_ex(self.raw(), overlapped, flags, 0) }? {
                Outcome::Done(()) => Outcome::Done(0),
                Outcome::Pending => Outcome::Pending,
            })
        })
    }
}

impl Operation {
    /// The addresses that an accept with room for `room` bytes of data brought: ours and the peer's. `None` until it has ended.
    ///
    /// # Errors
    /// What the provider answers is no address in the buffer.
    pub fn accepted_addresses(
        &self,
        function: &GetAcceptExSockaddrs,
        room: u32,
    ) -> Result<Option<(SocketAddrV4, SocketAddrV4)>, Error> {
        let Some(buffer) = self.buffer() else { return Ok(None) };
        let pointer = buffer.as_ptr().cast_mut().cast();
        // SAFETY: the buffer is that of an accept with these lengths.
        let found = unsafe { function.get_accept_ex_sockaddrs(pointer, room, ADDRESS_ROOM, ADDRESS_ROOM) };
        let found = found.map_err(|_| Error::Absent { function: "GetAcceptExSockaddrs" })?;
        let read = |address: ffi::LPSOCKADDR, size: i32| {
            let at = (address as usize).wrapping_sub(buffer.as_ptr() as usize);
            let size = usize::try_from(size).unwrap_or(0);
            let bytes = at.checked_add(size).and_then(|end| buffer.get(at..end)).unwrap_or_default();
            from_sockaddr("GetAcceptExSockaddrs", bytes)
        };
        Ok(Some((read(found.local, found.local_size)?, read(found.remote, found.remote_size)?)))
    }
}

impl Block {
    fn new(buffer: Vec<u8>, notify: Notify<'_>) -> NonNull<Self> {
        let mut record: ffi::WSAOVERLAPPED = zeroed();
        record.Internal = UNMARKED;
        // The provider's own: whatever is there before the call.
        (record.Offset, record.OffsetHigh) = (UNMARKED as u32, UNMARKED as u32);
        record.hEvent = match notify {
            Notify::Event(event) => event.raw(),
            Notify::EventOnly(event) => event.raw() | 1,
            Notify::Port => 0,
            Notify::Routine => CONTEXT,
        };
        let block = Self { record: UnsafeCell::new(record), buffer: UnsafeCell::new(buffer), calls: Mutex::default() };
        NonNull::from(Box::leak(Box::new(block)))
    }
}

impl<E> Operation<E> {
    /// Sends by a call that may use the buffers and the record until the operation has ended.
    pub(crate) fn send(
        data: &[u8],
        notify: Notify<'_>,
        call: impl FnOnce(&[Piece<'_, ffi::WSABUF>], OverlappedCall) -> Result<Outcome<u32>, E>,
    ) -> Self {
        let block = Block::new(data.to_vec(), notify);
        // SAFETY: the block is ours until the call below.
        let pieces = [Piece::new(unsafe { &*(*block.as_ptr()).buffer.get() })];
        Self::begin(block, notify, |overlapped| call(&pieces, overlapped))
    }

    /// Receives by a call that may use the buffers and the record until the operation has ended.
    pub(crate) fn recv(
        room: usize,
        notify: Notify<'_>,
        call: impl FnOnce(&mut [PieceMut<'_, ffi::WSABUF>], OverlappedCall) -> Result<Outcome<u32>, E>,
    ) -> Self {
        let block = Block::new(vec![0; room], notify);
        // SAFETY: the block is ours until the call below.
        let mut pieces = [PieceMut::new(unsafe { &mut *(*block.as_ptr()).buffer.get() })];
        Self::begin(block, notify, |overlapped| call(&mut pieces, overlapped))
    }

    fn begin(
        block: NonNull<Block>,
        notify: Notify<'_>,
        call: impl FnOnce(OverlappedCall) -> Result<Outcome<u32>, E>,
    ) -> Self {
        let routine = matches!(notify, Notify::Routine);
        let mut thread = if routine { apc::current_thread() } else { apc::identify() };
        let returned = call(OverlappedCall {
            operation: block.as_ptr().cast(),
            routine: if routine { Some(ended) } else { None },
            thread: thread.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
        });
        Self { block, routine, returned }
    }

    /// What the call returned: the bytes moved at once, pending, or why it was refused.
    pub fn returned(&self) -> Result<Outcome<u32>, E>
    where
        E: Clone,
    {
        self.returned.clone()
    }

    /// The address of its record, which a completion port tells.
    pub fn record(&self) -> usize {
        self.block.as_ptr() as usize
    }

    /// Did the provider touch the record's status at all?
    pub fn is_marked(&self) -> bool {
        self.internal() != UNMARKED
    }

    /// How it ended, as an NTSTATUS; `None` while it is pending or if it never was accepted.
    pub fn status(&self) -> Option<u32> {
        match self.internal() {
            UNMARKED => None,
            ffi::WSS_OPERATION_IN_PROGRESS => None,
            status => u32::try_from(status).ok(),
        }
    }

    /// The bytes moved, once it has ended.
    pub fn bytes(&self) -> Option<usize> {
        self.status()?;
        // SAFETY: ended, so nobody writes to the record any more.
        Some(unsafe { (*(*self.block.as_ptr()).record.get()).InternalHigh })
    }

    /// The buffer, once it has ended.
    pub fn buffer(&self) -> Option<&[u8]> {
        self.status()?;
        // SAFETY: ended, so nobody writes to the buffer any more.
        Some(unsafe { &*(*self.block.as_ptr()).buffer.get() })
    }

    /// The calls of its completion routine so far. There should be one, in an alertable wait after its end.
    pub fn routine_calls(&self) -> Vec<RoutineCall> {
        // SAFETY: the block lives as long as `self`.
        let calls = unsafe { &(*self.block.as_ptr()).calls };
        calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn internal(&self) -> usize {
        // SAFETY: the block lives as long as `self`, and who ends the operation releases the status.
        unsafe { acquire(&raw const (*(*self.block.as_ptr()).record.get()).Internal) }
    }

    /// May the provider or the queue of calls still come back to the block?
    fn is_outstanding(&self) -> bool {
        self.returned.is_ok() && (self.status().is_none() || self.routine && self.routine_calls().is_empty())
    }
}

impl<E> Drop for Operation<E> {
    fn drop(&mut self) {
        if !self.is_outstanding() {
            // SAFETY: from the box in `Block::new`, and nobody comes back to it.
            drop(unsafe { Box::from_raw(self.block.as_ptr()) });
        }
    }
}

/// The completion routine.
unsafe extern "system" fn ended(error: u32, bytes: u32, record: ffi::LPWSAOVERLAPPED, flags: u32) {
    // SAFETY: the record of a block, which is kept until its routine has run.
    let block = unsafe { &*record.cast::<Block>() };
    let call = RoutineCall { error: error.cast_signed(), bytes, flags };
    block.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
}
