//! One end of a connection.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddrV4};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use wsp::transport::{Connection, Ending, Fault, Gather, Ready, Received, Scatter, Sent};

/// Bytes that are moved at a time.
const CHUNK: usize = 16 * 1024;

/// A stream, and what was read ahead of it to see whether there is anything.
pub struct End {
    stream: UnixStream,
    pub local: SocketAddrV4,
    pub peer: SocketAddrV4,
    ahead: Mutex<Ahead>,
}

#[derive(Default)]
struct Ahead {
    bytes: Vec<u8>,
    taken: usize,
    ended: bool,
    fault: Option<Fault>,
}

impl End {
    /// Makes an end of a stream that is connected.
    pub fn new(stream: UnixStream, local: SocketAddrV4, peer: SocketAddrV4) -> Result<Self, Error> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, local, peer, ahead: Mutex::default() })
    }

    /// What is there, read anew if all was taken.
    fn look(&self) -> MutexGuard<'_, Ahead> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.taken == ahead.bytes.len() && !ahead.ended && ahead.fault.is_none() {
            ahead.taken = 0;
            ahead.bytes.resize(CHUNK, 0);
            let read = (&self.stream).read(&mut ahead.bytes);
            ahead.bytes.truncate(*read.as_ref().unwrap_or(&0));
            match read {
                Ok(count) => ahead.ended = count == 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => ahead.fault = Some(error.into()),
            }
        }
        ahead
    }
}

impl Connection for End {
    fn established(&self) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn local(&self) -> SocketAddrV4 {
        self.local
    }

    fn peer(&self) -> SocketAddrV4 {
        self.peer
    }

    fn send(&self, data: &Gather, at: usize, _lend: bool) -> Result<Sent, Fault> {
        let mut chunk = [0; CHUNK];
        let count = data.copy_to(at, &mut chunk);
        match (&self.stream).write(&chunk[..count]) {
            Ok(sent) if at + sent == data.len() => Ok(Sent::All),
            Ok(sent) => Ok(Sent::Part(sent)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Sent::Full),
            Err(error) => Err(error.into()),
        }
    }

    fn receive(&self, room: &Scatter, at: usize, peek: bool) -> Result<Received, Fault> {
        let mut ahead = self.look();
        let count = room.copy_from(at, &ahead.bytes[ahead.taken..]);
        if !peek {
            ahead.taken += count;
        }
        match (ahead.bytes.is_empty(), ahead.fault) {
            (false, _) => Ok(Received::Bytes { count, last: false }),
            (true, Some(fault)) => Err(fault),
            (true, None) if ahead.ended => Ok(Received::End),
            (true, None) => Ok(Received::Nothing),
        }
    }

    fn ready(&self) -> Ready {
        let Ahead { bytes, ended, fault, .. } = &*self.look();
        // Whether there is room only a send can tell.
        Ready { readable: !bytes.is_empty() || *ended || fault.is_some(), writable: true, ended: *ended, fault: *fault }
    }

    fn available(&self) -> usize {
        let ahead = self.look();
        ahead.bytes.len() - ahead.taken
    }

    fn finish(&self) {
        // Fails only if the peer is gone, which the next call says.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn close(&self, _how: Ending) {
        // What was sent is with the system, which delivers it. Unix sockets know no reset, so both endings look alike.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
