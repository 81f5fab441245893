//! Random sequences of operations agree with a `HashMap`.
#![cfg(not(loom))]

use std::collections::HashMap;

use proptest::{prelude::*, test_runner::RngSeed};
use wsp::handles::{HostKeyed, Miss, Retained, SlotKeyed, Table};

#[derive(Clone, Debug)]
enum Op {
    /// Inserts; with the host's choice of handle where the host chooses.
    Insert(usize),
    Remove(usize),
    /// Removes by a reference that was retained earlier, whose entry may be gone and its handle issued again.
    RemoveEntry(usize),
    Get(usize),
    Poison(usize),
    /// Keeps a counted reference to a linked entry.
    Retain(usize),
    Drain,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    // Few handles, so that they are issued again and again; multiples of four, as hosts tend to choose.
    let pick = (0..40usize).prop_map(|n| n * 4);
    let op = prop_oneof![
        8 => pick.clone().prop_map(Op::Insert),
        6 => pick.clone().prop_map(Op::Remove),
        2 => pick.clone().prop_map(Op::RemoveEntry),
        8 => pick.clone().prop_map(Op::Get),
        1 => pick.clone().prop_map(Op::Poison),
        2 => pick.prop_map(Op::Retain),
        1 => Just(Op::Drain),
    ];
    prop::collection::vec(op, 1..if cfg!(miri) { 40 } else { 400 })
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        rng_seed: RngSeed::Fixed(0x57_53_50),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What the table should hold: value and poison by handle.
type Model = HashMap<usize, (u32, bool)>;

fn expected(model: &Model, handle: usize) -> Result<u32, Miss> {
    match model.get(&handle) {
        None => Err(Miss::Unknown),
        Some((_, true)) => Err(Miss::Poisoned),
        Some(&(value, false)) => Ok(value),
    }
}

/// The operations that do not depend on how handles are made, and what they share.
macro_rules! apply_to {
    ($table:ident, $model:ident, $kept:ident, $op:ident) => {
        match $op {
            Op::Insert(_) => unreachable!("applied by the caller"),
            Op::Remove(handle) => {
                let removed = $table.remove(handle).map(|entry| *entry);
                prop_assert_eq!(removed.ok(), $model.remove(&handle).map(|(value, _)| value));
            }
            Op::RemoveEntry(n) => {
                if $kept.is_empty() {
                    continue;
                }
                let entry: Retained<u32> = $kept.swap_remove(n % $kept.len());
                let linked = $model.get(&entry.handle()).is_some_and(|(value, _)| *value == *entry);
                prop_assert_eq!($table.remove_entry(&entry), linked);
                if linked {
                    $model.remove(&entry.handle());
                }
            }
            Op::Get(handle) => {
                let found = $table.get(handle).map(|entry| {
                    assert_eq!(entry.handle(), handle);
                    *entry
                });
                prop_assert_eq!(found, expected(&$model, handle));
            }
            Op::Poison(handle) => {
                if let Ok(entry) = $table.get(handle) {
                    entry.poison();
                    $model.get_mut(&handle).expect("the model has what the table has").1 = true;
                }
            }
            Op::Retain(handle) => $kept.extend($table.get(handle).ok().map(|entry| entry.retain())),
            Op::Drain => {
                let mut drained = HashMap::new();
                $table.drain(|entry| {
                    drained.insert(entry.handle(), *entry);
                });
                let linked: HashMap<_, _> = $model.drain().map(|(handle, (value, _))| (handle, value)).collect();
                prop_assert_eq!(drained, linked);
            }
        }
    };
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn host_keyed_agrees_with_a_map(ops in ops()) {
        let table = Table::<u32, HostKeyed>::new();
        let (mut model, mut kept) = (Model::new(), Vec::new());
        for (value, op) in (0..).zip(ops) {
            if let Op::Insert(handle) = op {
                let inserted = table.insert(handle, value).is_ok();
                prop_assert_eq!(inserted, !model.contains_key(&handle));
                model.entry(handle).or_insert((value, false));
            } else {
                apply_to!(table, model, kept, op);
            }
            prop_assert_eq!(table.len(), model.len());
        }
        for handle in (0..160).step_by(4) {
            prop_assert_eq!(table.get(handle).map(|entry| *entry), expected(&model, handle));
        }
    }

    #[test]
    fn slot_keyed_agrees_with_a_map(ops in ops()) {
        let table = Table::<u32, SlotKeyed>::new();
        let (mut model, mut kept) = (Model::new(), Vec::new());
        // Every handle that was ever made: a closed one must miss for ever.
        let mut made: Vec<usize> = Vec::new();
        for (value, op) in (0..).zip(ops) {
            let recent = |n: usize| made.len().checked_sub(1 + n / 4 % made.len().max(1)).map_or(n, |at| made[at]);
            let op = match op {
                Op::Insert(_) => {
                    let (handle, entry) = table.insert(|handle| handle as u32 ^ value).unwrap();
                    prop_assert!(!made.contains(&handle), "{:#x} was made twice", handle);
                    prop_assert!(handle != 0 && handle <= usize::MAX / 2);
                    model.insert(handle, (*entry, false));
                    made.push(handle);
                    continue;
                }
                Op::Remove(n) => Op::Remove(recent(n)),
                Op::Get(n) => Op::Get(recent(n)),
                Op::Poison(n) => Op::Poison(recent(n)),
                Op::Retain(n) => Op::Retain(recent(n)),
                other => other,
            };
            apply_to!(table, model, kept, op);
            prop_assert_eq!(table.len(), model.len());
        }
        for handle in made {
            prop_assert_eq!(table.get(handle).map(|entry| *entry), expected(&model, handle));
        }
    }
}
