//! A provider's life in a process: loaded, started, cleaned up and unloaded many times; left behind at the exit; ended under the
//! loader's lock.
//!
//! What is counted belongs to the whole process and what is left behind stays, so each test runs in a process of its own.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, mem, process, thread};

use system::Used;
use wsp_host::{Event, Host, Notify, Provider, Socket, library};

/// After this long a wait counts as failed. Under Wine each question for a handle goes to another process, which takes its time on a
/// busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// The variable that tells a process which test's body to run.
const BODY: &str = "WSP_LIFE";

/// What a process ends with that ends in the middle.
const IN_THE_MIDDLE: i32 = 42;

/// Runs this program once more, for the body of this test only. `None`: this is that process.
fn apart(test: &str) -> Option<ExitStatus> {
    if env::var_os(BODY).is_some_and(|body| body == test) {
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--test-threads=1"]).env(BODY, test).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the process has not ended after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn the_library() -> PathBuf {
    library::find(None, "wsp_loopback").unwrap()
}

/// A started provider with a connection that has carried data, told by an event: so its thread runs.
fn busy(file: &Path) -> (Provider, Socket, Socket) {
    let provider = Host::new().load(file).unwrap();
    let (client, server) = provider.connected_pair().unwrap();
    let event = Event::new().unwrap();
    let operation = server.recv_overlapped(8, Notify::Event(&event));
    client.send(b"hello").unwrap();
    assert!(event.wait(PATIENCE), "the end is told");
    drop(operation);
    (provider, client, server)
}

#[test]
fn what_is_used_is_seen() {
    if let Some(status) = apart("what_is_used_is_seen") {
        assert!(status.success(), "{status}");
        return;
    }
    let before = Used::now();
    let event = Event::new().unwrap();
    assert_eq!(Used::now().handles, before.handles + 1);
    assert!(!Used::now().within(before));
    drop(event);
    assert_eq!(Used::now().handles, before.handles);
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let thread = thread::spawn(move || stopped.recv());
    assert_eq!(Used::now().threads, before.threads + 1);
    drop(stop);
    thread.join().unwrap().unwrap_err();
}

#[test]
fn ten_thousand_lives_leave_nothing() {
    if let Some(status) = apart("ten_thousand_lives_leave_nothing") {
        assert!(status.success(), "{status}");
        return;
    }
    let file = the_library();
    let live = |rounds: usize| {
        for round in 0..rounds {
            // A thread in each tenth.
            if round % 10 == 0 {
                busy(&file);
            } else {
                Host::new().load(&file).unwrap().socket().unwrap();
            }
        }
    };
    // What is made once and kept (the image, the heap's reserves) is there after a few.
    live(500);
    let before = Used::now();
    live(10_000);
    // The last thread has left the provider's code, but perhaps not yet the process.
    let deadline = Instant::now() + PATIENCE;
    let mut after = Used::now();
    while !after.within(before) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
        after = Used::now();
    }
    assert!(after.within(before), "before: {before:?}, after: {after:?}");
}

#[test]
fn a_process_may_exit_without_clean_up() {
    if let Some(status) = apart("a_process_may_exit_without_clean_up") {
        assert_eq!(status.code(), Some(IN_THE_MIDDLE), "{status}");
        return;
    }
    let (provider, client, server) = busy(&the_library());
    // One thread inside a call, and the provider's own, with an operation pending.
    thread::spawn(move || server.recv(&mut [0; 8]));
    let event = Event::new().unwrap();
    mem::forget(client.recv_overlapped(8, Notify::Event(&event)));
    mem::forget((provider, client, event));
    process::exit(IN_THE_MIDDLE);
}

#[test]
fn a_clean_up_under_the_loaders_lock_ends() {
    if let Some(status) = apart("a_clean_up_under_the_loaders_lock_ends") {
        assert!(status.success(), "{status}");
        return;
    }
    let before = Used::now();
    let (provider, client, server) = busy(&the_library());
    let event = Event::new().unwrap();
    let pending = server.recv_overlapped(8, Notify::Event(&event));
    system::with_loaders_lock(|| provider.cleanup().unwrap());
    assert_eq!(provider.open_handles(), 0);
    drop((client, server, pending, event, provider));
    let deadline = Instant::now() + PATIENCE;
    while Used::now().threads > before.threads {
        assert!(Instant::now() < deadline, "the provider's thread is still there");
        thread::sleep(Duration::from_millis(5));
    }
}
