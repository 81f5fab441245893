//! Linux: memory files, futexes, descriptors over Unix sockets, epoll.

pub mod memory;
pub mod names;
pub mod net;
pub mod pieces;
pub mod poll;
pub mod process;
pub mod socket;
pub mod sources;
pub mod sync;

use wsp::transport::Fault;

/// What can be passed to another process.
pub type Descriptor = std::os::fd::OwnedFd;

/// The fault for an error of the system.
pub fn fault(error: rustix::io::Errno) -> Fault {
    Fault::from(std::io::Error::from(error))
}
