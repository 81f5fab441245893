//! A provider with an extension function and a stricter rule of its own, declared in its own spec folder.
//!
//! `build.rs` generates the interface anew from the built-in spec and `spec/`; [`spi`] is what comes out. Its trait has a method
//! for the added function, its checks know the stricter rule.

/// The interface with our additions.
pub mod spi {
    include!(concat!(env!("OUT_DIR"), "/spi.rs"));
}

use spi::winsock::{call, error};
use wsp::rt::{Opened, SocketRef, Startup};

/// The provider: its sockets can do nothing but reverse bytes.
pub struct Reverser;

/// A socket without a state.
pub struct Socket;

#[wsp::provider(export = false)]
impl spi::winsock::Provider for Reverser {
    type Socket = Socket;

    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        Ok(Self)
    }

    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<Socket>, error::SocketError> {
        Ok(Opened::New(Socket))
    }

    fn close_socket(&self, _: &SocketRef<'_, Socket>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }

    fn reverse(&self, _: &SocketRef<'_, Socket>, call: &call::Reverse<'_>) -> Result<(), error::ReverseError> {
        let mut bytes = call.data.contents().to_vec();
        bytes.reverse();
        call.data.copy_from(0, &bytes);
        Ok(())
    }
}
