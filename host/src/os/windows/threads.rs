//! Threads, the calls that are queued to them, and the waits in which these run.

use std::io;
use std::time::Duration;

use super::Event;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetCurrentProcess() -> usize;
    fn GetCurrentThread() -> usize;
    fn DuplicateHandle(
        from_process: usize,
        handle: usize,
        to_process: usize,
        duplicate: *mut usize,
        access: u32,
        inherit: i32,
        options: u32,
    ) -> i32;
    fn CloseHandle(handle: usize) -> i32;
    fn QueueUserAPC(function: unsafe extern "system" fn(usize), thread: usize, context: usize) -> u32;
    fn SleepEx(milliseconds: u32, alertable: i32) -> u32;
    fn WaitForSingleObjectEx(handle: usize, milliseconds: u32, alertable: i32) -> u32;
}

const DUPLICATE_SAME_ACCESS: u32 = 2;
const WAIT_OBJECT_0: u32 = 0;
const WAIT_IO_COMPLETION: u32 = 0xC0;

/// A handle of a thread.
pub struct ThreadHandle(usize);

impl ThreadHandle {
    /// A new handle of the thread that calls.
    ///
    /// # Errors
    /// The system's, when it has no more handles.
    pub fn of_current() -> io::Result<Self> {
        let mut handle = 0;
        // SAFETY: the pseudo handles of this process and thread, and a place for the new one.
        let done = unsafe {
            let process = GetCurrentProcess();
            DuplicateHandle(process, GetCurrentThread(), process, &raw mut handle, 0, 0, DUPLICATE_SAME_ACCESS)
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }

    /// Its value.
    pub fn raw(&self) -> usize {
        self.0
    }

    /// Its value, which somebody else closes.
    pub fn into_raw(self) -> usize {
        std::mem::ManuallyDrop::new(self).0
    }

    /// The handle of this value.
    ///
    /// # Safety
    /// It is from [`into_raw`](Self::into_raw), and nobody else closes it.
    pub unsafe fn from_raw(value: usize) -> Self {
        Self(value)
    }

    /// Queues a call to the thread. `false` if the thread has ended.
    pub fn queue(&self, function: unsafe extern "system" fn(usize), context: usize) -> bool {
        // SAFETY: an open handle of a thread; what is called, and with what, is the caller's to vouch for.
        unsafe { QueueUserAPC(function, self.0, context) != 0 }
    }
}

impl Drop for ThreadHandle {
    fn drop(&mut self) {
        // SAFETY: an open handle that nobody else closes.
        unsafe { CloseHandle(self.0) };
    }
}

/// What ended an alertable wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alerted {
    /// Calls ran.
    Called,
    /// The event is set.
    Set,
    /// Neither happened in time.
    Timeout,
}

/// Sleeps until calls queued to this thread have run, or the time is over.
pub fn sleep_alertable(time: Duration) -> Alerted {
    // SAFETY: the host holds no lock when it waits, so what runs may call anything.
    if unsafe { SleepEx(super::milliseconds(time), 1) } == WAIT_IO_COMPLETION {
        Alerted::Called
    } else {
        Alerted::Timeout
    }
}

impl Event {
    /// Waits until it is set or calls queued to this thread have run.
    pub fn wait_alertable(&self, time: Duration) -> Alerted {
        // SAFETY: an open event; the host holds no lock when it waits, so what runs may call anything.
        match unsafe { WaitForSingleObjectEx(self.raw(), super::milliseconds(time), 1) } {
            WAIT_OBJECT_0 => Alerted::Set,
            WAIT_IO_COMPLETION => Alerted::Called,
            _ => Alerted::Timeout,
        }
    }
}
