//! The TCP transport between processes: transfer, death, limits.
//!
//! The other process is this test program again, running the one test that is ignored otherwise.
#![cfg(target_os = "linux")]

mod tcp_support;

use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use tcp_support::*;
use wsp::transport::{Connection as _, Ending, Fault, Mode, Parcel, Received, Sent, Transport};
use wsp_provider::tcp::{Connection, Settings, Tcp};

const LARGE: usize = 16 << 20;

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
        "no descriptors" => no_descriptors(&network),
        "start and end" => start_and_end(&network),
        "silent" => silent::run(network),
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

fn flood(network: &Tcp) {
    let connection = called(network);
    let bytes = pattern(2, 50_000);
    loop {
        send(network, &connection, &bytes, false).unwrap();
    }
}

#[test]
fn a_peer_that_is_killed_resets_the_connection() {
    for mode in [Mode::Stream, Mode::Messages] {
        let here = tcp();
        let (mut other, connection) = caller(&here, "flood", mode);
        let expected = pattern(2, 50_000);
        let mut taken = Vec::new();
        while taken.len() < 1_000_000 {
            taken.extend(receive(&here, &connection, 7_000).unwrap().0);
        }
        let killed = Instant::now();
        other.kill();
        let fault = loop {
            match receive(&here, &connection, 7_000) {
                Ok((bytes, Received::Bytes { .. })) => taken.extend(bytes),
                answer => break answer,
            }
        };
        assert_eq!(fault, Err(Fault::Reset));
        assert!(killed.elapsed() < SEEN);
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
        let mut at = 0;
        let full = loop {
            match connection.send(&data, at, false).unwrap() {
                Sent::All => at = 0,
                Sent::Part(count) => at += count,
                full => break full,
            }
        };
        assert_eq!(full, Sent::Full);
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
    let (bound, _listener) = listen(network, 4, Mode::Messages);
    say(bound.address);
    let _: String = hear();
}

#[test]
fn who_listens_and_is_killed_cannot_be_reached() {
    let here = tcp();
    let mut other = start("deaf");
    let address = other.hear().parse().unwrap();
    let connection = connect(&here, address, Mode::Messages).unwrap();
    assert!(connection.established().is_pending());
    other.kill();
    // That says nothing of TCP/IP: perhaps somebody else listens there by now.
    assert_eq!(established(&here, &connection), Err(Fault::TimedOut));
    assert_eq!(connected(&here, address, Mode::Messages).err(), Some(Fault::Refused));
}

fn no_descriptors(network: &Tcp) {
    let address: SocketAddrV4 = hear();
    let bound = network.bind(anywhere(), false).unwrap();
    let connection = connected(network, address, Mode::Stream).unwrap();
    let limit = rustix::process::Rlimit { current: Some(5), maximum: Some(5) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    assert_eq!(network.bind(anywhere(), false).err(), Some(Fault::TooManyOpen));
    assert_eq!(Tcp::new(Settings::default()).err(), Some(Fault::TooManyOpen));
    let parcel = Parcel::Connection { connection: &connection, shared: true };
    assert_eq!(network.give(parcel, std::process::id(), b"").err(), Some(Fault::TooManyOpen));
    drop(bound);
}

#[test]
fn a_process_without_descriptors_says_so() {
    let here = tcp();
    let (bound, _listener) = listen(&here, 4, Mode::Stream);
    let mut other = start("no descriptors");
    other.tell(bound.address);
    other.ends_well();
}

/// Starts and ends many times, with all kinds of things open.
fn start_and_end(network: &Tcp) {
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let before = (count("fd"), count("task"));
    let own = std::process::id();
    for _ in 0..100 {
        let here = tcp();
        let (bound, listener) = listen(&here, 4, Mode::Messages);
        let waiting = connect(network, bound.address, Mode::Messages).unwrap();
        let other = accept(&here, &listener);
        assert_eq!(established(network, &waiting), Ok(()));
        let unanswered = connect(network, bound.address, Mode::Messages).unwrap();
        let given = here.give(Parcel::Listener(&listener), own, b"").unwrap();
        here.give(Parcel::Connection { connection: &other, shared: false }, own, b"").unwrap();
        let Pair { one, other: shared, .. } = pair(Mode::Stream);
        here.give(Parcel::Connection { connection: &shared, shared: true }, own, b"").unwrap();
        send(&here, &one, &pattern(1, 100_000), false).unwrap();
        one.close(Ending::Graceful);
        // What was not taken goes with who gave it.
        drop(here);
        assert_eq!(network.take(given).err(), Some(Fault::BadClaim));
        drop((waiting, unanswered));
    }
    // Threads take a moment to be gone for good after they have left, and closed connections to have arrived.
    let deadline = Instant::now() + Duration::from_secs(30);
    while (count("fd"), count("task")) != before {
        assert!(Instant::now() < deadline, "{before:?} before, {:?} after", (count("fd"), count("task")));
        std::thread::yield_now();
    }
}

#[test]
fn starts_and_ends_leave_nothing_open() {
    start("start and end").ends_well();
}

/// Threads that the kernel lets do nothing but send, receive, and end.
mod silent {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const MESSAGES: usize = 2_000;
    static DONE: AtomicU32 = AtomicU32::new(0);

    /// From here on a system call of this thread that is not in the list kills the process.
    fn allow_only(calls: &[libc::c_long]) {
        let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
        let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
        for call in calls {
            let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
            program.push(libc::sock_filter { code: equal as u16, jt: 0, jf: 1, k: *call as u32 });
            program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
        }
        program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_KILL_PROCESS));
        let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
        // SAFETY: they change what the kernel allows this thread, nothing in memory; the program outlives the call.
        unsafe {
            assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
            let mode = libc::SECCOMP_MODE_FILTER as libc::c_ulong;
            assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter), 0);
        }
    }

    fn ping(connection: &Connection, first: bool) {
        let (mut out, mut room) = ([7_u8; 64], [0_u8; 64]);
        let (data, into) = (gather(&mut out), scatter(&mut room));
        // Yielding is the test's own.
        allow_only(&[libc::SYS_sendmsg, libc::SYS_recvmsg, libc::SYS_sched_yield, libc::SYS_exit]);
        for turn in 0..MESSAGES {
            // There is always room for one, so one call it is.
            if (first || turn > 0) && connection.send(&data, 0, false) != Ok(Sent::All) {
                return;
            }
            while connection.receive(&into, 0, false) != Ok(Received::Bytes { count: 64, last: true }) {
                std::thread::yield_now();
            }
        }
        if !first && connection.send(&data, 0, false) != Ok(Sent::All) {
            return;
        }
        DONE.fetch_add(1, Ordering::SeqCst);
        // SAFETY: it ends this thread, whose stack nobody looks at any more.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }

    pub fn run(network: Tcp) {
        let (bound, listener) = listen(&network, 1, Mode::Messages);
        let one = connect(&network, bound.address, Mode::Messages).unwrap();
        let other = accept(&network, &listener);
        assert_eq!(established(&network, &one), Ok(()));
        let (one, other): (&'static _, &'static _) = (Box::leak(Box::new(one)), Box::leak(Box::new(other)));
        std::thread::spawn(|| ping(one, true));
        std::thread::spawn(|| ping(other, false));
        while DONE.load(Ordering::SeqCst) < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        say("done");
        std::process::exit(0);
    }
}

#[test]
fn a_message_is_sent_by_one_call_and_wakes_nobody() {
    let mut other = start("silent");
    assert_eq!(other.hear(), "done");
    other.ends_well();
}
