//! A small provider that moves messages in this process's memory, for testing the switch: no transport, no rules beyond those
//! that the switch relies on. What it can be told to do wrong is at the top.

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use wsp::rt::{BuffersOut, ConnectRequest, Opened, Operation, Outcome, Overlapped, SocketRef, Startup, Verdict};
use wsp::san::{call, done, error};
use wsp::{code, ffi};

use crate::exposed;
use crate::side::Side;

/// Messages that arrived without a posted receive, other than a session's first.
pub static HELD: AtomicUsize = AtomicUsize::new(0);
/// RDMA operations carried out: reads and writes.
pub static READS: AtomicUsize = AtomicUsize::new(0);
pub static WRITES: AtomicUsize = AtomicUsize::new(0);
/// The next RDMA never ends.
pub static STALL: AtomicBool = AtomicBool::new(false);

pub const LOCAL: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);

static NEXT: AtomicU64 = AtomicU64::new(1);
static LISTENERS: LazyLock<Mutex<HashMap<[u8; 8], Waiting>>> = LazyLock::new(Mutex::default);
static TRAVELLING: LazyLock<Mutex<HashMap<u64, Arc<Side>>>> = LazyLock::new(Mutex::default);

struct Waiting {
    listener: Arc<Shared>,
    requests: VecDeque<(Arc<Shared>, [u8; 16])>,
}

pub struct Memories;

/// A socket: what it waits for, and its side of a connection.
#[derive(Default)]
pub struct Shared {
    name: Mutex<[u8; 16]>,
    event: Mutex<Option<(usize, i32)>>,
    recorded: Mutex<ffi_events::Events>,
    upcalls: Mutex<Option<wsp::rt::Upcalls>>,
    side: Mutex<Option<Arc<Side>>>,
}

mod ffi_events {
    #[derive(Default, Clone, Copy)]
    pub struct Events {
        pub bits: i32,
        pub codes: [i32; 10],
    }
}

/// Locks.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

fn token<S>(overlapped: Overlapped<'_>, socket: &SocketRef<'_, S>) -> Operation {
    if overlapped.event() & 1 != 0 {
        overlapped.begin_polled(socket)
    } else {
        overlapped.begin(socket).expect("the host completes operations")
    }
}

impl Shared {
    /// Listening at no address is listening at the only one.
    fn listening_at(&self) -> [u8; 8] {
        let mut name: [u8; 8] = lock(&self.name)[..8].try_into().unwrap();
        name[4..].copy_from_slice(&LOCAL.octets());
        name
    }

    fn record(&self, bit: i32, place: usize, code: i32) {
        let (event, mask) = lock(&self.event).unwrap_or_default();
        let mut recorded = lock(&self.recorded);
        recorded.bits |= bit;
        recorded.codes[place] = code;
        drop(recorded);
        let upcalls = lock(&self.upcalls).clone();
        if mask & bit != 0
            && let Some(upcalls) = upcalls
        {
            upcalls.set_event(event).unwrap();
        }
    }

    fn side(&self) -> Option<Arc<Side>> {
        lock(&self.side).clone().filter(|side| !lock(&side.inner).ended)
    }
}

#[wsp::provider(export = false)]
impl wsp::san::Provider for Memories {
    type Socket = Arc<Shared>;
    const DESCRIPTION: &'static str = "Messages in memory";
    const OFFERS_RDMA_READ: bool = true;

    fn start(_: &Startup) -> Result<Self, error::StartupExError> {
        Ok(Self)
    }

    fn socket(&self, call: &call::Socket<'_>) -> Result<Opened<Arc<Shared>>, error::SocketError> {
        let socket = Arc::<Shared>::default();
        let imported = call.protocol_info.read().dwProviderReserved;
        if imported != 0 {
            let side = lock(&TRAVELLING).remove(&u64::from(imported)).ok_or(error::SocketError::Inval)?;
            *lock(&socket.side) = Some(side);
        }
        Ok(Opened::New(socket))
    }

    fn bind(&self, socket: &SocketRef<'_, Arc<Shared>>, call: &call::Bind<'_>) -> Result<(), error::BindError> {
        let name: [u8; 16] = self::name(call.address).ok_or(error::BindError::Fault)?;
        if name[4..8] != LOCAL.octets() && name[4..8] != [0; 4] {
            return Err(error::BindError::AddrNotAvail);
        }
        assert_ne!(name[2..4], [0; 2], "the switch names a port");
        *lock(&socket.name) = name;
        Ok(())
    }

    fn listen(&self, socket: &SocketRef<'_, Arc<Shared>>, _: &call::Listen) -> Result<(), error::ListenError> {
        let listener = Arc::clone(socket);
        let name = listener.listening_at();
        lock(&LISTENERS).insert(name, Waiting { listener, requests: VecDeque::new() });
        Ok(())
    }

    fn event_select(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::EventSelect,
    ) -> Result<(), error::EventSelectError> {
        *lock(&socket.upcalls) = Some(socket.upcalls().clone());
        *lock(&socket.event) = call.event.map(|event| (event, call.events));
        Ok(())
    }

    fn enum_network_events(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::EnumNetworkEvents<'_>,
    ) -> Result<(), error::EnumNetworkEventsError> {
        let recorded = std::mem::take(&mut *lock(&socket.recorded));
        if let Some(event) = call.event {
            socket.upcalls().reset_event(event).unwrap();
        }
        let events = ffi::WSANETWORKEVENTS { lNetworkEvents: recorded.bits, iErrorCode: recorded.codes };
        call.network_events.write(events);
        Ok(())
    }

    fn connect(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::Connect<'_>,
    ) -> Result<(), error::ConnectError> {
        assert!(lock(&socket.event).is_some_and(|(_, mask)| mask == ffi::FD_CONNECT), "FD_CONNECT is selected first");
        let peer: [u8; 16] = name(call.address).ok_or(error::ConnectError::Fault)?;
        if peer[4..8] != LOCAL.octets() {
            return Err(error::ConnectError::TimedOut);
        }
        let listener = {
            let mut listeners = lock(&LISTENERS);
            let waiting = listeners.get_mut(&peer[..8]).ok_or(error::ConnectError::ConnReset)?;
            waiting.requests.push_back((Arc::clone(socket), *lock(&socket.name)));
            Arc::clone(&waiting.listener)
        };
        listener.record(ffi::FD_ACCEPT, 3, 0);
        Err(error::ConnectError::WouldBlock)
    }

    fn accept(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::Accept<'_>,
    ) -> Result<Opened<Arc<Shared>>, error::AcceptError> {
        let name = socket.listening_at();
        let request = lock(&LISTENERS).get_mut(&name).and_then(|waiting| waiting.requests.pop_front());
        let (peer, address) = request.ok_or(error::AcceptError::WouldBlock)?;
        let (verdict, _) =
            call.condition.ask(&ConnectRequest { caller: &address, callee: &[], caller_data: &[] }, &mut []);
        if verdict != Verdict::Accept {
            peer.record(ffi::FD_CONNECT, 4, code::WSAECONNREFUSED);
            return Err(error::AcceptError::ConnRefused);
        }
        if let Some(room) = call.address {
            room.put(&address).map_err(|_| error::AcceptError::Fault)?;
        }
        let (one, other) = (Arc::<Side>::default(), Arc::<Side>::default());
        *lock(&one.peer) = Some(Arc::clone(&other));
        *lock(&other.peer) = Some(Arc::clone(&one));
        *lock(&peer.side) = Some(one);
        let accepted = Arc::<Shared>::default();
        *lock(&accepted.side) = Some(other);
        peer.record(ffi::FD_CONNECT, 4, 0);
        Ok(Opened::New(accepted))
    }

    fn send(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::Send<'_>,
    ) -> Result<Outcome<u32>, error::SendError> {
        let side = socket.side().ok_or(error::SendError::ConnReset)?;
        let peer = lock(&side.peer).clone().ok_or(error::SendError::ConnReset)?;
        let mut message = vec![0; call.buffers.total()];
        call.buffers.copy_to(0, &mut message);
        let operation = token(call.overlapped.ok_or(error::SendError::Inval)?, socket);
        let bytes = u32::try_from(message.len()).unwrap();
        {
            let mut inner = lock(&peer.inner);
            if inner.posted.len() <= inner.arrived.len() && inner.received > 0 {
                HELD.fetch_add(1, Ordering::SeqCst);
            }
            inner.arrived.push_back(message);
        }
        peer.settle();
        operation.complete(bytes, 0);
        Ok(Outcome::Pending)
    }

    fn recv(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::Recv<'_>,
    ) -> Result<Outcome<done::Recv>, error::RecvError> {
        let side = socket.side().ok_or(error::RecvError::ConnReset)?;
        let buffers: BuffersOut<'_, _> = call.buffers;
        let places = buffers.entries().map(|entry| (entry.buf as usize, entry.len as usize)).collect();
        let operation = token(call.overlapped.ok_or(error::RecvError::Inval)?, socket);
        lock(&side.inner).posted.push_back((operation, places));
        side.settle();
        Ok(Outcome::Pending)
    }

    fn get_overlapped_result(
        &self,
        _: &SocketRef<'_, Arc<Shared>>,
        call: &call::GetOverlappedResult<'_>,
    ) -> Result<done::GetOverlappedResult, error::GetOverlappedResultError> {
        use error::GetOverlappedResultError as Failed;
        // SAFETY: members of the record.
        let internal = unsafe { call.overlapped.member(|record| &raw const (*record).Internal) };
        std::sync::atomic::fence(Ordering::Acquire);
        if internal == ffi::WSS_OPERATION_IN_PROGRESS {
            return Err(Failed::IoIncomplete);
        }
        let record = call.overlapped.read();
        match record.OffsetHigh.cast_signed() {
            0 => Ok(done::GetOverlappedResult { bytes: record.InternalHigh as u32, flags: record.Offset }),
            code => Err(<Failed as wsp::rt::FromCode>::from_code(code).unwrap_or(Failed::NetDown)),
        }
    }

    fn get_sock_opt(
        &self,
        _: &SocketRef<'_, Arc<Shared>>,
        call: &call::GetSockOpt<'_>,
    ) -> Result<(), error::GetSockOptError> {
        let value = match call.option {
            ffi::SO_MAX_MSG_SIZE => 4096_u32,
            ffi::SO_MAX_RDMA_SIZE => 100_000,
            ffi::SO_RDMA_THRESHOLD_SIZE => 8192,
            _ => return Err(error::GetSockOptError::NoProtoOpt),
        };
        call.value.put_value(value).map_err(|_| error::GetSockOptError::Fault)
    }

    fn set_sock_opt(
        &self,
        _: &SocketRef<'_, Arc<Shared>>,
        _: &call::SetSockOpt<'_>,
    ) -> Result<(), error::SetSockOptError> {
        Err(error::SetSockOptError::NoProtoOpt)
    }

    fn ioctl(&self, _: &SocketRef<'_, Arc<Shared>>, call: &call::Ioctl<'_>) -> Result<Outcome<u32>, error::IoctlError> {
        if call.code != ffi::SIO_ADDRESS_LIST_QUERY {
            return Err(error::IoctlError::OpNotSupp);
        }
        let output = call.output.ok_or(error::IoctlError::Fault)?;
        let head = size_of::<ffi::SOCKET_ADDRESS_LIST>();
        if output.capacity() < head + 16 {
            return Err(error::IoctlError::Fault);
        }
        let target = output.as_mut_ptr().wrapping_add(head);
        let list = ffi::SOCKET_ADDRESS_LIST {
            iAddressCount: 1,
            Address: [ffi::SOCKET_ADDRESS { lpSockaddr: target.cast(), iSockaddrLength: 16 }],
        };
        output.write(list).map_err(|_| error::IoctlError::Fault)?;
        output.copy_from(head, &wsp_host::to_sockaddr(std::net::SocketAddrV4::new(LOCAL, 0)));
        Ok(Outcome::Done(u32::try_from(head + 16).unwrap()))
    }

    fn close_socket(&self, socket: &SocketRef<'_, Arc<Shared>>) -> Result<(), error::CloseSocketError> {
        lock(&LISTENERS).retain(|_, waiting| !Arc::ptr_eq(&waiting.listener, socket));
        let side = lock(&socket.side).take();
        if let Some(side) = side {
            side.end();
            let peer = lock(&side.peer).take();
            if let Some(peer) = peer {
                // What has arrived is still delivered to receives that are posted: there are none left of those.
                peer.settle();
                peer.end();
            }
        }
        Ok(())
    }

    fn duplicate_socket(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        _: &call::DuplicateSocket,
    ) -> Result<ffi::WSAPROTOCOL_INFOW, error::DuplicateSocketError> {
        let side = lock(&socket.side).take().ok_or(error::DuplicateSocketError::Inval)?;
        let posted = std::mem::take(&mut lock(&side.inner).posted);
        for (operation, _) in posted {
            operation.complete(0, 0);
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        lock(&TRAVELLING).insert(number, side);
        let mut info: ffi::WSAPROTOCOL_INFOW = wsp::rt::zeroed();
        info.dwProviderReserved = u32::try_from(number).unwrap();
        Ok(info)
    }

    fn register_memory(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        _: &call::RegisterMemory<'_>,
    ) -> Result<ffi::HANDLE, error::RegisterMemoryError> {
        socket.side().map(|_| 0x40).ok_or(error::RegisterMemoryError::NotConn)
    }

    fn deregister_memory(
        &self,
        _: &SocketRef<'_, Arc<Shared>>,
        call: &call::DeregisterMemory,
    ) -> Result<(), error::DeregisterMemoryError> {
        if call.registration == 0x40 { Ok(()) } else { Err(error::DeregisterMemoryError::Inval) }
    }

    fn register_rdma_memory(
        &self,
        _: &SocketRef<'_, Arc<Shared>>,
        call: &call::RegisterRdmaMemory<'_>,
    ) -> Result<(), error::RegisterRdmaMemoryError> {
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        // Longer than the switch expects at first.
        let mut descriptor = [7; 200];
        descriptor[..8].copy_from_slice(&key.to_le_bytes());
        call.descriptor.put(&descriptor).map_err(|_| error::RegisterRdmaMemoryError::Fault)?;
        exposed::expose(key, call.buffer.as_ptr() as usize, call.buffer.len(), call.flags);
        Ok(())
    }

    fn deregister_rdma_memory(
        &self,
        _: &SocketRef<'_, Arc<Shared>>,
        call: &call::DeregisterRdmaMemory<'_>,
    ) -> Result<(), error::DeregisterRdmaMemoryError> {
        let key = call.descriptor.read().ok_or(error::DeregisterRdmaMemoryError::Inval)?;
        if exposed::end(key) { Ok(()) } else { Err(error::DeregisterRdmaMemoryError::Inval) }
    }

    fn rdma_write(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::RdmaWrite<'_>,
    ) -> Result<Outcome<u32>, error::RdmaWriteError> {
        WRITES.fetch_add(1, Ordering::SeqCst);
        let key = call.target.read().ok_or(error::RdmaWriteError::Fault)?;
        let (start, length) =
            exposed::target(key, call.target_offset, ffi::MEM_WRITE).ok_or(error::RdmaWriteError::Fault)?;
        let mut bytes = vec![0; call.buffers.total()];
        if bytes.len() > length {
            return Err(error::RdmaWriteError::Fault);
        }
        call.buffers.copy_to(0, &mut bytes);
        let operation = token(call.overlapped.ok_or(error::RdmaWriteError::Inval)?, socket);
        exposed::later(
            stalled(socket),
            (socket.side().map(Side::busy), socket.retain()),
            operation,
            bytes.len(),
            move || {
                // SAFETY: exposed memory, which stays until it is deregistered: that is after the peer's "done".
                unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), start as *mut u8, bytes.len()) };
            },
        );
        Ok(Outcome::Pending)
    }

    fn rdma_read(
        &self,
        socket: &SocketRef<'_, Arc<Shared>>,
        call: &call::RdmaRead<'_>,
    ) -> Result<Outcome<u32>, error::RdmaReadError> {
        READS.fetch_add(1, Ordering::SeqCst);
        let key = call.target.read().ok_or(error::RdmaReadError::Fault)?;
        let (start, length) =
            exposed::target(key, call.target_offset, ffi::MEM_READ).ok_or(error::RdmaReadError::Fault)?;
        let places: Vec<_> = call.buffers.entries().map(|entry| (entry.buf as usize, entry.len as usize)).collect();
        let total: usize = places.iter().map(|(_, length)| length).sum();
        if total > length {
            return Err(error::RdmaReadError::Fault);
        }
        let operation = token(call.overlapped.ok_or(error::RdmaReadError::Inval)?, socket);
        exposed::later(
            stalled(socket),
            (socket.side().map(Side::busy), socket.retain()),
            operation,
            total,
            move || {
                let mut from = start;
                for (to, length) in places {
                    // SAFETY: exposed memory, and a buffer that is good until the operation has ended.
                    unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, length) };
                    from += length;
                }
            },
        );
        Ok(Outcome::Pending)
    }
}

fn name(address: wsp::rt::Bytes<'_>) -> Option<[u8; 16]> {
    address.to_vec().try_into().ok()
}

/// Where to keep the operation if it is the one that never ends.
fn stalled(socket: &SocketRef<'_, Arc<Shared>>) -> Option<impl FnOnce(Operation) + use<>> {
    let side = if STALL.swap(false, Ordering::SeqCst) { socket.side() } else { None };
    side.map(|side| move |operation| lock(&side.inner).stalled.push(operation))
}
