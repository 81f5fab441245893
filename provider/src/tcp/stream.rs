//! A connection of streams: the system's bytes as they are.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;

use wsp::transport::{Fault, Gather, Ready, Received, Scatter, Sent};

use super::connection::{Core, condition};
use crate::os::net;

impl Core {
    /// Takes bytes of `data` from `at` on.
    pub fn send_bytes(&self, data: &Gather, at: usize) -> Result<Sent, Fault> {
        self.usable()?;
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let rest = data.len().saturating_sub(at);
        if rest == 0 {
            return Ok(Sent::All);
        }
        match net::send(&self.socket, &[], data.regions(at, usize::MAX)) {
            Ok(count) if count >= rest => {
                if at == 0 {
                    self.want_room(false);
                }
                Ok(Sent::All)
            }
            Ok(count) => Ok(Sent::Part(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.want_room(true);
                Ok(Sent::Full)
            }
            Err(error) => Err(self.broken(error)),
        }
    }

    /// Puts what has arrived into `room` from `at` on.
    pub fn receive_bytes(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault> {
        self.usable()?;
        // A receive that has got something ends with what there is: no need to ask at once for more that was not there just now.
        if at > 0 && self.emptied.load(Ordering::Relaxed) {
            self.emptied.store(false, Ordering::Relaxed);
            return Ok(Received::Nothing);
        }
        let wanted = room.len().saturating_sub(at);
        if wanted == 0 {
            return Ok(Received::Bytes { count: 0, last: false });
        }
        match net::receive(&self.socket, room.regions(at, usize::MAX), &mut [], peek) {
            Ok(0) => self.fault().map_or(Ok(Received::End), Err),
            Ok(count) => {
                self.emptied.store(count < wanted, Ordering::Relaxed);
                Ok(Received::Bytes { count, last: false })
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Received::Nothing),
            Err(error) => Err(self.broken(error)),
        }
    }

    /// What could be done without waiting.
    pub fn bytes_ready(&self) -> Ready {
        if self.is(condition::OVER) {
            return Ready { readable: true, writable: true, ended: true, fault: Some(Fault::Aborted) };
        }
        let levels = net::levels(&self.socket);
        if levels.broken
            && let Ok(Some(error)) = self.socket.take_error()
        {
            self.broken(error);
        }
        let fault = self.fault();
        let broken = fault.is_some();
        let (readable, writable, ended) =
            (levels.readable || broken, levels.writable || broken, levels.ended || broken);
        Ready { readable, writable, ended, fault }
    }
}
