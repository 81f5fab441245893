//! Libraries are looked into without loading them, and nothing in them is trusted.

mod common;

use std::path::PathBuf;

use common::pe;
use proptest::prelude::*;
use tempfile::TempDir;
use wsp_catalog::View;
use wsp_catalog::library::{Export, Fault, Form, Library};

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.dll");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn open(bytes: &[u8]) -> Result<Library, Fault> {
    let (_folder, path) = file(bytes);
    Library::open(&path)
}

#[test]
fn width_and_export_are_told() {
    for (bits, view) in [(64, View::Bits64), (32, View::Bits32)] {
        let library = open(&pe::library(bits, "WSPStartup")).unwrap();
        assert_eq!((library.view(), library.form), (view, Form::Pe));
        library.check(view, Export::Plain).unwrap();
        let other = if view == View::Bits64 { View::Bits32 } else { View::Bits64 };
        assert!(matches!(library.check(other, Export::Plain), Err(Fault::WrongWidth { .. })));
        let fault = library.check(view, Export::San).unwrap_err().to_string();
        assert!(fault.contains("does not export `WSPStartupEx`: it has WSPStartup"), "{fault}");
    }
}

#[test]
fn a_decorated_export_is_told_as_such() {
    let library = open(&pe::library(32, "_WSPStartup@132")).unwrap();
    let fault = library.check(View::Bits32, Export::Plain).unwrap_err().to_string();
    assert!(fault.contains("it has `_WSPStartup@132`, decorated; export it by a .def file"), "{fault}");
}

#[test]
fn what_is_no_library_is_told_as_such() {
    let missing = Library::open(&PathBuf::from("/no/such/library")).unwrap_err();
    assert_eq!(missing.to_string(), "there is no file /no/such/library");
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Library::open(folder.path()), Err(Fault::NotALibrary(..) | Fault::Unreadable(..))));
    for bytes in [&b""[..], b"text", b"MZ", &pe::library(64, "WSPStartup")[..0x100]] {
        assert!(matches!(open(bytes), Err(Fault::NotALibrary(..))), "{bytes:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn libraries_of_this_system_are_looked_into_as_well() {
    let this = Library::open(&std::env::current_exe().unwrap()).unwrap();
    assert_eq!(this.form, Form::Elf);
    assert!(this.is_ours());
    assert!(matches!(this.check(this.view(), Export::Plain), Err(Fault::NoExport { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]
    #[test]
    fn nothing_in_a_file_makes_it_panic(
        bits in prop::sample::select(vec![32_u32, 64]),
        changes in prop::collection::vec((0..0x400_usize, any::<u8>()), 0..8),
        length in 0..=0x400_usize,
    ) {
        let mut bytes = pe::library(bits, "WSPStartup");
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(length);
        if let Ok(library) = open(&bytes) {
            let _ = library.check(View::Bits64, Export::Plain);
        }
    }
}
