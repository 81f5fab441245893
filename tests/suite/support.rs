//! What scenarios share.

use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::mpsc;
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use wsp_host::{Error, Host, Provider, Socket, StartError, library};
use wsp_provider::Loopback;

use crate::front;

/// After this long a wait counts as failed. Nothing that works takes nearly as long.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// Where the provider comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Its library, loaded by its exported entry point.
    Library,
    /// The type, linked into the test.
    Linked,
    /// Shared memory, linked into the test.
    #[cfg(any(target_os = "linux", windows))]
    Shm,
    /// TCP, linked into the test.
    #[cfg(any(target_os = "linux", windows))]
    Tcp,
    /// The library, behind the socket calls of a program.
    Ws2,
    /// Shared memory, behind the socket calls of a program.
    #[cfg(any(target_os = "linux", windows))]
    Ws2Shm,
}

/// A provider is one instance: whoever ends it for good must be alone with it.
static ALONE: [RwLock<()>; 4] = [const { RwLock::new(()) }; 4];

impl Source {
    /// The lock of the instance that it is in the end.
    fn alone(self) -> &'static RwLock<()> {
        &ALONE[match self {
            Self::Library | Self::Ws2 => 0,
            Self::Linked => 1,
            #[cfg(any(target_os = "linux", windows))]
            Self::Shm | Self::Ws2Shm => 2,
            #[cfg(any(target_os = "linux", windows))]
            Self::Tcp => 3,
        }]
    }

    /// Starts the provider.
    pub fn start(self, host: &Host) -> Result<Provider, StartError> {
        match self {
            Self::Linked => host.start_type::<Loopback>(),
            #[cfg(any(target_os = "linux", windows))]
            Self::Shm => host.start_type::<wsp_provider::shm::Shm>(),
            #[cfg(any(target_os = "linux", windows))]
            Self::Tcp => host.start_type::<wsp_provider::tcp::Tcp>(),
            // SAFETY: it keeps to the interface as long as what is behind it does.
            Self::Ws2 => unsafe { host.start(front::startup::<front::Library>()) },
            #[cfg(any(target_os = "linux", windows))]
            // SAFETY: as above.
            Self::Ws2Shm => unsafe { host.start(front::startup::<front::Shm>()) },
            Self::Library => {
                let file = library::find(None, "wsp_loopback").unwrap_or_else(|error| panic!("{error}"));
                host.load(&file).map_err(|error| match error {
                    wsp_host::LoadError::Start { reason, .. } => reason,
                    other => panic!("{other}"),
                })
            }
        }
    }
}

/// Runs a scenario beside others.
pub fn with(source: Source, scenario: fn(&Provider)) {
    let _among_others = source.alone().read().unwrap_or_else(PoisonError::into_inner);
    let provider = source.start(&Host::new()).expect("the provider starts");
    scenario(&provider);
}

/// Runs a scenario while no other uses the same provider; it starts it itself.
pub fn alone(source: Source, scenario: fn(Source)) {
    let _alone = source.alone().write().unwrap_or_else(PoisonError::into_inner);
    scenario(source);
}

/// The code of a call that has to fail, and with a code that the function documents.
#[track_caller]
pub fn code<T: Debug>(result: Result<T, Error>) -> i32 {
    match result {
        Err(Error::Documented { code, .. }) => code,
        other => panic!("should have failed with a documented code, but: {other:?}"),
    }
}

/// Any port of this machine.
pub fn any() -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)
}

/// A listening socket and its address.
pub fn listener(provider: &Provider) -> (Socket, SocketAddrV4) {
    let listener = provider.socket().unwrap();
    listener.bind(any()).unwrap();
    listener.listen(5).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Runs `body` on a thread of its own and waits for it, but not for ever.
#[track_caller]
pub fn bounded<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    let thread = thread::spawn(move || {
        // The receiver is gone only after the panic below.
        let _ = send.send(body());
    });
    match receive.recv_timeout(PATIENCE) {
        Ok(value) => {
            thread.join().expect("the thread has sent its value");
            value
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("still waiting after {PATIENCE:?}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("the thread panicked"),
    }
}

/// Numbers that look random and are the same in every run.
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from 0 up to `end`, without it.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}
