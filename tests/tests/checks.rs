//! Every check of the validation layer fires on exactly what it is declared for and is silent otherwise. All of it is derived
//! from the spec: a check that is added there is tested here.
#![cfg(target_arch = "x86_64")]

mod common;

use std::collections::BTreeSet;

use common::{call, failure, number, subjects};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wsp_codegen::model::{Allowed, AllowedSet, Check, CheckKind, Scalar, TypeKind, Width};
use wsp_probe::arguments::{Arguments, Subject, UNTOUCHED};
use wsp_probe::host::NO_SOCKET;
use wsp_probe::model;

/// Addresses that no program has: the lowest 64 KiB, beyond user space, and the last.
const BAD: &[usize] =
    &[1, 8, 0xFFFF, 0xFFFF_8000_0000_0000, 0x8000_0000_0000, 0x8000_0000_FFFF, 0x8000_0001_0000, usize::MAX];

#[test]
fn no_check_fires_on_good_arguments() {
    for subject in subjects() {
        for skew in [0, 1] {
            let came = call(&subject, skew, |_| {});
            let name = &subject.function.name;
            assert_eq!(came.refused, None, "{} {name}, memory {skew} off", subject.profile.name);
            assert!(came.errno.is_none_or(|code| code == 0), "{name} stored {:?}", came.errno);
            assert!(came.asked == 1 || subject.function.managed.is_some(), "{name} did not reach the provider");
        }
    }
}

#[test]
fn every_check_fires_on_what_it_is_for() {
    let mut fired = BTreeSet::new();
    for subject in subjects() {
        for check in &subject.function.checks {
            for variant in 0..variants(check) {
                let came = call(&subject, 0, |arguments| spoil(&subject, check, variant, arguments));
                refused_as_declared(&subject, check, came);
            }
            fired.insert((subject.profile.name.as_str(), check.id.as_str()));
        }
    }
    let winsock = wsp::winsock::check::ALL.iter().map(|check| ("winsock", check.id));
    let san = wsp::san::check::ALL.iter().map(|check| ("san", check.id));
    let generated: BTreeSet<_> = winsock.chain(san).collect();
    assert_eq!(fired, generated, "the checks of the spec and those in the library");
}

#[test]
fn the_generated_checks_have_the_declared_codes() {
    for (profile, all) in [("winsock", wsp::winsock::check::ALL), ("san", wsp::san::check::ALL)] {
        let functions = &model().profile(profile).unwrap().functions;
        for generated in all {
            let declared =
                functions.iter().flat_map(|function| &function.checks).find(|check| check.id == generated.id);
            let declared = declared.unwrap_or_else(|| panic!("{} is not declared", generated.id));
            assert_eq!(generated.code, declared.code.as_deref().map_or(0, number), "{}", generated.id);
            assert_eq!(generated.text, declared.text, "{}", generated.id);
        }
    }
}

#[test]
fn values_are_accepted_exactly_if_they_are_in_the_allowed_set() {
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
    let mut tested = 0;
    for subject in subjects() {
        for check in &subject.function.checks {
            let CheckKind::Allowed { param } = check.kind else { continue };
            let allowed = subject.function.params[param].allowed.as_ref().unwrap();
            // Each parameter has its own sequence, the same in every run.
            let mut runner = TestRunner::new_with_rng(
                config.clone(),
                proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
            );
            let outcome = runner.run(&values(allowed), |value| {
                let value = as_i128(value, scalar(&subject, param));
                let came = call(&subject, 0, |arguments| put(&subject, param, value, arguments));
                if holds(allowed, value) {
                    prop_assert_eq!(came.refused, None, "{} with {:#x}", check.id, value);
                } else {
                    refused_as_declared(&subject, check, came);
                }
                Ok(())
            });
            outcome.unwrap_or_else(|problem| panic!("{}: {problem}", check.id));
            tested += 1;
        }
    }
    assert!(tested > 10, "only {tested} allowed sets");
}

/// The failure value, the declared code, this very check, and the provider not asked.
fn refused_as_declared(subject: &Subject<'_>, check: &Check, came: common::Came) {
    let place = format!("{} {} (spec/{})", subject.profile.name, check.id, check.origin);
    assert_eq!(came.refused, Some(check.id.as_str()), "{place}: the check that refused");
    assert_eq!(came.asked, 0, "{place}: the provider was asked");
    let code = check.code.as_deref().map_or(0, number);
    if let Some(errno) = came.errno {
        let stored = if code == 0 { UNTOUCHED } else { code };
        assert_eq!(errno, stored, "{place}: the stored code");
    }
    assert_eq!(came.result, failure(subject.function, code), "{place}: the result");
}

/// In how many ways the one thing can be wrong.
fn variants(check: &Check) -> usize {
    match check.kind {
        CheckKind::Address { .. } => BAD.len(),
        CheckKind::Socket { .. } => 3,
        _ => 1,
    }
}

/// Makes exactly the one thing wrong that the check is for.
fn spoil(subject: &Subject<'_>, check: &Check, variant: usize, arguments: &mut Arguments) {
    match &check.kind {
        CheckKind::Null { param, unless } => {
            arguments.words[*param] = 0;
            unless.iter().for_each(|&other| arguments.words[other] = 0);
        }
        CheckKind::Address { param, .. } => arguments.words[*param] = BAD[variant],
        CheckKind::Minimum { length, minimum, by_pointer: false, .. } => {
            arguments.words[*length] = *minimum as usize - 1;
        }
        CheckKind::Minimum { length, minimum, by_pointer: true, .. } => {
            let capacity = (*minimum as u32 - 1).to_ne_bytes();
            arguments.words[*length] = arguments.place(&capacity, 0);
        }
        CheckKind::Allowed { param } => {
            let allowed = subject.function.params[*param].allowed.as_ref().unwrap();
            let scalar = scalar(subject, *param);
            let outside = (0..=u64::from(u32::MAX)).map(|value| as_i128(value, scalar));
            let outside = outside.into_iter().find(|&value| !holds(allowed, value));
            put(subject, *param, outside.expect("a set without an outside needs no check"), arguments);
        }
        CheckKind::AnyOf { params } => params.iter().for_each(|&param| arguments.words[param] = 0),
        CheckKind::Socket { param } => arguments.words[*param] = [NO_SOCKET, 0, usize::MAX][variant],
    }
}

/// Puts a value where the parameter has it: in its word, or behind its address.
fn put(subject: &Subject<'_>, param: usize, value: i128, arguments: &mut Arguments) {
    let ty = &subject.function.params[param].ty;
    let is_value = ty.pointers == 0
        && matches!(model().type_named(&ty.base).map(|ty| &ty.kind), Some(TypeKind::Integer(_) | TypeKind::Handle(_)));
    arguments.words[param] = if is_value { value as usize } else { arguments.place(&(value as u32).to_ne_bytes(), 0) };
}

/// The integer type of a parameter, or of what it points to.
fn scalar(subject: &Subject<'_>, param: usize) -> &'static Scalar {
    let base = &subject.function.params[param].ty.base;
    match model().type_named(base).map(|ty| &ty.kind) {
        Some(TypeKind::Integer(scalar) | TypeKind::Handle(scalar)) => scalar,
        Some(TypeKind::Pointer { to }) => match model().type_named(&to.base).map(|ty| &ty.kind) {
            Some(TypeKind::Integer(scalar) | TypeKind::Handle(scalar)) => scalar,
            _ => panic!("{base} does not point to an integer"),
        },
        _ => panic!("{base} is no integer"),
    }
}

/// The value that these low bits have in the type.
fn as_i128(value: u64, scalar: &Scalar) -> i128 {
    match (scalar.width, scalar.signed) {
        (Width::Bits(32), true) => i128::from(value as i32),
        (Width::Bits(32), false) => i128::from(value as u32),
        (width, _) => panic!("an allowed set of {width:?}"),
    }
}

/// Is the value in the set? Written from the vocabulary's description, apart from the generator.
fn holds(allowed: &Allowed, value: i128) -> bool {
    let low = |value: i128| value as u32;
    match &allowed.set {
        AllowedSet::Values(values) => values.iter().any(|one| low(one.value) == low(value)),
        AllowedSet::Flags(flags) => {
            let mask = flags.iter().fold(0, |mask, flag| mask | low(flag.value));
            low(value) & !mask == 0
        }
        AllowedSet::Range(from, to) => (from.value..=to.value).contains(&value),
        AllowedSet::Constant(one) => low(one.value) == low(value),
    }
}

/// Members, their neighbours, combinations of them, and anything.
fn values(allowed: &Allowed) -> BoxedStrategy<u64> {
    let named: Vec<u32> = match &allowed.set {
        AllowedSet::Values(values) | AllowedSet::Flags(values) => values.iter().map(|one| one.value as u32).collect(),
        AllowedSet::Range(from, to) => vec![from.value as u32, to.value as u32],
        AllowedSet::Constant(one) => vec![one.value as u32],
    };
    let member = proptest::sample::select(named.clone());
    let near = (member.clone(), -2_i32..=2).prop_map(|(one, by)| one.wrapping_add_signed(by));
    let combined = proptest::sample::subsequence(named.clone(), 0..=named.len())
        .prop_map(|some| some.into_iter().fold(0, |all, one| all | one));
    let one_more = (combined.clone(), 0_u32..32).prop_map(|(all, bit)| all | 1 << bit);
    prop_oneof![member, near, combined, one_more, any::<u32>()].prop_map(u64::from).boxed()
}
