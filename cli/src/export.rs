//! `wsp export`.

use std::path::Path;

use wsp_codegen::emit::export;

use crate::{Failure, print, spec};

/// Prints the interface as JSON.
pub fn run(folder: Option<&Path>) -> Result<(), Failure> {
    let loaded = spec::load(folder)?;
    print(&export::emit(&loaded.model))
}
