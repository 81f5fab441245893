//! Extension functions of the plain interface, asked for by GUID as programs do.

use wsp::rt::{Outcome, OverlappedCall};
use wsp::winsock::caller::{AcceptEx, ConnectEx, DisconnectEx, GetAcceptExSockaddrs};
use wsp::{code, ffi};

use crate::error::Error;
use crate::socket::{Socket, nonsense, pending};

/// The extension functions of a provider; those that it has.
#[derive(Clone, Copy)]
pub struct Extensions {
    /// `ConnectEx`.
    pub connect: Option<ConnectEx>,
    /// `AcceptEx`.
    pub accept: Option<AcceptEx>,
    /// `GetAcceptExSockaddrs`.
    pub addresses: Option<GetAcceptExSockaddrs>,
    /// `DisconnectEx`.
    pub disconnect: Option<DisconnectEx>,
}

impl Socket {
    /// The pointer of the extension function with this GUID; `None` if the provider has none.
    ///
    /// # Errors
    /// What the provider says but `WSAEOPNOTSUPP`, or an answer that is no pointer.
    pub fn extension(&self, guid: &ffi::GUID) -> Result<Option<usize>, Error> {
        let control = ffi::SIO_GET_EXTENSION_FUNCTION_POINTER;
        if_any(pointer(guid, |guid, found| {
            let table = self.provider().table();
            // SAFETY: not overlapped, so nothing is used after the call.
            Ok(unsafe { table.ioctl(self.raw(), control, Some(guid), Some(found), OverlappedCall::NONE) }?)
        }))
    }

    /// The extension functions of this socket's provider.
    ///
    /// # Errors
    /// What the provider says but that it has none.
    pub fn extensions(&self) -> Result<Extensions, Error> {
        macro_rules! fetch {
            ($wrapper:ident: $pointer:ident) => {{
                let address = self.extension(&$wrapper::GUID)?;
                // SAFETY: under this GUID a provider gives a function of this type; an address is a nullable function pointer
                // in size and form. The library stays as long as the provider.
                address.map(|address| unsafe { $wrapper::new(std::mem::transmute::<usize, ffi::$pointer>(address)) })
            }};
        }
        Ok(Extensions {
            connect: fetch!(ConnectEx: LPFN_CONNECTEX),
            accept: fetch!(AcceptEx: LPFN_ACCEPTEX),
            addresses: fetch!(GetAcceptExSockaddrs: LPFN_GETACCEPTEXSOCKADDRS),
            disconnect: fetch!(DisconnectEx: LPFN_DISCONNECTEX),
        })
    }
}

/// Asks for the pointer of an extension function. `ask` is given the GUID as it lies in memory, and room for the pointer.
pub(crate) fn pointer<E: From<Error>>(
    guid: &ffi::GUID,
    ask: impl FnOnce(&[u8], &mut [u8]) -> Result<Outcome<u32>, E>,
) -> Result<usize, E> {
    let mut input = [0; 16];
    input[..4].copy_from_slice(&guid.Data1.to_ne_bytes());
    input[4..6].copy_from_slice(&guid.Data2.to_ne_bytes());
    input[6..8].copy_from_slice(&guid.Data3.to_ne_bytes());
    input[8..].copy_from_slice(&guid.Data4);
    let mut output = [0; size_of::<usize>()];
    match ask(&input, &mut output)? {
        Outcome::Done(bytes) if bytes as usize == output.len() => match usize::from_ne_bytes(output) {
            0 => Err(nonsense("WSPIoctl", "a NULL extension function").into()),
            address => Ok(address),
        },
        Outcome::Done(_) => Err(nonsense("WSPIoctl", "something else than an extension function").into()),
        Outcome::Pending => Err(pending("WSPIoctl").into()),
    }
}

/// Nothing if the provider has no such function.
pub(crate) fn if_any(found: Result<usize, Error>) -> Result<Option<usize>, Error> {
    match found {
        Err(error) if error.code() == Some(code::WSAEOPNOTSUPP) => Ok(None),
        other => other.map(Some),
    }
}
