//! A contiguous region of registered memory, cut into slots that each hold one message and its record.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::slice;

use wsp::rt::{Outcome, Piece, PieceMut};
use wsp::{ffi, transport};

use super::freeing;
use super::operation::{Record, incomplete};
use super::socket::SanSocket;
use crate::error::Error;

const PAGE: usize = 4096;

/// The region. Its memory must outlive every operation on it: whoever drops it has closed the socket, or knows of none.
pub struct Region {
    memory: NonNull<u8>,
    layout: Layout,
    size: usize,
    slots: Box<[Slot]>,
    registration: Option<ffi::HANDLE>,
}

struct Slot {
    record: Record,
    send: [Piece<'static, ffi::WSABUF>; 1],
    recv: [PieceMut<'static, ffi::WSABUF>; 1],
    /// The bytes that a call moved at once, whose end is told by nothing else.
    at_once: Option<u32>,
}

// SAFETY: the memory is the region's own, and only reached through it.
unsafe impl Send for Region {}

impl Region {
    /// `count` slots of `size` bytes, rounded up to 8.
    pub fn new(count: usize, size: usize) -> Self {
        let size = size.next_multiple_of(8).max(8);
        let layout = Layout::from_size_align((count * size).max(PAGE), PAGE);
        // Counts and sizes are 16 and 32 bits wide and checked by the options.
        let layout = layout.unwrap_or(Layout::new::<[u8; PAGE]>());
        // SAFETY: the size is not 0.
        let memory = unsafe { alloc_zeroed(layout) };
        let Some(memory) = NonNull::new(memory) else { handle_alloc_error(layout) };
        let slots = (0..count.min(layout.size() / size)).map(|slot| {
            // SAFETY: within the allocation, which lives as long as the slots and what uses them.
            let (send, recv) = unsafe {
                let start = memory.add(slot * size).as_ptr();
                ([Piece::at(start, size)], [PieceMut::at(start, size)])
            };
            Slot { record: Record::new(0), send, recv, at_once: None }
        });
        Self { memory, layout, size, slots: slots.collect(), registration: None }
    }

    /// How many slots.
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    /// Registers the region on a socket.
    ///
    /// # Errors
    /// The provider's.
    pub fn register(&mut self, socket: &SanSocket, access: u32) -> Result<(), Error> {
        // SAFETY: the whole region, which is there until the socket is closed.
        let memory = unsafe { transport::Region::new(self.memory.as_ptr(), self.layout.size()) };
        self.registration = Some(socket.register_region(memory, access)?);
        Ok(())
    }

    /// Ends the registration, if no operation is pending.
    pub fn deregister(&mut self, socket: &SanSocket) {
        if let Some(registration) = self.registration.take() {
            // What cannot be deregistered goes with the socket.
            let _ = socket.deregister(registration);
        }
    }

    /// The registration went with a duplicate.
    pub fn forget_registration(&mut self) {
        self.registration = None;
    }

    /// A slot's memory. No operation may be pending on it.
    pub fn bytes(&self, slot: usize) -> &[u8] {
        // SAFETY: within the allocation; by the caller's word nobody writes to it.
        unsafe { slice::from_raw_parts(self.memory.add(self.offset(slot)).as_ptr(), self.size) }
    }

    /// A slot's memory. No operation may be pending on it.
    pub fn bytes_mut(&mut self, slot: usize) -> &mut [u8] {
        // SAFETY: within the allocation; by the caller's word nobody else uses it.
        unsafe { slice::from_raw_parts_mut(self.memory.add(self.offset(slot)).as_ptr(), self.size) }
    }

    fn offset(&self, slot: usize) -> usize {
        assert!(slot < self.slots.len(), "a slot of the region");
        slot * self.size
    }

    /// Posts a receive into a slot.
    ///
    /// # Errors
    /// The provider's.
    pub fn post(&mut self, slot: usize, socket: &SanSocket, polled: bool) -> Result<(), Error> {
        let slot = &mut self.slots[slot];
        slot.record.reset(usize::from(polled));
        // SAFETY: slot and region outlive the operation; see `Region`.
        let outcome = unsafe { socket.provider().table().recv(socket.raw(), &mut slot.recv, 0, slot.record.call()) }?;
        slot.at_once = match outcome {
            Outcome::Done(done) => Some(done.bytes),
            Outcome::Pending => None,
        };
        Ok(())
    }

    /// Sends the first `length` bytes of a slot.
    ///
    /// # Errors
    /// The provider's.
    pub fn send(&mut self, slot: usize, length: usize, socket: &SanSocket, polled: bool) -> Result<(), Error> {
        assert!(length <= self.size, "a message of a slot");
        // SAFETY: within the slot, which outlives the operation.
        let piece = unsafe { Piece::at(self.memory.add(self.offset(slot)).as_ptr(), length) };
        let slot = &mut self.slots[slot];
        slot.record.reset(usize::from(polled));
        slot.send = [piece];
        // SAFETY: slot and region outlive the operation; see `Region`.
        let outcome = unsafe { socket.provider().table().send(socket.raw(), &slot.send, 0, slot.record.call()) }?;
        slot.at_once = match outcome {
            Outcome::Done(bytes) => Some(bytes),
            Outcome::Pending => None,
        };
        Ok(())
    }

    /// What became of a slot's operation; `None` while it is pending.
    ///
    /// # Errors
    /// The operation's.
    pub fn result(&self, slot: usize, socket: &SanSocket) -> Result<Option<usize>, Error> {
        let slot = &self.slots[slot];
        let result = match slot.at_once {
            Some(bytes) => Ok((bytes, 0)),
            None => slot.record.result(socket.provider(), socket.raw(), false),
        };
        match result {
            Ok((bytes, _)) if bytes as usize > self.size => {
                Err(Error::Nonsense { function: "WSPGetOverlappedResult", answer: "more bytes than there is room" })
            }
            Ok((bytes, _)) => Ok(Some(bytes as usize)),
            Err(error) if incomplete(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        freeing::range_freed(self.memory.as_ptr(), self.layout.size());
        // SAFETY: allocated in `new` with this layout; no operation uses it any more.
        unsafe { dealloc(self.memory.as_ptr(), self.layout) };
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Region({} x {})", self.slots.len(), self.size)
    }
}
