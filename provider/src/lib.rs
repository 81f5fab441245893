//! Transports, and the providers that the runtime makes of them.
//!
//! - [`Loopback`]: connections inside this process. The example to copy.
//! - [`shm`]: connections between the processes of a machine.
//! - [`tcp`]: connections between machines.

#[cfg(any(target_os = "linux", windows))]
mod bytes;
#[cfg(any(target_os = "linux", windows))]
mod claims;
#[cfg(any(target_os = "linux", windows))]
mod common;
#[cfg(any(target_os = "linux", windows))]
mod helper;
mod loopback;
#[cfg(any(target_os = "linux", windows))]
mod moves;
#[cfg(any(target_os = "linux", windows))]
mod os;
#[cfg(any(target_os = "linux", windows))]
mod place;
#[cfg(any(target_os = "linux", windows))]
pub mod shm;
#[cfg(any(target_os = "linux", windows))]
pub mod tcp;

pub use loopback::Loopback;
