//! The host and the providers that it has started.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use wsp::rt::{Startable, host_export, zeroed};
use wsp::winsock::caller::Table;
use wsp::{ffi, winsock};

use crate::error::{Error, LoadError, StartError};
use crate::socket::Socket;
use crate::startup::{self, Terms};
use crate::upcalls::catalog::{self, Counts, Entry};
use crate::upcalls::{functions, handles};
use crate::{library, os};

/// Starts providers. It says what a host says at start-up; what it says can be changed.
#[derive(Clone)]
pub struct Host {
    terms: Terms,
    info: ffi::WSAPROTOCOL_INFOW,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// Version 2.2, all upcalls, a catalog entry for TCP over IPv4.
    pub fn new() -> Self {
        Self {
            terms: Terms { version: 0x0202, upcalls: functions::TABLE, cleanup_after_failure: false },
            info: stream_entry(),
        }
    }

    /// Asks for another version; the low byte is the major number.
    #[must_use]
    pub fn with_version(mut self, version: u16) -> Self {
        self.terms.version = version;
        self
    }

    /// Starts providers for another catalog entry. Its number and its provider's identification are replaced.
    #[must_use]
    pub fn with_protocol_info(mut self, info: ffi::WSAPROTOCOL_INFOW) -> Self {
        self.info = info;
        self
    }

    /// Hands over another table of upcalls, for instance [`UPCALLS`](crate::UPCALLS) with entries left out.
    #[must_use]
    pub fn with_upcalls(mut self, upcalls: ffi::WSPUPCALLTABLE) -> Self {
        self.terms.upcalls = upcalls;
        self
    }

    /// Loads a provider's library and starts it.
    ///
    /// # Errors
    /// The file is missing, is no library, is no provider, or does not start; nothing is left loaded or started.
    pub fn load(&self, file: &Path) -> Result<Provider, LoadError> {
        let (library, startup) = library::open(file)?;
        self.launch(startup, Some((library, file))).map_err(|reason| LoadError::Start { file: file.to_owned(), reason })
    }

    /// Starts a provider that is linked into this program, by its start-up function.
    ///
    /// # Errors
    /// It does not start.
    ///
    /// # Safety
    /// The function must keep to the interface.
    pub unsafe fn start(&self, startup: winsock::StartupPointer) -> Result<Provider, StartError> {
        self.launch(startup, None)
    }

    /// Starts a provider that is linked into this program, by its type.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_type<P: Startable<winsock::StartupPointer>>(&self) -> Result<Provider, StartError> {
        self.launch(P::STARTUP, None)
    }

    fn launch(
        &self,
        startup: winsock::StartupPointer,
        library: Option<(os::Library, &Path)>,
    ) -> Result<Provider, StartError> {
        let (library, path) = library.unzip();
        let entry = catalog::enter(self.info, path.map(Path::to_owned));
        match startup::start(startup, self.terms, &entry.info) {
            Ok(started) => Ok(Provider(Arc::new(Shared {
                table: started.table,
                startup,
                terms: self.terms,
                data: started.data,
                starts: Mutex::new(1),
                entry,
                _library: library,
            }))),
            Err(error) => {
                catalog::remove(entry.info.dwCatalogEntryId);
                Err(error)
            }
        }
    }

    /// Does this program export `WPUCompleteOverlappedRequest`, so that providers find it? See the crate's documentation.
    pub fn exports_completion() -> bool {
        let ours = functions::WPUCompleteOverlappedRequest as *const () as usize;
        host_export(b"WPUCompleteOverlappedRequest\0") == ours
    }
}

/// The catalog entry that a provider of TCP over IPv4 is installed with.
pub(crate) fn stream_entry() -> ffi::WSAPROTOCOL_INFOW {
    let mut info: ffi::WSAPROTOCOL_INFOW = zeroed();
    info.dwServiceFlags1 = ffi::XP1_GUARANTEED_DELIVERY | ffi::XP1_GUARANTEED_ORDER | ffi::XP1_GRACEFUL_CLOSE;
    info.dwProviderFlags = ffi::PFL_HIDDEN;
    info.ProtocolChain.ChainLen = 1;
    info.iVersion = 2;
    info.iAddressFamily = ffi::AF_INET;
    info.iMaxSockAddr = 16;
    info.iMinSockAddr = 16;
    info.iSocketType = ffi::SOCK_STREAM;
    info.iProtocol = ffi::IPPROTO_TCP;
    info
}

/// A provider that has been started. Dropped with its last [`Socket`] it is cleaned up, and its library unloaded.
#[derive(Clone)]
pub struct Provider(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) table: Table,
    startup: winsock::StartupPointer,
    terms: Terms,
    data: ffi::WSPDATA,
    /// Start-ups that no clean-up has undone.
    starts: Mutex<usize>,
    pub(crate) entry: Arc<Entry>,
    /// Dropped last: everything above came from it.
    _library: Option<os::Library>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let starts = *self.starts.get_mut().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..starts {
            // A provider that will not be cleaned up cannot be helped here.
            let _ = self.table.cleanup();
        }
        catalog::remove(self.entry.info.dwCatalogEntryId);
    }
}

impl Provider {
    /// A stream socket of the catalog entry, as `WSASocket` with `FROM_PROTOCOL_INFO` asks for it.
    ///
    /// # Errors
    /// The provider's.
    pub fn socket(&self) -> Result<Socket, Error> {
        let from = ffi::FROM_PROTOCOL_INFO;
        self.socket_of(from, from, from)
    }

    /// A socket of this family, type and protocol.
    ///
    /// # Errors
    /// The provider's.
    pub fn socket_of(&self, family: i32, socket_type: i32, protocol: i32) -> Result<Socket, Error> {
        self.open([family, socket_type, protocol], self.protocol_info(), ffi::WSA_FLAG_OVERLAPPED)
    }

    /// A stream socket of the catalog entry whose calls are never overlapped.
    ///
    /// # Errors
    /// The provider's.
    pub fn synchronous_socket(&self) -> Result<Socket, Error> {
        self.open([ffi::FROM_PROTOCOL_INFO; 3], self.protocol_info(), 0)
    }

    /// A socket of a structure that [`Socket::duplicate`] filled for this process.
    ///
    /// # Errors
    /// The provider's.
    pub fn socket_from(&self, info: &ffi::WSAPROTOCOL_INFOW) -> Result<Socket, Error> {
        self.open([ffi::FROM_PROTOCOL_INFO; 3], info, ffi::WSA_FLAG_OVERLAPPED)
    }

    fn open(
        &self,
        [family, socket_type, protocol]: [i32; 3],
        info: &ffi::WSAPROTOCOL_INFOW,
        flags: u32,
    ) -> Result<Socket, Error> {
        let raw = self.table().socket(family, socket_type, protocol, info, 0, flags)?;
        Ok(Socket::new(self.clone(), raw))
    }

    /// Two sockets that are connected: who connected, and who accepted.
    ///
    /// # Errors
    /// The provider's.
    pub fn connected_pair(&self) -> Result<(Socket, Socket), Error> {
        let listener = self.socket()?;
        listener.bind(std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0))?;
        listener.listen(1)?;
        let client = self.socket()?;
        client.connect(listener.local_addr()?)?;
        let (server, _) = listener.accept()?;
        Ok((client, server))
    }

    /// The provider's functions.
    pub fn table(&self) -> &Table {
        &self.0.table
    }

    /// The provider's start-up function. Good as long as the provider is there.
    pub fn raw_start(&self) -> winsock::StartupPointer {
        self.0.startup
    }

    /// The catalog entry that the provider is started for.
    pub fn protocol_info(&self) -> &ffi::WSAPROTOCOL_INFOW {
        &self.0.entry.info
    }

    /// The version agreed on; the low byte is the major number.
    pub fn version(&self) -> u16 {
        self.0.data.wVersion
    }

    /// The highest version that the provider speaks.
    pub fn highest_version(&self) -> u16 {
        self.0.data.wHighVersion
    }

    /// What the provider calls itself.
    pub fn description(&self) -> String {
        let text = self.0.data.szDescription;
        let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
        String::from_utf16_lossy(&text[..end])
    }

    /// Starts the provider once more; it counts.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&self) -> Result<(), StartError> {
        startup::start(self.0.startup, self.0.terms, self.protocol_info())?;
        *self.0.starts.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Ok(())
    }

    /// Undoes one start-up. After the last its sockets are dead, and so are all calls but [`start_again`](Self::start_again).
    ///
    /// # Errors
    /// The provider's.
    pub fn cleanup(&self) -> Result<(), Error> {
        self.table().cleanup()?;
        let mut starts = self.0.starts.lock().unwrap_or_else(PoisonError::into_inner);
        *starts = starts.saturating_sub(1);
        Ok(())
    }

    /// How often the provider made the upcalls that name its catalog entry or one of its sockets.
    pub fn counts(&self) -> &Counts {
        &self.0.entry.counts
    }

    /// How many socket handles the provider has obtained and not given back.
    pub fn open_handles(&self) -> usize {
        handles::open(self.0.entry.info.dwCatalogEntryId)
    }

    /// From now on the provider gets no socket handles (or gets them again).
    pub fn refuse_handles(&self, refuse: bool) {
        self.0.entry.refuse_handles.store(refuse, Ordering::Release);
    }

    /// From now on a handle that was given back is the next to be issued, as systems do it; at first none is issued twice.
    pub fn reissue_handles(&self, reissue: bool) {
        self.0.entry.reissue_handles.store(reissue, Ordering::Release);
    }
}
