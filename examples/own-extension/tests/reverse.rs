//! The added function and the stricter rule, as a host meets them.

use own_extension::Reverser;
use own_extension::spi::winsock::caller::Reverse;
use own_extension::spi::winsock::error::ReverseError;
use wsp::rt::{CallError, last_refusal};
use wsp::{code, ffi};
use wsp_host::{Host, Provider, Socket};

fn provider() -> Provider {
    Host::new().start_type::<Reverser>().expect("the provider starts")
}

/// Asks for the function by GUID, as any program does.
fn reverse(socket: &Socket) -> Reverse {
    let guid = Reverse::GUID;
    let mut input = Vec::new();
    input.extend(guid.Data1.to_ne_bytes());
    input.extend(guid.Data2.to_ne_bytes());
    input.extend(guid.Data3.to_ne_bytes());
    input.extend(guid.Data4);
    let mut output = [0; size_of::<usize>()];
    let stored = socket.ioctl(ffi::SIO_GET_EXTENSION_FUNCTION_POINTER, Some(&input), Some(&mut output));
    assert_eq!(stored, Ok(output.len()));
    let address = usize::from_ne_bytes(output);
    // SAFETY: the provider gave this for the GUID, so it is a function of the type that is declared for it.
    unsafe { Reverse::new(core::mem::transmute::<usize, own_extension::spi::ffi::LPFN_REVERSE>(address)) }
}

#[test]
fn the_added_function_is_found_by_guid_and_works() {
    let provider = provider();
    let socket = provider.socket_of(ffi::AF_INET, ffi::SOCK_STREAM, 0).expect("a socket");
    let mut data = *b"provider";
    assert_eq!(reverse(&socket).reverse(socket.raw(), &mut data), Ok(()));
    assert_eq!(&data, b"redivorp");
}

#[test]
fn its_checks_are_made() {
    let provider = provider();
    let socket = provider.socket_of(ffi::AF_INET, ffi::SOCK_STREAM, 0).expect("a socket");
    let function = reverse(&socket);
    let mut data = [1, 2, 3];
    assert_eq!(function.reverse(socket.raw(), &mut data[..0]), Err(CallError::Documented(ReverseError::Inval)));
    assert_eq!(last_refusal().map(|check| check.id), Some("Reverse.cbData.allowed"));
    assert_eq!(function.reverse(socket.raw() + 1, &mut [1]), Err(CallError::Documented(ReverseError::NotSock)));
}

#[test]
fn the_stricter_rule_holds() {
    let provider = provider();
    let udp = 17;
    let refused = provider.socket_of(ffi::AF_INET, ffi::SOCK_STREAM, udp);
    assert_eq!(refused.err().and_then(wsp_host::Error::code), Some(code::WSAEPROTONOSUPPORT));
    assert_eq!(last_refusal().map(|check| check.id), Some("WSPSocket.protocol.allowed"));
}

#[test]
fn an_unknown_guid_is_left_to_the_provider() {
    let provider = provider();
    let socket = provider.socket_of(ffi::AF_INET, ffi::SOCK_STREAM, 0).expect("a socket");
    let mut output = [0; size_of::<usize>()];
    let asked = socket.ioctl(ffi::SIO_GET_EXTENSION_FUNCTION_POINTER, Some(&[7; 16]), Some(&mut output));
    // This provider leaves `WSPIoctl` out.
    assert_eq!(asked.err().and_then(wsp_host::Error::code), Some(code::WSAEOPNOTSUPP));
}
