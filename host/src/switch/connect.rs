//! Connecting: through a provider if the documented steps work, and else a word whether TCP/IP may be tried.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wsp::code;

use super::Switch;
use super::provider::SanProvider;
use super::session::{Fault, Role, Session};
use super::stream::SanStream;
use crate::error::Error;

/// Why there is no connection through a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No provider serves the address: TCP/IP does.
    #[error("no provider serves {0}")]
    NoProvider(SocketAddrV4),
    /// The provider has no socket for the connection: TCP/IP may be tried.
    #[error("the provider has no socket for the connection: {0}")]
    NoSocket(Error),
    /// The provider does not get there.
    #[error("{address}: {error}")]
    Failed {
        /// Where to.
        address: SocketAddrV4,
        /// Why not.
        error: Error,
    },
    /// There is a connection, and the session on it fails: there is no way back to TCP/IP.
    #[error("{address}: {fault}")]
    Session {
        /// Where to.
        address: SocketAddrV4,
        /// Why not.
        fault: Fault,
    },
}

impl ConnectError {
    /// May TCP/IP be tried? Not after `WSAECONNRESET`, `WSAECONNREFUSED` and `WSAEHOSTUNREACH`, which a provider reports only
    /// if TCP/IP is certain to fail too; and not once a connection was up.
    pub fn allows_fallback(&self) -> bool {
        const FINAL: [i32; 3] = [code::WSAECONNRESET, code::WSAECONNREFUSED, code::WSAEHOSTUNREACH];
        match self {
            Self::NoProvider(_) | Self::NoSocket(_) => true,
            Self::Failed { error, .. } => !error.code().is_some_and(|code| FINAL.contains(&code)),
            Self::Session { .. } => false,
        }
    }

    /// The code, if the provider gave one.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::NoProvider(_) => None,
            Self::NoSocket(error) | Self::Failed { error, .. } => error.code(),
            Self::Session { fault: Fault::Provider(error), .. } => error.code(),
            Self::Session { .. } => None,
        }
    }
}

impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        let kind = match error {
            ConnectError::NoProvider(_) => io::ErrorKind::AddrNotAvailable,
            ConnectError::NoSocket(inner) | ConnectError::Failed { error: inner, .. } => Self::from(inner).kind(),
            ConnectError::Session { fault, .. } => Self::from(fault).kind(),
        };
        Self::new(kind, error)
    }
}

/// How many ports are remembered as given out: TCP/IP, which knows nothing of them, may call a port free again at once.
const REMEMBERED: usize = 1024;

/// A port that TCP/IP has free at this address now, and that was not given out lately. The switch's own TCP/IP socket would hold
/// it; a provider that itself uses TCP has to be able to take it, so it is let go. For an address that TCP/IP does not know any
/// port is free: they are taken in turn.
pub(super) fn free_port(address: Ipv4Addr) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    static GIVEN: Mutex<VecDeque<u16>> = Mutex::new(VecDeque::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    // Held until another was found, so that the system does not offer the same again.
    let mut tried = Vec::new();
    let port = loop {
        let free = TcpListener::bind((address, 0)).and_then(|free| Ok((free.local_addr()?.port(), free)));
        match free {
            Ok((port, free)) if given.contains(&port) && tried.len() < REMEMBERED => tried.push(free),
            Ok((port, _)) => break port,
            Err(_) => break 0xC000 | NEXT.fetch_add(1, Ordering::Relaxed),
        }
    };
    if given.len() == REMEMBERED {
        given.pop_front();
    }
    given.push_back(port);
    port
}

impl SanStream {
    /// Connects through the provider that serves the address.
    ///
    /// # Errors
    /// There is none, or no way; the error says whether TCP/IP may be tried.
    pub fn connect(switch: &Switch, address: SocketAddrV4) -> Result<Self, ConnectError> {
        let route = switch.route(*address.ip());
        let (provider, local) = route.ok_or(ConnectError::NoProvider(address))?;
        Self::connect_from(switch, &provider, local, address)
    }

    /// Connects through this provider, from its address `local`.
    ///
    /// # Errors
    /// As above.
    pub fn connect_from(
        switch: &Switch,
        provider: &SanProvider,
        local: Ipv4Addr,
        address: SocketAddrV4,
    ) -> Result<Self, ConnectError> {
        let options = switch.options();
        let socket = provider.socket().map_err(ConnectError::NoSocket)?;
        let local = SocketAddrV4::new(local, free_port(local));
        socket.bind(local).map_err(ConnectError::NoSocket)?;
        let failed = |error| ConnectError::Failed { address, error };
        // Whatever fails from here on closes the socket by dropping it.
        let connecting = socket.connect(address).map_err(failed)?;
        connecting.finish(&socket, options.patience).map_err(failed)?;
        let broken = |fault| ConnectError::Session { address, fault };
        let session =
            Session::prepare(Arc::new(socket), options, Role::Connecting, (local, address)).map_err(broken)?;
        session.negotiate(Role::Connecting).map_err(broken)?;
        Ok(Self::new(switch, session))
    }
}
