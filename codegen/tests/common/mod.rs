//! What several tests of the front end need.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

use wsp_codegen::diagnostic::{Diagnostic, Diagnostics};
use wsp_codegen::{Source, load_folder};

/// A folder below this crate's tests.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The sources of a folder below this crate's tests; it must be readable.
pub fn sources(name: &str) -> Vec<Source> {
    let mut diags = Diagnostics::new();
    let mut sources = load_folder(&folder(name), false, &mut diags);
    // What is compared does not depend on where the tree is.
    sources.iter_mut().for_each(|source| source.shown.clone_from(&source.path));
    assert!(diags.is_empty(), "{diags}");
    sources
}

/// The small whole spec.
pub fn tiny() -> Vec<Source> {
    sources("fixtures/tiny")
}

/// The small whole spec with an author's file.
pub fn tiny_with(text: impl Into<Vec<u8>>) -> Vec<Source> {
    let mut sources = tiny();
    sources.push(Source::new("example.yaml", text, true));
    sources
}

/// Every place of a diagnostic must lie in its file, on character boundaries.
pub fn assert_places(diags: &Diagnostics, item: &Diagnostic) {
    let secondary = item.secondary.iter().map(|label| label.span);
    for span in std::iter::once(item.primary.span).chain(secondary) {
        let text = diags.text(span);
        assert!(!diags.path(span).is_empty() || span.end == 0, "{item:?} names no file");
        // A binary or unreadable file is not shown; its diagnostics stand at its beginning.
        let range = span.start as usize..span.end as usize;
        let shown = if text.is_empty() { range == (0..0) } else { text.get(range).is_some() };
        assert!(shown, "{item:?}: the place {span:?} is not in the text of {} bytes", text.len());
    }
}

/// Compares with a golden file; `WSP_BLESS=1` writes it instead.
pub fn assert_golden(path: &Path, actual: &str) {
    if std::env::var_os("WSP_BLESS").is_some() {
        fs::write(path, actual).expect("the golden file can be written");
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(expected == actual, "{} differs (WSP_BLESS=1 accepts):\n{actual}", path.display());
}
