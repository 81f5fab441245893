//! What the programs of this crate share: the library under measurement and the calls that are measured.

pub mod calls;
pub mod library;
pub mod variant;
