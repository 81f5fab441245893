//! Catalogs to test with.
#![allow(dead_code, reason = "each test takes what it needs")]

pub mod pe;
pub mod wishes;

use std::sync::OnceLock;

use tempfile::TempDir;
use wsp::ffi;
use wsp_catalog::wanted::Offer;
use wsp_catalog::{Application, CallError, Catalog, FileStore, Store, Uuid, View, stream_info};

/// The description of a stream provider of this name.
pub fn info(name: &str) -> ffi::WSAPROTOCOL_INFOW {
    stream_info(name)
}

/// The provider of this name.
pub fn provider(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

/// A folder; in memory where there is such a place, because every change waits for the disk.
pub fn folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// A catalog file with a base provider for each name.
pub fn catalog_with(views: &[(View, &[&str])]) -> (TempDir, FileStore) {
    let folder = folder();
    let mut store = FileStore::new(folder.path().join("catalog.reg"));
    store.create().unwrap();
    for (view, names) in views {
        for name in *names {
            store.install(*view, provider(name), &format!("%NOT_SET%\\{name}.dll"), &[info(name)]).unwrap();
        }
    }
    (folder, store)
}

/// Fails one call, or one more, or all from one on; or ends there, as a process that is killed.
pub struct Failing {
    pub store: FileStore,
    pub calls: usize,
    pub fail_at: usize,
    pub again_at: usize,
    pub for_good: bool,
    pub dies: bool,
}

impl Failing {
    pub fn new(store: FileStore, fail_at: usize) -> Self {
        Self { store, calls: 0, fail_at, again_at: 0, for_good: false, dies: false }
    }

    fn count(&mut self) -> Result<(), CallError> {
        self.calls += 1;
        let here = [self.fail_at, self.again_at].contains(&self.calls);
        let fails = here || (self.for_good && self.calls > self.fail_at);
        if fails && self.dies {
            // Without a word: no hook has anything to say of it.
            std::panic::resume_unwind(Box::new("killed"));
        }
        if fails { Err(CallError::new(format!("call {}", self.calls), "made to fail")) } else { Ok(()) }
    }
}

impl Store for Failing {
    fn name(&self) -> String {
        self.store.name()
    }
    fn views(&self) -> Vec<View> {
        self.store.views()
    }
    fn read(&mut self) -> Result<Catalog, CallError> {
        self.count().and_then(|()| self.store.read())
    }
    fn install(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.install(view, provider, path, infos))
    }
    fn update(
        &mut self,
        view: View,
        provider: Uuid,
        path: &str,
        infos: &[ffi::WSAPROTOCOL_INFOW],
    ) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.update(view, provider, path, infos))
    }
    fn deinstall(&mut self, view: View, provider: Uuid) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.deinstall(view, provider))
    }
    fn write_order(&mut self, view: View, ids: &[u32]) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.write_order(view, ids))
    }
    fn set_categories(&mut self, view: View, provider: Uuid, categories: u32) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.set_categories(view, provider, categories))
    }
    fn add_application(&mut self, application: &Application) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.add_application(application))
    }
    fn application(&mut self, path: &str, extra: Option<&str>) -> Result<Option<u32>, CallError> {
        self.count().and_then(|()| self.store.application(path, extra))
    }
    fn set_san(&mut self, providers: &[Uuid]) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.set_san(providers))
    }
    fn snapshot(&mut self) -> Result<Vec<u8>, CallError> {
        self.count().and_then(|()| self.store.snapshot())
    }
    fn rewrite(&mut self, catalog_file: &[u8]) -> Result<(), CallError> {
        self.count().and_then(|()| self.store.rewrite(catalog_file))
    }
    fn folder(&self) -> std::path::PathBuf {
        self.store.folder()
    }
    fn stem(&self) -> String {
        self.store.stem()
    }
}

/// An offer of a provider of this name, for both views, that the switch may use.
pub fn offers(name: &str, path: &str) -> Vec<Offer> {
    View::ALL
        .map(|view| Offer { view, provider: provider(name), path: path.to_owned(), info: info(name), san: true })
        .to_vec()
}

/// A catalog with two base providers in both views and, in the 64-bit one, a layered provider and its chain over the first.
pub fn layered() -> (TempDir, FileStore) {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let (folder, _) = make_layered();
        std::fs::read(folder.path().join("catalog.reg")).unwrap()
    });
    let folder = folder();
    let path = folder.path().join("catalog.reg");
    std::fs::write(&path, made).unwrap();
    (folder, FileStore::new(path))
}

fn make_layered() -> (TempDir, FileStore) {
    let (folder, mut store) = catalog_with(&[(View::Bits64, &["tcp", "udp"]), (View::Bits32, &["tcp", "udp"])]);
    let mut layer = info("layer");
    layer.ProtocolChain.ChainLen = ffi::LAYERED_PROTOCOL;
    store.install(View::Bits64, provider("layer"), "%NOT_SET%\\layer.dll", &[layer]).unwrap();
    let id = |store: &mut FileStore, name: &str| {
        store.read().unwrap().entries(View::Bits64).find(|entry| entry.name() == name).unwrap().id()
    };
    let mut chain = info("chain");
    chain.ProtocolChain.ChainLen = 2;
    chain.ProtocolChain.ChainEntries[0] = id(&mut store, "layer");
    chain.ProtocolChain.ChainEntries[1] = id(&mut store, "tcp");
    store.install(View::Bits64, provider("chain"), "%NOT_SET%\\layer.dll", &[chain]).unwrap();
    (folder, store)
}
