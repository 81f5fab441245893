//! The switch, end to end over a small provider in memory.

mod endings;
mod exposed;
mod memory;
mod side;
mod starting;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use memory::{HELD, LOCAL, Memories, READS, WRITES};
use wsp::code;
use wsp_host::switch::{Completion, ConnectError, SanHost, SanListener, SanNotify, SanStream, Switch, SwitchOptions};
use wsp_host::{Event, Upcall};

/// The provider counts for all tests together: one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    HELD.store(0, Ordering::SeqCst);
    READS.store(0, Ordering::SeqCst);
    WRITES.store(0, Ordering::SeqCst);
    guard
}

fn switch_with(options: SwitchOptions, host: SanHost) -> Switch {
    let switch = Switch::with(options, host).unwrap();
    switch.start_type::<Memories>().unwrap();
    switch
}

fn switch() -> Switch {
    switch_with(SwitchOptions::default(), SanHost::new())
}

fn anywhere() -> SocketAddrV4 {
    SocketAddrV4::new(LOCAL, 0)
}

/// Who connected, and who accepted.
fn pair(switch: &Switch) -> (SanStream, SanStream) {
    let listener = SanListener::bind(switch, anywhere()).unwrap();
    let client = SanStream::connect(switch, listener.local_addr().unwrap()).unwrap();
    let (server, from) = listener.accept().unwrap();
    assert_eq!(from, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    (client, server)
}

/// Bytes that are different everywhere.
fn pattern(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|place| (place.wrapping_mul(31) ^ (place >> 8).wrapping_mul(17) ^ seed) as u8).collect()
}

fn all_completions() -> [Completion; 3] {
    [Completion::Polled, Completion::Notified, Completion::Adaptive]
}

#[test]
fn a_provider_is_started_asked_for_its_addresses_and_cleaned_up() {
    let _alone = alone();
    let switch = switch();
    let (provider, local) = switch.route(LOCAL).unwrap();
    assert_eq!(local, LOCAL);
    assert_eq!(provider.first_addresses(), [LOCAL]);
    assert_eq!(provider.description(), "Messages in memory");
    assert!(provider.extensions().rdma_read.is_some(), "the provider offers it");
    assert!(provider.extensions().cache_callback.is_none(), "the provider has none, and that is fine");
    // The helper socket is gone.
    assert_eq!(provider.open_handles(), 0);
    assert_eq!(provider.counts().get(Upcall::CreateSocketHandle), 1);
    switch.refresh().unwrap();
    assert!(switch.route(LOCAL).is_some());
    assert!(switch.route(Ipv4Addr::new(192, 0, 2, 1)).is_none());
    drop(switch);
    provider.cleanup().unwrap();
    assert_eq!(provider.cleanup().unwrap_err().code(), Some(code::WSANOTINITIALISED), "started once, cleaned up once");
}

#[test]
fn small_data_goes_both_ways_at_once_and_never_without_a_posted_receive() {
    let _alone = alone();
    for completion in all_completions() {
        let switch = switch_with(SwitchOptions { completion, ..SwitchOptions::default() }, SanHost::new());
        let (client, server) = pair(&switch);
        thread::scope(|scope| {
            for (stream, seed) in [(&client, 1), (&server, 2)] {
                scope.spawn(move || {
                    for (round, chunk) in pattern(200_000, seed).chunks(997).enumerate() {
                        (&*stream).write_all(chunk).unwrap_or_else(|error| panic!("{completion:?} {round}: {error}"));
                    }
                    stream.shutdown(Shutdown::Write).unwrap();
                });
                scope.spawn(move || {
                    let mut read = Vec::new();
                    (&*stream).read_to_end(&mut read).unwrap();
                    assert!(read == pattern(200_000, 3 - seed), "{completion:?}: other bytes");
                });
            }
        });
        let provider = client.socket().provider().clone();
        let told = provider.counts().get(Upcall::CompleteOverlappedRequest);
        assert_eq!(told == 0, completion == Completion::Polled, "{completion:?}: {told} notifications");
    }
    assert_eq!((HELD.load(Ordering::SeqCst), READS.load(Ordering::SeqCst)), (0, 0));
}

#[test]
fn large_data_is_read_by_the_peer_and_written_if_the_peer_cannot_read() {
    let _alone = alone();
    let data = pattern(350_001, 5);
    for (host, reads, writes) in [(SanHost::new(), true, false), (SanHost::new().without_rdma_read(), false, true)] {
        for completion in all_completions() {
            READS.store(0, Ordering::SeqCst);
            WRITES.store(0, Ordering::SeqCst);
            let options = SwitchOptions { completion, ..SwitchOptions::default() };
            let switch = switch_with(options, host.clone());
            let (client, server) = pair(&switch);
            thread::scope(|scope| {
                scope.spawn(|| (&client).write_all(&data).unwrap());
                let mut read = vec![0; data.len()];
                // A small piece first: the rest of the offer follows at its place.
                (&server).read_exact(&mut read[..3000]).unwrap();
                (&server).read_exact(&mut read[3000..]).unwrap();
                assert!(read == data, "{completion:?}: other bytes");
            });
            assert_eq!(READS.load(Ordering::SeqCst) > 0, reads, "{completion:?}");
            assert_eq!(WRITES.load(Ordering::SeqCst) > 0, writes, "{completion:?}");
        }
    }
}

#[test]
fn the_threshold_decides_between_messages_and_rdma() {
    let _alone = alone();
    let switch = switch();
    let (client, server) = pair(&switch);
    let mut read = vec![0; 8193];
    (&client).write_all(&pattern(8192, 1)).unwrap();
    (&server).read_exact(&mut read[..8192]).unwrap();
    assert_eq!(READS.load(Ordering::SeqCst), 0, "equal goes by messages");
    thread::scope(|scope| {
        scope.spawn(|| (&client).write_all(&pattern(8193, 1)).unwrap());
        (&server).read_exact(&mut read).unwrap();
    });
    assert_eq!(READS.load(Ordering::SeqCst), 1, "larger goes by RDMA, and into the program's buffer at once");
    assert!(read == pattern(8193, 1));
}

#[test]
fn two_sides_that_first_write_and_then_read_do_not_wait_for_each_other() {
    let _alone = alone();
    for host in [SanHost::new(), SanHost::new().without_rdma_read()] {
        let switch = switch_with(SwitchOptions::default(), host);
        let (client, server) = pair(&switch);
        thread::scope(|scope| {
            for (stream, seed) in [(&client, 1), (&server, 2)] {
                scope.spawn(move || {
                    (&*stream).write_all(&pattern(1_000_000, seed)).unwrap();
                    let mut read = vec![0; 1_000_000];
                    (&*stream).read_exact(&mut read).unwrap();
                    assert!(read == pattern(1_000_000, 3 - seed), "other bytes");
                });
            }
        });
    }
}

#[test]
fn a_writer_without_credits_waits_and_goes_on_when_the_reader_reads() {
    let _alone = alone();
    let switch = switch();
    let (client, server) = pair(&switch);
    client.set_nonblocking(true).unwrap();
    let data = pattern(4000, 9);
    let mut written = 0;
    let error = loop {
        match (&client).write(&data) {
            Ok(bytes) => written += bytes,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(written, 13 * 4000, "sixteen receives, three of them for control");
    let mut read = vec![0; written];
    (&server).read_exact(&mut read).unwrap();
    assert!(read.chunks(4000).all(|chunk| chunk == data));
    client.set_nonblocking(false).unwrap();
    (&client).write_all(&data).unwrap();
    (&server).read_exact(&mut read[..4000]).unwrap();
    assert_eq!(HELD.load(Ordering::SeqCst), 0);
}

#[test]
fn a_full_direction_does_not_hold_up_large_data_in_the_other() {
    let _alone = alone();
    for host in [SanHost::new(), SanHost::new().without_rdma_read()] {
        let switch = switch_with(SwitchOptions::default(), host);
        let (client, server) = pair(&switch);
        client.set_nonblocking(true).unwrap();
        while (&client).write(&[1; 4000]).is_ok() {}
        client.set_nonblocking(false).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| (&server).write_all(&pattern(300_000, 1)).unwrap());
            let mut read = vec![0; 300_000];
            (&client).read_exact(&mut read).unwrap();
            assert!(read == pattern(300_000, 1));
        });
    }
}

#[test]
fn reads_end_in_time() {
    let _alone = alone();
    let switch = switch();
    let (client, server) = pair(&switch);
    client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    assert_eq!((&client).read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::TimedOut);
    client.set_nonblocking(true).unwrap();
    assert_eq!((&client).read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // Large data does not need the program's buffer.
    thread::scope(|scope| {
        scope.spawn(|| (&server).write_all(&pattern(50_000, 4)).unwrap());
        let mut read: Vec<u8> = Vec::new();
        let mut buffer = vec![0; 100_000];
        while read.len() < 50_000 {
            match (&client).read(&mut buffer) {
                Ok(bytes) => read.extend(&buffer[..bytes]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            thread::yield_now();
        }
        assert!(read == pattern(50_000, 4));
    });
}

#[test]
fn a_time_without_end_is_waited_for() {
    let _alone = alone();
    let forever = Duration::MAX;
    let options = SwitchOptions { patience: forever, spin: forever, ..SwitchOptions::default() };
    let switch = switch_with(options, SanHost::new());
    let listener = SanListener::bind(&switch, anywhere()).unwrap();
    let client = SanStream::connect(&switch, listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept_timeout(forever).unwrap().unwrap();
    server.set_read_timeout(Some(forever)).unwrap();
    (&client).write_all(b"late").unwrap();
    assert_eq!((&server).read(&mut [0; 8]).unwrap(), 4);
    let event = Event::new().unwrap();
    event.set();
    assert!(event.wait(forever));
}

#[test]
fn the_kind_of_failure_decides_about_tcp() {
    let _alone = alone();
    let switch = switch();
    let no_one = SanStream::connect(&switch, SocketAddrV4::new(LOCAL, 9)).unwrap_err();
    assert_eq!((no_one.code(), no_one.allows_fallback()), (Some(code::WSAECONNRESET), false), "{no_one}");
    let elsewhere = SanStream::connect(&switch, SocketAddrV4::new(Ipv4Addr::new(127, 1, 1, 1), 9)).unwrap_err();
    assert_eq!((elsewhere.code(), elsewhere.allows_fallback()), (Some(code::WSAETIMEDOUT), true), "{elsewhere}");
    let outside = SanStream::connect(&switch, SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 9)).unwrap_err();
    assert!(matches!(outside, ConnectError::NoProvider(_)) && outside.allows_fallback());
    let here = SocketAddrV4::new(Ipv4Addr::new(127, 1, 1, 1), 0);
    assert_eq!(SanListener::bind(&switch, here).map(drop).unwrap_err().kind(), ErrorKind::AddrNotAvailable);
}

#[test]
fn a_listeners_condition_refuses() {
    let _alone = alone();
    let switch = switch();
    let listener = SanListener::bind_with(&switch, anywhere(), 4, |_| false).unwrap();
    let refused = SanStream::connect(&switch, listener.local_addr().unwrap()).unwrap_err();
    assert_eq!((refused.code(), refused.allows_fallback()), (Some(code::WSAECONNREFUSED), false), "{refused}");
    assert!(listener.accept_timeout(Duration::from_millis(1)).unwrap().is_none());
}

#[test]
fn a_listener_at_no_address_listens_through_every_provider() {
    let _alone = alone();
    let switch = switch();
    let listener = SanListener::bind(&switch, SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let address = SocketAddrV4::new(LOCAL, listener.local_addr().unwrap().port());
    let client = SanStream::connect(&switch, address).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert_eq!(server.local_addr().unwrap(), address);
    (&client).write_all(b"x").unwrap();
    assert_eq!((&server).read(&mut [0; 4]).unwrap(), 1);
}

#[test]
fn many_clients_are_served_one_after_the_other_and_at_once() {
    let _alone = alone();
    let switch = switch();
    let listener = Arc::new(SanListener::bind_with(&switch, anywhere(), 2, |_| true).unwrap());
    let address = listener.local_addr().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for stream in listener.incoming().take(12) {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let mut name = [0; 1];
                    stream.read_exact(&mut name).unwrap();
                    stream.write_all(&name).unwrap();
                });
            }
        });
        for name in 0..12_u8 {
            let switch = switch.clone();
            scope.spawn(move || {
                let mut stream = SanStream::connect(&switch, address).unwrap();
                stream.write_all(&[name]).unwrap();
                let mut echo = Vec::new();
                stream.read_to_end(&mut echo).unwrap();
                assert_eq!(echo, [name]);
            });
        }
    });
}

#[test]
fn the_low_door_moves_messages_and_memory() {
    let _alone = alone();
    let switch = switch();
    let (provider, _) = switch.route(LOCAL).unwrap();
    let (client, server) = provider.connected_pair(SocketAddrV4::new(LOCAL, 4711)).unwrap();
    let server = Arc::new(server);
    assert_ne!(client.raw(), client.handle(), "two handles");
    let port = wsp_host::Port::new().unwrap();
    assert!(server.report_to(&port, 5));
    let posted = server.recv_overlapped(16, SanNotify::Notified);
    assert!(posted.is_marked() && posted.status().is_none());
    let sent = client.send_overlapped(b"hello", SanNotify::Polled);
    assert_eq!(sent.result(false).unwrap(), Some((5, 0)));
    let packet = port.wait(Duration::from_secs(5)).unwrap();
    assert_eq!((packet.key, packet.record, packet.status, packet.bytes), (5, posted.record(), 0, 5));
    assert_eq!(&posted.memory().unwrap()[..5], b"hello");

    let exposed = server.register_rdma(vec![0; 32], wsp::ffi::MEM_READWRITE).unwrap();
    let written = client.rdma_write(b"rdma", exposed.descriptor(), 8, SanNotify::Polled);
    assert_eq!(written.poll_for(Duration::from_secs(5)).unwrap(), Some((4, 0)));
    let read = client.rdma_read(6, exposed.descriptor(), 7, SanNotify::Polled);
    assert_eq!(read.poll_for(Duration::from_secs(5)).unwrap(), Some((6, 0)));
    assert_eq!(read.memory().unwrap(), b"\0rdma\0");
    let past = client.rdma_write(b"past the end", exposed.descriptor(), 30, SanNotify::Polled);
    assert_eq!(past.returned().unwrap_err().code(), Some(code::WSAEFAULT));
    let memory = exposed.end().map_err(|(_, error)| error).unwrap();
    assert_eq!(&memory[8..12], b"rdma");
}

/// Wakes the thread that waits in `block_on`.
struct Waiter(thread::Thread);

impl std::task::Wake for Waiter {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let waker = Arc::new(Waiter(thread::current())).into();
    loop {
        match poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn tasks_are_woken_for_reads_writes_and_the_end() {
    let _alone = alone();
    for completion in all_completions() {
        let switch = switch_with(SwitchOptions { completion, ..SwitchOptions::default() }, SanHost::new());
        let (client, server) = pair(&switch);
        let data = pattern(300_000, 3);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut rest = &data[..];
                while !rest.is_empty() {
                    rest = &rest[block_on(|context| client.poll_write(context, rest)).unwrap()..];
                }
                block_on(|context| client.poll_shutdown(context)).unwrap();
            });
            let (mut read, mut buffer) = (Vec::<u8>::new(), [0; 5000]);
            loop {
                match block_on(|context| server.poll_read(context, &mut buffer)).unwrap() {
                    0 => break,
                    bytes => read.extend(&buffer[..bytes]),
                }
            }
            assert!(read == data, "{completion:?}: other bytes");
        });
    }
}
