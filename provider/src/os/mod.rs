//! What the transports need of the operating system. Each system is a folder of files with the same names and the same items;
//! what these are told and answer is in [`common`].
//!
//! - `memory`: memory that can be passed to other processes and mapped by them
//! - `sync`: sleeping on a word of such memory, the barrier for one side of an uneven race
//! - `names`: names that processes take
//! - `socket`: names that processes find each other by, frames that carry descriptors
//! - `poll`: waiting for many local sockets
//! - `net`: TCP sockets, `sources`: how mio waits for them, `pieces`: memory in the form that system calls take
//! - `process`: copying from and to another process's memory, who is alive, which addresses are ours

pub mod common;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(windows)]
pub use windows::*;

#[cfg(test)]
mod tests;
