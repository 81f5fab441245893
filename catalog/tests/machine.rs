//! The catalog of this machine, through ws2_32: it is read, and never changed.
#![cfg(windows)]

use wsp::ffi;
use wsp_catalog::{Catalog, Entry, Store, View, Ws2Store};

#[test]
fn the_machines_catalog_is_read() {
    let mut store = Ws2Store::open(None).unwrap();
    let native = if cfg!(target_pointer_width = "64") { View::Bits64 } else { View::Bits32 };
    assert!(store.views().contains(&native));
    let catalog = store.read().unwrap();
    let is_tcp = |entry: &Entry| {
        let info = entry.info();
        (info.iAddressFamily, info.iSocketType, info.iProtocol) == (ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP)
    };
    assert!(catalog.entries(native).any(is_tcp), "{catalog:?}");
    let again = Catalog::parse(&catalog.to_bytes()).unwrap();
    assert_eq!(again.entries(native).len(), catalog.entries(native).len());
}
