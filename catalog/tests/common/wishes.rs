//! Changes that are asked for.

use wsp::ffi;
use wsp_catalog::wanted::{self, Pick, Place};
use wsp_catalog::{Application, Catalog, Entry, Store, View, steps};

use super::{catalog_with, info, offers, provider};

/// Something that is asked for.
pub type Wish = fn(&Catalog) -> Result<Catalog, String>;

pub const WISHES: [(&str, Wish); 9] = [
    ("install", |now| wanted::installed(now, &offers("new", "C:\\new.dll"))),
    ("move", |now| wanted::installed(now, &offers("tcp", "D:\\elsewhere\\tcp.dll"))),
    ("remove", |now| wanted::removed(now, &[Pick::Provider(provider("udp"))], &View::ALL, false)),
    ("remove with chains", |now| wanted::removed(now, &[Pick::Provider(provider("tcp"))], &View::ALL, true)),
    ("order", |now| wanted::ordered(now, &[Pick::Name("chain".to_owned())], &View::ALL, Place::First)),
    ("class", |now| wanted::classed(now, provider("layer"), &View::ALL, ffi::LSP_FIREWALL)),
    ("permit", |now| {
        let path = "C:\\program.exe".to_owned();
        Ok(wanted::permitted(now, &Application { path, extra: None, permitted: ffi::LSP_SYSTEM }))
    }),
    ("restore", |_| Ok(other())),
    ("all at once", |now| {
        let now = wanted::installed(now, &offers("new", "C:\\new.dll"))?;
        let now = wanted::removed(&now, &[Pick::Name("udp".to_owned())], &View::ALL, false)?;
        wanted::ordered(&now, &[Pick::Name("new".to_owned()), Pick::Name("chain".to_owned())], &View::ALL, Place::First)
    }),
];

/// A catalog of another time: other numbers, another order, another provider, and a chain.
pub fn other() -> Catalog {
    let (_folder, mut store) = catalog_with(&[(View::Bits64, &["old", "udp"]), (View::Bits32, &["udp"])]);
    let mut layer = info("layer");
    layer.ProtocolChain.ChainLen = ffi::LAYERED_PROTOCOL;
    store.install(View::Bits64, provider("layer"), "%NOT_SET%\\layer.dll", &[layer]).unwrap();
    let mut chain = info("chain");
    chain.ProtocolChain.ChainLen = 2;
    chain.ProtocolChain.ChainEntries = [1004, 1001, 0, 0, 0, 0, 0];
    store.install(View::Bits64, provider("chain"), "%NOT_SET%\\layer.dll", &[chain]).unwrap();
    store.write_order(View::Bits64, &[1005, 1002, 1004, 1001]).unwrap();
    store.set_san(&[provider("old")]).unwrap();
    store.read().unwrap()
}

pub fn same(one: &Catalog, other: &Catalog) -> bool {
    steps(one, other).is_empty() && steps(other, one).is_empty()
}

/// What must hold of every catalog.
pub fn assert_sound(catalog: &Catalog) {
    assert!(catalog.damage().is_empty(), "{:?}", catalog.damage());
    for view in View::ALL {
        let ids: Vec<u32> = catalog.entries(view).map(Entry::id).collect();
        for entry in catalog.entries(view) {
            assert!(entry.chain().iter().all(|id| ids.contains(id)), "a chain leads nowhere: {entry:?}");
        }
    }
}
