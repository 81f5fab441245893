//! Every number is explained, and its examples show what they claim.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{assert_places, folder, tiny, tiny_with};
use wsp_codegen::diagnostic::{Code, Diagnostics, Level, all, explain};
use wsp_codegen::{compile, compile_with_warnings, load_folder};

/// Numbers that no single file can show; each has a test of its own below.
const WITHOUT_EXAMPLE: &[Code] =
    &[Code::NoFolder, Code::UnreadableFile, Code::NoSpec, Code::TooLarge, Code::OtherEnding];

/// The bytes of an example: `\xNN` stands for that byte.
fn bytes(example: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = example;
    while let Some((before, after)) = rest.split_once("\\x") {
        out.extend_from_slice(before.as_bytes());
        out.push(u8::from_str_radix(&after[..2], 16).expect("two hexadecimal digits"));
        rest = &after[2..];
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

#[test]
fn every_number_is_explained_once_in_order() {
    let explained: Vec<Code> = all().map(|entry| entry.code).collect();
    assert_eq!(explained, Code::ALL);
    for entry in all() {
        assert!(entry.text.ends_with('.') && !entry.title.ends_with('.'), "{}", entry.code);
        assert_eq!(entry.bad.is_empty(), WITHOUT_EXAMPLE.contains(&entry.code), "{}", entry.code);
        assert_eq!(explain(entry.code), Some(entry));
    }
}

#[test]
fn a_number_is_found_by_its_spellings() {
    for text in ["WSP0012", "wsp0012", "WSP12", "12"] {
        assert_eq!(Code::parse(text), Some(Code::MergeKey), "{text}");
    }
    for text in ["", "WSP", "WSP9999", "WSQ0012", "ä12", "-1"] {
        assert_eq!(Code::parse(text), None, "{text}");
    }
}

#[test]
fn the_small_spec_is_sound() {
    let (model, diags) = compile_with_warnings(&tiny());
    assert!(diags.is_empty(), "{diags}");
    assert!(model.is_some());
}

#[test]
fn bad_examples_yield_their_number() {
    let mut missed = Vec::new();
    for entry in all().filter(|entry| !entry.bad.is_empty()) {
        let (_, diags) = compile_with_warnings(&tiny_with(bytes(entry.bad)));
        diags.iter().for_each(|item| assert_places(&diags, item));
        let found: BTreeSet<String> = diags.iter().map(|item| item.code.to_string()).collect();
        if !found.contains(&entry.code.to_string()) {
            missed.push(format!("{} is not among {found:?}\n{diags}", entry.code));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn good_examples_yield_no_error() {
    for entry in all().filter(|entry| !entry.good.is_empty()) {
        let (model, diags) = compile_with_warnings(&tiny_with(bytes(entry.good)));
        assert!(model.is_some(), "{}: {diags}", entry.code);
        assert!(
            diags.iter().all(|item| item.level == Level::Warning && item.code != entry.code),
            "{}: {diags}",
            entry.code
        );
    }
}

#[test]
fn a_missing_folder_is_reported() {
    let mut diags = Diagnostics::new();
    let sources = load_folder(&folder("no-such-folder"), false, &mut diags);
    assert!(sources.is_empty());
    assert_eq!(codes(&diags), [Code::NoFolder]);
    assert!(diags.render_short().contains("no-such-folder"), "{diags}");
}

#[test]
fn an_empty_folder_and_no_sources_are_reported() {
    let empty = std::env::temp_dir().join(format!("wsp-empty-{}", std::process::id()));
    fs::create_dir_all(&empty).expect("a temporary folder");
    let mut diags = Diagnostics::new();
    load_folder(&empty, false, &mut diags);
    assert_eq!(codes(&diags), [Code::NoSpec]);
    fs::remove_dir_all(&empty).expect("the folder is there");
    assert_eq!(codes(&compile(&[]).expect_err("nothing to compile")), [Code::NoSpec]);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_reported_and_the_rest_is_read() {
    use wsp_codegen::Source;

    let dir = std::env::temp_dir().join(format!("wsp-unreadable-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a temporary folder");
    fs::write(dir.join("good.yaml"), "states: []\n").expect("writable");
    std::os::unix::fs::symlink(dir.join("nowhere"), dir.join("bad.yaml")).expect("a link");
    let mut diags = Diagnostics::new();
    let sources = load_folder(&dir, true, &mut diags);
    fs::remove_dir_all(&dir).expect("the folder is there");
    assert_eq!(codes(&diags), [Code::UnreadableFile]);
    let good = Source::new("good.yaml", "states: []\n", true);
    assert_eq!(sources, [Source { shown: dir.join("good.yaml").display().to_string(), ..good }]);
    let wrong = [Source { text: b"state: []\n".to_vec(), ..sources[0].clone() }];
    let said = compile(&wrong).expect_err("no such key").render_short();
    assert!(said.contains(&format!("{}:1:1", dir.join("good.yaml").display())), "an editor has to find it: {said}");
}

#[cfg(unix)]
#[test]
fn a_linked_folder_is_read_unless_it_leads_back() {
    let dir = std::env::temp_dir().join(format!("wsp-linked-{}", std::process::id()));
    for folder in ["spec/one", "elsewhere"] {
        fs::create_dir_all(dir.join(folder)).expect("a temporary folder");
    }
    fs::write(dir.join("elsewhere/linked.yaml"), "states: []\n").expect("writable");
    std::os::unix::fs::symlink(dir.join("elsewhere"), dir.join("spec/two.yaml")).expect("a link");
    let mut diags = Diagnostics::new();
    let sources = load_folder(&dir.join("spec"), true, &mut diags);
    assert!(diags.is_empty(), "{diags}");
    assert_eq!(sources.iter().map(|source| source.path.as_str()).collect::<Vec<_>>(), ["two.yaml/linked.yaml"]);
    std::os::unix::fs::symlink(dir.join("spec"), dir.join("elsewhere/round")).expect("a link");
    load_folder(&dir.join("spec"), true, &mut diags);
    fs::remove_dir_all(&dir).expect("the folder is there");
    assert_eq!(codes(&diags), [Code::NoFolder]);
    assert!(diags.render_short().contains("two.yaml/round:1:1: error[WSP0001]: this link leads back"), "{diags}");
}

#[cfg(unix)]
#[test]
fn what_could_have_no_end_is_not_read() {
    let dir = std::env::temp_dir().join(format!("wsp-endless-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a temporary folder");
    std::os::unix::fs::symlink("/dev/zero", dir.join("zero.yaml")).expect("a link");
    let mut diags = Diagnostics::new();
    load_folder(&dir, true, &mut diags);
    fs::remove_dir_all(&dir).expect("the folder is there");
    assert_eq!(codes(&diags), [Code::UnreadableFile]);
    assert!(diags.render_short().contains("it is no regular file"), "{diags}");
}

#[test]
fn a_file_with_almost_the_right_ending_is_not_passed_over() {
    let dir = std::env::temp_dir().join(format!("wsp-ending-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a temporary folder");
    for name in ["a.yml", "b.YAML", "c.yaml", "d.yaml~", "e.txt"] {
        fs::write(dir.join(name), "states: []\n").expect("writable");
    }
    let mut diags = Diagnostics::new();
    let sources = load_folder(&dir, true, &mut diags);
    fs::remove_dir_all(&dir).expect("the folder is there");
    assert_eq!((codes(&diags), sources.len()), (vec![Code::OtherEnding; 2], 1), "{diags}");
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused() {
    let text = format!("states: []\n{}", "# filler\n".repeat(130_000));
    let diags = compile(&tiny_with(text)).expect_err("too large");
    assert_eq!(codes(&diags), [Code::TooLarge]);
}

fn codes(diags: &Diagnostics) -> Vec<Code> {
    diags.iter().map(|item| item.code).collect()
}

#[test]
fn text_that_steers_is_refused() {
    for escape in ["\\r", "\\e", "\\u202E", "\\x85"] {
        let text = format!("states:\n  - {{name: listening, title: Listening, text: \"Waits{escape}.\"}}\n");
        let (_, diags) = compile_with_warnings(&tiny_with(text));
        assert!(diags.iter().any(|item| item.code == Code::BadText), "{escape}: {diags}");
    }
    let text =
        "states:\r\n  - name: listening\r\n    title: Listening\r\n    text: |\r\n      Waits\r\n      \tthere.\r\n";
    assert!(compile(&tiny_with(text)).is_ok(), "line ends and tabs are text");
}
