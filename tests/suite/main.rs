//! What a provider does, seen from a host: through the C interface, over the provider that is loaded from its library and
//! over the same provider linked into the test.
//!
//! A scenario is a function that takes a started provider; `over_both!` makes two tests of it. Scenarios that need the provider
//! to themselves (the last clean-up, other upcalls) are listed as `alone`. No scenario depends on time: waits are bounded only
//! so that a failure ends.

/// Makes two tests of each scenario.
macro_rules! over_both {
    ($($(#[$about:meta])* $scenario:ident),+ $(,)?) => {
        over_both!(with: $($(#[$about])* $scenario),+);
    };
    (alone: $($(#[$about:meta])* $scenario:ident),+ $(,)?) => {
        mod alone {
            over_both!(tests: alone, super::super, $($scenario),+);
        }
    };
    (with: $($scenario:ident),+) => {
        mod with {
            over_both!(tests: with, super::super, $($scenario),+);
        }
    };
    (tests: $how:ident, $module:path, $($scenario:ident),+) => {
        mod loaded {
            $( #[test] fn $scenario() { crate::support::$how(crate::support::Source::Library, super::super::$scenario); } )+
        }
        mod linked {
            $( #[test] fn $scenario() { crate::support::$how(crate::support::Source::Linked, super::super::$scenario); } )+
        }
    };
}

mod accepting;
mod calls;
mod closing;
mod data;
mod descriptors;
mod life;
mod loading;
mod memory;
mod names;
mod options;
mod overlapped;
mod panics;
mod pending;
mod pointers;
mod readiness;
mod startup;
mod support;
mod upcalls;
