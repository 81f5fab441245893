//! The upcalls as C functions, and the table of them.
//!
//! Each counts itself, refuses bad pointers and unknown handles with the documented code, and leaves the rest to its module.

use wsp::rt::addr::{fits, span};
use wsp::rt::{Code, read, release};
use wsp::{code, ffi};

use super::catalog::{self, TOTAL, Upcall};
use super::messages::{self, Message};
use super::{apc, events, handles, hook};

/// The table that start-up hands over, all entries filled.
pub const TABLE: ffi::WSPUPCALLTABLE = ffi::WSPUPCALLTABLE {
    lpWPUCloseEvent: Some(close_event),
    lpWPUCloseSocketHandle: Some(close_socket_handle),
    lpWPUCreateEvent: Some(create_event),
    lpWPUCreateSocketHandle: Some(create_socket_handle),
    lpWPUFDIsSet: Some(fd_is_set),
    lpWPUGetProviderPath: Some(get_provider_path),
    lpWPUModifyIFSHandle: Some(modify_ifs_handle),
    lpWPUPostMessage: Some(post_message),
    lpWPUQueryBlockingCallback: Some(query_blocking_callback),
    lpWPUQuerySocketHandleContext: Some(query_socket_handle_context),
    lpWPUQueueApc: Some(queue_apc),
    lpWPUResetEvent: Some(reset_event),
    lpWPUSetEvent: Some(set_event),
    lpWPUOpenCurrentThread: Some(open_current_thread),
    lpWPUCloseThread: Some(close_thread),
};

/// The table that `WSPStartupEx` is handed a pointer to: the same, and the end of overlapped operations.
pub const EXTENDED: ffi::WSPUPCALLTABLEEX = ffi::WSPUPCALLTABLEEX {
    lpWPUCloseEvent: TABLE.lpWPUCloseEvent,
    lpWPUCloseSocketHandle: TABLE.lpWPUCloseSocketHandle,
    lpWPUCreateEvent: TABLE.lpWPUCreateEvent,
    lpWPUCreateSocketHandle: TABLE.lpWPUCreateSocketHandle,
    lpWPUFDIsSet: TABLE.lpWPUFDIsSet,
    lpWPUGetProviderPath: TABLE.lpWPUGetProviderPath,
    lpWPUModifyIFSHandle: TABLE.lpWPUModifyIFSHandle,
    lpWPUPostMessage: TABLE.lpWPUPostMessage,
    lpWPUQueryBlockingCallback: TABLE.lpWPUQueryBlockingCallback,
    lpWPUQuerySocketHandleContext: TABLE.lpWPUQuerySocketHandleContext,
    lpWPUQueueApc: TABLE.lpWPUQueueApc,
    lpWPUResetEvent: TABLE.lpWPUResetEvent,
    lpWPUSetEvent: TABLE.lpWPUSetEvent,
    lpWPUOpenCurrentThread: TABLE.lpWPUOpenCurrentThread,
    lpWPUCloseThread: TABLE.lpWPUCloseThread,
    lpWPUCompleteOverlappedRequest: Some(WPUCompleteOverlappedRequest),
};

/// Can the pointer be a program's? NULL cannot.
fn good<T>(pointer: *const T) -> bool {
    fits(span(pointer as usize))
}

/// Stores the code and gives the failure value.
///
/// # Safety
/// `errno` is NULL, obviously bad, or writable.
unsafe fn fail<R>(errno: *mut i32, code: i32, failure: R) -> R {
    if good(errno) {
        // SAFETY: writable by the contract.
        unsafe { errno.write_unaligned(code) };
    }
    failure
}

/// Counts an upcall that names a catalog entry.
fn count(upcall: Upcall, entry: Option<&catalog::Entry>) {
    TOTAL.add(upcall);
    if let Some(entry) = entry {
        entry.counts.add(upcall);
    }
}

unsafe extern "system" fn close_event(event: ffi::WSAEVENT, errno: ffi::LPINT) -> ffi::WINBOOL {
    count(Upcall::CloseEvent, None);
    if events::close(event) {
        return ffi::TRUE;
    }
    // SAFETY: the caller's `lpErrno`.
    unsafe { fail(errno, code::WSA_INVALID_HANDLE, 0) }
}

unsafe extern "system" fn close_socket_handle(socket: ffi::SOCKET, errno: ffi::LPINT) -> i32 {
    let closed = handles::close(socket);
    count(Upcall::CloseSocketHandle, closed.as_ref().and_then(|handle| handle.entry.as_deref()));
    if closed.is_some() {
        return 0;
    }
    // SAFETY: the caller's `lpErrno`.
    unsafe { fail(errno, code::WSAENOTSOCK, ffi::SOCKET_ERROR) }
}

unsafe extern "system" fn create_event(errno: ffi::LPINT) -> ffi::WSAEVENT {
    count(Upcall::CreateEvent, None);
    match events::create() {
        Ok(event) => event.raw(),
        // SAFETY: the caller's `lpErrno`.
        Err(_) => unsafe { fail(errno, code::WSA_NOT_ENOUGH_MEMORY, ffi::WSA_INVALID_EVENT) },
    }
}

unsafe extern "system" fn create_socket_handle(entry: u32, context: usize, errno: ffi::LPINT) -> ffi::SOCKET {
    count(Upcall::CreateSocketHandle, catalog::find(entry).as_deref());
    match handles::create(entry, context) {
        Some(handle) => handle,
        // SAFETY: the caller's `lpErrno`.
        None => unsafe { fail(errno, code::WSAENOBUFS, ffi::INVALID_SOCKET) },
    }
}

unsafe extern "system" fn fd_is_set(socket: ffi::SOCKET, set: *mut ffi::fd_set) -> i32 {
    count(Upcall::FDIsSet, None);
    if !good(set) {
        return 0;
    }
    // SAFETY: a set of the caller's with a true count.
    i32::from(unsafe { wsp::rt::SocketSet::new(set) }.iter().any(|member| member == socket))
}

unsafe extern "system" fn get_provider_path(
    provider: ffi::LPGUID,
    path: *mut ffi::WCHAR,
    length: ffi::LPINT,
    errno: ffi::LPINT,
) -> i32 {
    count(Upcall::GetProviderPath, None);
    if !good(provider) || !good(path) || !good(length) {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, code::WSAEFAULT, ffi::SOCKET_ERROR) };
    }
    // SAFETY: a GUID of the caller's.
    let found = catalog::find_provider(&unsafe { read(provider) });
    let Some(file) = found.and_then(|entry| entry.path.clone()) else {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, code::WSAEINVAL, ffi::SOCKET_ERROR) };
    };
    let text: Vec<u16> = file.to_string_lossy().encode_utf16().chain([0]).collect();
    // SAFETY: a number of the caller's.
    let room = usize::try_from(unsafe { read(length) }).unwrap_or(0);
    if room < text.len() {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, code::WSAEFAULT, ffi::SOCKET_ERROR) };
    }
    // SAFETY: the caller has room for `room` units, at least as many as there are; bytes need no alignment.
    unsafe { path.cast::<u8>().copy_from(text.as_ptr().cast(), text.len() * 2) };
    0
}

unsafe extern "system" fn modify_ifs_handle(entry: u32, proposed: ffi::SOCKET, errno: ffi::LPINT) -> ffi::SOCKET {
    count(Upcall::ModifyIFSHandle, catalog::find(entry).as_deref());
    if proposed != ffi::INVALID_SOCKET && handles::adopt(entry, proposed) {
        return proposed;
    }
    // SAFETY: the caller's `lpErrno`.
    unsafe { fail(errno, code::WSAEINVAL, ffi::INVALID_SOCKET) }
}

unsafe extern "system" fn post_message(window: ffi::HWND, number: u32, wparam: usize, lparam: isize) -> ffi::WINBOOL {
    count(Upcall::PostMessage, None);
    i32::from(messages::post(window, Message { number, wparam, lparam }))
}

unsafe extern "system" fn query_blocking_callback(
    entry: u32,
    callback: *mut ffi::LPBLOCKINGCALLBACK,
    context: ffi::PDWORD_PTR,
    errno: ffi::LPINT,
) -> i32 {
    let entry = catalog::find(entry);
    count(Upcall::QueryBlockingCallback, entry.as_deref());
    let refused = if !good(callback) || !good(context) { code::WSAEFAULT } else { code::WSAEINVAL };
    if refused == code::WSAEFAULT || entry.is_none() {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, refused, ffi::SOCKET_ERROR) };
    }
    let (function, value) = hook::installed();
    // SAFETY: places of the caller's.
    unsafe {
        callback.write_unaligned(function);
        context.write_unaligned(value);
    }
    0
}

unsafe extern "system" fn query_socket_handle_context(
    socket: ffi::SOCKET,
    context: ffi::PDWORD_PTR,
    errno: ffi::LPINT,
) -> i32 {
    let handle = handles::find(socket);
    count(Upcall::QuerySocketHandleContext, handle.as_ref().and_then(|handle| handle.entry.as_deref()));
    if !good(context) {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, code::WSAEFAULT, ffi::SOCKET_ERROR) };
    }
    match handle.and_then(|handle| handle.context) {
        Some(value) => {
            // SAFETY: a place of the caller's.
            unsafe { context.write_unaligned(value) };
            0
        }
        // SAFETY: the caller's `lpErrno`.
        None => unsafe { fail(errno, code::WSAENOTSOCK, ffi::SOCKET_ERROR) },
    }
}

unsafe extern "system" fn queue_apc(
    thread: ffi::LPWSATHREADID,
    function: ffi::LPWSAUSERAPC,
    context: usize,
    errno: ffi::LPINT,
) -> i32 {
    count(Upcall::QueueApc, None);
    if good(thread) {
        // SAFETY: an identification of the caller's.
        let thread = unsafe { read(thread) };
        if function.is_some_and(|function| apc::queue(thread, function, context)) {
            return 0;
        }
    }
    // SAFETY: the caller's `lpErrno`.
    unsafe { fail(errno, code::WSAEFAULT, ffi::SOCKET_ERROR) }
}

unsafe extern "system" fn reset_event(event: ffi::WSAEVENT, errno: ffi::LPINT) -> ffi::WINBOOL {
    count(Upcall::ResetEvent, None);
    if events::reset(event) {
        return ffi::TRUE;
    }
    // SAFETY: the caller's `lpErrno`.
    unsafe { fail(errno, code::WSA_INVALID_HANDLE, 0) }
}

unsafe extern "system" fn set_event(event: ffi::WSAEVENT, errno: ffi::LPINT) -> ffi::WINBOOL {
    count(Upcall::SetEvent, None);
    if events::set(event) {
        return ffi::TRUE;
    }
    // SAFETY: the caller's `lpErrno`.
    unsafe { fail(errno, code::WSA_INVALID_HANDLE, 0) }
}

unsafe extern "system" fn open_current_thread(thread: ffi::LPWSATHREADID, errno: ffi::LPINT) -> i32 {
    count(Upcall::OpenCurrentThread, None);
    if !catalog::in_use() {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, code::WSANOTINITIALISED, ffi::SOCKET_ERROR) };
    }
    if thread.is_null() {
        return 0;
    }
    match good(thread).then(apc::open).flatten() {
        Some(current) => {
            // SAFETY: a place of the caller's.
            unsafe { thread.write_unaligned(current) };
            0
        }
        // SAFETY: the caller's `lpErrno`.
        None => unsafe { fail(errno, code::WSAEFAULT, ffi::SOCKET_ERROR) },
    }
}

unsafe extern "system" fn close_thread(thread: ffi::LPWSATHREADID, errno: ffi::LPINT) -> i32 {
    count(Upcall::CloseThread, None);
    let refused = if catalog::in_use() { code::WSAEFAULT } else { code::WSANOTINITIALISED };
    // SAFETY: an identification of the caller's.
    if refused == code::WSAEFAULT && good(thread) && apc::close(unsafe { read(thread) }) {
        return 0;
    }
    // SAFETY: the caller's `lpErrno`.
    unsafe { fail(errno, refused, ffi::SOCKET_ERROR) }
}

/// The one service that is an export of the host and no entry of its table: an overlapped operation has ended.
///
/// Stores the byte count, then the status, and tells whoever waits: by the record's event (the low bit of its number is a
/// flag), and by the completion port of the socket, if it has one and the flag is not set.
///
/// # Safety
/// For providers: the record must be that of an operation that has not been completed.
// On Windows the import libraries have a function of this name, too, and the linker takes either: `build.rs` gives it the name that
// it is exported by.
#[cfg_attr(windows, unsafe(export_name = "wsp_host_complete_overlapped_request"))]
#[cfg_attr(windows, expect(non_snake_case, reason = "C's name"))]
#[cfg_attr(not(windows), unsafe(no_mangle))]
pub unsafe extern "system" fn WPUCompleteOverlappedRequest(
    socket: ffi::SOCKET,
    overlapped: ffi::LPWSAOVERLAPPED,
    error: u32,
    bytes: u32,
    errno: ffi::LPINT,
) -> i32 {
    let handle = handles::find(socket).filter(|handle| handle.context.is_some());
    count(Upcall::CompleteOverlappedRequest, handle.as_ref().and_then(|handle| handle.entry.as_deref()));
    let Some(handle) = handle else {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, code::WSAEINVAL, ffi::SOCKET_ERROR) };
    };
    if overlapped.is_null() {
        return 0;
    }
    if !good(overlapped) {
        // SAFETY: the caller's `lpErrno`.
        return unsafe { fail(errno, code::WSAEFAULT, ffi::SOCKET_ERROR) };
    }
    let status = Code(error.cast_signed()).ntstatus();
    // SAFETY: a record that is good until its status is stored. The event is read before that: its owner may then reuse it.
    let (event, found) = unsafe {
        let event = (&raw const (*overlapped).hEvent).read_unaligned();
        // And looked up: its owner may then close it, and another have its number.
        let found = (event & !1 != 0).then(|| events::find(event & !1));
        (&raw mut (*overlapped).InternalHigh).write_unaligned(bytes as usize);
        release(&raw mut (*overlapped).Internal, status as usize);
        (event, found)
    };
    if let Some(found) = found {
        // An event that is none is the program's affair: the record has the result all the same.
        found.set();
    }
    if event & 1 == 0
        && let Some(port) = &handle.port
    {
        port.post(overlapped as usize, status, bytes);
    }
    0
}
