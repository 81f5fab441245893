//! No input makes the front end panic, and every diagnostic has a place that exists: whole specs are damaged byte by byte and
//! key by key, and whatever comes of it is compiled and shown. `WSP_MUTATIONS` says how many specs to damage in each way.

mod common;

use std::sync::LazyLock;

use common::{assert_places, tiny};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wsp_codegen::diagnostic::MOST;
use wsp_codegen::{Source, compile_with_warnings};

static TINY: LazyLock<Vec<Source>> = LazyLock::new(tiny);

/// Pieces that are put where they do not belong.
const PIECES: &[&str] = &[
    "\0",
    "\u{feff}",
    "\t",
    "\r\n",
    "\n",
    "\n\n",
    "---\n",
    "...",
    "%YAML 1.2\n",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "? ",
    "- ",
    ": ",
    "# ",
    "|\n",
    ">-\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "~",
    "null",
    "true",
    "NULL",
    "-1",
    "0x",
    "1e999",
    ".nan",
    "99999999999999999999999999999999999999999",
    "ä",
    "\u{1F600}",
    "refuse",
    "unless",
    "narrow:\n",
    "plain: {}\n",
    "amend: WSPSend\n",
    "function: WSPSend\n",
    "params: []\n",
    "profiles: []\n",
    "errors: {inherit: all}\n",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "{bytes: s}",
    "{constant: -170141183460469231731687303715884105728, violation: WSAEFAULT}",
];

/// One way to damage a text.
#[derive(Debug, Clone)]
enum Damage {
    /// Replaces a byte.
    Byte(usize, u8),
    /// Removes some bytes.
    Cut(usize, usize),
    /// Repeats some bytes.
    Repeat(usize, usize),
    /// Inserts a piece.
    Insert(usize, usize),
    /// Removes a line.
    DropLine(usize),
    /// Repeats a line.
    DoubleLine(usize),
    /// Swaps two lines.
    SwapLines(usize, usize),
    /// Gives a line's key another line's key.
    SwapKeys(usize, usize),
    /// Gives a line's value another line's value.
    SwapValues(usize, usize),
    /// Ends the text.
    End(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0..10_000_usize;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (at.clone(), 1..40_usize).prop_map(|(at, len)| Damage::Cut(at, len)),
        (at.clone(), 1..400_usize).prop_map(|(at, len)| Damage::Repeat(at, len)),
        (at.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        at.clone().prop_map(Damage::DropLine),
        at.clone().prop_map(Damage::DoubleLine),
        (at.clone(), at.clone()).prop_map(|(a, b)| Damage::SwapLines(a, b)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Damage::SwapKeys(a, b)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Damage::SwapValues(a, b)),
        at.prop_map(Damage::End),
    ]
}

fn apply(text: &mut Vec<u8>, damage: &Damage) {
    if text.is_empty() {
        return;
    }
    let at = |n: usize| n % text.len();
    match *damage {
        Damage::Byte(n, byte) => {
            let at = at(n);
            text[at] = byte;
        }
        Damage::Cut(n, len) => {
            let from = at(n);
            text.drain(from..(from + len).min(text.len()));
        }
        Damage::Repeat(n, len) => {
            let from = at(n);
            let piece = text[from..(from + len).min(text.len())].to_vec();
            text.splice(from..from, piece);
        }
        Damage::Insert(n, piece) => {
            let from = at(n);
            text.splice(from..from, PIECES[piece].bytes());
        }
        Damage::End(n) => {
            let end = at(n);
            text.truncate(end);
        }
        Damage::DropLine(n) => lines(text, |lines| {
            lines.remove(n % lines.len());
        }),
        Damage::DoubleLine(n) => lines(text, |lines| {
            let at = n % lines.len();
            lines.insert(at, lines[at].clone());
        }),
        Damage::SwapLines(a, b) => lines(text, |lines| {
            let (a, b) = (a % lines.len(), b % lines.len());
            lines.swap(a, b);
        }),
        Damage::SwapKeys(a, b) => lines(text, |lines| exchange(lines, a, b, true)),
        Damage::SwapValues(a, b) => lines(text, |lines| exchange(lines, a, b, false)),
    }
}

fn lines(text: &mut Vec<u8>, change: impl FnOnce(&mut Vec<String>)) {
    let mut lines: Vec<String> = String::from_utf8_lossy(text).split('\n').map(str::to_owned).collect();
    change(&mut lines);
    *text = lines.join("\n").into_bytes();
}

/// Exchanges what stands before (`keys`) or after the first colon of two lines; the indentation stays.
fn exchange(lines: &mut [String], a: usize, b: usize, keys: bool) {
    let (a, b) = (a % lines.len(), b % lines.len());
    let parts = |line: &str| {
        let (key, value) = line.split_once(':')?;
        let indent = key.len() - key.trim_start_matches([' ', '-', '{']).len();
        Some((key[..indent].to_owned(), key[indent..].to_owned(), value.to_owned()))
    };
    let (Some((a_in, a_key, a_value)), Some((b_in, b_key, b_value))) = (parts(&lines[a]), parts(&lines[b])) else {
        return;
    };
    if keys {
        lines[a] = format!("{a_in}{b_key}:{a_value}");
        lines[b] = format!("{b_in}{a_key}:{b_value}");
    } else {
        lines[a] = format!("{a_in}{a_key}:{b_value}");
        lines[b] = format!("{b_in}{b_key}:{a_value}");
    }
}

/// Compiles and shows in every form; whatever the sources are, there is a model or an error.
fn survive(sources: &[Source]) {
    let (model, diags) = compile_with_warnings(sources);
    assert_eq!(model.is_none(), diags.has_errors(), "{diags}");
    diags.iter().for_each(|item| assert_places(&diags, item));
    assert_eq!(diags.render_short().lines().count(), diags.len(), "{diags}");
    assert!(diags.render(true).len() >= diags.render(false).len());
    assert!(diags.to_json().ends_with("]\n"));
}

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Damage that mostly leaves a file readable, so that the later stages see it.
fn readable_damage() -> impl Strategy<Value = Damage> {
    let at = 0..10_000_usize;
    prop_oneof![
        at.clone().prop_map(Damage::DropLine),
        (at.clone(), at.clone()).prop_map(|(a, b)| Damage::SwapKeys(a, b)),
        (at.clone(), at).prop_map(|(a, b)| Damage::SwapValues(a, b)),
    ]
}

fn run(cases: u32, most: usize, damage: impl Strategy<Value = Damage>) {
    let cases = std::env::var("WSP_MUTATIONS").map_or(cases, |cases| cases.parse().expect("WSP_MUTATIONS is a number"));
    let strategy = prop::collection::vec((0..TINY.len(), damage), 1..=most);
    let outcome = runner(cases).run(&strategy, |damages| {
        let mut sources = TINY.clone();
        for (file, damage) in &damages {
            apply(&mut sources[*file].text, damage);
        }
        survive(&sources);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_little_damage() {
    run(60, 1, damage());
}

#[test]
fn much_damage() {
    run(40, 12, damage());
}

#[test]
fn keys_and_values_that_changed_places() {
    run(80, 2, readable_damage());
}

#[test]
fn files_that_are_missing() {
    for missing in 0..TINY.len() {
        let mut sources = TINY.clone();
        sources.remove(missing);
        survive(&sources);
    }
}

#[test]
fn files_alone_twice_and_as_overlay() {
    for source in TINY.iter() {
        survive(std::slice::from_ref(source));
        let mut twice = TINY.clone();
        twice.push(Source { overlay: true, ..source.clone() });
        survive(&twice);
    }
}

#[test]
fn every_piece_alone_and_at_the_end_of_every_file() {
    for piece in PIECES {
        survive(&[Source::new("piece.yaml", *piece, false)]);
    }
    for (at, piece) in PIECES.iter().enumerate() {
        let mut sources = TINY.clone();
        let file = at % sources.len();
        sources[file].text.extend_from_slice(piece.as_bytes());
        survive(&sources);
    }
}

#[test]
fn nesting_and_length_without_end() {
    let deep = format!("states: {}", "[".repeat(20_000));
    let keys = format!("states: {}", "{a: ".repeat(2_000));
    let blocks: String = (0..80).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let long = format!("states: [{{name: {}, title: A, text: A}}]", "a".repeat(100_000));
    let many = format!("states: [{}]", "a,".repeat(40_000));
    let wide: String = (0..20_000).map(|key| format!("k{key}: 1\n")).collect();
    let wide = format!("{wide}states: []\n");
    for text in [deep, keys, blocks, long, many, wide] {
        survive(&[Source::new("odd.yaml", text, false)]);
    }
}

#[test]
fn only_so_many_are_kept_and_the_rest_is_counted() {
    let (_, diags) =
        compile_with_warnings(&[Source::new("many.yaml", format!("states: [{}]", "aaa,".repeat(2_000)), false)]);
    assert_eq!((diags.len(), diags.dropped()), (MOST, 2_000 - MOST));
    assert!(diags.render(false).contains("1500 more are not shown"), "the summary says so");
    assert!(!diags.render(false).contains("aaa,aaa,aaa"), "a line of 4,000 characters and more is not drawn");
}
