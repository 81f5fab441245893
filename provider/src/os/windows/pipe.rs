//! Pipes that carry messages, and never let anybody wait.

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_BAD_PIPE, ERROR_FILE_NOT_FOUND, ERROR_IO_PENDING, ERROR_MORE_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_BUSY,
    ERROR_PIPE_LISTENING, GENERIC_READ, GENERIC_WRITE, HANDLE, WAIT_OBJECT_0,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING, PIPE_ACCESS_DUPLEX, ReadFile,
    SECURITY_SQOS_PRESENT, WriteFile,
};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::{
    ConnectNamedPipe, CreateNamedPipeW, GetNamedPipeClientProcessId, GetNamedPipeInfo, GetNamedPipeServerProcessId,
    PIPE_READMODE_MESSAGE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_SERVER_END, PIPE_TYPE_MESSAGE, PIPE_UNLIMITED_INSTANCES,
    PeekNamedPipe, SetNamedPipeHandleState,
};
use windows_sys::Win32::System::Threading::{CreateEventW, WaitForSingleObject};
use wsp::transport::Fault;

use super::poll::{Begun, Notice};
use super::{fault, last, last_code, made, milliseconds, security, wide};

/// How much can wait in a pipe in each direction. It takes no memory until it does.
const ROOM: u32 = 128 * 1024;

/// One end of a pipe.
#[derive(Debug)]
pub struct Pipe {
    handle: OwnedHandle,
    /// The event of what is done at once, held while it is done. Many pipes never need one.
    at_once: Mutex<Option<OwnedHandle>>,
    notice: Arc<Notice>,
}

/// What there is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// A message of so many bytes.
    Message(usize),
    /// Nothing.
    Nothing,
    /// Nothing, and nobody is at the other end yet.
    Nobody,
    /// Nothing, and nobody is at the other end any more.
    Gone,
}

/// The name of a pipe as the system has it.
fn path(name: &str) -> Vec<u16> {
    wide(&format!(r"\\.\pipe\{}", name.replace('/', "!")))
}

impl Pipe {
    /// Over one end.
    pub fn over(handle: OwnedHandle) -> Self {
        Self { handle, at_once: Mutex::default(), notice: Arc::default() }
    }

    /// The end that serves a name, which waits for somebody to open the other one. Others may do so, too, unless `first`.
    pub fn serve(name: &str, first: bool) -> Result<Self, Fault> {
        let (path, attributes) = (path(name), security::attributes()?);
        let access = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | if first { FILE_FLAG_FIRST_PIPE_INSTANCE } else { 0 };
        let mode = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS;
        let count = if first { 1 } else { PIPE_UNLIMITED_INSTANCES };
        // SAFETY: the path ends with a zero, the attributes are a local; the handle is new.
        let pipe =
            unsafe { made(CreateNamedPipeW(path.as_ptr(), access, mode, count, ROOM, ROOM, 0, &raw const attributes)) };
        pipe.map(Self::over)
    }

    /// The end that opens a name; `None` if nobody serves it.
    ///
    /// # Errors
    /// [`Fault::Refused`] if all ends that serve it are taken.
    pub fn open(name: &str) -> Result<Option<Self>, Fault> {
        let path = path(name);
        // Who serves it cannot act as this process's user: of what may be asked for, nothing is.
        let flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT;
        let access = GENERIC_READ | GENERIC_WRITE;
        // SAFETY: the path ends with a zero; the handle is new.
        let opened =
            unsafe { made(CreateFileW(path.as_ptr(), access, 0, ptr::null(), OPEN_EXISTING, flags, ptr::null_mut())) };
        let pipe = match (opened, last_code()) {
            (Ok(handle), _) => Self::over(handle),
            (Err(_), ERROR_FILE_NOT_FOUND) => return Ok(None),
            (Err(_), ERROR_PIPE_BUSY) => return Err(Fault::Refused),
            (Err(fault), _) => return Err(fault),
        };
        let mode = PIPE_READMODE_MESSAGE;
        // SAFETY: a handle of our own, and a local.
        let set = unsafe { SetNamedPipeHandleState(pipe.raw(), &raw const mode, ptr::null(), ptr::null()) };
        if set == 0 { Err(last()) } else { Ok(Some(pipe)) }
    }

    fn raw(&self) -> HANDLE {
        self.handle.as_raw_handle()
    }

    /// The handle.
    pub fn handle(&self) -> &OwnedHandle {
        &self.handle
    }

    /// How it is watched.
    pub fn notice(&self) -> &Arc<Notice> {
        &self.notice
    }

    /// Begins and finishes something with the event.
    fn with_event<R>(&self, body: impl FnOnce(&OwnedHandle) -> R) -> io::Result<R> {
        let mut event = self.at_once.lock().unwrap_or_else(PoisonError::into_inner);
        if event.is_none() {
            // SAFETY: no pointers to memory are passed.
            let new = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
            if new.is_null() {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: a new handle, ours alone.
            *event = Some(unsafe { OwnedHandle::from_raw_handle(new) });
        }
        event.as_ref().map(body).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Is this the end that serves the name?
    pub fn serves(&self) -> Result<bool, Fault> {
        let mut flags = 0;
        // SAFETY: a handle of our own, and a local.
        let got =
            unsafe { GetNamedPipeInfo(self.raw(), &raw mut flags, ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) };
        if got == 0 { Err(last()) } else { Ok(flags & PIPE_SERVER_END != 0) }
    }

    /// The process that made the other end.
    pub fn other_process(&self) -> Result<u32, Fault> {
        let mut process = 0;
        let serves = self.serves()?;
        // SAFETY: a handle of our own, and a local.
        let got = unsafe {
            if serves {
                GetNamedPipeClientProcessId(self.raw(), &raw mut process)
            } else {
                GetNamedPipeServerProcessId(self.raw(), &raw mut process)
            }
        };
        if got == 0 { Err(last()) } else { Ok(process) }
    }

    /// Looks at what there is.
    pub fn front(&self) -> Front {
        let (mut all, mut message) = (0, 0);
        // SAFETY: a handle of our own, and two locals; nothing is read.
        let there =
            unsafe { PeekNamedPipe(self.raw(), ptr::null_mut(), 0, ptr::null_mut(), &raw mut all, &raw mut message) };
        match (there, last_code()) {
            (0, ERROR_BAD_PIPE | ERROR_PIPE_LISTENING) => Front::Nobody,
            (0, _) => Front::Gone,
            _ if all == 0 => Front::Nothing,
            _ => Front::Message(message as usize),
        }
    }

    /// Reads a message whose size is known.
    pub fn read(&self, length: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; length];
        // SAFETY: the buffer is of the size stated and stays until the operation has ended (`at_once`).
        let read = self.at_once(|overlapped| unsafe {
            ReadFile(self.raw(), bytes.as_mut_ptr(), length as u32, ptr::null_mut(), overlapped)
        });
        match read.map_err(fault)? {
            Some(count) if count == length => Ok(bytes),
            _ => Err(Fault::Reset),
        }
    }

    /// Writes a message. Returns whether there was room.
    pub fn write(&self, bytes: &[u8]) -> Result<bool, Fault> {
        let length = u32::try_from(bytes.len()).map_err(|_| Fault::NoBuffers)?;
        // SAFETY: the buffer is of the size stated and stays until the operation has ended (`at_once`).
        let written = self.at_once(|overlapped| unsafe {
            WriteFile(self.raw(), bytes.as_ptr(), length, ptr::null_mut(), overlapped)
        });
        written.map(|count| count.is_some()).map_err(fault)
    }

    /// Waits until there is something to be read, or the other end is gone. Returns whether.
    pub fn wait(&self, limit: Duration) -> bool {
        let waited = self.with_event(|event| {
            let mut overlapped = unnoticed(event);
            if self.read_nothing(&raw mut overlapped) == Begun::Over {
                return true;
            }
            // SAFETY: a handle of our own.
            let ended = unsafe { WaitForSingleObject(event.as_raw_handle(), milliseconds(limit)) == WAIT_OBJECT_0 };
            // That the other end is gone is worth a look as well.
            !matches!(self.finish(&overlapped, !ended), Ok(None))
        });
        waited.unwrap_or(false)
    }

    /// Has it told when there is something to be looked at.
    pub fn tell(&self) {
        self.notice.begin(|overlapped| self.read_nothing(overlapped));
    }

    /// Has it told when somebody opens the other end.
    pub fn tell_of_opening(&self) {
        // SAFETY: a handle of our own; who calls keeps the operation until it has ended.
        self.notice.begin(|overlapped| match unsafe { (ConnectNamedPipe(self.raw(), overlapped), last_code()) } {
            (0, ERROR_IO_PENDING) => Begun::UnderWay,
            // It has been opened already.
            (0, _) => Begun::Over,
            _ => Begun::UnderWay,
        });
    }

    /// Begins to read no bytes, which ends when there are some. `overlapped` stays where it is until then.
    fn read_nothing(&self, overlapped: *mut OVERLAPPED) -> Begun {
        let nowhere = ptr::NonNull::<u8>::dangling().as_ptr();
        // SAFETY: a handle of our own; no bytes are stored. Who calls keeps the operation until it has ended.
        match unsafe { (ReadFile(self.raw(), nowhere, 0, ptr::null_mut(), overlapped), last_code()) } {
            // There are more bytes than none: that is a warning, and no error.
            (0, ERROR_IO_PENDING | ERROR_MORE_DATA) => Begun::UnderWay,
            (0, _) => Begun::Over,
            _ => Begun::UnderWay,
        }
    }

    /// Does something if it can be done at once. Returns the count of bytes, or `None` if it would have to wait.
    fn at_once(&self, begin: impl FnOnce(*mut OVERLAPPED) -> i32) -> io::Result<Option<usize>> {
        self.with_event(|event| {
            let mut overlapped = unnoticed(event);
            let waits = begin(&raw mut overlapped) == 0;
            if waits {
                let error = io::Error::last_os_error();
                if error.raw_os_error() != Some(ERROR_IO_PENDING.cast_signed()) {
                    return Err(error);
                }
            }
            self.finish(&overlapped, waits)
        })?
    }

    /// The outcome of an operation that was begun; `None` if it was cancelled because it had not ended.
    fn finish(&self, overlapped: &OVERLAPPED, cancel: bool) -> io::Result<Option<usize>> {
        let mut count = 0;
        // SAFETY: a handle of our own, an operation on it that has ended or ends because it is cancelled, and a local.
        let ended = unsafe {
            if cancel {
                CancelIoEx(self.raw(), overlapped);
            }
            GetOverlappedResult(self.raw(), overlapped, &raw mut count, 1)
        };
        match io::Error::last_os_error() {
            _ if ended != 0 => Ok(Some(count as usize)),
            error => match error.raw_os_error().map(i32::cast_unsigned) {
                Some(ERROR_MORE_DATA) => Ok(Some(count as usize)),
                Some(ERROR_OPERATION_ABORTED) => Ok(None),
                _ => Err(error),
            },
        }
    }
}

/// An operation whose end no port is told: the lowest bit of its event says so.
fn unnoticed(event: &OwnedHandle) -> OVERLAPPED {
    OVERLAPPED { hEvent: event.as_raw_handle().map_addr(|address| address | 1), ..OVERLAPPED::default() }
}
