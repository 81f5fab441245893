//! Winsock around a [transport](crate::transport): done once, for every provider.
//!
//! [`Streams`] is the provider of the profile `winsock` that a transport makes, [`Messages`] that of the profile `san`. Both are
//! thin: an [`Endpoint`] is a socket of either, and has the behaviour. Its two directions are queues of what is posted, each
//! under a lock of its own that is held for a try, never for a wait and never for an upcall.
//!
//! Progress is made by whichever thread is inside a call. Only what needs somebody who sleeps for it (a notification, an
//! event, a peer that reads memory) is looked after by the instance's one driver thread.

mod address;
mod cache;
mod changes;
mod closing;
mod common;
mod connecting;
mod control;
mod driver;
mod ended;
mod endpoint;
mod events;
mod extensions;
mod handover;
mod memory;
mod messages;
mod options;
mod part;
mod receiving;
mod remote;
mod results;
mod sending;
mod telling;
mod transfer;
mod upcalling;
mod waiting;

mod select;
mod streams;

use std::sync::Arc;

pub use endpoint::Endpoint;
pub use messages::Messages;
pub use streams::Streams;

use crate::handles::{HostKeyed, SlotKeyed};
use crate::rt::{Cell, Startup, Upcalls};
use crate::transport::{Fault, Transport};

/// What the sockets of one start-up share.
pub struct Home<T: Transport> {
    transport: T,
    upcalls: Upcalls,
    driver: driver::Driver<T>,
    addresses: changes::Addresses,
    cache: cache::Cache,
}

impl<T: Transport> Home<T> {
    fn start(startup: &Startup) -> Result<Arc<Self>, Fault> {
        let upcalls = startup.upcalls().clone();
        Ok(Arc::new(Self {
            transport: T::start(startup)?,
            upcalls,
            driver: driver::Driver::default(),
            addresses: changes::Addresses::default(),
            cache: cache::Cache::default(),
        }))
    }

    /// The host's services.
    fn upcalls(&self) -> Upcalls {
        self.upcalls.clone()
    }
}

/// A transport with places for the providers that it makes. [`#[wsp::provider]`](crate::provider) writes it.
pub trait Placed: Transport {
    /// The place of the provider for `winsock`.
    fn streams() -> &'static Cell<Streams<Self>, Arc<Endpoint<Self>>, HostKeyed>;

    /// The place of the provider for `san`.
    fn messages() -> &'static Cell<Messages<Self>, Arc<Endpoint<Self>>, SlotKeyed>;
}
