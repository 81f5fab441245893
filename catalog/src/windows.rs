//! The catalog of this machine, through the functions of ws2_32 that the spec declares.
//!
//! Each view is changed by a call of its own: the functions without suffix for that of this program's width, those with the suffix `32` for the
//! other. The functions for both at once are never called. A 32-bit program cannot reach the 64-bit view. To install in the 32-bit view
//! there is no function for 64-bit programs: the 32-bit build of this program does it, see [`Ws2Store::open`].

use std::ffi::c_void;
use std::path::PathBuf;
use std::ptr::null_mut;

use libloading::Library;
use uuid::Uuid;
use windows_registry::{LOCAL_MACHINE, Type};
use wsp::{code, ffi};

use crate::info::{guid, uuid};
use crate::layout::Item;
use crate::plan::providers;
use crate::store::{CallError, Store};
use crate::{Application, Catalog, Entry, View};

const SAN: &str = r"SYSTEM\CurrentControlSet\Services\Winsock\Parameters\TCP on SAN";
const APPLICATIONS: &str = r"SYSTEM\CurrentControlSet\Services\WinSock2\Parameters\AppId_Catalog";
/// How often an answer may outgrow the buffer between two calls.
const ATTEMPTS: usize = 8;
/// More than a `WSADATA` has on any target.
const WSADATA: usize = 1024;

type WsaStartup = unsafe extern "system" fn(u16, *mut c_void) -> i32;

/// The catalog of this machine.
#[derive(Debug)]
pub struct Ws2Store {
    ws2_32: Library,
    /// Where older systems keep the function that writes the order.
    sporder: Option<Library>,
    /// Installs in the 32-bit view on behalf of a 64-bit program.
    narrow: Option<PathBuf>,
}

impl Ws2Store {
    /// Finds ws2_32. `narrow` is the 32-bit build of the calling program, if there is one: it is run with the arguments `catalog enter`, the
    /// provider's identification, the path and the descriptions as [`info_to_hex`](crate::info_to_hex) writes them, does
    /// [`Store::install`] in its own view, and on failure says why on its standard error.
    ///
    /// # Errors
    /// When it cannot be loaded or started.
    pub fn open(narrow: Option<PathBuf>) -> Result<Self, CallError> {
        let load = |name: &str| {
            // SAFETY: a system library, whose start does nothing that could go against this program; it is found in the system's folder, of
            // which alone is asked.
            unsafe {
                libloading::os::windows::Library::load_with_flags(
                    name,
                    libloading::os::windows::LOAD_LIBRARY_SEARCH_SYSTEM32,
                )
            }
        };
        let ws2_32: Library = load("ws2_32.dll").map_err(|error| CallError::new("loading ws2_32.dll", error))?.into();
        let store = Self { ws2_32, sporder: load("sporder.dll").ok().map(Into::into), narrow };
        // SAFETY: the export of this name is a function of this type.
        let startup = unsafe { store.ws2_32.get::<WsaStartup>(b"WSAStartup\0") };
        let startup = startup.map_err(|error| CallError::new("WSAStartup", error))?;
        let mut data = [0_u64; WSADATA / 8];
        // SAFETY: the buffer is aligned and larger than what is written.
        match unsafe { startup(0x0202, data.as_mut_ptr().cast()) } {
            0 => Ok(store),
            error => Err(CallError::with_code("WSAStartup", error)),
        }
    }

    /// A function of the catalog for this view. `F` is its function-pointer type, which the variants for the views share.
    fn function<F: Copy>(&self, name: &str, view: View) -> Result<(String, F), CallError> {
        let name = match view {
            _ if view == native() => name.to_owned(),
            View::Bits32 => format!("{name}32"),
            View::Bits64 => {
                return Err(CallError::new(name, "a 32-bit program cannot reach the 64-bit view")
                    .hint("use the 64-bit build of this program"));
            }
        };
        let symbol = format!("{name}\0");
        for library in [Some(&self.ws2_32), self.sporder.as_ref()].into_iter().flatten() {
            // SAFETY: the callers give the type that the spec declares for the name, a nullable function pointer; the symbol is there.
            if let Ok(found) = unsafe { library.get::<F>(symbol.as_bytes()) } {
                return Ok((name, *found));
            }
        }
        Err(CallError::new(name, "ws2_32.dll has no such function")
            .hint("this version of Windows is too old for this step"))
    }

    /// All entries of a view, as ws2_32 tells them.
    fn enumerate(&self, view: View) -> Result<Vec<ffi::WSAPROTOCOL_INFOW>, CallError> {
        let (name, enumerate) = self.function::<ffi::LPWSCENUMPROTOCOLS>("WSCEnumProtocols", view)?;
        let enumerate = enumerate.ok_or_else(|| absent(&name))?;
        let size = size_of::<ffi::WSAPROTOCOL_INFOW>();
        let mut buffer = vec![crate::info::empty(); 64];
        for _ in 0..ATTEMPTS {
            let mut bytes = u32::try_from(buffer.len() * size).unwrap_or(u32::MAX);
            let mut error = 0;
            // SAFETY: the buffer has as many bytes as `bytes` says; the other pointers lead to live values.
            let count = unsafe { enumerate(null_mut(), buffer.as_mut_ptr(), &raw mut bytes, &raw mut error) };
            match usize::try_from(count) {
                Ok(count) => {
                    buffer.truncate(count);
                    return Ok(buffer);
                }
                Err(_) if error == code::WSAENOBUFS => buffer.resize(bytes as usize / size + 8, crate::info::empty()),
                Err(_) => return Err(CallError::with_code(name, error)),
            }
        }
        Err(CallError::with_code(name, code::WSAENOBUFS))
    }

    fn path(&self, view: View, provider: Uuid) -> Result<String, CallError> {
        let (name, path) = self.function::<ffi::LPWSCGETPROVIDERPATH>("WSCGetProviderPath", view)?;
        let path = path.ok_or_else(|| absent(&name))?;
        let mut id = guid(provider);
        let mut buffer = [0_u16; ffi::MAX_PATH as usize * 2];
        let mut length = i32::try_from(buffer.len()).unwrap_or(i32::MAX);
        let mut error = 0;
        // SAFETY: the buffer has as many characters as `length` says; the other pointers lead to live values.
        let result = unsafe { path(&raw mut id, buffer.as_mut_ptr(), &raw mut length, &raw mut error) };
        done(&name, result, error)?;
        let end = buffer.iter().position(|unit| *unit == 0).unwrap_or(buffer.len());
        Ok(String::from_utf16_lossy(&buffer[..end]))
    }

    /// What a layered provider is classed as; nothing where that cannot be told.
    fn categories(&self, view: View, provider: Uuid) -> Option<u32> {
        let (_, info) = self.function::<ffi::LPWSCGETPROVIDERINFO>("WSCGetProviderInfo", view).ok()?;
        let mut id = guid(provider);
        let (mut categories, mut size, mut error) = (0_u32, size_of::<u32>(), 0);
        // SAFETY: `Info` leads to as many bytes as the size says; the other pointers lead to live values.
        let result = unsafe {
            info?(
                &raw mut id,
                ffi::ProviderInfoLspCategories,
                (&raw mut categories).cast(),
                &raw mut size,
                0,
                &raw mut error,
            )
        };
        (result == 0).then_some(categories)
    }

    fn read_view(&self, view: View, catalog: &mut Catalog) -> Result<(), CallError> {
        let infos = self.enumerate(view)?;
        let mut paths = std::collections::BTreeMap::new();
        for info in &infos {
            let provider = uuid(&info.ProviderId);
            if !paths.contains_key(&provider) {
                let path = self.path(view, provider).unwrap_or_else(|error| {
                    catalog.damaged(format!("{view} provider {provider}"), format!("its path cannot be had: {error}"));
                    String::new()
                });
                paths.insert(provider, path);
            }
        }
        for info in infos {
            let path = paths.get(&uuid(&info.ProviderId)).map_or("", String::as_str);
            let entry = Entry::told(path, &info);
            catalog.items_mut(view).into_iter().for_each(|items| items.push(Item::new(entry.clone())));
        }
        let layered: Vec<Uuid> = providers(catalog, view)
            .into_iter()
            .filter(|id| {
                catalog.entries(view).any(|entry| entry.provider() == *id && entry.info().ProtocolChain.ChainLen == 0)
            })
            .collect();
        for provider in layered {
            if let Some(categories) = self.categories(view, provider) {
                catalog.set_categories(view, provider, categories);
            }
        }
        Ok(())
    }

    /// Installs or updates: the two take the same.
    fn enter(
        &self,
        what: &str,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError> {
        let (name, enter) = self.function::<ffi::LPWSCINSTALLPROVIDER>(what, view)?;
        let enter = enter.ok_or_else(|| absent(&name))?;
        let mut id = guid(provider);
        let path = wide(path);
        let mut infos = infos.to_vec();
        infos.iter_mut().for_each(|info| info.ProviderId = id);
        let count = u32::try_from(infos.len()).unwrap_or(u32::MAX);
        let mut error = 0;
        // SAFETY: the path ends with a zero, the list has as many entries as the count says; the other pointers lead to live values.
        let result = unsafe { enter(&raw mut id, path.as_ptr(), infos.as_mut_ptr(), count, &raw mut error) };
        done(&name, result, error)
    }
}

/// Has a 32-bit program install in the 32-bit view.
fn install_by(
    narrow: Option<&std::path::Path>,
    provider: Uuid,
    path: &str,
    infos: &[ffi::WSAPROTOCOL_INFOW],
) -> Result<(), CallError> {
    const CALL: &str = "WSCInstallProvider in the 32-bit view";
    let Some(program) = narrow.filter(|program| program.is_file()) else {
        return Err(CallError::new(CALL, "only a 32-bit program can do that").hint(
            "put the 32-bit build of this program beside it as wsp32.exe, or run that one for the 32-bit library",
        ));
    };
    let output = std::process::Command::new(program)
        .args(["catalog", "enter", &provider.to_string(), path])
        .args(infos.iter().map(crate::info_to_hex))
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| CallError::new(CALL, format!("cannot run {}: {error}", program.display())))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(CallError::new(CALL, said.trim().trim_start_matches("error: ")))
}

/// The view of this program's own width.
fn native() -> View {
    if cfg!(target_pointer_width = "64") { View::Bits64 } else { View::Bits32 }
}

fn absent(name: &str) -> CallError {
    CallError::new(name, "ws2_32.dll has no such function")
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn done(name: &str, result: i32, error: i32) -> Result<(), CallError> {
    if result == 0 { Ok(()) } else { Err(CallError::with_code(name, error)) }
}

fn registry(error: impl ToString) -> CallError {
    CallError::new("writing `TCP on SAN`", error).hint("changing it needs rights: start this in an elevated prompt")
}

fn sans() -> Vec<(String, Uuid)> {
    let Ok(key) = LOCAL_MACHINE.open(SAN) else { return Vec::new() };
    let Ok(values) = key.values() else { return Vec::new() };
    values.filter_map(|(name, value)| Some((name, Uuid::from_bytes_le(value.as_ref().try_into().ok()?)))).collect()
}

/// The programs that are classed. There is no function that lists them.
fn applications() -> Vec<Application> {
    let Ok(parent) = LOCAL_MACHINE.open(APPLICATIONS) else { return Vec::new() };
    let Ok(names) = parent.keys() else { return Vec::new() };
    let read = |name: String| {
        let key = parent.open(name).ok()?;
        Some(Application {
            path: key.get_string("AppFullPath").ok()?,
            extra: key.get_string("AppArgs").ok(),
            permitted: key.get_u32("PermittedLspCategories").ok()?,
        })
    };
    names.filter_map(read).collect()
}

impl Store for Ws2Store {
    fn name(&self) -> String {
        "the catalog of this machine".to_owned()
    }

    fn views(&self) -> Vec<View> {
        // Where there is no other view ws2_32 lacks the functions for it.
        let reachable = |view: &View| self.function::<ffi::LPWSCENUMPROTOCOLS>("WSCEnumProtocols", *view).is_ok();
        View::ALL.into_iter().filter(reachable).collect()
    }

    fn read(&mut self) -> Result<Catalog, CallError> {
        let views = self.views();
        let mut catalog = Catalog::new(&views);
        for view in views {
            self.read_view(view, &mut catalog)?;
        }
        catalog.follow_ids();
        let sans: Vec<Uuid> = sans().into_iter().map(|(_, provider)| provider).collect();
        if !sans.is_empty() {
            catalog.set_san(&sans);
        }
        for application in applications() {
            catalog.set_application(&application);
        }
        Ok(catalog)
    }

    fn install(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError> {
        if view != native() && view == View::Bits32 {
            return install_by(self.narrow.as_deref(), provider, path, infos);
        }
        self.enter("WSCInstallProvider", view, provider, path, infos)
    }

    fn update(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError> {
        self.enter("WSCUpdateProvider", view, provider, path, infos)
    }

    fn deinstall(&mut self, view: View, provider: Uuid) -> Result<(), CallError> {
        let (name, deinstall) = self.function::<ffi::LPWSCDEINSTALLPROVIDER>("WSCDeinstallProvider", view)?;
        let deinstall = deinstall.ok_or_else(|| absent(&name))?;
        let mut id = guid(provider);
        let mut error = 0;
        // SAFETY: both pointers lead to live values.
        let result = unsafe { deinstall(&raw mut id, &raw mut error) };
        done(&name, result, error)
    }

    fn write_order(&mut self, view: View, ids: &[u32]) -> Result<(), CallError> {
        let (name, write) = self.function::<ffi::LPWSCWRITEPROVIDERORDER>("WSCWriteProviderOrder", view)?;
        let write = write.ok_or_else(|| absent(&name))?;
        let mut ids = ids.to_vec();
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        // SAFETY: the array has as many numbers as the count says.
        let error = unsafe { write(ids.as_mut_ptr(), count) };
        done(&name, error, error)
    }

    fn set_categories(&mut self, view: View, provider: Uuid, categories: u32) -> Result<(), CallError> {
        let (name, set) = self.function::<ffi::LPWSCSETPROVIDERINFO>("WSCSetProviderInfo", view)?;
        let set = set.ok_or_else(|| absent(&name))?;
        let mut id = guid(provider);
        let (mut categories, mut error) = (categories, 0);
        let size = size_of::<u32>();
        // SAFETY: `Info` leads to as many bytes as the size says; the other pointers lead to live values.
        let result = unsafe {
            set(&raw mut id, ffi::ProviderInfoLspCategories, (&raw mut categories).cast(), size, 0, &raw mut error)
        };
        done(&name, result, error)
    }

    fn add_application(&mut self, application: &Application) -> Result<(), CallError> {
        let (name, set) = self.function::<ffi::LPWSCSETAPPLICATIONCATEGORY>("WSCSetApplicationCategory", native())?;
        let set = set.ok_or_else(|| absent(&name))?;
        let (path, extra) = (wide(&application.path), application.extra.as_deref().map(wide));
        let length = |text: &[u16]| u32::try_from(text.len() - 1).unwrap_or(u32::MAX);
        let (extra_at, extra_length) =
            extra.as_ref().map_or((std::ptr::null(), 0), |text| (text.as_ptr(), length(text)));
        let mut error = 0;
        // SAFETY: the texts have as many characters as their lengths say, and a zero behind them; the error leads to a live value.
        let result = unsafe {
            set(path.as_ptr(), length(&path), extra_at, extra_length, application.permitted, null_mut(), &raw mut error)
        };
        done(&name, result, error)
    }

    fn application(&mut self, path: &str, extra: Option<&str>) -> Result<Option<u32>, CallError> {
        let (name, get) = self.function::<ffi::LPWSCGETAPPLICATIONCATEGORY>("WSCGetApplicationCategory", native())?;
        let get = get.ok_or_else(|| absent(&name))?;
        let (path, extra) = (wide(path), extra.map(wide));
        let length = |text: &[u16]| u32::try_from(text.len() - 1).unwrap_or(u32::MAX);
        let (extra_at, extra_length) =
            extra.as_ref().map_or((std::ptr::null(), 0), |text| (text.as_ptr(), length(text)));
        let (mut permitted, mut error) = (0, 0);
        // SAFETY: the texts have as many characters as their lengths say, and a zero behind them; the rest leads to live values.
        let result =
            unsafe { get(path.as_ptr(), length(&path), extra_at, extra_length, &raw mut permitted, &raw mut error) };
        match error {
            _ if result == 0 => Ok(Some(permitted)),
            code::WSASERVICE_NOT_FOUND => Ok(None),
            _ => Err(CallError::with_code(name, error)),
        }
    }

    fn set_san(&mut self, wanted: &[Uuid]) -> Result<(), CallError> {
        let key = LOCAL_MACHINE.create(SAN).map_err(registry)?;
        let there = sans();
        for provider in wanted.iter().filter(|id| there.iter().all(|(_, known)| known != *id)) {
            key.set_bytes(provider.to_string(), Type::Bytes, &provider.to_bytes_le()).map_err(registry)?;
        }
        for (name, _) in there.iter().filter(|(_, known)| !wanted.contains(known)) {
            key.remove_value(name).map_err(registry)?;
        }
        Ok(())
    }

    fn rewrite(&mut self, _: &[u8]) -> Result<(), CallError> {
        Err(CallError::new("writing the catalog anew", "only ws2_32 may do that")
            .hint("`netsh winsock reset` does, and removes all providers but Windows' own"))
    }

    /// Where only administrators may write: whoever could plant a backup here could have it restored.
    fn folder(&self) -> PathBuf {
        PathBuf::from(std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into())).join("wsp-catalog")
    }

    fn stem(&self) -> String {
        "catalog".to_owned()
    }
}
