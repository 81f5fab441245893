//! The host like ws2_32: how it chooses, starts and drives providers, and what it makes of bad ones.
//!
//! Scenarios that any provider serves run over the example (loaded and linked) and over shared memory.

/// Makes a test of each scenario for each provider.
macro_rules! over_each {
    ($($scenario:ident),+ $(,)?) => {
        mod loaded {
            $( #[test] fn $scenario() { crate::support::with(crate::support::Source::Library, super::$scenario); } )+
        }
        mod linked {
            $( #[test] fn $scenario() { crate::support::with(crate::support::Source::Linked, super::$scenario); } )+
        }
        #[cfg(any(target_os = "linux", windows))]
        mod shm {
            $( #[test] fn $scenario() { crate::support::with(crate::support::Source::Shm, super::$scenario); } )+
        }
    };
}

mod blocking;
mod choosing;
mod data;
mod handing_on;
mod nonsense;
mod notifying;
mod starting;
mod support;
