//! What concerns the library as a whole: its export, its staying loaded, and the host's own exports.

/// A provider that the start-up function of type `F` starts. `#[wsp::provider]` implements it; [`export!`](crate::export) uses it.
pub trait Startable<F> {
    /// The start-up function.
    const STARTUP: F;
}

/// Address of a function that the host exports under this zero-terminated name; 0 if there is none.
///
/// The main program is asked first, then (on Windows) `ws2_32.dll` if it is loaded. Never linked statically, so that a
/// provider loads under hosts without it.
pub fn host_export(name: &'static [u8]) -> usize {
    debug_assert_eq!(name.last(), Some(&0));
    os::find(name)
}

/// Keeps the library that this code is in loaded for good: Rust's thread-locals and threads do not survive unloading.
pub(crate) fn pin_module() {
    os::pin(pin_module as *const () as usize);
}

#[cfg(unix)]
mod os {
    use core::ffi::c_void;

    pub fn find(name: &'static [u8]) -> usize {
        // SAFETY: the name is zero-terminated.
        unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr().cast()) as usize }
    }

    pub fn pin(address: usize) {
        // SAFETY: all zero is a valid `Dl_info`.
        let mut info: libc::Dl_info = unsafe { core::mem::zeroed() };
        // SAFETY: `info` is writable; `dladdr` only looks the address up.
        let found = unsafe { libc::dladdr(address as *const c_void, &raw mut info) };
        if found != 0 && !info.dli_fname.is_null() {
            // SAFETY: the name comes from the loader. Nothing is loaded; the handle is meant to be kept for ever.
            unsafe { libc::dlopen(info.dli_fname, libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE) };
        }
    }
}

#[cfg(windows)]
mod os {
    use core::ffi::c_void;
    use core::ptr;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleA(name: *const u8) -> *mut c_void;
        fn GetModuleHandleExW(flags: u32, address: *const u16, module: *mut *mut c_void) -> i32;
        fn GetProcAddress(module: *mut c_void, name: *const u8) -> *mut c_void;
    }

    const FROM_ADDRESS: u32 = 4;
    const PIN: u32 = 1;

    pub fn find(name: &'static [u8]) -> usize {
        for module in [ptr::null(), c"ws2_32.dll".as_ptr().cast()] {
            // SAFETY: NULL asks for the main program, else a zero-terminated name.
            let module = unsafe { GetModuleHandleA(module) };
            if !module.is_null() {
                // SAFETY: a loaded module and a zero-terminated name.
                let function = unsafe { GetProcAddress(module, name.as_ptr()) };
                if !function.is_null() {
                    return function as usize;
                }
            }
        }
        0
    }

    pub fn pin(address: usize) {
        let mut module = ptr::null_mut();
        // SAFETY: with FROM_ADDRESS the second argument is any address in a module; `module` is writable.
        unsafe { GetModuleHandleExW(FROM_ADDRESS | PIN, address as *const u16, &raw mut module) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_export_is_absent() {
        assert_eq!(host_export(b"NoSuchFunctionAnywhere\0"), 0);
    }

    #[test]
    fn pinning_the_main_program_does_no_harm() {
        pin_module();
        pin_module();
    }
}
