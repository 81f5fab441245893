//! The calling thread's last error, which functions without `lpErrno` leave their code in. On Windows it is the system's; elsewhere it
//! is here, and the host exports it.

#[cfg(not(windows))]
mod ours {
    use std::cell::Cell;

    thread_local! {
        static LAST: Cell<i32> = const { Cell::new(0) };
    }

    /// Sets the calling thread's last error.
    #[unsafe(no_mangle)]
    pub extern "system" fn WSASetLastError(code: i32) {
        let _ = LAST.try_with(|last| last.set(code));
    }

    /// The calling thread's last error.
    #[unsafe(no_mangle)]
    pub extern "system" fn WSAGetLastError() -> i32 {
        LAST.try_with(Cell::get).unwrap_or(0)
    }
}

#[cfg(not(windows))]
pub use ours::{WSAGetLastError, WSASetLastError};

/// Sees to it that the exports are linked into every program that starts a provider.
pub(crate) fn keep() {
    #[cfg(not(windows))]
    std::hint::black_box((WSASetLastError as *const (), WSAGetLastError as *const ()));
}
