//! What the tests of the shared-memory transport have in common.
#![allow(dead_code, reason = "every test file uses its part of it")]

use std::net::{Ipv4Addr, SocketAddrV4};
use std::task::Poll;

use wsp::transport::{
    Bell, Bound, Connection as _, Fault, Gather, Listener as _, Mode, Received, Region, Request as _, Scatter, Sent,
    Transport,
};
use wsp_provider::shm::{Connection, Lease, Listener, Settings, Shm};

pub const DOUBLE: Settings = Settings { single_copy: false };
pub const SINGLE: Settings = Settings { single_copy: true };

pub fn shm(settings: Settings) -> Shm {
    Shm::new(settings).expect("the transport starts")
}

pub fn anywhere() -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)
}

/// A listening end at any address.
pub fn listen(shm: &Shm, backlog: usize, mode: Mode) -> (Bound<Lease>, Listener) {
    let bound = shm.bind(anywhere(), false).expect("an address is free");
    let listener = shm.listen(&bound, backlog, mode).expect("nobody listens there");
    (bound, listener)
}

pub fn connect(shm: &Shm, to: SocketAddrV4, mode: Mode) -> Result<Connection, Fault> {
    let bound = shm.bind(anywhere(), false).expect("an address is free");
    shm.connect(&bound, to, mode)
}

/// Sleeps at the bell until there is an answer.
pub fn until<T>(shm: &Shm, mut answer: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        let ticket = shm.bell().arm();
        let second = answer();
        if second.is_none() {
            shm.bell().sleep(ticket, None);
        }
        shm.bell().disarm();
        if let Some(answer) = second {
            return answer;
        }
    }
}

pub fn accept(shm: &Shm, listener: &Listener) -> Connection {
    let request = until(shm, || match listener.poll() {
        Poll::Ready(request) => Some(request.expect("the listener is good")),
        Poll::Pending => None,
    });
    request.accept().expect("the other side is there")
}

pub fn established(shm: &Shm, connection: &Connection) -> Result<(), Fault> {
    until(shm, || match connection.established() {
        Poll::Ready(made) => Some(made),
        Poll::Pending => None,
    })
}

/// Two transports, and the two ends of a connection between them: the one that asked for it first.
pub struct Pair {
    pub one: Connection,
    pub other: Connection,
    pub asker: Shm,
    pub accepter: Shm,
}

pub fn pair(mode: Mode, settings: Settings) -> Pair {
    let (asker, accepter) = (shm(settings), shm(settings));
    let (bound, listener) = listen(&accepter, 4, mode);
    let one = connect(&asker, bound.address, mode).expect("somebody listens");
    let other = accept(&accepter, &listener);
    assert_eq!(established(&asker, &one), Ok(()));
    Pair { one, other, asker, accepter }
}

pub fn region(memory: &mut [u8]) -> Region {
    // SAFETY: every test keeps the memory until the operations on it have ended.
    unsafe { Region::new(memory.as_mut_ptr(), memory.len()) }
}

pub fn gather(memory: &mut [u8]) -> Gather {
    Gather::of(region(memory))
}

pub fn scatter(memory: &mut [u8]) -> Scatter {
    Scatter::of(region(memory))
}

/// Sends all of it; waits until its memory is free.
pub fn send(shm: &Shm, connection: &Connection, bytes: &[u8], lend: bool) -> Result<(), Fault> {
    let mut bytes = bytes.to_vec();
    let data = gather(&mut bytes);
    let (before, mut at) = (connection.released(), 0);
    loop {
        match until(shm, || Some(connection.send(&data, at, lend)).filter(|sent| *sent != Ok(Sent::Full)))? {
            Sent::All => return Ok(()),
            Sent::Part(count) => at += count,
            Sent::Lent => break,
            Sent::Full => unreachable!("filtered"),
        }
    }
    until(shm, || (connection.released() > before).then_some(()));
    Ok(())
}

/// One receive into so much room.
pub fn receive(shm: &Shm, connection: &Connection, room: usize) -> Result<(Vec<u8>, Received), Fault> {
    let mut bytes = vec![0; room];
    let to = scatter(&mut bytes);
    let received = until(shm, || match connection.receive(&to, 0, false) {
        Ok(Received::Nothing) => None,
        answer => Some(answer),
    })?;
    if let Received::Bytes { count, .. } = received {
        bytes.truncate(count);
    } else {
        bytes.clear();
    }
    Ok((bytes, received))
}

/// Receives so many bytes, in pieces of at most `piece`.
pub fn receive_all(shm: &Shm, connection: &Connection, count: usize, piece: usize) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    while all.len() < count {
        let (bytes, received) = receive(shm, connection, piece.min(count - all.len()))?;
        assert_ne!(received, Received::End, "the peer has not finished");
        all.extend(bytes);
    }
    Ok(all)
}

/// Receives one message, in pieces of at most `piece`.
pub fn receive_message(shm: &Shm, connection: &Connection, piece: usize) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    loop {
        let (bytes, received) = receive(shm, connection, piece)?;
        all.extend(bytes);
        if let Received::Bytes { last: true, .. } = received {
            return Ok(all);
        }
    }
}

/// Bytes that are not easily confused.
pub fn pattern(seed: u32, count: usize) -> Vec<u8> {
    let mut state = seed | 1;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}
