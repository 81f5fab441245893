//! Tests that cross crates.
//!
//! The programs of this package are hosts and export what hosts do (see `host/build.rs`), so each must have it: for Windows a program
//! is not linked otherwise. One that refers to nothing of the host's says `use wsp_tests as _;`.

pub mod refusing;
pub mod requirements;

use wsp::ffi;

#[used]
static EXPORTED: unsafe extern "system" fn(ffi::SOCKET, ffi::LPWSAOVERLAPPED, u32, u32, ffi::LPINT) -> i32 =
    wsp_host::WPUCompleteOverlappedRequest;

/// The README's provider, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
