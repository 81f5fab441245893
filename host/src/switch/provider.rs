//! A provider for a system area network that has been started.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wsp::rt::{Outcome, OverlappedCall, Startable};
use wsp::san::StartupPointer;
use wsp::san::caller::Table;
use wsp::{code, ffi};

use super::extensions::Extensions;
use super::freeing::Told;
use super::socket::SanSocket;
use super::start::{self, Started};
use crate::error::{Error, LoadError, StartError};
use crate::session::stream_entry;
use crate::socket::{nonsense, pending};
use crate::upcalls::catalog::{self, Counts, Entry};
use crate::upcalls::{functions, handles};
use crate::{library, os};

/// Starts providers as the switch does. What it says at start-up can be changed.
#[derive(Clone)]
pub struct SanHost {
    version: u16,
    upcalls: ffi::WSPUPCALLTABLEEX,
    info: ffi::WSAPROTOCOL_INFOW,
    without_read: bool,
}

impl Default for SanHost {
    fn default() -> Self {
        Self::new()
    }
}

impl SanHost {
    /// Version 2.2, all sixteen upcalls, the catalog entry of TCP over IPv4.
    pub fn new() -> Self {
        Self { version: 0x0202, upcalls: functions::EXTENDED, info: stream_entry(), without_read: false }
    }

    /// Asks for another version; the low byte is the major number.
    #[must_use]
    pub fn with_version(mut self, version: u16) -> Self {
        self.version = version;
        self
    }

    /// Hands over another table of upcalls, for instance [`UPCALLS_EX`](crate::UPCALLS_EX) with entries left out.
    #[must_use]
    pub fn with_upcalls(mut self, upcalls: ffi::WSPUPCALLTABLEEX) -> Self {
        self.upcalls = upcalls;
        self
    }

    /// Makes no use of `WSPRdmaRead`, as with a provider that lacks it.
    #[must_use]
    pub fn without_rdma_read(mut self) -> Self {
        self.without_read = true;
        self
    }

    /// Loads a provider's library and starts it by its export `WSPStartupEx`.
    ///
    /// # Errors
    /// The file is missing, is no library, is no provider, or does not start; nothing is left loaded or started.
    pub fn load(&self, file: &Path) -> Result<SanProvider, LoadError> {
        let (library, startup) = library::open_san(file)?;
        self.launch(startup, Some((library, file))).map_err(|reason| LoadError::Start { file: file.to_owned(), reason })
    }

    /// Starts a provider that is linked into this program, by its type.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_type<P: Startable<StartupPointer>>(&self) -> Result<SanProvider, StartError> {
        self.launch(P::STARTUP, None)
    }

    /// Starts a provider that is linked into this program, by its start-up function.
    ///
    /// # Errors
    /// It does not start.
    ///
    /// # Safety
    /// The function must keep to the interface.
    pub unsafe fn start(&self, startup: StartupPointer) -> Result<SanProvider, StartError> {
        self.launch(startup, None)
    }

    fn launch(
        &self,
        startup: StartupPointer,
        library: Option<(os::Library, &Path)>,
    ) -> Result<SanProvider, StartError> {
        let (library, path) = library.unzip();
        // The entry is what the provider is told of: the TCP/IP one, not one of its own.
        let entry = catalog::enter(self.info, path.map(Path::to_owned));
        let upcalls = Box::new(self.upcalls);
        let Started { table, data } = match start::start(startup, self.version, &upcalls, &entry.info) {
            Ok(started) => started,
            Err(error) => {
                catalog::remove(entry.info.dwCatalogEntryId);
                return Err(error);
            }
        };
        // From here on the clean-up is the value's.
        let live = Live {
            table,
            startup,
            version: self.version,
            upcalls,
            data,
            starts: Mutex::new(1),
            entry,
            _library: library,
        };
        // The documented order: a helper socket, the addresses, the extension functions.
        let helper =
            live.table.socket(ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP, &live.entry.info, 0, OVERLAPPED);
        let helper = helper.map_err(|error| StartError::Unusable(error.into()))?;
        let surveyed = live.addresses(helper).map_err(StartError::Unusable).and_then(|addresses| {
            let extensions = Extensions::fetch(&live.table, helper)?;
            Ok((addresses, extensions))
        });
        // A helper that will not close is released by the clean-up.
        let _ = live.table.close_socket(helper);
        let (addresses, mut extensions) = surveyed?;
        if self.without_read {
            extensions.rdma_read = None;
        }
        let _told = Told::new(&extensions);
        Ok(SanProvider(Arc::new(Shared { _told, extensions, addresses, live })))
    }
}

const OVERLAPPED: u32 = ffi::WSA_FLAG_OVERLAPPED;

/// A provider that has been started. Dropped with its last [`SanSocket`] it is cleaned up, and its library unloaded.
#[derive(Clone)]
pub struct SanProvider(Arc<Shared>);

struct Shared {
    /// First: it is told nothing any more once it is cleaned up.
    _told: Option<Told>,
    extensions: Extensions,
    /// As they were at start-up.
    addresses: Vec<Ipv4Addr>,
    live: Live,
}

struct Live {
    table: Table,
    startup: StartupPointer,
    version: u16,
    upcalls: Box<ffi::WSPUPCALLTABLEEX>,
    data: ffi::WSPDATA,
    /// Start-ups that no clean-up has undone.
    starts: Mutex<usize>,
    entry: Arc<Entry>,
    /// Dropped last: everything above came from it.
    _library: Option<os::Library>,
}

impl Drop for Live {
    fn drop(&mut self) {
        let starts = *self.starts.get_mut().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..starts {
            // A provider that will not be cleaned up cannot be helped here.
            let _ = self.table.cleanup();
        }
        catalog::remove(self.entry.info.dwCatalogEntryId);
    }
}

impl Live {
    /// Asks for the addresses, growing the room as the provider asks for it.
    fn addresses(&self, socket: ffi::SOCKET) -> Result<Vec<Ipv4Addr>, Error> {
        const MOST: usize = 1 << 20;
        // Words, so that the structure in it is aligned.
        let mut room: Vec<u64> = vec![0; 64];
        loop {
            // SAFETY: initialised memory of that many bytes.
            let bytes = unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast::<u8>(), room.len() * 8) };
            let control = ffi::SIO_ADDRESS_LIST_QUERY;
            // SAFETY: not overlapped, so nothing is used after the call.
            let outcome = unsafe { self.table.ioctl(socket, control, None, Some(bytes), OverlappedCall::NONE) };
            match outcome.map_err(Error::from) {
                Ok(Outcome::Done(size)) if size as usize <= room.len() * 8 => return read_list(&room, size as usize),
                Ok(Outcome::Done(_)) => return Err(nonsense("WSPIoctl", "more bytes than it was given")),
                Ok(Outcome::Pending) => return Err(pending("WSPIoctl")),
                Err(error) if error.code() == Some(code::WSAEFAULT) && room.len() * 8 < MOST => {
                    room.resize(room.len() * 2, 0);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The addresses in a `SOCKET_ADDRESS_LIST` of `size` bytes. Pointers that lead out of the list are refused, not followed.
fn read_list(room: &[u64], size: usize) -> Result<Vec<Ipv4Addr>, Error> {
    let wrong = || nonsense("WSPIoctl", "a list of addresses that is none");
    let start = room.as_ptr() as usize;
    let bytes = |offset: usize, count: usize| -> Option<Vec<u8>> {
        let end = offset.checked_add(count).filter(|end| *end <= size)?;
        Some((offset..end).map(|at| room[at / 8].to_ne_bytes()[at % 8]).collect())
    };
    let word = |offset: usize| -> Option<usize> {
        Some(usize::from_ne_bytes(bytes(offset, size_of::<usize>())?.try_into().ok()?))
    };
    let count = bytes(0, 4).and_then(|raw| Some(i32::from_ne_bytes(raw.try_into().ok()?))).ok_or_else(wrong)?;
    let first = std::mem::offset_of!(ffi::SOCKET_ADDRESS_LIST, Address);
    let mut addresses = Vec::new();
    for place in 0..usize::try_from(count).map_err(|_| wrong())? {
        let entry = place.checked_mul(size_of::<ffi::SOCKET_ADDRESS>()).and_then(|at| at.checked_add(first));
        let target = entry.and_then(word).and_then(|address| address.checked_sub(start));
        let raw = target.and_then(|offset| bytes(offset, 16)).ok_or_else(wrong)?;
        addresses.push(*crate::socket::from_sockaddr("WSPIoctl", &raw)?.ip());
    }
    Ok(addresses)
}

impl SanProvider {
    /// A socket as the switch asks for it: TCP over IPv4, overlapped.
    ///
    /// # Errors
    /// The provider's, or a socket for which no handle was created.
    pub fn socket(&self) -> Result<SanSocket, Error> {
        self.socket_of(ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP, self.protocol_info())
    }

    /// A socket of this family, type and protocol, for this catalog entry.
    ///
    /// # Errors
    /// The provider's, or a socket for which no handle was created.
    pub fn socket_of(
        &self,
        family: i32,
        socket_type: i32,
        protocol: i32,
        info: &ffi::WSAPROTOCOL_INFOW,
    ) -> Result<SanSocket, Error> {
        let call = || self.table().socket(family, socket_type, protocol, info, 0, OVERLAPPED);
        let (raw, made) = handles::watch(call);
        SanSocket::adopt(self, "WSPSocket", raw?, &made)
    }

    /// The socket that another process has duplicated for this one. If the provider hands out a descriptor again that the
    /// process had before, the socket has the handle it had then: `former` is that socket, not closed meanwhile.
    ///
    /// # Errors
    /// The provider's, or a new socket for which no handle was created.
    pub fn import(&self, info: &ffi::WSAPROTOCOL_INFOW, former: Option<SanSocket>) -> Result<SanSocket, Error> {
        let call = || self.table().socket(ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP, info, 0, OVERLAPPED);
        let (raw, made) = handles::watch(call);
        let raw = raw?;
        match former {
            Some(former) if former.raw() == raw && made.is_empty() => Ok(former),
            // Another descriptor: the former one is closed as it is dropped.
            _ => SanSocket::adopt(self, "WSPSocket", raw, &made),
        }
    }

    /// Two sockets that are connected through an address of the provider: who connected, and who accepted.
    ///
    /// # Errors
    /// The provider's.
    pub fn connected_pair(&self, address: SocketAddrV4) -> Result<(SanSocket, SanSocket), Error> {
        let listener = self.socket()?;
        listener.bind(address)?;
        listener.listen(1)?;
        let accepting =
            crate::Event::new().map_err(|_| nonsense("WSPEventSelect", "no event: the system has none left"))?;
        listener.event_select(&accepting, ffi::FD_ACCEPT)?;
        let client = self.socket()?;
        client.bind(SocketAddrV4::new(*address.ip(), super::connect::free_port(*address.ip())))?;
        let connecting = client.connect(address)?;
        let mut accepted = None;
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while accepted.is_none() && std::time::Instant::now() < deadline {
            accepting.wait(Duration::from_millis(100));
            listener.enum_events(&accepting)?;
            accepted = match listener.accept(|_| ffi::CF_ACCEPT) {
                Ok((socket, _)) => Some(socket),
                Err(error) if error.code() == Some(code::WSAEWOULDBLOCK) => None,
                Err(error) => return Err(error),
            };
        }
        let server = accepted.ok_or_else(|| nonsense("WSPAccept", "no connection within ten seconds"))?;
        connecting.finish(&client, Duration::from_secs(10))?;
        Ok((client, server))
    }

    /// The addresses that the provider serves now.
    ///
    /// # Errors
    /// The provider's.
    pub fn addresses(&self) -> Result<Vec<Ipv4Addr>, Error> {
        let helper = self.socket()?;
        self.0.live.addresses(helper.raw())
    }

    /// The addresses that the provider served at its start.
    pub fn first_addresses(&self) -> &[Ipv4Addr] {
        &self.0.addresses
    }

    /// The provider's functions.
    pub fn table(&self) -> &Table {
        &self.0.live.table
    }

    /// The provider's extension functions.
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// The provider's start-up function. Good as long as the provider is there.
    pub fn raw_start(&self) -> StartupPointer {
        self.0.live.startup
    }

    /// Tells this provider that memory is about to be freed. [`memory_freed`](super::memory_freed) tells all.
    ///
    /// # Errors
    /// The provider's: `WSAEINVAL` if it keeps nothing of it, `WSAEFAULT` if it cannot let it go.
    pub fn memory_freed(&self, start: *const u8, length: usize) -> Result<(), Error> {
        let absent = Error::Absent { function: "WSPMemoryRegistrationCacheCallback" };
        let callback = self.extensions().cache_callback.ok_or(absent)?;
        // SAFETY: an address and a length; the memory is not used.
        Ok(unsafe { callback.memory_registration_cache_callback(start.cast_mut().cast(), length) }?)
    }

    /// The catalog entry that the provider was told of.
    pub fn protocol_info(&self) -> &ffi::WSAPROTOCOL_INFOW {
        &self.0.live.entry.info
    }

    /// The version agreed on; the low byte is the major number.
    pub fn version(&self) -> u16 {
        self.0.live.data.wVersion
    }

    /// What the provider calls itself.
    pub fn description(&self) -> String {
        let text = self.0.live.data.szDescription;
        let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
        String::from_utf16_lossy(&text[..end])
    }

    /// Starts the provider once more; it counts.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&self) -> Result<(), StartError> {
        let live = &self.0.live;
        start::start(live.startup, live.version, &live.upcalls, &live.entry.info)?;
        *live.starts.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Ok(())
    }

    /// Undoes one start-up. After the last its sockets are dead, and so are all calls but [`start_again`](Self::start_again).
    ///
    /// # Errors
    /// The provider's.
    pub fn cleanup(&self) -> Result<(), Error> {
        self.table().cleanup()?;
        let mut starts = self.0.live.starts.lock().unwrap_or_else(PoisonError::into_inner);
        *starts = starts.saturating_sub(1);
        Ok(())
    }

    /// How often the provider made the upcalls that name its catalog entry or one of its sockets.
    pub fn counts(&self) -> &Counts {
        &self.0.live.entry.counts
    }

    /// How many socket handles the provider has obtained and not given back.
    pub fn open_handles(&self) -> usize {
        handles::open(self.0.live.entry.info.dwCatalogEntryId)
    }

    /// From now on the provider gets no socket handles (or gets them again).
    pub fn refuse_handles(&self, refuse: bool) {
        self.0.live.entry.refuse_handles.store(refuse, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_whose_pointers_lead_out_of_it_is_refused() {
        let mut room = vec![0_u64; 8];
        room[0] = 1;
        room[1] = 0x1234;
        assert!(read_list(&room, 64).is_err());
        room[1] = room.as_ptr() as u64 + 56;
        assert!(read_list(&room, 64).is_err(), "only half of the address is in the list");
    }

    #[test]
    fn a_list_that_counts_more_than_it_has_is_refused() {
        let mut room = vec![0_u64; 8];
        for count in [5_u64, 0x7FFF_FFFF, 0xFFFF_FFFF] {
            room[0] = count;
            assert!(read_list(&room, 64).is_err(), "{count}");
        }
    }
}
