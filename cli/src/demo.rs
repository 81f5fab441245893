//! `wsp demo`.

use crate::Failure;

/// What the demo is told.
#[derive(clap::Args)]
pub struct Arguments {}

/// Shows a provider carrying data.
pub fn run(_: &Arguments) -> Result<(), Failure> {
    Err(Failure::new("not yet"))
}
