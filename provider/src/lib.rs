//! Transports, and the providers that the runtime makes of them.
//!
//! - [`Loopback`]: connections inside this process. The example to copy.
//! - [`shm`]: connections between the processes of a machine.
//! - [`tcp`]: connections between machines.

#[cfg(target_os = "linux")]
mod bytes;
#[cfg(target_os = "linux")]
mod claims;
#[cfg(target_os = "linux")]
mod helper;
mod loopback;
#[cfg(target_os = "linux")]
mod moves;
#[cfg(target_os = "linux")]
mod os;
#[cfg(target_os = "linux")]
pub mod shm;
#[cfg(target_os = "linux")]
pub mod tcp;

pub use loopback::Loopback;
