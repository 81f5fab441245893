//! What a socket is and may do next.

use std::net::SocketAddrV4;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::network::{Connection, Lease, Listener};
use crate::options::Options;
use crate::stream::Patience;

/// A socket of this provider.
pub struct Socket {
    state: Mutex<State>,
    /// The catalog entry it was made for, as bytes, for `SO_PROTOCOL_INFOW`.
    pub info: wsp::ffi::WSAPROTOCOL_INFOW,
}

/// The state of a socket; no lock is held while a call waits.
pub struct State {
    /// Where it is in its life.
    pub stage: Stage,
    /// Its own address, once bound.
    pub local: Option<Lease>,
    /// What `WSPSetSockOpt` and `WSPIoctl` set.
    pub options: Options,
    /// `WSPShutdown` was called for this direction.
    pub receive_shut: bool,
    /// `WSPShutdown` was called for this direction.
    pub send_shut: bool,
    /// Closed or reset: the peer has been told.
    pub ended: bool,
}

/// Where a socket is in its life.
#[derive(Clone)]
pub enum Stage {
    /// Created or bound.
    Open,
    /// Waiting for connections.
    Listening(Arc<Listener>),
    /// Connected.
    Connected(Connection),
}

impl Socket {
    /// A new socket.
    pub fn new(info: wsp::ffi::WSAPROTOCOL_INFOW) -> Self {
        Self::in_stage(info, Stage::Open, None, Options::default())
    }

    /// An accepted socket: it has the listener's properties.
    pub fn accepted(
        info: wsp::ffi::WSAPROTOCOL_INFOW,
        connection: Connection,
        local: Option<Lease>,
        options: Options,
    ) -> Self {
        Self::in_stage(info, Stage::Connected(connection), local, options)
    }

    fn in_stage(info: wsp::ffi::WSAPROTOCOL_INFOW, stage: Stage, local: Option<Lease>, options: Options) -> Self {
        let state = State { stage, local, options, receive_shut: false, send_shut: false, ended: false };
        Self { state: Mutex::new(state), info }
    }

    /// The state, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Socket {
    /// A connection whose socket never came to life (the host had no handle for it) must not leave its peer waiting.
    fn drop(&mut self) {
        let state = self.lock();
        if let (false, Stage::Connected(connection)) = (state.ended, &state.stage) {
            connection.reset();
        }
    }
}

impl State {
    /// The address, if there is one.
    pub fn address(&self) -> Option<SocketAddrV4> {
        self.local.as_ref().map(|lease| lease.address)
    }

    /// The connection, if there is one.
    pub fn connection(&self) -> Option<Connection> {
        match &self.stage {
            Stage::Connected(connection) => Some(connection.clone()),
            Stage::Open | Stage::Listening(_) => None,
        }
    }

    /// The listener, if it is one.
    pub fn listener(&self) -> Option<Arc<Listener>> {
        match &self.stage {
            Stage::Listening(listener) => Some(Arc::clone(listener)),
            Stage::Open | Stage::Connected(_) => None,
        }
    }

    /// How long a call may wait that has this time limit in milliseconds (0: none).
    pub fn patience(&self, limit: u32) -> Patience {
        match (self.options.nonblocking, limit) {
            (true, _) => Patience::None,
            (false, 0) => Patience::Forever,
            (false, limit) => Patience::For(Duration::from_millis(limit.into())),
        }
    }
}
