//! What every system must do for the transports.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wsp::transport::{Fault, Region};

use super::process::{self, Credentials, Direction, Memory};
use super::socket::{self, Incoming};
use super::sync::Alarm;
use super::{memory, names, net};
use crate::bytes::Reader;

#[test]
fn the_machine_has_its_loopback_address() {
    assert!(process::addresses().contains(&Ipv4Addr::LOCALHOST));
}

#[test]
fn memory_of_a_process_is_copied_or_refused() {
    let source: Vec<u8> = (0..100).collect();
    let mut to = [0_u8; 100];
    // SAFETY: the array outlives the copies.
    let room = unsafe { Region::new(to.as_mut_ptr(), to.len()) };
    let pieces = [room.part(0, 30), room.part(30, 70)].into_iter().flatten();
    // Who is at the other end of a connection within this process: this process.
    let (one, _other) = socket::pair(process::own()).unwrap();
    let own: Credentials = process::credentials(&one).unwrap();
    assert_eq!(own.process, process::own());
    assert!(own.may_give());
    let own = Memory::of(&own).unwrap();
    assert_eq!(own.copy(Direction::Read, pieces, source.as_ptr() as u64), Ok(100));
    assert_eq!(to[..], source[..]);
    let (word, at) = (Box::new(7_u64), source.as_ptr() as u64);
    let known = &raw const *word as u64;
    to.fill(0);
    assert_eq!(own.copy_known((known, 7), std::iter::once(room), at), Ok(100));
    assert_eq!(to[..], source[..]);
    assert_eq!(own.copy_known((known, 8), std::iter::once(room), at), Err(Fault::Access));
    assert_eq!(own.copy(Direction::Read, std::iter::once(room), 16), Err(Fault::Access));
    assert_eq!(own.read_word(u64::MAX - 3), Err(Fault::Access));
    let mut target = [0_u8; 100];
    assert_eq!(own.copy(Direction::Write, std::iter::once(room), target.as_mut_ptr() as u64), Ok(100));
    assert_eq!(std::hint::black_box(&target)[..], source[..]);
    assert!(process::alive(process::own()) && !process::alive(0));
}

#[test]
fn frames_carry_bytes_and_descriptors() {
    let (one, other) = socket::pair(process::own()).unwrap();
    let mut buffer = [0_u8; 16];
    assert!(matches!(socket::receive(&other, &mut buffer), Ok(Incoming::Nothing)));
    assert!(!socket::readable(&other, Duration::ZERO));
    let file = memory::store("test", b"stored").unwrap();
    socket::send(&one, b"hello", &[&file]).unwrap();
    socket::send(&one, b"next", &[]).unwrap();
    drop((one, file));
    assert!(socket::readable(&other, Duration::from_secs(5)));
    let Incoming::Frame(5, descriptors) = socket::receive(&other, &mut buffer).unwrap() else {
        panic!("a frame was sent")
    };
    assert_eq!(&buffer[..5], b"hello");
    let [file] = <[super::Descriptor; 1]>::try_from(descriptors).unwrap();
    assert_eq!(memory::contents(file, 100), Ok(b"stored".to_vec()));
    assert!(matches!(socket::receive(&other, &mut buffer), Ok(Incoming::Frame(4, _))));
    assert!(matches!(socket::receive(&other, &mut buffer), Ok(Incoming::Gone)));
    assert_eq!(socket::send(&other, b"x", &[]), Err(Fault::Reset));
}

#[test]
fn a_tcp_socket_passes_and_works_where_it_arrives() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let one = net::Socket::from(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let mut other = listener.accept().unwrap().0;
    let leaving = net::leaving(&one).unwrap();
    drop(one);
    let mut bytes = Vec::new();
    let along = net::pass(&leaving, process::own(), &mut bytes).unwrap().map(memory::duplicate);
    assert_eq!(bytes.len(), net::PASSED);
    let arrived = net::arrive(&mut Reader(&bytes), along.into_iter().map(Result::unwrap)).unwrap();
    drop(leaving);
    assert_eq!(net::send(&arrived, b"hello", std::iter::empty::<Region>()).unwrap(), 5);
    drop(arrived);
    let mut heard = Vec::new();
    other.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"hello");
    assert_eq!(net::arrive(&mut Reader(&[]), std::iter::empty()).err(), Some(Fault::BadClaim));
}

#[test]
fn what_was_sent_is_read_although_its_sender_left_without_reading() {
    let (one, other) = socket::pair(process::own()).unwrap();
    socket::send(&other, b"unread", &[]).unwrap();
    socket::send(&one, b"sent", &[]).unwrap();
    drop(one);
    let mut buffer = [0_u8; 16];
    assert!(matches!(socket::receive(&other, &mut buffer), Ok(Incoming::Frame(4, _))));
    assert!(matches!(socket::receive(&other, &mut buffer), Ok(Incoming::Gone)));
}

#[test]
fn who_does_not_read_is_not_waited_for() {
    let (one, other) = socket::pair(process::own()).unwrap();
    let mut sent = 0;
    while socket::send(&one, &[7; 1000], &[]) == Ok(()) {
        sent += 1;
        assert!(sent < 100_000, "there is an end to what can wait");
    }
    assert_eq!(socket::send(&one, &[7; 1000], &[]), Err(Fault::NoBuffers));
    let mut buffer = [0_u8; 1000];
    while matches!(socket::receive(&other, &mut buffer), Ok(Incoming::Frame(1000, _))) {
        sent -= 1;
    }
    assert_eq!(sent, 0);
    assert_eq!(socket::send(&one, &[7; 1000], &[]), Ok(()));
}

#[test]
fn an_address_belongs_to_one_and_is_given_back() {
    let prefix = format!("wsp-shm-test/{}/", process::own());
    let claim = |ip: [u8; 4], share| names::claim(&prefix, ip.into(), share);
    let claimed = claim([127, 0, 0, 1], false).unwrap();
    assert_eq!(claim([127, 0, 0, 1], false).err(), Some(Fault::AddressInUse));
    assert_eq!(claim([0, 0, 0, 0], false).err(), Some(Fault::AddressInUse));
    let passed = names::Claim::adopt(claimed.share().unwrap().into_iter()).unwrap();
    drop(claimed);
    assert_eq!(claim([127, 0, 0, 1], false).err(), Some(Fault::AddressInUse));
    drop(passed);
    assert!(claim([127, 0, 0, 1], false).is_ok());
}

#[test]
fn as_many_wait_as_were_allowed() {
    let name = format!("wsp-shm-test/backlog/{}", process::own());
    assert!(socket::connect(&name).unwrap().is_none());
    let listener = socket::listen(&name, 2).unwrap();
    assert!(names::exists(&name));
    assert_eq!(socket::listen(&name, 2).err(), Some(Fault::AddressInUse));
    let (_first, _second) = (socket::connect(&name).unwrap(), socket::connect(&name).unwrap());
    assert_eq!(socket::connect(&name).err(), Some(Fault::Refused));
    socket::set_backlog(&listener, 3).unwrap();
    assert!(socket::connect(&name).unwrap().is_some());
    assert!(socket::accept(&listener).unwrap().is_some());
    assert!(socket::connect(&name).unwrap().is_some());
    drop(listener);
    assert!(!names::exists(&name));
    assert!(socket::connect(&name).unwrap().is_none());
}

#[test]
fn bytes_come_back_within_the_limit() {
    let stored = |limit| memory::contents(memory::store("test", b"bytes").unwrap(), limit);
    assert_eq!(stored(6), Ok(b"bytes".to_vec()));
    assert_eq!(stored(5), Err(Fault::BadClaim));
}

#[test]
fn all_who_sleep_are_woken_and_nobody_else() {
    let words = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
    let alarm = Arc::new(Alarm::new().unwrap());
    let sleepers: Vec<_> = (0..4)
        .map(|_| {
            let (words, alarm) = (Arc::clone(&words), Arc::clone(&alarm));
            std::thread::spawn(move || {
                // It may return early, but never late.
                while words.0.load(Ordering::Acquire) == 0 {
                    alarm.wait(&words.0, &words.1, 0, Duration::from_secs(60));
                }
            })
        })
        .collect();
    std::thread::yield_now();
    words.0.store(1, Ordering::SeqCst);
    alarm.wake(&words.0, &words.1);
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
    // The word has changed: no sleep. It has not: the whole time.
    alarm.wait(&words.0, &words.1, 0, Duration::from_secs(60));
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_millis(20) {
        alarm.wait(&words.0, &words.1, 1, Duration::from_millis(20));
    }
    assert_eq!(words.1.load(Ordering::SeqCst), 0, "nobody is counted who has left");
}
