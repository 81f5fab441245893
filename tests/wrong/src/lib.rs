//! A provider with mistakes: the example, with some functions that do what published providers have done wrong. The variable
//! `WSP_WRONG_START` makes its start-up go wrong.

use std::sync::OnceLock;
use std::time::Duration;

use wsp::ffi;
use wsp::rt::Startable;
use wsp::winsock::StartupPointer;
use wsp_provider::Loopback;

/// The example's start-up; then the mistakes go into the table.
///
/// # Safety
/// As the interface has it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WSPStartup(
    version: u16,
    data: ffi::LPWSPDATA,
    info: ffi::LPWSAPROTOCOL_INFOW,
    upcalls: ffi::WSPUPCALLTABLE,
    table: ffi::LPWSPPROC_TABLE,
) -> i32 {
    if let Some(way) = std::env::var_os("WSP_WRONG_START") {
        return start_wrongly(way.to_str());
    }
    let Some(startup) = <Loopback as Startable<StartupPointer>>::STARTUP else { return wsp::code::WSASYSNOTREADY };
    // SAFETY: the arguments of this call.
    let returned = unsafe { startup(version, data, info, upcalls, table) };
    if returned == 0 {
        // SAFETY: start-up has accepted the pointer and filled the table.
        unsafe {
            GOOD.get_or_init(|| table.read_unaligned());
            (&raw mut (*table).lpWSPShutdown).write_unaligned(Some(shutdown));
            (&raw mut (*table).lpWSPIoctl).write_unaligned(Some(ioctl));
            (&raw mut (*table).lpWSPEventSelect).write_unaligned(Some(event_select));
        }
    }
    returned
}

/// What a start-up may do instead.
fn start_wrongly(way: Option<&str>) -> i32 {
    match way {
        Some("fails") => wsp::code::WSASYSNOTREADY,
        Some("hangs") => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        // SAFETY: none: that is the mistake.
        Some("crashes") => unsafe { std::hint::black_box(std::ptr::without_provenance::<i32>(8)).read_volatile() },
        Some("leaves") => std::process::exit(7),
        _ => wsp::code::WSAEINVAL,
    }
}

/// The example's own functions.
static GOOD: OnceLock<ffi::WSPPROC_TABLE> = OnceLock::new();

/// Fails, and stores no code.
unsafe extern "system" fn shutdown(_: ffi::SOCKET, _: i32, _: ffi::LPINT) -> i32 {
    ffi::SOCKET_ERROR
}

/// Reads its input without looking where that is.
unsafe extern "system" fn ioctl(
    s: ffi::SOCKET,
    code: ffi::DWORD,
    input: ffi::LPVOID,
    input_length: ffi::DWORD,
    output: ffi::LPVOID,
    output_length: ffi::DWORD,
    bytes: ffi::LPDWORD,
    record: ffi::LPWSAOVERLAPPED,
    routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: ffi::LPWSATHREADID,
    errno: ffi::LPINT,
) -> i32 {
    let Some(good) = GOOD.get().and_then(|table| table.lpWSPIoctl) else { return ffi::SOCKET_ERROR };
    // SAFETY: none for the first: that is the mistake. The rest is the example's own call.
    unsafe {
        if code == ffi::FIONBIO {
            std::hint::black_box(input.cast::<u32>().read_volatile());
        }
        good(s, code, input, input_length, output, output_length, bytes, record, routine, thread, errno)
    }
}

/// Never returns.
unsafe extern "system" fn event_select(_: ffi::SOCKET, _: ffi::WSAEVENT, _: i32, _: ffi::LPINT) -> i32 {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}
