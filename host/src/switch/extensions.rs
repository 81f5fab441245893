//! The seven extension functions, fetched by GUID.

use wsp::rt::{Outcome, OverlappedCall};
use wsp::san::caller::{
    DeregisterMemory, DeregisterRdmaMemory, MemoryRegistrationCacheCallback, RdmaRead, RdmaWrite, RegisterMemory,
    RegisterRdmaMemory, Table,
};
use wsp::{code, ffi};

use crate::error::{Error, StartError};
use crate::socket::{nonsense, pending};

/// The extension functions of a provider.
#[derive(Clone, Copy)]
pub struct Extensions {
    /// `WSPRegisterMemory`.
    pub register: RegisterMemory,
    /// `WSPDeregisterMemory`.
    pub deregister: DeregisterMemory,
    /// `WSPRegisterRdmaMemory`.
    pub register_rdma: RegisterRdmaMemory,
    /// `WSPDeregisterRdmaMemory`.
    pub deregister_rdma: DeregisterRdmaMemory,
    /// `WSPRdmaWrite`.
    pub rdma_write: RdmaWrite,
    /// `WSPRdmaRead`, if the provider has it.
    pub rdma_read: Option<RdmaRead>,
    /// `WSPMemoryRegistrationCacheCallback`, if the provider has it.
    pub cache_callback: Option<MemoryRegistrationCacheCallback>,
}

/// The pointer of the extension function with this GUID; `None` if the provider has none.
///
/// # Errors
/// What the provider says but `WSAEOPNOTSUPP`, or an answer that is no pointer.
pub fn pointer(table: &Table, socket: ffi::SOCKET, guid: &ffi::GUID) -> Result<Option<usize>, Error> {
    let mut input = [0; 16];
    input[..4].copy_from_slice(&guid.Data1.to_ne_bytes());
    input[4..6].copy_from_slice(&guid.Data2.to_ne_bytes());
    input[6..8].copy_from_slice(&guid.Data3.to_ne_bytes());
    input[8..].copy_from_slice(&guid.Data4);
    let mut output = [0; size_of::<usize>()];
    let control = ffi::SIO_GET_EXTENSION_FUNCTION_POINTER;
    // SAFETY: not overlapped, so nothing is used after the call.
    let outcome = unsafe { table.ioctl(socket, control, Some(&input), Some(&mut output), OverlappedCall::NONE) };
    match outcome.map_err(Error::from) {
        Ok(Outcome::Done(bytes)) if bytes as usize == output.len() => match usize::from_ne_bytes(output) {
            0 => Err(nonsense("WSPIoctl", "a NULL extension function")),
            address => Ok(Some(address)),
        },
        Ok(Outcome::Done(_)) => Err(nonsense("WSPIoctl", "something else than an extension function")),
        Ok(Outcome::Pending) => Err(pending("WSPIoctl")),
        Err(error) if error.code() == Some(code::WSAEOPNOTSUPP) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Extensions {
    /// Fetches all seven through a socket of the provider.
    ///
    /// # Errors
    /// Mandatory functions are missing (all are named), or the provider fails otherwise.
    pub(super) fn fetch(table: &Table, socket: ffi::SOCKET) -> Result<Self, StartError> {
        let mut missing = Vec::new();
        macro_rules! fetch {
            ($wrapper:ident: $pointer:ident) => {{
                let address = pointer(table, socket, &$wrapper::GUID).map_err(StartError::Unusable)?;
                // SAFETY: under this GUID a provider gives a function of this type; an address is a nullable function pointer
                // in size and form. The library stays as long as the provider.
                address.map(|address| unsafe { $wrapper::new(std::mem::transmute::<usize, ffi::$pointer>(address)) })
            }};
            ($wrapper:ident: $pointer:ident, mandatory $name:literal) => {{
                let function = fetch!($wrapper: $pointer);
                if function.is_none() {
                    missing.push($name);
                }
                // SAFETY: NULL is nothing to vouch for, and is not kept: see below.
                function.unwrap_or(unsafe { $wrapper::new(None) })
            }};
        }
        let extensions = Self {
            register: fetch!(RegisterMemory: LPFN_WSPREGISTERMEMORY, mandatory "WSPRegisterMemory"),
            deregister: fetch!(DeregisterMemory: LPFN_WSPDEREGISTERMEMORY, mandatory "WSPDeregisterMemory"),
            register_rdma: fetch!(RegisterRdmaMemory: LPFN_WSPREGISTERRDMAMEMORY, mandatory "WSPRegisterRdmaMemory"),
            deregister_rdma: fetch!(
                DeregisterRdmaMemory: LPFN_WSPDEREGISTERRDMAMEMORY, mandatory "WSPDeregisterRdmaMemory"
            ),
            rdma_write: fetch!(RdmaWrite: LPFN_WSPRDMAWRITE, mandatory "WSPRdmaWrite"),
            rdma_read: fetch!(RdmaRead: LPFN_WSPRDMAREAD),
            cache_callback: fetch!(
                MemoryRegistrationCacheCallback: LPFN_WSPMEMORYREGISTRATIONCACHECALLBACK
            ),
        };
        if missing.is_empty() { Ok(extensions) } else { Err(StartError::NoExtension { missing }) }
    }
}
