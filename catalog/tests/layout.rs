//! A catalog file is read and written as the registry lays it out, and nothing of it is lost.

mod common;

use common::{catalog_with, info};
use wsp_catalog::{Catalog, Entry, FileStore, PACKED, Store, Uuid, View};

const SAN: Uuid = Uuid::from_u128(0x1234);

fn text(catalog: &Catalog) -> String {
    String::from_utf8(catalog.to_bytes()).unwrap()
}

/// What reading the text says is damaged.
fn damage(text: &str) -> Vec<String> {
    Catalog::parse(text.as_bytes()).unwrap().damage().iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_written_is_read_back() {
    let (_folder, mut store) = catalog_with(&[(View::Bits64, &["one", "two"]), (View::Bits32, &["three"])]);
    store.set_san(&[SAN]).unwrap();
    let catalog = store.read().unwrap();
    assert!(catalog.damage().is_empty());
    assert_eq!(catalog.san(), [SAN]);
    let names: Vec<_> = catalog.entries(View::Bits64).map(Entry::name).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(catalog.entries(View::Bits32).next().unwrap().info().iSocketType, 1);
    assert_eq!(Catalog::parse(&catalog.to_bytes()).unwrap(), catalog);
    let text = text(&catalog);
    assert!(text.contains(r"WinSock2\Parameters\Protocol_Catalog9\Catalog_Entries64\000000000002]"));
    assert!(text.contains("\"Num_Catalog_Entries64\"=dword:00000002"));
    assert!(text.contains(r"Winsock\Parameters\TCP on SAN]"));
}

#[test]
fn what_is_not_known_is_kept() {
    let (_folder, mut store) = catalog_with(&[(View::Bits64, &["one"])]);
    let plain = text(&store.read().unwrap());
    let more = plain
        .replace("\"PackedCatalogItem\"", "\"ProtocolName\"=\"@mswsock.dll,-60100\"\n\"PackedCatalogItem\"")
        + "\n[HKEY_LOCAL_MACHINE\\Else]\n\"odd\"=qword:1\n";
    let catalog = Catalog::parse(more.as_bytes()).unwrap();
    assert!(text(&catalog).contains("\"ProtocolName\"=\"@mswsock.dll,-60100\""));
    assert!(text(&catalog).ends_with("[HKEY_LOCAL_MACHINE\\Else]\n\"odd\"=qword:1\n"));
}

#[test]
fn damage_is_told_and_the_rest_is_read() {
    let (_folder, mut store) = catalog_with(&[(View::Bits64, &["one", "two"])]);
    let whole = text(&store.read().unwrap());
    let count = "\"Num_Catalog_Entries64\"=dword:00000002";
    assert_eq!(
        damage(&whole.replace(count, "\"Num_Catalog_Entries64\"=dword:00000003")),
        ["64-bit: 2 items are there, and `Num_Catalog_Entries64` says that there are 3"]
    );
    assert!(damage(&whole.replace(count, ""))[0].contains("says no number of them"));
    assert!(damage(&whole.replace("000000000002]", "000000000003]"))[0].contains("`000000000002` is missing"));
    assert!(
        damage(&whole.replacen("=hex:25,", "=hex:", 1))[0]
            .contains(&format!("has 887 bytes, and an item has {PACKED}"))
    );
    assert!(
        damage(&whole.replacen("\"PackedCatalogItem\"", "\"Other\"", 1))[0].contains("there is no `PackedCatalogItem`")
    );
    assert!(damage(&whole.replace("ID\"=dword:000003eb", "ID\"=dword:000003ea"))[0].contains("1002 is in use"));

    let half = &whole[..whole.rfind("\n  ").unwrap()];
    assert!(Catalog::parse(half.as_bytes()).unwrap_err().to_string().contains("half written"));
    let nothing = "Windows Registry Editor Version 5.00\n";
    assert!(Catalog::parse(nothing.as_bytes()).unwrap_err().to_string().contains("no export of the catalog"));
}

#[test]
fn wherever_a_file_is_cut_off_it_is_told() {
    let (_folder, mut store) = catalog_with(&[(View::Bits64, &["one"]), (View::Bits32, &["two"])]);
    store.set_san(&[SAN]).unwrap();
    let whole = store.read().unwrap();
    let bytes = whole.to_bytes();
    let entries = |catalog: &Catalog| View::ALL.map(|view| catalog.entries(view).cloned().collect::<Vec<_>>());
    for length in 0..bytes.len() {
        let Ok(half) = Catalog::parse(&bytes[..length]) else { continue };
        assert!(bytes[..length].ends_with(b"\n"), "{}", String::from_utf8_lossy(&bytes[..length]));
        // What stands behind the entries is not counted anywhere.
        assert!(!half.damage().is_empty() || entries(&half) == entries(&whole), "{length}");
    }
}

#[test]
fn behind_the_largest_number_there_is_another() {
    let (folder, mut store) = catalog_with(&[(View::Bits64, &["one"])]);
    let last = text(&store.read().unwrap()).replace("ID\"=dword:000003ea", "ID\"=dword:ffffffff");
    std::fs::write(folder.path().join("catalog.reg"), last).unwrap();
    for name in ["two", "three"] {
        store.install(View::Bits64, Uuid::new_v5(&SAN, name.as_bytes()), "C:\\x.dll", &[info(name)]).unwrap();
    }
    let catalog = store.read().unwrap();
    assert!(catalog.damage().is_empty(), "{:?}", catalog.damage());
    let ids: Vec<u32> = catalog.entries(View::Bits64).map(Entry::id).collect();
    assert_eq!(ids, [1001, u32::MAX, 1002]);
}

#[test]
fn a_damaged_catalog_is_not_changed() {
    let (folder, mut store) = catalog_with(&[(View::Bits64, &["one"])]);
    let path = folder.path().join("catalog.reg");
    let damaged = text(&store.read().unwrap()).replace("Entries64\"=dword:00000001", "Entries64\"=dword:00000002");
    std::fs::write(&path, &damaged).unwrap();
    let error = FileStore::new(&path).install(View::Bits64, SAN, "C:\\new.dll", &[info("new")]).unwrap_err();
    assert!(error.to_string().contains("the catalog is damaged"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
}

#[test]
fn paths_that_have_no_place_are_refused() {
    let refused = |path: &str| Entry::new(path, &info("x")).unwrap_err().to_string();
    assert!(refused(&"a".repeat(260)).contains("260 bytes long"));
    assert!(refused("C:\\ü.dll").contains("beyond ASCII"));
    assert!(refused("").contains("empty"));
    assert_eq!(Entry::new(&"a".repeat(259), &info("x")).unwrap().path().len(), 259);
}
