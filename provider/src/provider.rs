//! What the host asks for, method by method.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use wsp::ffi;
use wsp::rt::{Callback, ConnectRequest, Opened, Outcome, Overlapped, SocketRef, Startup, Verdict};
use wsp::winsock::{call, done, error};

use crate::address::{self, BadAddress};
use crate::network::{Connection, Listener, Network, NoAddress, NoConnection};
use crate::options::{self, BadOption};
use crate::socket::{Socket, Stage, State};
use crate::stream::{Broken, Patience};

/// The provider: one network per start-up.
pub struct Loopback {
    network: Arc<Network>,
}

type Handle<'a> = SocketRef<'a, Socket>;

#[wsp::provider(export = false)]
impl wsp::winsock::Provider for Loopback {
    type Socket = Socket;
    const DESCRIPTION: &'static str = "In-process byte streams";

    fn start(_: &Startup) -> Result<Self, error::StartupError> {
        Ok(Self { network: Arc::default() })
    }

    fn reset(&self, socket: &Handle<'_>) {
        self.abandon(&mut socket.lock(), true);
    }

    fn socket(&self, call: &call::Socket<'_>) -> Result<Opened<Socket>, error::SocketError> {
        let info = call.protocol_info.read();
        let wanted =
            |given: i32, entry: i32| if given == ffi::FROM_PROTOCOL_INFO || given == 0 { entry } else { given };
        if wanted(call.family, info.iAddressFamily) != ffi::AF_INET {
            return Err(error::SocketError::AfNoSupport);
        }
        if wanted(call.socket_type, info.iSocketType) != ffi::SOCK_STREAM {
            return Err(error::SocketError::SocktNoSupport);
        }
        if wanted(call.protocol, info.iProtocol) != ffi::IPPROTO_TCP {
            return Err(error::SocketError::ProtoNoSupport);
        }
        Ok(Opened::New(Socket::new(info)))
    }

    fn bind(&self, socket: &Handle<'_>, call: &call::Bind<'_>) -> Result<(), error::BindError> {
        use error::BindError as E;
        let address = address::parse(call.address).map_err(|BadAddress::Malformed| E::Fault)?;
        let mut state = socket.lock();
        if state.local.is_some() {
            return Err(E::Inval);
        }
        state.local =
            Some(self.network.bind(address, state.options.reuse_address).map_err(|problem| match problem {
                NoAddress::InUse => E::AddrInUse,
                NoAddress::NotOurs => E::AddrNotAvail,
                NoAddress::Exhausted => E::NoBufs,
            })?);
        Ok(())
    }

    fn listen(&self, socket: &Handle<'_>, call: &call::Listen) -> Result<(), error::ListenError> {
        use error::ListenError as E;
        let mut state = socket.lock();
        match &state.stage {
            Stage::Connected(_) => return Err(E::IsConn),
            Stage::Listening(listener) => {
                listener.set_backlog(call.backlog);
                return Ok(());
            }
            Stage::Open => {}
        }
        let local = state.address().ok_or(E::Inval)?;
        let listener = Arc::new(Listener::default());
        listener.set_backlog(call.backlog);
        self.network.listen(local, &listener).map_err(|_| E::AddrInUse)?;
        state.stage = Stage::Listening(listener);
        Ok(())
    }

    fn connect(&self, socket: &Handle<'_>, call: &call::Connect<'_>) -> Result<(), error::ConnectError> {
        use error::ConnectError as E;
        let peer = address::parse(call.address).map_err(|BadAddress::Malformed| E::Fault)?;
        if let Some(data) = call.caller_data
            && !data.bytes()?.is_empty()
        {
            return Err(E::ProtoNoSupport);
        }
        if peer.ip().is_unspecified() || peer.port() == 0 {
            return Err(E::AddrNotAvail);
        }
        let mut state = socket.lock();
        match state.stage {
            Stage::Connected(_) => return Err(E::IsConn),
            Stage::Listening(_) => return Err(E::Inval),
            Stage::Open => {}
        }
        if state.local.is_none() {
            let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
            state.local = Some(self.network.bind(any, false).map_err(|_| E::NoBufs)?);
        }
        let local = state.local.as_mut().ok_or(E::NoBufs)?;
        let connection = self.network.connect(local.address, peer).ok_or(E::ConnRefused)?;
        local.address = connection.local;
        state.stage = Stage::Connected(connection);
        Ok(())
    }

    fn accept(&self, socket: &Handle<'_>, call: &call::Accept<'_>) -> Result<Opened<Socket>, error::AcceptError> {
        use error::AcceptError as E;
        let (listener, patience, inherited) = {
            let state = socket.lock();
            (state.listener().ok_or(E::Inval)?, state.patience(0), state.options.clone())
        };
        let connection = listener.take(patience).map_err(|problem| match problem {
            NoConnection::WouldBlock => E::WouldBlock,
            NoConnection::Closed => E::Intr,
        })?;
        if let Some(condition) = call.condition {
            ask(&condition, &listener, &connection)?;
        }
        if let Some(Err(small)) = call.address.map(|room| room.put(&address::bytes(connection.peer))) {
            listener.put_back(connection);
            return Err(small.into());
        }
        // The listener's address is shared: the accepted socket counts as a user of its port.
        let local = self.network.bind(connection.local, true).ok();
        Ok(Opened::New(Socket::accepted(socket.info, connection, local, inherited)))
    }

    fn send(&self, socket: &Handle<'_>, call: &call::Send<'_>) -> Result<Outcome<u32>, error::SendError> {
        use error::SendError as E;
        if call.flags & ffi::MSG_OOB != 0 || !can_notify(socket, call.overlapped) {
            return Err(E::OpNotSupp);
        }
        let (connection, patience) = {
            let state = socket.lock();
            if state.send_shut {
                return Err(E::Shutdown);
            }
            let patience = state.patience(state.options.send_timeout);
            (state.connection().ok_or(E::NotConn)?, at_once_if(call.overlapped, patience))
        };
        let sent = connection.outgoing.send(call.buffers, patience).map_err(|broken| match broken {
            Broken::Reset => E::ConnReset,
            Broken::NoReader => E::ConnAborted,
            Broken::Closed => E::Intr,
            Broken::WouldBlock => E::WouldBlock,
            Broken::TimedOut => E::TimedOut,
        })?;
        let sent = sent as u32;
        notify(socket, call.overlapped, sent);
        Ok(Outcome::Done(sent))
    }

    fn recv(&self, socket: &Handle<'_>, call: &call::Recv<'_>) -> Result<Outcome<done::Recv>, error::RecvError> {
        use error::RecvError as E;
        if call.flags & ffi::MSG_OOB != 0 || !can_notify(socket, call.overlapped) {
            return Err(E::OpNotSupp);
        }
        let (connection, patience) = {
            let state = socket.lock();
            if state.receive_shut {
                return Err(E::Shutdown);
            }
            let patience = state.patience(state.options.receive_timeout);
            (state.connection().ok_or(E::NotConn)?, at_once_if(call.overlapped, patience))
        };
        let peek = call.flags & ffi::MSG_PEEK != 0;
        let received = connection.incoming.receive(call.buffers, peek, patience).map_err(|broken| match broken {
            Broken::Reset => E::ConnReset,
            Broken::NoReader => E::ConnAborted,
            Broken::Closed => E::Intr,
            Broken::WouldBlock => E::WouldBlock,
            Broken::TimedOut => E::TimedOut,
        })?;
        let bytes = received as u32;
        notify(socket, call.overlapped, bytes);
        Ok(Outcome::Done(done::Recv { bytes, flags: 0 }))
    }

    fn shutdown(&self, socket: &Handle<'_>, call: &call::Shutdown) -> Result<(), error::ShutdownError> {
        let mut state = socket.lock();
        let connection = state.connection().ok_or(error::ShutdownError::NotConn)?;
        if call.how != ffi::SD_SEND {
            state.receive_shut = true;
            connection.incoming.stop_reading();
        }
        if call.how != ffi::SD_RECEIVE {
            state.send_shut = true;
            connection.outgoing.end();
        }
        Ok(())
    }

    fn close_socket(&self, socket: &Handle<'_>) -> Result<(), error::CloseSocketError> {
        let mut state = socket.lock();
        let hard = state.options.hard_close;
        self.abandon(&mut state, hard);
        Ok(())
    }

    fn get_sock_name(&self, socket: &Handle<'_>, call: &call::GetSockName<'_>) -> Result<(), error::GetSockNameError> {
        let local = socket.lock().address().ok_or(error::GetSockNameError::Inval)?;
        Ok(call.address.put(&address::bytes(local))?)
    }

    fn get_peer_name(&self, socket: &Handle<'_>, call: &call::GetPeerName<'_>) -> Result<(), error::GetPeerNameError> {
        let connection = socket.lock().connection().ok_or(error::GetPeerNameError::NotConn)?;
        Ok(call.address.put(&address::bytes(connection.peer))?)
    }

    fn get_sock_opt(&self, socket: &Handle<'_>, call: &call::GetSockOpt<'_>) -> Result<(), error::GetSockOptError> {
        options::get(socket, call.level, call.option, call.value).map_err(|problem| match problem {
            BadOption::Level => error::GetSockOptError::Inval,
            BadOption::Name => error::GetSockOptError::NoProtoOpt,
            BadOption::Short => error::GetSockOptError::Fault,
        })
    }

    fn set_sock_opt(&self, socket: &Handle<'_>, call: &call::SetSockOpt<'_>) -> Result<(), error::SetSockOptError> {
        let value = call.value.ok_or(error::SetSockOptError::Fault)?;
        options::set(socket, call.level, call.option, value).map_err(|problem| match problem {
            BadOption::Level => error::SetSockOptError::Inval,
            BadOption::Name => error::SetSockOptError::NoProtoOpt,
            BadOption::Short => error::SetSockOptError::Fault,
        })
    }

    fn ioctl(&self, socket: &Handle<'_>, call: &call::Ioctl<'_>) -> Result<Outcome<u32>, error::IoctlError> {
        use error::IoctlError as E;
        if !can_notify(socket, call.overlapped) {
            return Err(E::OpNotSupp);
        }
        let bytes = match call.code {
            ffi::FIONBIO => {
                let on: u32 = call.input.and_then(|input| input.read()).ok_or(E::Fault)?;
                socket.lock().options.nonblocking = on != 0;
                0
            }
            ffi::FIONREAD => {
                let waiting = socket.lock().connection().map_or(0, |connection| connection.incoming.available());
                call.output.ok_or(E::Fault)?.write(waiting as u32)?;
                4
            }
            _ => return Err(E::OpNotSupp),
        };
        notify(socket, call.overlapped, bytes);
        Ok(Outcome::Done(bytes))
    }
}

impl Loopback {
    /// Ends what the socket has going: the peer gets the end of the stream, or a reset if it was asked for; whoever waits wakes.
    fn abandon(&self, state: &mut State, hard: bool) {
        match &state.stage {
            Stage::Listening(listener) => {
                listener.close();
                if let Some(local) = state.address() {
                    self.network.unlisten(local);
                }
            }
            Stage::Connected(connection) => {
                connection.incoming.close_reader();
                connection.outgoing.close_writer();
                connection.incoming.stop_reading();
                if hard { connection.reset() } else { connection.outgoing.end() }
            }
            Stage::Open => {}
        }
        state.local = None;
        state.ended = true;
    }
}

/// Asks the host's condition function about a connection, on this thread and with no lock held.
fn ask(
    condition: &Callback<'_, ffi::LPCONDITIONPROC>,
    listener: &Listener,
    connection: &Connection,
) -> Result<(), error::AcceptError> {
    let (caller, callee) = (address::bytes(connection.peer), address::bytes(connection.local));
    let request = ConnectRequest { caller: &caller, caller_data: &[], callee: &callee };
    let (verdict, _) = condition.ask(&request, &mut []);
    match verdict {
        Verdict::Accept => Ok(()),
        Verdict::Defer => {
            listener.put_back(connection.clone());
            Err(error::AcceptError::TryAgain)
        }
        Verdict::Reject => {
            connection.reset();
            Err(error::AcceptError::ConnRefused)
        }
        Verdict::Invalid => {
            connection.reset();
            Err(error::AcceptError::Inval)
        }
    }
}

/// An overlapped call does not wait: it is done at once or refused.
fn at_once_if(overlapped: Option<Overlapped<'_>>, patience: Patience) -> Patience {
    if overlapped.is_some() { Patience::None } else { patience }
}

/// Can the end of this overlapped call be told? Asked before anything is moved, so that a refused call has done nothing.
fn can_notify(socket: &Handle<'_>, overlapped: Option<Overlapped<'_>>) -> bool {
    overlapped.is_none_or(|overlapped| overlapped.can_begin(socket))
}

/// Tells how an overlapped call ended that was done at once.
fn notify(socket: &Handle<'_>, overlapped: Option<Overlapped<'_>>, bytes: u32) {
    if let Some(Ok(operation)) = overlapped.map(|overlapped| overlapped.begin(socket)) {
        operation.complete(bytes, 0);
    }
}
