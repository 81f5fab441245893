//! The shared-memory transport between processes: transfer, death, hand-over, limits.
//!
//! The other process is this test program again, running the one test that is ignored otherwise.
#![cfg(any(target_os = "linux", windows))]

mod shm_support;

use std::net::SocketAddrV4;

use shm_support::*;
use wsp::transport::{Connection as _, Ending, Fault, Mode, Parcel, Received, Sent, Taken, Transport};
use wsp_provider::shm::{Copies, Settings, Shm};

const LARGE: usize = 3_000_000;

#[test]
#[ignore = "it is the other process of the tests here"]
fn the_other_process() {
    let role = std::env::var(ROLE).expect("another test starts this");
    let shm = Shm::new(Settings::from_environment()).unwrap();
    match role.as_str() {
        "echo" => echo(&shm),
        "flood" => flood(&shm),
        "deaf" => deaf(&shm),
        "idle" => idle(&shm),
        "take" => take_over(&shm),
        "share" => share(&shm),
        "give and die" => give_and_die(&shm),
        #[cfg(target_os = "linux")]
        "no descriptors" => no_descriptors(&shm),
        #[cfg(target_os = "linux")]
        "few descriptors" => accepts_with_few_descriptors(&shm),
        #[cfg(target_os = "linux")]
        "silent" => silent::run(shm),
        role => panic!("there is no role {role}"),
    }
}

fn echo(shm: &Shm) {
    let address: SocketAddrV4 = hear();
    let connection = connect(shm, address, Mode::Stream).unwrap();
    loop {
        let (bytes, received) = receive(shm, &connection, 100_000).unwrap();
        if received == Received::End {
            break;
        }
        send(shm, &connection, &bytes, true).unwrap();
    }
    connection.close(Ending::Graceful);
}

#[test]
fn data_goes_to_another_process_and_back() {
    for settings in [SINGLE, DOUBLE] {
        let here = shm(settings);
        let (bound, listener) = listen(&here, 1, Mode::Stream);
        let mut other = start("echo", settings);
        other.tell(bound.address);
        let connection = accept(&here, &listener);
        let sent = pattern(1, LARGE);
        let received = std::thread::scope(|scope| {
            scope.spawn(|| {
                for piece in sent.chunks(200_000) {
                    send(&here, &connection, piece, true).unwrap();
                }
                connection.finish();
            });
            receive_all(&here, &connection, LARGE, 50_000).unwrap()
        });
        assert!(received == sent);
        if settings == SINGLE {
            // Both processes are this user's, so the system lets them.
            assert_eq!(connection.copies(), Copies::Single);
        }
        assert_eq!(receive(&here, &connection, 8).unwrap().1, Received::End);
        other.ends_well();
    }
}

fn flood(shm: &Shm) {
    let address: SocketAddrV4 = hear();
    let connection = connect(shm, address, Mode::Stream).unwrap();
    let bytes = pattern(2, 50_000);
    loop {
        send(shm, &connection, &bytes, true).unwrap();
    }
}

#[test]
fn a_peer_that_is_killed_resets_the_connection() {
    for settings in [SINGLE, DOUBLE] {
        let here = shm(settings);
        let (bound, listener) = listen(&here, 1, Mode::Stream);
        let mut other = start("flood", settings);
        other.tell(bound.address);
        let connection = accept(&here, &listener);
        let expected = pattern(2, 50_000);
        let mut taken = receive_all(&here, &connection, 1_000_000, 7_000).unwrap();
        other.kill();
        let fault = loop {
            match receive(&here, &connection, 7_000) {
                Ok((bytes, Received::Bytes { .. })) => taken.extend(bytes),
                answer => break answer,
            }
        };
        assert_eq!(fault, Err(Fault::Reset));
        assert!(taken.iter().zip(expected.iter().cycle()).all(|(taken, sent)| taken == sent));
        let ready = connection.ready();
        assert_eq!((ready.fault, ready.readable, ready.writable), (Some(Fault::Reset), true, true));
        assert_eq!(send(&here, &connection, b"x", false), Err(Fault::Reset));
    }
}

/// Connects to nobody's benefit.
fn deaf(shm: &Shm) {
    let _connection = connect(shm, hear(), Mode::Stream).unwrap();
    let _: String = hear();
}

#[test]
fn a_killed_peer_wakes_who_waits_for_room() {
    let here = shm(SINGLE);
    let (bound, listener) = listen(&here, 1, Mode::Stream);
    let mut other = start("deaf", SINGLE);
    other.tell(bound.address);
    let connection = accept(&here, &listener);
    let mut bytes = pattern(9, 300);
    let data = gather(&mut bytes);
    while connection.send(&data, 0, false) != Ok(Sent::Full) {}
    std::thread::scope(|scope| {
        let sleeper = scope
            .spawn(|| until(&here, || Some(connection.send(&data, 0, false)).filter(|sent| *sent != Ok(Sent::Full))));
        other.kill();
        assert_eq!(sleeper.join().unwrap(), Err(Fault::Reset));
    });
}

/// Listens and accepts nobody.
fn idle(shm: &Shm) {
    let (bound, _listener) = listen(shm, 4, Mode::Messages);
    say(bound.address);
    let _: String = hear();
}

#[test]
fn who_listens_and_is_killed_has_refused() {
    let here = shm(SINGLE);
    let mut other = start("idle", SINGLE);
    let address = other.hear().parse().unwrap();
    let connection = connect(&here, address, Mode::Messages).unwrap();
    assert!(connection.established().is_pending());
    other.kill();
    assert_eq!(established(&here, &connection), Err(Fault::Refused));
    assert_eq!(connect(&here, address, Mode::Messages).err(), Some(Fault::TimedOut), "somebody else may be there");
}

fn take_over(shm: &Shm) {
    let (taken, came) = shm.take(hear()).unwrap();
    let Taken::Connection(connection) = taken else { panic!("a connection was given") };
    say(String::from_utf8(came.bytes).unwrap());
    let unread = receive_message(shm, &connection, 1_000).unwrap();
    send(shm, &connection, &unread, true).unwrap();
    let next = receive_message(shm, &connection, 1_000_000).unwrap();
    send(shm, &connection, &next, true).unwrap();
    let claim =
        shm.give(Parcel::Connection { connection: &connection, shared: false }, hear(), &state(b"and back")).unwrap();
    assert_eq!(connection.receive(&scatter(&mut [0; 8]), 0, false), Err(Fault::Aborted));
    drop(connection);
    say(claim);
    let _: String = hear();
}

#[test]
fn a_connection_moves_to_another_process_and_back() {
    for settings in [SINGLE, DOUBLE] {
        let Pair { one, other, asker, accepter } = pair(Mode::Messages, settings);
        let mut process = start("take", settings);
        // Read in part, with more to be read: all that moves along.
        let (unread, small) = (pattern(3, 100_000), pattern(4, 90));
        send(&asker, &one, b"first", false).unwrap();
        assert_eq!(receive(&accepter, &other, 2).unwrap().0, b"fi");
        let parcel = Parcel::Connection { connection: &other, shared: false };
        let claim = accepter.give(parcel, process.id(), &state(b"the state")).unwrap();
        assert_eq!(other.send(&gather(&mut [1]), 0, false), Err(Fault::Aborted));
        drop(other);
        process.tell(claim);
        assert_eq!(process.hear(), "the state");
        assert_eq!(receive_message(&asker, &one, 10).unwrap(), b"rst");
        send(&asker, &one, &unread, true).unwrap();
        assert!(receive_message(&asker, &one, 100_000).unwrap() == unread);
        process.tell(std::process::id());
        let back: u32 = process.hear().parse().unwrap();
        send(&asker, &one, &small, true).unwrap();
        let (Taken::Connection(other), state) = accepter.take(back).unwrap() else { panic!("a connection was given") };
        assert_eq!(state.bytes, b"and back");
        process.tell("done");
        process.ends_well();
        assert_eq!(receive_message(&accepter, &other, 1_000).unwrap(), small);
        send(&accepter, &other, b"home", true).unwrap();
        assert_eq!(receive_message(&asker, &one, 8).unwrap(), b"home");
        assert_eq!(accepter.take(back).err(), Some(Fault::BadClaim));
        other.close(Ending::Abortive);
        assert_eq!(receive(&asker, &one, 8), Err(Fault::Reset));
    }
}

fn share(shm: &Shm) {
    let (Taken::Connection(connection), _) = shm.take(hear()).unwrap() else { panic!("a connection was given") };
    let count = 20_000;
    for _ in 0..count {
        send(shm, &connection, b"child ", false).unwrap();
    }
    let _: String = hear();
    send(shm, &connection, b"alone ", false).unwrap();
    assert_eq!(receive_all(shm, &connection, 4, 4).unwrap(), b"read");
    connection.close(Ending::Graceful);
}

#[test]
fn two_processes_use_one_end_and_it_ends_with_the_last() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream, SINGLE);
    let mut process = start("share", SINGLE);
    let parcel = Parcel::Connection { connection: &other, shared: true };
    process.tell(accepter.give(parcel, process.id(), &state(b"")).unwrap());
    let count = 20_000;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..count {
                send(&accepter, &other, b"parent", false).unwrap();
            }
        });
        let received = receive_all(&asker, &one, 2 * 6 * count, 60_000).unwrap();
        let words: Vec<&[u8]> = received.chunks(6).collect();
        let of = |word: &[u8]| words.iter().filter(|other| **other == word).count();
        assert_eq!((of(b"parent"), of(b"child ")), (count, count));
    });
    other.close(Ending::Graceful);
    drop((other, accepter));
    process.tell("alone");
    assert_eq!(receive_all(&asker, &one, 6, 6).unwrap(), b"alone ");
    send(&asker, &one, b"read", false).unwrap();
    assert_eq!(receive(&asker, &one, 6).unwrap().1, Received::End);
    process.ends_well();
}

#[test]
fn a_claim_is_for_one_process_and_once() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream, SINGLE);
    let mut stranger = start("echo", SINGLE);
    let parcel = |shared| Parcel::Connection { connection: &other, shared };
    let foreign = accepter.give(parcel(true), stranger.id(), &state(b"")).unwrap();
    assert_eq!(asker.take(foreign).err(), Some(Fault::BadClaim));
    assert_eq!(accepter.give(parcel(true), 0, &state(b"")).err(), Some(Fault::BadClaim));
    assert_eq!(accepter.give(parcel(true), std::process::id(), &state(&[0; 1 << 20])).err(), Some(Fault::NoBuffers));
    let claim = accepter.give(parcel(true), std::process::id(), &state(b"mine")).unwrap();
    let (Taken::Connection(second), state) = asker.take(claim).unwrap() else { panic!("a connection was given") };
    assert_eq!((asker.take(claim).err(), &state.bytes[..]), (Some(Fault::BadClaim), &b"mine"[..]));
    // The first descriptor's close ends nothing, nor does the process that never came.
    other.close(Ending::Graceful);
    stranger.kill();
    send(&asker, &one, b"hello", false).unwrap();
    assert_eq!(receive_all(&asker, &second, 5, 5).unwrap(), b"hello");
    second.close(Ending::Graceful);
    assert_eq!(receive(&asker, &one, 5).unwrap().1, Received::End);
}

fn give_and_die(shm: &Shm) {
    let connection = connect(shm, hear(), Mode::Messages).unwrap();
    assert_eq!(established(shm, &connection), Ok(()));
    gives_and_waits(shm, connection);
}

#[test]
fn what_was_given_works_after_its_descriptor_is_closed_and_dies_with_its_process() {
    for taken_first in [true, false] {
        let here = shm(SINGLE);
        let (bound, listener) = listen(&here, 1, Mode::Messages);
        let mut process = start("give and die", SINGLE);
        process.tell(bound.address);
        let connection = accept(&here, &listener);
        outlives_its_giver(&here, process, connection, taken_first);
    }
}

#[test]
fn listening_ends_and_bare_sockets_are_handed_over() {
    let (here, there) = (shm(SINGLE), shm(SINGLE));
    let (bound, listener) = listen(&here, 4, Mode::Stream);
    let own = std::process::id();
    let (taken, _) = there.take(here.give(Parcel::Bare, own, &state(b"")).unwrap()).unwrap();
    assert!(matches!(taken, Taken::Bare));
    let claim = here.give(Parcel::Listener(&listener), own, &state(b"")).unwrap();
    let (Taken::Listener(taken, at), _) = there.take(claim).unwrap() else { panic!("a listener was given") };
    let address = bound.address;
    assert_eq!(at.address, address);
    drop((bound, listener, here));
    assert_eq!(there.bind(address, false).err(), Some(Fault::AddressInUse));
    let asker = shm(SINGLE);
    let (one, other) = (connect(&asker, address, Mode::Stream).unwrap(), accept(&there, &taken));
    send(&asker, &one, b"found", false).unwrap();
    assert_eq!(receive_all(&there, &other, 5, 5).unwrap(), b"found");
}

#[cfg(target_os = "linux")]
#[test]
fn who_came_is_served_without_descriptors_and_others_once_they_return() {
    connects_to_few_descriptors(&shm(SINGLE), start("few descriptors", SINGLE));
}

#[cfg(target_os = "linux")]
fn no_descriptors(shm: &Shm) {
    let address: SocketAddrV4 = hear();
    let bound = shm.bind(anywhere(), false).unwrap();
    let limit = rustix::process::Rlimit { current: Some(5), maximum: Some(5) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    assert_eq!(shm.connect(&bound, address, Mode::Stream).err(), Some(Fault::TooManyOpen));
    assert_eq!(shm.bind(anywhere(), false).err(), Some(Fault::TooManyOpen));
    assert_eq!(Shm::new(SINGLE).err(), Some(Fault::TooManyOpen));
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_without_descriptors_says_so() {
    let here = shm(SINGLE);
    let (bound, _listener) = listen(&here, 4, Mode::Stream);
    let mut other = start("no descriptors", SINGLE);
    other.tell(bound.address);
    other.ends_well();
}

/// Threads that the kernel lets do nothing but read and write descriptors, and end.
#[cfg(target_os = "linux")]
mod silent {
    use std::sync::atomic::{AtomicU32, Ordering};

    use wsp::transport::Sent;
    use wsp_provider::shm::Connection;

    use super::*;

    const MESSAGES: usize = 20_000;
    static DONE: AtomicU32 = AtomicU32::new(0);

    fn ping(connection: &Connection, first: bool) {
        let (mut out, mut room) = ([7_u8; 600], [0_u8; 600]);
        let (data, into) = (gather(&mut out), scatter(&mut room));
        // From here on any other system call than `read`, `write`, `_exit` and `sigreturn` kills the process.
        // SAFETY: it changes what the kernel allows this thread, nothing in memory.
        assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) }, 0);
        for turn in 0..MESSAGES {
            if first || turn > 0 {
                while connection.send(&data, 0, false) != Ok(Sent::All) {}
            }
            while connection.receive(&into, 0, false) != Ok(Received::Bytes { count: 600, last: true }) {}
        }
        if !first {
            while connection.send(&data, 0, false) != Ok(Sent::All) {}
        }
        DONE.fetch_add(1, Ordering::SeqCst);
        // SAFETY: it ends this thread, whose stack nobody looks at any more.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }

    pub fn run(shm: Shm) {
        let (bound, listener) = listen(&shm, 1, Mode::Messages);
        let one = connect(&shm, bound.address, Mode::Messages).unwrap();
        let other = accept(&shm, &listener);
        assert_eq!(established(&shm, &one), Ok(()));
        // Both greetings are through before the threads are silenced.
        send(&shm, &one, b"warm", false).unwrap();
        assert_eq!(receive_message(&shm, &other, 8).unwrap(), b"warm");
        let (one, other): (&'static _, &'static _) = (Box::leak(Box::new(one)), Box::leak(Box::new(other)));
        std::thread::spawn(|| ping(one, true));
        std::thread::spawn(|| ping(other, false));
        while DONE.load(Ordering::SeqCst) < 2 {
            std::thread::yield_now();
        }
        say("done");
        // SAFETY: it ends the process. Nothing runs first that would look for what the ended threads had: it is lost, as meant.
        unsafe { libc::_exit(0) }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_system_call_is_made_per_message_while_nobody_sleeps() {
    let mut other = start("silent", SINGLE);
    assert_eq!(other.hear(), "done");
    other.ends_well();
}
