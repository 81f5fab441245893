//! What becomes of a spec: the model of the small whole spec, and of an author's changes to it.

mod common;

use std::fmt::Write as _;

use common::{assert_golden, folder, tiny, tiny_with};
use wsp_codegen::compile;
use wsp_codegen::model::{AllowedSet, Delivery, Function, FunctionKind, Model, Source};

fn model(sources: &[wsp_codegen::Source]) -> Model {
    compile(sources).unwrap_or_else(|diags| panic!("{diags}"))
}

fn function<'m>(model: &'m Model, profile: &str, name: &str) -> &'m Function {
    let profile = model.profile(profile).expect("the profile");
    profile.function(name).unwrap_or_else(|| panic!("{name} is in {}", profile.name))
}

/// What is derived for each function of each profile, in few words.
fn dump(model: &Model) -> String {
    let mut out = String::new();
    for profile in &model.profiles {
        let _ = writeln!(out, "profile {}", profile.name);
        for function in &profile.functions {
            let place = function.table.as_deref().zip(function.slot).map(|(table, slot)| format!(" {table}[{slot}]"));
            let _ = writeln!(
                out,
                "  {:?} {}{} {}",
                function.kind,
                function.name,
                place.unwrap_or_default(),
                function.pointer
            );
            let names = |params: &[usize]| {
                params.iter().map(|at| function.params[*at].name.as_str()).collect::<Vec<_>>().join(", ")
            };
            for arg in &function.args {
                let optional = if arg.optional { " optional" } else { "" };
                let _ = writeln!(out, "    arg {}: {:?}{optional} of {}", arg.name, arg.lift, names(&arg.params));
            }
            for result in &function.results {
                let param = result.param.map_or("the return value", |at| function.params[at].name.as_str());
                let _ = writeln!(out, "    result {}: {} from {param}", result.name, result.ty.c);
            }
            for check in &function.checks {
                let _ =
                    writeln!(out, "    check {} {}: {}", check.id, check.code.as_deref().unwrap_or("-"), check.text);
            }
            for entry in &function.errors {
                let _ =
                    writeln!(out, "    error {} {:?} {:?}: {}", entry.code, entry.source, entry.delivery, entry.when);
            }
            let rules: Vec<_> = function.rules.iter().map(|rule| rule.id.as_str()).collect();
            let _ = writeln!(out, "    rules {rules:?}");
        }
    }
    out
}

#[test]
fn the_model_of_the_small_spec() {
    assert_golden(&folder("fixtures/tiny.model.txt"), &dump(&model(&tiny())));
}

#[test]
fn sources_in_memory_and_their_order_make_no_difference_to_functions() {
    let mut reversed = tiny();
    reversed.reverse();
    let (one, other) = (model(&tiny()), model(&reversed));
    for profile in &one.profiles {
        assert_eq!(profile.functions, other.profile(&profile.name).expect("the profile").functions);
    }
}

#[test]
fn types_stand_before_those_that_hold_them() {
    let text = "types:\n  - {name: OUTER, kind: struct, header: a.h, text: \"`INNER`.\", fields: [{name: i, type: INNER}]}\n  \
                - {name: INNER, kind: struct, header: a.h, text: There., fields: [{name: x, type: int, array: GUID_TAIL}]}\n";
    let constants =
        "groups: [{name: more, title: M, constants: [{name: SO_X, type: int, value: 1, text: \"An `OUTER`.\"}]}]";
    let mut sources = tiny_with(text);
    sources.push(wsp_codegen::Source::new("constants2.yaml", constants, true));
    let model = model(&sources);
    let at = |name: &str| model.types.iter().position(|ty| ty.name == name).expect("the type");
    assert!(at("INNER") < at("OUTER"));
    assert!(at("int") < at("INNER"));
}

#[test]
fn a_further_profile_is_its_base_with_the_differences() {
    let model = model(&tiny());
    let (plain, narrow) = (function(&model, "plain", "WSPSend"), function(&model, "narrow", "WSPSend"));
    assert!(!plain.mandatory && plain.left_out.is_some());
    assert!(narrow.mandatory && narrow.left_out.is_none(), "what is mandatory is not left out");
    assert_eq!(narrow.params[4].text, "Always 0.");
    assert_eq!(narrow.params[1], plain.params[1], "what is not said anew stays");
    let sources: Vec<_> = narrow.errors.iter().map(|entry| (entry.code.as_str(), entry.source)).collect();
    assert!(sources.contains(&("WSAEFAULT", Source::Inherited)));
    assert!(sources.contains(&("WSAENOTSOCK", Source::Practice)), "practice stays practice");
    assert!(sources.contains(&("WSAENETDOWN", Source::Table)), "what the profile lists itself is its own");
    assert!(!sources.iter().any(|(code, _)| *code == "WSAENOTCONN"), "`except` holds");
    assert_eq!(narrow.errors.iter().filter(|entry| entry.code == "WSAENETDOWN").count(), 2, "told apart by delivery");
    let Delivery::Event(event) = &narrow.errors[5].delivery else { panic!("{:?}", narrow.errors[5]) };
    assert_eq!(event, "FD_CONNECT");
}

#[test]
fn an_export_may_have_a_slot_in_a_further_profile() {
    let model = model(&tiny());
    let plain = function(&model, "plain", "WPUCompleteOverlappedRequest");
    assert_eq!((plain.kind, plain.table.as_deref(), plain.slot), (FunctionKind::Export, None, None));
    let narrow = function(&model, "narrow", "WPUCompleteOverlappedRequest");
    assert_eq!(
        (narrow.kind, narrow.table.as_deref(), narrow.slot),
        (FunctionKind::Upcall, Some("WSPUPCALLTABLEEX"), Some(1))
    );
}

#[test]
fn an_amendment_changes_its_profile_and_those_above() {
    let text = "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [MSG_OOB], violation: WSAEOPNOTSUPP}}]\n  \
                rules: [{id: A-01, class: host, severity: must, text: Ours.}]\n";
    let model = model(&tiny_with(text));
    let plain = function(&model, "plain", "WSPSend");
    assert!(plain.origin.overlay);
    assert_eq!(plain.origin.file, "functions/WSPSend.yaml");
    let flags = &plain.params[4];
    assert!(
        flags.origin.overlay && flags.origin.file == "example.yaml" && flags.origin.line == 3,
        "{:?}",
        flags.origin
    );
    assert!(!plain.params[0].origin.overlay);
    let Some(AllowedSet::Flags(values)) = flags.allowed.as_ref().map(|allowed| &allowed.set) else {
        panic!("{flags:?}")
    };
    assert_eq!(values.len(), 1);
    assert!(plain.rules.iter().any(|rule| rule.id == "A-01" && rule.origin.overlay));
    let narrow = function(&model, "narrow", "WSPSend");
    assert!(narrow.rules.iter().any(|rule| rule.id == "A-01"), "the narrower profile has it too");
    assert!(!function(&model, "plain", "WSPSocket").origin.overlay);
}

#[test]
fn errors_may_come_from_another_function() {
    let text = "amend: WSPRegisterMemory\nnarrow:\n  errors:\n    inherit: all\n    from: WSPSend\n    except: [WSAENETDOWN]\n    list:\n      \
                - {code: WSAEINVAL, when: it is odd}\n";
    let model = model(&tiny_with(text));
    let codes: Vec<_> =
        function(&model, "narrow", "WSPRegisterMemory").errors.iter().map(|entry| entry.code.as_str()).collect();
    let expected = ["WSAENOTCONN", "WSAEFAULT", "WSAENOTSOCK", "WSAEOPNOTSUPP", "WSA_OPERATION_ABORTED", "WSAEINVAL"];
    assert_eq!(codes, expected);
}

#[test]
fn upper_case_words_are_text() {
    let text =
        "groups:\n  - name: truth\n    title: Truth\n    constants: [{name: FALSE, type: int, value: 0, text: No.}]\n";
    let mut sources = tiny_with(text);
    let amendment = "amend: WSPSend\nplain:\n  returns: {success: TRUE, failure: FALSE, meaning: flag}\n";
    sources.push(wsp_codegen::Source::new("amend.yaml", amendment, true));
    let model = model(&sources);
    let returns = &function(&model, "plain", "WSPSend").returns;
    assert_eq!((returns.success.as_str(), returns.failure.as_deref()), ("TRUE", Some("FALSE")));
}

#[test]
fn a_byte_order_mark_and_crlf_do_no_harm() {
    let mut sources = tiny();
    for source in &mut sources {
        let text = String::from_utf8(source.text.clone()).expect("UTF-8").replace('\n', "\r\n");
        source.text = format!("\u{feff}{text}").into_bytes();
    }
    assert_eq!(dump(&model(&sources)), dump(&model(&tiny())));
    let lines = |sources| {
        function(&model(sources), "plain", "WSPSend").params.iter().map(|param| param.origin.line).collect::<Vec<_>>()
    };
    assert_eq!(lines(&sources), lines(&tiny()));
}
