//! A program's start-up, and what it can do without a socket.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wsp::ffi;
use wsp::rt::{FdSet, zeroed};

use super::{Entry, Failure, Socket, Ws2};

/// A start-up of a program. Dropped it is cleaned up; its sockets can outlive it, for better or worse.
pub struct Stack {
    ws2: Ws2,
    version: u16,
    ended: AtomicBool,
}

/// What `select` found, by set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ready {
    /// Sockets that can be read from.
    pub read: Vec<ffi::SOCKET>,
    /// Sockets that can be written to.
    pub write: Vec<ffi::SOCKET>,
    /// Sockets with something exceptional.
    pub except: Vec<ffi::SOCKET>,
}

impl Stack {
    pub(super) fn new(ws2: Ws2, version: u16) -> Self {
        Self { ws2, version, ended: AtomicBool::new(false) }
    }

    /// The version agreed on; the low byte is the major number.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// The catalog and providers.
    pub fn ws2(&self) -> &Ws2 {
        &self.ws2
    }

    /// A socket of the first provider that has this family, type and protocol; zero means any (`socket`).
    ///
    /// # Errors
    /// See [`Calls::socket`](super::Calls::socket).
    pub fn socket(&self, family: i32, socket_type: i32, protocol: i32) -> Result<Socket, Failure> {
        let raw = self.ws2.calls().socket(family, socket_type, protocol)?;
        Ok(Socket::new(self.ws2.clone(), raw))
    }

    /// A socket of this entry (`WSASocketW` with `FROM_PROTOCOL_INFO`): one from [`protocols`](Self::protocols) or
    /// [`Ws2::entries`], or what [`Socket::duplicate`] gave in another process.
    ///
    /// # Errors
    /// See [`Calls::wsa_socket`](super::Calls::wsa_socket).
    pub fn socket_from(&self, info: &ffi::WSAPROTOCOL_INFOW) -> Result<Socket, Failure> {
        let from = ffi::FROM_PROTOCOL_INFO;
        let mut info = *info;
        let calls = self.ws2.calls();
        // SAFETY: a structure of our own.
        let raw = unsafe { calls.wsa_socket(from, from, from, &raw mut info, 0, ffi::WSA_FLAG_OVERLAPPED) }?;
        Ok(Socket::new(self.ws2.clone(), raw))
    }

    /// Two sockets of the first stream provider for IPv4 that are connected over the loopback address: who connected, and who
    /// accepted.
    ///
    /// # Errors
    /// The provider's.
    pub fn connected_pair(&self) -> Result<(Socket, Socket), Failure> {
        let listener = self.socket(ffi::AF_INET, ffi::SOCK_STREAM, 0)?;
        listener.bind(std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0))?;
        listener.listen(1)?;
        let client = self.socket(ffi::AF_INET, ffi::SOCK_STREAM, 0)?;
        client.connect(listener.local_addr()?)?;
        let (server, _) = listener.accept()?;
        Ok((client, server))
    }

    /// The entries that programs see (`WSAEnumProtocolsW`): no hidden ones, no layers.
    pub fn protocols(&self) -> Vec<ffi::WSAPROTOCOL_INFOW> {
        self.ws2.entries().iter().filter(|entry| entry.is_visible()).map(|entry| *Entry::info(entry)).collect()
    }

    /// Waits until one of the sockets is ready; `None` as the time waits for ever. After the time all is empty.
    ///
    /// # Errors
    /// See [`Calls::select`](super::Calls::select).
    pub fn select(
        &self,
        read: &[ffi::SOCKET],
        write: &[ffi::SOCKET],
        except: &[ffi::SOCKET],
        time: Option<Duration>,
    ) -> Result<Ready, Failure> {
        let mut sets = [read, write, except].map(FdSet::new);
        let [read, write, except] = sets.each_mut().map(FdSet::as_mut_ptr);
        let mut value: ffi::timeval = zeroed();
        let timeout = time.map_or(ptr::null_mut(), |time| {
            value.tv_sec = i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
            value.tv_usec = time.subsec_micros().cast_signed();
            &raw mut value
        });
        // SAFETY: sets and a time of our own.
        unsafe { self.ws2.calls().select(read, write, except, timeout) }?;
        let [read, write, except] = sets.map(|set| set.sockets().to_vec());
        Ok(Ready { read, write, except })
    }

    /// A raw address as text (`WSAAddressToStringW`).
    ///
    /// # Errors
    /// See [`Calls::address_to_string`](super::Calls::address_to_string).
    pub fn address_to_string(&self, address: &[u8]) -> Result<String, Failure> {
        let mut text = [0_u16; 128];
        let mut length = text.len() as u32;
        let address_length = u32::try_from(address.len()).unwrap_or(u32::MAX);
        let pointer = address.as_ptr().cast_mut().cast();
        let calls = self.ws2.calls();
        // SAFETY: an address and room for a text of these lengths.
        unsafe {
            calls.address_to_string(pointer, address_length, ptr::null_mut(), text.as_mut_ptr(), &raw mut length)
        }?;
        let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
        Ok(String::from_utf16_lossy(&text[..end]))
    }

    /// The raw address in a text (`WSAStringToAddressW`).
    ///
    /// # Errors
    /// See [`Calls::string_to_address`](super::Calls::string_to_address).
    pub fn string_to_address(&self, text: &str, family: i32) -> Result<Vec<u8>, Failure> {
        let mut text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut address = vec![0_u8; 128];
        let mut length = address.len() as i32;
        let calls = self.ws2.calls();
        // SAFETY: a zero-terminated text and room for an address of that length.
        unsafe {
            let place = (address.as_mut_ptr().cast(), &raw mut length);
            calls.string_to_address(text.as_mut_ptr(), family, ptr::null_mut(), place.0, place.1)
        }?;
        address.truncate(usize::try_from(length).unwrap_or(0));
        Ok(address)
    }

    /// Undoes the start-up (`WSACleanup`). Dropped after that, nothing more happens.
    ///
    /// # Errors
    /// See [`Ws2::cleanup`].
    pub fn cleanup(&self) -> Result<(), Failure> {
        self.ended.store(true, Ordering::Release);
        self.ws2.cleanup()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if !*self.ended.get_mut() {
            // A provider that will not be cleaned up cannot be helped here.
            let _ = self.ws2.cleanup();
        }
    }
}
