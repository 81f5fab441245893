//! Write a Winsock service provider in safe Rust.
//!
//! A provider implements the trait of a profile, [`winsock::Provider`] or [`san::Provider`], and puts
//! [`#[wsp::provider]`](provider) on it. The trait, its argument types and error enums, the checks before each call, the C
//! entry points and the [`upcall`]s are generated from one spec; the handwritten floor under them is in [`rt`].

// Generated code names this crate from outside, as an author's own generated modules do.
extern crate self as wsp;

pub mod handles;
mod settled;
// Loom's tables cannot stand in statics, so its models are of the tables alone.
#[cfg(not(loom))]
pub mod engine;
#[cfg(not(loom))]
pub mod rt;
#[cfg(not(loom))]
pub mod transport;
/// Of the engine, what models are made of.
#[cfg(loom)]
pub mod engine {
    mod upcalling;
    pub use upcalling::{Inside, Upcalling};
}
/// Of a transport, what models are made of.
#[cfg(loom)]
pub mod transport {
    mod bell;
    pub use bell::{Bell, LocalBell};
}

pub use wsp_macros::provider;

#[cfg(not(loom))]
include!(concat!(env!("OUT_DIR"), "/spi.rs"));

/// Exports the start-up function of a provider from this library: `wsp::export!(Echo, winsock);`.
///
/// The second argument is the profile: `winsock` exports `WSPStartup`, `san` exports `WSPStartupEx`. The provider must have
/// [`#[wsp::provider]`](provider) on its implementation for that profile, which writes this line itself unless it is told
/// `export = false`.
#[macro_export]
macro_rules! export {
    ($provider:ty, winsock) => {
        /// The entry point that ws2_32 calls.
        ///
        /// # Safety
        /// To be called by a host only, with what the interface asks for.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn WSPStartup(
            version: u16,
            data: $crate::ffi::LPWSPDATA,
            info: $crate::ffi::LPWSAPROTOCOL_INFOW,
            upcalls: $crate::ffi::WSPUPCALLTABLE,
            table: $crate::ffi::LPWSPPROC_TABLE,
        ) -> i32 {
            const STARTUP: $crate::ffi::LPWSPSTARTUP =
                <$provider as $crate::rt::Startable<$crate::ffi::LPWSPSTARTUP>>::STARTUP;
            match STARTUP {
                // SAFETY: the host's contract, passed on.
                Some(startup) => unsafe { startup(version, data, info, upcalls, table) },
                None => $crate::code::WSASYSNOTREADY,
            }
        }
    };
    ($provider:ty, san) => {
        /// The entry point that the Windows Sockets switch calls.
        ///
        /// # Safety
        /// To be called by a host only, with what the interface asks for.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn WSPStartupEx(
            version: u16,
            data: $crate::ffi::LPWSPDATA,
            info: $crate::ffi::LPWSAPROTOCOL_INFOW,
            upcalls: $crate::ffi::LPWSPUPCALLTABLEEX,
            table: $crate::ffi::LPWSPPROC_TABLE,
        ) -> i32 {
            const STARTUP: $crate::ffi::LPWSPSTARTUPEX =
                <$provider as $crate::rt::Startable<$crate::ffi::LPWSPSTARTUPEX>>::STARTUP;
            match STARTUP {
                // SAFETY: the host's contract, passed on.
                Some(startup) => unsafe { startup(version, data, info, upcalls, table) },
                None => $crate::code::WSASYSNOTREADY,
            }
        }
    };
    ($provider:ty, $profile:ident) => {
        ::core::compile_error!(concat!(
            "no profile is called `",
            stringify!($profile),
            "`; there are `winsock` and `san`"
        ));
    };
}
