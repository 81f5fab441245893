//! The Windows Sockets switch: what makes a provider for a system area network look like TCP to programs.
//!
//! A [`Switch`] starts such providers and knows which subnets they serve. A [`SanListener`] and a [`SanStream`] work much like
//! the standard library's, and implement its `Read` and `Write`. Between two switches runs a session, whose messages travel
//! over the provider's: flow control by credits, small data in messages, large data by RDMA.
//!
//! ```no_run
//! use std::io::{Read, Write};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use wsp_host::switch::{SanListener, SanStream, Switch};
//!
//! let switch = Switch::new()?;
//! switch.load(&wsp_host::library::find(None, "my_san_provider")?)?;
//! let listener = SanListener::bind(&switch, "127.0.0.1:0".parse()?)?;
//! let mut client = SanStream::connect(&switch, listener.local_addr()?)?;
//! let (mut server, _) = listener.accept()?;
//! client.write_all(b"hello")?;
//! let mut buffer = [0; 5];
//! server.read_exact(&mut buffer)?;
//! # Ok(())
//! # }
//! ```
//!
//! The low door to a provider, call by call and without a session, is [`SanHost`], [`SanProvider`] and [`SanSocket`].
//!
//! # TCP/IP
//! The switch of Windows sits above TCP/IP and falls back to it. This one does not open TCP connections itself; it says
//! whether a program may ([`ConnectError::allows_fallback`]).

mod bell;
mod connect;
mod credit;
mod extensions;
mod freeing;
mod keeper;
mod listener;
mod memory;
mod operation;
mod options;
mod poll;
mod provider;
mod region;
mod routes;
mod session;
mod socket;
mod start;
mod stream;
mod ticket;
mod wire;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wsp::rt::Startable;
use wsp::san::StartupPointer;

pub use connect::ConnectError;
pub use extensions::Extensions;
pub use freeing::memory_freed;
pub use listener::{Condition, SanListener};
pub use operation::{SanNotify, SanOperation};
pub use options::{Completion, SwitchOptions};
pub use provider::{SanHost, SanProvider};
pub use routes::Subnet;
pub use session::Fault;
pub use socket::{Connecting, Exposed, SanSocket};
pub use stream::SanStream;
pub use ticket::{MoveError, Ticket};
pub use wire::WireError;

/// The parser of what a peer sends, for whoever wants to feed it: reads a message and writes it again. `None`: it is none.
pub fn reparse(bytes: &[u8]) -> Option<Vec<u8>> {
    let (credits, message) = wire::Message::parse(bytes).ok()?;
    let mut room = vec![0; bytes.len()];
    let size = message.write(credits, &mut room)?;
    room.truncate(size);
    Some(room)
}

use crate::error::{LoadError, StartError};
use keeper::Keeper;
use routes::Routes;
use ticket::Parked;

/// The switch of a process: its providers, and the subnets that they serve. A handle: its clones are the same switch.
///
/// Dropped with its last stream and listener, it waits for the streams that still deliver, and cleans up the providers.
#[derive(Clone)]
pub struct Switch(Arc<Inner>);

struct Inner {
    /// First: its thread ends, with the last sessions, before the providers go.
    keeper: Keeper,
    parked: Mutex<Parked>,
    routes: Mutex<Routes>,
    providers: Mutex<Vec<SanProvider>>,
    host: SanHost,
    options: SwitchOptions,
}

impl Switch {
    /// A switch without providers.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn new() -> io::Result<Self> {
        Self::with(SwitchOptions::default(), SanHost::new())
    }

    /// The same, with options, and with what is said to providers at start-up.
    ///
    /// # Errors
    /// As above.
    pub fn with(options: SwitchOptions, host: SanHost) -> io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            keeper: Keeper::start()?,
            parked: Mutex::default(),
            routes: Mutex::default(),
            providers: Mutex::default(),
            host,
            options,
        })))
    }

    /// Loads a provider's library, starts it, and enters the subnets of its addresses.
    ///
    /// # Errors
    /// The file is missing, is no library, is no provider, or does not start; nothing is left loaded or started.
    pub fn load(&self, file: &Path) -> Result<SanProvider, LoadError> {
        Ok(self.add(self.0.host.load(file)?))
    }

    /// Starts a provider that is linked into this program, by its type.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_type<P: Startable<StartupPointer>>(&self) -> Result<SanProvider, StartError> {
        Ok(self.add(self.0.host.start_type::<P>()?))
    }

    /// Takes over a provider that has been started.
    pub fn add(&self, provider: SanProvider) -> SanProvider {
        lock(&self.0.routes).enter(&provider, provider.first_addresses());
        lock(&self.0.providers).push(provider.clone());
        provider
    }

    /// Asks every provider for its addresses again, as after a change in TCP/IP.
    ///
    /// # Errors
    /// A provider's; the subnets of all are then as they were.
    pub fn refresh(&self) -> Result<(), crate::Error> {
        let mut fresh = Vec::new();
        for provider in lock(&self.0.providers).iter() {
            fresh.push((provider.clone(), provider.addresses()?));
        }
        let mut routes = lock(&self.0.routes);
        routes.clear();
        for (provider, addresses) in fresh {
            routes.enter(&provider, &addresses);
        }
        Ok(())
    }

    /// Has connections to a subnet go through a provider, from its address `local`.
    pub fn add_route(&self, subnet: Subnet, local: Ipv4Addr, provider: &SanProvider) {
        lock(&self.0.routes).add(subnet, local, provider);
    }

    /// The provider for an address, and which of its own addresses to use.
    pub fn route(&self, address: Ipv4Addr) -> Option<(SanProvider, Ipv4Addr)> {
        lock(&self.0.routes).find(address)
    }

    /// The providers.
    pub fn providers(&self) -> Vec<SanProvider> {
        lock(&self.0.providers).clone()
    }

    /// The options.
    pub fn options(&self) -> &SwitchOptions {
        &self.0.options
    }

    fn keeper(&self) -> &Keeper {
        &self.0.keeper
    }

    fn parked(&self) -> MutexGuard<'_, Parked> {
        lock(&self.0.parked)
    }
}

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Switch({} providers)", lock(&self.0.providers).len())
    }
}

/// Locks; what a panicking thread leaves behind is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
