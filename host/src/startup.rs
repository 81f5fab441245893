//! One start-up, and what makes it good.

use wsp::ffi;
use wsp::rt::{CallError, zeroed};
use wsp::winsock::caller::Table;
use wsp::winsock::error::StartupError;
use wsp::{code, winsock};

use crate::error::{Error, StartError};
use crate::upcalls::last_error;

/// What the host starts a provider with.
#[derive(Clone, Copy)]
pub struct Terms {
    pub version: u16,
    pub upcalls: ffi::WSPUPCALLTABLE,
    /// As some hosts do: the clean-up is called although start-up failed, if it filled that entry.
    pub cleanup_after_failure: bool,
}

/// What a start-up gave.
pub struct Started {
    pub table: Table,
    pub data: ffi::WSPDATA,
}

pub(crate) const LOWEST: (u8, u8) = (2, 0);

/// Starts a provider. What starts and is unusable is cleaned up again.
pub fn start(
    startup: winsock::StartupPointer,
    terms: Terms,
    info: &ffi::WSAPROTOCOL_INFOW,
) -> Result<Started, StartError> {
    let Some(function) = startup else {
        return Err(StartError::Failed(Error::Absent { function: "WSPStartup" }));
    };
    last_error::keep();
    let mut info = *info;
    let mut data: ffi::WSPDATA = zeroed();
    let mut table = ffi::WSPPROC_TABLE::EMPTY;
    // SAFETY: a start-up function, called as the interface has it: the structures are ours and the upcalls stay for ever.
    let returned = unsafe { function(terms.version, &raw mut data, &raw mut info, terms.upcalls, &raw mut table) };
    if returned != 0 && terms.cleanup_after_failure {
        // SAFETY: an entry that was filled in is a function of the declared type.
        let table = unsafe { Table::new(table) };
        // Most likely absent, and at best it says that nothing was started.
        let _ = table.cleanup();
    }
    if returned == code::WSAVERNOTSUPPORTED {
        return Err(StartError::VersionRefused { requested: terms.version });
    }
    if returned != 0 {
        return Err(StartError::Failed(CallError::<StartupError>::reported(returned).into()));
    }
    // SAFETY: start-up reported success, so what it filled in are functions of the declared types; the caller keeps the library.
    let table = unsafe { Table::new(table) };
    let missing = missing(table.raw());
    let usable = (LOWEST..=numbers(terms.version)).contains(&numbers(data.wVersion));
    if missing.is_empty() && usable {
        return Ok(Started { table, data });
    }
    // Without the entry there is no way to clean up, and nothing to say that the error below does not.
    let _ = table.cleanup();
    Err(if missing.is_empty() {
        StartError::VersionUnusable { requested: terms.version, offered: data.wVersion }
    } else {
        StartError::IncompleteTable { missing }
    })
}

/// Major and minor number.
pub(crate) fn numbers(version: u16) -> (u8, u8) {
    let [major, minor] = version.to_le_bytes();
    (major, minor)
}

macro_rules! entries {
    ($table:expr; $($entry:ident: $name:literal),* $(,)?) => {{
        // All of them: a table with another entry does not compile here.
        let ffi::WSPPROC_TABLE { $($entry),* } = $table;
        let mut missing = Vec::new();
        $( if $entry.is_none() { missing.push($name); } )*
        missing
    }};
}

/// The entries that are NULL.
fn missing(table: &ffi::WSPPROC_TABLE) -> Vec<&'static str> {
    entries!(table;
        lpWSPAccept: "WSPAccept",
        lpWSPAddressToString: "WSPAddressToString",
        lpWSPAsyncSelect: "WSPAsyncSelect",
        lpWSPBind: "WSPBind",
        lpWSPCancelBlockingCall: "WSPCancelBlockingCall",
        lpWSPCleanup: "WSPCleanup",
        lpWSPCloseSocket: "WSPCloseSocket",
        lpWSPConnect: "WSPConnect",
        lpWSPDuplicateSocket: "WSPDuplicateSocket",
        lpWSPEnumNetworkEvents: "WSPEnumNetworkEvents",
        lpWSPEventSelect: "WSPEventSelect",
        lpWSPGetOverlappedResult: "WSPGetOverlappedResult",
        lpWSPGetPeerName: "WSPGetPeerName",
        lpWSPGetSockName: "WSPGetSockName",
        lpWSPGetSockOpt: "WSPGetSockOpt",
        lpWSPGetQOSByName: "WSPGetQOSByName",
        lpWSPIoctl: "WSPIoctl",
        lpWSPJoinLeaf: "WSPJoinLeaf",
        lpWSPListen: "WSPListen",
        lpWSPRecv: "WSPRecv",
        lpWSPRecvDisconnect: "WSPRecvDisconnect",
        lpWSPRecvFrom: "WSPRecvFrom",
        lpWSPSelect: "WSPSelect",
        lpWSPSend: "WSPSend",
        lpWSPSendDisconnect: "WSPSendDisconnect",
        lpWSPSendTo: "WSPSendTo",
        lpWSPSetSockOpt: "WSPSetSockOpt",
        lpWSPShutdown: "WSPShutdown",
        lpWSPSocket: "WSPSocket",
        lpWSPStringToAddress: "WSPStringToAddress",
    )
}
