//! Models of look-up against close, over all interleavings that loom's bounds allow.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p wsp --release --test handles_loom`
#![cfg(loom)]

use loom::{cell::UnsafeCell, sync::Arc, thread};
use wsp::handles::{
    HostKeyed, Miss, Ref, SlotKeyed, Table,
    barrier::mutant::{Mutant, plant},
};

/// Outlives the value, so that a use after the drop is seen instead of being undefined. Loom reports a read that is not
/// ordered with the drop's write; the content shows one that comes after it.
#[derive(Clone)]
struct Fate(&'static UnsafeCell<bool>);

/// A value that reports its drop.
struct Canary {
    id: usize,
    fate: Fate,
}

impl Canary {
    fn new(id: usize) -> Self {
        Self { id, fate: Fate(Box::leak(Box::new(UnsafeCell::new(true)))) }
    }
}

impl Fate {
    /// # Panics
    /// If the value was dropped, or is dropped at the same time.
    fn check(&self) {
        assert!(!self.is_dropped(), "used after the drop");
    }

    fn is_dropped(&self) -> bool {
        // SAFETY: loom's cell checks that no write is concurrent.
        self.0.with(|alive| unsafe { !*alive })
    }
}

// SAFETY: loom's cell checks every access.
unsafe impl Send for Canary {}
// SAFETY: as above.
unsafe impl Sync for Canary {}

impl Drop for Canary {
    fn drop(&mut self) {
        // SAFETY: loom's cell checks that no other access is concurrent.
        self.fate.0.with_mut(|alive| unsafe { *alive = false });
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    check_bounded(3, model);
}

fn check_bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

type Slots = Table<Canary, SlotKeyed>;
type Hosts = Table<Canary, HostKeyed>;

fn slots() -> Arc<Slots> {
    Arc::new(Slots::new())
}

fn hosts() -> Arc<Hosts> {
    Arc::new(Hosts::new())
}

/// Uses what a look-up found. The fate is fetched first, so that the check itself reads nothing that may be gone.
fn use_it(found: Result<Ref<'_, Canary>, Miss>) -> Result<usize, Miss> {
    found.map(|found| {
        found.fate.clone().check();
        found.id
    })
}

/// Looks a handle up while another thread closes it.
fn look_up_against_close(warm: bool) {
    let table = slots();
    let (handle, _) = table.insert(|_| Canary::new(1)).unwrap();
    let reader = {
        let table = table.clone();
        thread::spawn(move || {
            if warm {
                // Gives the thread its record, so that the next look-up takes the hot path.
                assert_eq!(table.get(usize::MAX).unwrap_err(), Miss::Unknown);
            }
            let found = use_it(table.get(handle));
            assert!(matches!(found, Ok(1) | Err(Miss::Unknown)));
        })
    };
    drop(table.remove(handle).unwrap());
    assert_eq!(use_it(table.get(handle)), Err(Miss::Unknown));
    reader.join().unwrap();
    assert_eq!(table.reap(), 0);
}

#[test]
fn a_look_up_never_sees_a_dropped_value() {
    plant(Mutant::None);
    check(|| look_up_against_close(false));
    check(|| look_up_against_close(true));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn the_model_finds_a_missing_barrier_in_the_close() {
    plant(Mutant::NoHeavy);
    check(|| look_up_against_close(true));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn the_model_finds_a_missing_barrier_in_the_look_up() {
    plant(Mutant::NoLight);
    check(|| look_up_against_close(true));
}

#[test]
fn a_host_handle_issued_again_reaches_the_old_or_the_new_entry() {
    // Two look-ups on the reader's side: a bound of 3 takes minutes.
    check_bounded(2, || {
        let table = hosts();
        table.insert(4, Canary::new(1)).unwrap();
        let reader = {
            let table = table.clone();
            thread::spawn(move || {
                let first = use_it(table.get(4));
                let second = use_it(table.get(4));
                // Never back from the new entry to the old one.
                assert!(first != Ok(2) || second == Ok(2));
            })
        };
        drop(table.remove(4).unwrap());
        drop(table.insert(4, Canary::new(2)).unwrap());
        assert_eq!(use_it(table.get(4)), Ok(2));
        reader.join().unwrap();
        assert_eq!(table.reap(), 0);
    });
}

#[test]
fn a_reused_slot_is_unknown_under_its_old_handle() {
    check(|| {
        let table = slots();
        let (old, _) = table.insert(|_| Canary::new(1)).unwrap();
        let reader = {
            let table = table.clone();
            thread::spawn(move || assert_ne!(use_it(table.get(old)), Ok(2)))
        };
        drop(table.remove(old).unwrap());
        let (new, _) = table.insert(|_| Canary::new(2)).unwrap();
        assert_eq!(use_it(table.get(old)), Err(Miss::Unknown));
        assert_eq!(use_it(table.get(new)), Ok(2));
        reader.join().unwrap();
    });
}

/// Looks up a handle that stays in the table while `change` runs on another thread.
fn never_missed(change: fn(&Hosts)) {
    check(move || {
        let table = hosts();
        table.insert(4, Canary::new(1)).unwrap();
        let reader = {
            let table = table.clone();
            thread::spawn(move || assert_eq!(use_it(table.get(4)), Ok(1)))
        };
        change(&table);
        reader.join().unwrap();
        assert_eq!(use_it(table.get(4)), Ok(1));
    });
}

#[test]
fn growth_hides_no_entry() {
    never_missed(|table| {
        for handle in [8, 12] {
            table.insert(handle, Canary::new(2)).unwrap();
        }
    });
}

#[test]
fn reuse_of_cells_and_a_move_to_a_fresh_array_hide_no_entry() {
    never_missed(|table| {
        for handle in [8, 12, 16] {
            table.insert(handle, Canary::new(2)).unwrap();
            table.remove(handle).unwrap();
        }
    });
}

#[test]
fn an_entry_that_moved_is_not_found_where_it_was() {
    check(|| {
        let table = hosts();
        table.insert(4, Canary::new(1)).unwrap();
        let reader = {
            let table = table.clone();
            thread::spawn(move || use_it(table.get(4)).is_ok())
        };
        table.insert(8, Canary::new(2)).unwrap();
        drop(table.remove(4).unwrap());
        assert_eq!(use_it(table.get(4)), Err(Miss::Unknown));
        reader.join().unwrap();
        assert_eq!(table.reap(), 0);
    });
}

#[test]
fn a_retained_reference_keeps_the_value_whatever_removal_does() {
    check(|| {
        let table = slots();
        let (handle, _) = table.insert(|_| Canary::new(1)).unwrap();
        let reader = {
            let table = table.clone();
            thread::spawn(move || {
                let retained = table.get(handle).map(|found| found.retain());
                if let Ok(entry) = retained {
                    entry.fate.check();
                }
            })
        };
        drop(table.remove(handle).unwrap());
        table.reap();
        reader.join().unwrap();
    });
}

#[test]
fn one_of_two_closers_wins_and_the_loser_sees_a_live_value() {
    check(|| {
        let table = slots();
        let (handle, _) = table.insert(|_| Canary::new(1)).unwrap();
        let close = move |table: &Slots| {
            let Ok(found) = table.get(handle) else {
                return false;
            };
            let won = found.begin_close();
            found.fate.clone().check();
            drop(found);
            if won {
                drop(table.remove(handle).expect("only the winner removes it"));
            }
            won
        };
        let other = {
            let table = table.clone();
            thread::spawn(move || close(&table))
        };
        let won = close(&table);
        assert!(other.join().unwrap() ^ won);
        table.reap();
    });
}

#[test]
fn removals_at_once_reap_what_either_deferred() {
    check(|| {
        let table = slots();
        let handles = [1, 2].map(|id| table.insert(|_| Canary::new(id)).unwrap().0);
        let in_use = table.get(handles[0]).unwrap();
        let other = {
            let table = table.clone();
            thread::spawn(move || drop(table.remove(handles[0]).unwrap()))
        };
        drop(table.remove(handles[1]).unwrap());
        let fate = in_use.fate.clone();
        fate.check();
        drop(in_use);
        other.join().unwrap();
        assert_eq!(table.reap(), 0);
        assert!(fate.is_dropped());
    });
}

#[test]
fn a_record_changes_hands_without_losing_protection() {
    check(|| {
        let table = slots();
        let (handle, _) = table.insert(|_| Canary::new(1)).unwrap();
        let readers = [(); 2].map(|()| {
            let table = table.clone();
            // The second reader may start when the first has exited, and adopt its record.
            thread::spawn(move || use_it(table.get(handle)).is_ok())
        });
        drop(table.remove(handle).unwrap());
        for reader in readers {
            reader.join().unwrap();
        }
        assert_eq!(table.reap(), 0);
    });
}

#[test]
fn look_ups_beyond_the_threads_slots_are_protected() {
    check(|| {
        let table = slots();
        let (handle, _) = table.insert(|_| Canary::new(1)).unwrap();
        let reader = {
            let table = table.clone();
            thread::spawn(move || {
                let outer = [slots_of_one(), slots_of_one()];
                let _outer = outer.each_ref().map(|(table, handle)| table.get(*handle).unwrap());
                // In the model a thread has two slots.
                assert_ne!(use_it(table.get(handle)), Err(Miss::Poisoned));
            })
        };
        drop(table.remove(handle).unwrap());
        reader.join().unwrap();
        assert_eq!(table.reap(), 0);
    });
}

fn slots_of_one() -> (Slots, usize) {
    let table = Slots::new();
    let (handle, _) = table.insert(|_| Canary::new(0)).unwrap();
    (table, handle)
}

#[test]
fn poison_is_seen_by_whoever_comes_later_and_by_no_other_handle() {
    check(|| {
        let table = hosts();
        table.insert(4, Canary::new(1)).unwrap();
        let reader = {
            let table = table.clone();
            thread::spawn(move || {
                assert_eq!(use_it(table.get(usize::MAX)), Err(Miss::Unknown));
                assert_ne!(use_it(table.get(4)), Err(Miss::Unknown));
            })
        };
        table.get(4).unwrap().poison();
        assert_eq!(use_it(table.get(4)), Err(Miss::Poisoned));
        reader.join().unwrap();
        assert_eq!(use_it(table.get(4)), Err(Miss::Poisoned));
    });
}
