//! One side of a connection: what has arrived, and who waits for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use wsp::rt::Operation;
use wsp::san::error;

use crate::memory::lock;

/// One side of a connection.
#[derive(Default)]
pub struct Side {
    pub inner: Mutex<Inner>,
    pub peer: Mutex<Option<Arc<Side>>>,
}

#[derive(Default)]
pub struct Inner {
    pub arrived: VecDeque<Vec<u8>>,
    pub posted: VecDeque<(Operation, Vec<(usize, usize)>)>,
    pub ended: bool,
    pub received: usize,
    /// Operations that are being carried out: a close waits for their end.
    pub busy: usize,
    /// Operations that never end, until the close.
    pub stalled: Vec<Operation>,
}

impl Side {
    /// Completes what can be completed. No lock is held across the upcalls.
    pub fn settle(&self) {
        loop {
            let mut inner = lock(&self.inner);
            if inner.posted.is_empty() || inner.arrived.is_empty() {
                return;
            }
            let (Some((operation, buffers)), Some(message)) = (inner.posted.pop_front(), inner.arrived.pop_front())
            else {
                return;
            };
            inner.received += 1;
            inner.busy += 1;
            drop(inner);
            let _busy = Busy(self);
            let mut rest = &message[..];
            for (start, length) in buffers {
                let (part, left) = rest.split_at(rest.len().min(length));
                // SAFETY: a posted buffer of the caller's, good until the operation has ended.
                unsafe { std::ptr::copy_nonoverlapping(part.as_ptr(), start as *mut u8, part.len()) };
                rest = left;
            }
            assert!(rest.is_empty(), "a message larger than the receive");
            operation.complete(u32::try_from(message.len()).unwrap(), 0);
        }
    }

    pub fn end(&self) {
        let (posted, stalled) = {
            let mut inner = lock(&self.inner);
            inner.ended = true;
            inner.busy += 1;
            (std::mem::take(&mut inner.posted), std::mem::take(&mut inner.stalled))
        };
        for (operation, _) in posted {
            operation.fail(error::RecvError::ConnReset);
        }
        for operation in stalled {
            operation.fail(error::RecvError::OperationAborted);
        }
        drop(Busy(self));
        while lock(&self.inner).busy > 0 {
            std::thread::yield_now();
        }
    }

    /// From now on a close waits, until the value is dropped.
    pub fn busy(self: Arc<Self>) -> Busy<Arc<Self>> {
        lock(&self.inner).busy += 1;
        Busy(self)
    }
}

pub struct Busy<S: std::ops::Deref<Target = Side>>(S);

impl<S: std::ops::Deref<Target = Side>> Drop for Busy<S> {
    fn drop(&mut self) {
        lock(&self.0.inner).busy -= 1;
    }
}
