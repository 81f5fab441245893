//! Memory that peers may access by RDMA, and the moving of it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use wsp::rt::Operation;

#[derive(Clone, Copy)]
struct Memory {
    start: usize,
    length: usize,
    access: u32,
}

static EXPOSED: LazyLock<Mutex<HashMap<u64, Memory>>> = LazyLock::new(Mutex::default);

/// Opens memory.
pub fn expose(key: u64, start: usize, length: usize, access: u32) {
    EXPOSED.lock().unwrap().insert(key, Memory { start, length, access });
}

/// Closes it. `false`: it was not open.
pub fn end(key: u64) -> bool {
    EXPOSED.lock().unwrap().remove(&key).is_some()
}

/// Start and length of open memory, from an offset on.
pub fn target(key: u64, offset: u32, access: u32) -> Option<(usize, usize)> {
    let memory = EXPOSED.lock().unwrap().get(&key).copied().filter(|memory| memory.access & access != 0)?;
    let length = memory.length.checked_sub(offset as usize)?;
    Some((memory.start + offset as usize, length))
}

/// Carries an operation out on another thread, as hardware does; or lets `stall` keep it for ever.
pub fn later<K: Send + 'static>(
    stall: Option<impl FnOnce(Operation)>,
    kept: K,
    operation: Operation,
    bytes: usize,
    work: impl FnOnce() + Send + 'static,
) {
    if let Some(stall) = stall {
        return stall(operation);
    }
    std::thread::spawn(move || {
        work();
        operation.complete(u32::try_from(bytes).unwrap(), 0);
        drop(kept);
    });
}
