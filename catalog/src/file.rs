//! A catalog that is kept in a file.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use wsp::{code, ffi};

use crate::layout::Item;
use crate::store::{CallError, Store};
use crate::{Application, Catalog, Entry, ReadError, View};

/// A catalog file, changed as ws2_32 changes the registry: each call reads it, and replaces it as a whole.
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// The catalog in this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the file, with a catalog without entries, unless it is there.
    ///
    /// # Errors
    /// The file system's.
    pub fn create(&self) -> std::io::Result<()> {
        // Closed at once: Windows replaces no file that is open.
        match File::create_new(&self.path).map(drop) {
            Ok(()) => replace(&self.path, &Catalog::new(&View::ALL).to_bytes()).inspect_err(|_| {
                let _ = std::fs::remove_file(&self.path);
            }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn load(&self) -> Result<Catalog, CallError> {
        Catalog::read(&self.path).map_err(|error| {
            let error = CallError::from(error);
            CallError { call: format!("{}: {}", error.call, self.path.display()), ..error }
        })
    }

    /// Changes the file, or leaves it as it is.
    fn change(
        &self,
        call: &str,
        view: Option<View>,
        change: impl FnOnce(&mut Catalog) -> Result<(), i32>,
    ) -> Result<(), CallError> {
        let mut catalog = self.load()?;
        if let Some(damage) = catalog.damage().first() {
            return Err(CallError::new(call, format!("the catalog is damaged: {damage}"))
                .hint("`wsp catalog doctor --fix` mends it"));
        }
        if let Some(view) = view.filter(|view| catalog.views().all(|there| there != *view)) {
            return Err(CallError::new(call, format!("this catalog has no {view} view")));
        }
        change(&mut catalog).map_err(|code| CallError::with_code(call, code))?;
        catalog.changed();
        self.save(call, &catalog.to_bytes())
    }

    fn save(&self, call: &str, catalog_file: &[u8]) -> Result<(), CallError> {
        replace(&self.path, catalog_file).map_err(|error| {
            CallError::new(call, format!("cannot write {}: {error}", self.path.display()))
                .hint("the file is as it was; see to its rights and to the room on the disk")
        })
    }
}

/// Replaces a file by a new one: whoever reads it finds the old or the new, whole.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = target.with_file_name(name);
    let written = (|| {
        let mut file = File::create(&new)?;
        if let Ok(old) = std::fs::metadata(&target) {
            // A file that may not be written is not replaced either.
            std::fs::OpenOptions::new().append(true).open(&target)?;
            file.set_permissions(old.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, &target)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}

/// Where in the view the provider's entries are.
fn of_provider(items: &[Item], provider: Uuid) -> Vec<usize> {
    items.iter().enumerate().filter(|(_, item)| item.entry.provider() == provider).map(|(at, _)| at).collect()
}

impl Store for FileStore {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn views(&self) -> Vec<View> {
        self.load().map_or(View::ALL.to_vec(), |catalog| catalog.views().collect())
    }

    fn read(&mut self) -> Result<Catalog, CallError> {
        self.load()
    }

    fn install(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError> {
        self.change("WSCInstallProvider", Some(view), |catalog| {
            if !of_provider(catalog.items(view), provider).is_empty() {
                return Err(code::WSANO_RECOVERY);
            }
            for info in infos {
                let mut entry = Entry::new(path, info).map_err(|_| code::WSAEINVAL)?;
                entry.set_id(catalog.new_id());
                entry.set_provider(provider);
                catalog.items_mut(view).ok_or(code::WSAEINVAL)?.push(Item::new(entry));
            }
            Ok(())
        })
    }

    fn update(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError> {
        self.change("WSCUpdateProvider", Some(view), |catalog| {
            let items = catalog.items_mut(view).ok_or(code::WSAEINVAL)?;
            let there = of_provider(items, provider);
            if there.is_empty() || there.len() != infos.len() {
                return Err(code::WSAEINVAL);
            }
            for at in there {
                let entry = &mut items[at].entry;
                let info = infos.iter().find(|info| info.dwCatalogEntryId == entry.id()).ok_or(code::WSAEINVAL)?;
                entry.set_info(info);
                entry.set_provider(provider);
                entry.set_path(path).map_err(|_| code::WSAEINVAL)?;
            }
            Ok(())
        })
    }

    fn deinstall(&mut self, view: View, provider: Uuid) -> Result<(), CallError> {
        self.change("WSCDeinstallProvider", Some(view), |catalog| {
            let items = catalog.items_mut(view).ok_or(code::WSAEINVAL)?;
            let before = items.len();
            items.retain(|item| item.entry.provider() != provider);
            if items.len() < before { Ok(()) } else { Err(code::WSAEINVAL) }
        })
    }

    fn write_order(&mut self, view: View, ids: &[u32]) -> Result<(), CallError> {
        self.change("WSCWriteProviderOrder", Some(view), |catalog| {
            let items = catalog.items_mut(view).ok_or(code::WSAEINVAL)?;
            let place = |id: u32| ids.iter().position(|other| *other == id);
            if ids.len() != items.len() || items.iter().any(|item| place(item.entry.id()).is_none()) {
                return Err(code::WSAEINVAL);
            }
            items.sort_by_key(|item| place(item.entry.id()));
            Ok(())
        })
    }

    fn set_categories(&mut self, view: View, provider: Uuid, categories: u32) -> Result<(), CallError> {
        self.change("WSCSetProviderInfo", Some(view), |catalog| {
            if of_provider(catalog.items(view), provider).is_empty() {
                return Err(code::WSAEINVAL);
            }
            catalog.set_categories(view, provider, categories);
            Ok(())
        })
    }

    fn add_application(&mut self, application: &Application) -> Result<(), CallError> {
        self.change("WSCSetApplicationCategory", None, |catalog| {
            let old = catalog.permitted(&application.path, application.extra.as_deref()).unwrap_or(0);
            catalog.set_application(&Application { permitted: old | application.permitted, ..application.clone() });
            Ok(())
        })
    }

    fn application(&mut self, path: &str, extra: Option<&str>) -> Result<Option<u32>, CallError> {
        Ok(self.load()?.permitted(path, extra))
    }

    fn set_san(&mut self, providers: &[Uuid]) -> Result<(), CallError> {
        self.change("writing `TCP on SAN`", None, |catalog| {
            catalog.set_san(providers);
            Ok(())
        })
    }

    fn snapshot(&mut self) -> Result<Vec<u8>, CallError> {
        std::fs::read(&self.path).map_err(|error| ReadError::File(error).into())
    }

    fn rewrite(&mut self, catalog_file: &[u8]) -> Result<(), CallError> {
        self.save("writing the catalog anew", catalog_file)
    }

    fn folder(&self) -> PathBuf {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or_else(|| PathBuf::from("."), Path::to_owned)
    }

    fn stem(&self) -> String {
        self.path.file_name().map_or_else(|| "catalog".to_owned(), |name| name.to_string_lossy().into_owned())
    }
}
