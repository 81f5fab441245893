use wsp::rt::{Opened, SocketRef, Startup};
use wsp::winsock::{call, error};

struct P;
struct Socket;

#[wsp::provider(export = false)]
impl wsp::winsock::Provider for P {
    type Socket = Socket;
    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        Ok(P)
    }
    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<Socket>, error::SocketError> {
        Ok(Opened::New(Socket))
    }
    fn close_socket(&self, _: &SocketRef<'_, Socket>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }
}

wsp::export!(P, winsock);

fn main() {}
