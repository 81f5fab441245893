//! What the transports need of the operating system. Another system is another set of these files.
//!
//! - [`memory`]: files of memory that can be passed to other processes and mapped by them
//! - [`sync`]: sleeping on a word of such memory, the barrier for one side of an uneven race
//! - [`socket`]: names that processes find each other by, frames that carry descriptors
//! - [`poll`]: waiting for many sockets
//! - [`net`]: TCP sockets, [`pieces`]: memory in the form that system calls take
//! - [`process`]: copying from and to another process's memory, who is alive, which addresses are ours

pub mod memory;
pub mod net;
pub mod pieces;
pub mod poll;
pub mod process;
pub mod socket;
pub mod sync;

use wsp::transport::Fault;

/// The fault for an error of the system.
pub fn fault(error: rustix::io::Errno) -> Fault {
    Fault::from(std::io::Error::from(error))
}
