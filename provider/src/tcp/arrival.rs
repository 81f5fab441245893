//! Somebody who came to a listener and is still to say what it wants.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wsp::transport::{Fault, Region};

use super::instance::Instance;
use super::listener::Queue;
use super::watcher::Watched;
use super::wire::{Hello, WORD};
use crate::os::net::{self, Socket};

/// How many may have said nothing. They take no place in any queue; of more, the oldest go.
const SILENT: usize = 256;

/// A word that arrives, perhaps in pieces. Never a byte beyond it is taken.
#[derive(Debug, Default)]
pub struct Word {
    bytes: [u8; WORD],
    count: usize,
}

impl Word {
    /// The word, once it is there.
    ///
    /// # Errors
    /// The connection is broken, or has ended before.
    pub fn hear(&mut self, from: &Socket) -> Result<Option<[u8; WORD]>, Fault> {
        match net::receive(from, std::iter::empty::<Region>(), &mut self.bytes[self.count..], false) {
            Ok(0) => Err(Fault::Reset),
            Ok(count) => {
                self.count += count;
                Ok((self.count == WORD).then(|| std::mem::take(self).bytes))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Somebody who came.
pub struct Arrival {
    queue: Weak<Queue>,
    state: Mutex<Option<(Socket, Word)>>,
}

impl Arrival {
    /// Hears what a new socket wants, now or when it says so.
    pub fn receive(instance: &Arc<Instance>, queue: &Arc<Queue>, socket: Socket) {
        let state = Mutex::new(Some((socket, Word::default())));
        let arrival = Arc::new(Self { queue: Arc::downgrade(queue), state });
        let number = instance.watcher.number();
        if arrival.hear(instance) {
            return;
        }
        let silent = instance.watcher.arrivals();
        if let Some((oldest, arrival)) = silent.first().filter(|_| silent.len() >= SILENT) {
            arrival.leave(instance, *oldest);
        }
        let (watched, within) = (Watched::Arrival(Arc::clone(&arrival)), instance.settings.handshake);
        if let Some((socket, _)) = &*arrival.state() {
            // If it cannot be watched it goes.
            let _ = instance.watcher.add(socket, number, watched, Some(within));
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Option<(Socket, Word)>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has said something, or its time is over.
    pub fn look(&self, instance: &Arc<Instance>, number: usize, late: bool) {
        if self.hear(instance) || late {
            self.leave(instance, number);
        }
    }

    /// It is not watched any more, and closed unless it has become a request.
    fn leave(&self, instance: &Instance, number: usize) {
        let left = self.state().take();
        match left {
            Some((socket, _)) => instance.watcher.remove(&socket, number),
            None => instance.watcher.forget(number),
        }
    }

    /// Returns whether it is decided what becomes of it.
    fn hear(&self, instance: &Arc<Instance>) -> bool {
        let mut state = self.state();
        let Some((socket, word)) = &mut *state else { return true };
        let heard = match word.hear(socket) {
            Ok(None) => return false,
            Ok(Some(word)) => Hello::parse(word),
            Err(_) => None,
        };
        let Some((socket, _)) = state.take() else { return true };
        instance.watcher.unwatch(&socket);
        if let (Some(hello), Some(queue)) = (heard, self.queue.upgrade()) {
            // What goes wrong now is the visitor's affair: it is gone, and told so by the system.
            let _ = queue.offer(socket, hello.mode);
        }
        true
    }
}
