//! A host like ws2_32: the socket calls of programs, carried out by the providers of a catalog.
//!
//! A [`Ws2`] has a catalog of [`Entry`]s. A program starts up and gets a [`Stack`]; its sockets choose their providers by family,
//! type and protocol or by an entry, and a provider is loaded and started when the first call needs it.
//!
//! ```no_run
//! use std::io::{Read as _, Write as _};
//! use wsp::ffi::{AF_INET, SOCK_STREAM};
//! use wsp_host::winsock::{Entry, Ws2};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ws2 = Ws2::new();
//! ws2.install(Entry::new(Entry::tcp(), wsp_host::library::find(None, "wsp_loopback")?))?;
//! let stack = ws2.startup(0x0202)?;
//! let listener = stack.socket(AF_INET, SOCK_STREAM, 0)?;
//! listener.bind("127.0.0.1:0".parse()?)?;
//! listener.listen(1)?;
//! let mut client = stack.socket(AF_INET, SOCK_STREAM, 0)?;
//! client.connect(listener.local_addr()?)?;
//! let (mut server, _) = listener.accept()?;
//! client.write_all(b"hello")?;
//! let mut buffer = [0; 5];
//! server.read_exact(&mut buffer)?;
//! # Ok(())
//! # }
//! ```
//!
//! # As strict as real hosts
//! - Providers are always asked for version 2.2, once for each `ProviderId`, with the entry that was used first. Start-up and
//!   clean-up run under the catalog lock: a thread that a provider waits for there must not need it. The thread itself has it, and
//!   may make socket calls; a provider that asks for its own sockets then is started once more within its start-up.
//! - A start-up that fails may be followed by a call of the clean-up, if start-up filled that entry; then the library is let go,
//!   and the next call tries everything again. Its last error is 10106 (10104 for an incomplete table, 10105 for a version).
//! - Family, type, protocol and flags reach `WSPSocket` as the program gave them, and so does its protocol information; of that
//!   the host uses the number of the entry alone. `WSAEINPROGRESS` from `WSPSocket` passes the call on to the next entry that
//!   matches.
//! - Pointers are handed on as they are. What the host itself looks at: the length of a name for `bind` and `getsockname`, the sets
//!   of `select`.
//! - `select` goes to the provider of the first socket in the first set that is not empty, with all sets.
//! - A failure without a code becomes 10107. `connect` is tried once more after `WSAEHOSTUNREACH` and `WSAENETUNREACH`.
//! - The last clean-up of the program calls each provider's clean-up once and lets go of its library. It closes no sockets.
//!
//! What a real host would crash on or pass over (entries that are NULL, descriptors that are no handles, more bytes than there was room
//! for) is reported as [`Error::Nonsense`](crate::Error::Nonsense) or its like instead.

mod calls;
mod entries;
mod failure;
mod overlapped;
mod providers;
mod socket;
mod stack;
mod thread;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use wsp::{code, ffi};

pub use calls::Calls;
pub use entries::Entry;
pub use failure::{Failure, WSAEINVALIDPROCTABLE, WSAEINVALIDPROVIDER, WSAEPROVIDERFAILEDINIT, WSASYSCALLFAILURE};
pub use socket::Socket;
pub use stack::{Ready, Stack};
pub use thread::{last_error, set_last_error};

use providers::Providers;

/// The highest version of sockets that a program may have.
const HIGHEST: u16 = 0x0202;

/// A catalog and the providers that are in use, for one program. Clones are the same.
#[derive(Clone, Default)]
pub struct Ws2(Arc<Shared>);

#[derive(Default)]
struct Shared {
    providers: Providers,
    /// Start-ups that no clean-up has undone: read by every call.
    starts: AtomicUsize,
    /// The version of the program's first start-up.
    version: AtomicU32,
}

/// Why an entry cannot be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// The entry's number is another's.
    #[error("another entry has the number {0}: give each entry a number of its own")]
    Taken(u32),
}

impl Ws2 {
    /// An empty catalog.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry at the end of the catalog.
    ///
    /// # Errors
    /// Its number is another's, here or in another catalog of this process.
    pub fn install(&self, entry: Entry) -> Result<(), InstallError> {
        let id = entry.id();
        if self.0.providers.hold().install(entry) { Ok(()) } else { Err(InstallError::Taken(id)) }
    }

    /// Takes an entry out of the catalog; `false` if there is none of this number. A provider that has been started stays in use.
    pub fn remove(&self, id: u32) -> bool {
        self.0.providers.hold().remove(id)
    }

    /// All entries, in order, hidden ones too, as `WSCEnumProtocols` lists them.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.providers.hold().catalog().entries.clone()
    }

    /// Has this entry's provider been started?
    pub fn is_started(&self, entry: &Entry) -> bool {
        self.0.providers.find(&entry.info.ProviderId).is_some()
    }

    /// Starts up, as `WSAStartup` does, for this version (the low byte is the major number). Loads no provider. Each start-up wants a
    /// clean-up; dropping the result is one.
    ///
    /// # Errors
    /// `WSAVERNOTSUPPORTED` for versions before 1.0.
    pub fn startup(&self, version: u16) -> Result<Stack, Failure> {
        const CALL: &str = "WSAStartup";
        let [major, minor] = version.to_le_bytes();
        if major == 0 {
            return Err(Failure::Refused { call: CALL, code: code::WSAVERNOTSUPPORTED });
        }
        let agreed = match (major, minor) {
            (1, minor) => u16::from_le_bytes([1, minor.min(1)]),
            (2, minor) => u16::from_le_bytes([2, minor.min(2)]),
            _ => HIGHEST,
        };
        let held = self.0.providers.hold();
        let mut catalog = held.catalog();
        if catalog.starts == 0 {
            self.0.version.store(agreed.into(), Ordering::Release);
        }
        catalog.starts += 1;
        self.0.starts.store(catalog.starts, Ordering::Release);
        Ok(Stack::new(self.clone(), agreed))
    }

    /// Undoes one start-up, as `WSACleanup` does. The last one cleans every provider up and lets go of its library; sockets that
    /// are open are not closed before.
    ///
    /// # Errors
    /// `WSANOTINITIALISED` if there was no start-up; `WSAEINPROGRESS` in a blocking hook. What a provider's clean-up says: the
    /// start-up is undone all the same.
    pub fn cleanup(&self) -> Result<(), Failure> {
        self.calls().run("WSACleanup", || {
            let held = self.0.providers.hold();
            let left = {
                let mut catalog = held.catalog();
                // Another thread may have been quicker.
                let Some(left) = catalog.starts.checked_sub(1) else {
                    return Err(Failure::Refused { call: "WSACleanup", code: code::WSANOTINITIALISED });
                };
                catalog.starts = left;
                self.0.starts.store(left, Ordering::Release);
                left
            };
            if left == 0 { held.end() } else { Ok(()) }
        })
    }

    /// The socket calls as programs in C make them.
    pub fn calls(&self) -> Calls<'_> {
        Calls::new(self)
    }

    /// Is this socket handle one of these providers'?
    pub fn knows(&self, socket: ffi::SOCKET) -> bool {
        self.0.providers.of_handle(socket).is_some()
    }

    fn is_started_up(&self) -> bool {
        self.0.starts.load(Ordering::Acquire) > 0
    }

    /// Did the program ask for a version that has blocking hooks?
    fn has_hooks(&self) -> bool {
        self.0.version.load(Ordering::Acquire).to_le_bytes()[0] < 2
    }
}
