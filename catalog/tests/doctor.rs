//! The doctor names what is broken and why, and mends it.

mod common;

use std::path::Path;

use common::{catalog_with, info, layered, pe, provider};
use wsp::ffi;
use wsp_catalog::doctor::{Finding, Weight, examine, mended};
use wsp_catalog::wanted::{self, Pick};
use wsp_catalog::{Catalog, Done, Entry, FileStore, Options, Store, View, change};

/// The findings that weigh so, as `place: what`.
fn findings(catalog: &Catalog, weight: Weight) -> Vec<String> {
    let found = examine(catalog, None).into_iter().filter(|finding| finding.weight == weight);
    found.map(|finding| format!("{}: {}", finding.place, finding.what)).collect()
}

/// Mends, and tells what is broken then.
fn mend(store: &mut FileStore) -> Vec<String> {
    let options = Options { despite_damage: true, ..Options::default() };
    let done = change(store, options, |now| mended(now, &examine(now, None))).unwrap();
    assert!(matches!(done, Done::Changed { .. }), "{done:?}");
    findings(&store.read().unwrap(), Weight::Broken)
}

fn names(store: &mut FileStore, view: View) -> Vec<String> {
    store.read().unwrap().entries(view).map(Entry::name).collect()
}

fn install(store: &mut FileStore, view: View, name: &str, path: &Path) {
    store.install(view, provider(name), path.to_str().unwrap(), &[info(name)]).unwrap();
}

#[test]
fn libraries_that_are_gone_wrong_or_bare_are_named_and_their_entries_removed() {
    let (folder, mut store) = catalog_with(&[]);
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    install(&mut store, View::Bits64, "good", &file("good.dll", &pe::library(64, "WSPStartup")));
    install(&mut store, View::Bits64, "gone", &folder.path().join("gone.dll"));
    install(&mut store, View::Bits64, "narrow", &file("narrow.dll", &pe::library(32, "WSPStartup")));
    install(&mut store, View::Bits64, "bare", &file("bare.dll", &pe::library(64, "DllMain")));
    install(&mut store, View::Bits32, "text", &file("text.dll", b"text"));
    let broken = findings(&store.read().unwrap(), Weight::Broken);
    for (at, what) in [
        "64-bit entry 1002 `gone`: there is no file",
        "has 32 bits, and the 64-bit view is for 64-bit programs",
        "does not export `WSPStartup`",
        "32-bit entry 1005 `text`",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(broken[at].contains(what), "{broken:?}");
    }
    assert_eq!(broken.len(), 4);
    assert!(mend(&mut store).is_empty());
    assert_eq!(names(&mut store, View::Bits64), ["good"]);
    assert!(names(&mut store, View::Bits32).is_empty());
}

#[test]
fn each_library_of_a_provider_is_looked_at() {
    let (folder, mut store) = catalog_with(&[]);
    let good = folder.path().join("good.dll");
    std::fs::write(&good, pe::library(64, "WSPStartup")).unwrap();
    store.install(View::Bits64, provider("two"), good.to_str().unwrap(), &[info("first"), info("second")]).unwrap();
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(",");
    let flat = String::from_utf8(store.read().unwrap().to_bytes()).unwrap().replace("\\\n  ", "");
    let second = flat.rfind(&hex("good.dll")).unwrap();
    let gone = format!("{}{}", &flat[..second], flat[second..].replacen(&hex("good"), &hex("gone"), 1));
    std::fs::write(folder.path().join("catalog.reg"), gone).unwrap();
    let broken = findings(&store.read().unwrap(), Weight::Broken);
    assert!(broken.len() == 1 && broken[0].contains("entry 1002 `second`: there is no file"), "{broken:?}");
    assert!(mend(&mut store).is_empty());
}

#[test]
fn an_orphaned_chain_is_named_and_removed_and_the_rest_stays() {
    let (_folder, mut store) = layered();
    store.deinstall(View::Bits64, provider("tcp")).unwrap();
    let broken = findings(&store.read().unwrap(), Weight::Broken);
    assert_eq!(broken, ["64-bit entry 1006 `chain`: it is a chain over entry 1001, which is not there: orphaned"]);
    assert!(mend(&mut store).is_empty());
    assert_eq!(names(&mut store, View::Bits64), ["udp", "layer"]);
    let odd = findings(&store.read().unwrap(), Weight::Odd);
    assert!(odd.iter().any(|text| text.contains("a layered provider that no chain uses")), "{odd:?}");
}

#[test]
fn impossible_chains_are_named() {
    for (length, members, what) in [
        (9, [1, 2, 3, 4, 5, 6, 7], "its chain has 9 members"),
        (-1, [0; 7], "its chain has -1 members"),
        (2, [1001, 1002, 0, 0, 0, 0, 0], "it is a chain over itself"),
        (2, [1001, 1003, 0, 0, 0, 0, 0], "does not end at a base provider"),
    ] {
        let (_folder, mut store) = catalog_with(&[(View::Bits64, &["tcp"])]);
        let mut chain = info("chain");
        chain.ProtocolChain.ChainLen = length;
        chain.ProtocolChain.ChainEntries = members;
        store.install(View::Bits64, provider("chain"), "%NOT_SET%\\c.dll", &[chain]).unwrap();
        let mut layer = info("layer");
        layer.ProtocolChain.ChainLen = ffi::LAYERED_PROTOCOL;
        store.install(View::Bits64, provider("layer"), "%NOT_SET%\\c.dll", &[layer]).unwrap();
        let broken = findings(&store.read().unwrap(), Weight::Broken);
        assert!(broken.len() == 1 && broken[0].contains(what), "{broken:?}");
        assert!(mend(&mut store).is_empty());
        assert_eq!(names(&mut store, View::Bits64), ["tcp", "layer"]);
    }
}

#[test]
fn a_damaged_catalog_is_written_anew_with_what_is_left() {
    let (folder, mut store) = catalog_with(&[(View::Bits64, &["a", "b", "c"])]);
    let whole = String::from_utf8(store.read().unwrap().to_bytes()).unwrap();
    let second = whole.match_indices("\"PackedCatalogItem\"").nth(1).unwrap().0;
    let damaged = format!("{}\"Packed\"{}", &whole[..second], &whole[second + "\"PackedCatalogItem\"".len()..]);
    let damaged =
        damaged.replace("\"Num_Catalog_Entries64\"=dword:00000003", "\"Num_Catalog_Entries64\"=dword:00000007");
    std::fs::write(folder.path().join("catalog.reg"), &damaged).unwrap();
    assert_eq!(findings(&store.read().unwrap(), Weight::Broken).len(), 2);
    assert!(mend(&mut store).is_empty());
    assert_eq!(names(&mut store, View::Bits64), ["a", "c"]);
    let backup = wsp_catalog::backups(&store).pop().unwrap();
    assert_eq!(std::fs::read_to_string(backup).unwrap(), damaged, "what could not be made out is in the backup");
}

#[test]
fn numbers_that_were_given_twice_are_given_anew() {
    let (folder, mut store) = catalog_with(&[(View::Bits64, &["a", "b"])]);
    let catalog = store.read().unwrap();
    let mut twice = catalog.entries(View::Bits64).nth(1).unwrap().clone();
    let hex = |entry: &Entry| entry.packed().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(",");
    let flat = String::from_utf8(catalog.to_bytes()).unwrap().replace("\\\n  ", "");
    let before = hex(&twice);
    twice.set_id(1001);
    std::fs::write(folder.path().join("catalog.reg"), flat.replace(&before, &hex(&twice))).unwrap();
    assert!(findings(&store.read().unwrap(), Weight::Broken)[0].contains("two entries have the number 1001"));
    assert!(mend(&mut store).is_empty());
    let ids: Vec<u32> = store.read().unwrap().entries(View::Bits64).map(Entry::id).collect();
    assert_eq!(ids, [1001, 1003]);
}

#[test]
fn who_is_named_to_the_switch_without_an_entry_is_named_no_more() {
    let (_folder, mut store) = catalog_with(&[(View::Bits64, &["a"])]);
    store.set_san(&[provider("a"), provider("ghost")]).unwrap();
    let odd = findings(&store.read().unwrap(), Weight::Odd);
    assert!(odd.iter().any(|text| text.contains("which has no entry")), "{odd:?}");
    mend(&mut store);
    assert_eq!(store.read().unwrap().san(), [provider("a")]);
}

#[test]
fn what_is_windows_own_is_never_removed() {
    let (_folder, mut store) = catalog_with(&[]);
    let mut chain = info("own chain");
    chain.ProtocolChain.ChainLen = 2;
    chain.ProtocolChain.ChainEntries[0] = 77;
    store.install(View::Bits64, provider("own"), "%NOT_SET%\\System32\\mswsock.dll", &[chain]).unwrap();
    let found = examine(&store.read().unwrap(), None);
    let broken: Vec<&Finding> = found.iter().filter(|finding| finding.weight == Weight::Broken).collect();
    assert!(
        broken.len() == 1 && !broken[0].is_mendable() && broken[0].advice.contains("netsh winsock reset"),
        "{broken:?}"
    );
    let refused = wanted::removed(&store.read().unwrap(), &[Pick::Provider(provider("own"))], &View::ALL, true);
    assert!(refused.unwrap_err().contains("Windows' own"));
    let offer = wanted::Offer {
        view: View::Bits64,
        provider: provider("own"),
        path: "C:\\mine.dll".to_owned(),
        info: info("mine"),
        san: false,
    };
    let refused = wanted::installed(&store.read().unwrap(), &[offer]);
    assert!(refused.unwrap_err().contains("Windows' own provider; give another --provider"));
}

#[test]
fn a_visible_entry_of_bare_sockets_is_odd() {
    let (_folder, mut store) = catalog_with(&[]);
    let mut visible = info("visible");
    visible.dwProviderFlags = 0;
    store.install(View::Bits64, provider("visible"), "%NOT_SET%\\v.dll", &[visible]).unwrap();
    let odd = findings(&store.read().unwrap(), Weight::Odd);
    assert!(odd.iter().any(|text| text.contains("event loops")), "{odd:?}");
    let unchecked = findings(&store.read().unwrap(), Weight::Unchecked);
    assert_eq!(unchecked.len(), 1, "{unchecked:?}");
}
