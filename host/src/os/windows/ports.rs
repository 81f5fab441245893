//! Completion ports.

use std::io;
use std::time::Duration;

use crate::upcalls::ports::Packet;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn CreateIoCompletionPort(file: usize, port: usize, key: usize, threads: u32) -> usize;
    fn GetQueuedCompletionStatusEx(
        port: usize,
        entries: *mut OverlappedEntry,
        count: u32,
        removed: *mut u32,
        milliseconds: u32,
        alertable: i32,
    ) -> i32;
    fn CloseHandle(handle: usize) -> i32;
}

#[link(name = "ntdll")]
unsafe extern "system" {
    fn NtSetIoCompletion(port: usize, key: usize, overlapped: usize, status: u32, bytes: usize) -> u32;
}

/// `OVERLAPPED_ENTRY`.
#[repr(C)]
#[derive(Default)]
struct OverlappedEntry {
    key: usize,
    overlapped: usize,
    /// The status that the packet was posted with.
    internal: usize,
    bytes: u32,
}

const INVALID_HANDLE: usize = usize::MAX;

/// The packets of a completion port.
pub struct PacketQueue(usize);

impl PacketQueue {
    /// A new port.
    ///
    /// # Errors
    /// The system's, when it has no more handles.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no file, so nothing but a new port.
        let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE, 0, 0, 0) };
        if port == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(port)) }
    }

    /// The port's handle.
    pub fn raw(&self) -> usize {
        self.0
    }

    /// Posts a packet. By the system's own call, as `PostQueuedCompletionStatus` would do, but that this one carries the status: so
    /// `GetQueuedCompletionStatus` fails for an operation that has failed.
    pub fn post(&self, packet: Packet) {
        // SAFETY: an open port; the system looks at nothing behind the numbers. If it has no memory left nobody can be told.
        unsafe { NtSetIoCompletion(self.0, packet.key, packet.record, packet.status, packet.bytes as usize) };
    }

    /// The next packet; waits for it. `None` after `time`.
    pub fn take(&self, time: Duration) -> Option<Packet> {
        let (mut entry, mut removed) = (OverlappedEntry::default(), 0);
        let milliseconds = super::milliseconds(time);
        // SAFETY: an open port, room for one entry, and a place for the count.
        let done = unsafe { GetQueuedCompletionStatusEx(self.0, &raw mut entry, 1, &raw mut removed, milliseconds, 0) };
        (done != 0 && removed == 1).then(|| Packet {
            key: entry.key,
            record: entry.overlapped,
            // An NTSTATUS has 32 bits, whatever it is kept in.
            status: entry.internal as u32,
            bytes: entry.bytes,
        })
    }
}

impl Drop for PacketQueue {
    fn drop(&mut self) {
        // SAFETY: an open port that nobody else closes.
        unsafe { CloseHandle(self.0) };
    }
}
