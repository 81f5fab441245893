//! Every test that the spec names exists, and what is covered can be counted.
//!
//! A path is `package::modules::function`: the package's folder, the modules below it (the folders `src` and `tests` do not
//! count, nor do `lib`, `main` and `mod`), and a function with `#[test]` or a scenario, of which `over_each!` and `over_all!` make tests.

use std::fs;
use std::path::{Path, PathBuf};

use wsp_codegen::coverage::{coverage, named_tests};
use wsp_codegen::model::RuleClass;
use wsp_probe::model;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Does a test function stand at this path?
fn exists(path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    let [package, modules @ .., function] = parts.as_slice() else { return false };
    let mut files = Vec::new();
    collect(&root().join(package), &mut Vec::new(), &mut files);
    files.iter().any(|(place, file)| {
        let Some(inner) = modules.strip_prefix(place.as_slice()) else { return false };
        let text = fs::read_to_string(file).unwrap_or_default();
        inner.iter().all(|module| text.contains(&format!("mod {module} {{")))
            && (has_test(&text, function) || has_scenario(&text, function))
    })
}

/// Rust files below a folder, with their modules.
fn collect(folder: &Path, place: &mut Vec<&'static str>, files: &mut Vec<(Vec<&'static str>, PathBuf)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Some(name) = path.file_stem().map(|name| name.to_string_lossy().into_owned()) else { continue };
        let counts = !matches!(name.as_str(), "src" | "tests" | "lib" | "main" | "mod");
        let before = place.len();
        if counts {
            place.push(name.leak());
        }
        if path.is_dir() {
            collect(&path, place, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((place.clone(), path));
        }
        place.truncate(before);
    }
}

/// Is there `fn name(` with `#[test]` among the attributes above it?
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        line.strip_prefix("fn ").and_then(|line| line.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    let found = lines.iter().enumerate().filter(|(_, line)| is_it(line));
    found.into_iter().any(|(at, _)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        above.into_iter().any(|line| *line == "#[test]")
    })
}

/// Is there `fn name(` that stands in a list of scenarios?
fn has_scenario(text: &str, name: &str) -> bool {
    let macros = ["over_each!(", "over_all!("];
    let lists = macros.iter().flat_map(|name| text.split(name).skip(1)).filter_map(|rest| rest.split_once(");"));
    let mut names =
        lists.flat_map(|(list, _)| list.trim_start_matches("alone:").trim_start_matches("direct:").split(','));
    text.contains(&format!("\nfn {name}(")) && names.any(|one| one.trim() == name)
}

#[test]
fn every_test_named_in_the_spec_exists() {
    let missing: Vec<_> = named_tests(model()).into_iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "the spec names tests that do not exist:\n  {}", missing.join("\n  "));
}

#[test]
fn every_requirement_names_tests_that_exist() {
    for requirement in wsp_tests::requirements::ALL {
        assert!(!requirement.tests.is_empty(), "{} is shown by nothing", requirement.id);
        let missing: Vec<_> = requirement.tests.iter().filter(|path| !exists(path)).collect();
        assert!(missing.is_empty(), "{} names tests that do not exist: {missing:?}", requirement.id);
    }
}

#[test]
fn paths_of_tests_are_told_from_others() {
    assert!(exists("tests::coverage::paths_of_tests_are_told_from_others"));
    assert!(exists("codegen::coverage::tests::every_rule_is_counted_once"));
    assert!(exists("tests::suite::accepting::a_condition_may_defer"));
    assert!(exists("tests::suite::overlapped::a_routine_needs_the_hosts_queue"), "alone in its list");
    for wrong in [
        "",
        "tests::suite::accepting::waiting",
        "tests::suite::closing::a_condition_may_defer",
        "tests",
        "tests::coverage",
        "tests::coverage::exists",
        "tests::coverage::paths_of_tests",
        "tests::checks::paths_of_tests_are_told_from_others",
        "nowhere::coverage::paths_of_tests_are_told_from_others",
        "codegen::coverage::other::every_rule_is_counted_once",
    ] {
        assert!(!exists(wrong), "{wrong}");
    }
}

#[test]
fn every_check_rule_names_checks_that_exist() {
    for profile in coverage(model()).profiles {
        let checks = profile.classes.iter().find(|class| class.class == RuleClass::Check).unwrap();
        assert_eq!(checks.planned, 0, "{}: rules of class check without a check", profile.profile);
        assert!(profile.checks > 100, "{}: {} checks", profile.profile, profile.checks);
    }
}
