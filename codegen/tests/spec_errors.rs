//! What is wrong with a spec is written on the offending line: `# error: WSP0021 part of the message` (or `# warning: …`).
//! Each folder of `spec_errors` is added to the small whole spec; a file of the same path replaces the one there. Every
//! diagnostic must be announced and every announced one must come, at that line. A folder with a `rendered.txt` pins the
//! full text too (`WSP_BLESS=1` writes it).

mod common;

use std::fs;
use std::path::Path;

use common::{assert_golden, assert_places, folder, sources, tiny};
use wsp_codegen::diagnostic::Diagnostics;
use wsp_codegen::{Source, compile_with_warnings};

/// An announced diagnostic.
#[derive(Debug)]
struct Expected {
    path: String,
    line: usize,
    level: String,
    code: String,
    message: String,
}

fn expectations(source: &Source) -> Vec<Expected> {
    let text = String::from_utf8_lossy(&source.text).into_owned();
    let mut out = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for comment in line.split("# ").skip(1) {
            let Some((level, rest)) = comment.split_once(": WSP") else { continue };
            let (number, message) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            assert!(matches!(level, "error" | "warning"), "{}:{}: what is `{level}`?", source.path, at + 1);
            assert!(!message.is_empty(), "{}:{}: say a part of the message", source.path, at + 1);
            out.push(Expected {
                path: source.path.clone(),
                line: at + 1,
                level: level.to_owned(),
                code: format!("WSP{number}"),
                message: message.trim().to_owned(),
            });
        }
    }
    out
}

/// The small whole spec with a folder's files; those of the same path are replaced.
fn with_folder(name: &str) -> Vec<Source> {
    let own: Vec<Source> = sources(&format!("spec_errors/{name}"))
        .into_iter()
        .map(|source| Source { overlay: source.path.starts_with("overlay"), ..source })
        .collect();
    let replaced = |source: &Source| own.iter().any(|other| other.path == source.path);
    let mut all: Vec<Source> = tiny().into_iter().filter(|source| !replaced(source)).collect();
    all.extend(own);
    all
}

fn check(name: &str) -> Result<(), String> {
    let sources = with_folder(name);
    let mut expected: Vec<Expected> = sources.iter().flat_map(expectations).collect();
    if expected.is_empty() {
        return Err("announces nothing".to_owned());
    }
    let (model, diags) = compile_with_warnings(&sources);
    let errors = expected.iter().any(|item| item.level == "error");
    if model.is_some() == errors {
        return Err(format!("there is {} model", if errors { "a" } else { "no" }));
    }
    let mut problems = Vec::new();
    for item in diags.iter() {
        assert_places(&diags, item);
        let (at, _) = diags.position(item.primary.span);
        let found = expected.iter().position(|wanted| {
            wanted.path == diags.path(item.primary.span)
                && wanted.line == at.line
                && wanted.level == item.level.word()
                && wanted.code == item.code.to_string()
                && item.message.contains(&wanted.message)
        });
        match found {
            Some(found) => {
                expected.remove(found);
            }
            None => problems.push(format!(
                "not announced: {}:{}: {} {}",
                diags.path(item.primary.span),
                at.line,
                item.code,
                item.message
            )),
        }
    }
    problems.extend(expected.iter().map(|wanted| format!("did not come: {wanted:?}")));
    golden(name, &diags);
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n  ")) }
}

fn golden(name: &str, diags: &Diagnostics) {
    let path = folder(&format!("spec_errors/{name}/rendered.txt"));
    if path.exists() {
        let text = format!("{}\n{}\n{}", diags.render(false), diags.render_short(), diags.to_json());
        assert_golden(&path, &text);
    }
}

#[test]
fn every_announced_diagnostic_comes_and_no_other() {
    let mut names: Vec<String> = fs::read_dir(folder("spec_errors"))
        .expect("the folder of specs")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .filter_map(|path| Some(Path::new(&path).file_name()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 10, "only {names:?}");
    let failures: Vec<String> =
        names.iter().filter_map(|name| check(name).err().map(|problem| format!("{name}:\n  {problem}"))).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let (_, diags) = compile_with_warnings(&with_folder("keys"));
    assert!(!diags.render(false).contains('\u{1b}'));
    assert!(diags.render(true).contains('\u{1b}'));
}

#[test]
fn diagnostics_are_sorted_and_without_repetition() {
    let (_, diags) = compile_with_warnings(&with_folder("names"));
    let places: Vec<_> =
        diags.iter().map(|item| (diags.path(item.primary.span).to_owned(), item.primary.span.start)).collect();
    assert!(places.is_sorted(), "{places:?}");
    let mut lines: Vec<_> = diags.render_short().lines().map(str::to_owned).collect();
    let before = lines.len();
    lines.dedup();
    assert_eq!(lines.len(), before);
}
