//! Registered memory and transfers to and from the peer's.

use wsp::rt::{Outcome, OverlappedCall, Piece, Room};
use wsp::{code, ffi};
use wsp_host::switch::{SanNotify, SanProvider};

use crate::support::{code, end, pair};

over_all!(
    a_write_reaches_the_peers_memory,
    a_read_fetches_the_peers_memory,
    large_transfers_are_whole,
    nothing_outside_the_memory_is_reached,
    access_is_what_was_registered,
    a_descriptor_is_good_on_its_connection_only,
    a_descriptor_ends_with_its_registration,
    descriptors_that_were_never_given_are_refused,
    a_registration_ends_once,
    a_short_descriptor_room_tells_the_size,
    every_address_in_a_transfer_is_registered,
);

fn a_write_reaches_the_peers_memory(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![0; 100], ffi::MEM_WRITE).unwrap();
    assert_eq!(end(&client.rdma_write(b"written", target.descriptor(), 50, SanNotify::Polled)), Ok(7));
    let contents = target.contents();
    assert_eq!(&contents[50..57], b"written");
    assert!(contents[..50].iter().chain(&contents[57..]).all(|byte| *byte == 0));
}

fn a_read_fetches_the_peers_memory(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let source = server.register_rdma((0..100).collect(), ffi::MEM_READ).unwrap();
    let read = client.rdma_read(10, source.descriptor(), 90, SanNotify::Polled);
    assert_eq!(end(&read), Ok(10));
    assert_eq!(read.memory(), Some(&(90..100).collect::<Vec<u8>>()[..]));
}

fn large_transfers_are_whole(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let data: Vec<u8> = (0..2_000_000_u32).map(|at| (at.wrapping_mul(40_503) >> 9) as u8).collect();
    let target = server.register_rdma(vec![0; data.len()], ffi::MEM_READWRITE).unwrap();
    assert_eq!(end(&client.rdma_write(&data, target.descriptor(), 0, SanNotify::Polled)), Ok(2_000_000));
    assert!(target.contents() == data);
    let read = client.rdma_read(data.len(), target.descriptor(), 0, SanNotify::Polled);
    assert_eq!(end(&read), Ok(2_000_000));
    assert!(read.memory() == Some(&data[..]));
}

fn nothing_outside_the_memory_is_reached(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![0; 16], ffi::MEM_READWRITE).unwrap();
    for (length, offset) in [(17, 0), (1, 16), (16, 1), (4, u32::MAX), (1, u32::MAX)] {
        let write = client.rdma_write(&vec![1; length], target.descriptor(), offset, SanNotify::Polled);
        assert_eq!(write.returned().map_err(|error| error.code()), Err(Some(code::WSAEINVAL)), "{length} at {offset}");
        let read = client.rdma_read(length, target.descriptor(), offset, SanNotify::Polled);
        assert_eq!(read.returned().map_err(|error| error.code()), Err(Some(code::WSAEINVAL)));
    }
    assert_eq!(target.contents(), [0; 16]);
}

fn access_is_what_was_registered(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let readable = server.register_rdma(vec![5; 16], ffi::MEM_READ).unwrap();
    let writable = server.register_rdma(vec![5; 16], ffi::MEM_WRITE).unwrap();
    let write = client.rdma_write(&[1; 4], readable.descriptor(), 0, SanNotify::Polled);
    assert_eq!(write.returned().map_err(|error| error.code()), Err(Some(code::WSAEACCES)));
    let read = client.rdma_read(4, writable.descriptor(), 0, SanNotify::Polled);
    assert!(read.returned().is_err());
    assert_eq!(readable.contents(), [5; 16]);
}

fn a_descriptor_is_good_on_its_connection_only(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let (stranger, _other) = pair(provider);
    let target = server.register_rdma(vec![0; 16], ffi::MEM_READWRITE).unwrap();
    for socket in [&stranger, &server] {
        let write = socket.rdma_write(&[1; 4], target.descriptor(), 0, SanNotify::Polled);
        assert_eq!(write.returned().map_err(|error| error.code()), Err(Some(code::WSAEINVAL)));
    }
    assert_eq!(end(&client.rdma_write(&[1; 4], target.descriptor(), 0, SanNotify::Polled)), Ok(4));
}

fn a_descriptor_ends_with_its_registration(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![0; 16], ffi::MEM_READWRITE).unwrap();
    let descriptor = target.descriptor().to_vec();
    assert_eq!(target.end().unwrap(), [0; 16]);
    assert!(end_of(&client.rdma_write(&[1; 4], &descriptor, 0, SanNotify::Polled)).is_err());
    assert_eq!(code(server.deregister_rdma(&descriptor)), code::WSAEINVAL, "twice");
}

/// The end of an operation, or why it was refused.
fn end_of(operation: &wsp_host::switch::SanOperation) -> Result<u32, i32> {
    match operation.returned() {
        Ok(_) => end(operation),
        Err(error) => Err(error.code().unwrap_or(-1)),
    }
}

fn descriptors_that_were_never_given_are_refused(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![0; 16], ffi::MEM_READWRITE).unwrap();
    let good = target.descriptor().to_vec();
    for bit in 0..good.len() * 8 {
        let mut forged = good.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(end_of(&client.rdma_write(&[1; 4], &forged, 0, SanNotify::Polled)).is_err(), "bit {bit}");
        assert_eq!(code(server.deregister_rdma(&forged)), code::WSAEINVAL, "bit {bit}");
    }
    let longer = [&good[..], &[0]].concat();
    for other in (1..good.len()).map(|length| &good[..length]).chain([&longer[..]]) {
        let write = client.rdma_write(&[1; 4], other, 0, SanNotify::Polled);
        assert_eq!(write.returned().map_err(|error| error.code()), Err(Some(code::WSAEINVAL)), "{}", other.len());
        assert_eq!(code(server.deregister_rdma(other)), code::WSAEINVAL, "{}", other.len());
    }
    assert_eq!(target.contents(), [0; 16]);
    client.send_blocking(b"x").unwrap();
    assert_eq!(server.recv_blocking(&mut [0; 4]), Ok(1), "the connection is as it was");
}

fn a_registration_ends_once(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let memory = vec![0; 64];
    let registration = client.register(&memory, ffi::MEM_READWRITE).unwrap();
    assert_eq!(code(server.deregister(registration)), code::WSAEINVAL, "it is the other socket's");
    client.deregister(registration).unwrap();
    assert_eq!(code(client.deregister(registration)), code::WSAEINVAL);
    assert_eq!(code(client.deregister(0)), code::WSAEINVAL);
}

fn a_short_descriptor_room_tells_the_size(provider: &SanProvider) {
    let (_client, server) = pair(provider);
    let (mut short, memory) = ([0; 4], [0; 16]);
    let mut room = Room::new(&mut short);
    let refused =
        provider.extensions().register_rdma.register_rdma_memory(server.raw(), &memory, ffi::MEM_READ, &mut room);
    assert_eq!(refused.unwrap_err().code(), Some(code::WSAEFAULT));
    assert!(room.size > 4, "{}", room.size);
    let known = provider.memory_freed(memory.as_ptr(), memory.len());
    assert_eq!(code(known), code::WSAEINVAL, "nothing was registered");
}

fn every_address_in_a_transfer_is_registered(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![0; 16], ffi::MEM_WRITE).unwrap();
    let (data, other) = (vec![1_u8; 16], vec![1_u8; 16]);
    let registration = client.register(&data, ffi::MEM_READ).unwrap();
    let run = |data: &[u8], registration: ffi::HANDLE| {
        let pieces = [Piece::registered(data, registration)];
        let (table, descriptor) = (provider.extensions(), target.descriptor());
        // SAFETY: not overlapped, so nothing is used after the call.
        let outcome =
            unsafe { table.rdma_write.rdma_write(client.raw(), &pieces, descriptor, 0, 0, OverlappedCall::NONE) };
        outcome.map_err(|error| error.code())
    };
    assert_eq!(run(&data, registration), Ok(Outcome::Done(16)));
    let wrong = client.register(&data, ffi::MEM_WRITE).unwrap();
    for (data, registration) in [(&other, registration), (&data, registration + 1), (&data, 0), (&data, wrong)] {
        assert_eq!(run(data, registration), Err(Some(code::WSAEINVAL)));
    }
}
