//! Libraries that are no providers, or no good ones: each told clearly, nothing left behind.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use wsp::{code, ffi};
use wsp_host::{Error, Host, LoadError, NotFound, StartError, library};

fn the_provider() -> PathBuf {
    library::find(None, "wsp_loopback").unwrap()
}

/// A copy of the provider's library under a name of its own: another library for the loader.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let file = env::temp_dir().join(format!("wsp-{}-{name}", process::id()));
        fs::copy(the_provider(), &file).unwrap();
        Self(file)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // A file that is still mapped can be removed here; where not, it is in the folder for such things.
        let _ = fs::remove_file(&self.0);
    }
}

/// Is the file mapped into this process?
#[cfg(target_os = "linux")]
fn is_loaded(file: &Path) -> bool {
    fs::read_to_string("/proc/self/maps").unwrap().lines().any(|line| line.ends_with(file.to_str().unwrap()))
}

/// Is the file mapped into this process?
#[cfg(windows)]
fn is_loaded(file: &Path) -> bool {
    use std::os::windows::ffi::OsStrExt;

    unsafe extern "system" {
        fn GetModuleHandleW(name: *const u16) -> usize;
    }
    let name: Vec<u16> = file.as_os_str().encode_wide().chain([0]).collect();
    // SAFETY: a zero-terminated path.
    unsafe { GetModuleHandleW(name.as_ptr()) != 0 }
}

/// A library of the system's that this program uses.
#[cfg(target_os = "linux")]
fn a_system_library() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let file = maps.lines().find_map(|line| line.split_whitespace().last().filter(|name| name.contains("/libc.so")));
    file.expect("this program uses the C library").into()
}

/// A library of the system's that this program uses.
#[cfg(windows)]
fn a_system_library() -> PathBuf {
    Path::new(&env::var_os("SystemRoot").unwrap()).join("system32/kernel32.dll")
}

#[test]
fn a_missing_file_is_named() {
    let file = Path::new("/no/such/folder/libprovider.so");
    let error = Host::new().load(file).err().unwrap();
    assert_eq!(error, LoadError::NoFile { file: file.to_owned() });
    assert!(error.to_string().contains("/no/such/folder/libprovider.so"));
}

#[test]
fn a_folder_is_no_library() {
    let error = Host::new().load(&env::temp_dir()).err().unwrap();
    assert_eq!(error, LoadError::NoFile { file: env::temp_dir() });
}

#[test]
fn a_file_that_is_no_library_is_refused() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    match Host::new().load(&file).err() {
        Some(LoadError::NotALibrary { file: named, reason }) => {
            assert_eq!(named, file);
            assert!(!reason.is_empty());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_library_that_is_no_provider_is_refused() {
    let file = a_system_library();
    assert!(is_loaded(&file));
    let expected = LoadError::NoEntryPoint { file: file.clone(), symbol: "WSPStartup" };
    assert_eq!(Host::new().load(&file).err(), Some(expected));
}

#[test]
fn a_provider_refused_by_version_is_unloaded() {
    let copy = Copy::new("refused.so");
    let error = Host::new().with_version(0x0101).load(&copy.0).err();
    let reason = StartError::VersionRefused { requested: 0x0101 };
    assert_eq!(error, Some(LoadError::Start { file: copy.0.clone(), reason }));
    assert!(!is_loaded(&copy.0));
    let provider = Host::new().load(&copy.0).unwrap();
    assert!(is_loaded(&copy.0));
    provider.connected_pair().unwrap();
    drop(provider);
    assert!(is_loaded(&copy.0), "what has started stays");
}

#[test]
fn a_copy_is_an_instance_of_its_own() {
    let copy = Copy::new("copy.so");
    let (one, other) = (Host::new().load(&the_provider()).unwrap(), Host::new().load(&copy.0).unwrap());
    let socket = one.socket().unwrap();
    let refused = other.table().close_socket(socket.raw()).unwrap_err();
    assert_eq!(refused.code(), Some(code::WSAENOTSOCK));
    drop(other);
    socket.option(ffi::SOL_SOCKET, ffi::SO_TYPE).expect("the other's end is not ours");
}

#[test]
fn a_library_can_be_loaded_again_and_again() {
    let copy = Copy::new("again.so");
    for _ in 0..200 {
        let provider = Host::new().load(&copy.0).unwrap();
        let (client, server) = provider.connected_pair().unwrap();
        client.send(b"x").unwrap();
        assert_eq!(server.recv(&mut [0; 2]), Ok(1));
    }
}

#[test]
fn a_library_that_is_nowhere_is_told_with_every_place() {
    let error = library::find(None, "no_such_provider").unwrap_err();
    let text = error.to_string();
    let NotFound::Nowhere { looked_for, .. } = error else { panic!("nothing names a file: {text}") };
    assert!(looked_for.len() > 1, "{text}");
    for file in &looked_for {
        assert!(file.is_absolute(), "never by its bare name");
        assert!(text.contains(file.to_str().unwrap()), "{text}");
    }
    assert!(text.contains(library::VARIABLE));
}

static CLEANED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "system" fn clean_up(_: ffi::LPINT) -> i32 {
    CLEANED.fetch_add(1, Ordering::SeqCst);
    0
}

/// Says that it has started and fills in its clean-up only.
unsafe extern "system" fn start_incompletely(
    version: u16,
    data: ffi::LPWSPDATA,
    _: ffi::LPWSAPROTOCOL_INFOW,
    _: ffi::WSPUPCALLTABLE,
    table: ffi::LPWSPPROC_TABLE,
) -> i32 {
    // SAFETY: the host's memory.
    unsafe {
        (*data).wVersion = version;
        (*table).lpWSPCleanup = Some(clean_up);
    }
    0
}

#[test]
fn success_with_an_incomplete_table_is_a_failure() {
    // SAFETY: keeps to the interface as far as memory is concerned.
    let error = unsafe { Host::new().start(Some(start_incompletely)) }.err();
    let Some(StartError::IncompleteTable { missing }) = error else { panic!("{error:?}") };
    assert_eq!(missing.len(), 29);
    assert!(!missing.contains(&"WSPCleanup"));
    assert_eq!(CLEANED.load(Ordering::SeqCst), 1, "what started is cleaned up");
}

/// Fails with a code that start-up does not document.
unsafe extern "system" fn fail_oddly(
    _: u16,
    _: ffi::LPWSPDATA,
    _: ffi::LPWSAPROTOCOL_INFOW,
    _: ffi::WSPUPCALLTABLE,
    _: ffi::LPWSPPROC_TABLE,
) -> i32 {
    1234
}

#[test]
fn an_undocumented_code_is_told_as_such() {
    // SAFETY: does nothing.
    let error = unsafe { Host::new().start(Some(fail_oddly)) }.err();
    let expected = Error::Undocumented { function: "WSPStartup", code: 1234 };
    assert_eq!(error, Some(StartError::Failed(expected)));
}

/// Answers with a version that nobody asked for.
unsafe extern "system" fn start_too_new(
    _: u16,
    data: ffi::LPWSPDATA,
    info: ffi::LPWSAPROTOCOL_INFOW,
    upcalls: ffi::WSPUPCALLTABLE,
    table: ffi::LPWSPPROC_TABLE,
) -> i32 {
    let start = <wsp_provider::Loopback as wsp::rt::Startable<ffi::LPWSPSTARTUP>>::STARTUP.unwrap();
    // SAFETY: the host's memory, passed on.
    unsafe {
        let returned = start(0x0202, data, info, upcalls, table);
        (*data).wVersion = 0x0003;
        returned
    }
}

#[test]
fn a_version_nobody_asked_for_is_refused() {
    // SAFETY: a provider's start-up, but for the version.
    let error = unsafe { Host::new().start(Some(start_too_new)) }.err();
    assert_eq!(error, Some(StartError::VersionUnusable { requested: 0x0202, offered: 0x0003 }));
}
