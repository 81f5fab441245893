//! `wsp docs`.

use std::path::Path;

use wsp_codegen::emit::{Output, docs};
use wsp_codegen::write::write_all;

use crate::text::{BOLD, PLAIN};
use crate::{Failure, print, spec};

/// Writes the reference site.
pub fn run(out: &Path, folder: Option<&Path>) -> Result<(), Failure> {
    let loaded = spec::load(folder)?;
    let outputs: Vec<Output> =
        docs::emit(&loaded.model).into_iter().map(|(path, text)| Output::new(path, text)).collect();
    let written = write_all(out, &outputs).map_err(Failure::new)?;
    print(&format!(
        "{} files ({} changed, {} KiB). Open {BOLD}{}{PLAIN}\n",
        outputs.len(),
        written.changed,
        written.bytes / 1024,
        out.join("index.html").display()
    ))
}
