//! The primitive calls do to a catalog file what the documentation says of those of ws2_32.

mod common;

use common::{catalog_with, info, provider};
use wsp::ffi;
use wsp_catalog::{Application, CallError, Entry, FileStore, Store, View};

const VIEW: View = View::Bits64;

fn names(store: &mut FileStore, view: View) -> Vec<String> {
    store.read().unwrap().entries(view).map(Entry::name).collect()
}

fn ids(store: &mut FileStore) -> Vec<u32> {
    store.read().unwrap().entries(VIEW).map(Entry::id).collect()
}

/// The code of a call that is refused and changes nothing.
fn refused(store: &mut FileStore, call: impl FnOnce(&mut FileStore) -> Result<(), CallError>) -> String {
    let before = store.read().unwrap();
    let what = call(store).unwrap_err().what;
    assert_eq!(store.read().unwrap(), before);
    what
}

#[test]
fn new_entries_stand_last() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["b", "a"])]);
    store.install(VIEW, provider("c"), "C:\\c.dll", &[info("c1"), info("c2")]).unwrap();
    assert_eq!(names(&mut store, VIEW), ["b", "a", "c1", "c2"]);
}

#[test]
fn the_views_are_apart() {
    let (_folder, mut store) = catalog_with(&[(View::Bits64, &["a"]), (View::Bits32, &["a"])]);
    store.deinstall(View::Bits32, provider("a")).unwrap();
    assert_eq!(names(&mut store, View::Bits64), ["a"]);
    assert!(names(&mut store, View::Bits32).is_empty());
}

#[test]
fn hidden_and_layered_entries_are_listed() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["hidden"])]);
    let mut layered = info("layered");
    layered.ProtocolChain.ChainLen = ffi::LAYERED_PROTOCOL;
    store.install(VIEW, provider("layered"), "C:\\l.dll", &[layered]).unwrap();
    assert_eq!(names(&mut store, VIEW), ["hidden", "layered"]);
}

#[test]
fn numbers_are_the_catalogs_own() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["a"])]);
    let mut two = [info("b"), info("c")];
    two[1].dwCatalogEntryId = 1001;
    store.install(VIEW, provider("b"), "C:\\b.dll", &two).unwrap();
    assert_eq!(ids(&mut store), [1001, 1002, 1003]);
    let catalog = store.read().unwrap();
    assert!(catalog.entries(VIEW).skip(1).all(|entry| entry.provider() == provider("b")));
    store.deinstall(VIEW, provider("b")).unwrap();
    store.install(VIEW, provider("d"), "C:\\d.dll", &[info("d")]).unwrap();
    assert_eq!(ids(&mut store), [1001, 1004], "a number is not given out again");
}

#[test]
fn what_is_installed_is_not_installed_again() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["a"])]);
    let what = refused(&mut store, |store| store.install(VIEW, provider("a"), "C:\\a.dll", &[info("a")]));
    assert_eq!(what, "WSANO_RECOVERY (11003)");
}

#[test]
fn removal_takes_all_entries_of_a_provider() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["a"])]);
    store.install(VIEW, provider("b"), "C:\\b.dll", &[info("b1"), info("b2")]).unwrap();
    store.deinstall(VIEW, provider("b")).unwrap();
    assert_eq!(names(&mut store, VIEW), ["a"]);
    assert_eq!(refused(&mut store, |store| store.deinstall(VIEW, provider("b"))), "WSAEINVAL (10022)");
}

#[test]
fn an_update_keeps_numbers_and_places() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["a", "b"])]);
    let mut changed = store.read().unwrap().entries(VIEW).next().unwrap().info();
    changed.iVersion = 3;
    store.update(VIEW, provider("a"), "D:\\new.dll", &[changed]).unwrap();
    let catalog = store.read().unwrap();
    let first = catalog.entries(VIEW).next().unwrap();
    assert_eq!((first.path(), first.info().iVersion, first.id()), ("D:\\new.dll".to_owned(), 3, 1001));
    assert_eq!(names(&mut store, VIEW), ["a", "b"]);
    let unknown = refused(&mut store, |store| store.update(VIEW, provider("c"), "C:\\c.dll", &[changed]));
    assert_eq!(unknown, "WSAEINVAL (10022)");
}

#[test]
fn an_order_names_every_entry_once() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["a", "b", "c"])]);
    store.write_order(VIEW, &[1003, 1001, 1002]).unwrap();
    assert_eq!(names(&mut store, VIEW), ["c", "a", "b"]);
    for wrong in [&[1001, 1002][..], &[1001, 1002, 1002], &[1001, 1002, 1004], &[1001, 1002, 1003, 1003]] {
        assert_eq!(refused(&mut store, |store| store.write_order(VIEW, wrong)), "WSAEINVAL (10022)");
    }
}

#[test]
fn categories_are_kept() {
    let (_folder, mut store) = catalog_with(&[(VIEW, &["a"])]);
    assert_eq!(store.read().unwrap().categories(VIEW, provider("a")), None);
    store.set_categories(VIEW, provider("a"), ffi::LSP_FIREWALL).unwrap();
    assert_eq!(store.read().unwrap().categories(VIEW, provider("a")), Some(ffi::LSP_FIREWALL));
    let unknown = refused(&mut store, |store| store.set_categories(VIEW, provider("b"), 1));
    assert_eq!(unknown, "WSAEINVAL (10022)");
}

fn application(extra: Option<&str>, permitted: u32) -> Application {
    Application { path: "C:\\host.exe".to_owned(), extra: extra.map(str::to_owned), permitted }
}

#[test]
fn instances_of_a_program_are_told_apart() {
    let (_folder, mut store) = catalog_with(&[]);
    assert_eq!(store.application("C:\\host.exe", None).unwrap(), None);
    store.add_application(&application(None, ffi::LSP_SYSTEM)).unwrap();
    store.add_application(&application(Some("-k net"), ffi::LSP_PROXY)).unwrap();
    assert_eq!(store.application("c:\\HOST.EXE", None).unwrap(), Some(ffi::LSP_SYSTEM));
    assert_eq!(store.application("C:\\host.exe", Some("-k net")).unwrap(), Some(ffi::LSP_PROXY));
    assert_eq!(store.application("C:\\host.exe", Some("-k other")).unwrap(), None);
}

#[test]
fn what_a_program_may_load_only_grows() {
    let (_folder, mut store) = catalog_with(&[]);
    store.add_application(&application(None, ffi::LSP_SYSTEM)).unwrap();
    store.add_application(&application(None, ffi::LSP_PROXY)).unwrap();
    assert_eq!(store.application("C:\\host.exe", None).unwrap(), Some(ffi::LSP_SYSTEM | ffi::LSP_PROXY));
    assert_eq!(store.read().unwrap().applications().len(), 1);
}

#[test]
fn a_file_that_cannot_be_written_is_said_and_left() {
    let (folder, mut store) = catalog_with(&[(VIEW, &["a"])]);
    let before = store.read().unwrap();
    // A folder in the place of the file that replaces it: no room for it, whoever asks.
    std::fs::create_dir(folder.path().join("catalog.reg.new")).unwrap();
    let error = store.deinstall(VIEW, provider("a")).unwrap_err();
    assert!(error.to_string().contains("cannot write"), "{error}");
    assert_eq!(store.read().unwrap(), before);
}
