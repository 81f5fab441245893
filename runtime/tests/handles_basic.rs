//! What each operation of a handle table promises, on one or two threads.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use wsp::handles::{Exists, HostKeyed, Miss, Ref, SlotKeyed, Table};

static HOST: Table<Counted, HostKeyed> = Table::<Counted, HostKeyed>::new();
static SLOT: Table<Counted, SlotKeyed> = Table::<Counted, SlotKeyed>::new();

/// Counts its drops.
struct Counted {
    id: usize,
    drops: Arc<AtomicUsize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Drops(Arc<AtomicUsize>);

impl Drops {
    fn value(&self, id: usize) -> Counted {
        Counted { id, drops: self.0.clone() }
    }

    fn seen(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn slot_table() -> Table<Counted, SlotKeyed> {
    Table::<_, SlotKeyed>::new()
}

fn host_table() -> Table<Counted, HostKeyed> {
    Table::<_, HostKeyed>::new()
}

#[test]
fn tables_live_in_statics() {
    let drops = Drops::default();
    HOST.insert(4, drops.value(1)).unwrap();
    let (handle, _) = SLOT.insert(|_| drops.value(2)).unwrap();
    assert_eq!(HOST.get(4).unwrap().id, 1);
    assert_eq!(SLOT.get(handle).unwrap().id, 2);
    HOST.remove(4).unwrap();
    SLOT.remove(handle).unwrap();
    assert_eq!(drops.seen(), 2);
}

#[test]
fn handles_that_were_never_made_are_unknown() {
    let (slots, hosts) = (slot_table(), host_table());
    let unknown = [0, 1, 2, 4, 1 << 16, 1 << 20, usize::MAX / 2, usize::MAX - 1, usize::MAX];
    for filled in [false, true] {
        for handle in unknown {
            assert_eq!(slots.get(handle).unwrap_err(), Miss::Unknown, "{handle:#x}");
            assert_eq!(slots.remove(handle).unwrap_err(), Miss::Unknown, "{handle:#x}");
            assert_eq!(hosts.get(handle).unwrap_err(), Miss::Unknown, "{handle:#x}");
            assert_eq!(hosts.remove(handle).unwrap_err(), Miss::Unknown, "{handle:#x}");
        }
        if !filled {
            let drops = Drops::default();
            // The second slot's first handle is none of the above.
            let (first, _) = slots.insert(|_| drops.value(0)).unwrap();
            slots.insert(|_| drops.value(0)).unwrap();
            slots.remove(first).unwrap();
            hosts.insert(8, drops.value(0)).unwrap();
        }
    }
}

#[test]
fn a_closed_slot_handle_misses_after_the_slot_is_reused() {
    let (table, drops) = (slot_table(), Drops::default());
    let (old, _) = table.insert(|_| drops.value(1)).unwrap();
    table.remove(old).unwrap();
    assert_eq!(drops.seen(), 1);
    let (new, _) = table.insert(|_| drops.value(2)).unwrap();
    assert_ne!(new, old);
    assert_eq!(new as u16, old as u16, "the slot was not reused, the test shows nothing");
    assert_eq!(table.get(old).unwrap_err(), Miss::Unknown);
    assert_eq!(table.remove(old).unwrap_err(), Miss::Unknown);
    assert_eq!(table.get(new).unwrap().id, 2);
}

#[test]
fn a_host_handle_issued_again_reaches_only_the_new_entry() {
    let (table, drops) = (host_table(), Drops::default());
    table.insert(64, drops.value(1)).unwrap();
    let in_flight = table.get(64).unwrap();
    let old = table.remove(64).unwrap();
    table.insert(64, drops.value(2)).unwrap();
    assert_eq!(table.get(64).unwrap().id, 2);
    assert_eq!(in_flight.id, 1);
    in_flight.poison();
    assert_eq!(table.get(64).unwrap().id, 2);
    assert!(!table.remove_entry(&old), "removing the old entry must not touch the new one");
    assert_eq!(table.get(64).unwrap().id, 2);
}

#[test]
fn a_handle_in_use_is_not_inserted_twice() {
    let (table, drops) = (host_table(), Drops::default());
    table.insert(4, drops.value(1)).unwrap();
    assert_eq!(table.insert(4, drops.value(2)).unwrap_err(), Exists);
    assert_eq!(drops.seen(), 1);
    assert_eq!(table.get(4).unwrap().id, 1);
    assert_eq!(table.insert(usize::MAX, drops.value(3)).unwrap_err(), Exists);
    assert_eq!((drops.seen(), table.len()), (2, 1));
}

#[test]
fn the_value_outlives_removal_while_it_is_in_use() {
    let (table, drops) = (slot_table(), Drops::default());
    let (handle, inserted) = table.insert(|_| drops.value(7)).unwrap();
    drop(inserted);
    let in_use = table.get(handle).unwrap();
    drop(table.remove(handle).unwrap());
    assert_eq!(table.get(handle).unwrap_err(), Miss::Unknown);
    assert_eq!(table.reap(), 1);
    assert_eq!((in_use.id, drops.seen()), (7, 0));
    drop(in_use);
    assert_eq!(table.reap(), 0);
    assert_eq!(drops.seen(), 1);
}

#[test]
fn a_later_removal_reaps_what_was_in_use() {
    let (table, drops) = (host_table(), Drops::default());
    table.insert(1, drops.value(1)).unwrap();
    table.insert(2, drops.value(2)).unwrap();
    let in_use = table.get(1).unwrap();
    table.remove(1).unwrap();
    drop(in_use);
    assert_eq!(drops.seen(), 0);
    table.remove(2).unwrap();
    assert_eq!(drops.seen(), 2);
}

#[test]
fn a_retained_reference_outlives_reference_removal_and_table() {
    let (table, drops) = (slot_table(), Drops::default());
    let (handle, _) = table.insert(|_| drops.value(7)).unwrap();
    let retained = table.get(handle).unwrap().retain();
    let second = retained.clone();
    table.remove(handle).unwrap();
    drop((table, retained));
    assert_eq!(drops.seen(), 0);
    let id = thread::spawn(move || second.id).join().unwrap();
    assert_eq!((id, drops.seen()), (7, 1));
}

#[test]
fn dropping_a_table_drops_linked_and_retired_values() {
    let (table, drops) = (host_table(), Drops::default());
    for handle in 0..100 {
        table.insert(handle, drops.value(handle)).unwrap();
    }
    let in_use = table.get(0).unwrap();
    table.remove(0).unwrap();
    drop(in_use);
    assert_eq!(drops.seen(), 0);
    drop(table);
    assert_eq!(drops.seen(), 100);
}

#[test]
fn nested_look_ups_all_protect_their_entry_in_any_order_of_release() {
    let (table, drops) = (slot_table(), Drops::default());
    let handles: Vec<_> = (0..20).map(|id| table.insert(|_| drops.value(id)).unwrap().0).collect();
    let mut refs: Vec<_> = handles.iter().map(|&handle| table.get(handle).unwrap()).collect();
    for &handle in &handles {
        table.remove(handle).unwrap();
    }
    assert_eq!(drops.seen(), 0);
    assert!(refs.iter().enumerate().all(|(id, found)| found.id == id));
    for (gone, index) in [10, 0, 17, 3].into_iter().enumerate() {
        refs.remove(index);
        table.reap();
        assert_eq!(drops.seen(), gone + 1);
    }
    let (handle, _) = table.insert(|_| drops.value(99)).unwrap();
    assert_eq!(table.get(handle).unwrap().id, 99);
    drop(refs);
    table.reap();
    assert_eq!(drops.seen(), 20);
}

#[test]
fn poison_hides_an_entry_from_look_up_but_not_from_removal() {
    let (slots, hosts, drops) = (slot_table(), host_table(), Drops::default());
    let (handle, retained) = slots.insert(|_| drops.value(1)).unwrap();
    hosts.insert(handle, drops.value(2)).unwrap();
    retained.poison();
    hosts.get(handle).unwrap().poison();
    assert_eq!(slots.get(handle).unwrap_err(), Miss::Poisoned);
    assert_eq!(hosts.get(handle).unwrap_err(), Miss::Poisoned);
    assert_eq!(slots.get(usize::MAX).unwrap_err(), Miss::Unknown);
    assert_eq!(hosts.get(usize::MAX).unwrap_err(), Miss::Unknown);
    assert_eq!(slots.get_even_poisoned(handle).map(|found| found.id), Some(1));
    assert_eq!(hosts.get_even_poisoned(handle).map(|found| found.id), Some(2));
    assert!(slots.get_even_poisoned(usize::MAX).is_none() && hosts.get_even_poisoned(usize::MAX).is_none());
    assert_eq!(slots.remove(handle).unwrap().id, 1);
    assert_eq!(hosts.remove(handle).unwrap().id, 2);
    assert_eq!(slots.get(handle).unwrap_err(), Miss::Unknown);
    assert_eq!(hosts.get(handle).unwrap_err(), Miss::Unknown);
    assert!(slots.get_even_poisoned(handle).is_none() && hosts.get_even_poisoned(handle).is_none());
    drop(retained);
    assert_eq!(drops.seen(), 2);
}

#[test]
fn one_closer_wins_until_it_abandons_the_close() {
    let (table, drops) = (slot_table(), Drops::default());
    let (handle, retained) = table.insert(|_| drops.value(1)).unwrap();
    assert!(table.get(handle).unwrap().begin_close());
    assert!(!table.get(handle).unwrap().begin_close());
    assert!(!retained.begin_close());
    table.get(handle).unwrap().abandon_close();
    assert!(retained.begin_close());
}

#[test]
fn a_constructor_may_look_its_handle_up_and_may_panic() {
    let (table, drops) = (slot_table(), Drops::default());
    let mut failed = 0;
    let result = catch_unwind(AssertUnwindSafe(|| {
        table.insert(|handle| {
            failed = handle;
            assert_eq!(table.get(handle).unwrap_err(), Miss::Unknown);
            panic!("the constructor fails")
        })
    }));
    assert!(result.is_err());
    assert_eq!(table.len(), 0);
    let (handle, _) = table.insert(|_| drops.value(1)).unwrap();
    assert_ne!(handle, failed);
    assert_eq!(handle as u16, failed as u16, "the slot is free again");
}

/// Removes another entry of its table when it is dropped.
struct Chained {
    table: &'static Table<Chained, HostKeyed>,
    next: usize,
}

impl Drop for Chained {
    fn drop(&mut self) {
        if self.next != 0 {
            drop(self.table.remove(self.next));
        }
    }
}

#[test]
fn a_destructor_may_use_the_table() {
    static TABLE: Table<Chained, HostKeyed> = Table::<Chained, HostKeyed>::new();
    for handle in 1..10 {
        TABLE.insert(handle, Chained { table: &TABLE, next: handle - 1 }).unwrap();
    }
    drop(TABLE.remove(9));
    assert!(TABLE.is_empty());
}

#[test]
fn drain_and_for_each_see_every_linked_entry() {
    let (table, drops) = (host_table(), Drops::default());
    for handle in 0..50 {
        table.insert(handle * 4, drops.value(handle)).unwrap();
    }
    table.remove(0).unwrap();
    let mut seen = Vec::new();
    table.for_each(|entry| seen.push(entry.id));
    seen.sort_unstable();
    assert_eq!(seen, (1..50).collect::<Vec<_>>());
    let in_use = table.get(8).unwrap();
    let mut drained = Vec::new();
    table.drain(|entry| {
        assert_eq!(table.get(entry.handle()).unwrap_err(), Miss::Unknown);
        drained.push(entry.id);
    });
    drained.sort_unstable();
    assert_eq!(drained, seen);
    assert_eq!((table.len(), drops.seen()), (0, 49));
    drop(in_use);
    table.reap();
    assert_eq!(drops.seen(), 50);
    table.insert(4, drops.value(51)).unwrap();
    assert_eq!(table.get(4).unwrap().id, 51);
}

#[test]
fn another_threads_reference_defers_the_drop() {
    let (table, drops) = (slot_table(), Drops::default());
    let (handle, _) = table.insert(|_| drops.value(3)).unwrap();
    let (to_main, from_reader) = std::sync::mpsc::channel();
    let (to_reader, from_main) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let table = &table;
        scope.spawn(move || {
            drop(table.get(handle).unwrap()); // The second look-up takes the hot path.
            let in_use = table.get(handle).unwrap();
            to_main.send(()).unwrap();
            from_main.recv().unwrap();
            assert_eq!(in_use.id, 3);
            drop(in_use);
            to_main.send(()).unwrap();
        });
        from_reader.recv().unwrap();
        table.remove(handle).unwrap();
        assert_eq!((table.reap(), drops.seen()), (1, 0));
        to_reader.send(()).unwrap();
        from_reader.recv().unwrap();
        assert_eq!((table.reap(), drops.seen()), (0, 1));
    });
}

#[test]
fn a_reference_kept_in_a_thread_local_stays_protected_while_its_thread_exits() {
    static TABLE: Table<Counted, SlotKeyed> = Table::<Counted, SlotKeyed>::new();
    /// Dropped after the thread's hazard record is given back: made before it.
    struct Late(RefCell<Option<Ref<'static, Counted>>>, RefCell<Option<Box<dyn FnOnce()>>>);
    impl Drop for Late {
        fn drop(&mut self) {
            if let Some(check) = self.1.take() {
                check();
            }
            drop(self.0.take());
        }
    }
    thread_local!(static LATE: Late = const { Late(RefCell::new(None), RefCell::new(None)) });

    let drops = Drops::default();
    let (handle, _) = TABLE.insert(|_| drops.value(5)).unwrap();
    let seen = drops.0.clone();
    thread::spawn(move || {
        LATE.with(|late| {
            *late.1.borrow_mut() = Some(Box::new(move || {
                // Other threads adopt whatever record is free, and look up on it.
                thread::spawn(move || drop(TABLE.get(handle).unwrap())).join().unwrap();
                assert_eq!(TABLE.get(handle).unwrap().id, 5, "an exiting thread still looks up");
                TABLE.remove(handle).unwrap();
                assert_eq!((TABLE.reap(), seen.load(Ordering::Relaxed)), (1, 0));
            }));
            *late.0.borrow_mut() = Some(TABLE.get(handle).unwrap());
        });
    })
    .join()
    .unwrap();
    assert_eq!((TABLE.reap(), drops.seen()), (0, 1));
}
