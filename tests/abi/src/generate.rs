//! Makes `metadata.rs` from the metadata that comes with windows-bindgen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Error, read};

/// The committed output.
pub const METADATA: &str = "metadata.rs";
/// What the output holds.
pub const FILTER: &str = "filter.txt";

const HEADER: &str = "// Windows metadata, as windows-bindgen 0.66.0 gives it. Made by `cargo run -p wsp-abi -- refresh`; edit filter.txt instead.\n\n";

/// Options before the filters. windows-bindgen formats with whatever rustfmt it finds; an option that rustfmt refuses leaves the
/// output raw, so that it is the same with and without one.
const OPTIONS: [&str; 11] = [
    "--in",
    "default",
    "--sys",
    "--sys-fn-extern",
    "--flat",
    "--no-deps",
    "--no-allow",
    "--no-comment",
    "--rustfmt",
    "none",
    "--out",
];

/// The text of `metadata.rs`, made anew.
///
/// # Errors
/// The filter cannot be read or names something that the metadata lacks; the output is not Rust.
pub fn metadata() -> Result<String, Error> {
    let filters = filters(&read(FILTER)?)?;
    let file = parse(&bindgen(&filters)?)?;
    Ok(format!("{HEADER}{}", prettyplease::unparse(&file)))
}

/// Names of all that the metadata has in the filter's namespaces, to tell what is absent from what the filter leaves out.
///
/// # Errors
/// The filter cannot be read or names a namespace that the metadata lacks.
pub fn everything() -> Result<BTreeSet<String>, Error> {
    let filters = filters(&read(FILTER)?)?;
    let namespaces: BTreeSet<&str> =
        filters.iter().filter_map(|filter| filter.rsplit_once('.')).map(|(namespace, _)| namespace).collect();
    let text = bindgen(&namespaces.into_iter().map(str::to_owned).collect::<Vec<_>>())?;
    Ok(names(&text))
}

/// The words after the keywords that introduce a name; raw output has blanks between its tokens.
fn names(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let introduced = words.windows(2).filter(|pair| matches!(pair[0], "const" | "fn" | "struct" | "type" | "union"));
    introduced.map(|pair| pair[1].to_owned()).collect()
}

/// One filter per line; a line that ends with a dot names the namespace of the lines after it.
fn filters(text: &str) -> Result<Vec<String>, Error> {
    let mut namespace = "";
    let mut filters = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.ends_with('.') {
            namespace = line;
        } else if namespace.is_empty() {
            return Err(Error(format!("{FILTER}: `{line}` stands before any namespace")));
        } else {
            filters.push(format!("{namespace}{line}"));
        }
    }
    Ok(filters)
}

fn bindgen(filters: &[String]) -> Result<String, Error> {
    let out = Scratch::new();
    let path = out.0.to_str().ok_or_else(|| Error(format!("{} is not UTF-8", out.0.display())))?;
    let arguments: Vec<&str> =
        OPTIONS.into_iter().chain([path, "--filter"]).chain(filters.iter().map(String::as_str)).collect();
    // Its warnings hold nothing but the refused formatting, and what is missing shows in the comparison.
    let outcome = std::panic::catch_unwind(|| drop(windows_bindgen::bindgen(arguments)));
    outcome.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Error(format!("windows-bindgen stopped: {}; see {FILTER}", said.unwrap_or("it gave no reason")))
    })?;
    std::fs::read_to_string(&out.0).map_err(|error| Error(format!("windows-bindgen wrote nothing: {error}")))
}

fn parse(text: &str) -> Result<syn::File, Error> {
    syn::parse_file(text).map_err(|error| Error(format!("windows-bindgen's output is not Rust: {error}")))
}

/// A file that goes away with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("wsp-abi-{}-{}.rs", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Already gone when bindgen stopped before it wrote.
        let _ = std::fs::remove_file(&self.0 as &Path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_stand_below_a_namespace() {
        let text = "# comment\n\nA.B.\nX*\nY\nC.\nZ\n";
        assert_eq!(filters(text).unwrap(), ["A.B.X*", "A.B.Y", "C.Z"]);
        assert!(filters("X\n").unwrap_err().0.contains("before any namespace"));
    }

    #[test]
    fn names_follow_keywords() {
        let text = "pub type A = i32 ; pub const B : A = 1i32 ; unsafe extern \"system\" { pub fn C ( d : A ) ; } pub union E { }";
        assert!(names(text).iter().eq(["A", "B", "C", "E"]));
    }

    #[test]
    fn what_the_metadata_lacks_is_named() {
        let error = bindgen(&["Windows.Win32.Networking.WinSock.WSPNoSuchThing".to_owned()]).unwrap_err();
        assert!(error.0.contains("WSPNoSuchThing"), "{error}");
    }
}
