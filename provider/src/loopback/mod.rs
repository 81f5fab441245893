//! An example to copy: a complete transport whose network is this process.
//!
//! `network` knows who has which address and who listens there, `pipe` moves the bytes of one direction, and the connection
//! below is two pipes. All of Winsock around that is the runtime's.

mod network;
mod pipe;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use wsp::rt::Startup;
use wsp::transport::{
    Access, Bell, Bound, Common, Connection, Ending, Exposures, Fault, Gather, LocalBell, LocalCommon, Mode, Parcel,
    Rdma, Ready, Received, Region, Remote, Scatter, Sent, State, Taken, Transfer, Transport,
};

use network::{Lease, Network, Queue};
use pipe::Pipe;

/// Connections inside this process.
pub struct Loopback {
    network: Arc<Network>,
    bell: Arc<LocalBell>,
    /// What was given and not taken yet. The other process is always this one.
    parcels: Mutex<HashMap<u32, Handed>>,
    claims: AtomicU32,
}

/// What was given, and the state that goes with it.
type Handed = (Taken<Loopback>, State);

#[wsp::provider(export = false)]
impl Transport for Loopback {
    const DESCRIPTION: &'static str = "Connections inside one process";
    type Bell = LocalBell;
    type Lease = Lease;
    type Listener = network::Listener;
    type Connection = End;

    fn start(_: &Startup) -> Result<Self, Fault> {
        Ok(Self { network: Arc::default(), bell: Arc::default(), parcels: Mutex::default(), claims: AtomicU32::new(1) })
    }

    fn bell(&self) -> &LocalBell {
        &self.bell
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        vec![Ipv4Addr::LOCALHOST]
    }

    fn bind(&self, wanted: SocketAddrV4, share: bool) -> Result<Bound<Lease>, Fault> {
        if !wanted.ip().is_loopback() && !wanted.ip().is_unspecified() {
            return Err(Fault::AddressNotAvailable);
        }
        let port = self.network.lease(wanted.port(), share)?;
        let lease = Lease::new(&self.network, port);
        Ok(Bound { address: SocketAddrV4::new(*wanted.ip(), port), lease })
    }

    fn listen(&self, from: &Bound<Lease>, backlog: usize, mode: Mode) -> Result<network::Listener, Fault> {
        self.listen_at(from, backlog, mode, mode == Mode::Messages)
    }

    fn listen_conditionally(
        &self,
        from: &Bound<Lease>,
        backlog: usize,
        mode: Mode,
    ) -> Result<network::Listener, Fault> {
        self.listen_at(from, backlog, mode, true)
    }

    fn connect(&self, from: &Bound<Lease>, to: SocketAddrV4, mode: Mode) -> Result<End, Fault> {
        if !to.ip().is_loopback() {
            return Err(Fault::TimedOut);
        }
        let local = if from.address.ip().is_unspecified() {
            SocketAddrV4::new(Ipv4Addr::LOCALHOST, from.address.port())
        } else {
            from.address
        };
        let queue = self.network.listener(to.port(), mode).ok_or(Fault::nobody_listens(mode))?;
        let (client, server) = End::pair(local, to, mode, queue.answers(), &self.bell);
        queue.offer(server)?;
        Ok(client)
    }

    fn common(&self) -> Result<Arc<dyn Common>, Fault> {
        Ok(Arc::new(LocalCommon::default()))
    }

    fn give(&self, parcel: Parcel<'_, Self>, to_process: u32, state: &State) -> Result<u32, Fault> {
        if to_process != std::process::id() {
            return Err(Fault::NotSupported);
        }
        let parcel = match parcel {
            Parcel::Bare => Taken::Bare,
            Parcel::Listener(listener) => Taken::Listener(listener.clone(), listener.bound()?),
            Parcel::Connection { connection, shared } => Taken::Connection(connection.another(shared)),
        };
        let claim = self.claims.fetch_add(1, Ordering::Relaxed);
        self.parcels.lock().unwrap_or_else(PoisonError::into_inner).insert(claim, (parcel, state.clone()));
        Ok(claim)
    }

    fn take(&self, claim: u32) -> Result<(Taken<Self>, State), Fault> {
        self.parcels.lock().unwrap_or_else(PoisonError::into_inner).remove(&claim).ok_or(Fault::BadClaim)
    }
}

impl Loopback {
    fn listen_at(
        &self,
        from: &Bound<Lease>,
        backlog: usize,
        mode: Mode,
        answers: bool,
    ) -> Result<network::Listener, Fault> {
        let queue = Queue::new(mode, answers, backlog, &self.bell);
        self.network.listen(from.address.port(), &queue)?;
        Ok(network::Listener::new(&self.network, from.address, queue))
    }
}

const WAITING: u8 = 0;
const MADE: u8 = 1;
const REFUSED: u8 = 2;

/// What both ends of a connection share.
struct Link {
    /// One pipe for each direction: the first is from the client.
    pipes: [Pipe; 2],
    /// What each end opens to the other: the first is the client's.
    memory: [Exposures; 2],
    addresses: [SocketAddrV4; 2],
    /// How many values there are for each end: it closes with the last.
    users: [AtomicUsize; 2],
    answer: AtomicU8,
    bell: Arc<LocalBell>,
}

/// An end of a connection.
pub struct End {
    link: Arc<Link>,
    /// 0 is the client, 1 the server.
    side: usize,
    /// Closed, or given away: nothing is left to end.
    over: AtomicBool,
}

impl End {
    /// Both ends. Unless the listener's side `answers`, the connection is made.
    fn pair(
        client: SocketAddrV4,
        server: SocketAddrV4,
        mode: Mode,
        answers: bool,
        bell: &Arc<LocalBell>,
    ) -> (Self, Self) {
        let link = Arc::new(Link {
            pipes: [Pipe::new(mode), Pipe::new(mode)],
            memory: Default::default(),
            addresses: [client, server],
            users: [AtomicUsize::new(1), AtomicUsize::new(1)],
            answer: AtomicU8::new(if answers { WAITING } else { MADE }),
            bell: Arc::clone(bell),
        });
        (Self::of(&link, 0), Self::of(&link, 1))
    }

    fn of(link: &Arc<Link>, side: usize) -> Self {
        Self { link: Arc::clone(link), side, over: AtomicBool::new(false) }
    }

    /// Another value for this end: beside this one, or in its place.
    fn another(&self, shared: bool) -> Self {
        if shared {
            self.link.users[self.side].fetch_add(1, Ordering::Relaxed);
        } else {
            self.over.store(true, Ordering::Relaxed);
        }
        Self::of(&self.link, self.side)
    }

    /// The listener's side has decided.
    fn answer(&self, accepted: bool) {
        let answer = if accepted { MADE } else { REFUSED };
        // What is made already stays so: to the client, a refusal is then a reset.
        let _ = self.link.answer.compare_exchange(WAITING, answer, Ordering::Release, Ordering::Relaxed);
        if !accepted {
            self.close(Ending::Abortive);
        }
        self.link.bell.ring();
    }

    fn outgoing(&self) -> &Pipe {
        &self.link.pipes[self.side]
    }

    fn incoming(&self) -> &Pipe {
        &self.link.pipes[1 - self.side]
    }
}

impl Connection for End {
    fn established(&self) -> Poll<Result<(), Fault>> {
        match self.link.answer.load(Ordering::Acquire) {
            MADE => Poll::Ready(Ok(())),
            REFUSED => Poll::Ready(Err(Fault::Refused)),
            _ => Poll::Pending,
        }
    }

    fn local(&self) -> SocketAddrV4 {
        self.link.addresses[self.side]
    }

    fn peer(&self) -> SocketAddrV4 {
        self.link.addresses[1 - self.side]
    }

    fn send(&self, data: &Gather, at: usize, _: bool) -> Result<Sent, Fault> {
        let sent = self.outgoing().send(data, at)?;
        if sent != Sent::Full {
            self.link.bell.ring();
        }
        Ok(sent)
    }

    fn receive(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault> {
        let received = self.incoming().receive(room, at, peek)?;
        if matches!(received, Received::Bytes { .. }) && !peek {
            // There is room again.
            self.link.bell.ring();
        }
        Ok(received)
    }

    fn ready(&self) -> Ready {
        let (readable, ended, fault) = self.incoming().readable();
        Ready { readable, writable: self.outgoing().writable(), ended, fault }
    }

    fn available(&self) -> usize {
        self.incoming().available()
    }

    fn finish(&self) {
        self.outgoing().end();
        self.link.bell.ring();
    }

    fn close(&self, how: Ending) {
        if self.over.swap(true, Ordering::AcqRel) || self.link.users[self.side].fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        self.link.memory[self.side].withdraw_all();
        match how {
            Ending::Graceful => {
                self.outgoing().end();
                self.incoming().abandon();
            }
            Ending::Abortive => self.link.pipes.iter().for_each(Pipe::reset),
        }
        self.link.bell.ring();
    }

    fn rdma(&self) -> Option<&dyn Rdma> {
        Some(self)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.close(Ending::Abortive);
    }
}

/// Bytes copied at a time.
const CHUNK: usize = 4096;

impl Rdma for End {
    fn expose(&self, region: Region, access: Access) -> Result<u64, Fault> {
        Ok(self.link.memory[self.side].expose(region, access))
    }

    fn withdraw(&self, key: u64) -> Result<(), Fault> {
        self.link.memory[self.side].withdraw(key)
    }

    fn write(&self, data: &Gather, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        let memory = &self.link.memory[1 - self.side];
        memory.with(remote.key, offset, data.len(), |access| access.write, |_| {})?;
        let mut chunk = [0; CHUNK];
        for at in (0..data.len()).step_by(CHUNK) {
            let count = data.copy_to(at, &mut chunk);
            memory.write(remote.key, offset + at as u64, &chunk[..count])?;
        }
        Ok(Transfer::Done)
    }

    fn read(&self, room: &Scatter, remote: &Remote, offset: u64) -> Result<Transfer, Fault> {
        let memory = &self.link.memory[1 - self.side];
        memory.with(remote.key, offset, room.len(), |access| access.read, |_| {})?;
        let mut chunk = [0; CHUNK];
        for at in (0..room.len()).step_by(CHUNK) {
            let count = CHUNK.min(room.len() - at);
            memory.read(remote.key, offset + at as u64, &mut chunk[..count])?;
            room.copy_from(at, &chunk[..count]);
        }
        Ok(Transfer::Done)
    }

    fn finished(&self) -> Option<Result<(), Fault>> {
        // Every transfer is done at once.
        None
    }
}
