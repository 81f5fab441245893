//! Models of sleeping and waking, over all interleavings that loom's bounds allow: no wake-up is lost.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p wsp --release --test bell_loom`
#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use wsp::transport::{Bell, LocalBell};

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Sleeps, as whoever waits in the runtime does, until so much has happened.
fn wait(bell: &LocalBell, happened: &AtomicUsize, enough: usize) {
    loop {
        let ticket = bell.arm();
        let done = happened.load(Ordering::Relaxed) >= enough;
        if !done {
            bell.sleep(ticket, None);
        }
        bell.disarm();
        if done {
            return;
        }
    }
}

/// A sleeper and so many who make something happen. A wake-up that is lost is a deadlock, which loom reports.
fn sleeper_and(ringers: usize) {
    let (bell, happened) = (Arc::new(LocalBell::new()), Arc::new(AtomicUsize::new(0)));
    let threads: Vec<_> = (0..ringers)
        .map(|_| {
            let (bell, happened) = (Arc::clone(&bell), Arc::clone(&happened));
            thread::spawn(move || {
                happened.fetch_add(1, Ordering::Relaxed);
                bell.ring();
            })
        })
        .collect();
    wait(&bell, &happened, ringers);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_sleeper_hears_what_happens() {
    check(|| sleeper_and(1));
}

#[test]
fn a_sleeper_hears_both_of_two() {
    check(|| sleeper_and(2));
}

#[test]
fn who_is_rung_and_has_not_run_yet_hears_the_next_too() {
    check(|| {
        let (bell, happened) = (Arc::new(LocalBell::new()), Arc::new(AtomicUsize::new(0)));
        let ringer = {
            let (bell, happened) = (Arc::clone(&bell), Arc::clone(&happened));
            thread::spawn(move || {
                // The second ring finds the sleeper asleep, rung and not awake yet, awake, or asleep once more.
                for _ in 0..2 {
                    happened.fetch_add(1, Ordering::Relaxed);
                    bell.ring();
                }
            })
        };
        wait(&bell, &happened, 1);
        wait(&bell, &happened, 2);
        ringer.join().unwrap();
    });
}

#[test]
fn two_sleepers_are_both_woken() {
    check(|| {
        let (bell, happened) = (Arc::new(LocalBell::new()), Arc::new(AtomicUsize::new(0)));
        let other = {
            let (bell, happened) = (Arc::clone(&bell), Arc::clone(&happened));
            thread::spawn(move || wait(&bell, &happened, 1))
        };
        let ringer = {
            let (bell, happened) = (Arc::clone(&bell), Arc::clone(&happened));
            thread::spawn(move || {
                happened.fetch_add(1, Ordering::Relaxed);
                bell.ring();
            })
        };
        wait(&bell, &happened, 1);
        other.join().unwrap();
        ringer.join().unwrap();
    });
}
