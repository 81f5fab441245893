//! Ends of the TCP transport that move between processes, or are used by several.
//!
//! The other process is this test program again, running the one test that is ignored otherwise.

mod tcp_support;

use tcp_support::*;
use wsp::transport::{Connection as _, Ending, Fault, Listener as _, Mode, Parcel, Received, Taken, Transport};
use wsp_provider::tcp::Tcp;

#[test]
#[ignore = "it is the other process of the tests here"]
fn the_other_process() {
    let role = std::env::var(ROLE).expect("another test starts this");
    let network = tcp();
    match role.as_str() {
        "take" => take_over(&network),
        "share" => share(&network),
        "give and die" => gives_and_waits(&network, called(&network)),
        "idle" => drop(hear::<String>()),
        role => panic!("there is no role {role}"),
    }
}

fn take_over(network: &Tcp) {
    let (taken, came) = network.take(hear()).unwrap();
    let Taken::Connection(connection) = taken else { panic!("a connection was given") };
    say(String::from_utf8(came.bytes).unwrap());
    let unread = receive_message(network, &connection, 1_000).unwrap();
    send(network, &connection, &unread, false).unwrap();
    let next = receive_message(network, &connection, 1_000_000).unwrap();
    send(network, &connection, &next, false).unwrap();
    let claim = network
        .give(Parcel::Connection { connection: &connection, shared: false }, hear(), &state(b"and back"))
        .unwrap();
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
        process.tell(accepter.give(parcel, process.id(), &state(b"the state")).unwrap());
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
        assert_eq!(state.bytes, b"and back");
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
    process.tell(accepter.give(parcel, process.id(), &state(b"")).unwrap());
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
    process.tell(accepter.give(parcel, process.id(), &state(b"")).unwrap());
    assert_eq!(process.hear(), "taken");
    other.close(Ending::Graceful);
    drop(other);
    process.kill();
    assert_eq!(receive(&asker, &one, 6), Err(Fault::Reset));
}

#[test]
fn a_claim_is_for_one_process_and_once() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream);
    let mut stranger = start("idle");
    let parcel = |shared| Parcel::Connection { connection: &other, shared };
    let foreign = accepter.give(parcel(true), stranger.id(), &state(b"")).unwrap();
    assert_eq!(asker.take(foreign).err(), Some(Fault::BadClaim));
    assert_eq!(accepter.give(parcel(true), 0, &state(b"")).err(), Some(Fault::BadClaim));
    assert_eq!(accepter.give(parcel(true), std::process::id(), &state(&[0; 1 << 20])).err(), Some(Fault::NoBuffers));
    let claim = accepter.give(parcel(true), std::process::id(), &state(b"mine")).unwrap();
    let (Taken::Connection(second), state) = asker.take(claim).unwrap() else { panic!("a connection was given") };
    assert_eq!((asker.take(claim).err(), &state.bytes[..]), (Some(Fault::BadClaim), &b"mine"[..]));
    // The first descriptor's close ends nothing; the process that never came is soon counted no more.
    other.close(Ending::Graceful);
    stranger.kill();
    send(&asker, &one, b"hello", false).unwrap();
    assert_eq!(receive_all(&asker, &second, 5, 5).unwrap(), b"hello");
    second.close(Ending::Graceful);
    assert_eq!(receive(&asker, &one, 5).unwrap().1, Received::End);
}

#[test]
fn what_was_given_works_after_its_descriptor_is_closed_and_dies_with_its_process() {
    for taken_first in [true, false] {
        let here = tcp();
        let (process, connection) = caller(&here, "give and die", Mode::Messages);
        outlives_its_giver(&here, process, connection, taken_first);
    }
}

#[test]
fn listening_ends_and_bare_sockets_are_handed_over() {
    let (here, there) = (tcp(), tcp());
    let (bound, listener) = listen(&here, 4, Mode::Stream);
    let own = std::process::id();
    let (taken, _) = there.take(here.give(Parcel::Bare, own, &state(b"")).unwrap()).unwrap();
    assert!(matches!(taken, Taken::Bare));
    let claim = here.give(Parcel::Listener(&listener), own, &state(b"")).unwrap();
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
