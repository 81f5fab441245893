//! The smallest host: two upcalls, start-up, and calls by machine words.

use std::sync::atomic::{AtomicUsize, Ordering};

use wsp::ffi;
use wsp::rt::Startable;

use crate::entries::{Entry, Reach, invoke};

/// The version that is asked for: 2.2.
pub const VERSION: u16 = 0x0202;

/// A descriptor that no provider under test gives out.
pub const NO_SOCKET: usize = 0x7FFF_FFF0;

unsafe extern "system" fn create_socket_handle(_: u32, _: usize, errno: *mut i32) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0x100);
    // SAFETY: upcalls are given a good address.
    unsafe { errno.write_unaligned(0) };
    NEXT.fetch_add(4, Ordering::Relaxed)
}

unsafe extern "system" fn close_socket_handle(_: usize, errno: *mut i32) -> i32 {
    // SAFETY: upcalls are given a good address.
    unsafe { errno.write_unaligned(0) };
    0
}

/// The upcalls of `WSPStartup`: handles only.
pub const UPCALLS: ffi::WSPUPCALLTABLE = ffi::WSPUPCALLTABLE {
    lpWPUCreateSocketHandle: Some(create_socket_handle),
    lpWPUCloseSocketHandle: Some(close_socket_handle),
    ..ffi::WSPUPCALLTABLE::EMPTY
};

/// The upcalls of `WSPStartupEx`: handles only.
pub const UPCALLS_EX: ffi::WSPUPCALLTABLEEX = ffi::WSPUPCALLTABLEEX {
    lpWPUCreateSocketHandle: Some(create_socket_handle),
    lpWPUCloseSocketHandle: Some(close_socket_handle),
    ..ffi::WSPUPCALLTABLEEX::EMPTY
};

/// An upcall table as it lies in memory.
///
/// # Panics
/// There is no table of this name.
pub fn upcalls(table: &str) -> Vec<u8> {
    fn bytes<T>(table: &T) -> Vec<u8> {
        // SAFETY: a table is nullable functions without padding.
        unsafe { std::slice::from_raw_parts((&raw const *table).cast::<u8>(), size_of::<T>()) }.to_vec()
    }
    match table {
        "WSPUPCALLTABLE" => bytes(&UPCALLS),
        "WSPUPCALLTABLEEX" => bytes(&UPCALLS_EX),
        other => panic!("no upcalls are called {other}"),
    }
}

/// A started provider.
#[derive(Clone, Copy)]
pub struct Started {
    profile: &'static str,
    startup: Startup,
    table: ffi::WSPPROC_TABLE,
}

#[derive(Clone, Copy)]
enum Startup {
    Winsock(ffi::LPWSPSTARTUP),
    San(ffi::LPWSPSTARTUPEX),
}

impl Started {
    /// Starts a provider of the profile `winsock`.
    ///
    /// # Panics
    /// It does not start.
    pub fn winsock<P: Startable<ffi::LPWSPSTARTUP>>() -> Self {
        let mut started =
            Self { profile: "winsock", startup: Startup::Winsock(P::STARTUP), table: ffi::WSPPROC_TABLE::EMPTY };
        started.start();
        started
    }

    /// Starts a provider of the profile `san`.
    ///
    /// # Panics
    /// It does not start.
    pub fn san<P: Startable<ffi::LPWSPSTARTUPEX>>() -> Self {
        let mut started = Self { profile: "san", startup: Startup::San(P::STARTUP), table: ffi::WSPPROC_TABLE::EMPTY };
        started.start();
        started
    }

    /// Name of the profile.
    pub fn profile(&self) -> &'static str {
        self.profile
    }

    /// One more start-up, for one more clean-up.
    ///
    /// # Panics
    /// It fails.
    pub fn start(&mut self) {
        let mut data: ffi::WSPDATA = wsp::rt::zeroed();
        let mut info: ffi::WSAPROTOCOL_INFOW = wsp::rt::zeroed();
        (info.iAddressFamily, info.iSocketType, info.iProtocol) = (ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP);
        let (data, info, table) = (&raw mut data, &raw mut info, &raw mut self.table);
        let mut upcalls = UPCALLS_EX;
        let result = match self.startup {
            // SAFETY: as the interface asks for.
            Startup::Winsock(startup) => unsafe { startup.expect("exported")(VERSION, data, info, UPCALLS, table) },
            // SAFETY: as the interface asks for.
            Startup::San(startup) => unsafe {
                startup.expect("exported")(VERSION, data, info, &raw mut upcalls, table)
            },
        };
        assert_eq!(result, 0, "start-up");
    }

    /// Makes a socket.
    ///
    /// # Panics
    /// The provider makes none.
    pub fn socket(&self) -> usize {
        self.try_socket().expect("the provider makes sockets")
    }

    /// Makes a socket, if the provider does.
    pub fn try_socket(&self) -> Option<usize> {
        let mut info: ffi::WSAPROTOCOL_INFOW = wsp::rt::zeroed();
        let mut errno = 0;
        let function = self.table.lpWSPSocket?;
        // SAFETY: as the interface asks for.
        let socket = unsafe {
            function(
                ffi::AF_INET,
                ffi::SOCK_STREAM,
                ffi::IPPROTO_TCP,
                &raw mut info,
                0,
                ffi::WSA_FLAG_OVERLAPPED,
                &raw mut errno,
            )
        };
        (socket != ffi::INVALID_SOCKET).then_some(socket)
    }

    /// Closes a socket; that it is closed already does not matter.
    pub fn close(&self, socket: usize) {
        let mut errno = 0;
        if let Some(function) = self.table.lpWSPCloseSocket {
            // SAFETY: as the interface asks for.
            unsafe { function(socket, &raw mut errno) };
        }
    }

    /// The address of a function that is in the table or found by GUID. NULL slots and start-up have none.
    pub fn address(&self, entry: &Entry, socket: usize) -> Option<usize> {
        match entry.reach {
            Reach::Slot(slot) => self.slot(slot),
            Reach::Guid(guid) => self.extension(guid, socket),
            Reach::Export => None,
        }
    }

    /// The address in a slot of the table, if there is one.
    pub fn slot(&self, slot: usize) -> Option<usize> {
        // SAFETY: the table is 30 nullable functions of the size of a word each.
        let slots = unsafe { std::mem::transmute_copy::<_, [usize; 30]>(&self.table) };
        slots.get(slot).copied().filter(|&address| address != 0)
    }

    fn extension(&self, mut guid: [u8; 16], socket: usize) -> Option<usize> {
        let mut address = 0_usize;
        let (mut returned, mut errno) = (0_u32, 0);
        let function = self.table.lpWSPIoctl?;
        // SAFETY: as the interface asks for.
        let result = unsafe {
            function(
                socket,
                ffi::SIO_GET_EXTENSION_FUNCTION_POINTER,
                guid.as_mut_ptr().cast(),
                16,
                (&raw mut address).cast(),
                8,
                &raw mut returned,
                std::ptr::null_mut(),
                None,
                std::ptr::null_mut(),
                &raw mut errno,
            )
        };
        (result == 0 && address != 0).then_some(address)
    }

    /// Calls a function with machine words; `None` if the provider does not have it.
    ///
    /// # Safety
    /// The words are good for it, or are such that the provider must refuse them.
    ///
    /// # Panics
    /// The words are not those of the entry.
    pub unsafe fn call(&self, entry: &Entry, words: &[usize], socket: usize) -> Option<usize> {
        assert_eq!(words.len(), entry.params.len(), "{}", entry.function);
        if entry.reach == Reach::Export {
            // SAFETY: the caller's contract.
            return Some(unsafe { self.call_startup(words) });
        }
        let address = self.address(entry, socket)?;
        // SAFETY: the address is that of the function whose parameters the entry describes.
        Some(unsafe { invoke(address, words) })
    }

    /// Start-up takes a table by value in one profile, so its words are put into their types.
    unsafe fn call_startup(&self, words: &[usize]) -> usize {
        let [version, data, info, upcalls, table] = *words else { panic!("start-up has five parameters") };
        let (version, data, info, table) = (version as u16, data as *mut _, info as *mut _, table as *mut _);
        let result = match self.startup {
            // SAFETY: the caller's contract; the word of a structure by value is its address.
            Startup::Winsock(startup) => unsafe {
                let upcalls = (upcalls as *const ffi::WSPUPCALLTABLE).read_unaligned();
                startup.expect("exported")(version, data, info, upcalls, table)
            },
            // SAFETY: the caller's contract.
            Startup::San(startup) => unsafe {
                startup.expect("exported")(version, data, info, upcalls as *mut ffi::WSPUPCALLTABLEEX, table)
            },
        };
        result as usize
    }
}
