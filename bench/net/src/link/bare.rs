//! The shared-memory transport without a provider around it.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::task::Poll;

use wsp::transport::{
    Connection as _, Gather, Listener as _, Mode, Received, Region, Request as _, Scatter, Sent, Transport as _,
};
use wsp_provider::shm::{Connection, Settings, Shm};

use super::{LARGEST, Link, Pages, Problem, said};

/// Sends whose memory the peer may still be reading.
const LENT: u64 = 8;

/// One end.
pub struct Bare {
    connection: Connection,
    /// For messages of each size that was asked for last.
    out: (usize, Gather),
    memory: Pages,
    room: Scatter,
    _room: Pages,
    lent: u64,
    _network: Shm,
}

impl Bare {
    fn new(network: Shm, connection: Connection) -> Self {
        let (mut memory, mut room) = (Pages::new(LARGEST), Pages::new(LARGEST));
        let out = (0, gather(&mut memory[..0]));
        // SAFETY: the memory lives as long as the connection: a box's contents do not move.
        let scatter = Scatter::of(unsafe { Region::new(room.as_mut_ptr(), room.len()) });
        Self { connection, out, memory, room: scatter, _room: room, lent: 0, _network: network }
    }

    fn wait_for(&self, released: u64) {
        while self.connection.released() < released {
            self.connection.progress();
            std::hint::spin_loop();
        }
    }
}

fn gather(memory: &mut [u8]) -> Gather {
    // SAFETY: as in `Bare::new`.
    Gather::of(unsafe { Region::new(memory.as_mut_ptr(), memory.len()) })
}

pub fn answer(tell: &mut dyn FnMut(&str) -> Result<(), Problem>) -> Result<Bare, Problem> {
    let network = Shm::new(Settings::default()).map_err(said)?;
    let bound = network.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), false).map_err(said)?;
    let listener = network.listen(&bound, 1, Mode::Messages).map_err(said)?;
    tell(&bound.address.to_string())?;
    loop {
        if let Poll::Ready(request) = listener.poll() {
            let connection = request.and_then(wsp_provider::shm::Request::accept).map_err(said)?;
            return Ok(Bare::new(network, connection));
        }
        std::thread::yield_now();
    }
}

pub fn ask(place: &str) -> Result<Bare, Problem> {
    let network = Shm::new(Settings::default()).map_err(said)?;
    let bound = network.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), false).map_err(said)?;
    let connection = network.connect(&bound, place.parse().map_err(said)?, Mode::Messages).map_err(said)?;
    loop {
        if let Poll::Ready(made) = connection.established() {
            made.map_err(said)?;
            return Ok(Bare::new(network, connection));
        }
        std::thread::yield_now();
    }
}

/// Both ends in one process.
pub fn both() -> Result<(Bare, Bare), Problem> {
    let (near, far) = (Shm::new(Settings::default()).map_err(said)?, Shm::new(Settings::default()).map_err(said)?);
    let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    let (there, here) = (far.bind(any, false).map_err(said)?, near.bind(any, false).map_err(said)?);
    let listener = far.listen(&there, 1, Mode::Messages).map_err(said)?;
    let asking = near.connect(&here, there.address, Mode::Messages).map_err(said)?;
    let answering = loop {
        if let Poll::Ready(request) = listener.poll() {
            break request.and_then(wsp_provider::shm::Request::accept).map_err(said)?;
        }
        std::thread::yield_now();
    };
    while asking.established().is_pending() {
        std::thread::yield_now();
    }
    Ok((Bare::new(near, asking), Bare::new(far, answering)))
}

impl Link for Bare {
    fn send(&mut self, size: usize) -> Result<(), Problem> {
        if self.out.0 != size {
            self.out = (size, gather(&mut self.memory[..size]));
        }
        self.wait_for(self.lent.saturating_sub(LENT));
        let mut at = 0;
        loop {
            match self.connection.send(&self.out.1, at, true).map_err(said)? {
                Sent::All => return Ok(()),
                Sent::Lent => {
                    self.lent += 1;
                    return Ok(());
                }
                Sent::Part(count) => at += count,
                Sent::Full => std::hint::spin_loop(),
            }
        }
    }

    fn flush(&mut self) -> Result<(), Problem> {
        self.wait_for(self.lent);
        Ok(())
    }

    fn recv(&mut self, size: usize) -> Result<(), Problem> {
        let mut at = 0;
        loop {
            match self.connection.receive(&self.room, at, false).map_err(said)? {
                Received::Bytes { count, last } => {
                    at += count;
                    if last {
                        return if at == size { Ok(()) } else { Err(format!("{at} bytes instead of {size}")) };
                    }
                }
                Received::Nothing => std::hint::spin_loop(),
                Received::End => return Err("the other process is gone".into()),
            }
        }
    }
}
