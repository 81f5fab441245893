//! Ends that move to another process.

use std::sync::Arc;
use std::time::Duration;

use wsp::transport::{Fault, Parcel, Taken};

use super::Shm;
use super::instance::Instance;

/// What waits for other processes.
#[derive(Debug, Default)]
pub struct Claims;

impl Claims {
    /// Drops what nobody came for. Returns when to look again.
    pub fn expire(&self) -> Option<Duration> {
        None
    }

    /// Gives what was claimed.
    pub fn serve(&self, _: u32) {}

    /// Drops everything.
    pub fn clear(&self) {}
}

pub fn give(_: &Arc<Instance>, _: Parcel<'_, Shm>, _: u32, _: &[u8]) -> Result<u32, Fault> {
    Err(Fault::NotSupported)
}

pub fn take(_: &Arc<Instance>, _: u32) -> Result<(Taken<Shm>, Vec<u8>), Fault> {
    Err(Fault::NotSupported)
}
