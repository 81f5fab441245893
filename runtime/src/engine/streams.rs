//! The provider of the profile `winsock`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::common::Direction;
use super::ended::{End, Moved, bytes};
use super::endpoint::{Endpoint, Stage};
use super::events::{self, Listener};
use super::extensions::Parts;
use super::options::{Facts, Options};
use super::receiving::Receive;
use super::sending::Send;
use super::transfer::Later;
use super::{Home, Placed, address, control, select, waiting};
use crate::ffi;
use crate::rt::{Buffers, BuffersOut, Bytes, Cell, Check, Code, Opened, Outcome, SocketRef, Startup};
use crate::transport::{Bell, Connection, Ending, Gather, Mode, Region, Scatter, Transport};
use crate::winsock::{Instance, Keys, Provider, call, done, error};

/// The byte-stream provider that a transport makes.
pub struct Streams<T: Transport>(Arc<Home<T>>);

type Handle<'a, T> = SocketRef<'a, Arc<Endpoint<T>>>;

impl<T: Placed> Instance for Streams<T> {
    fn cell() -> &'static Cell<Self, Arc<Endpoint<T>>, Keys> {
        T::streams()
    }
}

impl<T: Placed> Provider for Streams<T> {
    type Socket = Arc<Endpoint<T>>;
    const DESCRIPTION: &'static str = T::DESCRIPTION;
    const OFFERS_CONNECT_EX: bool = true;
    const OFFERS_ACCEPT_EX: bool = true;
    const OFFERS_GET_ACCEPT_EX_SOCKADDRS: bool = true;
    const OFFERS_DISCONNECT_EX: bool = true;

    fn start(startup: &Startup) -> Result<Self, error::StartupError> {
        Home::start(startup).map(Self).map_err(|fault| fault.code().into())
    }

    fn cleanup(&self) {
        self.0.driver.stop(self.0.transport.bell());
    }

    fn reset(&self, socket: &Handle<'_, T>) {
        // Or it would see one socket's end at another, and tell it.
        self.0.driver.stop(self.0.transport.bell());
        socket.abandon(Ending::Abortive, End::Silenced);
    }

    fn socket(&self, call: &call::Socket<'_>) -> Result<Opened<Self::Socket>, error::SocketError> {
        use error::SocketError as E;
        let info = call.protocol_info.read();
        let wanted =
            |given: i32, entry: i32| if given == ffi::FROM_PROTOCOL_INFO || given == 0 { entry } else { given };
        if wanted(call.family, info.iAddressFamily) != ffi::AF_INET {
            return Err(E::AfNoSupport);
        }
        if wanted(call.socket_type, info.iSocketType) != ffi::SOCK_STREAM {
            return Err(E::SocktNoSupport);
        }
        if wanted(call.protocol, info.iProtocol) != ffi::IPPROTO_TCP {
            return Err(E::ProtoNoSupport);
        }
        if info.dwProviderReserved != 0 {
            return Ok(Opened::New(self.0.take(info, Mode::Stream)?));
        }
        let options = Options::new(call.flags & ffi::WSA_FLAG_OVERLAPPED != 0);
        Ok(Opened::New(Endpoint::new(&self.0, info, Mode::Stream, None, options)))
    }

    fn bind(&self, socket: &Handle<'_, T>, call: &call::Bind<'_>) -> Result<(), error::BindError> {
        Ok(socket.bind(address::parse(call.address)?)?)
    }

    fn listen(&self, socket: &Handle<'_, T>, call: &call::Listen) -> Result<(), error::ListenError> {
        Ok(socket.listen(call.backlog)?)
    }

    fn connect(&self, socket: &Handle<'_, T>, call: &call::Connect<'_>) -> Result<(), error::ConnectError> {
        let peer = address::parse_peer(call.address)?;
        if let Some(data) = call.caller_data
            && !data.bytes()?.is_empty()
        {
            return Err(error::ConnectError::ProtoNoSupport);
        }
        Ok(Endpoint::connect(socket, socket, peer)?)
    }

    fn accept(
        &self,
        socket: &Handle<'_, T>,
        call: &call::Accept<'_>,
    ) -> Result<Opened<Self::Socket>, error::AcceptError> {
        let accepted = Endpoint::accept(socket, socket, call.condition, call.address)?;
        Ok(Opened::NewThen(accepted, Endpoint::opened))
    }

    fn send(&self, socket: &Handle<'_, T>, call: &call::Send<'_>) -> Result<Outcome<u32>, error::SendError> {
        send(socket, call.buffers, call.flags, socket.later::<error::SendError>(call.overlapped)).map_err(Into::into)
    }

    fn send_to(&self, socket: &Handle<'_, T>, call: &call::SendTo<'_>) -> Result<Outcome<u32>, error::SendToError> {
        // A connection has one destination; the address counts for nothing.
        send(socket, call.buffers, call.flags, socket.later::<error::SendToError>(call.overlapped)).map_err(Into::into)
    }

    fn recv(&self, socket: &Handle<'_, T>, call: &call::Recv<'_>) -> Result<Outcome<done::Recv>, error::RecvError> {
        let outcome = receive(socket, call.buffers, call.flags, socket.later::<error::RecvError>(call.overlapped))?;
        Ok(outcome.map(|Moved { bytes, flags }| done::Recv { bytes, flags }))
    }

    fn recv_from(
        &self,
        socket: &Handle<'_, T>,
        call: &call::RecvFrom<'_>,
    ) -> Result<Outcome<done::RecvFrom>, error::RecvFromError> {
        let outcome = receive(socket, call.buffers, call.flags, socket.later::<error::RecvFromError>(call.overlapped))?;
        Ok(outcome.map(|Moved { bytes, flags }| done::RecvFrom { bytes, flags }))
    }

    fn send_disconnect(
        &self,
        socket: &Handle<'_, T>,
        call: &call::SendDisconnect<'_>,
    ) -> Result<(), error::SendDisconnectError> {
        if call.data.is_some() {
            return Err(error::SendDisconnectError::NoProtoOpt);
        }
        socket.connection().ok_or(error::SendDisconnectError::NotConn)?;
        socket.shut_sending();
        Ok(())
    }

    fn recv_disconnect(
        &self,
        socket: &Handle<'_, T>,
        call: &call::RecvDisconnect<'_>,
    ) -> Result<(), error::RecvDisconnectError> {
        if call.data.is_some() {
            return Err(error::RecvDisconnectError::NoProtoOpt);
        }
        socket.connection().ok_or(error::RecvDisconnectError::NotConn)?;
        socket.shut_receiving();
        Ok(())
    }

    fn shutdown(&self, socket: &Handle<'_, T>, call: &call::Shutdown) -> Result<(), error::ShutdownError> {
        if socket.connection().is_none() {
            return Err(error::ShutdownError::NotConn);
        }
        if call.how != ffi::SD_SEND {
            socket.shut_receiving();
        }
        if call.how != ffi::SD_RECEIVE {
            socket.shut_sending();
        }
        Ok(())
    }

    fn close_socket(&self, socket: &Handle<'_, T>) -> Result<(), error::CloseSocketError> {
        Ok(socket.close(socket)?)
    }

    fn duplicate_socket(
        &self,
        socket: &Handle<'_, T>,
        call: &call::DuplicateSocket,
    ) -> Result<ffi::WSAPROTOCOL_INFOW, error::DuplicateSocketError> {
        Ok(socket.give(call.process_id)?)
    }

    fn cancel_blocking_call(&self) -> Result<(), error::CancelBlockingCallError> {
        if waiting::cancel() { Ok(()) } else { Err(error::CancelBlockingCallError::Inval) }
    }

    fn get_sock_name(
        &self,
        socket: &Handle<'_, T>,
        call: &call::GetSockName<'_>,
    ) -> Result<(), error::GetSockNameError> {
        socket.settle_connect();
        let local = socket.local().ok_or(error::GetSockNameError::Inval)?;
        Ok(call.address.put(&address::bytes(local))?)
    }

    fn get_peer_name(
        &self,
        socket: &Handle<'_, T>,
        call: &call::GetPeerName<'_>,
    ) -> Result<(), error::GetPeerNameError> {
        socket.settle_connect();
        let connection = socket.connection().ok_or(error::GetPeerNameError::NotConn)?;
        Ok(call.address.put(&address::bytes(connection.peer()))?)
    }

    fn get_sock_opt(&self, socket: &Handle<'_, T>, call: &call::GetSockOpt<'_>) -> Result<(), error::GetSockOptError> {
        socket.settle_connect();
        Ok(socket.with_facts(|options, facts| options.get(call.level, call.option, facts, call.value))?)
    }

    fn set_sock_opt(&self, socket: &Handle<'_, T>, call: &call::SetSockOpt<'_>) -> Result<(), error::SetSockOptError> {
        if call.level == ffi::SOL_SOCKET {
            match call.option {
                ffi::SO_UPDATE_ACCEPT_CONTEXT => {
                    let listener = call.value.and_then(Bytes::read).ok_or(error::SetSockOptError::Fault)?;
                    let listener: Arc<Endpoint<T>> = look_up(listener, &UNKNOWN)?;
                    return Ok(socket.inherit_from(&listener)?);
                }
                ffi::SO_UPDATE_CONNECT_CONTEXT => {
                    // A socket of ours that is connected is so in every respect.
                    return socket.connection().map(|_| ()).ok_or(error::SetSockOptError::NotConn);
                }
                _ => {}
            }
        }
        Ok(socket.change_options(|options| options.set(call.level, call.option, call.value))?)
    }

    fn ioctl(&self, socket: &Handle<'_, T>, call: &call::Ioctl<'_>) -> Result<Outcome<u32>, error::IoctlError> {
        let later = socket.later::<error::IoctlError>(call.overlapped);
        if call.code == ffi::SIO_ADDRESS_LIST_CHANGE {
            return Ok(bytes(Endpoint::address_change(socket, socket, later)?));
        }
        let control = || socket.control(socket, call.code, call.input, call.output);
        Ok(bytes(Endpoint::control_call(socket, control, later)?))
    }

    fn get_overlapped_result(
        &self,
        socket: &Handle<'_, T>,
        call: &call::GetOverlappedResult<'_>,
    ) -> Result<done::GetOverlappedResult, error::GetOverlappedResultError> {
        let Moved { bytes, flags } = socket.result(socket, call.overlapped, call.wait != 0)?;
        Ok(done::GetOverlappedResult { bytes, flags })
    }

    fn select(&self, call: &call::Select<'_>) -> Result<i32, error::SelectError> {
        select::select(&self.0, call)
    }

    fn event_select(&self, socket: &Handle<'_, T>, call: &call::EventSelect) -> Result<(), error::EventSelectError> {
        let listener = match call.event {
            Some(event) => Some(Listener::Event { event, upcalls: socket.upcalls().clone() }),
            None if call.events == 0 => None,
            None => return Err(error::EventSelectError::Inval),
        };
        Ok(socket.register_events(listener, call.events)?)
    }

    fn async_select(&self, socket: &Handle<'_, T>, call: &call::AsyncSelect) -> Result<(), error::AsyncSelectError> {
        let (socket_handle, upcalls) = (socket.host_handle(), socket.upcalls().clone());
        let listener = Listener::Window { window: call.window, message: call.message, socket: socket_handle, upcalls };
        Ok(socket.register_events(Some(listener), call.events)?)
    }

    fn enum_network_events(
        &self,
        socket: &Handle<'_, T>,
        call: &call::EnumNetworkEvents<'_>,
    ) -> Result<(), error::EnumNetworkEventsError> {
        socket.enumerate(socket.upcalls(), call.event, call.network_events);
        Ok(())
    }

    fn connect_ex(
        &self,
        socket: &Handle<'_, T>,
        call: &call::ConnectEx<'_>,
    ) -> Result<Outcome<u32>, error::ConnectExError> {
        let peer = address::parse_peer(call.address)?;
        let send = call.data.filter(|data| !data.is_empty()).map(|data| {
            // SAFETY: by the interface's contract the data stays good until the operation has ended.
            let region = unsafe { Region::new(data.as_ptr().cast_mut(), data.len()) };
            Send::new(Gather::of(region), true)
        });
        let later = Later::of::<error::ConnectExError>(call.overlapped);
        Ok(bytes(Endpoint::connect_ex(socket, socket, peer, send, later)?))
    }

    fn accept_ex(
        &self,
        socket: &Handle<'_, T>,
        call: &call::AcceptEx<'_>,
    ) -> Result<Outcome<u32>, error::AcceptExError> {
        let onto = look_up(call.accepting, &UNKNOWN)?;
        let parts = Parts::new(call.data_length, call.local_length, call.remote_length);
        // SAFETY: by the interface's contract the buffer has these three parts and stays good until the operation has ended.
        let output = unsafe { Region::new(call.output.cast(), parts.total()) };
        let later = Later::of::<error::AcceptExError>(call.overlapped);
        Ok(bytes(Endpoint::accept_ex(socket, socket, onto, (output, parts), later)?))
    }

    fn get_accept_ex_sockaddrs(
        &self,
        call: &call::GetAcceptExSockaddrs,
    ) -> Result<done::GetAcceptExSockaddrs, error::GetAcceptExSockaddrsError> {
        let parts = Parts::new(call.data_length, call.local_length, call.remote_length);
        Ok(parts.find(call.buffer.cast()))
    }

    fn disconnect_ex(
        &self,
        socket: &Handle<'_, T>,
        call: &call::DisconnectEx<'_>,
    ) -> Result<Outcome<()>, error::DisconnectExError> {
        let reuse = call.flags & ffi::TF_REUSE_SOCKET != 0;
        Ok(socket.disconnect(socket, reuse, socket.later::<error::DisconnectExError>(call.overlapped))?.map(|_| ()))
    }

    fn address_to_string(&self, call: &call::AddressToString<'_>) -> Result<(), error::AddressToStringError> {
        let address = address::parse(call.address).map_err(|_| error::AddressToStringError::Inval)?;
        Ok(call.text.put(&control::to_text(address))?)
    }

    fn string_to_address(&self, call: &call::StringToAddress<'_>) -> Result<(), error::StringToAddressError> {
        let info = call.protocol_info.read();
        let ours = (info.iAddressFamily, info.iSocketType, info.iProtocol);
        if call.family != ffi::AF_INET || ours != (ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP) {
            return Err(error::StringToAddressError::Inval);
        }
        let address = control::from_text(&call.text.to_string_lossy())?;
        Ok(call.address.put(&address::bytes(address))?)
    }
}

/// Sends on a connection.
fn send<T: Placed>(
    socket: &Handle<'_, T>,
    buffers: Buffers<'_, ffi::WSABUF>,
    flags: u32,
    later: Option<Later<'_>>,
) -> Result<Outcome<u32>, Code> {
    // A stream has no messages, so no parts of them.
    if flags & (ffi::MSG_OOB | ffi::MSG_PARTIAL) != 0 {
        return Err(Code(crate::code::WSAEOPNOTSUPP));
    }
    // SAFETY: by the interface's contract the buffers stay good until the call, or the operation it starts, has ended; the
    // endpoint gives them up with either.
    let data = unsafe { Gather::capture(buffers) };
    let send = Send::new(data, socket.may_lend(later.is_some()));
    Ok(bytes(Endpoint::send(socket, socket, send, later)?))
}

/// Receives on a connection.
fn receive<T: Placed>(
    socket: &Handle<'_, T>,
    buffers: BuffersOut<'_, ffi::WSABUF>,
    flags: u32,
    later: Option<Later<'_>>,
) -> Result<Outcome<Moved>, Code> {
    if flags & ffi::MSG_OOB != 0 {
        return Err(Code(crate::code::WSAEOPNOTSUPP));
    }
    // SAFETY: as for `send`.
    let room = unsafe { Scatter::capture(buffers) };
    Endpoint::receive(socket, socket, Receive::new(room, flags & ffi::MSG_PEEK != 0), later)
}

/// A call names a further socket.
const UNKNOWN: Check = Check {
    id: "socket",
    code: crate::code::WSAENOTSOCK,
    text: "The call names a further socket that is none of this provider.",
};

/// Another socket of this provider that a call names.
///
/// # Errors
/// The code of `unknown` if it is none; `WSAENETDOWN` if a panic has spoilt it.
pub fn look_up<T: Placed>(descriptor: usize, unknown: &'static Check) -> Result<Arc<Endpoint<T>>, Code> {
    let socket = T::streams().socket(descriptor, unknown, crate::code::WSAENETDOWN).map_err(Code)?;
    Ok(Arc::clone(&socket))
}

impl<T: Transport> Endpoint<T> {
    /// Receives no more: what is there and what comes is thrown away.
    pub(super) fn shut_receiving(&self) {
        let mut ended = super::ended::Ended::new(&self.upcalling);
        let mut receiving = self.receiving();
        receiving.shut = true;
        self.note_shut(Direction::Receive);
        receiving.end_all(End::Failed(Code(crate::code::WSAESHUTDOWN)), &mut ended);
        drop(receiving);
        self.tell(ended);
        // For those, too, who wait for the socket to be readable, or have a duplicate of it.
        self.bell().ring();
    }

    /// Sends no more: the peer gets the end behind what is posted.
    pub(super) fn shut_sending(&self) {
        let mut ended = super::ended::Ended::new(&self.upcalling);
        let mut sending = self.sending();
        self.note_shut(Direction::Send);
        sending.finish(self.mode, self.closed(), &mut ended);
        drop(sending);
        self.tell(ended);
        // For those who have a duplicate of it: what they have posted ends.
        self.bell().ring();
    }

    /// Runs `body` on the options and what their values depend on.
    pub(super) fn with_facts<R>(&self, body: impl FnOnce(&Options, &Facts<'_>) -> R) -> R {
        let mut life = self.life();
        let error = std::cell::Cell::new(life.error);
        let options = life.options.clone();
        let facts = Facts {
            mode: self.mode,
            listening: matches!(life.stage, Stage::Listening(_)),
            error: &|| events::number(error.take()),
            connected_for: life.connected_at.map(|at| u32::try_from(at.elapsed().as_secs()).unwrap_or(u32::MAX)),
            limits: self.home.transport.limits(),
            info: &self.info,
        };
        let result = body(&options, &facts);
        life.error = error.get();
        result
    }

    /// A control code as a call: it is done at once, overlapped or not.
    pub(super) fn control_call(
        socket: &Handle<'_, T>,
        control: impl FnOnce() -> Result<u32, Code>,
        later: Option<Later<'_>>,
    ) -> Result<Outcome<Moved>, Code> {
        if let Some(later) = later {
            later.prepare(socket)?;
        }
        let moved = Moved { bytes: control()?, flags: 0 };
        match later {
            Some(later) => socket.done_at_once(socket, later, moved),
            None => Ok(Outcome::Done(moved)),
        }
    }

    /// How many operations in progress will be notified. For tests.
    #[doc(hidden)]
    pub fn notifying(&self) -> usize {
        self.notifying.load(Ordering::Acquire)
    }
}
