//! Streams for asynchronous programs: attempts that never wait, and wake the task when it is worth another.

use std::io;
use std::task::{Context, Poll};

use super::stream::SanStream;

impl SanStream {
    /// Reads what there is; else the task is woken when something has changed.
    ///
    /// # Errors
    /// The connection's end.
    pub fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.attempt(context, |stream| stream.session().read_now(buffer))
    }

    /// Writes as much as can be sent now, in messages; else the task is woken when something has changed.
    ///
    /// # Errors
    /// The connection's end, or that of this side's stream.
    pub fn poll_write(&self, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.attempt(context, |stream| stream.session().write_now(data))
    }

    /// Ends this side's stream; else the task is woken when something has changed.
    ///
    /// # Errors
    /// The connection's end.
    pub fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.attempt(context, |stream| stream.session().end_stream_now())
    }

    fn attempt<T>(
        &self,
        context: &mut Context<'_>,
        mut attempt: impl FnMut(&Self) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        for registered in [false, true] {
            match attempt(self) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
            if !registered {
                // And then once more: what came in between has woken nobody.
                self.session().bell().register(context.waker());
            }
        }
        self.session().await_sends();
        Poll::Pending
    }
}
