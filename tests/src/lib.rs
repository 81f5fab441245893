//! Tests that cross crates.

/// The README's provider, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
