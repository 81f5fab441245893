//! Completion ports.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::{handles, lock};

/// What a port tells of an operation that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// The key of the socket's association.
    pub key: usize,
    /// The operation's record.
    pub record: usize,
    /// 0 or an error code.
    pub error: i32,
    /// Bytes moved.
    pub bytes: u32,
}

#[derive(Default)]
struct Queue {
    packets: Mutex<VecDeque<Packet>>,
    arrived: Condvar,
}

/// Who is told that operations have ended. Called from within upcalls: it takes no lock that is held across a downcall.
pub trait Sink: Send + Sync {
    /// An operation has ended; its record may be another's by now.
    fn ended(&self, packet: Packet);
}

impl Sink for Queue {
    fn ended(&self, packet: Packet) {
        lock(&self.packets).push_back(packet);
        self.arrived.notify_one();
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

    pub(super) fn post(&self, record: usize, error: i32, bytes: u32) {
        self.sink.ended(Packet { key: self.key, record, error, bytes });
    }
}

/// A completion port.
#[derive(Default)]
pub struct Port(Arc<Queue>);

impl Port {
    /// A new port.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on operations on this socket handle are reported here, with this key. `false` if there is no such handle.
    pub fn associate(&self, handle: usize, key: usize) -> bool {
        handles::associate(handle, Association::new(Arc::<Queue>::clone(&self.0), key))
    }

    /// The next packet; waits for it. `None` after `time`.
    pub fn wait(&self, time: Duration) -> Option<Packet> {
        let packets = lock(&self.0.packets);
        let (mut packets, _) = self
            .0
            .arrived
            .wait_timeout_while(packets, time, |packets| packets.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        packets.pop_front()
    }
}
