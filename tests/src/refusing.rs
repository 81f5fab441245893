//! Hosts whose upcalls fail, one at a time.

use wsp::{code, ffi};
use wsp_host::{UPCALLS, UPCALLS_EX};

macro_rules! upcalls {
    ($($slot:ident: $name:ident($($parameter:ty),*) -> $returned:ty = $failure:expr;)+) => {
        mod refuse {
            use super::*;
            $(
                pub unsafe extern "system" fn $name($(_: $parameter,)* errno: ffi::LPINT) -> $returned {
                    // SAFETY: upcalls are given a good address.
                    unsafe { errno.write_unaligned(code::WSAENETDOWN) };
                    $failure
                }
            )+
        }

        /// An upcall that reports errors: every one but the question of membership in a set and the posting of messages.
        #[allow(non_camel_case_types, missing_docs, reason = "named like the functions of the table")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Failing { $($name),+ }

        impl Failing {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The upcalls of `WSPStartup`, of which this one fails. Not among them: how an operation ended is told through an export.
            pub fn upcalls(self) -> ffi::WSPUPCALLTABLE {
                let mut table = UPCALLS;
                upcalls!(@each table, self, $($slot $name)+);
                table
            }

            /// The upcalls of `WSPStartupEx`, of which this one fails.
            pub fn extended(self) -> ffi::WSPUPCALLTABLEEX {
                let mut table = UPCALLS_EX;
                match self {
                    $(Self::$name => table.$slot = Some(refuse::$name),)+
                }
                table
            }
        }
    };
    (@each $table:ident, $self:ident, lpWPUCompleteOverlappedRequest $last:ident $($slot:ident $name:ident)+) => {
        match $self {
            Self::$last => {}
            $(Self::$name => $table.$slot = Some(refuse::$name),)+
        }
    };
}

upcalls! {
    lpWPUCompleteOverlappedRequest:
        complete_overlapped_request(ffi::SOCKET, ffi::LPWSAOVERLAPPED, u32, u32) -> i32 = ffi::SOCKET_ERROR;
    lpWPUCloseEvent: close_event(ffi::WSAEVENT) -> ffi::WINBOOL = 0;
    lpWPUCloseSocketHandle: close_socket_handle(ffi::SOCKET) -> i32 = ffi::SOCKET_ERROR;
    lpWPUCreateEvent: create_event() -> ffi::WSAEVENT = 0;
    lpWPUCreateSocketHandle: create_socket_handle(u32, usize) -> ffi::SOCKET = ffi::INVALID_SOCKET;
    lpWPUGetProviderPath: get_provider_path(ffi::LPGUID, *mut ffi::WCHAR, ffi::LPINT) -> i32 = ffi::SOCKET_ERROR;
    lpWPUModifyIFSHandle: modify_ifs_handle(u32, ffi::SOCKET) -> ffi::SOCKET = ffi::INVALID_SOCKET;
    lpWPUQueryBlockingCallback:
        query_blocking_callback(u32, *mut ffi::LPBLOCKINGCALLBACK, ffi::PDWORD_PTR) -> i32 = ffi::SOCKET_ERROR;
    lpWPUQuerySocketHandleContext:
        query_socket_handle_context(ffi::SOCKET, ffi::PDWORD_PTR) -> i32 = ffi::SOCKET_ERROR;
    lpWPUQueueApc: queue_apc(ffi::LPWSATHREADID, ffi::LPWSAUSERAPC, usize) -> i32 = ffi::SOCKET_ERROR;
    lpWPUResetEvent: reset_event(ffi::WSAEVENT) -> ffi::WINBOOL = 0;
    lpWPUSetEvent: set_event(ffi::WSAEVENT) -> ffi::WINBOOL = 0;
    lpWPUOpenCurrentThread: open_current_thread(ffi::LPWSATHREADID) -> i32 = ffi::SOCKET_ERROR;
    lpWPUCloseThread: close_thread(ffi::LPWSATHREADID) -> i32 = ffi::SOCKET_ERROR;
}
