//! What the tests share.

use std::fmt::Debug;
use std::time::Duration;

use wsp::ffi;
use wsp_host::library;
use wsp_host::winsock::{Entry, Failure, Socket, Stack, Ws2};
use wsp_provider::Loopback;

/// After this long a wait counts as failed. Nothing that works takes nearly as long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where the provider comes from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// Its library.
    Library,
    /// The type, linked into the test.
    Linked,
    /// Shared memory, linked into the test.
    #[cfg(any(target_os = "linux", windows))]
    Shm,
}

impl Source {
    /// A catalog entry for it.
    pub fn entry(self) -> Entry {
        match self {
            Self::Linked => Entry::linked::<Loopback>(Entry::tcp()),
            #[cfg(any(target_os = "linux", windows))]
            Self::Shm => Entry::linked::<wsp_provider::shm::Shm>(Entry::tcp()),
            Self::Library => {
                Entry::new(Entry::tcp(), library::find(None, "wsp_loopback").unwrap_or_else(|error| panic!("{error}")))
            }
        }
    }
}

/// A host with these entries.
pub fn ws2(entries: impl IntoIterator<Item = Entry>) -> Ws2 {
    let ws2 = Ws2::new();
    for entry in entries {
        ws2.install(entry).unwrap();
    }
    ws2
}

/// A host with this entry, and a program that has started up.
pub fn stack(entry: Entry) -> Stack {
    ws2([entry]).startup(0x0202).unwrap()
}

/// Runs a scenario on a host with this provider alone.
pub fn with(source: Source, scenario: fn(&Stack)) {
    scenario(&stack(source.entry()));
}

/// A stream socket.
pub fn tcp(stack: &Stack) -> Result<Socket, Failure> {
    stack.socket(ffi::AF_INET, ffi::SOCK_STREAM, 0)
}

/// The code of a call that has to fail.
#[track_caller]
pub fn code<T: Debug>(result: Result<T, Failure>) -> i32 {
    match result {
        Err(failure) => failure.code(),
        Ok(value) => panic!("should have failed, but: {value:?}"),
    }
}

/// The code of a call that the host itself has to refuse.
#[track_caller]
pub fn refused<T: Debug>(result: Result<T, Failure>) -> i32 {
    match result {
        Err(Failure::Refused { code, .. }) => code,
        other => panic!("the host should have refused, but: {other:?}"),
    }
}

/// Makes `fn $name` a start-up function that is that of a linked provider, but changes the table afterwards.
macro_rules! altered {
    ($name:ident, $provider:ty, |$table:ident| $change:expr) => {
        unsafe extern "system" fn $name(
            version: u16,
            data: wsp::ffi::LPWSPDATA,
            info: wsp::ffi::LPWSAPROTOCOL_INFOW,
            upcalls: wsp::ffi::WSPUPCALLTABLE,
            table: wsp::ffi::LPWSPPROC_TABLE,
        ) -> i32 {
            let startup = <$provider as wsp::rt::Startable<wsp::winsock::StartupPointer>>::STARTUP.unwrap();
            // SAFETY: the arguments of this call.
            let returned = unsafe { startup(version, data, info, upcalls, table) };
            if returned == 0 {
                // SAFETY: start-up has accepted the pointer; the host's table is aligned and its own.
                let $table = unsafe { &mut *table };
                $change;
            }
            returned
        }
    };
}
pub(crate) use altered;

/// An entry for a start-up function.
pub fn by(startup: wsp::winsock::StartupPointer) -> Entry {
    by_info(Entry::tcp(), startup)
}

/// An entry of this protocol for a start-up function.
pub fn by_info(info: ffi::WSAPROTOCOL_INFOW, startup: wsp::winsock::StartupPointer) -> Entry {
    // SAFETY: the tests' functions keep to the interface, or break it in ways that the host has to bear.
    unsafe { Entry::linked_by(info, startup) }
}

/// A provider with sockets that do nothing: `bare!(Name)`, and what else the implementation of the trait has.
macro_rules! bare {
    ($name:ident $(, $($more:tt)*)?) => {
        struct $name;
        #[wsp::provider(export = false)]
        impl wsp::winsock::Provider for $name {
            type Socket = ();
            fn start(_: &wsp::rt::Startup) -> Result<Self, wsp::winsock::error::StartupError> {
                Ok(Self)
            }
            fn socket(
                &self,
                _: &wsp::winsock::call::Socket<'_>,
            ) -> Result<wsp::rt::Opened<()>, wsp::winsock::error::SocketError> {
                Ok(wsp::rt::Opened::New(()))
            }
            fn close_socket(
                &self,
                _: &wsp::rt::SocketRef<'_, ()>,
            ) -> Result<(), wsp::winsock::error::CloseSocketError> {
                Ok(())
            }
            $($($more)*)?
        }
    };
}
pub(crate) use bare;
