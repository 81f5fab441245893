//! Overlapped operations: a token that is completed exactly once.

use core::marker::PhantomData;

use super::code::Code;
use super::memory::{Pod, read, release, store};
use super::socket::SocketRef;
use super::upcalls::Upcalls;
use crate::{code, ffi};

/// The overlapped part of a call: the caller's record, its completion routine and its thread.
#[derive(Clone, Copy)]
pub struct Overlapped<'a> {
    record: *mut ffi::WSAOVERLAPPED,
    routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: *mut ffi::WSATHREADID,
    call: PhantomData<&'a ()>,
}

impl core::fmt::Debug for Overlapped<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Overlapped({:?}, routine {})", self.record, self.routine.is_some())
    }
}

impl Overlapped<'_> {
    /// Lifts the three parameters. Without a record the call is not overlapped.
    ///
    /// # Safety
    /// The record must stay good until the operation has completed, the thread's identification during the call.
    #[inline(always)]
    pub unsafe fn optional(
        record: *mut ffi::WSAOVERLAPPED,
        routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        thread: *mut ffi::WSATHREADID,
    ) -> Option<Self> {
        if record.is_null() { None } else { Some(Self { record, routine, thread, call: PhantomData }) }
    }

    /// Lifts the three parameters of a call that is always overlapped.
    ///
    /// # Safety
    /// As for [`optional`](Self::optional); the record is not NULL.
    #[inline(always)]
    pub unsafe fn new(
        record: *mut ffi::WSAOVERLAPPED,
        routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
        thread: *mut ffi::WSATHREADID,
    ) -> Self {
        Self { record, routine, thread, call: PhantomData }
    }

    /// The record's address, by which the caller knows the operation.
    pub fn address(self) -> usize {
        self.record as usize
    }

    /// The record's event, as the caller set it (the low bit is a flag).
    pub fn event(self) -> usize {
        // SAFETY: the record is good by the contract of `optional`.
        unsafe { read(&raw const (*self.record).hEvent) }
    }

    /// Did the caller give a completion routine?
    pub fn has_routine(self) -> bool {
        self.routine.is_some()
    }

    /// Starts the operation: marks the record as in progress. From here on it must be told how it ends, once; a token that is
    /// dropped ends its operation as aborted.
    ///
    /// # Errors
    /// [`Unsupported`] if the host offers no way to tell the end. Nothing has been marked; refuse the call.
    pub fn begin<S>(self, socket: &SocketRef<'_, S>) -> Result<Operation, Unsupported> {
        let notice = self.notice(socket)?;
        Ok(self.mark(socket, notice))
    }

    /// Starts an operation whose end is stored in the record and told to nobody: what the low bit of a SAN operation's event asks
    /// for.
    pub fn begin_polled<S>(self, socket: &SocketRef<'_, S>) -> Operation {
        self.mark(socket, Notice::Nobody)
    }

    /// Stores the result of such an operation that has ended well within its call.
    pub fn store_result(self, bytes: u32, flags: u32) {
        store_end(self.record, 0, flags);
        publish(self.record, 0, bytes);
    }

    fn mark<S>(self, socket: &SocketRef<'_, S>, notice: Notice) -> Operation {
        // SAFETY: the record is good until completion by the contract of `optional`.
        unsafe { store(&raw mut (*self.record).Internal, ffi::WSS_OPERATION_IN_PROGRESS) };
        let upcalls = if matches!(notice, Notice::Nobody) { None } else { Some(socket.upcalls().clone()) };
        Operation { record: self.record, notice, host_handle: socket.host_handle(), upcalls, open: true }
    }

    /// Could [`begin`](Self::begin) start the operation?
    pub fn can_begin<S>(self, socket: &SocketRef<'_, S>) -> bool {
        self.notice(socket).is_ok()
    }

    /// How the end is to be told.
    fn notice<S>(self, socket: &SocketRef<'_, S>) -> Result<Notice, Unsupported> {
        let table = socket.upcalls().table();
        match self.routine {
            Some(routine) if !self.thread.is_null() => {
                table.lpWPUQueueApc.ok_or(Unsupported)?;
                // SAFETY: not NULL, and good during the call by the contract of `optional`. The contents are copied, as the
                // interface demands.
                let thread = unsafe { read(self.thread) };
                Ok(Notice::Routine { routine, thread })
            }
            Some(_) => Err(Unsupported),
            None => {
                table.lpWPUCompleteOverlappedRequest.ok_or(Unsupported)?;
                Ok(Notice::Host)
            }
        }
    }
}

/// The host offers no way to tell how an operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsupported;

enum Notice {
    /// Queue this routine to this thread.
    Routine { routine: unsafe extern "system" fn(u32, u32, ffi::LPWSAOVERLAPPED, u32), thread: ffi::WSATHREADID },
    /// Let the host complete it: by event or completion port, as it sees fit.
    Host,
    /// Store how it ended; the caller polls.
    Nobody,
}

/// An operation that has been started and must end exactly once: by [`complete`](Self::complete), [`fail`](Self::fail),
/// [`silence`](Self::silence), or, if it is dropped, as aborted.
#[must_use = "an operation that is dropped ends as aborted"]
pub struct Operation {
    record: *mut ffi::WSAOVERLAPPED,
    notice: Notice,
    host_handle: usize,
    /// Not needed where nobody is told.
    upcalls: Option<Upcalls>,
    open: bool,
}

// SAFETY: the record stays good until completion wherever that happens, and only this token writes to it.
unsafe impl Send for Operation {}

impl core::fmt::Debug for Operation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Operation({:?})", self.record)
    }
}

/// What travels to the caller's thread with a completion routine.
struct Packet {
    routine: unsafe extern "system" fn(u32, u32, ffi::LPWSAOVERLAPPED, u32),
    record: *mut ffi::WSAOVERLAPPED,
    code: u32,
    bytes: u32,
    flags: u32,
}

impl Operation {
    /// The record's address, by which the caller knows the operation.
    pub fn address(&self) -> usize {
        self.record as usize
    }

    /// The operation ends well, having moved `bytes` bytes.
    pub fn complete(mut self, bytes: u32, flags: u32) {
        self.end(0, bytes, flags);
    }

    /// The operation ends with an error of the function that started it.
    pub fn fail(mut self, error: impl super::code::ErrorList) {
        self.end(error.code(), 0, 0);
    }

    /// The operation ends as aborted in its record, and nobody is told: what the last clean-up does.
    pub fn silence(mut self) {
        self.open = false;
        self.record_end(code::WSA_OPERATION_ABORTED, 0);
        self.publish(code::WSA_OPERATION_ABORTED, 0);
    }

    fn end(&mut self, code: i32, bytes: u32, flags: u32) {
        self.open = false;
        self.record_end(code, flags);
        match self.notice {
            Notice::Nobody => self.publish(code, bytes),
            Notice::Host => {
                // The host writes `InternalHigh` and `Internal` and tells the caller.
                if !self.tell_host(code, bytes) {
                    // Nobody will be told, but whoever polls the record must not wait for ever.
                    self.publish(code, bytes);
                }
            }
            Notice::Routine { routine, thread } => {
                self.publish(code, bytes);
                let packet = Packet { routine, record: self.record, code: code as u32, bytes, flags };
                let packet = Box::into_raw(Box::new(packet));
                let queue =
                    |upcalls: &Upcalls| upcalls.queue_apc(Some(&thread), Some(deliver), packet as usize).is_ok();
                if !self.upcalls.as_ref().is_some_and(queue) {
                    // SAFETY: the host did not take it.
                    drop(unsafe { Box::from_raw(packet) });
                }
            }
        }
    }

    /// Lets the host complete the operation. The record is passed as the caller's own pointer: no reference to it is made.
    fn tell_host(&self, code: i32, bytes: u32) -> bool {
        let table = self.upcalls.as_ref().map(Upcalls::table);
        let Some(complete) = table.and_then(|table| table.lpWPUCompleteOverlappedRequest) else { return false };
        let mut errno = 0;
        // SAFETY: the host's function, called as the interface has it; the record is good until this call has completed it.
        unsafe { complete(self.host_handle, self.record, code as u32, bytes, &raw mut errno) == 0 }
    }

    fn record_end(&self, code: i32, flags: u32) {
        store_end(self.record, code, flags);
    }

    fn publish(&self, code: i32, bytes: u32) {
        publish(self.record, code, bytes);
    }
}

/// Stores code and flags where the result query looks for them. The record is that of an operation that has not completed.
fn store_end(record: *mut ffi::WSAOVERLAPPED, code: i32, flags: u32) {
    // SAFETY: the record is good until completion.
    unsafe {
        store(&raw mut (*record).OffsetHigh, code as u32);
        store(&raw mut (*record).Offset, flags);
    }
}

/// Stores the byte count, then the status: once that is no longer "in progress" the caller may reuse the record, which is that
/// of an operation that has not completed.
fn publish(record: *mut ffi::WSAOVERLAPPED, code: i32, bytes: u32) {
    // SAFETY: the record is good until its status is published.
    unsafe {
        store(&raw mut (*record).InternalHigh, bytes as usize);
        release(&raw mut (*record).Internal, Code(code).ntstatus() as usize);
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if self.open {
            self.end(code::WSA_OPERATION_ABORTED, 0, 0);
        }
    }
}

/// Runs on the caller's thread: unpacks the one value that an APC carries and calls the caller's routine.
unsafe extern "system" fn deliver(packet: usize) {
    // SAFETY: the address of a packet that `end` gave to the host, which hands it on once.
    let packet = unsafe { Box::from_raw(packet as *mut Packet) };
    let Packet { routine, record, code, bytes, flags } = *packet;
    // SAFETY: the caller passed the routine for this.
    unsafe { routine(code, bytes, record, flags) };
}

const _: () = {
    const fn pod<T: Pod>() {}
    pod::<ffi::WSAOVERLAPPED>();
    pod::<ffi::WSATHREADID>();
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_is_dropped_ends_as_aborted() {
        let mut record: ffi::WSAOVERLAPPED = crate::rt::zeroed();
        record.Internal = ffi::WSS_OPERATION_IN_PROGRESS;
        let (record, notice) = (&raw mut record, Notice::Nobody);
        drop(Operation { record, notice, host_handle: 0, upcalls: None, open: true });
        // SAFETY: a local.
        let record = unsafe { read(record) };
        assert_eq!((record.Internal, record.InternalHigh), (0xC000_0120, 0));
        assert_eq!(record.OffsetHigh, code::WSA_OPERATION_ABORTED as u32);
    }
}
