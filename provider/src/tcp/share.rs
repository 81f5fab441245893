//! Whether others use a connection, too: everybody who has it has both ends of the same pipe, and the last is who finds that
//! nobody else could write to it.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::pipe::PipeFlags;
use rustix::time::Timespec;
use wsp::transport::Fault;

use crate::os;
use crate::os::memory;

/// Both ends of the pipe.
#[derive(Debug)]
pub struct Share {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Share {
    /// Over a pipe that others have, too.
    pub fn new(reader: OwnedFd, writer: OwnedFd) -> Self {
        Self { reader, writer }
    }

    /// Over a new pipe.
    pub fn open() -> Result<Self, Fault> {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(os::fault)?;
        Ok(Self { reader, writer })
    }

    /// Both ends, for somebody else.
    pub fn duplicate(&self) -> Result<[OwnedFd; 2], Fault> {
        Ok([memory::duplicate(self.reader.as_fd())?, memory::duplicate(self.writer.as_fd())?])
    }

    /// Gives it up. Returns whether nobody else has it.
    pub fn leave(self) -> bool {
        drop(self.writer);
        let mut polled = [PollFd::new(&self.reader, PollFlags::empty())];
        // Without waiting it is not interrupted; there is no other way for it to fail.
        let _ = rustix::event::poll(&mut polled, Some(&Timespec::default()));
        polled[0].revents().contains(PollFlags::HUP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_is_known() {
        let first = Share::open().unwrap();
        let [reader, writer] = first.duplicate().unwrap();
        let second = Share::new(reader, writer);
        assert!(!first.leave());
        assert!(second.leave());
    }
}
