use wsp::rt::{Opened, SocketRef, Startup};
use wsp::winsock::{call, error};

struct P;
struct Socket(std::sync::Mutex<Vec<wsp::rt::Bytes<'static>>>);

#[wsp::provider]
impl wsp::winsock::Provider for P {
    type Socket = Socket;
    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        Ok(P)
    }
    fn socket(&self, _: &call::Socket<'_>) -> Result<Opened<Socket>, error::SocketError> {
        Ok(Opened::New(Socket(Default::default())))
    }
    fn close_socket(&self, _: &SocketRef<'_, Socket>) -> Result<(), error::CloseSocketError> {
        Ok(())
    }
    fn bind(&self, socket: &SocketRef<'_, Socket>, call: &call::Bind<'_>) -> Result<(), error::BindError> {
        // The caller's memory is good during the call only.
        socket.0.lock().unwrap().push(call.address);
        Ok(())
    }
}

fn main() {}
