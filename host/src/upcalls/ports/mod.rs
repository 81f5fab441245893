//! Completion ports. On Windows the system's, so that a program may wait as it is used to; elsewhere the host's own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::handles;

#[cfg(not(windows))]
mod queued;
#[cfg(not(windows))]
use queued::Queue;

#[cfg(windows)]
use crate::os::PacketQueue as Queue;

/// What a port tells of an operation that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// The key of the socket's association.
    pub key: usize,
    /// The operation's record.
    pub record: usize,
    /// How it ended, as an NTSTATUS: what the record's `Internal` holds.
    pub status: u32,
    /// Bytes moved.
    pub bytes: u32,
}

/// Who is told that operations have ended. Called from within upcalls: it takes no lock that is held across a downcall.
pub trait Sink: Send + Sync {
    /// An operation has ended; its record may be another's by now.
    fn ended(&self, packet: Packet);
}

impl Sink for Queue {
    fn ended(&self, packet: Packet) {
        self.post(packet);
    }
}

/// A handle's tie to a port, or to who else is told.
#[derive(Clone)]
pub struct Association {
    sink: Arc<dyn Sink>,
    key: usize,
}

impl Association {
    pub fn new(sink: Arc<dyn Sink>, key: usize) -> Self {
        Self { sink, key }
    }

    pub(super) fn post(&self, record: usize, status: u32, bytes: u32) {
        self.sink.ended(Packet { key: self.key, record, status, bytes });
    }
}

/// A completion port.
pub struct Port(Arc<Queue>);

impl Port {
    /// A new port.
    ///
    /// # Errors
    /// The system's, when it has no more handles.
    pub fn new() -> io::Result<Self> {
        Queue::new().map(|queue| Self(Arc::new(queue)))
    }

    /// From now on operations on this socket handle are reported here, with this key. `false` if there is no such handle.
    pub fn associate(&self, handle: usize, key: usize) -> bool {
        handles::associate(handle, Association::new(Arc::<Queue>::clone(&self.0), key))
    }

    /// The next packet; waits for it. `None` after `time`.
    pub fn wait(&self, time: Duration) -> Option<Packet> {
        self.0.take(time)
    }

    /// Its handle, for `GetQueuedCompletionStatus` and its like. Open as long as the port or a socket with an association is.
    #[cfg(windows)]
    pub fn raw(&self) -> usize {
        self.0.raw()
    }
}
