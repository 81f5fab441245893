//! Windows: Winsock and its sockets, waited for through mio.

pub mod net;
pub mod pieces;
pub mod process;
pub mod sources;
mod tables;
mod tcp_socket;
