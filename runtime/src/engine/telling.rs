//! Telling what happens to a socket to whom it is registered for.
//!
//! An event object is signalled outside the lock of what happened, which upcalls need not hold up. That the one goes with the other
//! all the same, as `WSPEnumNetworkEvents` demands, and that nothing signals an object whose registration has ended, is seen to by
//! a lock of its own: it is held from before something is noted until the object is signalled, and when the object is reset.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use super::endpoint::{Endpoint, Entered, Stage, lock};
use super::events::{self, Levels, Listener, Telling};
use crate::rt::{Code, Out, Upcalls};
use crate::transport::{Bell, Connection, Fault, Transport};
use crate::{code, ffi};

/// As long as it lives no other thread signals or resets the socket's event object.
pub type Signalling<'a> = Option<MutexGuard<'a, ()>>;

impl<T: Transport> Endpoint<T> {
    /// Waits until no other thread signals or resets the event object. Not on a thread that is telling its host something of this
    /// socket, and is called by it: it may have the lock.
    pub(super) fn signalling(&self) -> Signalling<'_> {
        (!self.upcalling.is_entered_here()).then(|| lock(&self.signalling))
    }

    /// Are events registered?
    pub(super) fn is_eventful(&self) -> bool {
        self.eventful.load(Ordering::Acquire)
    }

    /// Replaces the registration for events, which makes the socket non-blocking.
    pub(super) fn register_events(self: &Arc<Self>, listener: Option<Listener>, mask: i32) -> Result<(), Code> {
        if mask & !events::ALL != 0 {
            return Err(Code(code::WSAEINVAL));
        }
        self.change_options(|options| options.nonblocking = true);
        self.replace_events(listener, mask);
        if self.is_closed() {
            return Err(Code(code::WSAENOTSOCK));
        }
        // What holds already is told now.
        self.note_events();
        if self.call_driver() { Ok(()) } else { Err(Fault::NoBuffers.code()) }
    }

    /// Tells what happened since the last time, and resets the event: what happens from now on signals it again.
    pub(super) fn enumerate(
        &self,
        upcalls: &Upcalls,
        event: Option<ffi::WSAEVENT>,
        to: Out<'_, ffi::WSANETWORKEVENTS>,
    ) {
        self.note_events();
        let (happened, codes) = {
            let _signalling = self.signalling();
            if let Some(event) = event {
                // Before it is forgotten what happened: where the lock cannot be had the event is set once too often, and never lost.
                let _ = upcalls.reset_event(event);
            }
            self.events().take()
        };
        let mut told = to.read();
        told.lNetworkEvents = happened;
        for (bit, code) in codes.into_iter().enumerate().filter(|(bit, _)| happened & 1 << bit != 0) {
            told.iErrorCode[bit] = code;
        }
        to.write(told);
    }

    /// Notes what has happened, and tells it to whom it is registered for.
    pub(super) fn note_events(&self) {
        if !self.is_eventful() {
            return;
        }
        loop {
            let armings = self.events().armings();
            let levels = self.levels();
            let signalling = self.signalling();
            let mut events = self.events();
            if !events.is_number(self.newest_registration()) {
                // Another process has the socket's events now.
                drop(events);
                return self.end_events();
            }
            // Another thread may have received since: what it has taken is not told again.
            if events.armings() == armings {
                // Under the lock under which a close ends the registration.
                let telling = events.note(levels).map(|telling| (self.enter(), telling));
                drop(events);
                return self.tell_event(telling, signalling);
            }
        }
    }

    /// Tells what was noted, by whom its socket was [entered](Self::enter) under the lock of its events.
    pub(super) fn tell_event(&self, telling: Option<(Entered<'_, T>, Telling)>, signalling: Signalling<'_>) {
        let Some((entered, telling)) = telling else { return };
        // A window may call us, from any thread; nothing has to be in order with its messages.
        let signalling = signalling.filter(|_| telling.signals());
        telling.tell();
        drop(entered);
        drop(signalling);
        // A close may wait for the end of the upcall.
        self.bell().ring();
    }

    fn levels(&self) -> Levels {
        self.settle_connect();
        let (stage, refused, initiated) = {
            let life = self.life();
            (life.stage.clone(), life.refused, life.initiated)
        };
        let mut levels = Levels::default();
        match stage {
            Stage::Open => {
                if let Some(fault) = refused {
                    levels.events = events::CONNECT;
                    levels.connect = events::connect_code(fault, self.mode);
                }
            }
            Stage::Connecting(_) => {}
            Stage::Listening(listening) => {
                levels.events = if listening.is_waiting() { events::ACCEPT } else { 0 };
            }
            Stage::Connected(connection) => {
                let ready = connection.ready();
                levels.events = if initiated { events::CONNECT } else { 0 };
                let bytes = connection.available() > 0;
                if bytes {
                    levels.events |= events::READ;
                }
                if ready.writable && ready.fault.is_none() {
                    levels.events |= events::WRITE;
                }
                // The end is told once everything before it was read.
                if (ready.ended || ready.fault.is_some()) && !bytes {
                    levels.events |= events::CLOSE;
                    levels.close = ready.fault.map_or(0, events::close_code);
                }
            }
        }
        levels
    }
}
