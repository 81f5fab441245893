//! Registrations that are kept after they were given up, and the callback that ends this when memory is freed.

use wsp::rt::{Outcome, OverlappedCall, Piece};
use wsp::{code, ffi};
use wsp_host::switch::{SanNotify, SanProvider, SanSocket, memory_freed};

use crate::support::{code, end, pair};

over_all!(
    memory_that_was_deregistered_is_registered_again_from_the_cache,
    freed_memory_is_never_found_again,
    a_range_that_overlaps_in_part_counts,
    ranges_that_touch_nothing_are_refused,
    impossible_ranges_are_refused,
    memory_that_is_registered_still_cannot_be_let_go,
    a_buffer_on_two_sockets_is_one_registration_for_each,
    cached_memory_cannot_be_used_or_given_up,
    the_cache_goes_with_the_connection,
    a_descriptor_is_never_cached,
    access_is_told_apart_in_the_cache,
    the_switch_tells_what_it_frees,
);

fn registered(socket: &SanSocket, memory: &[u8]) -> ffi::HANDLE {
    socket.register(memory, ffi::MEM_READ).unwrap()
}

/// Registers and gives up: what is left is the cache's.
fn cached(socket: &SanSocket, memory: &[u8]) -> ffi::HANDLE {
    let handle = registered(socket, memory);
    socket.deregister(handle).unwrap();
    handle
}

fn forget(provider: &SanProvider, memory: &[u8]) -> Result<(), wsp_host::Error> {
    provider.memory_freed(memory.as_ptr(), memory.len())
}

fn memory_that_was_deregistered_is_registered_again_from_the_cache(provider: &SanProvider) {
    let memory = vec![7; 5000];
    let (client, _server) = pair(provider);
    let handle = cached(&client, &memory);
    assert_eq!(registered(&client, &memory), handle);
    assert_ne!(registered(&client, &memory[1..]), handle, "other memory");
    assert_ne!(registered(&client, &memory[..4999]), handle, "less of it");
    client.deregister(handle).unwrap();
    assert_eq!(registered(&client, &memory), handle, "as often as it is wanted");
}

fn freed_memory_is_never_found_again(provider: &SanProvider) {
    let memory = vec![7; 5000];
    let (client, server) = pair(provider);
    let handles = [cached(&client, &memory), cached(&server, &memory[100..])];
    forget(provider, &memory).unwrap();
    assert_eq!(code(forget(provider, &memory)), code::WSAEINVAL, "nothing is kept of it any more");
    for (socket, part) in [(&client, &memory[..]), (&server, &memory[100..])] {
        let fresh = registered(socket, part);
        assert!(!handles.contains(&fresh));
    }
    assert_eq!(code(client.deregister(handles[0])), code::WSAEINVAL);
}

fn a_range_that_overlaps_in_part_counts(provider: &SanProvider) {
    let memory = vec![7; 5000];
    let (client, _server) = pair(provider);
    for freed in [&memory[..1001], &memory[1999..], &memory[1400..1401], &memory[..]] {
        let handle = cached(&client, &memory[1000..2000]);
        forget(provider, freed).unwrap();
        assert_ne!(cached(&client, &memory[1000..2000]), handle);
    }
}

fn ranges_that_touch_nothing_are_refused(provider: &SanProvider) {
    let memory = vec![7; 5000];
    let (client, _server) = pair(provider);
    let handle = cached(&client, &memory[1000..2000]);
    for freed in [&memory[..1000], &memory[2000..], &memory[1500..1500]] {
        assert_eq!(code(forget(provider, freed)), code::WSAEINVAL);
    }
    assert_eq!(cached(&client, &memory[1000..2000]), handle, "still there");
}

fn impossible_ranges_are_refused(provider: &SanProvider) {
    let memory = vec![7; 100];
    let (client, _server) = pair(provider);
    let handle = cached(&client, &memory);
    let start = memory.as_ptr();
    for (start, length) in [
        (std::ptr::null(), 1),
        (std::ptr::null(), usize::MAX),
        (std::ptr::without_provenance(1), 100),
        (std::ptr::without_provenance(usize::MAX), 1),
        (start, 0),
        (start, usize::MAX),
        (start.wrapping_add(50), usize::MAX - 10),
    ] {
        assert_eq!(code(provider.memory_freed(start, length)), code::WSAEINVAL, "{start:?}, {length:#x}");
    }
    assert_eq!(cached(&client, &memory), handle, "still there");
}

fn memory_that_is_registered_still_cannot_be_let_go(provider: &SanProvider) {
    let memory = vec![7; 100];
    let (client, _server) = pair(provider);
    let handle = registered(&client, &memory);
    assert_eq!(code(forget(provider, &memory)), code::WSAEFAULT);
    assert_ne!(registered(&client, &memory), handle, "found by nobody from then on");
    client.deregister(handle).unwrap();
    assert_eq!(code(client.deregister(handle)), code::WSAEINVAL);
    assert_ne!(registered(&client, &memory), handle);
}

/// Writes memory to the peer by RDMA, named by a registration.
fn write(provider: &SanProvider, socket: &SanSocket, memory: &[u8], registration: ffi::HANDLE, to: &[u8]) -> i32 {
    let pieces = [Piece::registered(memory, registration)];
    let function = provider.extensions().rdma_write;
    // SAFETY: not overlapped, so nothing is used after the call.
    let outcome = unsafe { function.rdma_write(socket.raw(), &pieces, to, 0, 0, OverlappedCall::NONE) };
    match outcome {
        Ok(Outcome::Done(count)) => {
            assert_eq!(count as usize, memory.len());
            0
        }
        Ok(Outcome::Pending) => panic!("it is not overlapped"),
        Err(error) => error.code().unwrap(),
    }
}

fn a_buffer_on_two_sockets_is_one_registration_for_each(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let (other, _peer) = pair(provider);
    let target = server.register_rdma(vec![0; 100], ffi::MEM_WRITE).unwrap();
    let memory = vec![7; 100];
    let handle = registered(&client, &memory);
    assert_eq!(code(other.deregister(handle)), code::WSAEINVAL, "good on its own socket only");
    let same = registered(&other, &memory);
    other.deregister(same).unwrap();
    assert_eq!(write(provider, &client, &memory, handle, target.descriptor()), 0, "one is left");
    // Registered twice on one socket it has to be given up twice.
    assert_eq!(registered(&client, &memory), handle);
    client.deregister(handle).unwrap();
    assert_eq!(write(provider, &client, &memory, handle, target.descriptor()), 0);
    client.deregister(handle).unwrap();
    assert_eq!(write(provider, &client, &memory, handle, target.descriptor()), code::WSAEINVAL);
}

fn cached_memory_cannot_be_used_or_given_up(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![0; 100], ffi::MEM_WRITE).unwrap();
    let memory = vec![7; 100];
    let handle = cached(&client, &memory);
    assert_eq!(write(provider, &client, &memory, handle, target.descriptor()), code::WSAEINVAL);
    assert_eq!(code(client.deregister(handle)), code::WSAEINVAL);
    assert!(target.contents().iter().all(|byte| *byte == 0));
}

fn the_cache_goes_with_the_connection(provider: &SanProvider) {
    let memory = vec![7; 100];
    let (client, server) = pair(provider);
    let handle = cached(&client, &memory);
    client.close().unwrap();
    assert_eq!(code(forget(provider, &memory)), code::WSAEINVAL, "nothing is kept of it");
    assert_ne!(registered(&server, &memory), handle);
}

fn a_descriptor_is_never_cached(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let first = server.register_rdma(vec![0; 100], ffi::MEM_READWRITE).unwrap();
    let (old, memory) = (first.descriptor().to_vec(), first.end().map_err(|(_, error)| error).unwrap());
    let refused = |descriptor: &[u8]| end(&client.rdma_write(b"late", descriptor, 0, SanNotify::Polled)).is_err();
    assert!(refused(&old), "at once");
    let again = server.register_rdma(memory, ffi::MEM_READWRITE).unwrap();
    assert_ne!(again.descriptor(), old);
    assert!(refused(&old), "whatever is done with the memory");
    assert_eq!(end(&client.rdma_write(b"good", again.descriptor(), 0, SanNotify::Polled)), Ok(4));
    assert_eq!(&again.contents()[..4], b"good");
}

fn access_is_told_apart_in_the_cache(provider: &SanProvider) {
    let memory = vec![7; 100];
    let (client, _server) = pair(provider);
    let handle = cached(&client, &memory);
    for other in [ffi::MEM_WRITE, ffi::MEM_READWRITE] {
        assert_ne!(client.register(&memory, other).unwrap(), handle);
    }
}

fn the_switch_tells_what_it_frees(provider: &SanProvider) {
    let memory = vec![7; 300];
    let (client, server) = pair(provider);
    let handle = cached(&client, &memory);
    memory_freed(&memory);
    assert_ne!(cached(&client, &memory), handle);
    // Memory that was exposed is the program's again, who may do with it what it likes.
    let exposed = server.register_rdma(vec![7; 300], ffi::MEM_READ).unwrap();
    let memory = exposed.end().map_err(|(_, error)| error).unwrap();
    assert_eq!(code(forget(provider, &memory)), code::WSAEINVAL, "told before");
}
