use proptest::prelude::*;

use super::*;
use crate::os::memory;

const SHAPE: Shape = Shape { cells: 8, bytes: 1024 };

fn mapping() -> Arc<Mapping> {
    let size = SHAPE.size().next_multiple_of(4096);
    Arc::new(Mapping::new(memory::create("test", size).unwrap(), size).unwrap())
}

fn gather(data: &mut [u8]) -> Gather {
    // SAFETY: the data outlives the operation in every test.
    Gather::of(unsafe { Region::new(data.as_mut_ptr(), data.len()) })
}

fn scatter(room: &mut [u8]) -> Scatter {
    // SAFETY: as above.
    Scatter::of(unsafe { Region::new(room.as_mut_ptr(), room.len()) })
}

/// Takes the record that is there: its bytes, and whether it ends a message.
fn take(ring: &Ring) -> Option<(Vec<u8>, bool)> {
    let cursor = ring.cursor();
    let front = ring.front(&cursor).unwrap()?;
    let mut bytes = vec![0; front.length];
    let room = scatter(&mut bytes);
    match front.kind {
        Kind::Inline => assert_eq!(ring.take_inline(&cursor, &front, &room, 0), front.length),
        Kind::Attached => ring.take_attached(&cursor, 0, room.regions(0, front.length)),
        Kind::Loan => panic!("nothing was lent"),
    }
    ring.commit(&ring.after(&cursor, &front));
    Some((bytes, front.marks.last))
}

#[derive(Debug, Clone)]
enum Step {
    Small(usize),
    Attached(usize),
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![(0..=SMALL).prop_map(Step::Small), (1_usize..700).prop_map(Step::Attached), Just(Step::Take)]
}

proptest! {
    #[test]
    fn what_goes_in_comes_out_in_order(steps in prop::collection::vec(step(), 0..200)) {
        let ring = Ring::new(&mapping(), 0, SHAPE);
        let (mut next, mut sent, mut taken) = (0_u8, Vec::new(), Vec::new());
        let mut make = |length: usize| -> Vec<u8> {
            (0..length).map(|_| { next = next.wrapping_add(1); next }).collect()
        };
        for step in steps {
            match step {
                Step::Small(length) => {
                    let mut data = make(length);
                    if ring.put_small(&gather(&mut data), 0, true).unwrap() {
                        sent.extend(data);
                    }
                }
                Step::Attached(length) => {
                    let mut data = make(length);
                    let count = ring.put_attached(&gather(&mut data), 0, 256, true).unwrap();
                    prop_assert!(count <= length.min(256));
                    sent.extend(&data[..count]);
                }
                Step::Take => taken.extend(take(&ring).map(|(bytes, _)| bytes).unwrap_or_default()),
            }
        }
        while let Some((bytes, _)) = take(&ring) {
            taken.extend(bytes);
        }
        prop_assert_eq!(sent, taken);
    }

    #[test]
    fn no_value_in_shared_memory_does_harm(words in prop::collection::vec(any::<u64>(), 64), places in prop::collection::vec(any::<usize>(), 64)) {
        let mapping = mapping();
        let ring = Ring::new(&mapping, 0, SHAPE);
        let all = Places::<Cell>::new(&mapping, 0, 32);
        let mut data = [7_u8; 300];
        for (word, place) in words.iter().zip(&places) {
            let cell = all.at(*place as u64 / 16);
            match place % 16 {
                0 => cell.header.store(*word, Ordering::Relaxed),
                index => cell.words[index - 1].store(*word, Ordering::Relaxed),
            }
            // Whatever these answer: no access outside, which a mapping of the exact size and the address sanitizer would show.
            let cursor = ring.cursor();
            if let Ok(Some(front)) = ring.front(&cursor) {
                let mut bytes = vec![0; front.length];
                let room = scatter(&mut bytes);
                match front.kind {
                    Kind::Inline => prop_assert!(ring.take_inline(&cursor, &front, &room, 0) <= front.length),
                    Kind::Attached => ring.take_attached(&cursor, cursor.partial, room.regions(0, front.length)),
                    Kind::Loan => {}
                }
                if place % 3 == 0 {
                    if let Small::Taken { length, .. } = ring.take_small(&room, 0) {
                        prop_assert!(length <= front.length);
                    }
                } else {
                    ring.commit(&ring.after(&cursor, &front));
                }
            }
            let _ = ring.put_small(&gather(&mut data), 250, true);
            let _ = ring.put_attached(&gather(&mut data), 0, 256, true);
            let (lent, ended) = ring.loans();
            prop_assert!(ended <= lent);
        }
    }
}

#[test]
fn a_full_ring_says_so_and_is_woken_once_there_is_room() {
    let ring = Ring::new(&mapping(), 0, SHAPE);
    let mut data = [1_u8; 8];
    for _ in 0..8 {
        assert_eq!(ring.put_small(&gather(&mut data), 0, true), Ok(true));
    }
    assert_eq!(ring.put_small(&gather(&mut data), 0, true), Ok(false));
    let mut rang = Vec::new();
    for _ in 0..4 {
        let cursor = ring.cursor();
        let front = ring.front(&cursor).unwrap().unwrap();
        rang.push(ring.commit(&ring.after(&cursor, &front)));
    }
    assert_eq!(rang, [false, true, false, false]);
    assert_eq!(ring.has_room(4, 0), Ok(true));
}

#[test]
fn empty_messages_are_messages_and_parts_are_not() {
    let ring = Ring::new(&mapping(), 0, SHAPE);
    let mut data = [9_u8; 200];
    assert_eq!(ring.put_small(&gather(&mut []), 0, true), Ok(true));
    assert_eq!(ring.put_small(&gather(&mut data), 0, true), Ok(true));
    assert_eq!(ring.put_attached(&gather(&mut data), 0, 60, true), Ok(60));
    assert_eq!(ring.put_attached(&gather(&mut data), 60, 60, true), Ok(60));
    assert_eq!(ring.put_attached(&gather(&mut data), 120, 100, true), Ok(80));
    let lengths: Vec<_> = std::iter::from_fn(|| take(&ring)).map(|(bytes, last)| (bytes.len(), last)).collect();
    assert_eq!(lengths, [(0, true), (CELL, false), (80, true), (60, false), (60, false), (80, true)]);
}

#[test]
fn a_whole_message_is_taken_at_once_and_what_is_none_is_left() {
    let ring = Ring::new(&mapping(), 0, SHAPE);
    let (mut data, mut bytes) = ([5_u8; CELL + 1], [0_u8; CELL + 1]);
    assert_eq!(ring.take_small(&scatter(&mut bytes), 0), Small::Nothing);
    assert_eq!(ring.put_small(&gather(&mut []), 0, true), Ok(true));
    assert_eq!(ring.put_small(&gather(&mut data[..CELL]), 0, true), Ok(true));
    assert_eq!(ring.put_small(&gather(&mut data[..9]), 0, false), Ok(true));
    assert_eq!(ring.take_small(&scatter(&mut bytes), 0), Small::Taken { length: 0, hungry: false });
    assert_eq!(ring.take_small(&scatter(&mut bytes), 2), Small::Other, "there is not so much room");
    // The quarter of a turn.
    assert_eq!(ring.take_small(&scatter(&mut bytes), 1), Small::Taken { length: CELL, hungry: false });
    assert_eq!(bytes[..2], [0, 5]);
    assert_eq!(bytes[2..], data[1..CELL]);
    assert_eq!(ring.take_small(&scatter(&mut bytes), 0), Small::Other, "it does not end a message");
    assert_eq!(take(&ring), Some((vec![5; 9], false)));
    // One cell that was read is not given back yet.
    for _ in 0..7 {
        assert_eq!(ring.put_small(&gather(&mut data[..1]), 0, true), Ok(true));
    }
    assert_eq!(ring.put_small(&gather(&mut data[..1]), 0, true), Ok(false));
    let taken: Vec<_> = (0..7).map(|_| ring.take_small(&scatter(&mut bytes), 0)).collect();
    let hungry = taken.iter().filter(|small| matches!(small, Small::Taken { length: 1, hungry: true })).count();
    assert_eq!(hungry, 1, "the producer is told once: {taken:?}");
}

#[test]
fn positions_beyond_the_ring_are_nonsense() {
    let ring = Ring::new(&mapping(), 0, SHAPE);
    let mut data = [1_u8; 8];
    ring.control.producer.cells.store(9, Ordering::Relaxed);
    assert_eq!(ring.put_small(&gather(&mut data), 0, true), Err(Nonsense));
    ring.control.producer.cells.store(0, Ordering::Relaxed);
    ring.control.producer.bytes.store(1025, Ordering::Relaxed);
    assert_eq!(ring.has_room(1, 1), Err(Nonsense));
    ring.cells.at(0).header.store(u64::from(turn(0)) | 9 << 32, Ordering::Relaxed);
    assert_eq!(ring.front(&ring.cursor()), Err(Nonsense));
    ring.cells.at(0).header.store(u64::from(turn(0)) | 1 << 32 | (CELL as u64 + 1) << 48, Ordering::Relaxed);
    assert_eq!(ring.front(&ring.cursor()), Err(Nonsense));
}
