//! Everything that is made from the spec is as it was. `WSP_BLESS=1 cargo test -p wsp-tests --test goldens` takes what is made
//! now for right.
//!
//! What is made from the whole built-in spec is compared byte for byte, but for the large outputs of [`BULKY`]: of those the
//! names of the files, and byte for byte what is made from a small spec.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

use wsp_codegen::diagnostic::Diagnostics;
use wsp_codegen::emit::{EMITTERS, Emitter, Output};
use wsp_codegen::model::Model;
use wsp_codegen::{Source, compile, load_folder};

/// Emitters with megabytes of output.
const BULKY: &[&str] = &["json", "site"];

fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn model(sources: &[Source]) -> Model {
    compile(sources).unwrap_or_else(|problems| panic!("the spec has errors:\n{}", problems.render(false)))
}

fn builtin() -> Vec<Source> {
    wsp_codegen::build::builtin()
}

/// The small whole spec of the front end's tests.
fn tiny() -> Vec<Source> {
    let mut problems = Diagnostics::default();
    let sources = load_folder(&root().join("codegen/tests/fixtures/tiny"), false, &mut problems);
    assert!(!problems.has_errors(), "{}", problems.render(false));
    sources
}

fn run(emitter: &Emitter, model: &Model) -> Vec<Output> {
    emitter.run(model, Default::default()).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Every output of every emitter.
fn all(sources: &[Source]) -> Vec<Output> {
    let model = model(sources);
    EMITTERS.iter().flat_map(|emitter| run(emitter, &model)).collect()
}

/// Everything that is made from the built-in spec, made once.
fn made() -> &'static [Output] {
    static MADE: OnceLock<Vec<Output>> = OnceLock::new();
    MADE.get_or_init(|| all(&builtin()))
}

/// What the golden files should hold, by path below their folder.
fn expected() -> BTreeMap<String, String> {
    let small = model(&tiny());
    let mut files = BTreeMap::new();
    for emitter in EMITTERS {
        let below = format!("{}/", emitter.folder);
        let outputs: Vec<_> = made().iter().filter(|output| output.path.starts_with(&below)).cloned().collect();
        if BULKY.contains(&emitter.name) {
            let names: Vec<_> = outputs.iter().map(|output| format!("{}\n", output.path)).collect();
            files.insert(format!("full/{}.files.txt", emitter.folder), names.concat());
            files.extend(
                run(emitter, &small).into_iter().map(|output| (format!("tiny/{}", output.path), output.contents)),
            );
        } else {
            files.extend(outputs.into_iter().map(|output| (format!("full/{}", output.path), output.contents)));
        }
    }
    files
}

/// The paths of the files that are there.
fn present(folder: &Path, below: &str, found: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            present(&entry.path(), &format!("{path}/"), found);
        } else {
            found.insert(path);
        }
    }
}

/// Where two texts first differ, with what stands around it.
fn head_of_difference(golden: &str, made: &str) -> String {
    let (was, is): (Vec<_>, Vec<_>) = (golden.lines().collect(), made.lines().collect());
    let same = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
    let mut text = format!("from line {}:\n", same + 1);
    for line in &was[same.saturating_sub(2)..same] {
        text.push_str(&format!("      {}\n", cut(line)));
    }
    was[same..].iter().take(6).for_each(|line| text.push_str(&format!("    - {}\n", cut(line))));
    is[same..].iter().take(6).for_each(|line| text.push_str(&format!("    + {}\n", cut(line))));
    text
}

fn cut(line: &str) -> String {
    line.chars().take(160).collect()
}

#[test]
fn outputs_are_as_they_were() {
    let expected = expected();
    let mut found = BTreeSet::new();
    present(&goldens(), "", &mut found);
    if env::var_os("WSP_BLESS").is_some_and(|value| value == "1") {
        bless(&expected, &found);
        return;
    }
    let mut problems = Vec::new();
    for (path, made) in &expected {
        match fs::read(goldens().join(path)) {
            Ok(golden) if golden == made.as_bytes() => {}
            Ok(golden) => {
                let difference = head_of_difference(&String::from_utf8_lossy(&golden), made);
                problems.push(format!("{path} differs {difference}"));
            }
            Err(_) => problems.push(format!("{path} is new\n")),
        }
    }
    let obsolete = found.iter().filter(|path| !expected.contains_key(*path));
    problems.extend(obsolete.map(|path| format!("{path} is obsolete: nothing makes it any more\n")));
    let count = problems.len();
    problems.truncate(8);
    assert_eq!(
        count,
        0,
        "{count} golden files are not right (the first 8 follow); if the change is meant, run with WSP_BLESS=1\n\n{}",
        problems.join("\n")
    );
}

fn bless(expected: &BTreeMap<String, String>, found: &BTreeSet<String>) {
    for path in found.iter().filter(|path| !expected.contains_key(*path)) {
        fs::remove_file(goldens().join(path)).unwrap();
    }
    for (path, contents) in expected {
        let path = goldens().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}

#[test]
fn the_difference_that_is_shown_is_the_first() {
    let shown = head_of_difference("a\nb\nc\nd\n", "a\nb\nc\ne\n");
    assert_eq!(shown, "from line 4:\n      b\n      c\n    - d\n    + e\n");
}

#[test]
fn the_same_spec_gives_the_same_bytes_in_whatever_order_it_is_read() {
    let sources = builtin();
    assert!(made() == all(&sources), "a second run differs");
    for seed in 1..=2 {
        let shuffled = shuffle(sources.clone(), seed);
        assert_ne!(shuffled, sources);
        for (one, other) in made().iter().zip(all(&shuffled)) {
            assert_eq!(one.path, other.path, "order {seed}");
            assert!(
                one.contents == other.contents,
                "order {seed}: {} differs {}",
                one.path,
                head_of_difference(&one.contents, &other.contents)
            );
        }
    }
}

/// Another order, the same in every run.
fn shuffle(mut sources: Vec<Source>, seed: u64) -> Vec<Source> {
    let mut state = seed;
    for at in (1..sources.len()).rev() {
        // The constants of Knuth's generator; the high bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = (state >> 33) as usize % (at + 1);
        sources.swap(at, other);
    }
    sources
}

#[test]
fn outputs_are_portable_text_at_paths_of_their_own() {
    let root = root().canonicalize().unwrap();
    let home = env::var("HOME").unwrap_or_default();
    let mut paths = BTreeSet::new();
    for Output { path, contents } in made() {
        assert!(!path.starts_with('/') && !path.contains("..") && !path.contains('\\'), "{path}");
        assert!(paths.insert(path.to_lowercase()), "{path} is written twice");
        assert!(!contents.contains('\r'), "{path} has a carriage return");
        assert!(contents.ends_with('\n'), "{path} does not end with a line break");
        assert!(!contents.contains(root.to_str().unwrap()), "{path} names this folder");
        assert!(home.len() < 3 || !contents.contains(&format!("{home}/")), "{path} names the home folder");
    }
    let site = paths.iter().any(|path| path.starts_with("site/"));
    assert!(site && paths.contains("c/wsp.h") && paths.contains("rust/spi.rs"), "an emitter is missing");
}
