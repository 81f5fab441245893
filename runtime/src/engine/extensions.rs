//! What programs that wait at completion ports use in place of connect and accept: `ConnectEx`, `AcceptEx`, `GetAcceptExSockaddrs`
//! and `DisconnectEx`.

use std::collections::VecDeque;
use std::mem::size_of;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Instant;

use super::address;
use super::ended::{End, Ended, Moved, Posted};
use super::endpoint::{Endpoint, Listening, Stage};
use super::events;
use super::part::Busy;
use super::receiving::{Receive, Target};
use super::sending::Send;
use super::transfer::Later;
use crate::rt::{Code, Outcome, SocketRef};
use crate::transport::{Bell, Connection, Ending, Listener, Region, Request, Scatter, Transport};
use crate::winsock::done;
use crate::{code, ffi};

type Handle<'a, T> = SocketRef<'a, Arc<Endpoint<T>>>;

const INVALID: Code = Code(code::WSAEINVAL);
const ABORTED: Code = Code(code::WSA_OPERATION_ABORTED);

/// A connect whose end is told, and what is sent then.
pub struct PendingConnect {
    pub posted: Posted,
    pub send: Option<Send>,
}

/// The three parts of the buffer of an accept, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    pub data: usize,
    pub local: usize,
    pub remote: usize,
}

impl Parts {
    /// From the lengths that the interface has.
    pub fn new(data: u32, local: u32, remote: u32) -> Self {
        Self { data: data as usize, local: local as usize, remote: remote as usize }
    }

    /// All of the buffer. More than fits an address space is nobody's buffer.
    pub fn total(self) -> usize {
        self.data.saturating_add(self.local).saturating_add(self.remote)
    }

    /// Puts the addresses behind the data: each at the start of its part, so that its part is as long as it may be.
    fn put_addresses(self, output: Region, local: SocketAddrV4, remote: SocketAddrV4) {
        output.copy_from(self.data, &address::bytes(local));
        output.copy_from(self.data + self.local, &address::bytes(remote));
    }

    /// Where the addresses are in a buffer that an accept has filled.
    pub fn find(self, buffer: *mut u8) -> done::GetAcceptExSockaddrs {
        let place = |room: usize, offset: usize| {
            if buffer.is_null() || room < address::SIZE {
                return (std::ptr::null_mut(), 0);
            }
            (buffer.wrapping_add(offset).cast::<ffi::sockaddr>(), address::SIZE as i32)
        };
        let (local, local_size) = place(self.local, self.data);
        let (remote, remote_size) = place(self.remote, self.data.saturating_add(self.local));
        done::GetAcceptExSockaddrs { local, local_size, remote, remote_size }
    }
}

/// An accept whose end is told.
pub struct PendingAccept<T: Transport> {
    posted: Posted,
    /// The socket that the connection becomes.
    onto: Arc<Endpoint<T>>,
    output: Region,
    parts: Parts,
}

/// The accepts that are posted at a listener, oldest first.
pub type Accepts<T> = VecDeque<PendingAccept<T>>;

impl<T: Transport> Busy for Accepts<T> {
    fn is_busy(&self) -> bool {
        !self.is_empty()
    }
}

impl<T: Transport> PendingAccept<T> {
    /// Ends it without a connection; its socket is free for another.
    pub fn give_up(self, end: End, ended: &mut Ended<'_>) {
        self.onto.life().accepting = false;
        ended.push(self.posted, end);
    }
}

impl<T: Transport> Endpoint<T> {
    /// Starts to connect a bound socket; `send` goes first once it is connected.
    pub(super) fn connect_ex(
        self: &Arc<Self>,
        socket: &Handle<'_, T>,
        peer: SocketAddrV4,
        send: Option<Send>,
        later: Later<'_>,
    ) -> Result<Outcome<Moved>, Code> {
        later.prepare(socket)?;
        if self.life().bound.is_none() {
            return Err(INVALID);
        }
        self.begin_connect(peer, || Ok(Some(PendingConnect { posted: later.begin(socket)?, send })))?;
        self.settle_connect();
        self.note_events();
        self.posted();
        Ok(Outcome::Pending)
    }

    /// Goes on with a connect that has ended.
    pub(super) fn finish_connect(&self, connect: PendingConnect, outcome: Result<(), Code>) {
        let mut ended = Ended::new(&self.upcalling);
        let PendingConnect { posted, send } = connect;
        match (outcome, send) {
            (Err(code), _) => ended.push(posted, End::Failed(code)),
            (Ok(()), None) => ended.push(posted, End::Moved(Moved::default())),
            (Ok(()), Some(send)) => {
                let mut sending = self.sending();
                if self.is_closed() || sending.connection.is_none() {
                    // Who closed or disconnected it meanwhile has ended what was posted, and comes by no more.
                    ended.push(posted, End::Failed(ABORTED));
                } else {
                    sending.push(send, Target::Posted(posted));
                    sending.pump(self.mode, self.closed(), &mut ended);
                }
            }
        }
        self.tell(ended);
    }

    /// Posts an accept: the next connection becomes the socket `onto`.
    pub(super) fn accept_ex(
        self: &Arc<Self>,
        socket: &Handle<'_, T>,
        onto: Arc<Self>,
        (output, parts): (Region, Parts),
        later: Later<'_>,
    ) -> Result<Outcome<Moved>, Code> {
        later.prepare(socket)?;
        if !matches!(self.life().stage, Stage::Listening(_)) {
            return Err(INVALID);
        }
        {
            let mut life = onto.life();
            if life.accepting || life.bound.is_some() || !matches!(life.stage, Stage::Open) {
                return Err(INVALID);
            }
            life.accepting = true;
        }
        let entered = self.enter();
        let posted = match later.begin(socket) {
            Ok(posted) => posted,
            Err(code) => {
                onto.life().accepting = false;
                return Err(code);
            }
        };
        self.accepts().push_back(PendingAccept { posted, onto, output, parts });
        let mut ended = Ended::new(&self.upcalling);
        self.serve_accepts(&mut ended);
        self.tell(ended);
        self.posted();
        drop(entered);
        self.note_events();
        Ok(Outcome::Pending)
    }

    /// Gives connections that wait at a listener to the accepts that are posted there. Whoever calls notes events once all is told.
    pub(super) fn serve_accepts(&self, ended: &mut Ended<'_>) {
        if !self.may_accept() {
            return;
        }
        let Stage::Listening(listening) = self.life().stage.clone() else { return };
        while let Some((accept, request)) = self.next_served(&listening, ended) {
            let (local, peer) = (request.local(), request.peer());
            let Ok(connection) = request.accept() else {
                // The peer has gone meanwhile: the next one may have it.
                self.put_back(accept, ended);
                continue;
            };
            accept.parts.put_addresses(accept.output, local, peer);
            self.hand_to(accept, connection, ended);
        }
    }

    /// The oldest accept, with a connection for it. Accepts whose socket was closed meanwhile end here.
    fn next_served(
        &self,
        listening: &Listening<T>,
        ended: &mut Ended<'_>,
    ) -> Option<(PendingAccept<T>, <T::Listener as Listener>::Request)> {
        let mut accepts = self.accepts();
        let (closed, open): (Accepts<T>, _) = accepts.drain(..).partition(|accept| accept.onto.is_closed());
        *accepts = open;
        closed.into_iter().for_each(|accept| accept.give_up(End::Failed(ABORTED), ended));
        if accepts.is_empty() {
            return None;
        }
        match listening.take() {
            Poll::Pending => None,
            Poll::Ready(Ok(request)) => {
                ended.enter();
                accepts.pop_front().map(|accept| (accept, request))
            }
            Poll::Ready(Err(fault)) => {
                accepts.drain(..).for_each(|accept| accept.give_up(End::Failed(fault.code()), ended));
                None
            }
        }
    }

    /// Posts an accept again that got no connection, unless a close has ended the others meanwhile.
    fn put_back(&self, accept: PendingAccept<T>, ended: &mut Ended<'_>) {
        let mut accepts = self.accepts();
        if self.is_closed() {
            accept.give_up(End::Failed(ABORTED), ended);
        } else {
            accepts.push_front(accept);
        }
    }

    /// The connection becomes the accept's socket, which then waits for the first data if there is room for any.
    fn hand_to(&self, accept: PendingAccept<T>, connection: T::Connection, ended: &mut Ended<'_>) {
        let PendingAccept { posted, onto, output, parts } = accept;
        let bound = self.life().bound.clone();
        if !onto.adopt(connection, bound) {
            ended.push(posted, End::Failed(ABORTED));
            return;
        }
        // Noted later: whoever has entered does not wait for others to have set the event.
        self.events().rearm(events::ACCEPT);
        let Some(room) = output.part(0, parts.data).filter(|room| !room.is_empty()) else {
            ended.push(posted, End::Moved(Moved::default()));
            return;
        };
        // From here on it is an operation of the other socket, whose close finds it or waits.
        let entered = onto.enter();
        if onto.is_closed() {
            ended.push(posted, End::Failed(ABORTED));
            return;
        }
        self.notifying.fetch_sub(1, Ordering::AcqRel);
        onto.notifying.fetch_add(1, Ordering::AcqRel);
        onto.receiving().push(Receive::new(Scatter::of(room), false), Target::Posted(posted));
        onto.posted();
        drop(entered);
        onto.poll();
    }

    /// Becomes the end of a connection. `false` if it was closed meanwhile; the connection is ended then.
    fn adopt(&self, connection: T::Connection, bound: Option<Arc<crate::transport::Bound<T::Lease>>>) -> bool {
        let connection = Arc::new(connection);
        self.receiving().connection = Some(Arc::clone(&connection));
        self.sending().connection = Some(Arc::clone(&connection));
        let adopted = {
            let mut life = self.life();
            life.accepting = false;
            let open = !self.is_closed();
            if open {
                life.stage = Stage::Connected(Arc::clone(&connection));
                life.connected_at = Some(Instant::now());
                life.bound = bound;
            }
            open
        };
        if adopted {
            self.bell().ring();
        } else {
            self.receiving().connection = None;
            self.sending().connection = None;
            connection.close(Ending::Abortive);
        }
        adopted
    }

    /// Ends the connection gracefully. With `reuse` the socket can have another one.
    pub(super) fn disconnect(
        &self,
        socket: &Handle<'_, T>,
        reuse: bool,
        later: Option<Later<'_>>,
    ) -> Result<Outcome<Moved>, Code> {
        if let Some(later) = later {
            later.prepare(socket)?;
        }
        if reuse {
            self.detach()?;
        } else {
            self.connection().ok_or(Code(code::WSAENOTCONN))?;
            self.shut_receiving();
            self.shut_sending();
        }
        match later {
            Some(later) => self.done_at_once(socket, later, Moved::default()),
            None => Ok(Outcome::Done(Moved::default())),
        }
    }

    /// The connection goes its own way to its end; the socket is as before it had one.
    fn detach(&self) -> Result<(), Code> {
        let connection = {
            let mut life = self.life();
            if !matches!(life.stage, Stage::Connected(_)) {
                return Err(Code(code::WSAENOTCONN));
            }
            if !life.initiated {
                // The address was its listener's.
                life.bound = None;
            }
            life.initiated = false;
            life.connected_at = None;
            match std::mem::replace(&mut life.stage, Stage::Open) {
                Stage::Connected(connection) => connection,
                _ => return Err(Code(code::WSAENOTCONN)),
            }
        };
        // First: what is pending must not see the close as a failure. Sends end after it, when their memory is free.
        self.receiving().detach();
        self.sending().detach();
        self.note_reopened();
        connection.close(Ending::Graceful);
        self.end_operations(End::Failed(ABORTED));
        self.bell().ring();
        Ok(())
    }

    /// Takes on what a listener gives the sockets that it accepts (`SO_UPDATE_ACCEPT_CONTEXT`).
    pub(super) fn inherit_from(&self, listener: &Self) -> Result<(), Code> {
        if !matches!(listener.life().stage, Stage::Listening(_)) {
            return Err(INVALID);
        }
        self.connection().ok_or(Code(code::WSAENOTCONN))?;
        let inherited = listener.inherited();
        self.change_options(|own| {
            let overlapped = own.overlapped;
            *own = inherited;
            own.overlapped = overlapped;
        });
        Ok(())
    }
}

// An address fits the least room that is accepted.
const _: () = assert!(address::SIZE + 16 == 32 && size_of::<ffi::sockaddr>() == address::SIZE);
