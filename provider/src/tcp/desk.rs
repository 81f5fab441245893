//! Where what is handed over waits for the processes it is for, and the thread that gives it to them.
//!
//! They come by local connections, which not every system can wait for together with TCP sockets. So there is a thread for them,
//! from the first hand-over on.

use std::sync::{Arc, Mutex, PoisonError};

use wsp::transport::Fault;

use super::connection::Core;
use super::share::Share;
use crate::claims::{self, Packed};
use crate::helper::{self, Helper};
use crate::os::Descriptor;
use crate::os::poll::Poller;
use crate::os::socket::Listener;

/// What waits, and whether it is a connection that others use, too.
type Waiting = claims::Waiting<Watch, bool>;

/// The name of what waits for another process.
pub fn name(claim: u32) -> String {
    format!("wsp-tcp.1/parcel/{claim:08x}")
}

/// The number under which the poller knows a claim: not 0.
fn token(claim: u32) -> u64 {
    u64::from(claim) + 1
}

/// Where who takes something comes to, while the thread looks there.
struct Watch {
    poller: Arc<Poller>,
    listener: Listener,
}

impl AsRef<Listener> for Watch {
    fn as_ref(&self) -> &Listener {
        &self.listener
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.poller.remove(&self.listener);
    }
}

/// A claim, before anything waits under it.
pub struct Place {
    claim: u32,
    watch: Watch,
}

/// Where things wait.
pub struct Desk {
    claims: claims::Claims<Watch, bool>,
    poller: Arc<Poller>,
    helper: Helper,
}

impl Desk {
    fn start() -> Result<Arc<Self>, Fault> {
        let (claims, poller) = (claims::Claims::new(name), Arc::new(Poller::new()?));
        let desk = Arc::new(Self { claims, poller, helper: Helper::new() });
        helper::start("wsp-tcp-desk", &desk, |desk| &desk.helper, serve)?;
        Ok(desk)
    }

    /// A claim that no other process has at present.
    pub fn place(&self) -> Result<Place, Fault> {
        let (claim, listener) = self.claims.open()?;
        let watch = Watch { poller: Arc::clone(&self.poller), listener };
        self.poller.add(&watch.listener, token(claim))?;
        Ok(Place { claim, watch })
    }

    /// Lets something wait for a process. Returns the claim.
    pub fn put(&self, place: Place, to: i32, packed: Packed, shared: bool) -> u32 {
        self.claims.put(place.claim, place.watch, to, packed, shared);
        // It has slept without a limit, if nothing waited.
        self.poller.wake();
        place.claim
    }
}

/// What the thread does.
fn serve(desk: &Arc<Desk>) {
    while !desk.helper.is_stopping() {
        let (expired, next) = desk.claims.expire();
        give_up(expired);
        for happened in desk.poller.wait(next) {
            // A number that was made of a claim.
            desk.claims.serve((happened.token - 1) as u32);
        }
    }
}

/// Those it was for do not come.
fn give_up(expired: Vec<Waiting>) {
    for waiting in expired.into_iter().filter(|waiting| waiting.more) {
        let Ok([reader, writer]) = <[Descriptor; 2]>::try_from(waiting.packed.files) else { continue };
        if let Some(socket) = waiting.packed.socket
            && Share::new(reader, writer).leave()
        {
            // All others have closed it.
            Core::end_gracefully(&socket.into());
        }
    }
}

/// The desk of a transport, once there is one.
#[derive(Default)]
pub struct Desks(Mutex<Option<Arc<Desk>>>);

impl Desks {
    /// The desk.
    ///
    /// # Errors
    /// There is none yet, and the system has no more threads or descriptors.
    pub fn open(&self) -> Result<Arc<Desk>, Fault> {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = &*desk {
            return Ok(Arc::clone(desk));
        }
        Ok(Arc::clone(desk.insert(Desk::start()?)))
    }

    /// Ends the thread, and waits until it has left this code: a second at most. What waits is given up.
    pub fn close(&self) {
        let desk = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(desk) = desk {
            desk.helper.stop(|| desk.poller.wake());
            give_up(desk.claims.clear());
        }
    }
}
