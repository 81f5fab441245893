//! An example to copy: a complete provider whose network is this process.
//!
//! Sockets of the process connect to each other through byte streams in memory. Everything that the interface asks for
//! around that is here, in the order in which a socket lives: [`provider`](self) answers the host, `socket` keeps what a
//! socket is, `stream` moves the bytes, `network` knows who listens where.
//!
//! What it leaves out answers `WSAEOPNOTSUPP`: readiness (`WSPSelect` and its like), datagrams, multipoint, duplication. An
//! overlapped call is done at once or refused with `WSAEWOULDBLOCK`: the number of outstanding requests is limited to none.

mod address;
mod network;
mod options;
mod provider;
#[cfg(target_os = "linux")]
pub mod shm;
mod socket;
mod stream;
pub mod tcp;

pub use provider::Loopback;
