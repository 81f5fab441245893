use std::cell::Cell;

use wsp::rt::{Bytes, Opened, SocketRef, Startup};
use wsp::winsock::{call, error};

thread_local! {
    static KEPT: Cell<Option<Bytes<'static>>> = const { Cell::new(None) };
}

struct P;

#[wsp::provider]
impl wsp::winsock::Provider for P {
    type Socket = ();
    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        Ok(P)
    }
    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<()>, error::SocketError> {
        Ok(Opened::New(()))
    }
    fn close_socket(&self, _: &SocketRef<'_, ()>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }
    fn bind(&self, _: &SocketRef<'_, ()>, call: &call::Bind<'_>) -> Result<(), error::BindError> {
        // The caller's memory is good during the call only.
        KEPT.set(Some(call.address));
        Ok(())
    }
}

fn main() {}
