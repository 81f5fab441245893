//! How connections over the shared-memory transport begin and end.
#![cfg(target_os = "linux")]

mod shm_support;

use std::net::{Ipv4Addr, SocketAddrV4};

use shm_support::*;
use wsp::transport::{Connection as _, Ending, Fault, Listener as _, Mode, Ready, Received, Request as _, Transport};

const MODES: [Mode; 2] = [Mode::Stream, Mode::Messages];

#[test]
fn as_many_wait_as_the_backlog_allows_and_no_more() {
    for mode in MODES {
        let here = shm(SINGLE);
        let (bound, listener) = listen(&here, 2, mode);
        assert!(!listener.waiting());
        let waiting = [connect(&here, bound.address, mode), connect(&here, bound.address, mode)];
        assert!(waiting.iter().all(Result::is_ok) && listener.waiting());
        assert_eq!(connect(&here, bound.address, mode).err(), Some(Fault::Refused));
        listener.set_backlog(3);
        assert!(connect(&here, bound.address, mode).is_ok());
    }
}

#[test]
fn a_stream_is_made_when_it_waits_and_messages_when_they_are_accepted() {
    let here = shm(SINGLE);
    for mode in MODES {
        let (bound, listener) = listen(&here, 2, mode);
        let one = connect(&here, bound.address, mode).unwrap();
        assert_eq!(one.established().is_pending(), mode == Mode::Messages);
        let other = accept(&here, &listener);
        assert_eq!((established(&here, &one), established(&here, &other)), (Ok(()), Ok(())));
        assert_eq!((one.local(), one.peer()), (other.peer(), other.local()));
        assert_eq!(one.peer(), bound.address);
    }
}

#[test]
fn data_sent_before_the_accept_is_there_after_it() {
    let (asker, accepter) = (shm(SINGLE), shm(SINGLE));
    let (bound, listener) = listen(&accepter, 2, Mode::Stream);
    let one = connect(&asker, bound.address, Mode::Stream).unwrap();
    send(&asker, &one, b"early", false).unwrap();
    one.close(Ending::Graceful);
    drop(one);
    let other = accept(&accepter, &listener);
    assert_eq!(receive_all(&accepter, &other, 5, 5).unwrap(), b"early");
    assert_eq!(receive(&accepter, &other, 5).unwrap().1, Received::End);
}

#[test]
fn who_is_dropped_unaccepted_is_refused_or_reset() {
    for whole_listener in [true, false] {
        for mode in MODES {
            let here = shm(SINGLE);
            let (bound, listener) = listen(&here, 2, mode);
            let one = connect(&here, bound.address, mode).unwrap();
            if whole_listener {
                drop(listener);
            } else {
                let request = until(&here, || match listener.poll() {
                    std::task::Poll::Ready(request) => Some(request.unwrap()),
                    std::task::Poll::Pending => None,
                });
                assert_eq!((request.peer(), request.local()), (one.local(), bound.address));
                drop(request);
            }
            match mode {
                Mode::Messages => assert_eq!(established(&here, &one), Err(Fault::Refused)),
                Mode::Stream => assert_eq!(receive(&here, &one, 1), Err(Fault::Reset)),
            }
        }
    }
}

#[test]
fn who_gave_up_waiting_cannot_be_accepted() {
    let here = shm(SINGLE);
    let (bound, listener) = listen(&here, 2, Mode::Messages);
    drop(connect(&here, bound.address, Mode::Messages).unwrap());
    let request = until(&here, || match listener.poll() {
        std::task::Poll::Ready(request) => Some(request.unwrap()),
        std::task::Poll::Pending => None,
    });
    assert_eq!(request.accept().err(), Some(Fault::Reset));
}

#[test]
fn a_listener_at_the_wildcard_knows_the_address_that_was_asked_for() {
    let here = shm(SINGLE);
    let bound = here.bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0), false).unwrap();
    let listener = here.listen(&bound, 2, Mode::Stream).unwrap();
    assert_eq!(here.listen(&bound, 2, Mode::Stream).err(), Some(Fault::AddressInUse));
    let to = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 5), bound.address.port());
    let one = connect(&here, to, Mode::Stream).unwrap();
    let other = accept(&here, &listener);
    assert_eq!((other.local(), one.peer(), *one.local().ip()), (to, to, Ipv4Addr::LOCALHOST));
    assert_eq!(connect(&here, to, Mode::Messages).err(), Some(Fault::Refused));
}

#[test]
fn a_graceful_end_comes_after_the_data() {
    for mode in MODES {
        let Pair { one, other, asker, accepter } = pair(mode, SINGLE);
        send(&asker, &one, b"before the end", false).unwrap();
        one.close(Ending::Graceful);
        drop((one, asker));
        assert!(other.ready().readable && other.ready().ended);
        assert_eq!(receive_all(&accepter, &other, 14, 14).unwrap(), b"before the end");
        let end = receive(&accepter, &other, 1);
        match mode {
            Mode::Stream => assert_eq!(end.unwrap().1, Received::End),
            Mode::Messages => assert_eq!(end, Err(Fault::Reset)),
        }
        assert_eq!(other.send(&gather(&mut [1]), 0, false), Err(Fault::Reset));
    }
}

#[test]
fn an_abortive_end_comes_at_once() {
    for by_drop in [true, false] {
        let Pair { one, other, asker, accepter } = pair(Mode::Stream, SINGLE);
        send(&asker, &one, b"lost", false).unwrap();
        if by_drop {
            drop(one);
        } else {
            one.close(Ending::Abortive);
            assert_eq!(one.receive(&scatter(&mut [0; 1]), 0, false), Err(Fault::Aborted));
        }
        assert_eq!(receive(&accepter, &other, 4), Err(Fault::Reset));
        let broken = Ready { readable: true, writable: true, ended: true, fault: Some(Fault::Reset) };
        assert_eq!(other.ready(), broken);
    }
}

#[test]
fn one_way_ends_and_the_other_goes_on() {
    let Pair { one, other, asker, accepter } = pair(Mode::Stream, SINGLE);
    one.finish();
    assert_eq!(receive(&accepter, &other, 1).unwrap().1, Received::End);
    assert!(other.ready().ended && other.ready().fault.is_none());
    send(&accepter, &other, b"still", false).unwrap();
    assert_eq!(receive_all(&asker, &one, 5, 5).unwrap(), b"still");
}

#[test]
fn nothing_is_left_of_a_transport() {
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let maps = || std::fs::read_to_string("/proc/self/maps").unwrap().matches("memfd:wsp-").count();
    let threads = || {
        let names = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        names
            .filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name == "wsp-shm\n"))
            .count()
    };
    // Other tests run in this process: so the whole is done by a child with nothing else in it.
    if std::env::var_os("WSP_TEST_ALONE").is_none() {
        let program = std::env::current_exe().unwrap();
        let status = std::process::Command::new(program)
            .args(["--exact", "nothing_is_left_of_a_transport", "--test-threads=1"])
            .env("WSP_TEST_ALONE", "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let once = || {
        let Pair { one, other, asker, accepter } = pair(Mode::Messages, SINGLE);
        send(&asker, &one, &pattern(1, 20_000), false).unwrap();
        let _claim = accepter.give(wsp::transport::Parcel::Bare, std::process::id(), b"").unwrap();
        drop((asker, accepter));
        drop((one, other));
    };
    once();
    let before = count();
    for _ in 0..50 {
        once();
    }
    assert_eq!((count(), maps(), threads()), (before, 0, 0));
}
