//! A change is made as a whole or not at all, whichever call fails.

mod common;

use common::wishes::{WISHES, assert_sound, other, same};
use common::{Failing, layered, offers, provider};
use proptest::prelude::*;
use wsp::ffi;
use wsp_catalog::doctor;
use wsp_catalog::wanted::{self, Pick, Place};
use wsp_catalog::{
    Application, Catalog, ChangeError, Done, FileStore, Options, Store, View, backups, change, overwrite, steps,
};

#[test]
fn every_wish_is_granted_and_a_second_time_there_is_nothing_to_do() {
    for (name, wish) in WISHES {
        let (_folder, mut store) = layered();
        let before = store.read().unwrap();
        let goal = wish(&before).unwrap();
        let done = change(&mut store, Options::default(), wish).unwrap();
        let Done::Changed { backup, .. } = done else { panic!("{name}: {done:?}") };
        let after = store.read().unwrap();
        assert!(same(&after, &goal), "{name}: {after:?}");
        assert_sound(&after);
        assert_eq!(Catalog::read(&backup).unwrap(), before, "{name}");
        if name != "all at once" {
            assert_eq!(change(&mut store, Options::default(), wish).unwrap(), Done::Nothing, "{name}");
            assert_eq!(store.read().unwrap(), after, "{name}");
        }
    }
}

#[test]
fn a_dry_run_tells_the_steps_and_changes_nothing() {
    for (name, wish) in WISHES {
        let (folder, mut store) = layered();
        let before = store.read().unwrap();
        let done = change(&mut store, Options { dry_run: true, ..Options::default() }, wish).unwrap();
        assert_eq!(done, Done::Planned(steps(&before, &wish(&before).unwrap())), "{name}");
        assert_eq!(store.read().unwrap(), before, "{name}");
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "{name}: neither a lock nor a backup");
    }
}

#[test]
fn whichever_call_fails_the_catalog_is_as_before() {
    for (name, wish) in WISHES {
        let mut fail_at = 1;
        let mut undone = 0;
        loop {
            let (_folder, store) = layered();
            let mut failing = Failing::new(store, fail_at);
            let before = failing.store.read().unwrap();
            let result = change(&mut failing, Options::default(), wish);
            let after = failing.store.read().unwrap();
            assert_sound(&after);
            if failing.calls < fail_at {
                assert!(matches!(result, Ok(Done::Changed { .. })), "{name}: {result:?}");
                assert!(same(&after, &wish(&before).unwrap()), "{name}");
                break;
            }
            let told = match result {
                Err(ChangeError::Read(_)) => "reading",
                Err(ChangeError::PutBack { .. }) => "put back",
                Ok(Done::Changed { .. }) => "done",
                other => panic!("{name}, call {fail_at}: {other:?}"),
            };
            // When only the last look failed, all is done.
            let goal = if told == "done" { &wish(&before).unwrap() } else { &before };
            assert!(same(&after, goal), "{name}, call {fail_at}, {told}: {after:?}");
            assert_eq!(told == "reading", fail_at <= 2, "{name}, call {fail_at}");
            undone += usize::from(told == "put back");
            // Nothing is left behind that would keep the next change out.
            change(&mut failing.store, Options::default(), |now| wanted::ordered(now, &[], &[], Place::First)).unwrap();
            fail_at += 1;
        }
        assert!(undone >= 1 && fail_at > 4, "{name}: {undone} of {fail_at} calls undone");
    }
}

#[test]
fn whichever_call_fails_while_mending_the_catalog_is_as_before() {
    let (folder, mut store) = layered();
    store.deinstall(View::Bits64, provider("tcp")).unwrap();
    store.set_san(&[provider("ghost")]).unwrap();
    let orphaned = std::fs::read_to_string(folder.path().join("catalog.reg")).unwrap();
    let damaged = orphaned.replace("Entries64\"=dword:00000003", "Entries64\"=dword:00000009");
    assert_ne!(damaged, orphaned);
    let options = Options { despite_damage: true, ..Options::default() };
    for (state, calls) in [(orphaned, 5), (damaged, 4)] {
        for fail_at in 1.. {
            let (folder, store) = layered();
            let path = folder.path().join("catalog.reg");
            std::fs::write(&path, &state).unwrap();
            let mut failing = Failing::new(store, fail_at);
            let result = change(&mut failing, options, |now| doctor::mended(now, &doctor::examine(now, None)));
            let after = failing.store.read().unwrap();
            if failing.calls < fail_at {
                assert!(fail_at > calls, "only {fail_at} calls");
                assert!(result.is_ok() && after.damage().is_empty(), "{result:?}");
                break;
            }
            let broken = |catalog: &Catalog| {
                doctor::examine(catalog, None).iter().any(|finding| finding.weight == doctor::Weight::Broken)
            };
            // The whole is mended, or nothing is.
            assert_eq!(broken(&after), result.is_err(), "call {fail_at}: {result:?}");
            assert_eq!(after.san() == [provider("ghost")], result.is_err(), "call {fail_at}: {result:?}");
        }
    }
}

#[test]
fn what_cannot_even_be_read_is_replaced_or_left() {
    let half = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYS";
    for fail_at in 1..8 {
        let (folder, store) = layered();
        let path = folder.path().join("catalog.reg");
        std::fs::write(&path, half).unwrap();
        let mut failing = Failing::new(store, fail_at);
        let result = overwrite(&mut failing, &other().to_bytes());
        let after = std::fs::read_to_string(&path).unwrap();
        match result {
            Ok(_) => assert!(failing.calls < fail_at && after == String::from_utf8(other().to_bytes()).unwrap()),
            Err(error) => assert!(after == half, "call {fail_at}: {error}"),
        }
    }
}

#[test]
fn what_cannot_be_put_back_is_said_and_restored_later() {
    for (name, wish) in WISHES {
        // After the first step everything fails: it was made, and cannot be taken back.
        let (_folder, store) = layered();
        let before = store.clone().read().unwrap();
        let mut failing = Failing { for_good: true, ..Failing::new(store, 5) };
        let Err(ChangeError::Partial { backup, .. }) = change(&mut failing, Options::default(), wish) else {
            panic!("{name}: not in part")
        };
        let mut store = failing.store;
        let refused = change(&mut store, Options::default(), wish).unwrap_err();
        assert!(matches!(&refused, ChangeError::Interrupted(path) if *path == backup), "{name}: {refused}");
        let options = Options { after_interruption: true, ..Options::default() };
        change(&mut store, options, |_| Ok(Catalog::read(&backup).unwrap())).unwrap();
        let permitted = name == "permit";
        assert!(permitted || same(&store.read().unwrap(), &before), "{name}");
        change(&mut store, Options::default(), wish).unwrap();
    }
}

#[test]
fn chains_follow_the_numbers_of_their_members() {
    let (_folder, mut store) = layered();
    let before = store.read().unwrap();
    change(&mut store, Options::default(), WISHES[3].1).unwrap();
    assert!(store.read().unwrap().entries(View::Bits64).all(|entry| entry.name() != "chain"));
    change(&mut store, Options::default(), |_| Ok(before.clone())).unwrap();
    let after = store.read().unwrap();
    assert_sound(&after);
    let find =
        |catalog: &Catalog, name: &str| catalog.entries(View::Bits64).find(|e| e.name() == name).unwrap().clone();
    assert_ne!(find(&after, "tcp").id(), find(&before, "tcp").id(), "numbers are not given out again");
    assert_eq!(find(&after, "chain").chain(), [find(&after, "layer").id(), find(&after, "tcp").id()]);
}

#[test]
fn two_at_once_do_not_get_in_each_others_way() {
    let (_folder, mut store) = layered();
    let mut other = store.clone();
    let mut seen = None;
    change(&mut store, Options::default(), |now| {
        seen = Some(change(&mut other, Options::default(), WISHES[0].1).unwrap_err());
        (WISHES[2].1)(now)
    })
    .unwrap();
    let told = seen.unwrap().to_string();
    assert!(told.contains("another installation is under way"), "{told}");
    change(&mut other, Options::default(), WISHES[0].1).unwrap();
    assert_eq!(backups(&other).len(), 2);
}

#[test]
fn calls_that_lie_are_found_out() {
    /// Says that all is well, and does nothing.
    struct Idle(Failing);
    impl Store for Idle {
        fn name(&self) -> String {
            self.0.name()
        }
        fn views(&self) -> Vec<View> {
            self.0.views()
        }
        fn read(&mut self) -> Result<Catalog, wsp_catalog::CallError> {
            self.0.read()
        }
        fn install(
            &mut self,
            _: View,
            _: wsp_catalog::Uuid,
            _: &str,
            _: &[ffi::WSAPROTOCOL_INFOW],
        ) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn update(
            &mut self,
            _: View,
            _: wsp_catalog::Uuid,
            _: &str,
            _: &[ffi::WSAPROTOCOL_INFOW],
        ) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn deinstall(&mut self, _: View, _: wsp_catalog::Uuid) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn write_order(&mut self, _: View, _: &[u32]) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn set_categories(&mut self, _: View, _: wsp_catalog::Uuid, _: u32) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn add_application(&mut self, _: &Application) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn application(&mut self, path: &str, extra: Option<&str>) -> Result<Option<u32>, wsp_catalog::CallError> {
            self.0.application(path, extra)
        }
        fn set_san(&mut self, _: &[wsp_catalog::Uuid]) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn rewrite(&mut self, _: &[u8]) -> Result<(), wsp_catalog::CallError> {
            Ok(())
        }
        fn folder(&self) -> std::path::PathBuf {
            self.0.folder()
        }
        fn stem(&self) -> String {
            self.0.stem()
        }
    }
    for (name, wish) in WISHES {
        let (_folder, store) = layered();
        let mut idle = Idle(Failing::new(store, 0));
        let error = change(&mut idle, Options::default(), wish).unwrap_err();
        assert!(error.to_string().contains("all calls succeeded, and yet"), "{name}: {error}");
        assert!(matches!(error, ChangeError::PutBack { .. }), "{name}: {error}");
    }
}

#[test]
fn what_others_stand_on_and_what_is_windows_own_stays() {
    let (_folder, mut store) = layered();
    let now = store.read().unwrap();
    let refused = wanted::removed(&now, &[Pick::Provider(provider("tcp"))], &View::ALL, false).unwrap_err();
    assert!(refused.contains("these chains stand on it") && refused.contains("`chain`"), "{refused}");
    let path = "%SystemRoot%\\system32\\mswsock.dll";
    let own = wanted::installed(&now, &offers("windows", path)).unwrap();
    let refused = wanted::removed(&own, &[Pick::Provider(provider("windows"))], &View::ALL, true).unwrap_err();
    assert!(refused.contains("Windows' own"), "{refused}");
}

#[test]
fn who_is_in_one_view_still_is_named_to_the_switch() {
    let (_folder, mut store) = layered();
    let san = |store: &mut FileStore| store.read().unwrap().san().contains(&provider("new"));
    change(&mut store, Options::default(), WISHES[0].1).unwrap();
    for (view, named) in [(View::Bits32, true), (View::Bits64, false)] {
        change(&mut store, Options::default(), |now| {
            wanted::removed(now, &[Pick::Provider(provider("new"))], &[view], false)
        })
        .unwrap();
        assert_eq!(san(&mut store), named);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]
    #[test]
    fn after_any_sequence_the_catalog_is_sound(commands in prop::collection::vec((0..WISHES.len(), 1..40usize), 1..6)) {
        let (_folder, store) = layered();
        let mut failing = Failing::new(store, 0);
        for (wish, fail_at) in commands {
            let before = failing.store.read().unwrap();
            failing.calls = 0;
            failing.fail_at = fail_at;
            let wish = WISHES[wish].1;
            let result = change(&mut failing, Options::default(), wish);
            let after = failing.store.read().unwrap();
            assert_sound(&after);
            match result {
                // What a program may load only grows, so there may be more of that.
                Ok(Done::Changed { .. }) => prop_assert!(steps(&after, &wish(&before).unwrap()).is_empty()),
                Ok(Done::Nothing) => prop_assert_eq!(&after, &before),
                Err(ChangeError::Partial { cause, second, .. }) => prop_assert!(false, "{cause} {second}"),
                _ => prop_assert!(same(&after, &before)),
            }
        }
    }
}
