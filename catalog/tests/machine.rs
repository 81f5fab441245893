//! The catalog of this machine, through ws2_32: it is read, and never changed.
#![cfg(windows)]

use wsp::ffi;
use wsp_catalog::{Store, View, Ws2Store};

#[test]
fn the_machines_catalog_is_read() {
    let mut store = Ws2Store::open().unwrap();
    let native = if cfg!(target_pointer_width = "64") { View::Bits64 } else { View::Bits32 };
    assert!(store.views().contains(&native));
    let catalog = store.read().unwrap();
    let streams = |entry: &&wsp_catalog::Entry| {
        let info = entry.info();
        (info.iAddressFamily, info.iSocketType, info.iProtocol) == (ffi::AF_INET, ffi::SOCK_STREAM, ffi::IPPROTO_TCP)
    };
    assert!(catalog.entries(native).any(|entry| streams(&entry)), "{catalog:?}");
    assert_eq!(
        wsp_catalog::Catalog::parse(&catalog.to_bytes()).unwrap().entries(native).len(),
        catalog.entries(native).len()
    );
}
