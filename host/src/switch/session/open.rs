//! The beginning of a session: memory, receives, negotiation.

use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use wsp::ffi;

use super::state::{Fault, Move, State};
use super::{Limits, Session, Waited};
use crate::deadline::after;
use crate::error::Error;
use crate::switch::bell::Bell;
use crate::switch::options::SwitchOptions;
use crate::switch::region::Region;
use crate::switch::socket::SanSocket;
use crate::switch::wire::{Message, Terms};

/// Which side of the connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It connected.
    Connecting,
    /// It accepted.
    Accepting,
}

/// Without a word from the provider, larger writes go by RDMA.
const THRESHOLD: u32 = 64 * 1024;

impl Session {
    /// Registers the two regions of a connected socket, and posts the receives.
    ///
    /// # Errors
    /// The provider's.
    pub fn prepare(
        socket: Arc<SanSocket>,
        options: &SwitchOptions,
        role: Role,
        (local, remote): (SocketAddrV4, SocketAddrV4),
    ) -> Result<Self, Fault> {
        let (state, limits) = lay_out(&socket, options, role)?;
        let bell = Arc::new(Bell::default());
        let sink: Arc<Bell> = Arc::clone(&bell);
        if !socket.report_to_sink(sink) {
            let answer = "a socket whose handle is closed already";
            return Err(Error::Nonsense { function: "WSPSocket", answer }.into());
        }
        let session = Self {
            socket,
            bell,
            options: options.clone(),
            reader: Mutex::default(),
            writer: Mutex::default(),
            state: Mutex::new(state),
            closing: Mutex::default(),
            limits,
            local,
            remote,
            nonblocking: AtomicBool::new(false),
            read_timeout: Mutex::default(),
        };
        {
            let mut state = session.lock();
            for slot in 0..state.receives.count() {
                state.post(slot)?;
            }
        }
        Ok(session)
    }

    /// Exchanges terms with the peer: the connecting side first, the accepting side in answer.
    ///
    /// # Errors
    /// The provider's, a peer that is no switch, or one that does not answer in time.
    pub fn negotiate(&self, role: Role) -> Result<(), Fault> {
        let until = Some(after(self.options.patience));
        let timeout = Error::Documented { function: "WSPRecv", code: wsp::code::WSAETIMEDOUT };
        if role == Role::Connecting {
            self.send_terms(identity(&self.socket));
        }
        let agreed = self.wait(until, |state| match (state.fault, &state.peer) {
            (None, Some((peer, _))) => Some(Ok(peer.session)),
            (Some(fault), _) => Some(Err(fault)),
            (None, None) => None,
        });
        let session = match agreed {
            Waited::Got(agreed) => agreed?,
            Waited::Timeout => return Err(timeout.into()),
        };
        if role == Role::Accepting {
            self.send_terms(session);
        }
        self.lock().fault.map_or(Ok(()), Err)
    }

    fn send_terms(&self, session: [u8; 16]) {
        let mut state = self.lock();
        let terms = Terms {
            receives: u16::try_from(state.receives.count()).unwrap_or(u16::MAX),
            message_size: u32::try_from(state.receives.bytes(0).len()).unwrap_or(u32::MAX),
            rdma_read: self.socket.provider().extensions().rdma_read.is_some(),
            session,
        };
        state.send(Message::Negotiate(terms));
    }
}

/// A number for the session that no other has: process, time, descriptor and address.
fn identity(socket: &SanSocket) -> [u8; 16] {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Each has random keys.
    let half = || {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_usize(socket.raw());
        hasher.write_u32(std::process::id());
        hasher.finish().to_le_bytes()
    };
    let mut identity = [0; 16];
    identity[..8].copy_from_slice(&half());
    identity[8..].copy_from_slice(&half());
    identity
}

/// Memory, registered, and a state without a peer.
pub(super) fn lay_out(socket: &Arc<SanSocket>, options: &SwitchOptions, role: Role) -> Result<(State, Limits), Fault> {
    let message_size = options.message_size(socket.option(ffi::SO_MAX_MSG_SIZE)?);
    let threshold = match options.rdma_threshold {
        Some(threshold) => threshold,
        None => socket.option(ffi::SO_RDMA_THRESHOLD_SIZE)?.unwrap_or(THRESHOLD),
    };
    let largest = socket.option(ffi::SO_MAX_RDMA_SIZE)?.unwrap_or(u32::MAX).min(options.rdma_size).max(1);
    let limits = Limits { threshold: threshold as usize, rdma_size: largest as usize };
    let count = usize::from(options.receives());
    let mut receives = Region::new(count, message_size as usize);
    let mut sends = Region::new(count, message_size as usize);
    receives.register(socket, ffi::MEM_WRITE)?;
    sends.register(socket, ffi::MEM_READ)?;
    let free = (0..sends.count()).collect();
    let state = State {
        socket: Arc::clone(socket),
        completion: options.completion,
        receives,
        posted: VecDeque::new(),
        sends,
        free,
        flying: VecDeque::new(),
        control: VecDeque::new(),
        peer: None,
        incoming: VecDeque::new(),
        fetch: None,
        fetched: None,
        reading: false,
        reads_ended: false,
        done: None,
        location: None,
        next_id: u32::from(role == Role::Accepting),
        fin_sent: false,
        fin_taken: false,
        peer_fin: false,
        peer_moves: None,
        moving: Move::Settled,
        fault: None,
    };
    Ok((state, limits))
}
