//! Remote memory over the shared-memory transport: what is open is reached, and nothing else ever is.
#![cfg(target_os = "linux")]

mod shm_support;

use proptest::prelude::*;
use shm_support::*;
use wsp::transport::{Access, Connection as _, Ending, Fault, Mode, Rdma, Remote, Sent, Transfer};
use wsp_provider::shm::{Connection, Settings, Shm};

const READ: Access = Access { read: true, write: false };
const WRITE: Access = Access { read: false, write: true };
const BOTH: Access = Access { read: true, write: true };

fn rdma(connection: &Connection) -> &dyn Rdma {
    connection.rdma().expect("the transport has it")
}

/// Waits for the end of a transfer; no thread serves the owner's side but its own.
fn end(shm: &Shm, connection: &Connection, started: Result<Transfer, Fault>) -> Result<(), Fault> {
    match started? {
        Transfer::Done => Ok(()),
        Transfer::Running => until(shm, || rdma(connection).finished()),
        Transfer::Full => panic!("few transfers are under way"),
    }
}

/// Waits until the asker knows whose memory it may copy.
fn settled(settings: Settings) -> Pair {
    let pair = pair(Mode::Messages, settings);
    if settings.single_copy {
        until(&pair.accepter, || (pair.other.copies() == wsp_provider::shm::Copies::Single).then_some(()));
    }
    pair
}

#[test]
fn memory_is_written_and_read_where_it_is_open() {
    for settings in [SINGLE, DOUBLE] {
        for length in [0, 1, 5_000, 16_384, 1_000_000] {
            let Pair { one, other, asker, .. } = settled(settings);
            let (mut open, mut sent, mut back) = (vec![0_u8; length + 20], pattern(1, length), vec![0_u8; length]);
            let key = rdma(&other).expose(region(&mut open), BOTH).unwrap();
            let remote = Remote { key, length: open.len() as u64, access: BOTH };
            let started = rdma(&one).write(&gather(&mut sent), &remote, 10);
            assert_eq!(started, Ok(if settings.single_copy { Transfer::Done } else { Transfer::Running }));
            assert_eq!(end(&asker, &one, started), Ok(()));
            assert!(open[10..length + 10] == sent && open[..10] == [0; 10] && open[length + 10..] == [0; 10]);
            assert_eq!(end(&asker, &one, rdma(&one).read(&scatter(&mut back), &remote, 10)), Ok(()));
            assert!(back == sent);
            assert_eq!(rdma(&one).finished(), None);
        }
    }
}

#[test]
fn both_ends_ask_at_once_and_a_send_waits_for_what_was_asked_before() {
    let Pair { one, other, asker, accepter } = settled(DOUBLE);
    let (mut here, mut there) = (vec![0_u8; 2_000_000], vec![0_u8; 2_000_000]);
    let remote = |key| Remote { key, length: 2_000_000, access: BOTH };
    let keys = [&one, &other].map(rdma);
    let keys = [keys[0].expose(region(&mut here), BOTH).unwrap(), keys[1].expose(region(&mut there), BOTH).unwrap()];
    let ask = |shm: &Shm, connection: &Connection, key: u64, seed: u32| {
        let (mut sent, mut back) = (pattern(seed, 1_900_000), vec![0; 1_900_000]);
        let started = [
            rdma(connection).write(&gather(&mut sent), &remote(key), 7),
            rdma(connection).read(&scatter(&mut back), &remote(key), 7),
        ];
        assert_eq!(started, [Ok(Transfer::Running); 2]);
        let mut mark = *b"done";
        let data = gather(&mut mark);
        until(shm, || {
            rdma(connection).finished().inspect(|outcome| assert_eq!(*outcome, Ok(())));
            (connection.send(&data, 0, false) == Ok(Sent::All)).then_some(())
        });
        assert!(back == sent);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| ask(&asker, &one, keys[1], 1));
        scope.spawn(|| ask(&accepter, &other, keys[0], 2));
    });
    assert_eq!(receive_message(&asker, &one, 4).unwrap(), b"done");
    assert_eq!(receive_message(&accepter, &other, 4).unwrap(), b"done");
    assert!(there[7..1_900_007] == pattern(1, 1_900_000) && here[7..1_900_007] == pattern(2, 1_900_000));
}

#[test]
fn withdrawn_memory_is_not_reached_and_keys_do_not_come_back() {
    for settings in [SINGLE, DOUBLE] {
        let Pair { one, other, asker, .. } = settled(settings);
        let (mut open, mut sent) = (vec![0_u8; 100], vec![1_u8; 100]);
        let mut before = 0;
        // More than there are places in the table.
        for _ in 0..300 {
            let key = rdma(&other).expose(region(&mut open), WRITE).unwrap();
            assert!(key > before);
            before = key;
            assert_eq!(rdma(&other).withdraw(key), Ok(()));
            assert_eq!(rdma(&other).withdraw(key), Err(Fault::BadClaim));
        }
        let remote = Remote { key: before, length: 100, access: BOTH };
        assert_eq!(end(&asker, &one, rdma(&one).write(&gather(&mut sent), &remote, 0)), Err(Fault::Access));
        assert_eq!(open, [0; 100]);
        assert_eq!(rdma(&one).withdraw(before), Err(Fault::BadClaim));
        other.close(Ending::Graceful);
        assert_eq!(rdma(&one).write(&gather(&mut sent), &remote, 0), Err(Fault::Reset));
    }
}

#[test]
fn more_can_be_open_than_there_are_places_in_the_table() {
    let Pair { one, other, asker, .. } = settled(SINGLE);
    let mut open = vec![0_u8; 300];
    let base = open.as_mut_ptr();
    for index in 0..300 {
        let byte = region(&mut open).part(index, 1).unwrap();
        assert_eq!(byte.as_ptr(), base.wrapping_add(index));
        let key = rdma(&other).expose(byte, WRITE).unwrap();
        let remote = Remote { key, length: 1, access: WRITE };
        assert_eq!(end(&asker, &one, rdma(&one).write(&gather(&mut [index as u8]), &remote, 0)), Ok(()));
    }
    assert!(open.iter().enumerate().all(|(index, byte)| *byte == index as u8));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_descriptor_reaches_outside(
        single: bool, wild: bool, key in 0_u64..4, any_key: u64, length: u64, offset: u64, near in 0_u64..60, size in 0_usize..50,
        writes: bool, stated_read: bool, stated_write: bool, read_only: bool,
    ) {
        let Pair { one, other, asker, .. } = settled(if single { SINGLE } else { DOUBLE });
        let mut open = [1_u8; 64];
        let allowed = if read_only { READ } else { WRITE };
        let good = rdma(&other).expose(region(&mut open[16..48]), allowed).unwrap();
        let (key, offset) = if wild { (any_key, offset) } else { (good - 1 + key, near) };
        let stated = Access { read: stated_read, write: stated_write };
        let remote = Remote { key, length: if wild { length } else { u64::MAX }, access: stated };
        let mut local = vec![2_u8; size];
        let started = match writes {
            true => rdma(&one).write(&gather(&mut local), &remote, offset),
            false => rdma(&one).read(&scatter(&mut local), &remote, offset),
        };
        let done = end(&asker, &one, started);
        let inside = offset.checked_add(size as u64).is_some_and(|end| end <= 32.min(remote.length));
        let may = if writes { stated.write && allowed.write } else { stated.read && allowed.read };
        prop_assert_eq!(done, if key == good && inside && may { Ok(()) } else { Err(Fault::Access) });
        prop_assert!(open[..16].iter().chain(&open[48..]).all(|byte| *byte == 1));
        let changed = open.iter().filter(|byte| **byte == 2).count();
        prop_assert_eq!(changed, if done.is_ok() && writes { size } else { 0 });
        let expected = if done.is_ok() && !writes { 1 } else { 2 };
        prop_assert!(local.iter().all(|byte| *byte == expected));
    }
}
