//! Loads a Winsock service provider and drives it as ws2_32 would.
//!
//! A [`Host`] starts a provider, from a library file or from this program itself, hands it the upcalls and gives a [`Provider`].
//! From that come [`Socket`]s, which work much like those of the standard library, and the provider's
//! [table](Provider::table) for everything else.
//!
//! ```no_run
//! use std::net::SocketAddrV4;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = wsp_host::library::find(None, "wsp_loopback")?;
//! let provider = wsp_host::Host::new().load(&file)?;
//! let listener = provider.socket()?;
//! listener.bind("127.0.0.1:0".parse()?)?;
//! listener.listen(1)?;
//! let client = provider.socket()?;
//! client.connect(listener.local_addr()?)?;
//! let (server, _) = listener.accept()?;
//! client.send(b"hello")?;
//! let mut buffer = [0; 5];
//! assert_eq!(server.recv(&mut buffer)?, 5);
//! # Ok(())
//! # }
//! ```
//!
//! Ordinary programs do not call providers: [`winsock`] has the socket calls, and the catalog by which these find their providers;
//! [`switch`] is the host of SAN providers.
//!
//! As in ws2_32, the state behind the upcalls (handles, events, queued calls, ports) is one for the process.
//!
//! # The export
//! Providers report the end of overlapped operations through `WPUCompleteOverlappedRequest`, which they look for in the main
//! program. A program exports it only if it is linked so, and a library cannot see to that: the package of a program or of
//! tests that use this crate needs a build script that does what this crate's `build.rs` does. [`Host::exports_completion`]
//! tells whether it worked; without it overlapped operations without a completion routine are refused by the provider.

mod by_value;
mod deadline;
mod error;
mod extensions;
pub mod library;
mod os;
mod overlapped;
mod session;
mod socket;
mod startup;
pub mod switch;
mod upcalls;
pub mod winsock;

pub use error::{Error, LoadError, NotFound, StartError};
pub use extensions::Extensions;
pub use overlapped::{Notify, Operation, RoutineCall};
pub use session::{Host, Provider};
pub use socket::{Socket, from_sockaddr, to_sockaddr};
pub use upcalls::apc::{Woken, current_thread, run_queued, wait_alertable};
pub use upcalls::catalog::{Counts, TOTAL, Upcall};
pub use upcalls::events::Event;
pub use upcalls::functions::{EXTENDED as UPCALLS_EX, TABLE as UPCALLS, WPUCompleteOverlappedRequest};
pub use upcalls::hook::BlockingHook;
#[cfg(not(windows))]
pub use upcalls::last_error::{WSAGetLastError, WSASetLastError};
pub use upcalls::messages::{Message, Window};
pub use upcalls::ports::{Packet, Port};
