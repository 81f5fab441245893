//! The TCP transport between processes: transfer, death, hand-over, limits.
//!
//! The other process is this test program again, running the one test that is ignored otherwise.
#![cfg(target_os = "linux")]

mod tcp_support;

use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use tcp_support::*;
use wsp::transport::{Connection as _, Ending, Fault, Listener as _, Mode, Parcel, Received, Sent, Taken, Transport};
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
        "take" => take_over(&network),
        "share" => share(&network),
        "give and die" => give_and_die(&network),
        "no descriptors" => no_descriptors(&network),
        "start and end" => start_and_end(&network),
        "silent" => silent::run(network),
        role => panic!("there is no role {role}"),
    }
}

fn start(role: &str) -> Other {
    Other::start_with(role, &[])
}

fn parse_mode(mode: &str) -> Mode {
    if mode == "messages" { Mode::Messages } else { Mode::Stream }
}

fn name_of(mode: Mode) -> &'static str {
    if mode == Mode::Messages { "messages" } else { "stream" }
}

/// A connection to an address and in a mode that are heard.
fn called(network: &Tcp) -> Connection {
    let (to, mode): (SocketAddrV4, String) = (hear(), hear());
    connected(network, to, parse_mode(&mode)).unwrap()
}

/// Another process that has connected to this one.
fn caller(network: &Tcp, role: &str, mode: Mode) -> (Other, Connection) {
    let (bound, listener) = listen(network, 1, mode);
    let mut other = start(role);
    other.tell(bound.address);
    other.tell(name_of(mode));
    let connection = accept(network, &listener);
    (other, connection)
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

fn take_over(network: &Tcp) {
    let (taken, state) = network.take(hear()).unwrap();
    let Taken::Connection(connection) = taken else { panic!("a connection was given") };
    say(String::from_utf8(state).unwrap());
    let unread = receive_message(network, &connection, 1_000).unwrap();
    send(network, &connection, &unread, false).unwrap();
    let next = receive_message(network, &connection, 1_000_000).unwrap();
    send(network, &connection, &next, false).unwrap();
    let claim =
        network.give(Parcel::Connection { connection: &connection, shared: false }, hear(), b"and back").unwrap();
    assert_eq!(connection.receive(&scatter(&mut [0; 8]), 0, false), Err(Fault::Aborted));
    drop(connection);
    say(claim);
    let _: String = hear();
}

#[test]
fn an_end_moves_to_another_process_and_back_with_what_is_unread() {
    for kept in [false, true] {
        let Pair { one, other, asker, accepter } = pair(Mode::Messages);
        let (unread, small) = (pattern(3, 90_000), pattern(4, 100));
        send(&asker, &one, b"first", false).unwrap();
        send(&asker, &one, &unread, false).unwrap();
        send(&asker, &one, &small, false).unwrap();
        assert_eq!(receive_all(&accepter, &other, 2, 2).unwrap(), b"fi");
        if kept {
            // Some of it was taken from the system.
            until(&accepter, || (other.available() > 0).then_some(()));
        }
        let mut memory = [7; 8];
        let late = rdma(&other).expose(region(&mut memory), BOTH).unwrap();
        let mut process = start("take");
        let parcel = Parcel::Connection { connection: &other, shared: false };
        process.tell(accepter.give(parcel, process.id(), b"the state").unwrap());
        assert_eq!(send(&accepter, &other, b"x", false), Err(Fault::Aborted));
        drop(other);
        assert_eq!(process.hear(), "the state");
        assert_eq!(receive_message(&asker, &one, 10).unwrap(), b"rst");
        send(&asker, &one, b"more", false).unwrap();
        assert!(receive_message(&asker, &one, 100_000).unwrap() == unread);
        // What was open in the first process is not in this one, and nobody waits for ever.
        let written = rdma(&one).write(&gather(&mut [1; 4]), &remote(late, 8), 0);
        assert_eq!(until(&asker, || rdma(&one).finished()), Err(Fault::Access), "{written:?}");
        assert_eq!(memory, [7; 8]);
        process.tell(std::process::id());
        let back: u32 = process.hear().parse().unwrap();
        let (Taken::Connection(other), state) = accepter.take(back).unwrap() else { panic!("a connection was given") };
        assert_eq!(state, b"and back");
        process.tell("done");
        process.ends_well();
        assert_eq!(receive_message(&accepter, &other, 1_000).unwrap(), small);
        assert_eq!(receive_message(&accepter, &other, 1_000).unwrap(), b"more");
        send(&accepter, &other, b"home", false).unwrap();
        assert_eq!(receive_message(&asker, &one, 8).unwrap(), b"home");
        assert_eq!(accepter.take(back).err(), Some(Fault::BadClaim));
        other.close(Ending::Abortive);
        assert_eq!(receive(&asker, &one, 8), Err(Fault::Reset));
    }
}

fn share(network: &Tcp) {
    let (Taken::Connection(connection), _) = network.take(hear()).unwrap() else { panic!("a connection was given") };
    say("taken");
    let _: String = hear();
    send(network, &connection, b"alone ", false).unwrap();
    assert_eq!(receive_all(network, &connection, 4, 4).unwrap(), b"read");
    connection.close(Ending::Graceful);
}

#[test]
fn two_processes_use_one_end_and_it_ends_with_the_last() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream);
    send(&asker, &one, b"un", false).unwrap();
    let mut process = start("share");
    let parcel = Parcel::Connection { connection: &other, shared: true };
    process.tell(accepter.give(parcel, process.id(), b"").unwrap());
    assert_eq!(process.hear(), "taken");
    send(&accepter, &other, b"parent", false).unwrap();
    assert_eq!(receive_all(&asker, &one, 6, 6).unwrap(), b"parent");
    assert_eq!(receive_all(&accepter, &other, 2, 2).unwrap(), b"un");
    other.close(Ending::Graceful);
    drop((other, accepter));
    process.tell("alone");
    assert_eq!(receive_all(&asker, &one, 6, 6).unwrap(), b"alone ");
    send(&asker, &one, b"read", false).unwrap();
    assert_eq!(receive(&asker, &one, 6).unwrap().1, Received::End);
    process.ends_well();
}

#[test]
fn the_last_of_those_who_share_an_end_resets_it_when_it_is_killed() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream);
    let mut process = start("share");
    let parcel = Parcel::Connection { connection: &other, shared: true };
    process.tell(accepter.give(parcel, process.id(), b"").unwrap());
    assert_eq!(process.hear(), "taken");
    other.close(Ending::Graceful);
    drop(other);
    process.kill();
    assert_eq!(receive(&asker, &one, 6), Err(Fault::Reset));
}

#[test]
fn a_claim_is_for_one_process_and_once() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream);
    let mut stranger = start("echo");
    let parcel = |shared| Parcel::Connection { connection: &other, shared };
    let foreign = accepter.give(parcel(true), stranger.id(), b"").unwrap();
    assert_eq!(asker.take(foreign).err(), Some(Fault::BadClaim));
    assert_eq!(accepter.give(parcel(true), 0, b"").err(), Some(Fault::BadClaim));
    assert_eq!(accepter.give(parcel(true), std::process::id(), &[0; 1 << 20]).err(), Some(Fault::NoBuffers));
    let claim = accepter.give(parcel(true), std::process::id(), b"mine").unwrap();
    let (Taken::Connection(second), state) = asker.take(claim).unwrap() else { panic!("a connection was given") };
    assert_eq!((asker.take(claim).err(), &state[..]), (Some(Fault::BadClaim), &b"mine"[..]));
    // The first descriptor's close ends nothing; the process that never came is soon counted no more.
    other.close(Ending::Graceful);
    stranger.kill();
    send(&asker, &one, b"hello", false).unwrap();
    assert_eq!(receive_all(&asker, &second, 5, 5).unwrap(), b"hello");
    second.close(Ending::Graceful);
    assert_eq!(receive(&asker, &one, 5).unwrap().1, Received::End);
}

fn give_and_die(network: &Tcp) {
    let connection = called(network);
    send(network, &connection, b"last words", false).unwrap();
    say(network.give(Parcel::Connection { connection: &connection, shared: false }, hear(), b"").unwrap());
    drop(connection);
    let _: String = hear();
}

#[test]
fn what_was_given_works_after_its_descriptor_is_closed_and_dies_with_its_process() {
    for taken_first in [true, false] {
        let here = tcp();
        let (mut process, connection) = caller(&here, "give and die", Mode::Messages);
        process.tell(std::process::id());
        let claim = process.hear().parse().unwrap();
        if !taken_first {
            process.kill();
            assert_eq!(here.take(claim).err(), Some(Fault::BadClaim));
        }
        let taken = taken_first.then(|| here.take(claim).unwrap());
        assert_eq!(receive_message(&here, &connection, 20).unwrap(), b"last words");
        if let Some((Taken::Connection(taken), _)) = taken {
            process.kill();
            send(&here, &taken, b"still there", false).unwrap();
            assert_eq!(receive_message(&here, &connection, 20).unwrap(), b"still there");
        } else {
            assert_eq!(receive(&here, &connection, 20), Err(Fault::Reset));
        }
    }
}

#[test]
fn listening_ends_and_bare_sockets_are_handed_over() {
    let (here, there) = (tcp(), tcp());
    let (bound, listener) = listen(&here, 4, Mode::Stream);
    let own = std::process::id();
    let (taken, _) = there.take(here.give(Parcel::Bare, own, b"").unwrap()).unwrap();
    assert!(matches!(taken, Taken::Bare));
    let claim = here.give(Parcel::Listener(&listener), own, b"").unwrap();
    let (Taken::Listener(taken, at), _) = there.take(claim).unwrap() else { panic!("a listener was given") };
    let address = bound.address;
    assert_eq!(at.address, address);
    // Both listen; who has given asks only when it wants somebody.
    let asker = tcp();
    let early = connected(&asker, address, Mode::Stream).unwrap();
    drop((accept(&there, &taken), early));
    assert!(!listener.waiting());
    drop((bound, listener, here));
    assert_eq!(there.bind(address, false).err(), Some(Fault::AddressInUse));
    let one = connected(&asker, address, Mode::Stream).unwrap();
    let other = accept(&there, &taken);
    send(&asker, &one, b"found", false).unwrap();
    assert_eq!(receive_all(&there, &other, 5, 5).unwrap(), b"found");
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
