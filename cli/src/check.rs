//! `wsp check`.

use std::path::Path;

use crate::generate::summary;
use crate::text::{GREEN, PLAIN};
use crate::{Failure, Format, print, spec};

/// Checks a spec; prints the diagnostics, or what the spec holds and how far its rules are covered.
pub fn run(folder: Option<&Path>, format: Format) -> Result<(), Failure> {
    let read = spec::read(folder);
    if format == Format::Json {
        let (text, good) = match &read {
            Ok(loaded) => (loaded.warnings.to_json(), true),
            Err(diagnostics) => (diagnostics.to_json(), false),
        };
        print(&text)?;
        return if good { Ok(()) } else { Err(Failure::Said) };
    }
    let loaded = read.map_err(|diagnostics| {
        anstream::eprintln!("{}", diagnostics.render(true));
        Failure::Said
    })?;
    if !loaded.warnings.is_empty() {
        anstream::eprintln!("{}", loaded.warnings.render(true));
    }
    let mut text = summary(&loaded.model.profiles);
    text.push_str(&format!("\n{GREEN}The spec is in order{PLAIN}: {} files.\n", loaded.files));
    print(&text)
}
