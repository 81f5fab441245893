//! One start-up of a provider for a system area network, and what makes it good.

use wsp::rt::{CallError, zeroed};
use wsp::san::StartupPointer;
use wsp::san::caller::Table;
use wsp::san::error::StartupExError;
use wsp::{code, ffi};

use crate::error::{Error, StartError};
use crate::startup::{LOWEST, numbers};

/// What a start-up gave.
pub struct Started {
    pub table: Table,
    pub data: ffi::WSPDATA,
}

/// Starts a provider. What starts and is unusable is cleaned up again.
///
/// `upcalls` has to stay where it is as long as the provider is in use: it may keep the pointer.
pub fn start(
    startup: StartupPointer,
    version: u16,
    upcalls: &ffi::WSPUPCALLTABLEEX,
    info: &ffi::WSAPROTOCOL_INFOW,
) -> Result<Started, StartError> {
    let Some(function) = startup else {
        return Err(StartError::Failed(Error::Absent { function: "WSPStartupEx" }));
    };
    let mut info = *info;
    let mut data: ffi::WSPDATA = zeroed();
    let mut table = ffi::WSPPROC_TABLE::EMPTY;
    let upcalls = std::ptr::from_ref(upcalls).cast_mut();
    // SAFETY: a start-up function, called as the interface has it: the structures are ours and the upcalls stay.
    let returned = unsafe { function(version, &raw mut data, &raw mut info, upcalls, &raw mut table) };
    if returned == code::WSAVERNOTSUPPORTED {
        return Err(StartError::VersionRefused { requested: version });
    }
    if returned != 0 {
        return Err(StartError::Failed(CallError::<StartupExError>::reported(returned).into()));
    }
    // SAFETY: start-up reported success, so what it filled in are functions of the declared types; the caller keeps the library.
    let table = unsafe { Table::new(table) };
    let missing = missing(table.raw());
    let usable = (LOWEST..=numbers(version)).contains(&numbers(data.wVersion));
    if missing.is_empty() && usable {
        return Ok(Started { table, data });
    }
    // Without the entry there is no way to clean up, and nothing to say that the error below does not.
    let _ = table.cleanup();
    Err(if missing.is_empty() {
        StartError::VersionUnusable { requested: version, offered: data.wVersion }
    } else {
        StartError::IncompleteTable { missing }
    })
}

macro_rules! absent {
    ($table:expr; $($entry:ident: $name:literal),* $(,)?) => {{
        let mut missing = Vec::new();
        $( if $table.$entry.is_none() { missing.push($name); } )*
        missing
    }};
}

/// The mandatory entries that are NULL. The other thirteen are none of the switch's business.
fn missing(table: &ffi::WSPPROC_TABLE) -> Vec<&'static str> {
    absent!(table;
        lpWSPAccept: "WSPAccept",
        lpWSPBind: "WSPBind",
        lpWSPCleanup: "WSPCleanup",
        lpWSPCloseSocket: "WSPCloseSocket",
        lpWSPConnect: "WSPConnect",
        lpWSPDuplicateSocket: "WSPDuplicateSocket",
        lpWSPEnumNetworkEvents: "WSPEnumNetworkEvents",
        lpWSPEventSelect: "WSPEventSelect",
        lpWSPGetOverlappedResult: "WSPGetOverlappedResult",
        lpWSPGetQOSByName: "WSPGetQOSByName",
        lpWSPGetSockOpt: "WSPGetSockOpt",
        lpWSPIoctl: "WSPIoctl",
        lpWSPListen: "WSPListen",
        lpWSPRecv: "WSPRecv",
        lpWSPSend: "WSPSend",
        lpWSPSetSockOpt: "WSPSetSockOpt",
        lpWSPSocket: "WSPSocket",
    )
}
