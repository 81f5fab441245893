//! Control codes, and addresses as text.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use super::address;
use super::endpoint::Endpoint;
use crate::rt::{Bytes, BytesOut, Code, SocketRef};
use crate::transport::{Connection, Mode, Transport};
use crate::{code, ffi};

const FAULT: Code = Code(code::WSAEFAULT);

/// Control codes that the interface has, and that mean nothing to these sockets.
const KNOWN: [u32; 18] = [
    ffi::SIO_ASSOCIATE_HANDLE,
    ffi::SIO_ENABLE_CIRCULAR_QUEUEING,
    ffi::SIO_FIND_ROUTE,
    ffi::SIO_GET_BROADCAST_ADDRESS,
    ffi::SIO_GET_QOS,
    ffi::SIO_GET_GROUP_QOS,
    ffi::SIO_MULTIPOINT_LOOPBACK,
    ffi::SIO_MULTICAST_SCOPE,
    ffi::SIO_SET_QOS,
    ffi::SIO_SET_GROUP_QOS,
    ffi::SIO_TRANSLATE_HANDLE,
    ffi::SIO_ROUTING_INTERFACE_QUERY,
    ffi::SIO_ROUTING_INTERFACE_CHANGE,
    ffi::SIO_QUERY_TARGET_PNP_HANDLE,
    ffi::SIO_GET_INTERFACE_LIST,
    ffi::SIO_RCVALL,
    ffi::SIO_UDP_CONNRESET,
    ffi::SIO_CHK_QOS,
];

impl<T: Transport> Endpoint<T> {
    /// Does what a control code asks for. Returns how many bytes of the output were written.
    pub(super) fn control(
        &self,
        socket: &SocketRef<'_, Arc<Self>>,
        control: u32,
        input: Option<Bytes<'_>>,
        output: Option<BytesOut<'_>>,
    ) -> Result<u32, Code> {
        match (control, self.mode) {
            (ffi::SIO_ADDRESS_LIST_QUERY, _) => put_addresses(&self.home.transport.addresses(), output),
            (ffi::SIO_FLUSH, _) => {
                self.flush();
                Ok(0)
            }
            (_, Mode::Messages) => Err(Code(code::WSAEOPNOTSUPP)),
            (ffi::FIONBIO, _) => {
                let on: u32 = input.and_then(Bytes::read).ok_or(FAULT)?;
                if on == 0 && self.is_told_anywhere() {
                    // A socket that tells events stays non-blocking.
                    return Err(Code(code::WSAEINVAL));
                }
                self.change_options(|options| options.nonblocking = on != 0);
                Ok(0)
            }
            (ffi::FIONREAD, _) => {
                let waiting = self.connection().map_or(0, |connection| connection.available());
                put(u32::try_from(waiting).unwrap_or(u32::MAX), output)
            }
            // There is no urgent data, so no mark either.
            (ffi::SIOCATMARK, _) => put(1_u32, output),
            (ffi::SIO_KEEPALIVE_VALS, _) => {
                // Whether the peer lives, transports find out by themselves.
                input.filter(|input| input.len() >= 12).map(|_| 0).ok_or(FAULT)
            }
            (ffi::SIO_BASE_HANDLE | ffi::SIO_BSP_HANDLE | ffi::SIO_BSP_HANDLE_SELECT | ffi::SIO_BSP_HANDLE_POLL, _) => {
                put(socket.host_handle(), output)
            }
            // Extension functions that are not ours, `RIO` among them.
            (ffi::SIO_GET_EXTENSION_FUNCTION_POINTER | ffi::SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, _) => {
                Err(Code(code::WSAEOPNOTSUPP))
            }
            (control, _) if KNOWN.contains(&control) => Err(Code(code::WSAENOPROTOOPT)),
            _ => Err(Code(code::WSAEINVAL)),
        }
    }

    fn flush(&self) {
        let mut ended = super::ended::Ended::new(&self.upcalling);
        self.sending().flush(&mut ended);
        self.tell(ended);
    }
}

fn put<V: crate::rt::Pod>(value: V, output: Option<BytesOut<'_>>) -> Result<u32, Code> {
    output.ok_or(FAULT)?.write(value).map_err(|_| FAULT)?;
    Ok(size_of::<V>() as u32)
}

/// Stores a `SOCKET_ADDRESS_LIST`, whose pointers lead to the addresses behind it.
fn put_addresses(addresses: &[Ipv4Addr], output: Option<BytesOut<'_>>) -> Result<u32, Code> {
    let output = output.ok_or(FAULT)?;
    let entries = std::mem::offset_of!(ffi::SOCKET_ADDRESS_LIST, Address);
    let texts = entries + addresses.len() * size_of::<ffi::SOCKET_ADDRESS>();
    let mut list = vec![0; texts + addresses.len() * address::SIZE];
    list[..4].copy_from_slice(&(addresses.len() as i32).to_ne_bytes());
    for (at, ip) in addresses.iter().enumerate() {
        let text = texts + at * address::SIZE;
        let entry = entries + at * size_of::<ffi::SOCKET_ADDRESS>();
        let pointer = output.as_mut_ptr() as usize + text;
        let length = entry + std::mem::offset_of!(ffi::SOCKET_ADDRESS, iSockaddrLength);
        list[entry..entry + size_of::<usize>()].copy_from_slice(&pointer.to_ne_bytes());
        list[length..length + 4].copy_from_slice(&(address::SIZE as i32).to_ne_bytes());
        list[text..text + address::SIZE].copy_from_slice(&address::bytes(SocketAddrV4::new(*ip, 0)));
    }
    if list.len() > output.capacity() {
        return Err(FAULT);
    }
    output.copy_from(0, &list);
    Ok(list.len() as u32)
}

/// An address as text: `10.0.0.1`, with a port `10.0.0.1:80`.
pub fn to_text(address: SocketAddrV4) -> String {
    if address.port() == 0 { address.ip().to_string() } else { address.to_string() }
}

/// The address that a text names.
///
/// # Errors
/// `WSAEINVAL` if it names none.
pub fn from_text(text: &str) -> Result<SocketAddrV4, Code> {
    let text = text.trim();
    text.parse()
        .or_else(|_| text.parse().map(|ip: Ipv4Addr| SocketAddrV4::new(ip, 0)))
        .map_err(|_| Code(code::WSAEINVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_to_text_and_back() {
        for text in ["10.1.2.3", "127.0.0.1:80"] {
            assert_eq!(from_text(text).map(to_text).as_deref(), Ok(text));
        }
        assert_eq!(from_text("nowhere"), Err(Code(code::WSAEINVAL)));
    }
}
