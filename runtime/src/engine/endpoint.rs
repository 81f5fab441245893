//! A socket.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Instant;

use super::Home;
use super::changes::Changes;
use super::common::Direction;
use super::ended::{End, Ended};
use super::events::Events;
use super::extensions::{Accepts, PendingConnect};
use super::options::Options;
use super::part::{Held, Part};
use super::receiving::Receiving;
use super::remote::Transfers;
use super::sending::Sending;
use super::transfer::Later;
use super::upcalling::{Inside, Upcalling};
use crate::rt::{Code, ErrorList, Overlapped};
use crate::transport::{Bell, Bound, Common, Connection, Ending, Fault, Listener, Mode, Ready, Transport};
use crate::{code, ffi};

/// Requests at the listener that the host's condition function has put off, and the listener itself.
pub struct Listening<T: Transport> {
    pub listener: T::Listener,
    /// Oldest first.
    pub deferred: Mutex<Vec<<T::Listener as Listener>::Request>>,
}

/// Where a socket is in its life.
pub enum Stage<T: Transport> {
    /// Created or bound.
    Open,
    /// Waiting for connections.
    Listening(Arc<Listening<T>>),
    /// A connection was asked for.
    Connecting(Arc<T::Connection>),
    /// Connected: perhaps broken since.
    Connected(Arc<T::Connection>),
}

impl<T: Transport> Clone for Stage<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Listening(listening) => Self::Listening(Arc::clone(listening)),
            Self::Connecting(connection) => Self::Connecting(Arc::clone(connection)),
            Self::Connected(connection) => Self::Connected(Arc::clone(connection)),
        }
    }
}

/// What changes rarely.
pub struct Life<T: Transport> {
    pub stage: Stage<T>,
    /// The address, once bound.
    pub bound: Option<Arc<Bound<T::Lease>>>,
    pub options: Options,
    /// `SO_ERROR`.
    pub error: Option<Code>,
    /// Why the newest connect failed: for `FD_CONNECT` and exception sets.
    pub refused: Option<Fault>,
    pub connected_at: Option<Instant>,
    /// The connection was asked for on this side.
    pub initiated: bool,
    /// Told when the connect ends.
    pub connect: Option<PendingConnect>,
    /// A connection is promised to it: it is posted at a listener.
    pub accepting: bool,
}

/// A socket of a provider that a transport makes.
pub struct Endpoint<T: Transport> {
    pub(super) home: Arc<Home<T>>,
    /// The catalog entry it was made for.
    pub(super) info: ffi::WSAPROTOCOL_INFOW,
    pub(super) mode: Mode,
    /// Can calls be overlapped? Those of `san` always can.
    overlapped: bool,
    pub(super) life: Mutex<Life<T>>,
    /// What its duplicates in other processes see, too, once it was handed over.
    pub(super) common: OnceLock<Arc<dyn Common>>,
    receiving: Mutex<Receiving<T::Connection>>,
    sending: Part<Sending<T::Connection>>,
    transfers: Part<Transfers>,
    accepts: Part<Accepts<T>>,
    pub(super) changes: Part<Changes>,
    events: Mutex<Events>,
    /// Held while an event object is signalled or reset.
    pub(super) signalling: Mutex<()>,
    /// Are events registered? Looked at before the lock is taken.
    pub(super) eventful: AtomicBool,
    pub(super) upcalling: Upcalling,
    watched: AtomicBool,
    /// Operations in progress whose end is to be notified.
    pub(super) notifying: AtomicUsize,
    /// Calls that wait for an operation's result.
    pub(super) waiting: AtomicUsize,
}

pub(super) fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    // A transport that panics under the lock spoils the socket, whose close still has to work.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Transport> Endpoint<T> {
    /// A new socket, connected or not.
    pub(super) fn new(
        home: &Arc<Home<T>>,
        info: ffi::WSAPROTOCOL_INFOW,
        mode: Mode,
        connection: Option<T::Connection>,
        options: Options,
    ) -> Arc<Self> {
        let connection = connection.map(Arc::new);
        let stage = connection.as_ref().map_or(Stage::Open, |connection| Stage::Connected(Arc::clone(connection)));
        let connected_at = connection.as_ref().map(|_| Instant::now());
        Arc::new(Self {
            home: Arc::clone(home),
            info,
            mode,
            overlapped: options.overlapped || mode == Mode::Messages,
            life: Mutex::new(Life {
                stage,
                bound: None,
                options,
                error: None,
                refused: None,
                connected_at,
                initiated: false,
                connect: None,
                accepting: false,
            }),
            common: OnceLock::new(),
            receiving: Mutex::new(Receiving::new(connection.clone())),
            sending: Part::new(Sending::new(connection)),
            transfers: Part::new(Transfers::default()),
            accepts: Part::new(Accepts::new()),
            changes: Part::new(Changes::default()),
            events: Mutex::default(),
            signalling: Mutex::default(),
            eventful: AtomicBool::new(false),
            upcalling: Upcalling::default(),
            watched: AtomicBool::new(false),
            notifying: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
        })
    }

    /// The overlapped part of a call, which counts for nothing if the socket cannot be overlapped.
    #[inline]
    pub(super) fn later<'a, E: ErrorList + From<Code>>(&self, overlapped: Option<Overlapped<'a>>) -> Option<Later<'a>> {
        overlapped.filter(|_| self.overlapped).map(Later::of::<E>)
    }

    pub(super) fn receiving(&self) -> MutexGuard<'_, Receiving<T::Connection>> {
        lock(&self.receiving)
    }

    pub(super) fn sending(&self) -> Held<'_, Sending<T::Connection>> {
        self.sending.lock()
    }

    pub(super) fn transfers(&self) -> Held<'_, Transfers> {
        self.transfers.lock()
    }

    pub(super) fn accepts(&self) -> Held<'_, Accepts<T>> {
        self.accepts.lock()
    }

    /// May an accept be posted?
    pub(super) fn may_accept(&self) -> bool {
        self.accepts.may_be_busy()
    }

    pub(super) fn events(&self) -> MutexGuard<'_, Events> {
        lock(&self.events)
    }

    pub(super) fn bell(&self) -> &T::Bell {
        self.home.transport.bell()
    }

    /// Has the host closed it, or is it being closed?
    pub(super) fn is_closed(&self) -> bool {
        self.upcalling.is_closed()
    }

    /// Set once the host closes it.
    pub(super) fn closed(&self) -> &AtomicBool {
        self.upcalling.closed()
    }

    pub(super) fn set_closed(&self) {
        self.upcalling.close();
    }

    /// Marks it as looked after by the driver. `true` if it was already.
    pub(super) fn mark_watched(&self) -> bool {
        // Pairs with `unmark_watched`: either the mark is found taken back, or the driver finds out why it is wanted.
        fence(Ordering::SeqCst);
        self.watched.swap(true, Ordering::AcqRel)
    }

    pub(super) fn unmark_watched(&self) {
        self.watched.store(false, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Is there something that only a thread of ours would notice?
    pub(super) fn wants_driver(&self) -> bool {
        !self.is_closed()
            && (self.notifying.load(Ordering::Acquire) > 0
                || self.is_eventful()
                || self.is_changing()
                || self.transfers.may_be_busy() && self.transfers().registrations.is_exposed())
    }

    /// Sees to it that the driver looks after it if that is needed.
    pub(super) fn call_driver(self: &Arc<Self>) -> bool {
        !self.wants_driver() || self.home.driver.watch(&self.home, self)
    }

    /// Whatever can be done without waiting: a connect that has ended, posted operations, the peer's wishes, events.
    pub(super) fn poll(&self) {
        if self.is_closed() {
            return;
        }
        let mut ended = Ended::new(&self.upcalling);
        if !self.pump_receiving(&mut ended) {
            self.settle_connect();
            self.pump_receiving(&mut ended);
        }
        if self.sending.may_be_busy() {
            self.go_on_sending(&mut self.sending(), &mut ended);
        }
        if self.transfers.may_be_busy() {
            self.pump_transfers(&mut ended);
        }
        self.serve_accepts(&mut ended);
        self.tell(ended);
        self.note_events();
    }

    /// Goes on with the posted receives. Returns whether there is a connection.
    fn pump_receiving(&self, ended: &mut Ended<'_>) -> bool {
        let mut receiving = self.receiving();
        let Some(connection) = &receiving.connection else { return false };
        connection.progress();
        self.go_on_receiving(&mut receiving, ended);
        true
    }

    /// Goes on with the posted receives, whose lock the caller has, or ends them: another process may have shut their direction.
    pub(super) fn go_on_receiving(&self, receiving: &mut Receiving<T::Connection>, ended: &mut Ended<'_>) {
        if self.is_shut_in_common(Direction::Receive) && !self.is_closed() {
            receiving.end_all(End::Failed(Code(code::WSAESHUTDOWN)), ended);
        }
        receiving.pump(self.mode, self.closed(), ended);
    }

    /// The same for the posted sends: what was not taken before another process shut the direction has no way any more. Sends that
    /// were posted here before it was shut here still go.
    pub(super) fn go_on_sending(&self, sending: &mut Sending<T::Connection>, ended: &mut Ended<'_>) {
        if !sending.shut && self.is_shut_in_common(Direction::Send) && !self.is_closed() {
            sending.end_queued(End::Failed(Code(code::WSAESHUTDOWN)), ended);
        }
        sending.pump(self.mode, self.closed(), ended);
    }

    fn pump_transfers(&self, ended: &mut Ended<'_>) {
        if self.transfers().is_busy()
            && let Some(connection) = self.connection()
        {
            self.transfers().pump(&*connection, self.closed(), ended);
        }
    }

    /// Tells how operations ended. No lock may be held.
    #[inline]
    pub(super) fn tell(&self, ended: Ended<'_>) {
        if !ended.is_empty() || ended.is_entered() {
            self.tell_all(ended);
        } else if ended.stored && self.waiting.load(Ordering::Relaxed) > 0 {
            // Nothing orders this load but the lock under which the results were stored: who waits is seen if it had the lock
            // before, and finds the result if it has it later.
            self.bell().ring();
        }
    }

    fn tell_all(&self, ended: Ended<'_>) {
        let nothing = ended.is_empty() && !ended.stored;
        self.notifying.fetch_sub(ended.count(), Ordering::AcqRel);
        ended.tell();
        if !nothing || self.is_closed() {
            // Those who wait for a result, an answer or the end of the upcall.
            self.bell().ring();
        }
    }

    /// A close waits from now on until the answer is dropped.
    pub(super) fn enter(&self) -> Entered<'_, T> {
        Entered { inside: Some(self.upcalling.enter()), endpoint: self }
    }

    /// Takes over how a connect ended.
    pub(super) fn settle_connect(&self) {
        let connection = match &self.life().stage {
            Stage::Connecting(connection) => Arc::clone(connection),
            _ => return,
        };
        let outcome = match connection.established() {
            Poll::Pending => return,
            Poll::Ready(outcome) => outcome,
        };
        let (mut receiving, mut sending, mut life) = (self.receiving(), self.sending(), self.life());
        if !matches!(&life.stage, Stage::Connecting(asked) if Arc::ptr_eq(asked, &connection)) {
            // Another thread was first, and the socket may be connecting anew by now, or it was closed.
            return;
        }
        if outcome.is_ok() {
            receiving.connection = Some(Arc::clone(&connection));
            sending.connection = Some(Arc::clone(&connection));
        }
        drop((receiving, sending));
        // Under the lock: a close either finds it or waits until its end is told.
        let told = life.connect.take().map(|told| (self.enter(), told));
        match outcome {
            Ok(()) => {
                life.connected_at = Some(Instant::now());
                life.stage = Stage::Connected(connection);
                drop(life);
            }
            Err(fault) => {
                life.stage = Stage::Open;
                life.error = Some(fault.code());
                life.refused = Some(fault);
                drop(life);
                connection.close(Ending::Abortive);
            }
        }
        self.bell().ring();
        if let Some((_inside, told)) = told {
            self.finish_connect(told, outcome.map_err(Fault::code));
        }
    }

    /// What could be done without waiting, whatever the stage is.
    pub(super) fn ready(&self) -> Ready {
        self.settle_connect();
        let stage = self.life().stage.clone();
        match stage {
            Stage::Open | Stage::Connecting(_) => Ready::default(),
            Stage::Listening(listening) => Ready { readable: listening.is_waiting(), ..Ready::default() },
            Stage::Connected(connection) => {
                connection.progress();
                let receive_shut = self.receiving().shut || self.is_shut_in_common(Direction::Receive);
                let send_shut = self.sending().shut || self.is_shut_in_common(Direction::Send);
                let ready = connection.ready();
                Ready { readable: ready.readable || receive_shut, writable: ready.writable && !send_shut, ..ready }
            }
        }
    }

    /// The connection, if there is one.
    pub(super) fn connection(&self) -> Option<Arc<T::Connection>> {
        match &self.life().stage {
            Stage::Connected(connection) => Some(Arc::clone(connection)),
            _ => None,
        }
    }

    /// After a panic of the transport: the connection is of no use any more.
    pub(super) fn spoil(&self) {
        self.life().error = Some(Fault::NetworkDown.code());
        self.end_operations(End::Failed(Fault::NetworkDown.code()));
        self.end_events();
    }

    /// Ends all posted operations.
    pub(super) fn end_operations(&self, end: End) {
        let mut ended = Ended::new(&self.upcalling);
        self.receiving().end_all(end, &mut ended);
        self.sending().end_all(end, &mut ended);
        self.transfers().end_all(end, &mut ended);
        self.changes().end_all(end, &mut ended);
        let accepts = {
            let mut accepts = self.accepts();
            ended.enter();
            std::mem::take(&mut *accepts)
        };
        accepts.into_iter().for_each(|accept| accept.give_up(end, &mut ended));
        let mut life = self.life();
        if let Some(connect) = life.connect.take() {
            ended.push(connect.posted, end);
        }
        drop(life);
        self.tell(ended);
    }
}

/// A thread that has entered a socket; see [`Upcalling`].
pub struct Entered<'a, T: Transport> {
    inside: Option<Inside<'a>>,
    endpoint: &'a Endpoint<T>,
}

impl<T: Transport> Drop for Entered<'_, T> {
    fn drop(&mut self) {
        drop(self.inside.take());
        if self.endpoint.is_closed() {
            self.endpoint.bell().ring();
        }
    }
}

impl<T: Transport> Listening<T> {
    /// Could a request be taken?
    pub fn is_waiting(&self) -> bool {
        !lock(&self.deferred).is_empty() || self.listener.waiting()
    }

    /// The oldest request.
    pub fn take(&self) -> Poll<Result<<T::Listener as Listener>::Request, Fault>> {
        let mut deferred = lock(&self.deferred);
        if deferred.is_empty() { self.listener.poll() } else { Poll::Ready(Ok(deferred.remove(0))) }
    }

    /// Puts a request back, first in line.
    pub fn put_back(&self, request: <T::Listener as Listener>::Request) {
        lock(&self.deferred).insert(0, request);
    }
}
