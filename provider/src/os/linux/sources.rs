//! What mio can watch.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

/// Something that can be watched.
pub trait Source: AsFd {}

impl<S: AsFd> Source for S {}

/// Watches a socket under a token.
pub fn add(registry: &Registry, source: &impl Source, token: Token, wanted: Interest) -> io::Result<()> {
    registry.register(&mut SourceFd(&source.as_fd().as_raw_fd()), token, wanted)
}

/// Changes what a socket is watched for.
pub fn change(registry: &Registry, source: &impl Source, token: Token, wanted: Interest) -> io::Result<()> {
    registry.reregister(&mut SourceFd(&source.as_fd().as_raw_fd()), token, wanted)
}

/// Watches a socket no longer.
pub fn remove(registry: &Registry, source: &impl Source) -> io::Result<()> {
    registry.deregister(&mut SourceFd(&source.as_fd().as_raw_fd()))
}
