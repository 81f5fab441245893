//! How an overlapped operation ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::ended::Moved;
use super::endpoint::Endpoint;
use super::waiting;
use crate::rt::{Code, In, SocketRef};
use crate::transport::Transport;
use crate::{code, ffi};

/// A host may write the result after its upcall has returned, and rings no bell of ours.
const LATE: Duration = Duration::from_millis(10);

impl<T: Transport> Endpoint<T> {
    /// The result of the operation with this record.
    ///
    /// # Errors
    /// `WSA_IO_INCOMPLETE` while it is in progress and the call may not wait; else the operation's own code.
    pub(super) fn result(
        &self,
        socket: &SocketRef<'_, Arc<Self>>,
        record: In<'_, ffi::WSAOVERLAPPED>,
        may_wait: bool,
    ) -> Result<Moved, Code> {
        if let Some(result) = stored(record) {
            return result;
        }
        if may_wait {
            return self.await_result(socket, record);
        }
        self.poll();
        stored(record).unwrap_or(Err(Code(code::WSA_IO_INCOMPLETE)))
    }

    fn await_result(
        &self,
        socket: &SocketRef<'_, Arc<Self>>,
        record: In<'_, ffi::WSAOVERLAPPED>,
    ) -> Result<Moved, Code> {
        let _waiting = Waiting::new(&self.waiting);
        loop {
            let host = Some((socket.upcalls(), socket.catalog_entry_id()));
            let waited = waiting::wait(self.bell(), host, Some(LATE), || {
                self.poll();
                stored(record)
            });
            match waited {
                Ok(result) => return result,
                Err(waiting::Stop::TimedOut) => {}
                Err(waiting::Stop::Interrupted) => return Err(Code(code::WSA_IO_INCOMPLETE)),
            }
        }
    }
}

/// A call that waits for a result: counted, so that whoever stores one rings.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The result that a record holds, once it is there.
fn stored(record: In<'_, ffi::WSAOVERLAPPED>) -> Option<Result<Moved, Code>> {
    // SAFETY: a member of what the closure is given. The status is written last, so it is read first.
    let status = unsafe { record.polled(|record| &raw const (*record).Internal) };
    if status == ffi::WSS_OPERATION_IN_PROGRESS {
        return None;
    }
    let record = record.read();
    let code = record.OffsetHigh.cast_signed();
    if code != 0 {
        return Some(Err(Code(code)));
    }
    Some(Ok(Moved { bytes: u32::try_from(record.InternalHigh).unwrap_or(u32::MAX), flags: record.Offset }))
}
