//! `wsp check`.

use std::path::Path;

use wsp_codegen::coverage::coverage;
use wsp_codegen::model::Model;

use crate::explain::class;
use crate::generate::summary;
use crate::text::{GREEN, PLAIN, Table};
use crate::{Failure, Format, note, print, spec};

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
        note(diagnostics.render(true));
        Failure::Said
    })?;
    if !loaded.warnings.is_empty() {
        note(loaded.warnings.render(true));
    }
    let mut text = summary(&loaded.model.profiles);
    text.push('\n');
    text.push_str(&covered(&loaded.model));
    text.push_str(&format!("\n{GREEN}The spec is in order{PLAIN}: {} files.\n", loaded.files));
    print(&text)
}

/// How many rules of each class something that runs shows.
fn covered(model: &Model) -> String {
    let mut table = Table::new(&["profile", "class of rules", ">rules", ">covered", ">planned"]);
    for profile in coverage(model).profiles {
        for count in profile.classes {
            table.row([
                profile.profile.clone(),
                class(count.class).to_owned(),
                count.total.to_string(),
                count.covered.to_string(),
                count.planned.to_string(),
            ]);
        }
    }
    table.text()
}
