//! A host that takes its time to set an event: what happened and the event that tells it go together all the same.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wsp::ffi;
use wsp::rt::{Outcome, zeroed};
use wsp_host::{Event, Host, Notify, Provider, Socket, UPCALLS};

use crate::support::{PATIENCE, Source, listener};

over_each!(alone: an_event_whose_registration_has_ended_is_set_no_more, what_was_asked_for_is_not_told_again,
    an_accept_that_is_posted_sets_the_event_like_others);

/// The events that are set slowly.
static GATES: LazyLock<Mutex<HashMap<usize, Arc<Gate>>>> = LazyLock::new(Mutex::default);

/// Where the upcall waits.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    inside: usize,
    open: bool,
}

impl Gate {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn wait(&self, until: impl Fn(&State) -> bool) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (_state, wait) = self.changed.wait_timeout_while(state, PATIENCE, |state| !until(state)).unwrap();
        assert!(!wait.timed_out());
    }

    fn is_inside(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).inside > 0
    }
}

unsafe extern "system" fn set_slowly(event: ffi::WSAEVENT, errno: ffi::LPINT) -> ffi::WINBOOL {
    let gate = GATES.lock().unwrap().get(&event).cloned();
    if let Some(gate) = &gate {
        gate.change(|state| state.inside += 1);
        gate.wait(|state| state.open);
    }
    let set = UPCALLS.lpWPUSetEvent.unwrap();
    // SAFETY: our caller's arguments, for the host's own function.
    let answer = unsafe { set(event, errno) };
    if let Some(gate) = gate {
        gate.change(|state| state.inside -= 1);
    }
    answer
}

/// A socket, an event of which is being set.
struct Setting {
    provider: Provider,
    socket: Socket,
    event: Event,
    gate: Arc<Gate>,
}

fn start(source: Source) -> Provider {
    let upcalls = ffi::WSPUPCALLTABLE { lpWPUSetEvent: Some(set_slowly), ..UPCALLS };
    source.start(&Host::new().with_upcalls(upcalls)).unwrap()
}

impl Setting {
    /// A connection with something to read at one end, the event for which is being set while `call` begins.
    fn during(source: Source, call: impl FnOnce(&Self) + Send) {
        let provider = start(source);
        let (client, server) = provider.connected_pair().unwrap();
        let setting = Self::new(provider, client, ffi::FD_READ);
        setting.run(|| assert_eq!(server.send(b"x"), Ok(1)), call);
    }

    /// The event is set at once for what holds already, and slowly from then on.
    fn new(provider: Provider, socket: Socket, events: i32) -> Self {
        let (event, gate) = (Event::new().unwrap(), Arc::new(Gate::default()));
        provider.table().event_select(socket.raw(), Some(event.raw()), events).unwrap();
        GATES.lock().unwrap().insert(event.raw(), Arc::clone(&gate));
        Self { provider, socket, event, gate }
    }

    /// Runs `call` while the event is being set after `cause`, and lets it be set then.
    fn run(&self, cause: impl FnOnce() + Send, call: impl FnOnce(&Self) + Send) {
        let setting = self;
        thread::scope(|scope| {
            // The event may be set on this thread.
            scope.spawn(cause);
            setting.gate.wait(|state| state.inside > 0);
            let calling = scope.spawn(|| call(setting));
            // Long enough for a call that does not wait.
            thread::sleep(Duration::from_millis(50));
            setting.gate.change(|state| state.open = true);
            calling.join().unwrap();
        });
        GATES.lock().unwrap().remove(&setting.event.raw());
    }

    fn happened(&self) -> i32 {
        let mut told: ffi::WSANETWORKEVENTS = zeroed();
        let table = self.provider.table();
        table.enum_network_events(self.socket.raw(), Some(self.event.raw()), &mut told).unwrap();
        told.lNetworkEvents
    }
}

/// Ends the registration.
fn end(setting: &Setting) {
    setting.provider.table().event_select(setting.socket.raw(), None, 0).unwrap();
    assert!(!setting.gate.is_inside(), "the event could be closed now, and another have its handle");
}

fn an_event_whose_registration_has_ended_is_set_no_more(source: Source) {
    Setting::during(source, end);
}

fn what_was_asked_for_is_not_told_again(source: Source) {
    Setting::during(source, |setting| {
        assert_eq!(setting.happened(), ffi::FD_READ);
        setting.gate.wait(|state| state.inside == 0);
        assert!(!setting.event.is_set(), "all that happened has been asked for");
    });
}

fn an_accept_that_is_posted_sets_the_event_like_others(source: Source) {
    let provider = start(source);
    let accept = provider.socket().unwrap().extensions().unwrap().accept.unwrap();
    let (listener, address) = listener(&provider);
    let clients = [provider.socket().unwrap(), provider.socket().unwrap()];
    clients.iter().for_each(|client| client.connect(address).unwrap());
    let server = provider.socket().unwrap();
    let setting = Setting::new(provider, listener, ffi::FD_ACCEPT);
    assert_eq!(setting.happened(), ffi::FD_ACCEPT);
    // It takes one of the two, so there is an event for the other.
    setting.run(
        || {
            let ended = setting.socket.accept_ex(&accept, &server, 0, Notify::Port);
            assert_eq!(ended.returned(), Ok(Outcome::Pending));
        },
        end,
    );
}
