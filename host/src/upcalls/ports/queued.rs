//! Ports of the host's own.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::super::lock;
use super::Packet;

#[derive(Default)]
pub struct Queue {
    packets: Mutex<VecDeque<Packet>>,
    arrived: Condvar,
}

impl Queue {
    #[expect(clippy::unnecessary_wraps, reason = "on Windows the system may refuse")]
    pub fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    pub fn post(&self, packet: Packet) {
        lock(&self.packets).push_back(packet);
        self.arrived.notify_one();
    }

    pub fn take(&self, time: Duration) -> Option<Packet> {
        let packets = lock(&self.packets);
        let (mut packets, _) = self
            .arrived
            .wait_timeout_while(packets, time, |packets| packets.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        packets.pop_front()
    }
}
