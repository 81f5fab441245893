//! What mio can watch.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

use mio::unix::SourceFd;
use mio::{Interest, Token};

/// Something that can be watched.
pub trait Source: AsFd {}

impl<S: AsFd> Source for S {}

/// The sockets that a poller watches.
#[derive(Debug)]
pub struct Registry(mio::Registry);

impl Registry {
    /// Without sockets.
    pub fn new(registry: mio::Registry) -> Self {
        Self(registry)
    }

    /// Watches a socket under a number.
    pub fn add(&self, source: &impl Source, number: usize, wanted: Interest) -> io::Result<()> {
        self.0.register(&mut SourceFd(&source.as_fd().as_raw_fd()), Token(number), wanted)
    }

    /// Changes what a socket is watched for.
    pub fn change(&self, source: &impl Source, number: usize, wanted: Interest) -> io::Result<()> {
        self.0.reregister(&mut SourceFd(&source.as_fd().as_raw_fd()), Token(number), wanted)
    }

    /// Watches a socket no longer.
    pub fn remove(&self, source: &impl Source) -> io::Result<()> {
        self.0.deregister(&mut SourceFd(&source.as_fd().as_raw_fd()))
    }

    /// Whose event it is, if it is still watched.
    pub fn told(&self, token: Token) -> Option<usize> {
        Some(token.0)
    }
}
