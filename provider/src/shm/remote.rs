//! Memory that is opened to the peer.

use std::sync::Arc;

use super::connection::{Core, Facts};
use super::os::memory::Mapping;

/// What one end opens and what it asks for.
pub struct Remotes;

impl Remotes {
    /// Nothing yet.
    pub fn new(_: &Arc<Mapping>, _: Facts) -> Self {
        Self
    }

    /// Is something being read or written?
    pub fn under_way(&self) -> bool {
        false
    }
}

impl Core {
    /// Serves what the peer asks.
    pub fn serve_remote(&self) {}

    /// Closes all that is open.
    pub fn close_remote(&self) {}
}
