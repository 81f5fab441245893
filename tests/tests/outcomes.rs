//! What a provider answers reaches the host as declared: failure value and code agree, in every function for every code.
#![cfg(target_arch = "x86_64")]

mod common;

use common::{call, failure, number, probe_of, subjects};
use wsp_codegen::model::{ErrorVia, SocketUse};
use wsp_probe::host::Started;
use wsp_probe::probe::{self, Answer, Errors, answer_with};
use wsp_probe::{arguments::Subject, model};

fn errors(profile: &str, function: &str) -> &'static Errors {
    let all = match profile {
        "winsock" => probe::winsock::ERRORS,
        _ => probe::san::ERRORS,
    };
    let found = all.iter().find(|errors| errors.function == function);
    found.unwrap_or_else(|| panic!("{profile} {function} has no error list"))
}

/// Functions whose outcome is the provider's, not the runtime's, and that can tell a code.
fn answered() -> Vec<Subject<'static>> {
    let tells = |subject: &Subject<'_>| subject.function.returns.error_via != ErrorVia::None;
    subjects().into_iter().filter(|subject| subject.function.managed.is_none() && tells(subject)).collect()
}

#[test]
fn every_error_of_every_function_comes_back_with_its_failure_value() {
    let mut pairs = 0;
    for subject in answered() {
        let (profile, name) = (&subject.profile.name, &subject.function.name);
        for code in (errors(profile, name).codes)() {
            let came = answer_with(Answer::Fail(code), || call(&subject, 0, |_| {}));
            assert_eq!(came.asked, 1, "{profile} {name}");
            assert_eq!(came.errno, Some(code), "{profile} {name}: the stored code");
            assert_eq!(came.result, failure(subject.function, code), "{profile} {name} with {code}: the result");
            assert_eq!(came.refused, None, "{profile} {name}");
            pairs += 1;
        }
    }
    assert!(pairs > 300, "only {pairs} pairs of function and code");
}

#[test]
fn success_stores_no_error_and_is_not_the_failure_value() {
    for subject in answered() {
        let came = call(&subject, 0, |_| {});
        let (profile, name) = (&subject.profile.name, &subject.function.name);
        assert_eq!(came.errno, Some(0), "{profile} {name}");
        assert_ne!(came.result, failure(subject.function, 0), "{profile} {name}");
    }
}

#[test]
fn a_pending_operation_is_reported_as_declared() {
    let mut pending = 0;
    for subject in answered().into_iter().filter(|subject| subject.function.completion.is_some()) {
        let came = answer_with(Answer::Pending, || call(&subject, 0, |_| {}));
        let (profile, name) = (&subject.profile.name, &subject.function.name);
        let outcome = number(&subject.function.outcomes[0].code);
        assert_eq!(came.errno, Some(outcome), "{profile} {name}");
        assert_eq!(came.result, failure(subject.function, outcome), "{profile} {name}");
        pending += 1;
    }
    assert!(pending > 8, "only {pending} overlapped functions");
}

#[test]
fn a_panic_becomes_the_fallback() {
    for subject in answered() {
        let came = answer_with(Answer::Panic, || call(&subject, 0, |_| {}));
        let (profile, name) = (&subject.profile.name, &subject.function.name);
        let fallback = subject.function.fallback.as_deref().unwrap_or_else(|| panic!("{name} has no fallback"));
        assert_eq!(came.errno, Some(number(fallback)), "{profile} {name}");
        assert_eq!(came.result, failure(subject.function, number(fallback)), "{profile} {name}");
    }
}

#[test]
fn a_panic_spoils_its_socket_for_all_but_closing() {
    for subject in answered() {
        if !subject.function.params.iter().any(|param| param.socket == Some(SocketUse::Use)) {
            continue;
        }
        let provider = probe_of(&subject.profile.name);
        let (spoilt, other) = (provider.socket(), provider.socket());
        let run = |answer, socket| {
            let arguments = subject.good(socket, 0);
            wsp::rt::set_last_error(0);
            answer_with(answer, || {
                // SAFETY: good arguments; an extension function is asked for on the other socket.
                let result = unsafe { provider.call(subject.entry, &arguments.words, other) };
                // At once: on Windows the last error does not outlive the use of a thread-local.
                let errno = arguments.errno();
                assert!(result.is_some());
                errno
            })
        };
        let fallback = number(subject.function.fallback.as_deref().unwrap());
        let name = &subject.function.name;
        assert_eq!(run(Answer::Panic, spoilt), fallback, "{name}: the panic");
        assert_eq!(run(Answer::Done, spoilt), fallback, "{name}: the spoilt socket");
        assert_eq!(run(Answer::Done, other), 0, "{name}: another socket");
        provider.close(spoilt);
        assert_eq!(run(Answer::Done, spoilt), number("WSAENOTSOCK"), "{name}: after its close");
        provider.close(other);
    }
}

#[test]
fn what_a_provider_leaves_out_is_refused_with_the_declared_code() {
    let providers = [Started::winsock::<probe::winsock::Bare>(), Started::san::<probe::san::Bare>()];
    let mut left_out = 0;
    for subject in answered().into_iter().filter(|subject| !subject.function.mandatory) {
        let Some(code) = &subject.function.left_out else { continue };
        let provider = providers.iter().find(|one| one.profile() == subject.profile.name).unwrap();
        let socket = provider.socket();
        let arguments = subject.good(socket, 0);
        // SAFETY: good arguments.
        let result = unsafe { provider.call(subject.entry, &arguments.words, socket) };
        let name = &subject.function.name;
        match result {
            Some(_) => assert_eq!(arguments.errno(), number(code), "{} {name}", subject.profile.name),
            None => assert!(subject.function.guid.is_some(), "{name} has no slot"),
        }
        left_out += 1;
        provider.close(socket);
    }
    assert!(left_out > 20, "only {left_out} functions can be left out");
}

#[test]
fn slots_that_a_profile_does_without_are_null() {
    for profile in &model().profiles {
        let provider = probe_of(&profile.name);
        let table = model().table(&profile.table).unwrap();
        for (slot, name) in table.slots.iter().enumerate() {
            let there = provider.slot(slot).is_some();
            assert_eq!(there, profile.function(name).is_some(), "{}: slot {slot}, {name}", profile.name);
        }
    }
}

#[test]
fn any_code_becomes_one_that_the_function_lists() {
    let strange = [i32::MIN, i32::MIN + 1, -10_050, -1, i32::MAX];
    for (profile, all) in [("winsock", probe::winsock::ERRORS), ("san", probe::san::ERRORS)] {
        for errors in all {
            let function = model().profile(profile).and_then(|profile| profile.function(errors.function)).unwrap();
            let codes = (errors.codes)();
            let fallback = function.fallback.as_deref().map(number);
            for code in (0..=12_000).chain(strange) {
                let became = (errors.convert)(code);
                let expected = if codes.contains(&code) { Some(code) } else { fallback };
                assert_eq!(Some(became), expected, "{profile} {}: {code}", errors.function);
                assert!(codes.contains(&became), "{profile} {}: {code} became {became}", errors.function);
            }
        }
    }
}
