//! The ways from process to process that are compared.

mod bare;
mod entry;
mod pages;
mod raw;
mod socket;

use std::fmt;

pub use pages::Pages;
pub use raw::Raw;

/// What goes wrong, in words for the user.
pub type Problem = String;

/// Bytes of the largest message.
pub const LARGEST: usize = 1 << 20;

/// One end of a way from one process to another.
pub trait Link {
    /// Starts to send so many bytes as one message.
    fn send(&mut self, size: usize) -> Result<(), Problem>;

    /// Waits until all that was sent has left its memory.
    fn flush(&mut self) -> Result<(), Problem> {
        Ok(())
    }

    /// Gets ready for a message, where that is a call of its own.
    fn expect(&mut self) -> Result<(), Problem> {
        Ok(())
    }

    /// Waits for a message of so many bytes.
    fn recv(&mut self, size: usize) -> Result<(), Problem>;

    /// Writes so many bytes into the peer's memory, and waits until they are there.
    fn put(&mut self, size: usize) -> Result<(), Problem> {
        let _ = size;
        Err("it has no remote memory".into())
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Two cache lines.
    Raw,
    /// The shared-memory transport alone.
    BareShm,
    /// The SAN provider over shared memory, polled.
    Shm,
    /// The same with memory that is open to the peer: a provider then looks after it in the background.
    ShmMemory,
    /// The same where the system forbids copies from process to process.
    ShmCopied,
    /// The same, with calls that wait.
    ShmWaiting,
    /// The SAN provider over TCP, polled.
    Tcp,
    /// Plain TCP, polled.
    BusyTcp,
    /// Plain TCP, with calls that wait.
    WaitingTcp,
    /// The same, with both processes on one processor.
    OneCoreTcp,
    /// A Unix socket, polled.
    BusyUnix,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Raw,
        Self::BareShm,
        Self::Shm,
        Self::ShmMemory,
        Self::ShmCopied,
        Self::ShmWaiting,
        Self::Tcp,
        Self::BusyTcp,
        Self::WaitingTcp,
        Self::OneCoreTcp,
        Self::BusyUnix,
    ];

    /// Its name on the command line of the processes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw2",
            Self::BareShm => "shm-alone",
            Self::Shm => "shm",
            Self::ShmMemory => "shm-rdma",
            Self::ShmCopied => "shm-double-copy",
            Self::ShmWaiting => "shm-waiting",
            Self::Tcp => "san-tcp",
            Self::BusyTcp => "tcp-busy",
            Self::WaitingTcp => "tcp-waiting",
            Self::OneCoreTcp => "tcp-one-core",
            Self::BusyUnix => "unix-busy",
        }
    }

    /// The subject of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }

    /// Makes the end that waits for the other; `tell` says where it is.
    pub fn answer(self, tell: &mut dyn FnMut(&str) -> Result<(), Problem>) -> Result<Box<dyn Link>, Problem> {
        self.prepare();
        Ok(match self {
            Self::Raw => Box::new(Raw::answer(tell)?),
            Self::BareShm => Box::new(bare::answer(tell)?),
            Self::Shm | Self::ShmCopied => Box::new(entry::answer("wsp_san_shm", true, tell)?),
            Self::ShmMemory => Box::new(entry::answer("wsp_san_shm", true, tell)?.open()?),
            Self::ShmWaiting => Box::new(entry::answer("wsp_san_shm", false, tell)?),
            Self::Tcp => Box::new(entry::answer("wsp_san_tcp", true, tell)?),
            Self::BusyTcp => Box::new(socket::tcp_answer(true, tell)?),
            Self::WaitingTcp | Self::OneCoreTcp => Box::new(socket::tcp_answer(false, tell)?),
            Self::BusyUnix => Box::new(socket::unix_answer(tell)?),
        })
    }

    /// Makes the end that goes to the other.
    pub fn ask(self, place: &str) -> Result<Box<dyn Link>, Problem> {
        self.prepare();
        Ok(match self {
            Self::Raw => Box::new(Raw::ask(place)?),
            Self::BareShm => Box::new(bare::ask(place)?),
            Self::Shm | Self::ShmCopied => Box::new(entry::ask("wsp_san_shm", true, place)?),
            Self::ShmMemory => Box::new(entry::ask("wsp_san_shm", true, place)?.hear()?),
            Self::ShmWaiting => Box::new(entry::ask("wsp_san_shm", false, place)?),
            Self::Tcp => Box::new(entry::ask("wsp_san_tcp", true, place)?),
            Self::BusyTcp => Box::new(socket::tcp_ask(true, place)?),
            Self::WaitingTcp | Self::OneCoreTcp => Box::new(socket::tcp_ask(false, place)?),
            Self::BusyUnix => Box::new(socket::unix_ask(place)?),
        })
    }

    /// Makes both ends in this process.
    pub fn both(self) -> Result<[Box<dyn Link>; 2], Problem> {
        fn boxed(pair: (impl Link + 'static, impl Link + 'static)) -> [Box<dyn Link>; 2] {
            [Box::new(pair.0), Box::new(pair.1)]
        }
        match self {
            Self::BareShm => bare::both().map(boxed),
            Self::Shm => entry::both("wsp_san_shm", true).map(boxed),
            Self::ShmWaiting => entry::both("wsp_san_shm", false).map(boxed),
            Self::Tcp => entry::both("wsp_san_tcp", true).map(boxed),
            Self::BusyTcp => socket::tcp_both().map(boxed),
            _ => Err(format!("{} is not counted", self.name())),
        }
    }

    /// What the process needs before anything else.
    fn prepare(self) {
        if self == Self::OneCoreTcp {
            raw::stay_on_one_processor();
        }
    }
}

/// The problem in words.
pub fn said(error: impl fmt::Display) -> Problem {
    error.to_string()
}
