//! What a provider does, seen from a host: through the C interface, over the example that is loaded from its library,
//! over the same linked into the test, over shared memory, and over TCP.
//!
//! A scenario is a function that takes a started provider; `over_each!` makes a test of it for each, and for two of them another
//! through the socket calls of a program (`ws2`, see `front`). Scenarios that need the provider to themselves (the last clean-up, other
//! upcalls) are listed as `alone`, those that show what no program sees as `direct`, with the reason. No scenario depends on time:
//! waits are bounded only so that a failure ends.

/// Makes a test of each scenario for each provider.
macro_rules! over_each {
    ($($(#[$about:meta])* $scenario:ident),+ $(,)?) => {
        over_each!(with: $($(#[$about])* $scenario),+);
    };
    (alone: $($(#[$about:meta])* $scenario:ident),+ $(,)?) => {
        mod alone {
            over_each!(tests: alone, super::super, $($scenario),+);
        }
    };
    (direct: $($(#[$about:meta])* $scenario:ident),+ $(,)?) => {
        mod direct {
            over_each!(tests: with, super::super, $($scenario),+);
        }
    };
    (with: $($scenario:ident),+) => {
        mod with {
            over_each!(tests: with, super::super, $($scenario),+);
            over_each!(calls: $($scenario),+);
        }
    };
    (calls: $($scenario:ident),+) => {
        mod ws2 {
            mod loaded {
                $( #[test] fn $scenario() {
                    crate::support::with(crate::support::Source::Ws2, super::super::super::$scenario);
                } )+
            }
            #[cfg(any(target_os = "linux", windows))]
            mod shm {
                $( #[test] fn $scenario() {
                    crate::support::with(crate::support::Source::Ws2Shm, super::super::super::$scenario);
                } )+
            }
        }
    };
    (tests: $how:ident, $module:path, $($scenario:ident),+) => {
        mod loaded {
            $( #[test] fn $scenario() { crate::support::$how(crate::support::Source::Library, super::super::$scenario); } )+
        }
        mod linked {
            $( #[test] fn $scenario() { crate::support::$how(crate::support::Source::Linked, super::super::$scenario); } )+
        }
        #[cfg(any(target_os = "linux", windows))]
        mod shm {
            $( #[test] fn $scenario() { crate::support::$how(crate::support::Source::Shm, super::super::$scenario); } )+
        }
        #[cfg(any(target_os = "linux", windows))]
        mod tcp {
            $( #[test] fn $scenario() { crate::support::$how(crate::support::Source::Tcp, super::super::$scenario); } )+
        }
    };
}

mod accepting;
mod agreement;
mod calls;
mod changes;
mod closing;
mod closing_states;
mod data;
mod descriptors;
mod extensions;
mod faults;
mod front;
mod gates;
mod life;
mod loading;
mod matrix;
mod memory;
mod names;
mod options;
mod overlapped;
mod panics;
mod pending;
mod pointers;
mod readiness;
mod records;
mod refusals;
mod registrations;
mod sharing;
mod startup;
mod states;
mod support;
mod telling;
mod text;
mod to_and_from;
mod upcalls;
#[cfg(windows)]
mod windows;
