//! Peers that write what they like into the memory that both ends share.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use wsp::transport::{
    Access, Connection as _, Ending, Fault, Gather, Listener as _, Rdma as _, Region, Remote, Request as _, Transport,
};

use super::segment::Shared;
use super::*;
use crate::os::memory::Mapping;
use segment::Places;

const BOTH: Access = Access { read: true, write: true };
const MARGIN: usize = 32;

// SAFETY: an atomic.
unsafe impl Shared for AtomicU32 {}

/// Two networks, and the ends of a connection between them.
struct Pair {
    ends: [Connection; 2],
    _networks: [Shm; 2],
}

/// Nothing is copied from process to process: both are this one, so an address that was spoilt would be one of ours.
fn pair(mode: Mode) -> Pair {
    pair_with(Settings { single_copy: false }, mode)
}

fn pair_with(settings: Settings, mode: Mode) -> Pair {
    let networks = [(); 2].map(|()| Shm::new(settings).unwrap());
    let bind = |network: &Shm| network.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), false).unwrap();
    let (from, to) = (bind(&networks[0]), bind(&networks[1]));
    let listener = networks[1].listen(&to, 4, mode).unwrap();
    let one = networks[0].connect(&from, to.address, mode).unwrap();
    let other = loop {
        if let Poll::Ready(request) = listener.poll() {
            break request.unwrap().accept().unwrap();
        }
    };
    while one.established().is_pending() {}
    Pair { ends: [one, other], _networks: networks }
}

impl Pair {
    fn words(&self) -> Places<AtomicU32> {
        let file = &self.ends[0].0.file;
        Places::new(&Arc::new(Mapping::new(file, layout::SIZE).unwrap()), 0, 1 << (layout::SIZE.ilog2() - 2))
    }
}

/// Memory with something on both sides of it.
struct Block(Vec<u8>);

impl Block {
    fn new(size: usize) -> Self {
        Self(vec![7; MARGIN + size + MARGIN])
    }

    fn region(&mut self) -> Region {
        let size = self.0.len() - 2 * MARGIN;
        // SAFETY: every test keeps the block until the connection has ended.
        unsafe { Region::new(self.0[MARGIN..].as_mut_ptr(), size) }
    }

    fn is_intact(&self) -> bool {
        self.0[..MARGIN].iter().chain(&self.0[self.0.len() - MARGIN..]).all(|byte| *byte == 7)
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Writes a word, somewhere near the beginning of what the layout names.
    Spoil {
        part: usize,
        word: usize,
        value: u32,
    },
    Send(usize),
    Receive(usize, bool),
    Transfer {
        write: bool,
        offset: u64,
        size: usize,
    },
    Look,
}

const PARTS: [usize; 10] = [
    layout::end(0),
    layout::end(1),
    layout::table(0),
    layout::table(1),
    layout::data(0),
    layout::data(1),
    layout::asked(0),
    layout::asked(1),
    layout::answered(0),
    layout::answered(1),
];

fn step() -> impl Strategy<Value = (usize, Step)> {
    let size = prop_oneof![0_usize..300, Just(5000), Just(20_000)];
    let value = prop_oneof![Just(0), Just(u32::MAX), any::<u32>(), 0_u32..300];
    // A ring's control words and its first cells, each of 16 words.
    let spoil = (0..PARTS.len(), 0_usize..256, value);
    let step = prop_oneof![
        3 => spoil.prop_map(|(part, word, value)| Step::Spoil { part, word, value }),
        2 => size.clone().prop_map(Step::Send),
        2 => (size.clone(), any::<bool>()).prop_map(|(size, peek)| Step::Receive(size, peek)),
        1 => (any::<bool>(), 0_u64..6000, size).prop_map(|(write, offset, size)| Step::Transfer { write, offset, size }),
        1 => Just(Step::Look),
    ];
    (0_usize..2, step)
}

/// Takes one step at an end. What comes of it is the connection's misfortune; the block is what it may touch.
fn take(pair: &Pair, end: usize, step: &Step, remote: &Remote) -> Block {
    let (one, other) = (&pair.ends[end], &pair.ends[1 - end]);
    let mut block = Block::new(match step {
        Step::Send(size) | Step::Receive(size, _) | Step::Transfer { size, .. } => *size,
        _ => 0,
    });
    match *step {
        Step::Spoil { part, word, value } => {
            pair.words().at((PARTS[part] / 4 + word) as u64).store(value, Ordering::Relaxed);
        }
        Step::Send(size) => match one.send(&Gather::of(block.region()), 0, false) {
            Ok(Sent::Part(count)) => assert!(count <= size),
            sent => assert_ne!(sent, Ok(Sent::Lent)),
        },
        Step::Receive(size, peek) => {
            if let Ok(Received::Bytes { count, .. }) = one.receive(&Scatter::of(block.region()), 0, peek) {
                assert!(count <= size);
            }
        }
        Step::Transfer { write, offset, .. } => {
            let _ = match write {
                true => one.write(&Gather::of(block.region()), remote, offset),
                false => one.read(&Scatter::of(block.region()), remote, offset),
            };
            other.progress();
            one.progress();
        }
        Step::Look => drop((one.ready(), one.available(), one.released(), one.drained(), one.finished())),
    }
    block
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_peer_writes_touches_no_other_memory(stream: bool, steps in prop::collection::vec(step(), 1..40)) {
        let pair = pair(if stream { Mode::Stream } else { Mode::Messages });
        let mut open = [Block::new(5000), Block::new(5000)];
        let remotes = [0, 1].map(|end: usize| {
            let key = pair.ends[end].expose(open[end].region(), BOTH).unwrap();
            Remote { key, length: 5000, access: BOTH }
        });
        let used: Vec<_> = steps.iter().map(|(end, step)| take(&pair, *end, step, &remotes[1 - end])).collect();
        drop(pair);
        prop_assert!(open.iter().chain(&used).all(Block::is_intact));
    }
}

#[test]
fn a_peer_that_is_always_busy_delays_a_close_only_once() {
    let pair = pair(Mode::Messages);
    let mut block = Block::new(16);
    pair.ends[0].expose(block.region(), BOTH).unwrap();
    let words = pair.words();
    let table = layout::table(0) / 4;
    // Every word of every place says something: there is a key, and somebody is copying.
    (table..table + layout::SLOTS * layout::SLOT / 4).for_each(|at| words.at(at as u64).store(1, Ordering::Relaxed));
    let begun = Instant::now();
    pair.ends[0].close(Ending::Abortive);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}: not once for each of {}", begun.elapsed(), layout::SLOTS);
}

#[test]
fn memory_is_not_given_back_while_the_peer_copies() {
    let pair = pair_with(Settings { single_copy: true }, Mode::Messages);
    let mut block = Block::new(16);
    let key = pair.ends[0].expose(block.region(), BOTH).unwrap();
    let (words, table) = (pair.words(), layout::table(0) / 4);
    // In every place, the word that counts who is copying.
    (0..layout::SLOTS).for_each(|slot| {
        words.at((table + slot * layout::SLOT / 4 + 7) as u64).store(1, Ordering::Relaxed);
    });
    let begun = Instant::now();
    assert_eq!(pair.ends[0].withdraw(key), Ok(()));
    assert!(begun.elapsed() >= connection::PATIENCE, "who does not end is given up, and nobody before");
}

#[test]
fn a_turn_of_a_process_that_died_breaks_the_connection() {
    let pair = pair(Mode::Stream);
    let core = &pair.ends[0].0;
    let mut dead = Command::new(std::env::current_exe().unwrap()).arg("--list").stdout(Stdio::null()).spawn().unwrap();
    dead.wait().unwrap();
    core.own.send_lock.store(dead.id(), Ordering::Relaxed);
    let (begun, patience) = (Instant::now(), Duration::from_secs(60));
    assert_eq!(core.lock(&core.own.send_lock, patience), Err(Fault::Reset));
    assert!(begun.elapsed() < patience, "nobody waits for it");
}

#[test]
fn a_turn_that_never_comes_breaks_the_connection() {
    let pair = pair(Mode::Stream);
    let core = &pair.ends[0].0;
    // A process that lives, and that will never give it back.
    core.own.send_lock.store(std::process::id(), Ordering::Relaxed);
    assert_eq!(core.lock(&core.own.send_lock, Duration::from_millis(1)), Err(Fault::Reset));
    assert!(core.is(connection::condition::SPOILT));
}

#[test]
fn an_end_that_cannot_be_shared_is_as_before() {
    let pair = pair(Mode::Stream);
    let core = &pair.ends[0].0;
    let own = std::process::id();
    core.own.holders.iter().skip(1).for_each(|holder| holder.store(own, Ordering::Relaxed));
    // There is a place for the other process, and none for this one.
    let parcel = Parcel::Connection { connection: &pair.ends[0], shared: true };
    assert_eq!(pair._networks[0].give(parcel, own, &State::default()), Err(Fault::NoBuffers));
    assert!(!core.is(connection::condition::SHARED));
    assert_eq!(core.own.holders.iter().filter(|holder| holder.load(Ordering::Relaxed) == 0).count(), 1);
}
