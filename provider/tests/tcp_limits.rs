//! The TCP transport where the system gives it little: few descriptors, or hardly any call. Both are limits of Linux.
//!
//! The other process is this test program again, running the one test that is ignored otherwise.
#![cfg(target_os = "linux")]

mod tcp_support;

use std::net::SocketAddrV4;
use std::time::Duration;

use tcp_support::*;
use wsp::transport::{Connection as _, Fault, Mode, Parcel, Received, Sent, Transport};
use wsp_provider::tcp::{Connection, Settings, Tcp};

#[test]
#[ignore = "it is the other process of the tests here"]
fn the_other_process() {
    let role = std::env::var(ROLE).expect("another test starts this");
    let network = tcp();
    match role.as_str() {
        "no descriptors" => no_descriptors(&network),
        "few descriptors" => accepts_with_few_descriptors(&network),
        "silent" => silent::run(network),
        role => panic!("there is no role {role}"),
    }
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
    assert_eq!(network.give(parcel, std::process::id(), &state(b"")).err(), Some(Fault::TooManyOpen));
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

#[test]
fn who_came_is_served_without_descriptors_and_others_once_they_return() {
    connects_to_few_descriptors(&tcp(), start("few descriptors"));
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
        // SAFETY: it ends the process. Nothing runs first that would look for what the ended threads had: it is lost, as meant.
        unsafe { libc::_exit(0) }
    }
}

#[test]
fn a_message_is_sent_by_one_call_and_wakes_nobody() {
    let mut other = start("silent");
    assert_eq!(other.hear(), "done");
    other.ends_well();
}
