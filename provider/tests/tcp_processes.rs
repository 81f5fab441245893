//! The TCP transport between processes: transfer, death, what is left behind.
//!
//! The other process is this test program again, running the one test that is ignored otherwise. It is killed at rest: of one that
//! is killed while it fetches the answer of a poll, Wine's server keeps the sockets open.

mod tcp_support;

use std::time::{Duration, Instant};

use tcp_support::*;
#[cfg(windows)]
use windows_sys::Win32::Foundation::GetHandleInformation;
use wsp::transport::{Connection as _, Ending, Fault, Gather, Listener as _, Mode, Parcel, Received, Sent, Transport};
use wsp_provider::tcp::{Connection, Tcp};

const LARGE: usize = 16 << 20;

/// How much is taken from a peer before it is killed.
const TAKEN: usize = 1_000_000;

/// How soon the death of a peer is seen.
const SEEN: Duration = Duration::from_secs(2);

#[test]
#[ignore = "it is the other process of the tests here"]
fn the_other_process() {
    let role = std::env::var(ROLE).expect("another test starts this");
    let network = tcp();
    match role.as_str() {
        "echo" => echo(&network),
        "flood" => flood(&network),
        "idle" => idle(&network),
        "deaf" => deaf(&network),
        "start and end" => start_and_end(&network),
        role => panic!("there is no role {role}"),
    }
}

fn echo(network: &Tcp) {
    let connection = called(network);
    loop {
        let (bytes, received) = receive(network, &connection, 200_000).unwrap();
        if received == Received::End {
            break;
        }
        send(network, &connection, &bytes, false).unwrap();
    }
    connection.close(Ending::Graceful);
}

#[test]
fn data_goes_to_another_process_and_back() {
    let here = tcp();
    let (other, connection) = caller(&here, "echo", Mode::Stream);
    let sent = pattern(1, LARGE);
    let received = std::thread::scope(|scope| {
        scope.spawn(|| {
            for piece in sent.chunks(1 << 20) {
                send(&here, &connection, piece, false).unwrap();
            }
            connection.finish();
        });
        receive_all(&here, &connection, LARGE, 500_000).unwrap()
    });
    assert!(received == sent);
    assert_eq!(receive(&here, &connection, 8).unwrap().1, Received::End);
    other.ends_well();
}

/// Sends as long as there is room. Returns how much of the data was sent last.
fn fill(connection: &Connection, data: &Gather) -> usize {
    let mut at = 0;
    loop {
        match connection.send(data, at, false).unwrap() {
            Sent::All => at = 0,
            Sent::Part(count) => at += count,
            full => {
                assert_eq!(full, Sent::Full);
                return at;
            }
        }
    }
}

/// Sends what is taken, and then as much as there is room for.
fn flood(network: &Tcp) {
    let connection = called(network);
    let mut bytes = pattern(2, 50_000);
    for _ in 0..TAKEN / bytes.len() {
        send(network, &connection, &bytes, false).unwrap();
    }
    fill(&connection, &gather(&mut bytes));
    say("full");
    let _: String = hear();
}

#[test]
fn a_peer_that_is_killed_resets_the_connection() {
    for mode in [Mode::Stream, Mode::Messages] {
        let here = tcp();
        let (mut other, connection) = caller(&here, "flood", mode);
        let expected = pattern(2, 50_000);
        let mut taken = receive_all(&here, &connection, TAKEN, 7_000).unwrap();
        assert_eq!(other.hear(), "full");
        let killed = Instant::now();
        other.kill();
        let fault = loop {
            match receive(&here, &connection, 100_000) {
                Ok((bytes, Received::Bytes { .. })) => taken.extend(bytes),
                answer => break answer,
            }
        };
        assert_eq!(fault, Err(Fault::Reset));
        assert!(killed.elapsed() < SEEN);
        assert!(taken.len() > TAKEN);
        assert!(taken.iter().zip(expected.iter().cycle()).all(|(taken, sent)| taken == sent));
        let ready = connection.ready();
        assert_eq!((ready.fault, ready.readable, ready.writable), (Some(Fault::Reset), true, true));
        assert_eq!(send(&here, &connection, b"x", false), Err(Fault::Reset));
    }
}

/// Connects to nobody's benefit.
fn idle(network: &Tcp) {
    let _connection = called(network);
    say("connected");
    let _: String = hear();
}

#[test]
fn a_killed_peer_that_said_nothing_is_no_end_of_a_stream() {
    for mode in [Mode::Stream, Mode::Messages] {
        let here = tcp();
        let (mut other, connection) = caller(&here, "idle", mode);
        assert_eq!(other.hear(), "connected");
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| receive(&here, &connection, 8));
            let killed = Instant::now();
            other.kill();
            assert_eq!(sleeper.join().unwrap(), Err(Fault::Reset));
            assert!(killed.elapsed() < SEEN);
        });
    }
}

#[test]
fn a_killed_peer_wakes_who_waits_for_room() {
    for mode in [Mode::Stream, Mode::Messages] {
        let here = tcp();
        let (mut other, connection) = caller(&here, "idle", mode);
        assert_eq!(other.hear(), "connected");
        let mut bytes = pattern(9, 300);
        let data = gather(&mut bytes);
        let at = fill(&connection, &data);
        std::thread::scope(|scope| {
            let sleeper =
                scope.spawn(|| until(&here, || Some(connection.send(&data, at, false)).filter(|sent| sent.is_err())));
            other.kill();
            assert_eq!(sleeper.join().unwrap(), Err(Fault::Reset));
        });
    }
}

/// Listens and accepts nobody.
fn deaf(network: &Tcp) {
    let (bound, listener) = listen(network, 4, Mode::Messages);
    say(bound.address);
    until(network, || listener.waiting().then_some(()));
    say("somebody waits");
    let _: String = hear();
}

#[test]
fn who_listens_and_is_killed_cannot_be_reached() {
    let here = tcp();
    let mut other = start("deaf");
    let address = other.hear().parse().unwrap();
    let connection = connect(&here, address, Mode::Messages).unwrap();
    assert_eq!(other.hear(), "somebody waits");
    assert!(connection.established().is_pending());
    other.kill();
    // That says nothing of TCP/IP: perhaps somebody else listens there by now.
    assert_eq!(established(&here, &connection), Err(Fault::TimedOut));
    assert_eq!(connected(&here, address, Mode::Messages).err(), Some(Fault::Refused));
}

/// How many descriptors and threads this process has.
#[cfg(target_os = "linux")]
fn used() -> usize {
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    count("fd") + count("task")
}

/// How many more of them there may be than before: what Winsock opens at its first use.
const ONCE: usize = if cfg!(windows) { 60 } else { 0 };

/// How many handles this process has, those of its threads among them. Asks for each number that one may have: Wine's
/// `GetProcessHandleCount` says 0.
#[cfg(windows)]
fn used() -> usize {
    let is_open = |handle: &usize| {
        let mut flags = 0;
        // SAFETY: the pointer is to a local; any number may be asked about.
        unsafe { GetHandleInformation(std::ptr::without_provenance_mut(*handle), &raw mut flags) != 0 }
    };
    (4..1 << 14).step_by(4).filter(is_open).count()
}

/// Starts and ends many times, with all kinds of things open.
fn start_and_end(network: &Tcp) {
    let before = used();
    let own = std::process::id();
    for _ in 0..100 {
        let here = tcp();
        let (bound, listener) = listen(&here, 4, Mode::Messages);
        let waiting = connect(network, bound.address, Mode::Messages).unwrap();
        let other = accept(&here, &listener);
        assert_eq!(established(network, &waiting), Ok(()));
        let unanswered = connect(network, bound.address, Mode::Messages).unwrap();
        let given = here.give(Parcel::Listener(&listener), own, &state(b"")).unwrap();
        here.give(Parcel::Connection { connection: &other, shared: false }, own, &state(b"")).unwrap();
        let Pair { one, other: shared, .. } = pair(Mode::Stream);
        here.give(Parcel::Connection { connection: &shared, shared: true }, own, &state(b"")).unwrap();
        send(&here, &one, &pattern(1, 100_000), false).unwrap();
        one.close(Ending::Graceful);
        // What was not taken goes with who gave it.
        drop(here);
        assert_eq!(network.take(given).err(), Some(Fault::BadClaim));
        drop((waiting, unanswered));
    }
    // Threads take a moment to be gone for good after they have left, and closed connections to have arrived.
    let deadline = Instant::now() + Duration::from_secs(30);
    while used() > before + ONCE {
        assert!(Instant::now() < deadline, "{before:?} before, {:?} after", used());
        std::thread::yield_now();
    }
}

#[test]
fn starts_and_ends_leave_nothing_open() {
    start("start and end").ends_well();
}
