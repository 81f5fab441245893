//! The end of a socket.

use std::sync::Arc;
use std::time::Duration;

use super::ended::End;
use super::endpoint::{Endpoint, Stage};
use super::waiting;
use crate::code;
use crate::rt::{Code, SocketRef};
use crate::transport::{Bell, Connection, Ending, Mode, Transport};

impl<T: Transport> Endpoint<T> {
    /// Ends what the socket has going. What is posted is aborted, whoever waits is woken, upcalls on other threads are waited for.
    ///
    /// # Errors
    /// `WSAEWOULDBLOCK` if the host wants to linger and may not wait; nothing has begun.
    pub(super) fn close(&self, socket: &SocketRef<'_, Arc<Self>>) -> Result<(), Code> {
        let ending = self.linger(socket)?;
        self.abandon(ending, End::Failed(Code(code::WSA_OPERATION_ABORTED)));
        // Nothing of this socket may come to the host after its close.
        let gone = || (!self.upcalling.elsewhere()).then_some(());
        let _ = waiting::wait(self.bell(), None, None, gone);
        Ok(())
    }

    /// Waits for what was sent to arrive, if the host wants that, and says how the connection ends.
    fn linger(&self, socket: &SocketRef<'_, Arc<Self>>) -> Result<Ending, Code> {
        let (on, seconds, nonblocking) = {
            let options = &self.life().options;
            (options.linger.0 != 0, options.linger.1, options.nonblocking)
        };
        if self.mode == Mode::Messages || !on {
            return Ok(Ending::Graceful);
        }
        if seconds == 0 {
            return Ok(Ending::Abortive);
        }
        let Some(connection) = self.connection() else { return Ok(Ending::Graceful) };
        let over = || connection.drained() || connection.ready().fault.is_some();
        // What is posted goes first, as long as there is time.
        if !nonblocking && !self.sending().is_busy() {
            connection.settle();
        }
        if over() {
            return Ok(Ending::Graceful);
        }
        if nonblocking {
            return Err(Code(code::WSAEWOULDBLOCK));
        }
        let drained = self.wait(socket, Some(Duration::from_secs(seconds.into())), || over().then_some(()));
        // After the time the rest is given up.
        Ok(if drained.is_ok() { Ending::Graceful } else { Ending::Abortive })
    }

    /// Ends what the socket has going, at once.
    pub(super) fn abandon(&self, ending: Ending, operations: End) {
        self.set_closed();
        self.end_events();
        let stage = {
            let mut life = self.life();
            life.bound = None;
            std::mem::replace(&mut life.stage, Stage::Open)
        };
        match stage {
            // The listening end goes with its last user: a call that is in it.
            Stage::Open | Stage::Listening(_) => {}
            Stage::Connecting(connection) => connection.close(Ending::Abortive),
            Stage::Connected(connection) => {
                self.withdraw_all(&connection);
                connection.close(ending);
            }
        }
        self.end_operations(operations);
        self.receiving().connection = None;
        self.sending().connection = None;
        self.bell().ring();
    }
}
