//! Write a Winsock service provider in safe Rust.

pub mod handles;
