//! Compares the declared interface with Windows metadata.
//!
//! Both sides are brought to one normal form ([`facts`]): function signatures as ABI kinds, structures with their layout, constants
//! with their values. The metadata's side is read from `metadata.rs`, which `cargo run -p wsp-abi -- refresh` makes; our side from
//! the model. What differs must be listed, with a reason, in `known_differences.txt`.
//!
//! A second witness are the C headers of mingw-w64: [`headers`] writes assertions in C that a compiler for Windows checks against
//! them. What they have wrong is listed in `known_header_errors.txt`.

pub mod compare;
pub mod declared;
pub mod facts;
pub mod generate;
pub mod headers;
pub mod known;
pub mod layout;
pub mod witness;

#[cfg(test)]
mod small;

use std::fmt;
use std::path::PathBuf;

/// What went wrong, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Path of a file of this crate.
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Reads a file of this crate.
///
/// # Errors
/// The file cannot be read.
pub fn read(file: &str) -> Result<String, Error> {
    let path = path(file);
    std::fs::read_to_string(&path).map_err(|error| Error(format!("cannot read {}: {error}", path.display())))
}
