//! Loading, starting, cleaning up and unloading, again and again, leaks nothing. A program of its own: it counts what the process has.
//!
//! A thousand times always; `WSP_CYCLES=10000` asks for more.
#![cfg(target_os = "linux")]

use std::fs;

use wsp_host::switch::{SanHost, SanNotify};
use wsp_host::{Event, Host, Notify, library};

fn entries(of: &str) -> usize {
    fs::read_dir(of).unwrap().count()
}

/// Descriptors, threads, and mappings but for those that the allocator makes as it likes.
fn have() -> (usize, usize, usize) {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let named = maps.lines().filter(|line| line.contains('/')).count();
    (entries("/proc/self/fd"), entries("/proc/self/task"), named)
}

/// A thread that has left our code may still be ending: now, or when `before` was counted.
fn has_no_more_than(before: (usize, usize, usize), after: &str) {
    let more = || {
        let now = have();
        (now.0 > before.0 || now.1 > before.1 || now.2 > before.2).then_some(now)
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while more().is_some() && std::time::Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(more(), None, "descriptors, threads, mapped files after {after}; {before:?} before");
}

/// One life: a connection, an operation that the driver's thread ends, one that clean-up ends.
fn cycle(name: &str) {
    let file = library::find(None, name).unwrap();
    let provider = Host::new().load(&file).unwrap();
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, Notify::Event(&event));
    client.send(b"x").unwrap();
    assert!(event.wait(std::time::Duration::from_secs(60)));
    assert_eq!(receive.status(), Some(0));
    let _never = client.recv_overlapped(9, Notify::Event(&event));
    provider.cleanup().unwrap();
    assert_eq!(provider.open_handles(), 0);
}

/// The same as a switch has it, with memory registered and open to the peer.
fn san_cycle(name: &str) {
    let file = library::find(None, name).unwrap();
    let provider = SanHost::new().load(&file).unwrap();
    // Other programs may do the same at the same time.
    let port = 20_000 + std::process::id() as u16 % 12_000;
    let address = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port);
    let (client, server) = provider.connected_pair(address).unwrap();
    let server = std::sync::Arc::new(server);
    let event = Event::new().unwrap();
    let receive = server.recv_overlapped(9, SanNotify::Event(&event));
    client.send_blocking(b"x").unwrap();
    assert!(event.wait(std::time::Duration::from_secs(60)));
    assert_eq!(receive.status(), Some(0));
    let memory = vec![0; 1000];
    client.register(&memory, wsp::ffi::MEM_READ).unwrap();
    let exposed = server.register_rdma(vec![0; 1000], wsp::ffi::MEM_READ).unwrap();
    let _never = client.recv_overlapped(9, SanNotify::Event(&event));
    provider.cleanup().unwrap();
    assert_eq!(provider.open_handles(), 0);
    drop(exposed);
}

/// What the process has is counted by one at a time.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn cycles_of_a_san_leak_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let cycles = std::env::var("WSP_CYCLES").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    for _ in 0..3 {
        san_cycle("wsp_san_shm");
    }
    let before = have();
    for _ in 0..cycles {
        san_cycle("wsp_san_shm");
    }
    has_no_more_than(before, &format!("{cycles} cycles"));
}

#[test]
fn cycles_of_loading_and_unloading_leak_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let cycles = std::env::var("WSP_CYCLES").ok().and_then(|count| count.parse().ok()).unwrap_or(1000);
    for name in ["wsp_loopback", "wsp_san_shm"] {
        for _ in 0..3 {
            cycle(name);
        }
        let before = have();
        for _ in 0..cycles {
            cycle(name);
        }
        has_no_more_than(before, &format!("{cycles} cycles of {name}"));
    }
}
