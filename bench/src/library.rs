//! The library under measurement, loaded as a host would load it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, mem};

use libloading::Library as Loaded;
use wsp::ffi;

/// `WSPSend` as a pointer that is not NULL.
pub type Send = unsafe extern "system" fn(
    ffi::SOCKET,
    ffi::LPWSABUF,
    u32,
    ffi::LPDWORD,
    u32,
    ffi::LPWSAOVERLAPPED,
    ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    ffi::LPWSATHREADID,
    ffi::LPINT,
) -> i32;
/// `WSPRecv` as a pointer that is not NULL.
pub type Recv = unsafe extern "system" fn(
    ffi::SOCKET,
    ffi::LPWSABUF,
    u32,
    ffi::LPDWORD,
    ffi::LPDWORD,
    ffi::LPWSAOVERLAPPED,
    ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    ffi::LPWSATHREADID,
    ffi::LPINT,
) -> i32;

type Startup = unsafe extern "system" fn(
    u16,
    ffi::LPWSPDATA,
    ffi::LPWSAPROTOCOL_INFOW,
    ffi::WSPUPCALLTABLE,
    ffi::LPWSPPROC_TABLE,
) -> i32;
type StartupEx = unsafe extern "system" fn(
    u16,
    ffi::LPWSPDATA,
    ffi::LPWSAPROTOCOL_INFOW,
    ffi::LPWSPUPCALLTABLEEX,
    ffi::LPWSPPROC_TABLE,
) -> i32;

/// The loaded library with its providers started.
pub struct Library {
    /// Both functions without checks.
    pub bare: (Send, Recv),
    /// Tables of the bare functions, of those with checks by hand, and of those with generated checks.
    pub bare_table: ffi::WSPPROC_TABLE,
    /// See [`bare_table`](Self::bare_table).
    pub by_hand: ffi::WSPPROC_TABLE,
    /// See [`bare_table`](Self::bare_table).
    pub checked: ffi::WSPPROC_TABLE,
    /// The table that `WSPStartup` filled.
    pub winsock: ffi::WSPPROC_TABLE,
    /// The table that `WSPStartupEx` filled.
    pub san: ffi::WSPPROC_TABLE,
    /// Last: the functions above are in it.
    _loaded: Loaded,
}

impl Library {
    /// Loads the library that was built beside this program, and starts both providers.
    ///
    /// # Errors
    /// The library is not there, lacks a function or refuses to start.
    pub fn open() -> Result<Self, String> {
        let path = find()?;
        // SAFETY: our own library; loading it runs nothing but the loader's own code.
        let loaded =
            unsafe { Loaded::new(&path) }.map_err(|error| format!("cannot load {}: {error}", path.display()))?;
        let pair = |send: &str, recv: &str| -> Result<(Send, Recv), String> {
            // SAFETY: the library declares them with these types.
            unsafe { Ok((symbol(&loaded, send)?, symbol(&loaded, recv)?)) }
        };
        let bare = pair("bench_send_bare", "bench_recv_bare")?;
        Ok(Self {
            bare,
            bare_table: table(bare),
            by_hand: table(pair("bench_send_by_hand", "bench_recv_by_hand")?),
            checked: table(pair("bench_send_checked", "bench_recv_checked")?),
            winsock: start_winsock(&loaded)?,
            san: start_san(&loaded)?,
            _loaded: loaded,
        })
    }

    /// Opens a socket in one of the started providers.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn socket(table: &ffi::WSPPROC_TABLE) -> Result<ffi::SOCKET, String> {
        let socket = table.lpWSPSocket.ok_or("the table has no WSPSocket")?;
        let mut info = protocol();
        let mut errno = 0;
        // SAFETY: the pointers are good, and the rest is what the interface asks for.
        let opened = unsafe {
            socket(
                ffi::AF_INET,
                ffi::SOCK_STREAM,
                ffi::IPPROTO_TCP,
                &raw mut info,
                0,
                ffi::WSA_FLAG_OVERLAPPED,
                &raw mut errno,
            )
        };
        if opened == ffi::SOCKET::MAX { Err(format!("WSPSocket failed with {errno}")) } else { Ok(opened) }
    }
}

/// The library as cargo builds it: without a hash in `deps`; the copy beside the program may be stale.
fn find() -> Result<PathBuf, String> {
    let name = format!("{}wsp_bench_dispatch{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    let program = env::current_exe().map_err(|error| format!("this program does not know its own path: {error}"))?;
    let folder = program.parent().ok_or("this program has no folder")?;
    let places = [folder.join("deps").join(&name), folder.join(&name)];
    places
        .iter()
        .find(|path| path.is_file())
        .cloned()
        .ok_or_else(|| format!("{} is not there; `cargo build --release -p wsp-bench` builds it", places[0].display()))
}

/// # Safety
/// The library must declare the symbol with type `T`, a function.
unsafe fn symbol<T: Copy>(loaded: &Loaded, name: &str) -> Result<T, String> {
    // SAFETY: the caller's contract.
    let found = unsafe { loaded.get::<T>(name) };
    found.map(|symbol| *symbol).map_err(|error| format!("the library lacks {name}: {error}"))
}

fn table((send, recv): (Send, Recv)) -> ffi::WSPPROC_TABLE {
    ffi::WSPPROC_TABLE { lpWSPSend: Some(send), lpWSPRecv: Some(recv), ..ffi::WSPPROC_TABLE::EMPTY }
}

fn start_winsock(loaded: &Loaded) -> Result<ffi::WSPPROC_TABLE, String> {
    // SAFETY: the library declares it with this type.
    let start: Startup = unsafe { symbol(loaded, "WSPStartup")? };
    let upcalls = ffi::WSPUPCALLTABLE {
        lpWPUCreateSocketHandle: Some(create_handle),
        lpWPUCloseSocketHandle: Some(close_handle),
        ..ffi::WSPUPCALLTABLE::EMPTY
    };
    // SAFETY: called with what the interface asks for.
    filled("WSPStartup", |data, info, table| unsafe { start(0x0202, data, info, upcalls, table) })
}

fn start_san(loaded: &Loaded) -> Result<ffi::WSPPROC_TABLE, String> {
    // SAFETY: the library declares it with this type.
    let start: StartupEx = unsafe { symbol(loaded, "WSPStartupEx")? };
    let mut upcalls = ffi::WSPUPCALLTABLEEX {
        lpWPUCreateSocketHandle: Some(create_handle),
        lpWPUCloseSocketHandle: Some(close_handle),
        ..ffi::WSPUPCALLTABLEEX::EMPTY
    };
    // SAFETY: called with what the interface asks for.
    filled("WSPStartupEx", |data, info, table| unsafe { start(0x0202, data, info, &raw mut upcalls, table) })
}

fn filled(
    name: &str,
    start: impl FnOnce(*mut ffi::WSPDATA, *mut ffi::WSAPROTOCOL_INFOW, *mut ffi::WSPPROC_TABLE) -> i32,
) -> Result<ffi::WSPPROC_TABLE, String> {
    let mut table = ffi::WSPPROC_TABLE::EMPTY;
    let mut info = protocol();
    // SAFETY: all zero is a valid `WSPDATA`.
    let mut data: ffi::WSPDATA = unsafe { mem::zeroed() };
    match start(&raw mut data, &raw mut info, &raw mut table) {
        0 => Ok(table),
        code => Err(format!("{name} failed with {code}")),
    }
}

fn protocol() -> ffi::WSAPROTOCOL_INFOW {
    // SAFETY: all zero is a valid `WSAPROTOCOL_INFOW`.
    let mut info: ffi::WSAPROTOCOL_INFOW = unsafe { mem::zeroed() };
    info.iAddressFamily = ffi::AF_INET;
    info.iSocketType = ffi::SOCK_STREAM;
    info.iProtocol = ffi::IPPROTO_TCP;
    info
}

/// Hands out multiples of four, as ws2_32 does.
unsafe extern "system" fn create_handle(_: u32, _: ffi::DWORD_PTR, _: ffi::LPINT) -> ffi::SOCKET {
    static NEXT: AtomicUsize = AtomicUsize::new(0x100);
    NEXT.fetch_add(4, Ordering::Relaxed)
}

unsafe extern "system" fn close_handle(_: ffi::SOCKET, _: ffi::LPINT) -> i32 {
    0
}
