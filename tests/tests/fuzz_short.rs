//! The fuzzer's calls without the fuzzer: a fixed number from a fixed seed, in memory that cannot be overrun unnoticed.
#![cfg(all(unix, target_arch = "x86_64"))]

use std::collections::BTreeMap;

use wsp_probe::entries::ENTRIES;
use wsp_probe::host::Started;
use wsp_probe::hostile::{Caller, Choices, Given, Seeded};
use wsp_probe::probe::{self, Answer, answer_with};

/// Calls per profile, unless `WSP_FUZZ_CALLS` says another number.
const CALLS: usize = 100_000;

fn calls() -> usize {
    let wanted = std::env::var("WSP_FUZZ_CALLS");
    wanted.map_or(CALLS, |number| number.parse().expect("WSP_FUZZ_CALLS is a number"))
}

/// Calls every entry in turn with arguments from the seed; a finding tells the seed's call.
fn run(provider: Started, seed: u64) -> BTreeMap<&'static str, usize> {
    let mut caller = Caller::new(provider);
    let entries = caller.entries();
    let mut choices = Seeded(seed);
    let mut reached = BTreeMap::new();
    probe::silence_panics();
    let calls = calls();
    for call in 0..calls {
        caller.prepare(&mut choices);
        let entry = entries[choices.below(entries.len())];
        let answer = match choices.below(32) {
            0..4 if !entry.codes.is_empty() => Answer::Fail(entry.codes[choices.below(entry.codes.len())]),
            4..8 => Answer::Pending,
            8 => Answer::Panic,
            _ => Answer::Done,
        };
        let before = probe::asked();
        let outcome = answer_with(answer, || caller.call(entry, &mut choices));
        outcome.unwrap_or_else(|finding| panic!("call {call} of seed {seed}: {finding}"));
        *reached.entry(entry.function).or_default() += usize::from(probe::asked() > before);
    }
    println!("{calls} calls, {} of them past the checks, no fault", reached.values().sum::<usize>());
    reached
}

#[test]
fn hostile_calls_are_survived_and_answered_as_declared_winsock() {
    let reached = run(Started::winsock::<probe::winsock::Probe>(), 0x5053);
    every_function_was_reached("winsock", &reached);
}

#[test]
fn hostile_calls_are_survived_and_answered_as_declared_san() {
    let reached = run(Started::san::<probe::san::Probe>(), 0x5045);
    every_function_was_reached("san", &reached);
}

/// Arguments that are always refused would test the first check only.
fn every_function_was_reached(profile: &str, reached: &BTreeMap<&'static str, usize>) {
    let managed = ["WSPStartup", "WSPStartupEx", "WSPCleanup"];
    for entry in ENTRIES.iter().filter(|entry| entry.profile == profile && !managed.contains(&entry.function)) {
        let calls = reached.get(entry.function).copied().unwrap_or(0);
        assert!(calls > 20, "{profile} {}: {calls} calls got past the checks", entry.function);
    }
}

#[test]
fn a_fuzzers_bytes_lead_to_the_same_calls_each_time() {
    let mut given = Given(&[1, 2, 3]);
    assert_eq!((given.next(), given.next(), given.next()), (0x0102, 3, 0));
    assert!(given.is_empty());
    let numbers = |seed| (0..4).map(|_| 0).scan(Seeded(seed), |choices, _| Some(choices.next())).collect::<Vec<_>>();
    assert_eq!(numbers(7), numbers(7));
    assert_ne!(numbers(7), numbers(8));
}
