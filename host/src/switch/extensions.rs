//! The seven extension functions, fetched by GUID.

use wsp::ffi;
use wsp::rt::OverlappedCall;
use wsp::san::caller::{
    DeregisterMemory, DeregisterRdmaMemory, MemoryRegistrationCacheCallback, RdmaRead, RdmaWrite, RegisterMemory,
    RegisterRdmaMemory, Table,
};

use crate::error::StartError;
use crate::extensions::{if_any, pointer};

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

impl Extensions {
    /// Fetches all seven through a socket of the provider.
    ///
    /// # Errors
    /// Mandatory functions are missing (all are named), or the provider fails otherwise.
    pub(super) fn fetch(table: &Table, socket: ffi::SOCKET) -> Result<Self, StartError> {
        let mut missing = Vec::new();
        let control = ffi::SIO_GET_EXTENSION_FUNCTION_POINTER;
        let ask = |guid: &[u8], found: &mut [u8]| {
            // SAFETY: not overlapped, so nothing is used after the call.
            Ok(unsafe { table.ioctl(socket, control, Some(guid), Some(found), OverlappedCall::NONE) }?)
        };
        macro_rules! fetch {
            ($wrapper:ident: $pointer:ident) => {{
                let address = if_any(pointer(&$wrapper::GUID, ask)).map_err(StartError::Unusable)?;
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
