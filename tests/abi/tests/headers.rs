//! The built-in declarations agree with the C headers of mingw-w64, as a compiler for each width sees them, and no single change of
//! them goes unnoticed.

mod mutants;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use mutants::{builtin, lean, mutants};
use wsp_abi::facts::Target;
use wsp_abi::headers::known::{FILE, Known};
use wsp_abi::headers::{Assertion, assertions, error, file};
use wsp_codegen::Source;

/// The compiler for a width.
fn compiler(target: Target) -> &'static str {
    match target {
        Target::X86 => "i686-w64-mingw32-gcc",
        Target::X64 => "x86_64-w64-mingw32-gcc",
    }
}

/// Compiles the assertions; gives the items that do not hold, each with what the compiler says first.
fn refused(target: Target, name: &str, assertions: &[Assertion]) -> BTreeMap<String, String> {
    let (late, early): (Vec<_>, Vec<_>) = assertions.iter().partition(|one| one.late);
    let mut refused = compile(target, name, &file(early));
    refused.extend(compile(target, &format!("{name}-code"), &file(late)));
    refused
}

fn compile(target: Target, name: &str, text: &str) -> BTreeMap<String, String> {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.c", target.pointer() * 8));
    fs::write(&source, text).unwrap();
    let output = Command::new(compiler(target))
        // The compiler knows that a call is never made only if it optimises.
        .args(["-std=gnu11", "-O1", "-S", "-o", "/dev/null", "-fno-diagnostics-show-caret", "-fmax-errors=0"])
        .arg(&source)
        .output()
        .unwrap_or_else(|problem| panic!("cannot run {}, which this test needs: {problem}", compiler(target)));
    let messages = String::from_utf8_lossy(&output.stderr);
    let mut refused = BTreeMap::new();
    for (item, message) in messages.lines().filter_map(error) {
        refused.entry(item.to_owned()).or_insert_with(|| message.to_owned());
    }
    assert_eq!(output.status.success(), refused.is_empty(), "{messages}");
    refused
}

fn known() -> Known {
    Known::parse(&wsp_abi::read(FILE).unwrap()).unwrap()
}

#[test]
#[ignore = "needs the compilers for Windows: `cargo run -p wsp-windows -- headers`"]
fn declarations_agree_with_the_headers() {
    for target in Target::ALL {
        let all = assertions(&builtin(), target).unwrap();
        let refused = refused(target, "headers", &all);
        let known = known();
        let known = known.items(target);
        let mut problems = Vec::new();
        for (item, message) in refused.iter().filter(|(item, _)| !known.contains_key(item.as_str())) {
            let text = all.iter().find(|one| one.item == *item).map(|one| one.text.as_str()).unwrap_or_default();
            problems.push(format!("{item}: {message}\n  {text}"));
        }
        for (item, line) in known.iter().filter(|(item, _)| !refused.contains_key(**item)) {
            problems.push(format!("{FILE}:{line}: the headers are right about {item}"));
        }
        println!("{}: {} items, {} known errors of the headers", compiler(target), all.len(), known.len());
        assert!(problems.is_empty(), "{}:\n{}", compiler(target), problems.join("\n"));
    }
}

#[test]
#[ignore = "needs the compilers for Windows: `cargo run -p wsp-windows -- headers`"]
fn every_single_change_is_found() {
    let model = lean(builtin());
    // Nothing is asserted of a constant that no header has.
    let constants = model.groups.iter().flat_map(|group| &group.constants);
    let headless: Vec<String> =
        constants.filter(|constant| constant.header.is_none()).map(|constant| constant.name.clone()).collect();
    let (known, mutants) = (known(), mutants(&model));
    // Who has to be found, and who is. Some types are one type for 32 bits only, so that one width is enough.
    let (mut visible, mut found) = (BTreeSet::new(), BTreeSet::new());
    for target in Target::ALL {
        let before = assertions(&model, target).unwrap();
        let before: BTreeMap<&str, &str> = before.iter().map(|one| (one.item.as_str(), one.text.as_str())).collect();
        let known = known.items(target);
        // What has changed of all the mutants, in one file: each has to be refused on its own.
        let mut changed = Vec::new();
        for (number, mutant) in mutants.iter().enumerate() {
            let after = assertions(&mutant.model, target).unwrap();
            let differs = |one: &&Assertion| before.get(one.item.as_str()) != Some(&one.text.as_str());
            for one in after.iter().filter(differs).filter(|one| !known.contains_key(one.item.as_str())) {
                changed.push(Assertion { item: format!("{number} {}", one.item), ..one.clone() });
            }
        }
        let number = |item: &str| item.split(' ').next().and_then(|number| number.parse::<usize>().ok()).unwrap();
        visible.extend(changed.iter().map(|one| number(&one.item)));
        found.extend(refused(target, "mutants", &changed).keys().map(|item| number(item)));
    }
    for (number, mutant) in mutants.iter().enumerate() {
        let listed = Target::ALL.iter().any(|target| known.items(*target).contains_key(mutant.item.as_str()));
        // C's types do not show which of two parameters of one type is which.
        let same_types = mutant.what.contains("swapped") && !visible.contains(&number);
        let excused = listed || same_types || headless.contains(&mutant.item);
        assert!(excused || found.contains(&number), "{}: {} goes unnoticed", mutant.item, mutant.what);
    }
    println!("{} of {} changes found", found.len(), mutants.len());
    assert!(found.len() > 500);
}

#[test]
#[ignore = "needs the compilers for Windows: `cargo run -p wsp-windows -- headers`"]
fn a_parameter_altered_in_the_spec_is_found() {
    let altered = |path: &str, text: &str| match path {
        "functions/WSPListen.yaml" => {
            text.replacen("name: backlog\n    type: int", "name: backlog\n    type: DWORD", 1)
        }
        _ => text.to_owned(),
    };
    let sources: Vec<Source> =
        wsp_spec::FILES.iter().map(|(path, text)| Source::new(*path, altered(path, text), false)).collect();
    let model = wsp_codegen::compile(&sources).unwrap_or_else(|problems| panic!("{}", problems.render_short()));
    for target in Target::ALL {
        let refused = refused(target, "altered", &assertions(&model, target).unwrap());
        let message = refused.get("LPWSPLISTEN").expect("the altered function is refused");
        assert!(message.contains("static assertion failed"), "{message}");
        assert_eq!(refused.len(), known().items(target).len() + 1, "nothing else is: {refused:?}");
    }
}
