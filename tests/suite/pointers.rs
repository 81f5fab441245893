//! Pointers that cannot be right are refused by comparison; those that are merely odd work.

use std::net::SocketAddrV4;

use wsp::{code, ffi};
use wsp_host::{Provider, Socket, from_sockaddr};

use crate::calls::{self, End};
use crate::support::listener;

over_each!(buffers_that_cannot_be_right_are_refused, misaligned_memory_works,);
// Socket calls have no `lpErrno`, and may leave out the protocol information.
over_each!(direct:
    no_function_uses_a_pointer_that_cannot_be_right,
    no_function_does_anything_without_errno,
);

/// Below 64 KiB, or beyond what a program can have.
fn impossible() -> Vec<usize> {
    let mut addresses = vec![0, 1, 8, 0xFFFF, usize::MAX, usize::MAX - 7, usize::MAX - 0xFFF];
    if cfg!(target_pointer_width = "64") {
        addresses.extend([1 << 63, 0xFFFF_8000_0000_0000_u64 as usize]);
    }
    addresses
}

fn connected(provider: &Provider) -> (Socket, Socket) {
    let (client, server) = provider.connected_pair().unwrap();
    client.set_nonblocking(true).unwrap();
    (client, server)
}

fn assert_usable(client: &Socket, server: &Socket) {
    client.peer_addr().unwrap();
    server.set_nonblocking(true).unwrap();
    assert_eq!(client.send(b"x"), Ok(1));
    assert_eq!(server.recv(&mut [0; 2]), Ok(1));
}

fn no_function_uses_a_pointer_that_cannot_be_right(provider: &Provider) {
    for call in calls::all() {
        for (at, (pointer, _)) in call.pointers.iter().enumerate() {
            let (mut client, mut server) = connected(provider);
            for address in impossible() {
                // So that no receive stays pending: its memory is the call's.
                let _ = server.send(b"x");
                let end = call.run(provider.table().raw(), client.raw(), |pointers| pointers[at] = address);
                let about = format!("{} with {pointer} {address:#x}", call.name);
                match end {
                    End::Failure(code) => assert!((call.documents)(code), "{about} stored {code}"),
                    // NULL may be allowed, nothing else.
                    End::Success => {
                        assert_eq!(address, 0, "{about} succeeded");
                        // It may have done anything that the function does.
                        (client, server) = connected(provider);
                    }
                }
                while server.available().is_ok_and(|waiting| waiting > 0) {
                    server.recv(&mut [0; 100]).unwrap();
                }
                while client.available().is_ok_and(|waiting| waiting > 0) {
                    client.recv(&mut [0; 100]).unwrap();
                }
            }
            assert_usable(&client, &server);
        }
    }
}

fn no_function_does_anything_without_errno(provider: &Provider) {
    let (client, server) = connected(provider);
    let before = provider.open_handles();
    for call in calls::all() {
        for address in impossible() {
            let succeeded = call.run_with_errno(provider.table().raw(), client.raw(), address);
            assert!(!succeeded, "{} with lpErrno {address:#x}", call.name);
        }
    }
    assert_eq!(provider.open_handles(), before, "nothing was opened or closed");
    assert_usable(&client, &server);
    provider.socket().expect("nothing was cleaned up");
}

fn buffers_that_cannot_be_right_are_refused(provider: &Provider) {
    let (client, server) = connected(provider);
    let table = provider.table().raw();
    let (send, recv) = (table.lpWSPSend.unwrap(), table.lpWSPRecv.unwrap());
    let null = std::ptr::null_mut();
    for address in impossible() {
        let mut buffer = ffi::WSABUF { len: 8, buf: address as *mut _ };
        let (mut count, mut flags, mut errno) = (0, 0, 0);
        // SAFETY: everything is good but where the buffer points, which is to be refused without being used.
        let returned = unsafe {
            send(client.raw(), &raw mut buffer, 1, &raw mut count, 0, null, None, null.cast(), &raw mut errno)
        };
        assert_eq!((returned, errno), (ffi::SOCKET_ERROR, code::WSAEFAULT), "send from {address:#x}");
        server.send(b"waiting").unwrap();
        // SAFETY: as above.
        let returned = unsafe {
            let (count, flags) = (&raw mut count, &raw mut flags);
            recv(client.raw(), &raw mut buffer, 1, count, flags, null, None, null.cast(), &raw mut errno)
        };
        assert_eq!((returned, errno), (ffi::SOCKET_ERROR, code::WSAEFAULT), "receive to {address:#x}");
        assert_eq!(client.recv(&mut [0; 20]), Ok(7), "nothing was taken");
    }
    assert_usable(&client, &server);
}

/// Memory that starts at an odd address.
struct Odd {
    bytes: Vec<u8>,
    skip: usize,
}

impl Odd {
    fn new(content: &[u8]) -> Self {
        let mut bytes = vec![0; content.len() + 2];
        let skip = 1 - bytes.as_ptr() as usize % 2;
        bytes[skip..skip + content.len()].copy_from_slice(content);
        Self { bytes, skip }
    }

    fn pointer<T>(&mut self) -> *mut T {
        let pointer = self.bytes[self.skip..].as_mut_ptr();
        assert_eq!(pointer as usize % 2, 1);
        pointer.cast()
    }

    fn number(&self) -> u32 {
        let mut number = [0; 4];
        number.copy_from_slice(&self.bytes[self.skip..self.skip + 4]);
        u32::from_ne_bytes(number)
    }
}

/// A `WSABUF` at an odd address.
fn odd_buffer(length: u32, pointer: *mut u8) -> Odd {
    let mut raw = [0; size_of::<ffi::WSABUF>()];
    raw[..4].copy_from_slice(&length.to_ne_bytes());
    let at = std::mem::offset_of!(ffi::WSABUF, buf);
    raw[at..at + size_of::<usize>()].copy_from_slice(&(pointer as usize).to_ne_bytes());
    Odd::new(&raw)
}

fn misaligned_memory_works(provider: &Provider) {
    let (client, server) = connected(provider);
    let table = provider.table().raw();
    let mut errno = Odd::new(&[0xFF; 4]);
    let (mut name, mut length) = (Odd::new(&[0; 16]), Odd::new(&16_u32.to_ne_bytes()));
    let get_sock_name = table.lpWSPGetSockName.unwrap();
    // SAFETY: all memory is good and only misaligned.
    let returned = unsafe { get_sock_name(client.raw(), name.pointer(), length.pointer(), errno.pointer()) };
    assert_eq!((returned, errno.number(), length.number()), (0, 0, 16));
    let own: SocketAddrV4 = from_sockaddr("WSPGetSockName", &name.bytes[name.skip..name.skip + 16]).unwrap();
    assert_eq!(Ok(own), client.local_addr());

    let (send, recv) = (table.lpWSPSend.unwrap(), table.lpWSPRecv.unwrap());
    let null = std::ptr::null_mut();
    let mut text = Odd::new(b"hello");
    let mut buffers = odd_buffer(5, text.pointer());
    let mut count = Odd::new(&[0; 4]);
    // SAFETY: as above.
    let returned = unsafe {
        let (buffers, count) = (buffers.pointer(), count.pointer());
        send(client.raw(), buffers, 1, count, 0, null, None, null.cast(), errno.pointer())
    };
    assert_eq!((returned, errno.number(), count.number()), (0, 0, 5));
    let mut room = Odd::new(&[0; 9]);
    let mut buffers = odd_buffer(9, room.pointer());
    let mut flags = Odd::new(&[0; 4]);
    // SAFETY: as above.
    let returned = unsafe {
        let (buffers, count, flags) = (buffers.pointer(), count.pointer(), flags.pointer());
        recv(server.raw(), buffers, 1, count, flags, null, None, null.cast(), errno.pointer())
    };
    assert_eq!((returned, errno.number(), count.number(), flags.number()), (0, 0, 5, 0));
    assert_eq!(&room.bytes[room.skip..room.skip + 5], b"hello");

    let (listening, address) = listener(provider);
    let mut name = Odd::new(&wsp_host::to_sockaddr(address));
    let other = provider.socket().unwrap();
    let connect = table.lpWSPConnect.unwrap();
    // SAFETY: as above.
    let returned = unsafe {
        connect(other.raw(), name.pointer(), 16, null.cast(), null.cast(), null.cast(), null.cast(), errno.pointer())
    };
    assert_eq!((returned, errno.number()), (0, 0));
    listening.accept().unwrap();
}
