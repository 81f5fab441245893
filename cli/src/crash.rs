//! Crashes of somebody's library, in a process that is there to try it.

/// A crash ends the process at once instead of asking somebody who is not there.
#[cfg(windows)]
pub fn quietly() {
    const FAIL_CRITICAL_ERRORS: u32 = 0x1;
    const NO_FAULT_BOX: u32 = 0x2;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn SetErrorMode(mode: u32) -> u32;
    }
    // SAFETY: it sets a flag of this process, whatever the flag was.
    unsafe { SetErrorMode(FAIL_CRITICAL_ERRORS | NO_FAULT_BOX) };
}

#[cfg(not(windows))]
pub fn quietly() {}
