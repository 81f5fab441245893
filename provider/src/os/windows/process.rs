//! The machine, as processes see it.

pub use super::tables::addresses;
