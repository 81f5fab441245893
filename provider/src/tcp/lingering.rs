//! Connections that are closed here, and whose last bytes are still on their way to the peer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wsp::transport::Region;

use super::instance::Instance;
use super::watcher::Watched;
use crate::os::net::{self, Socket};

/// How long a peer may leave them where they are.
const LONGEST: Duration = Duration::from_secs(60);
/// How often it is looked whether they have arrived: no event tells.
const PERIOD: Duration = Duration::from_millis(50);

/// A socket that sends nothing more, and is closed once what it has sent has arrived.
///
/// Closed at once it would be reset as soon as the peer sends something, and with it what the peer has not got yet.
pub struct Lingering {
    socket: Socket,
    since: Instant,
}

impl Lingering {
    /// Closes a socket, sooner or later.
    pub fn close(instance: &Arc<Instance>, socket: Socket) {
        let lingering = Self { socket, since: Instant::now() };
        if lingering.is_over() {
            return;
        }
        let (number, lingering) = (instance.watcher.number(), Arc::new(lingering));
        let watched = Watched::Lingering(Arc::clone(&lingering));
        // If it cannot be watched the system alone has to see to it.
        let _ = instance.watcher.add(&lingering.socket, number, watched, Some(PERIOD));
    }

    /// Drops what still comes. Has all arrived, or can it not?
    fn is_over(&self) -> bool {
        let mut unwanted = [0; 16 * 1024];
        let mut ended = false;
        // A peer that sends without end gets its turn and no more.
        for _ in 0..64 {
            match net::receive(&self.socket, std::iter::empty::<Region>(), &mut unwanted, false) {
                Ok(count) if count > 0 => continue,
                Ok(_) => ended = true,
                Err(error) => ended = error.kind() != std::io::ErrorKind::WouldBlock,
            }
            break;
        }
        let broken = ended && net::levels(&self.socket).broken;
        broken || net::can_be_closed(&self.socket, self.since, ended) || self.since.elapsed() >= LONGEST
    }

    /// Something came, or it is time.
    pub fn look(&self, instance: &Instance, number: usize) {
        if self.is_over() {
            instance.watcher.remove(&self.socket, number);
        } else {
            instance.watcher.look_again(number, PERIOD);
        }
    }
}
