//! Write a Winsock service provider in safe Rust.
