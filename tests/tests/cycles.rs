//! Loading, starting, cleaning up and unloading, again and again, leaks nothing. A program of its own: it counts what the process has.
//!
//! A thousand times always; `WSP_CYCLES=10000` asks for more.
#![cfg(target_os = "linux")]

use std::fs;

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

#[test]
fn cycles_of_loading_and_unloading_leak_nothing() {
    let cycles = std::env::var("WSP_CYCLES").ok().and_then(|count| count.parse().ok()).unwrap_or(1000);
    for name in ["wsp_loopback", "wsp_san_shm"] {
        for _ in 0..3 {
            cycle(name);
        }
        let before = have();
        for _ in 0..cycles {
            cycle(name);
        }
        // A thread that has left our code may still be ending.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while have() != before && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert_eq!(have(), before, "{name}: descriptors, threads, mapped files after {cycles} cycles");
    }
}
