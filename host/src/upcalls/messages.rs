//! Windows, as far as providers need them: queues of messages.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use super::lock;

/// A message that a provider posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub number: u32,
    /// Its first value.
    pub wparam: usize,
    /// Its second value.
    pub lparam: isize,
}

#[derive(Default)]
struct Queue {
    messages: Mutex<VecDeque<Message>>,
    arrived: Condvar,
}

static NEXT: AtomicUsize = AtomicUsize::new(0x1_0002);
static WINDOWS: LazyLock<Mutex<HashMap<usize, Arc<Queue>>>> = LazyLock::new(Mutex::default);

/// A window that messages can be posted to.
pub struct Window {
    handle: usize,
    queue: Arc<Queue>,
}

impl Default for Window {
    fn default() -> Self {
        Self::new()
    }
}

impl Window {
    /// A new window.
    pub fn new() -> Self {
        let handle = NEXT.fetch_add(2, Ordering::Relaxed);
        let queue = Arc::<Queue>::default();
        lock(&WINDOWS).insert(handle, Arc::clone(&queue));
        Self { handle, queue }
    }

    /// Its handle.
    pub fn raw(&self) -> usize {
        self.handle
    }

    /// The next message; waits for it. `None` after `time`.
    pub fn wait(&self, time: Duration) -> Option<Message> {
        let messages = lock(&self.queue.messages);
        let (mut messages, _) = self
            .queue
            .arrived
            .wait_timeout_while(messages, time, |messages| messages.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        messages.pop_front()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        lock(&WINDOWS).remove(&self.handle);
    }
}

/// Posts a message. `false` if there is no such window.
pub(super) fn post(window: usize, message: Message) -> bool {
    let Some(queue) = lock(&WINDOWS).get(&window).cloned() else { return false };
    lock(&queue.messages).push_back(message);
    queue.arrived.notify_one();
    true
}
