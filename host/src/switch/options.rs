//! What can be chosen.

use std::time::Duration;

use super::credit::FEWEST;

/// How the switch learns that operations have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completion {
    /// By polling only: every operation has the low bit of its event set. Waits burn time or, after a while, nap.
    Polled,
    /// Through `WPUCompleteOverlappedRequest`, after polling for a short time: no operation has the low bit set.
    Notified,
    /// As above for what is waited for, receives and RDMA; sends, whose end is looked for when their memory is needed again, are
    /// polled.
    #[default]
    Adaptive,
}

/// The switch's options.
#[derive(Debug, Clone)]
pub struct SwitchOptions {
    /// How the end of operations is learned.
    pub completion: Completion,
    /// Receives posted on each connection, at least 8.
    pub receives: u16,
    /// Bytes of a message, at least 256. Less if the provider says so (`SO_MAX_MSG_SIZE`).
    pub message_size: u32,
    /// Writes of more bytes go by RDMA. `None`: what the provider says (`SO_RDMA_THRESHOLD_SIZE`), or 64 KiB.
    pub rdma_threshold: Option<u32>,
    /// Bytes of a single RDMA at most. Less if the provider says so (`SO_MAX_RDMA_SIZE`).
    pub rdma_size: u32,
    /// How many bytes of a large write travel with the message that announces it.
    pub first_part: u32,
    /// How long a wait polls before it sleeps.
    pub spin: Duration,
    /// How long a connect may take, and how long the peer may take to negotiate.
    pub patience: Duration,
    /// How long a stream that was dropped may take to deliver what was written.
    pub linger: Duration,
}

impl Default for SwitchOptions {
    fn default() -> Self {
        Self {
            completion: Completion::default(),
            receives: 16,
            message_size: 16 * 1024,
            rdma_threshold: None,
            rdma_size: 4 << 20,
            first_part: 1024,
            spin: Duration::from_micros(50),
            patience: Duration::from_secs(5),
            linger: Duration::from_secs(5),
        }
    }
}

impl SwitchOptions {
    pub(super) fn receives(&self) -> u16 {
        self.receives.max(FEWEST)
    }

    pub(super) fn message_size(&self, provider_limit: Option<u32>) -> u32 {
        // A provider with a limit below 256 cannot even hold a negotiation.
        self.message_size.clamp(256, 1 << 24).min(provider_limit.unwrap_or(u32::MAX).max(256))
    }
}
