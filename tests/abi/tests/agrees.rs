//! The built-in declarations agree with Windows metadata, and no single change of them goes unnoticed.

mod mutants;

use std::collections::BTreeSet;

use mutants::{builtin, lean, mutants};
use wsp_abi::compare::{Witness, check, differences};
use wsp_abi::generate::METADATA;
use wsp_abi::known::{FILE, Known, Verdict};

fn witness() -> Witness {
    Witness::read(&wsp_abi::read(METADATA).unwrap()).unwrap()
}

fn known() -> Known {
    Known::parse(&wsp_abi::read(FILE).unwrap()).unwrap()
}

#[test]
fn declarations_agree_with_the_metadata() {
    let problems = check(&builtin(), &witness(), &known()).unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_kind_of_item_is_compared() {
    let facts = wsp_abi::declared::facts(&builtin(), wsp_abi::facts::Target::X64).unwrap();
    for name in ["LPWSPSEND", "LPWPUQUEUEAPC", "LPCONDITIONPROC", "LPWSPSTARTUP", "WPUCompleteOverlappedRequest"] {
        assert!(facts.functions.contains_key(name), "{name}");
    }
    for name in ["WSPPROC_TABLE", "WSPUPCALLTABLE", "WSAPROTOCOL_INFOW", "WSABUF"] {
        assert!(facts.records.contains_key(name), "{name}");
    }
    for name in ["WSAEFAULT", "FD_READ", "WSAID_REGISTERMEMORY", "INVALID_SOCKET"] {
        assert!(facts.constants.contains_key(name), "{name}");
    }
}

#[test]
fn every_single_change_is_found() {
    let (witness, known) = (witness(), known());
    let names = known.names(None);
    let model = lean(builtin());
    let before = differences(&model, &witness, &names).unwrap();
    let mut absent: BTreeSet<&str> = known
        .entries()
        .iter()
        .filter(|entry| entry.verdict == Verdict::Absent)
        .map(|entry| entry.item.as_str())
        .collect();
    // What is linked to by name is absent with its pointer type.
    let functions = model.profiles.iter().flat_map(|profile| &profile.functions);
    let pointers: Vec<&str> = functions
        .filter(|function| absent.contains(function.name.as_str()))
        .map(|function| function.pointer.as_str())
        .collect();
    absent.extend(pointers);
    let mutants = mutants(&model);
    assert!(mutants.iter().filter(|mutant| !absent.contains(mutant.item.as_str())).count() > 500);
    for mutant in mutants {
        // The metadata cannot bear witness for what it does not have.
        let noticed =
            absent.contains(mutant.item.as_str()) || differences(&mutant.model, &witness, &names).unwrap() != before;
        assert!(noticed, "{}: {} goes unnoticed", mutant.item, mutant.what);
    }
}
