//! Whether others use a connection, too: everybody who has it has both ends of the same pipe, and the last is who finds that
//! nobody else could write to it.

use wsp::transport::Fault;

use crate::os::{Descriptor, memory, socket};

/// Both ends of the pipe.
#[derive(Debug)]
pub struct Share {
    reader: Descriptor,
    writer: Descriptor,
}

impl Share {
    /// Over a pipe that others have, too.
    pub fn new(reader: Descriptor, writer: Descriptor) -> Self {
        Self { reader, writer }
    }

    /// Over a new pipe.
    pub fn open() -> Result<Self, Fault> {
        let (reader, writer) = std::io::pipe()?;
        Ok(Self { reader: reader.into(), writer: writer.into() })
    }

    /// Both ends, for somebody else.
    pub fn duplicate(&self) -> Result<[Descriptor; 2], Fault> {
        Ok([memory::duplicate(&self.reader)?, memory::duplicate(&self.writer)?])
    }

    /// Gives it up. Returns whether nobody else has it.
    pub fn leave(self) -> bool {
        drop(self.writer);
        socket::abandoned(self.reader)
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
