//! The seven extension functions, fetched by GUID.

use wsp::ffi;
use wsp::rt::{CallError, OverlappedCall, Room};
use wsp::san::caller::{
    DeregisterMemory, DeregisterRdmaMemory, MemoryRegistrationCacheCallback, RdmaRead, RdmaWrite, RegisterMemory,
    RegisterRdmaMemory, Table,
};
use wsp::san::error::{RegisterMemoryError, RegisterRdmaMemoryError};
use wsp::transport::Region;

use crate::error::{Error, StartError};
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

/// A size as calls take it; of more than there can be, as much as there can.
fn size(memory: Region) -> u32 {
    u32::try_from(memory.len()).unwrap_or(u32::MAX)
}

impl Extensions {
    /// `WSPRegisterMemory`, of memory that is named by its place.
    ///
    /// # Errors
    /// The provider's.
    pub(super) fn register_region(
        &self,
        socket: ffi::SOCKET,
        memory: Region,
        access: u32,
    ) -> Result<ffi::HANDLE, Error> {
        let Some(function) = self.register.raw() else {
            return Err(Error::Absent { function: "WSPRegisterMemory" });
        };
        let mut errno = 0;
        // SAFETY: the provider's function, called as the interface has it; the memory is good by its maker's word.
        let registration = unsafe { function(socket, memory.as_ptr().cast(), size(memory), access, &raw mut errno) };
        if registration != 0 {
            return Ok(registration);
        }
        Err(CallError::<RegisterMemoryError>::reported(errno).into())
    }

    /// `WSPRegisterRdmaMemory`, likewise.
    ///
    /// # Errors
    /// The provider's.
    pub(super) fn register_rdma_region(
        &self,
        socket: ffi::SOCKET,
        memory: Region,
        access: u32,
        descriptor: &mut Room<'_, u8>,
    ) -> Result<(), Error> {
        let Some(function) = self.register_rdma.raw() else {
            return Err(Error::Absent { function: "WSPRegisterRdmaMemory" });
        };
        let mut errno = 0;
        let (place, room) = descriptor.split();
        // SAFETY: as above; the descriptor's room is as large as is said.
        let returned = unsafe {
            function(socket, memory.as_ptr().cast(), size(memory), access, place.cast(), room, &raw mut errno)
        };
        if returned == 0 { Ok(()) } else { Err(CallError::<RegisterRdmaMemoryError>::reported(errno).into()) }
    }

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
