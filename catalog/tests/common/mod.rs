//! Catalogs to test with.
#![allow(dead_code, reason = "each test takes what it needs")]

use tempfile::TempDir;
use wsp::ffi;
use wsp_catalog::{FileStore, Store, Uuid, View, stream_info};

/// The description of a stream provider of this name.
pub fn info(name: &str) -> ffi::WSAPROTOCOL_INFOW {
    stream_info(name)
}

/// The provider of this name.
pub fn provider(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

/// A catalog file with a base provider for each name.
pub fn catalog_with(views: &[(View, &[&str])]) -> (TempDir, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = FileStore::new(folder.path().join("catalog.reg"));
    store.create().unwrap();
    for (view, names) in views {
        for name in *names {
            store.install(*view, provider(name), &format!("C:\\{name}.dll"), &[info(name)]).unwrap();
        }
    }
    (folder, store)
}
