//! From a socket to a connection: bind, listen, connect, accept.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::task::Poll;

use super::address;
use super::ended::Ended;
use super::endpoint::{Endpoint, Listening, Stage};
use super::events;
use super::extensions::PendingConnect;
use super::options::Options;
use crate::code;
use crate::ffi;
use crate::rt::{Callback, Code, ConnectRequest, SizedOut, SocketRef, Verdict};
use crate::transport::{Bound, Listener, Mode, Request, Transport};

type Handle<'a, T> = SocketRef<'a, Arc<Endpoint<T>>>;

/// Largest queue of connections that a listener may ask for.
const MAX_BACKLOG: usize = 128;

fn backlog(asked: i32) -> usize {
    usize::try_from(asked).unwrap_or(1).clamp(1, MAX_BACKLOG)
}

impl<T: Transport> Endpoint<T> {
    /// Gives the socket an address.
    pub(super) fn bind(&self, wanted: SocketAddrV4) -> Result<(), Code> {
        let mut life = self.life();
        if life.bound.is_some() || life.accepting || !matches!(life.stage, Stage::Open) {
            return Err(Code(code::WSAEINVAL));
        }
        let share = life.options.reuse_address && !life.options.exclusive;
        life.bound = Some(Arc::new(self.home.transport.bind(wanted, share)?));
        Ok(())
    }

    /// The socket's own address.
    pub(super) fn local(&self) -> Option<SocketAddrV4> {
        use crate::transport::Connection as _;
        let life = self.life();
        match &life.stage {
            Stage::Connected(connection) => Some(connection.local()),
            _ => life.bound.as_ref().map(|bound| bound.address),
        }
    }

    /// Starts to listen, or changes how many may wait.
    pub(super) fn listen(&self, asked: i32) -> Result<(), Code> {
        let mut life = self.life();
        match &life.stage {
            Stage::Connected(_) | Stage::Connecting(_) => return Err(Code(code::WSAEISCONN)),
            Stage::Listening(listening) => {
                listening.listener.set_backlog(backlog(asked));
                return Ok(());
            }
            Stage::Open => {}
        }
        let bound = life.bound.as_ref().ok_or(Code(code::WSAEINVAL))?;
        let transport = &self.home.transport;
        let listener = if life.options.conditional {
            transport.listen_conditionally(bound, backlog(asked), self.mode)?
        } else {
            transport.listen(bound, backlog(asked), self.mode)?
        };
        life.stage = Stage::Listening(Arc::new(Listening { listener, deferred: Default::default() }));
        Ok(())
    }

    /// Connects: in `san`, and without blocking, the end may come later.
    pub(super) fn connect(self: &Arc<Self>, socket: &Handle<'_, T>, peer: SocketAddrV4) -> Result<(), Code> {
        self.begin_connect(peer, || Ok(None))?;
        self.settle_connect();
        if let Some(outcome) = self.connect_outcome() {
            self.note_events();
            return outcome;
        }
        if self.life().options.nonblocking {
            self.call_driver();
            return Err(Code(code::WSAEWOULDBLOCK));
        }
        self.wait(socket, None, || {
            self.settle_connect();
            self.connect_outcome()
        })?
    }

    /// Asks the transport for a connection. Whoever is to be told its end, `told` makes once it was asked for.
    pub(super) fn begin_connect(
        &self,
        peer: SocketAddrV4,
        told: impl FnOnce() -> Result<Option<PendingConnect>, Code>,
    ) -> Result<(), Code> {
        if peer.ip().is_unspecified() || peer.port() == 0 {
            return Err(Code(code::WSAEADDRNOTAVAIL));
        }
        self.settle_connect();
        let mut life = self.life();
        match life.stage {
            Stage::Connected(_) => return Err(Code(code::WSAEISCONN)),
            Stage::Listening(_) => return Err(Code(code::WSAEINVAL)),
            Stage::Connecting(_) => return Err(Code(code::WSAEALREADY)),
            Stage::Open if life.accepting => return Err(Code(code::WSAEINVAL)),
            Stage::Open => {}
        }
        let bound = match &life.bound {
            Some(bound) => Arc::clone(bound),
            None => {
                let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
                let bound: Bound<T::Lease> = self.home.transport.bind(any, false)?;
                Arc::clone(life.bound.insert(Arc::new(bound)))
            }
        };
        life.error = None;
        life.refused = None;
        life.initiated = true;
        self.events().rearm(events::CONNECT | events::READ | events::WRITE | events::CLOSE);
        match self.home.transport.connect(&bound, peer, self.mode) {
            Ok(connection) => {
                // Dropped, the connection ends.
                life.connect = told()?;
                life.stage = Stage::Connecting(Arc::new(connection));
            }
            Err(fault) => {
                life.refused = Some(fault);
                return Err(fault.code());
            }
        }
        Ok(())
    }

    /// How the connect ended, if it has.
    pub(super) fn connect_outcome(&self) -> Option<Result<(), Code>> {
        let life = self.life();
        match (&life.stage, life.refused) {
            (Stage::Connected(_), _) => Some(Ok(())),
            (Stage::Open, Some(fault)) => Some(Err(fault.code())),
            _ => None,
        }
    }

    /// Takes a connection. The host's condition function is asked on this thread, with no lock held.
    pub(super) fn accept(
        self: &Arc<Self>,
        socket: &Handle<'_, T>,
        condition: Option<Callback<'_, ffi::LPCONDITIONPROC>>,
        address: Option<SizedOut<'_>>,
    ) -> Result<Arc<Self>, Code> {
        // A call that fails lets the event be told again, too: the next request may come any time.
        self.take_request(socket, condition, address).inspect_err(|_| self.rearm(events::ACCEPT))
    }

    fn take_request(
        self: &Arc<Self>,
        socket: &Handle<'_, T>,
        condition: Option<Callback<'_, ffi::LPCONDITIONPROC>>,
        address: Option<SizedOut<'_>>,
    ) -> Result<Arc<Self>, Code> {
        let Stage::Listening(listening) = self.life().stage.clone() else {
            // Closed while the call was on its way?
            return Err(Code(if self.is_closed() { code::WSAENOTSOCK } else { code::WSAEINVAL }));
        };
        if let Some(room) = address.filter(|room| room.capacity() < address::SIZE) {
            // Tells how much is needed; the connection stays where it is.
            let _ = room.put(&[0; address::SIZE]);
            return Err(Code(code::WSAEFAULT));
        }
        self.serve_first();
        let request = match listening.take() {
            Poll::Ready(request) => request?,
            Poll::Pending => self.wait_for_request(socket, &listening)?,
        };
        if let Some(condition) = condition
            && let Err(code) = self.ask(&condition, &request)
        {
            if code == Code(code::WSATRY_AGAIN) {
                listening.put_back(request);
            }
            return Err(code);
        }
        let peer = request.peer();
        let connection = request.accept()?;
        let options = self.inherited();
        let accepted = Self::new(&self.home, self.info, self.mode, Some(connection), options);
        // Both are users of the listener's address.
        let bound = self.life().bound.clone();
        accepted.life().bound = bound;
        if let Some(Err(_)) = address.map(|room| room.put(&address::bytes(peer))) {
            return Err(Code(code::WSAEFAULT));
        }
        self.request_taken(&accepted);
        Ok(accepted)
    }

    /// Accepts that are posted come before calls.
    fn serve_first(&self) {
        let mut ended = Ended::new(&self.upcalling);
        self.serve_accepts(&mut ended);
        self.tell(ended);
        self.note_events();
    }

    fn wait_for_request(
        &self,
        socket: &Handle<'_, T>,
        listening: &Listening<T>,
    ) -> Result<<T::Listener as Listener>::Request, Code> {
        if self.life().options.nonblocking {
            return Err(Code(code::WSAEWOULDBLOCK));
        }
        let request = self.wait(socket, None, || {
            self.serve_first();
            match listening.take() {
                Poll::Ready(request) => Some(request),
                Poll::Pending => None,
            }
        })?;
        Ok(request?)
    }

    fn ask(
        &self,
        condition: &Callback<'_, ffi::LPCONDITIONPROC>,
        request: &<T::Listener as Listener>::Request,
    ) -> Result<(), Code> {
        let (caller, callee) = (address::bytes(request.peer()), address::bytes(request.local()));
        let told = ConnectRequest { caller: &caller, caller_data: &[], callee: &callee };
        let entered = self.enter();
        if self.is_closed() {
            return Err(Code(code::WSAEINTR));
        }
        let (verdict, _) = condition.ask(&told, &mut []);
        drop(entered);
        match verdict {
            Verdict::Accept => Ok(()),
            Verdict::Reject => Err(Code(code::WSAECONNREFUSED)),
            Verdict::Defer => Err(Code(code::WSATRY_AGAIN)),
            Verdict::Invalid => Err(Code(code::WSAEINVAL)),
        }
    }

    /// The options that an accepted socket has from its listener.
    pub(super) fn inherited(&self) -> Options {
        let mut options = self.life().options.clone();
        if self.mode == Mode::Messages {
            options.nonblocking = false;
        }
        options
    }

    /// An accepted socket has its handle: what it has from its listener is told from now on.
    pub(super) fn opened(socket: &Handle<'_, T>) {
        let inherited = socket.events().inherited();
        let Some((listener, mask)) = inherited else { return };
        socket.replace_events(Some(listener.about(socket.host_handle())), mask);
        socket.note_events();
        // The driver is there: it looks after the listener, whose events are registered.
        let _ = socket.call_driver();
    }

    /// After a request was taken: the next may be told, and the new socket has the listener's registration.
    fn request_taken(self: &Arc<Self>, accepted: &Arc<Self>) {
        let (event, registration) = {
            let events = self.events();
            (events.event(), events.registration())
        };
        if let Some((event, upcalls)) = event.filter(|_| self.mode == Mode::Messages) {
            // Before the next request can signal it again, and after this one has.
            let _signalling = self.signalling();
            let _ = upcalls.reset_event(event);
        }
        self.rearm(events::ACCEPT);
        if let Some((listener, mask)) = registration.filter(|_| self.mode == Mode::Stream) {
            accepted.events().bequeath(listener, mask & !events::ACCEPT);
        }
    }
}
