//! The provider of the profile `san`.

use std::sync::Arc;

use super::ended::{End, Moved, bytes};
use super::endpoint::Endpoint;
use super::events::{self, Listener};
use super::options::Options;
use super::receiving::Receive;
use super::remote::Side;
use super::sending::Send;
use super::{Home, Placed, address, memory};
use crate::rt::{Bytes, Cell, Code, Opened, Outcome, SocketRef, Startup};
use crate::san::{Instance, Keys, Provider, call, done, error};
use crate::transport::{Ending, Gather, Mode, Region, Scatter, Transport};
use crate::{code, ffi};

/// The message provider that a transport makes.
pub struct Messages<T: Transport>(Arc<Home<T>>);

type Handle<'a, T> = SocketRef<'a, Arc<Endpoint<T>>>;

/// The region that a call's argument names.
fn region(bytes: Bytes<'_>) -> Region {
    // SAFETY: by the interface's contract registered memory stays good until it is deregistered or the socket is closed, and the
    // endpoint gives it up with either.
    unsafe { Region::new(bytes.as_ptr().cast_mut(), bytes.len()) }
}

impl<T: Placed> Instance for Messages<T> {
    fn cell() -> &'static Cell<Self, Arc<Endpoint<T>>, Keys> {
        T::messages()
    }
}

impl<T: Placed> Provider for Messages<T> {
    type Socket = Arc<Endpoint<T>>;
    const DESCRIPTION: &'static str = T::DESCRIPTION;
    const OFFERS_RDMA_READ: bool = true;
    const OFFERS_MEMORY_REGISTRATION_CACHE_CALLBACK: bool = true;

    fn start(startup: &Startup) -> Result<Self, error::StartupExError> {
        Home::start(startup).map(Self).map_err(|fault| fault.code().into())
    }

    fn cleanup(&self) {
        self.0.driver.stop(self.0.transport.bell());
    }

    fn reset(&self, socket: &Handle<'_, T>) {
        // Or it would see one socket's end at another, and tell it.
        self.0.driver.stop(self.0.transport.bell());
        socket.abandon(Ending::Abortive, End::Failed(Code(code::WSA_OPERATION_ABORTED)));
    }

    fn socket(&self, call: &call::Socket<'_>) -> Result<Opened<Self::Socket>, error::SocketError> {
        let info = call.protocol_info.read();
        if info.dwProviderReserved != 0 {
            return Ok(Opened::New(self.0.take(info, Mode::Messages)?));
        }
        Ok(Opened::New(Endpoint::new(&self.0, info, Mode::Messages, None, Options::default())))
    }

    fn bind(&self, socket: &Handle<'_, T>, call: &call::Bind<'_>) -> Result<(), error::BindError> {
        Ok(socket.bind(address::parse(call.address)?)?)
    }

    fn listen(&self, socket: &Handle<'_, T>, call: &call::Listen) -> Result<(), error::ListenError> {
        Ok(socket.listen(call.backlog)?)
    }

    fn connect(&self, socket: &Handle<'_, T>, call: &call::Connect<'_>) -> Result<(), error::ConnectError> {
        Ok(Endpoint::connect(socket, socket, address::parse_peer(call.address)?)?)
    }

    fn accept(
        &self,
        socket: &Handle<'_, T>,
        call: &call::Accept<'_>,
    ) -> Result<Opened<Self::Socket>, error::AcceptError> {
        Ok(Opened::New(Endpoint::accept(socket, socket, Some(call.condition), call.address)?))
    }

    fn send(&self, socket: &Handle<'_, T>, call: &call::Send<'_>) -> Result<Outcome<u32>, error::SendError> {
        // SAFETY: by the interface's contract the buffers stay good until the call, or the operation it starts, has ended; the
        // endpoint gives them up with either.
        let send = Send::new(unsafe { Gather::capture(call.buffers) }, true);
        Ok(bytes(Endpoint::send(socket, socket, send, socket.later::<error::SendError>(call.overlapped))?))
    }

    fn recv(&self, socket: &Handle<'_, T>, call: &call::Recv<'_>) -> Result<Outcome<done::Recv>, error::RecvError> {
        // SAFETY: as for `send`.
        let receive = Receive::new(unsafe { Scatter::capture(call.buffers) }, false);
        let outcome = Endpoint::receive(socket, socket, receive, socket.later::<error::RecvError>(call.overlapped))?;
        Ok(outcome.map(|Moved { bytes, flags }| done::Recv { bytes, flags }))
    }

    fn close_socket(&self, socket: &Handle<'_, T>) -> Result<(), error::CloseSocketError> {
        Ok(socket.close(socket)?)
    }

    fn get_sock_opt(&self, socket: &Handle<'_, T>, call: &call::GetSockOpt<'_>) -> Result<(), error::GetSockOptError> {
        socket.settle_connect();
        Ok(socket.with_facts(|options, facts| options.get(call.level, call.option, facts, call.value))?)
    }

    fn set_sock_opt(&self, socket: &Handle<'_, T>, call: &call::SetSockOpt<'_>) -> Result<(), error::SetSockOptError> {
        Ok(socket.change_options(|options| options.set(call.level, call.option, Some(call.value)))?)
    }

    fn ioctl(&self, socket: &Handle<'_, T>, call: &call::Ioctl<'_>) -> Result<Outcome<u32>, error::IoctlError> {
        let control = || socket.control(socket, call.code, call.input, call.output);
        Ok(bytes(Endpoint::control_call(socket, control, socket.later::<error::IoctlError>(call.overlapped))?))
    }

    fn get_overlapped_result(
        &self,
        socket: &Handle<'_, T>,
        call: &call::GetOverlappedResult<'_>,
    ) -> Result<done::GetOverlappedResult, error::GetOverlappedResultError> {
        let Moved { bytes, flags } = socket.result(socket, call.overlapped, call.wait != 0)?;
        Ok(done::GetOverlappedResult { bytes, flags })
    }

    fn get_qos_by_name(&self, _: &Handle<'_, T>, _: &call::GetQosByName<'_>) -> Result<(), error::GetQosByNameError> {
        // The slot is mandatory even without quality of service.
        Err(error::GetQosByNameError::OpNotSupp)
    }

    fn event_select(&self, socket: &Handle<'_, T>, call: &call::EventSelect) -> Result<(), error::EventSelectError> {
        if call.events & !(events::ACCEPT | events::CONNECT) != 0 {
            return Err(error::EventSelectError::Inval);
        }
        let listener = match call.event {
            Some(event) => Some(Listener::Event { event, upcalls: socket.upcalls().clone() }),
            None if call.events == 0 => None,
            None => return Err(error::EventSelectError::Inval),
        };
        Ok(socket.register_events(listener, call.events)?)
    }

    fn enum_network_events(
        &self,
        socket: &Handle<'_, T>,
        call: &call::EnumNetworkEvents<'_>,
    ) -> Result<(), error::EnumNetworkEventsError> {
        socket.enumerate(socket.upcalls(), call.event, call.network_events);
        Ok(())
    }

    fn duplicate_socket(
        &self,
        socket: &Handle<'_, T>,
        call: &call::DuplicateSocket,
    ) -> Result<ffi::WSAPROTOCOL_INFOW, error::DuplicateSocketError> {
        Ok(socket.give(call.process_id)?)
    }

    fn register_memory(
        &self,
        socket: &Handle<'_, T>,
        call: &call::RegisterMemory<'_>,
    ) -> Result<ffi::HANDLE, error::RegisterMemoryError> {
        Ok(socket.register(region(call.buffer), memory::access(call.flags))?)
    }

    fn deregister_memory(
        &self,
        socket: &Handle<'_, T>,
        call: &call::DeregisterMemory,
    ) -> Result<(), error::DeregisterMemoryError> {
        Ok(socket.deregister(call.registration)?)
    }

    fn register_rdma_memory(
        &self,
        socket: &Handle<'_, T>,
        call: &call::RegisterRdmaMemory<'_>,
    ) -> Result<(), error::RegisterRdmaMemoryError> {
        Ok(Endpoint::expose(socket, region(call.buffer), memory::access(call.flags), call.descriptor)?)
    }

    fn deregister_rdma_memory(
        &self,
        socket: &Handle<'_, T>,
        call: &call::DeregisterRdmaMemory<'_>,
    ) -> Result<(), error::DeregisterRdmaMemoryError> {
        Ok(socket.withdraw(call.descriptor)?)
    }

    fn memory_registration_cache_callback(
        &self,
        call: &call::MemoryRegistrationCacheCallback,
    ) -> Result<(), error::MemoryRegistrationCacheCallbackError> {
        Ok(self.0.cache.forget(call.address as usize, call.size)?)
    }

    fn rdma_write(
        &self,
        socket: &Handle<'_, T>,
        call: &call::RdmaWrite<'_>,
    ) -> Result<Outcome<u32>, error::RdmaWriteError> {
        let used = socket.transfers().registrations.of(call.buffers, |access| access.read)?;
        // SAFETY: as for `send`.
        let side = Side::Write(unsafe { Gather::capture(call.buffers) });
        let later = socket.later::<error::RdmaWriteError>(call.overlapped);
        Ok(bytes(Endpoint::transfer(socket, socket, side, used, (call.target, call.target_offset), later)?))
    }

    fn rdma_read(
        &self,
        socket: &Handle<'_, T>,
        call: &call::RdmaRead<'_>,
    ) -> Result<Outcome<u32>, error::RdmaReadError> {
        let used = socket.transfers().registrations.of(call.buffers, |access| access.write)?;
        // SAFETY: as for `send`.
        let side = Side::Read(unsafe { Scatter::capture_room(call.buffers) });
        let later = socket.later::<error::RdmaReadError>(call.overlapped);
        Ok(bytes(Endpoint::transfer(socket, socket, side, used, (call.target, call.target_offset), later)?))
    }
}
