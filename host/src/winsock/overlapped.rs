//! Overlapped calls on the sockets of programs.

use wsp::ffi;
use wsp::rt::{Outcome, OverlappedCall};

use super::{Failure, Socket};
use crate::overlapped::{Notify, Operation};

impl Socket {
    /// Starts to send (`WSASend`).
    pub fn send_overlapped(&self, data: &[u8], notify: Notify<'_>) -> Operation<Failure> {
        Operation::send(data, notify, |pieces, overlapped| {
            let mut sent = 0;
            let buffers = pieces.as_ptr().cast_mut().cast();
            let count = pieces.len() as ffi::DWORD;
            // SAFETY: buffers that stay until the operation has ended, laid out as C has them; of their array the provider makes
            // a copy.
            let outcome = unsafe {
                self.ws2().calls().wsa_send(self.raw(), buffers, count, &raw mut sent, 0, record(overlapped))
            }?;
            Ok(counted(outcome, sent))
        })
    }

    /// Starts to receive (`WSARecv`).
    pub fn recv_overlapped(&self, room: usize, notify: Notify<'_>) -> Operation<Failure> {
        Operation::recv(room, notify, |pieces, overlapped| {
            let (mut received, mut flags) = (0, 0);
            let buffers = pieces.as_mut_ptr().cast();
            let count = pieces.len() as ffi::DWORD;
            // SAFETY: as above. The provider stores count and flags only before it returns.
            let outcome = unsafe {
                let places = (&raw mut received, &raw mut flags);
                self.ws2().calls().wsa_recv(self.raw(), buffers, count, places.0, places.1, record(overlapped))
            }?;
            Ok(counted(outcome, received))
        })
    }

    /// The result of an operation on this socket (`WSAGetOverlappedResult`): bytes moved and flags.
    ///
    /// # Errors
    /// `WSA_IO_INCOMPLETE` if it has not ended and is not to be waited for; how it ended; the provider's.
    pub fn overlapped_result(&self, operation: &Operation<Failure>, wait: bool) -> Result<(u32, u32), Failure> {
        let (mut bytes, mut flags) = (0, 0);
        let record = operation.record() as ffi::LPWSAOVERLAPPED;
        // SAFETY: the record is good as long as the operation is there.
        unsafe {
            let places = (&raw mut bytes, &raw mut flags);
            self.ws2().calls().get_overlapped_result(self.raw(), record, places.0, i32::from(wait), places.1)
        }?;
        Ok((bytes, flags))
    }
}

/// The thread is the host's to tell.
fn record(overlapped: OverlappedCall) -> (ffi::LPWSAOVERLAPPED, ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE) {
    (overlapped.operation, overlapped.routine)
}

fn counted(outcome: Outcome<()>, bytes: u32) -> Outcome<u32> {
    match outcome {
        Outcome::Done(()) => Outcome::Done(bytes),
        Outcome::Pending => Outcome::Pending,
    }
}
