//! A record of every call: function, socket, code, time.
//!
//! Start a host with the environment variable [`VARIABLE`] naming a folder, and each library with a provider in it writes its calls
//! into a file of its own there, `PROCESS-NUMBER.wsptrace`. The file is mapped memory: what was recorded stays, however the process
//! ends, and is read afterwards with [`read`] or `wsp trace`. Release builds record as well as any.
//!
//! Whether calls are recorded is decided once, at the first start-up: a provider that is traced gets another function table. One that
//! is not pays nothing. Each thread has a ring of its own in the file and writes it with plain stores.

mod file;
mod map;
mod read;
mod ring;

use std::sync::OnceLock;
use std::time::Instant;

use super::addr;
pub use read::{Problem, Record, Trace, read};
use ring::Rings;

/// The environment variable that names the folder to record into.
pub const VARIABLE: &str = "WSP_TRACE";

/// The rings of this library, if it is traced.
fn rings() -> Option<&'static Rings> {
    static RINGS: OnceLock<Option<Rings>> = OnceLock::new();
    RINGS
        .get_or_init(|| file::create(std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty())?.as_ref()))
        .as_ref()
}

/// Are calls recorded? Asked first, it decides that.
pub fn is_on() -> bool {
    rings().is_some()
}

/// A call that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    function: &'static str,
    begun: Option<Instant>,
}

impl Call {
    /// A call of this function begins (`winsock.WSPSend`).
    pub fn begin(function: &'static str) -> Self {
        Self { function, begun: is_on().then(Instant::now) }
    }

    /// It has ended so.
    pub fn end(self, socket: usize, code: i32) {
        if let (Some(rings), Some(begun)) = (rings(), self.begun) {
            rings.record(self.function, begun, socket, code);
        }
    }
}

/// The code that a failed call stored; 0 where it could store none.
///
/// # Safety
/// If `errno` lies in user space, the call that has just failed has written to it.
pub unsafe fn told(errno: *mut i32) -> i32 {
    if !addr::fits(addr::span(errno as usize)) {
        return 0;
    }
    // SAFETY: NULL and what lies outside user space is sorted out; the rest is the caller's contract.
    unsafe { errno.read_unaligned() }
}
