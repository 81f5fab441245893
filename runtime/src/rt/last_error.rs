//! The calling thread's last error: how functions without `lpErrno` tell why they fail.
//!
//! On Windows it belongs to the system; elsewhere the host exports `WSASetLastError` and `WSAGetLastError`. Where it does not, the code
//! is kept here, and only those find it who are linked with this very crate.

/// Turns the outcome into what C gets: the value, or the failure value with the code as the thread's last error.
#[inline]
pub fn lower_last<R>(outcome: Result<R, i32>, failure: R) -> R {
    outcome.unwrap_or_else(|code| {
        if code != 0 {
            set_last_error(code);
        }
        failure
    })
}

/// Sets the calling thread's last error.
#[cold]
pub fn set_last_error(code: i32) {
    os::set(code);
}

/// The calling thread's last error.
pub fn last_error() -> i32 {
    os::get()
}

#[cfg(not(windows))]
mod os {
    use std::cell::Cell;
    use std::sync::OnceLock;

    use crate::rt::host_export;

    type Set = unsafe extern "system" fn(i32);
    type Get = unsafe extern "system" fn() -> i32;

    thread_local! {
        /// In place of a host's.
        static LAST: Cell<i32> = const { Cell::new(0) };
    }

    fn host() -> Option<(Set, Get)> {
        static FUNCTIONS: OnceLock<Option<(Set, Get)>> = OnceLock::new();
        *FUNCTIONS.get_or_init(|| {
            let (set, get) = (host_export(b"WSASetLastError\0"), host_export(b"WSAGetLastError\0"));
            if set == 0 || get == 0 {
                return None;
            }
            // SAFETY: exports of these names are functions of these types.
            Some(unsafe { (core::mem::transmute::<usize, Set>(set), core::mem::transmute::<usize, Get>(get)) })
        })
    }

    pub fn set(code: i32) {
        match host() {
            // SAFETY: it takes any number.
            Some((set, _)) => unsafe { set(code) },
            None => {
                let _ = LAST.try_with(|last| last.set(code));
            }
        }
    }

    pub fn get() -> i32 {
        match host() {
            // SAFETY: it only reads.
            Some((_, get)) => unsafe { get() },
            None => LAST.try_with(Cell::get).unwrap_or(0),
        }
    }
}

#[cfg(windows)]
mod os {
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn SetLastError(code: u32);
        fn GetLastError() -> u32;
    }

    pub fn set(code: i32) {
        // SAFETY: takes any number.
        unsafe { SetLastError(code.cast_unsigned()) };
    }

    pub fn get() -> i32 {
        // SAFETY: only reads.
        unsafe { GetLastError() }.cast_signed()
    }
}
