//! What the runtime knows of a socket that other processes have, too.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How many words all processes see that have one socket.
pub const COMMON: usize = 4;

/// Words that all processes see that have one socket: shared memory, which goes with the last of them. They are the runtime's; no
/// value in them does it harm.
pub trait Common: Any + Debug + Send + Sync {
    /// The words.
    fn words(&self) -> &[AtomicU64; COMMON];
}

/// Words of this process, for a transport that hands over to no other.
#[derive(Debug, Default)]
pub struct LocalCommon([AtomicU64; COMMON]);

impl Common for LocalCommon {
    fn words(&self) -> &[AtomicU64; COMMON] {
        &self.0
    }
}

/// What the runtime knows of a socket, on its way to another process.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Fewer than 100 bytes, to be given to the taker as they are.
    pub bytes: Vec<u8>,
    /// The words of [`Transport::common`](super::Transport::common), which the taker is to get, too.
    pub common: Option<Arc<dyn Common>>,
}
