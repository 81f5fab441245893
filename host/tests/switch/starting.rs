//! Providers that cannot be used: refused with a clear error, and cleaned up exactly once.

use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use wsp::rt::Startable;
use wsp::san::StartupPointer;
use wsp::{code, ffi};
use wsp_host::switch::SanHost;
use wsp_host::{LoadError, StartError};

use crate::alone;
use crate::memory::Memories;

static CLEANUPS: AtomicUsize = AtomicUsize::new(0);
/// The first word of the GUIDs that are not known.
static UNKNOWN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn real() -> (ffi::LPWSPCLEANUP, ffi::LPWSPIOCTL) {
    let table = wsp::san::table::<Memories>();
    (table.lpWSPCleanup, table.lpWSPIoctl)
}

unsafe extern "system" fn cleanup(errno: *mut i32) -> i32 {
    CLEANUPS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the caller's arguments, passed on.
    unsafe { real().0.unwrap()(errno) }
}

unsafe extern "system" fn ioctl(
    socket: usize,
    control: u32,
    input: *mut c_void,
    input_length: u32,
    output: *mut c_void,
    output_length: u32,
    bytes: *mut u32,
    overlapped: ffi::LPWSAOVERLAPPED,
    routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: ffi::LPWSATHREADID,
    errno: *mut i32,
) -> i32 {
    if control == ffi::SIO_GET_EXTENSION_FUNCTION_POINTER {
        // SAFETY: the input is a GUID, `errno` a place for a code.
        unsafe {
            if UNKNOWN.lock().unwrap().contains(&input.cast::<u32>().read_unaligned()) {
                errno.write(code::WSAEOPNOTSUPP);
                return ffi::SOCKET_ERROR;
            }
        }
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe {
        real().1.unwrap()(
            socket,
            control,
            input,
            input_length,
            output,
            output_length,
            bytes,
            overlapped,
            routine,
            thread,
            errno,
        )
    }
}

unsafe extern "system" fn lacking(
    version: u16,
    data: ffi::LPWSPDATA,
    info: ffi::LPWSAPROTOCOL_INFOW,
    upcalls: ffi::LPWSPUPCALLTABLEEX,
    table: ffi::LPWSPPROC_TABLE,
) -> i32 {
    let startup = <Memories as Startable<StartupPointer>>::STARTUP.unwrap();
    // SAFETY: the caller's arguments, passed on; then its table is changed.
    unsafe {
        let returned = startup(version, data, info, upcalls, table);
        (*table).lpWSPCleanup = Some(cleanup);
        (*table).lpWSPIoctl = Some(ioctl);
        if UNKNOWN.lock().unwrap().is_empty() {
            (*table).lpWSPSend = None;
            (*table).lpWSPEventSelect = None;
        }
        returned
    }
}

fn start(unknown: &[ffi::GUID]) -> (Result<wsp_host::switch::SanProvider, StartError>, usize) {
    *UNKNOWN.lock().unwrap() = unknown.iter().map(|guid| guid.Data1).collect();
    CLEANUPS.store(0, Ordering::SeqCst);
    // SAFETY: a start-up function that keeps to the interface but for what it leaves out.
    let started = unsafe { SanHost::new().start(Some(lacking)) };
    (started, CLEANUPS.load(Ordering::SeqCst))
}

#[test]
fn a_table_without_mandatory_functions_is_refused() {
    let _alone = alone();
    let (started, cleanups) = start(&[]);
    let error = started.map(drop).unwrap_err();
    assert_eq!(error, StartError::IncompleteTable { missing: vec!["WSPEventSelect", "WSPSend"] });
    assert_eq!(cleanups, 1);
}

#[test]
fn missing_mandatory_extensions_are_all_named() {
    let _alone = alone();
    let (started, cleanups) = start(&[ffi::WSAID_REGISTERMEMORY, ffi::WSAID_RDMAWRITE, ffi::WSAID_RDMAREAD]);
    let error = started.map(drop).unwrap_err();
    assert_eq!(error, StartError::NoExtension { missing: vec!["WSPRegisterMemory", "WSPRdmaWrite"] });
    assert_eq!(cleanups, 1);
}

#[test]
fn missing_optional_extensions_are_fine_and_each_start_is_cleaned_up_once() {
    let _alone = alone();
    let (started, cleanups) = start(&[ffi::WSAID_RDMAREAD, ffi::WSAID_MEMORYREGISTRATIONCACHECALLBACK]);
    let provider = started.unwrap();
    assert!(provider.extensions().rdma_read.is_none());
    assert_eq!(cleanups, 0);
    provider.start_again().unwrap();
    drop(provider);
    assert_eq!(CLEANUPS.load(Ordering::SeqCst), 2);
}

#[test]
fn another_version_is_refused_and_a_file_that_is_none_is_named() {
    let _alone = alone();
    let refused = SanHost::new().with_version(0x0001).start_type::<Memories>().map(drop).unwrap_err();
    assert_eq!(refused, StartError::VersionRefused { requested: 1 });
    let file = std::path::Path::new("/no/such/provider");
    let error = SanHost::new().load(file).map(drop).unwrap_err();
    assert_eq!(error, LoadError::NoFile { file: file.to_owned() });
}
