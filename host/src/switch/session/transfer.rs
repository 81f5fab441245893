//! RDMA on a session: operations that this side starts, and memory that the peer writes to.

use wsp::ffi;
use wsp::rt::{Outcome, Piece};
use wsp::transport::Region;

use crate::error::Error;
use crate::switch::freeing;
use crate::switch::memory::Own;
use crate::switch::operation::{Record, incomplete};
use crate::switch::socket::SanSocket;

/// Memory for a transfer.
pub enum Memory {
    /// The program's, which waits until the transfer has ended or the socket is closed.
    Program { start: *mut u8, length: usize },
    /// The switch's.
    Own(Own),
}

// SAFETY: the program's memory stays as long as the transfer, whichever thread ends that.
unsafe impl Send for Memory {}

impl Memory {
    /// Memory of the switch's.
    pub fn own(length: usize) -> Self {
        Self::Own(vec![0; length].into_boxed_slice().into())
    }

    /// Its size.
    pub fn len(&self) -> usize {
        self.region().len()
    }

    /// It is its owner's again, who may free it: providers forget it.
    pub fn leave(&self) {
        let region = self.region();
        freeing::range_freed(region.as_ptr(), region.len());
    }

    /// The memory, to be named to a provider.
    fn region(&self) -> Region {
        match self {
            // SAFETY: it waits until the transfer has ended or the socket is closed.
            Self::Program { start, length } => unsafe { Region::new(*start, *length) },
            Self::Own(bytes) => bytes.region(),
        }
    }
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `WSPRdmaRead`: into our memory.
    Read,
    /// `WSPRdmaWrite`: from our memory.
    Write,
}

/// An RDMA operation in progress. It must have ended, or the socket be closed, before it is dropped.
pub struct Transfer {
    record: Record,
    pieces: [Piece<'static, ffi::WSABUFEX>; 1],
    target: Vec<u8>,
    memory: Memory,
    registration: ffi::HANDLE,
    /// The bytes that the call moved at once, whose end is told by nothing else.
    at_once: Option<u32>,
}

// SAFETY: pieces point into `memory`, which may be sent.
unsafe impl Send for Transfer {}

impl Transfer {
    /// Registers the memory and starts. `target` and `offset` name the peer's.
    ///
    /// # Errors
    /// The provider's; nothing is in progress or registered.
    pub fn start(socket: &SanSocket, way: Way, memory: Memory, target: &[u8], offset: u32) -> Result<Box<Self>, Error> {
        let region = memory.region();
        let access = if way == Way::Read { ffi::MEM_WRITE } else { ffi::MEM_READ };
        let registration = socket.register_region(region, access)?;
        // SAFETY: the memory stays until the operation has ended or the socket is closed.
        let pieces = [unsafe { Piece::registered_at(region.as_ptr(), region.len(), registration) }];
        let record = Record::new(0);
        let mut transfer =
            Box::new(Self { record, pieces, target: target.to_vec(), memory, registration, at_once: None });
        let (extensions, call) = (socket.provider().extensions(), transfer.record.call());
        let started = match (way, extensions.rdma_read) {
            // SAFETY: everything passed is in the box or named by it, and stays until the operation has ended.
            (Way::Read, Some(read)) => unsafe {
                read.rdma_read(socket.raw(), &transfer.pieces, &transfer.target, offset, 0, call).map_err(Error::from)
            },
            (Way::Read, None) => Err(Error::Absent { function: "WSPRdmaRead" }),
            // SAFETY: as above.
            (Way::Write, _) => unsafe {
                let write = extensions.rdma_write;
                write.rdma_write(socket.raw(), &transfer.pieces, &transfer.target, offset, 0, call).map_err(Error::from)
            },
        };
        match started {
            Ok(Outcome::Pending) => Ok(transfer),
            Ok(Outcome::Done(bytes)) => {
                transfer.at_once = Some(bytes);
                Ok(transfer)
            }
            Err(error) => {
                // The error above is the one to tell.
                let _ = socket.deregister(registration);
                transfer.memory.leave();
                Err(error)
            }
        }
    }

    /// How many bytes it moved; `None` while it is pending.
    pub fn result(&self, socket: &SanSocket) -> Option<Result<u32, Error>> {
        let result = match self.at_once {
            Some(bytes) => Ok((bytes, 0)),
            None => self.record.result(socket.provider(), socket.raw(), false),
        };
        match result {
            Ok((bytes, _)) if bytes as usize <= self.memory.len() => Some(Ok(bytes)),
            Ok(_) => {
                Some(Err(Error::Nonsense { function: "WSPGetOverlappedResult", answer: "more bytes than there are" }))
            }
            Err(error) if incomplete(&error) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Ends the registration of an operation that has ended, and gives the memory back.
    #[expect(clippy::boxed_local, reason = "transfers have addresses that stay, so there are only boxed ones")]
    pub fn end(self: Box<Self>, socket: &SanSocket) -> Memory {
        // What cannot be deregistered goes with the socket.
        let _ = socket.deregister(self.registration);
        self.memory.leave();
        self.memory
    }
}

/// Memory that the peer writes to. Its access must have been ended, or the socket closed, before it is dropped.
pub struct Target {
    pub memory: Memory,
    pub descriptor: Vec<u8>,
}

impl Target {
    /// Exposes the memory.
    ///
    /// # Errors
    /// The provider's.
    pub fn expose(socket: &SanSocket, memory: Memory) -> Result<Self, Error> {
        let descriptor = socket.describe(memory.region(), ffi::MEM_WRITE)?;
        Ok(Self { memory, descriptor })
    }
}
