//! The `wsp` command.
fn main() {}
