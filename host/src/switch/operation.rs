//! Overlapped operations of the low door: each owns its memory and has registered it.

use std::cell::UnsafeCell;
use std::ptr::NonNull;

use wsp::rt::{CallError, Outcome, OverlappedCall, Piece, PieceMut, acquire, zeroed};
use wsp::san::error::GetOverlappedResultError;
use wsp::transport::Region;
use wsp::{code, ffi};

use super::provider::SanProvider;
use super::{freeing, memory};
use crate::deadline::after;
use crate::error::Error;
use crate::upcalls::events::Event;

/// How the end of an operation is to be told.
#[derive(Clone, Copy)]
pub enum SanNotify<'a> {
    /// Not at all: the low bit of `hEvent` is set, and the caller polls.
    Polled,
    /// Through `WPUCompleteOverlappedRequest`, with no event.
    Notified,
    /// Through `WPUCompleteOverlappedRequest`, which then sets this event.
    Event(&'a Event),
}

impl SanNotify<'_> {
    fn event(self) -> usize {
        match self {
            Self::Polled => 1,
            Self::Notified => 0,
            Self::Event(event) => event.raw(),
        }
    }
}

/// A record of the interface at an address that stays.
pub(super) struct Record(UnsafeCell<ffi::WSAOVERLAPPED>);

// SAFETY: the record's members are read with volatile reads; who writes to it and when is the interface's business.
unsafe impl Send for Record {}
// SAFETY: as above.
unsafe impl Sync for Record {}

/// What `Internal` holds before the call: something that no provider stores.
const UNMARKED: usize = 0x5AFE;

impl Record {
    pub(super) fn new(event: usize) -> Self {
        let mut record: ffi::WSAOVERLAPPED = zeroed();
        record.Internal = UNMARKED;
        // The provider's own: whatever is there before the call.
        (record.Offset, record.OffsetHigh) = (UNMARKED as u32, UNMARKED as u32);
        record.hEvent = event;
        Self(UnsafeCell::new(record))
    }

    /// Makes it ready for another operation. The last one must have ended.
    pub(super) fn reset(&self, event: usize) {
        // SAFETY: no operation uses the record, and only its owner calls this.
        unsafe { *self.0.get() = *Self::new(event).0.get() };
    }

    pub(super) fn call(&self) -> OverlappedCall {
        OverlappedCall { operation: self.0.get(), routine: None, thread: std::ptr::null_mut() }
    }

    pub(super) fn address(&self) -> usize {
        self.0.get() as usize
    }

    fn internal(&self) -> usize {
        // SAFETY: good as long as `self`, and who ends the operation releases the status.
        unsafe { acquire(&raw const (*self.0.get()).Internal) }
    }

    fn high(&self) -> usize {
        // SAFETY: as in `internal`.
        unsafe { (&raw const (*self.0.get()).InternalHigh).read_volatile() }
    }

    /// Asks the provider what became of the operation.
    pub(super) fn result(&self, provider: &SanProvider, socket: ffi::SOCKET, wait: bool) -> Result<(u32, u32), Error> {
        let Some(function) = provider.table().raw().lpWSPGetOverlappedResult else {
            return Err(Error::Absent { function: "WSPGetOverlappedResult" });
        };
        let (mut bytes, mut flags, mut errno) = (0, 0, 0);
        let overlapped = self.0.get();
        // SAFETY: the table's function, called as the interface has it; the record stays until the operation has ended.
        let ended =
            unsafe { function(socket, overlapped, &raw mut bytes, i32::from(wait), &raw mut flags, &raw mut errno) };
        if ended != 0 {
            return Ok((bytes, flags));
        }
        Err(CallError::<GetOverlappedResultError>::reported(errno).into())
    }
}

/// Has an operation not ended yet, by what `WSPGetOverlappedResult` says?
pub(super) fn incomplete(error: &Error) -> bool {
    error.code() == Some(code::WSA_IO_INCOMPLETE)
}

/// What the provider may use until the operation has ended.
pub(super) struct Block {
    pub(super) record: Record,
    memory: UnsafeCell<Vec<u8>>,
    /// The arrays of buffers stay as long as the operation: a provider need not copy them. Nor the descriptor.
    arrays: UnsafeCell<Arrays>,
    target: Vec<u8>,
}

/// The same memory as the one buffer of each kind of array.
struct Arrays {
    send: [Piece<'static, ffi::WSABUF>; 1],
    recv: [PieceMut<'static, ffi::WSABUF>; 1],
    rdma: [Piece<'static, ffi::WSABUFEX>; 1],
}

impl Arrays {
    /// # Safety
    /// The memory must stay as long as the arrays are used.
    unsafe fn new(memory: Region, registration: ffi::HANDLE) -> Self {
        let (start, length) = (memory.as_ptr(), memory.len());
        // SAFETY: by the caller's word.
        unsafe {
            Self {
                send: [Piece::at(start, length)],
                recv: [PieceMut::at(start, length)],
                rdma: [Piece::registered_at(start, length, registration)],
            }
        }
    }
}

/// What an operation does with its memory.
pub(super) enum Kind {
    Send { flags: u32 },
    Recv { flags: u32 },
    RdmaWrite { offset: u32 },
    RdmaRead { offset: u32 },
}

impl Block {
    /// Starts the operation.
    ///
    /// # Safety
    /// The block must stay until the operation has ended.
    unsafe fn start(&self, provider: &SanProvider, socket: ffi::SOCKET, kind: &Kind) -> Result<Outcome<u32>, Error> {
        let call = self.record.call();
        // SAFETY: the provider only reads the arrays; nobody else uses them.
        let arrays = unsafe { &mut *self.arrays.get() };
        let (table, extensions) = (provider.table(), provider.extensions());
        // SAFETY: everything passed is in the block, which stays.
        unsafe {
            Ok(match *kind {
                Kind::Send { flags } => table.send(socket, &arrays.send, flags, call)?,
                Kind::Recv { flags } => match table.recv(socket, &mut arrays.recv, flags, call)? {
                    Outcome::Done(done) => Outcome::Done(done.bytes),
                    Outcome::Pending => Outcome::Pending,
                },
                Kind::RdmaWrite { offset } => {
                    extensions.rdma_write.rdma_write(socket, &arrays.rdma, &self.target, offset, 0, call)?
                }
                Kind::RdmaRead { offset } => match extensions.rdma_read {
                    Some(read) => read.rdma_read(socket, &arrays.rdma, &self.target, offset, 0, call)?,
                    None => return Err(Error::Absent { function: "WSPRdmaRead" }),
                },
            })
        }
    }
}

/// An overlapped operation, or the attempt at one. Dropped while it is pending, its memory is given up: the provider may still
/// use it.
pub struct SanOperation {
    block: NonNull<Block>,
    provider: SanProvider,
    socket: ffi::SOCKET,
    registration: Option<ffi::HANDLE>,
    returned: Result<Outcome<u32>, Error>,
}

// SAFETY: the block is only read here, and its memory only after the operation has ended.
unsafe impl Send for SanOperation {}

impl SanOperation {
    /// Registers the memory, and starts the operation on it.
    pub(super) fn begin(
        (provider, socket): (&SanProvider, ffi::SOCKET),
        mut memory: Vec<u8>,
        kind: &Kind,
        target: &[u8],
        notify: SanNotify<'_>,
    ) -> Self {
        let access = match kind {
            Kind::Send { .. } | Kind::RdmaWrite { .. } => ffi::MEM_READ,
            Kind::Recv { .. } | Kind::RdmaRead { .. } => ffi::MEM_WRITE,
        };
        let named = memory::writable(&mut memory);
        let registered = if memory.is_empty() {
            Ok(None)
        } else {
            provider.extensions().register_region(socket, named, access).map(Some)
        };
        let registration = registered.as_ref().ok().copied().flatten();
        // SAFETY: the memory goes into the block beside the arrays; moving the vector does not move it.
        let arrays = unsafe { Arrays::new(named, registration.unwrap_or(0)) };
        let block = NonNull::from(Box::leak(Box::new(Block {
            record: Record::new(notify.event()),
            memory: UnsafeCell::new(memory),
            arrays: UnsafeCell::new(arrays),
            target: target.to_vec(),
        })));
        // SAFETY: freed only once the operation has ended; see `drop`.
        let returned = registered.and_then(|_| unsafe { block.as_ref().start(provider, socket, kind) });
        Self { block, provider: provider.clone(), socket, registration, returned }
    }

    fn block(&self) -> &Block {
        // SAFETY: freed only with `self`.
        unsafe { self.block.as_ref() }
    }

    /// What the call returned: pending, as it should be; or done at once, or why it was refused.
    pub fn returned(&self) -> Result<Outcome<u32>, Error> {
        self.returned
    }

    /// The address of its record, by which completions tell which operation has ended.
    pub fn record(&self) -> usize {
        self.block().record.address()
    }

    /// Did the provider touch the record's status at all?
    pub fn is_marked(&self) -> bool {
        self.block().record.internal() != UNMARKED
    }

    /// How it ended, as an NTSTATUS; `None` while it is pending or if it never was accepted.
    pub fn status(&self) -> Option<u32> {
        match self.block().record.internal() {
            UNMARKED | ffi::WSS_OPERATION_IN_PROGRESS => None,
            status => u32::try_from(status).ok(),
        }
    }

    /// The bytes moved, once it has ended.
    pub fn bytes(&self) -> Option<usize> {
        self.status().map(|_| self.block().record.high())
    }

    /// Its memory, once it has ended: what was received into it, or what was sent.
    pub fn memory(&self) -> Option<&[u8]> {
        self.status()?;
        // SAFETY: ended, so nobody writes to the memory any more.
        Some(unsafe { &*self.block().memory.get() })
    }

    /// Asks the provider (`WSPGetOverlappedResult`) for bytes and flags; waits for the end if `wait`. `None`: not ended yet.
    ///
    /// # Errors
    /// The operation's or the query's.
    pub fn result(&self, wait: bool) -> Result<Option<(u32, u32)>, Error> {
        self.returned?;
        match self.block().record.result(&self.provider, self.socket, wait) {
            Ok(done) => Ok(Some(done)),
            Err(error) if incomplete(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Polls the provider until the operation has ended or `time` is over; for operations of any kind of notice.
    ///
    /// # Errors
    /// The operation's or the query's.
    pub fn poll_for(&self, time: std::time::Duration) -> Result<Option<(u32, u32)>, Error> {
        let deadline = after(time);
        loop {
            let result = self.result(false)?;
            if result.is_some() || std::time::Instant::now() >= deadline {
                return Ok(result);
            }
            std::thread::yield_now();
        }
    }

    fn is_outstanding(&self) -> bool {
        self.returned.is_ok() && self.status().is_none()
    }
}

impl Drop for SanOperation {
    fn drop(&mut self) {
        if self.is_outstanding() {
            return;
        }
        if let Some(registration) = self.registration {
            // After a close the registration is gone already.
            let _ = self.provider.extensions().deregister.deregister_memory(self.socket, registration);
        }
        // SAFETY: from the box in `begin`, and nobody comes back to it.
        let mut block = unsafe { Box::from_raw(self.block.as_ptr()) };
        freeing::memory_freed(block.memory.get_mut());
    }
}
