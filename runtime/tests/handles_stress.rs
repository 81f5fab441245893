//! Sixteen threads insert, look up and remove at once; nobody sees a value that was dropped or that belongs to another
//! handle.
#![cfg(not(loom))]

use std::{
    hint,
    sync::{
        Arc, Barrier, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use wsp::handles::{HostKeyed, Ref, SlotKeyed, Table};

const THREADS: usize = if cfg!(miri) { 3 } else { 16 };
const ROUNDS: usize = if cfg!(miri) { 30 } else { 20_000 };

const ALIVE: usize = 0x5A5A_5A5A;
const DEAD: usize = 0xDEAD_DEAD;

/// A value that shows when it is used after its drop.
struct Canary {
    handle: usize,
    state: AtomicUsize,
    drops: Arc<AtomicUsize>,
}

impl Canary {
    fn new(handle: usize, drops: &Arc<AtomicUsize>) -> Self {
        Self { handle, state: AtomicUsize::new(ALIVE), drops: drops.clone() }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        assert_eq!(self.state.swap(DEAD, Ordering::Relaxed), ALIVE, "dropped twice");
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

/// Uses the value for a while, in which another thread may remove it.
fn check(found: &Ref<'_, Canary>, handle: usize) {
    for _ in 0..8 {
        assert_eq!(found.state.load(Ordering::Relaxed), ALIVE, "used after the drop");
        assert_eq!((found.handle, found.handle()), (handle, handle));
        hint::spin_loop();
    }
}

/// A small generator of pseudo-random numbers, so that each thread's choices are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// All tables of a process share its hazard slots: a look-up that loses its race may for a moment announce an address that
/// another test's table uses again by then, and defer a drop there.
fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(work: impl Fn(Random) + Sync) {
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS as u64 {
            let (work, start) = (&work, &start);
            scope.spawn(move || {
                start.wait();
                work(Random(thread));
            });
        }
    });
}

#[test]
fn host_keyed() {
    let _alone = alone();
    // Few handles, so that the same one is closed and issued again while others look it up.
    const HANDLES: usize = 24;
    let table = Table::<Canary, HostKeyed>::new();
    let (drops, inserted, hits) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0), AtomicUsize::new(0));
    run(|mut random| {
        for round in 0..ROUNDS {
            let handle = (1 + random.below(HANDLES)) * 4;
            match random.below(16) {
                0..=2 => {
                    let result = table.insert(handle, Canary::new(handle, &drops));
                    inserted.fetch_add(1, Ordering::Relaxed);
                    drop(result);
                }
                3 => drop(table.remove(handle)),
                4 if round % 64 == 0 => table.drain(drop),
                5 => {
                    let retained = table.get(handle).map(|found| found.retain());
                    if let Ok(entry) = retained {
                        assert_eq!(entry.state.load(Ordering::Relaxed), ALIVE);
                        table.remove_entry(&entry);
                        assert_eq!(entry.state.load(Ordering::Relaxed), ALIVE);
                    }
                }
                _ => {
                    let outer = table.get(handle);
                    if let Ok(found) = &outer {
                        hits.fetch_add(1, Ordering::Relaxed);
                        check(found, handle);
                    }
                    let nested = (1 + random.below(HANDLES)) * 4;
                    if let Ok(found) = table.get(nested) {
                        check(&found, nested);
                    }
                }
            }
        }
    });
    assert!(hits.into_inner() > ROUNDS / 10, "the look-ups seldom found anything");
    table.drain(drop);
    assert_eq!(table.reap(), 0);
    drop(table);
    assert_eq!(drops.load(Ordering::Relaxed), inserted.into_inner());
}

#[test]
fn slot_keyed() {
    let _alone = alone();
    const SHARED: usize = 24;
    let table = Table::<Canary, SlotKeyed>::new();
    let (drops, inserted, hits) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0), AtomicUsize::new(0));
    // The handles that all threads use; stale ones stay here until they are replaced.
    let shared: [AtomicUsize; SHARED] = std::array::from_fn(|_| AtomicUsize::new(0));
    run(|mut random| {
        for _ in 0..ROUNDS {
            let place = &shared[random.below(SHARED)];
            let handle = place.load(Ordering::Relaxed);
            match random.below(16) {
                0..=2 => {
                    let removed = table.remove(handle).is_ok();
                    if removed {
                        assert!(table.get(handle).is_err(), "a closed descriptor was found");
                    }
                    if removed || handle == 0 {
                        let (new, entry) = table.insert(|handle| Canary::new(handle, &drops)).unwrap();
                        inserted.fetch_add(1, Ordering::Relaxed);
                        place.store(new, Ordering::Relaxed);
                        assert_eq!(entry.handle, new);
                    }
                }
                _ => {
                    if let Ok(found) = table.get(handle) {
                        hits.fetch_add(1, Ordering::Relaxed);
                        check(&found, handle);
                    }
                }
            }
        }
    });
    assert!(hits.into_inner() > ROUNDS / 10, "the look-ups seldom found anything");
    table.drain(drop);
    assert_eq!(table.reap(), 0);
    drop(table);
    assert_eq!(drops.load(Ordering::Relaxed), inserted.into_inner());
}

#[test]
fn exactly_one_closer_and_one_remover_wins() {
    let _alone = alone();
    let drops = Arc::new(AtomicUsize::new(0));
    let table = Table::<Canary, SlotKeyed>::new();
    let rounds = ROUNDS / 200 + 1;
    let handles: Vec<_> = (0..rounds).map(|_| table.insert(|handle| Canary::new(handle, &drops)).unwrap().0).collect();
    let (closers, removers) = (AtomicUsize::new(0), AtomicUsize::new(0));
    run(|_| {
        for &handle in &handles {
            let won = table.get(handle).is_ok_and(|found| found.begin_close());
            closers.fetch_add(usize::from(won), Ordering::Relaxed);
        }
        for &handle in &handles {
            removers.fetch_add(usize::from(table.remove(handle).is_ok()), Ordering::Relaxed);
        }
    });
    // A thread that is ahead may remove an entry before any other tries to close it, but not before it tried itself.
    assert_eq!((closers.into_inner(), removers.into_inner()), (rounds, rounds));
    table.reap();
    assert_eq!(drops.load(Ordering::Relaxed), rounds);
}
