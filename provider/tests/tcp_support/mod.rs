//! What the tests of the TCP transport have in common.
#![allow(dead_code, reason = "every test file uses its part of it")]

#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddrV4;
use std::time::Duration;

pub use support::*;
use wsp::transport::{Fault, Mode};
use wsp_provider::tcp::{Connection, Settings, Tcp};

pub fn tcp() -> Tcp {
    Tcp::new(Settings::default()).expect("the transport starts")
}

/// With so much patience.
pub fn patient(patience: Duration) -> Tcp {
    Tcp::new(Settings { connect: patience, handshake: patience, ..Settings::default() }).expect("the transport starts")
}

pub fn pair(mode: Mode) -> Pair<Tcp> {
    pair_of(tcp(), tcp(), mode)
}

/// Both ends of a connection for one thread to look after, on one transport.
pub fn alone(mode: Mode) -> (Tcp, [Connection; 2]) {
    let network = tcp();
    let ends = ends_of([&network; 2], mode);
    (network, ends)
}

/// A connection that is made: in a stream as soon as it waits.
pub fn connected(network: &Tcp, to: SocketAddrV4, mode: Mode) -> Result<Connection, Fault> {
    let connection = connect(network, to, mode)?;
    established(network, &connection)?;
    Ok(connection)
}

/// Another process of the test.
pub fn start(role: &str) -> Other {
    Other::start_with(role, &[])
}

fn parse_mode(mode: &str) -> Mode {
    if mode == "messages" { Mode::Messages } else { Mode::Stream }
}

fn name_of(mode: Mode) -> &'static str {
    if mode == Mode::Messages { "messages" } else { "stream" }
}

/// A connection to an address and in a mode that are heard.
pub fn called(network: &Tcp) -> Connection {
    let (to, mode): (SocketAddrV4, String) = (hear(), hear());
    connected(network, to, parse_mode(&mode)).unwrap()
}

/// Another process that has connected to this one.
pub fn caller(network: &Tcp, role: &str, mode: Mode) -> (Other, Connection) {
    let (bound, listener) = listen(network, 1, mode);
    let mut other = start(role);
    other.tell(bound.address);
    other.tell(name_of(mode));
    let connection = accept(network, &listener);
    (other, connection)
}
