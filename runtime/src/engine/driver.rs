//! The one thread of an instance that sleeps for sockets whose hosts do not ask: it runs while an operation is pending that needs a
//! notification, while events are registered, and while memory is open to a peer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use super::Home;
use super::changes;
use super::endpoint::Endpoint;
use crate::transport::{Bell, Transport};

/// How long clean-up waits for the thread to have left this code.
const LEAVE: Duration = Duration::from_secs(1);

/// The thread and what it looks after.
pub struct Driver<T: Transport> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T: Transport> {
    watched: Vec<Arc<Endpoint<T>>>,
    /// The thread, while it is in this code.
    running: Option<ThreadId>,
    stopped: bool,
}

impl<T: Transport> Default for Driver<T> {
    fn default() -> Self {
        let state = State { watched: Vec::new(), running: None, stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }
}

impl<T: Transport> Driver<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks after a socket from now on, until it needs it no more. `false` if no thread can be had.
    pub fn watch(&self, home: &Arc<Home<T>>, endpoint: &Arc<Endpoint<T>>) -> bool {
        if endpoint.mark_watched() {
            return true;
        }
        let mut state = self.lock();
        state.watched.push(Arc::clone(endpoint));
        if state.running.is_none() && !state.stopped {
            let home = Arc::clone(home);
            let spawned = std::thread::Builder::new().name("wsp driver".into()).spawn(move || run(&home));
            let Ok(thread) = spawned else {
                state.watched.pop();
                endpoint.unmark_watched();
                return false;
            };
            state.running = Some(thread.thread().id());
        }
        drop(state);
        self.changed.notify_all();
        home.transport.bell().ring();
        true
    }

    /// Ends the thread and waits until it has left this code, a second at most.
    pub fn stop(&self, bell: &impl Bell) {
        let mut state = self.lock();
        state.stopped = true;
        state.watched.clear();
        self.changed.notify_all();
        bell.ring();
        // A host may clean up within an upcall that the thread itself makes.
        let elsewhere =
            |state: &mut State<T>| state.running.is_some_and(|thread| thread != std::thread::current().id());
        let waited = self.changed.wait_timeout_while(state, LEAVE, elsewhere);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Sleeps until there is somebody to look after. `false` at the end.
    fn wait_for_work(&self) -> bool {
        let state = self.lock();
        let idle = |state: &mut State<T>| state.watched.is_empty() && !state.stopped;
        !self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Who is to be looked after; nobody at the end.
    fn watched(&self) -> Vec<Arc<Endpoint<T>>> {
        self.lock().watched.clone()
    }

    fn dismiss(&self, endpoint: &Arc<Endpoint<T>>) {
        self.lock().watched.retain(|watched| !Arc::ptr_eq(watched, endpoint));
    }
}

/// Tells the driver that its thread has left, however it does.
struct Leaving<'a, T: Transport>(&'a Driver<T>);

impl<T: Transport> Drop for Leaving<'_, T> {
    fn drop(&mut self) {
        self.0.lock().running = None;
        self.0.changed.notify_all();
    }
}

fn look_after<T: Transport>(endpoint: &Arc<Endpoint<T>>) {
    endpoint.poll();
    endpoint.serve_changes();
}

fn run<T: Transport>(home: &Home<T>) {
    let driver = &home.driver;
    let _leaving = Leaving(driver);
    let bell = home.transport.bell();
    while driver.wait_for_work() {
        // The ticket first: whoever is added after the look rings, and the sleep ends at once.
        let ticket = bell.arm();
        let watched = driver.watched();
        let mut changed = watched.is_empty();
        for endpoint in &watched {
            // A transport that panics spoils its own socket.
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look_after(endpoint))).is_err() {
                endpoint.spoil();
            }
            if !endpoint.wants_driver() {
                changed = true;
                driver.dismiss(endpoint);
                endpoint.unmark_watched();
                // Somebody may have wanted it in between and found the mark still set.
                if endpoint.wants_driver() && !endpoint.mark_watched() {
                    driver.lock().watched.push(Arc::clone(endpoint));
                }
            }
        }
        if !changed {
            // Addresses that change ring no bell.
            let limit = watched.iter().any(|endpoint| endpoint.is_changing()).then_some(changes::LOOK);
            bell.sleep(ticket, limit);
        }
        bell.disarm();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;
    use std::time::Instant;

    use super::*;
    use crate::code;
    use crate::engine::ended::End;
    use crate::engine::events::{self, Listener};
    use crate::engine::options::Options;
    use crate::engine::{cache, changes};
    use crate::rt::{Code, Startup, Upcalls, zeroed};
    use crate::transport::{
        Bound, Connection, Ending, Fault, Gather, LocalBell, Mode, Ready, Received, Request, Scatter, Sent,
    };

    /// A network with nobody else in it.
    #[derive(Default)]
    struct Lonely(LocalBell);

    /// Nobody listens, so nobody asks for a connection.
    enum Nobody {}

    /// A connection on which nothing happens, if it does not panic when it is looked at.
    struct Silent {
        panics: bool,
        looks: Arc<AtomicUsize>,
    }

    impl Transport for Lonely {
        const DESCRIPTION: &'static str = "lonely";
        type Bell = LocalBell;
        type Lease = ();
        type Listener = Nobody;
        type Connection = Silent;

        fn start(_: &Startup) -> Result<Self, Fault> {
            Ok(Self::default())
        }

        fn bell(&self) -> &LocalBell {
            &self.0
        }

        fn addresses(&self) -> Vec<Ipv4Addr> {
            Vec::new()
        }

        fn bind(&self, _: SocketAddrV4, _: bool) -> Result<Bound<()>, Fault> {
            Err(Fault::AddressNotAvailable)
        }

        fn listen(&self, _: &Bound<()>, _: usize, _: Mode) -> Result<Nobody, Fault> {
            Err(Fault::NotSupported)
        }

        fn connect(&self, _: &Bound<()>, _: SocketAddrV4, _: Mode) -> Result<Silent, Fault> {
            Err(Fault::TimedOut)
        }
    }

    impl crate::transport::Listener for Nobody {
        type Connection = Silent;
        type Request = Self;

        fn poll(&self) -> Poll<Result<Self, Fault>> {
            match *self {}
        }

        fn waiting(&self) -> bool {
            match *self {}
        }

        fn set_backlog(&self, _: usize) {
            match *self {}
        }
    }

    impl Request for Nobody {
        type Connection = Silent;

        fn peer(&self) -> SocketAddrV4 {
            match *self {}
        }

        fn local(&self) -> SocketAddrV4 {
            match *self {}
        }

        fn accept(self) -> Result<Silent, Fault> {
            match self {}
        }
    }

    impl Connection for Silent {
        fn established(&self) -> Poll<Result<(), Fault>> {
            Poll::Ready(Ok(()))
        }

        fn local(&self) -> SocketAddrV4 {
            SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1)
        }

        fn peer(&self) -> SocketAddrV4 {
            SocketAddrV4::new(Ipv4Addr::LOCALHOST, 2)
        }

        fn send(&self, _: &Gather, _: usize, _: bool) -> Result<Sent, Fault> {
            Ok(Sent::Full)
        }

        fn receive(&self, _: &Scatter, _: usize, _: bool) -> Result<Received, Fault> {
            Ok(Received::Nothing)
        }

        fn ready(&self) -> Ready {
            Ready::default()
        }

        fn available(&self) -> usize {
            0
        }

        fn finish(&self) {}

        fn close(&self, _: Ending) {}

        fn progress(&self) {
            self.looks.fetch_add(1, Ordering::Relaxed);
            assert!(!self.panics, "what a transport should not do");
        }
    }

    /// Waits, but not for ever.
    fn until(what: impl Fn() -> bool) {
        let begun = Instant::now();
        while !what() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never comes");
            std::thread::yield_now();
        }
    }

    fn home() -> Arc<Home<Lonely>> {
        Arc::new(Home {
            transport: Lonely::default(),
            upcalls: Upcalls::new(zeroed()),
            driver: Driver::default(),
            addresses: changes::Addresses::default(),
            cache: cache::Cache::default(),
        })
    }

    fn listener(home: &Home<Lonely>) -> Listener {
        Listener::Event { event: 0, upcalls: home.upcalls.clone() }
    }

    #[test]
    fn a_socket_that_is_closed_gets_no_registration_for_events() {
        let home = home();
        let endpoint = Endpoint::new(&home, zeroed(), Mode::Stream, None, Options::new(true));
        endpoint.abandon(Ending::Abortive, End::Silenced);
        assert_eq!(endpoint.register_events(Some(listener(&home)), events::READ), Err(Code(code::WSAENOTSOCK)));
        assert!(!endpoint.is_eventful(), "nobody would end it");
    }

    #[test]
    fn a_transport_that_panics_spoils_its_own_socket() {
        let home = home();
        let sockets = [true, false].map(|panics| {
            let looks = Arc::new(AtomicUsize::new(0));
            let connection = Silent { panics, looks: Arc::clone(&looks) };
            let endpoint = Endpoint::new(&home, zeroed(), Mode::Stream, Some(connection), Options::new(true));
            endpoint.replace_events(Some(listener(&home)), events::READ);
            assert!(endpoint.call_driver());
            (endpoint, looks)
        });
        let [(spoilt, _), (good, looks)] = &sockets;
        until(|| spoilt.life().error.is_some());
        assert_eq!(spoilt.life().error, Some(Fault::NetworkDown.code()));
        until(|| !spoilt.is_eventful());
        let before = looks.load(Ordering::Relaxed);
        home.transport.bell().ring();
        until(|| looks.load(Ordering::Relaxed) > before);
        assert!(good.life().error.is_none() && good.is_eventful(), "the thread goes on with the others");
        home.driver.stop(home.transport.bell());
        assert!(home.driver.lock().running.is_none());
    }
}
