//! A fuzzer's bytes decide which entry points are called with what. `WSP_FUZZ_ENTRY=winsock.WSPSend` keeps to one of them;
//! `cargo run --bin entries` lists them.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use wsp_probe::entries::Entry;
use wsp_probe::host::Started;
use wsp_probe::hostile::{Caller, Choices, Given};
use wsp_probe::probe::{self, Answer, answer_with};

/// Most calls of one input: state that one leaves behind is the next one's.
const CALLS: usize = 32;

/// The probes of both profiles, and which of their entries are called.
struct Target {
    callers: Vec<(Caller, Vec<&'static Entry>)>,
}

impl Target {
    fn new() -> Self {
        let wanted = std::env::var("WSP_FUZZ_ENTRY").ok();
        let providers = [Started::winsock::<probe::winsock::Probe>(), Started::san::<probe::san::Probe>()];
        let mut callers = Vec::new();
        for provider in providers {
            let caller = Caller::new(provider);
            let is_wanted = |entry: &&Entry| wanted.as_deref().is_none_or(|wanted| entry.path() == wanted);
            let entries: Vec<_> = caller.entries().into_iter().filter(is_wanted).collect();
            if !entries.is_empty() {
                callers.push((caller, entries));
            }
        }
        assert!(!callers.is_empty(), "there is no entry {wanted:?}; `cargo run --bin entries` lists them");
        Self { callers }
    }

    fn run(&mut self, mut choices: Given<'_>) {
        for _ in 0..CALLS {
            if choices.is_empty() {
                return;
            }
            let which = choices.below(self.callers.len());
            let (caller, entries) = &mut self.callers[which];
            let entry = entries[choices.below(entries.len())];
            caller.prepare(&mut choices);
            let answer = match choices.below(8) {
                0 if !entry.codes.is_empty() => Answer::Fail(entry.codes[choices.below(entry.codes.len())]),
                1 => Answer::Pending,
                _ => Answer::Done,
            };
            if let Err(finding) = answer_with(answer, || caller.call(entry, &mut choices)) {
                panic!("{finding}");
            }
        }
    }
}

thread_local! {
    static TARGET: RefCell<Target> = RefCell::new(Target::new());
}

fuzz_target!(|data: &[u8]| TARGET.with_borrow_mut(|target| target.run(Given(data))));
