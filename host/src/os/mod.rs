//! What differs between systems: loading libraries, event objects; on Windows also threads and completion ports.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{Event, Library, reset_raw, set_raw, subnet_bits, wait_any};
#[cfg(windows)]
pub use windows::{
    Alerted, Event, Library, PacketQueue, ThreadHandle, reset_raw, set_raw, sleep_alertable, subnet_bits, wait_any,
};

/// The name of the file that a Rust library called `name` is built into.
pub fn file_name(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// The variable in which cargo hands a program the folders of its libraries.
pub const SEARCH_PATH: &str = if cfg!(windows) {
    "PATH"
} else if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};
