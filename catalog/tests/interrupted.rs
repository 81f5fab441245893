//! What was before a change comes back, whatever goes wrong while it is put back.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use common::wishes::{WISHES, Wish, assert_sound, same};
use common::{Failing, layered, provider};
use wsp_catalog::wanted::{self, Place};
use wsp_catalog::{
    Catalog, ChangeError, Done, FileStore, Options, Store, View, backups, change, interrupted, overwrite,
};

/// Of those that take the most calls: each pair of calls is a change of its own.
fn long_one(name: &'static str) -> (&'static str, Wish) {
    *WISHES.iter().find(|(other, _)| *other == name).unwrap()
}

/// Makes a change, and ends at this call.
fn killed_at(
    store: &FileStore,
    call: usize,
    options: Options,
    wish: impl FnOnce(&Catalog) -> Result<Catalog, String>,
) -> bool {
    let mut dying = Failing { dies: true, ..Failing::new(store.clone(), call) };
    catch_unwind(AssertUnwindSafe(|| change(&mut dying, options, wish).unwrap())).is_err()
}

const AFTER: Options = Options { dry_run: false, after_interruption: true, despite_damage: false };

fn is_back(store: &FileStore, before: &Catalog) -> bool {
    same(&store.clone().read().unwrap(), before)
}

fn refused(store: &FileStore, wish: Wish) -> PathBuf {
    match change(&mut store.clone(), Options::default(), wish).unwrap_err() {
        ChangeError::Interrupted(backup) => backup,
        other => panic!("{other}"),
    }
}

#[test]
fn whenever_installers_are_killed_the_catalog_comes_back() {
    let (name, wish) = long_one("remove with chains");
    for call in 1.. {
        let (_folder, store) = layered();
        let before = store.clone().read().unwrap();
        if !killed_at(&store, call, Options::default(), wish) {
            assert!(call > 4, "{name}: only {call} calls");
            break;
        }
        let Some(backup) = interrupted(&store) else {
            assert!(store.clone().read().unwrap() == before, "{name}, call {call}");
            continue;
        };
        assert_eq!(refused(&store, wish), backup);
        // Those who put it back are killed as well, at each of their calls: what was before all that stays known.
        let put_back = |_: &Catalog| Ok(Catalog::read(&backup).unwrap());
        let mut again = 1;
        while killed_at(&store, again, AFTER, put_back) {
            assert_eq!(refused(&store, wish), backup, "{name}, call {call}, then {again}");
            again += 1;
        }
        assert_eq!(interrupted(&store), None);
        assert!(is_back(&store, &before), "{name}, call {call}, then {again}");
        assert_sound(&store.clone().read().unwrap());
    }
}

#[test]
fn whichever_two_calls_fail_the_catalog_is_old_or_new_or_known_to_be_neither() {
    let mut parts = 0;
    let (name, wish) = long_one("restore");
    let mut fail_at = 1;
    loop {
        let (mut again_at, mut enough) = (fail_at + 1, false);
        while !enough {
            let (_folder, store) = layered();
            let before = store.clone().read().unwrap();
            let mut failing = Failing { again_at, ..Failing::new(store, fail_at) };
            let result = change(&mut failing, Options::default(), wish);
            enough = failing.calls < again_at;
            let store = &mut failing.store;
            match result {
                Ok(Done::Changed { .. }) => {
                    assert!(same(&store.read().unwrap(), &wish(&before).unwrap()), "{name}")
                }
                Err(ChangeError::Partial { backup, .. }) => {
                    parts += 1;
                    assert_eq!(refused(store, wish), backup);
                    change(store, AFTER, |_| Ok(Catalog::read(&backup).unwrap())).unwrap();
                    assert!(is_back(store, &before), "{name}, calls {fail_at} and {again_at}");
                }
                Err(_) => {
                    assert!(is_back(store, &before), "{name}, calls {fail_at} and {again_at}");
                    assert_eq!(interrupted(store), None);
                }
                other => panic!("{name}: {other:?}"),
            }
            again_at += 1;
        }
        // Not even the first call of the two was reached.
        if again_at == fail_at + 2 && fail_at > 4 {
            break;
        }
        fail_at += 1;
    }
    assert!(parts > 20, "{parts}");
}

#[test]
fn a_change_that_is_taken_back_does_not_hide_one_that_was_interrupted() {
    let (_folder, store) = layered();
    let (_, wish) = long_one("remove with chains");
    assert!(killed_at(&store, 6, Options::default(), wish));
    let backup = interrupted(&store).unwrap();
    let mut failing = Failing::new(store.clone(), 5);
    let result = change(&mut failing, AFTER, |_| Ok(Catalog::read(&backup).unwrap()));
    assert!(matches!(result, Err(ChangeError::PutBack { .. })), "{result:?}");
    assert_eq!(refused(&store, wish), backup);
}

#[test]
fn a_note_that_was_cut_off_tells_of_nothing() {
    let (folder, mut store) = layered();
    std::fs::write(folder.path().join("catalog.reg.lock"), "/half/of/a/pa").unwrap();
    assert_eq!(interrupted(&store), None);
    change(&mut store, Options::default(), |now| wanted::ordered(now, &[], &[], Place::First)).unwrap();
}

/// A catalog's text, that counts more entries than there are.
fn damaged(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap().replace("Entries64\"=dword:00000004", "Entries64\"=dword:00000009")
}

/// A place that is never written anew, as ws2_32 is not.
#[test]
fn a_place_that_cannot_be_written_anew_is_as_before() {
    let (folder, mut store) = layered();
    let path = folder.path().join("catalog.reg");
    let damaged = damaged(&path);
    std::fs::write(&path, &damaged).unwrap();
    assert!(!store.read().unwrap().damage().is_empty());
    let rewrite = 3;
    let mut failing = Failing { again_at: rewrite + 3, ..Failing::new(store.clone(), rewrite) };
    let options = Options { despite_damage: true, ..Options::default() };
    let mend = |now: &Catalog| wsp_catalog::doctor::mended(now, &[]);
    let result = change(&mut failing, options, mend);
    assert!(matches!(result, Err(ChangeError::PutBack { .. })), "{result:?}");
    assert_eq!((interrupted(&store), std::fs::read_to_string(&path).unwrap()), (None, damaged));
}

#[test]
fn the_newest_backup_has_the_largest_number() {
    let (_folder, mut store) = layered();
    let turn = |store: &mut FileStore, place| {
        let udp = [wanted::Pick::Provider(provider("udp"))];
        match change(store, Options::default(), |now| wanted::ordered(now, &udp, &View::ALL, place)).unwrap() {
            Done::Changed { backup, .. } => backup,
            other => panic!("{other:?}"),
        }
    };
    let first = turn(&mut store, Place::First);
    let second = turn(&mut store, Place::Last);
    std::fs::remove_file(first).unwrap();
    let third = turn(&mut store, Place::First);
    let names = |paths: &[PathBuf]| paths.iter().map(|path| path.file_name().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&backups(&store)), names(&[second, third]));
}

#[test]
fn what_was_damaged_before_is_put_back_as_it_was() {
    let (folder, mut store) = layered();
    let path = folder.path().join("catalog.reg");
    let damaged = damaged(&path);
    overwrite(&mut store, damaged.as_bytes()).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
    assert_eq!(interrupted(&store), None);
}
