//! Moving a stream to another process.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::net::SocketAddrV4;
use std::sync::Arc;

use wsp::ffi;

use super::Switch;
use super::connect::ConnectError;
use super::provider::SanProvider;
use super::session::{Fault, Moved, Session};
use super::socket::SanSocket;
use super::stream::SanStream;
use super::wire::{Reader, WireError};

/// A stream on its way: bytes that one process gives to another, by whatever means they have. Good once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    info: Vec<u8>,
    moved: Moved,
}

const MAGIC: [u8; 4] = *b"SANt";
const INFO: usize = size_of::<ffi::WSAPROTOCOL_INFOW>();

/// Former descriptors of moved sockets are kept as long as at most so many are.
const PARKED: usize = 64;

/// Sockets that have been moved away. They may come back, and a provider may then use the same descriptor.
#[derive(Default)]
pub(super) struct Parked(VecDeque<([u8; 16], SanSocket)>);

impl Parked {
    fn park(&mut self, session: [u8; 16], socket: SanSocket) {
        self.0.push_back((session, socket));
        if self.0.len() > PARKED {
            self.0.pop_front();
        }
    }

    fn take(&mut self, session: &[u8; 16]) -> Option<SanSocket> {
        let place = self.0.iter().position(|(parked, _)| parked == session)?;
        self.0.remove(place).map(|(_, socket)| socket)
    }
}

/// The stream could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// There are other handles of the stream, which might be in use.
    #[error("the stream has other handles in this process")]
    Shared(SanStream),
    /// It could not be brought to rest, or the provider does not hand it over.
    #[error("the stream cannot be moved: {0}")]
    Failed(Fault),
}

impl SanStream {
    /// Brings the stream to rest and gives control of it to another process, which [imports](Self::import) the ticket. Its peer
    /// notices a pause.
    ///
    /// # Errors
    /// There are other handles: the stream comes back. Or the connection is at its end, or its peer does not answer.
    pub fn suspend_and_duplicate(self, process: u32) -> Result<Ticket, MoveError> {
        if !self.is_alone() {
            return Err(MoveError::Shared(self));
        }
        let session = self.session();
        let moved = session.suspend(self.switch().options().patience).map_err(MoveError::Failed)?;
        let duplicated = session.socket().duplicate(process);
        let info = match duplicated {
            Ok(info) => info,
            Err(error) => {
                session.abort();
                return Err(MoveError::Failed(error.into()));
            }
        };
        session.moved_away();
        let (switch, identity) = (self.switch().clone(), moved.peer.session);
        // Only the socket itself is left: its descriptor stays taken until it is closed.
        let kept = session.socket().keep_descriptor();
        switch.parked().park(identity, kept);
        self.give_up();
        // SAFETY: plain data of that size, all of it initialised by the generated wrapper's zeroing and the provider.
        let info = unsafe { std::slice::from_raw_parts((&raw const info).cast::<u8>(), INFO) }.to_vec();
        Ok(Ticket { info, moved })
    }

    /// Takes over a stream that another process has given to this one, through the provider of its local address.
    ///
    /// # Errors
    /// No provider serves the address, or the provider's.
    pub fn import(switch: &Switch, ticket: Ticket) -> Result<Self, ConnectError> {
        let address = ticket.moved.local_addr();
        let (provider, _) = switch.route(*address.ip()).ok_or(ConnectError::NoProvider(address))?;
        Self::import_through(switch, &provider, ticket)
    }

    /// Takes it over through this provider.
    ///
    /// # Errors
    /// The provider's.
    pub fn import_through(switch: &Switch, provider: &SanProvider, ticket: Ticket) -> Result<Self, ConnectError> {
        let address: SocketAddrV4 = ticket.moved.remote_addr();
        let mut info = MaybeUninit::<ffi::WSAPROTOCOL_INFOW>::zeroed();
        // SAFETY: as many bytes as the structure has, of plain data; any are a valid value.
        let info = unsafe {
            info.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(ticket.info.as_ptr(), INFO.min(ticket.info.len()));
            info.assume_init()
        };
        let former = switch.parked().take(&ticket.moved.peer.session);
        let socket = provider.import(&info, former).map_err(ConnectError::NoSocket)?;
        let resumed = Session::resume(Arc::new(socket), switch.options(), ticket.moved);
        let session = resumed.map_err(|fault| ConnectError::Session { address, fault })?;
        Ok(Self::new(switch, session))
    }
}

impl Ticket {
    /// The ticket as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(&self.info);
        self.moved.write(&mut bytes);
        bytes
    }

    /// The ticket from bytes.
    ///
    /// # Errors
    /// They are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader(bytes);
        if reader.take::<4>()? != MAGIC {
            return Err(WireError::Version);
        }
        let info = reader.slice(INFO as u32)?.to_vec();
        let moved = Moved::read(&mut reader)?;
        if reader.0.is_empty() { Ok(Self { info, moved }) } else { Err(WireError::Length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_ticket_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut whole = MAGIC.to_vec();
            whole.extend(vec![0; INFO]);
            whole.extend(&bytes);
            if let Ok(ticket) = Ticket::from_bytes(&whole) {
                prop_assert_eq!(Ticket::from_bytes(&ticket.to_bytes()), Ok(ticket));
            }
            prop_assert!(Ticket::from_bytes(&bytes).is_err());
        }
    }
}
