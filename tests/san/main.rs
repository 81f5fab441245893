//! What a provider for a system area network does, seen from the switch's side: through `WSPStartupEx` and its table, over every
//! transport, linked into the test and loaded from its library.
//!
//! A scenario is a function that takes a started provider; `over_all!` makes a test of it for each. No scenario depends on time:
//! waits are bounded only so that a failure ends.

/// Makes a test of each scenario for each provider.
macro_rules! over_all {
    ($($scenario:ident),+ $(,)?) => {
        over_all!(each: with, $($scenario),+);
    };
    (alone: $($scenario:ident),+ $(,)?) => {
        mod alone {
            use super::*;
            over_all!(each: alone, $($scenario),+);
        }
    };
    (each: $how:ident, $($scenario:ident),+) => {
        over_all!(of: loopback, Loopback, $how, $($scenario),+);
        over_all!(of: loopback_library, LoopbackLibrary, $how, $($scenario),+);
        #[cfg(any(target_os = "linux", windows))]
        over_all!(of: shm, Shm, $how, $($scenario),+);
        #[cfg(any(target_os = "linux", windows))]
        over_all!(of: tcp, Tcp, $how, $($scenario),+);
    };
    (of: $module:ident, $source:ident, $how:ident, $($scenario:ident),+) => {
        mod $module {
            $( #[test] fn $scenario() { crate::support::$how(crate::support::Source::$source, super::$scenario); } )+
        }
    };
}

mod caching;
mod closing_states;
mod connecting;
mod ending;
mod matrix;
mod memory;
mod messages;
mod results;
mod rules;
mod sharing;
mod support;
