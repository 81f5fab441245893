//! If membarrier worked when the process started and is refused later, nobody can tell which entries are in use: they are
//! kept. A process of its own, because the choice is made once.
#![cfg(all(target_os = "linux", not(miri), not(loom)))]

mod handles_seccomp;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use wsp::handles::{Miss, SlotKeyed, Table};

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn removed_entries_are_kept_until_a_barrier_succeeds() {
    let drops = Arc::new(AtomicUsize::new(0));
    let seen = || drops.load(Ordering::Relaxed);
    let table = Table::<Counted, SlotKeyed>::new();
    let insert = || table.insert(|_| Counted(drops.clone())).unwrap().0;

    let (first, second) = (insert(), insert());
    drop(table.remove(first).unwrap());
    assert_eq!(seen(), 1);

    thread::scope(|scope| {
        scope.spawn(|| {
            handles_seccomp::refuse_membarrier();
            drop(table.remove(second).unwrap());
            assert_eq!(table.get(second).unwrap_err(), Miss::Unknown);
            assert_eq!((table.reap(), seen()), (1, 1));
        });
    });
    // The filter was that thread's only.
    assert_eq!((table.reap(), seen()), (0, 2));
}
