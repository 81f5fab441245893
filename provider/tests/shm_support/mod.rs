//! What the tests of the shared-memory transport have in common.
#![allow(dead_code, reason = "every test file uses its part of it")]

#[path = "../support/mod.rs"]
mod support;

pub use support::*;
use wsp::transport::Mode;
use wsp_provider::shm::{SINGLE_COPY, Settings, Shm};

pub const DOUBLE: Settings = Settings { single_copy: false };
pub const SINGLE: Settings = Settings { single_copy: true };

pub fn shm(settings: Settings) -> Shm {
    Shm::new(settings).expect("the transport starts")
}

pub fn pair(mode: Mode, settings: Settings) -> Pair<Shm> {
    pair_of(shm(settings), shm(settings), mode)
}

pub fn start(role: &str, settings: Settings) -> Other {
    Other::start_with(role, &[(SINGLE_COPY, if settings.single_copy { "on" } else { "off" })])
}
