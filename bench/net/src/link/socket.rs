//! The system's own sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use super::{LARGEST, Link, Problem, said};

/// A stream that is polled if it does not wait itself.
pub struct Stream<S> {
    stream: S,
    out: Vec<u8>,
    room: Vec<u8>,
}

impl<S> Stream<S> {
    fn new(stream: S) -> Self {
        // Written, so that the memory is there.
        Self { stream, out: vec![1; LARGEST], room: vec![1; LARGEST] }
    }
}

impl<S: Read + Write> Link for Stream<S> {
    fn send(&mut self, size: usize) -> Result<(), Problem> {
        let mut at = 0;
        while at < size {
            match self.stream.write(&self.out[at..size]) {
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(said(error)),
            }
        }
        Ok(())
    }

    fn recv(&mut self, size: usize) -> Result<(), Problem> {
        let mut at = 0;
        while at < size {
            match self.stream.read(&mut self.room[at..size]) {
                Ok(0) => return Err("the other process is gone".into()),
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(said(error)),
            }
        }
        Ok(())
    }
}

fn tcp(stream: TcpStream, busy: bool) -> Result<Stream<TcpStream>, Problem> {
    stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(busy)).map_err(said)?;
    Ok(Stream::new(stream))
}

pub fn tcp_answer(busy: bool, tell: &mut dyn FnMut(&str) -> Result<(), Problem>) -> Result<Stream<TcpStream>, Problem> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(said)?;
    tell(&listener.local_addr().map_err(said)?.to_string())?;
    tcp(listener.accept().map_err(said)?.0, busy)
}

pub fn tcp_ask(busy: bool, place: &str) -> Result<Stream<TcpStream>, Problem> {
    tcp(TcpStream::connect(place).map_err(said)?, busy)
}

/// Both ends in one process.
pub fn tcp_both() -> Result<(Stream<TcpStream>, Stream<TcpStream>), Problem> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(said)?;
    let asking = TcpStream::connect(listener.local_addr().map_err(said)?).map_err(said)?;
    Ok((tcp(asking, true)?, tcp(listener.accept().map_err(said)?.0, true)?))
}

fn unix(stream: UnixStream) -> Result<Stream<UnixStream>, Problem> {
    stream.set_nonblocking(true).map_err(said)?;
    Ok(Stream::new(stream))
}

pub fn unix_answer(tell: &mut dyn FnMut(&str) -> Result<(), Problem>) -> Result<Stream<UnixStream>, Problem> {
    let name = format!("wsp-bench-{}", std::process::id());
    let listener =
        SocketAddr::from_abstract_name(&name).and_then(|name| UnixListener::bind_addr(&name)).map_err(said)?;
    tell(&name)?;
    unix(listener.accept().map_err(said)?.0)
}

pub fn unix_ask(place: &str) -> Result<Stream<UnixStream>, Problem> {
    unix(SocketAddr::from_abstract_name(place).and_then(|name| UnixStream::connect_addr(&name)).map_err(said)?)
}
