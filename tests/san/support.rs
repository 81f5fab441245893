//! What scenarios share.

use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use wsp_host::switch::{SanHost, SanOperation, SanProvider, SanSocket};
use wsp_host::{Error, StartError, library};
use wsp_provider::Loopback;

/// After this long a wait counts as failed. Nothing that works takes nearly as long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where the provider comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Connections inside the process, linked.
    Loopback,
    /// The same, loaded from its library.
    LoopbackLibrary,
    /// Shared memory, linked.
    #[cfg(any(target_os = "linux", windows))]
    Shm,
    /// TCP, linked.
    #[cfg(any(target_os = "linux", windows))]
    Tcp,
}

/// A provider is one instance: whoever ends it for good must be alone with it.
static ALONE: [RwLock<()>; 4] = [const { RwLock::new(()) }; 4];

impl Source {
    /// Starts the provider.
    pub fn start(self) -> Result<SanProvider, StartError> {
        let load = |name| {
            let file = library::find(None, name).unwrap_or_else(|error| panic!("{error}"));
            SanHost::new().load(&file).unwrap_or_else(|error| panic!("{error}"))
        };
        match self {
            Self::Loopback => SanHost::new().start_type::<Loopback>(),
            Self::LoopbackLibrary => Ok(load("wsp_loopback")),
            #[cfg(any(target_os = "linux", windows))]
            Self::Shm => SanHost::new().start_type::<wsp_provider::shm::Shm>(),
            #[cfg(any(target_os = "linux", windows))]
            Self::Tcp => SanHost::new().start_type::<wsp_provider::tcp::Tcp>(),
        }
    }
}

/// Runs a scenario beside others.
pub fn with(source: Source, scenario: fn(&SanProvider)) {
    let _among_others = ALONE[source as usize].read().unwrap_or_else(PoisonError::into_inner);
    let provider = source.start().expect("the provider starts");
    scenario(&provider);
}

/// Runs a scenario while no other uses the same provider.
pub fn alone(source: Source, scenario: fn(&SanProvider)) {
    let _alone = ALONE[source as usize].write().unwrap_or_else(PoisonError::into_inner);
    let provider = source.start().expect("the provider starts");
    scenario(&provider);
}

/// An address of this machine that nobody uses: in a SAN the switch chooses ports.
pub fn address() -> SocketAddrV4 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Below the ports that systems give out; runs of these tests side by side begin at different ones.
    let first = std::process::id() as u16;
    loop {
        let port = 20_000 + first.wrapping_mul(101).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Two sockets that are connected.
pub fn pair(provider: &SanProvider) -> (Arc<SanSocket>, Arc<SanSocket>) {
    let (client, server) = provider.connected_pair(address()).unwrap();
    (Arc::new(client), Arc::new(server))
}

/// Runs `body` on a thread of its own and waits for it, but not for ever.
#[track_caller]
pub fn bounded<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    // The receiver is gone only after the panic below.
    thread::spawn(move || send.send(body()));
    receive.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no end after {PATIENCE:?}: {error}"))
}

/// The code of a call that has to fail, and with a code that the function documents.
#[track_caller]
pub fn code<T: Debug>(result: Result<T, Error>) -> i32 {
    match result {
        Err(Error::Documented { code, .. }) => code,
        other => panic!("should have failed with a documented code, but: {other:?}"),
    }
}

/// Waits for the end of an operation: bytes, or its code.
#[track_caller]
pub fn end(operation: &SanOperation) -> Result<u32, i32> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match operation.result(false) {
            Ok(Some((bytes, _))) => return Ok(bytes),
            Ok(None) => assert!(Instant::now() < deadline, "the operation does not end"),
            Err(Error::Documented { code, .. }) => return Err(code),
            Err(other) => panic!("{other}"),
        }
        std::thread::yield_now();
    }
}
