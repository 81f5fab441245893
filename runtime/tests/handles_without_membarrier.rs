//! Where the kernel has no membarrier, look-ups fall back to a fence of their own. A process of its own, because the
//! choice is made once.
#![cfg(all(target_os = "linux", not(miri), not(loom)))]

mod handles_seccomp;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use wsp::handles::{HostKeyed, Miss, Table};

struct Canary(Arc<AtomicUsize>, AtomicBool);

impl Drop for Canary {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Relaxed);
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn look_ups_are_safe_against_close() {
    handles_seccomp::refuse_membarrier();
    let drops = Arc::new(AtomicUsize::new(0));
    let table = Table::<Canary, HostKeyed>::new();
    let canary = || Canary(drops.clone(), AtomicBool::new(false));

    table.insert(4, canary()).unwrap();
    let in_use = table.get(4).unwrap();
    let nested = table.get(4).unwrap();
    drop(table.remove(4).unwrap());
    assert_eq!(table.get(4).unwrap_err(), Miss::Unknown);
    drop(in_use);
    assert_eq!((table.reap(), drops.load(Ordering::Relaxed)), (1, 0));
    drop(nested);
    assert_eq!((table.reap(), drops.load(Ordering::Relaxed)), (0, 1));

    const ROUNDS: usize = 20_000;
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    if let Ok(found) = table.get(8) {
                        assert!(!found.1.load(Ordering::Relaxed), "used after the drop");
                    }
                }
            });
        }
        for _ in 0..ROUNDS {
            table.insert(8, canary()).unwrap();
            table.remove(8).unwrap();
        }
    });
    assert_eq!(table.reap(), 0);
    assert_eq!(drops.load(Ordering::Relaxed), ROUNDS + 1);
}
