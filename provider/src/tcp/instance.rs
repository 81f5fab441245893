//! What all connections of one transport have in common.

use wsp::transport::Fault;

use super::Settings;
use super::bell::Doorbell;
use super::desk::Desks;
use super::watcher::Watcher;

/// One started transport.
pub struct Instance {
    /// Where this process's threads sleep.
    pub bell: Doorbell,
    /// Who sees to sockets that no thread of the host's asks about.
    pub watcher: Watcher,
    /// What waits for other processes to take it.
    pub desks: Desks,
    /// What was chosen.
    pub settings: Settings,
}

impl Instance {
    /// A new one, without its thread.
    pub fn new(settings: Settings) -> Result<Self, Fault> {
        Ok(Self { bell: Doorbell::new()?, watcher: Watcher::new()?, desks: Desks::default(), settings })
    }
}
