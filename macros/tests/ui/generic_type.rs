use wsp::rt::{Opened, SocketRef, Startup};
use wsp::winsock::{call, error};

struct P<T>(T);
struct Socket;

#[wsp::provider]
impl<T: Send + Sync + 'static> wsp::winsock::Provider for P<T> {
    type Socket = Socket;
    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        todo!()
    }
    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<Socket>, error::SocketError> {
        Ok(Opened::New(Socket))
    }
    fn close_socket(&self, _: &SocketRef<'_, Socket>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }
}

fn main() {}
