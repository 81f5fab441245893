//! How operations of every function end, and how that is asked.

use wsp::rt::{Outcome, OverlappedCall, Piece, zeroed};
use wsp::{code, ffi};
use wsp_host::Event;
use wsp_host::switch::{SanNotify, SanProvider};

use crate::support::{PATIENCE, end, pair};

over_all!(
    every_function_that_can_be_overlapped_has_results,
    a_result_is_incomplete_or_waited_for,
    a_registration_is_free_once_the_end_is_told,
    the_record_shows_how_far_an_operation_is,
);

fn every_function_that_can_be_overlapped_has_results(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![7; 100], ffi::MEM_READWRITE).unwrap();
    let receive = client.recv_overlapped(9, SanNotify::Polled);
    assert_eq!(end(&server.send_overlapped(b"data", SanNotify::Polled)), Ok(4), "WSPSend");
    assert_eq!(end(&receive), Ok(4), "WSPRecv");
    let write = client.rdma_write(b"written", target.descriptor(), 0, SanNotify::Polled);
    assert_eq!(end(&write), Ok(7), "WSPRdmaWrite");
    assert_eq!(end(&client.rdma_read(20, target.descriptor(), 0, SanNotify::Polled)), Ok(20), "WSPRdmaRead");
    let mut record = ffi::WSAOVERLAPPED { hEvent: 1, ..zeroed() };
    let mut list = [0_u64; 64];
    // SAFETY: initialised memory of that many bytes.
    let room = unsafe { std::slice::from_raw_parts_mut(list.as_mut_ptr().cast::<u8>(), 512) };
    let call = OverlappedCall { operation: &raw mut record, routine: None, thread: std::ptr::null_mut() };
    // SAFETY: everything outlives the operation, which ends below.
    let started = unsafe { provider.table().ioctl(client.raw(), ffi::SIO_ADDRESS_LIST_QUERY, None, Some(room), call) };
    assert!(matches!(started, Ok(Outcome::Pending)));
    let query = provider.table().raw().lpWSPGetOverlappedResult.unwrap();
    let (mut bytes, mut flags, mut errno) = (0, 0, 0);
    // SAFETY: the record and locals.
    let done = unsafe { query(client.raw(), &raw mut record, &mut bytes, 1, &mut flags, &mut errno) };
    assert!(done == 1 && bytes > 0, "WSPIoctl: {errno}");
}

fn a_result_is_incomplete_or_waited_for(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let event = Event::new().unwrap();
    for notify in [SanNotify::Polled, SanNotify::Event(&event), SanNotify::Notified] {
        let receive = client.recv_overlapped(9, notify);
        assert_eq!(receive.result(false), Ok(None), "WSA_IO_INCOMPLETE");
        std::thread::scope(|scope| {
            scope.spawn(|| server.send_blocking(b"late").unwrap());
            assert_eq!(receive.result(true), Ok(Some((4, 0))));
        });
    }
}

fn a_registration_is_free_once_the_end_is_told(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let target = server.register_rdma(vec![0; 200_000], ffi::MEM_WRITE).unwrap();
    let data = vec![7_u8; 200_000];
    for _ in 0..20 {
        let event = Event::new().unwrap();
        let registration = client.register(&data, ffi::MEM_READ).unwrap();
        let mut record = ffi::WSAOVERLAPPED { hEvent: event.raw(), ..zeroed() };
        let pieces = [Piece::registered(&data, registration)];
        let call = OverlappedCall { operation: &raw mut record, routine: None, thread: std::ptr::null_mut() };
        let function = provider.extensions().rdma_write;
        // SAFETY: everything outlives the operation, whose end is waited for.
        let started = unsafe { function.rdma_write(client.raw(), &pieces, target.descriptor(), 0, 0, call) };
        assert!(matches!(started, Ok(Outcome::Pending)));
        assert!(event.wait(PATIENCE));
        assert_eq!(client.deregister(registration), Ok(()), "not in use any more");
    }
}

fn the_record_shows_how_far_an_operation_is(provider: &SanProvider) {
    let (client, server) = pair(provider);
    let members = |operation: &wsp_host::switch::SanOperation| {
        // SAFETY: the operation's record is alive, and nobody writes to it at the times when this looks.
        let record = unsafe { (operation.record() as *const ffi::WSAOVERLAPPED).read_volatile() };
        (record.Internal, record.InternalHigh, record.Offset, record.OffsetHigh)
    };
    let receive = client.recv_overlapped(9, SanNotify::Polled);
    assert_eq!(members(&receive).0, ffi::WSS_OPERATION_IN_PROGRESS);
    server.send_blocking(b"data").unwrap();
    assert_eq!(end(&receive), Ok(4));
    assert_eq!(members(&receive), (0, 4, 0, 0));
    let receive = client.recv_overlapped(9, SanNotify::Notified);
    server.close().unwrap();
    assert_eq!(end(&receive), Err(code::WSAECONNRESET));
    assert_eq!(members(&receive), (0xC000_020D, 0, 0, code::WSAECONNRESET as u32));
}
