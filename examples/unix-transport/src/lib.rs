//! A provider whose network is the machine's Unix sockets. Linux only: its names are abstract ones, which go with their owner.
#![forbid(unsafe_code)]

mod end;

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use wsp::rt::Startup;
use wsp::transport::{Bound, Fault, Mode, Request, TickingBell, Transport};

use end::End;

/// The network.
pub struct Unix(TickingBell);

#[wsp::provider]
impl Transport for Unix {
    const DESCRIPTION: &'static str = "Connections through Unix sockets";
    type Bell = TickingBell;
    type Lease = UnixDatagram;
    type Listener = Listener;
    type Connection = End;

    fn start(_: &Startup) -> Result<Self, Fault> {
        Ok(Self(TickingBell::default()))
    }

    fn bell(&self) -> &TickingBell {
        &self.0
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        vec![Ipv4Addr::LOCALHOST]
    }

    fn bind(&self, wanted: SocketAddrV4, _share: bool) -> Result<Bound<UnixDatagram>, Fault> {
        if !wanted.ip().is_loopback() && !wanted.ip().is_unspecified() {
            return Err(Fault::AddressNotAvailable);
        }
        let candidates = if wanted.port() == 0 { 49152..=u16::MAX } else { wanted.port()..=wanted.port() };
        for port in candidates {
            // Whoever has the name has the port; nothing is ever sent to it.
            match UnixDatagram::bind_addr(&name("port", port)?) {
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                taken => return Ok(Bound { address: SocketAddrV4::new(*wanted.ip(), port), lease: taken? }),
            }
        }
        Err(Fault::AddressInUse)
    }

    fn listen(&self, from: &Bound<UnixDatagram>, _backlog: usize, mode: Mode) -> Result<Listener, Fault> {
        if mode == Mode::Messages {
            return Err(Fault::NotSupported);
        }
        let socket = UnixListener::bind_addr(&name("listener", from.address.port())?)?;
        socket.set_nonblocking(true)?;
        Ok(Listener { socket, port: from.address.port(), next: Mutex::default() })
    }

    fn connect(&self, from: &Bound<UnixDatagram>, to: SocketAddrV4, mode: Mode) -> Result<End, Fault> {
        match mode {
            Mode::Messages => return Err(Fault::NotSupported),
            Mode::Stream if !to.ip().is_loopback() => return Err(Fault::TimedOut),
            Mode::Stream => {}
        }
        let mut stream = UnixStream::connect_addr(&name("listener", to.port())?)?;
        // A Unix socket does not tell which port its peer calls from, so we do.
        stream.write_all(&from.address.port().to_be_bytes())?;
        Ok(End::new(stream, local(from.address.port()), to)?)
    }
}

fn name(kind: &str, port: u16) -> Result<SocketAddr, Error> {
    SocketAddr::from_abstract_name(format!("wsp-example/{kind}/{port}"))
}

fn local(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// A listening end.
pub struct Listener {
    socket: UnixListener,
    port: u16,
    /// Who was seen to wait and not taken yet.
    next: Mutex<Option<Caller>>,
}

impl Listener {
    fn accept(&self) -> Result<Caller, Error> {
        let (mut stream, _) = self.socket.accept()?;
        let mut port = [0; 2];
        // It says so at once; one that does not must not keep others waiting for long.
        stream.set_read_timeout(Some(std::time::Duration::from_secs(1)))?;
        stream.read_exact(&mut port)?;
        Ok(Caller(End::new(stream, local(self.port), local(u16::from_be_bytes(port)))?))
    }
}

impl wsp::transport::Listener for Listener {
    type Connection = End;
    type Request = Caller;

    fn poll(&self) -> Poll<Result<Caller, Fault>> {
        if !self.waiting() {
            return Poll::Pending;
        }
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        next.map_or(Poll::Pending, |caller| Poll::Ready(Ok(caller)))
    }

    fn waiting(&self) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        // A caller that is gone again is nobody's business.
        *next = next.take().or_else(|| self.accept().ok());
        next.is_some()
    }

    fn set_backlog(&self, _backlog: usize) {
        // The system has its own.
    }
}

/// Somebody who wants to connect. Dropped, it is refused: the stream ends.
pub struct Caller(End);

impl Request for Caller {
    type Connection = End;

    fn peer(&self) -> SocketAddrV4 {
        self.0.peer
    }

    fn local(&self) -> SocketAddrV4 {
        self.0.local
    }

    fn accept(self) -> Result<End, Fault> {
        Ok(self.0)
    }
}
