//! The memory that two processes share, as a peer that means ill may change it: a fuzzer's bytes are steps of both ends of a connection,
//! and between them words are written over the segment. Nothing outside the memory that is given may be touched, what is answered has to
//! keep to the transport's contract, and every step has to end.
//!
//! Both ends are in this process. Where memory may be copied from process to process, "the peer's memory" is therefore our own, and what a
//! spoilt address makes a peer overwrite could be anything of ours: there is no writing to remote memory in that mode.
#![no_main]

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::task::Poll;

use libfuzzer_sys::fuzz_target;
use wsp::transport::{
    Access, Connection as _, Ending, Gather, Listener as _, Mode, Received, Remote, Request as _, Scatter, Sent,
    Transport,
};
use wsp_fuzz::{Block, Segment, until};
use wsp_probe::hostile::{Choices, Given};
use wsp_provider::shm::{Connection, Settings, Shm};

/// Most steps of one input.
const STEPS: usize = 64;
/// Sizes of sends and receives, round the limits between the ways in which data travels.
const SIZES: &[usize] = &[0, 1, 55, 56, 57, 119, 120, 121, 240, 241, 1000, 4096, 16_383, 16_384, 16_385, 40_000];
/// Bytes that each end opens to the other.
const OPEN: usize = 20_000;

/// Two networks, and which words of a segment they use.
struct Target {
    single_copy: bool,
    asker: Shm,
    accepter: Shm,
    lively: Vec<usize>,
}

/// A connection with the memory that is in use on it, which goes after it.
struct Run {
    ends: [Connection; 2],
    segment: Segment,
    remotes: [Remote; 2],
    open: [Block; 2],
    data: Vec<Block>,
}

impl Target {
    fn new(single_copy: bool) -> Self {
        let shm = || Shm::new(Settings { single_copy }).expect("the transport starts");
        let mut target = Self { single_copy, asker: shm(), accepter: shm(), lively: Vec::new() };
        let mut lively = Vec::new();
        for mode in [Mode::Messages, Mode::Stream] {
            let mut run = target.connect(mode);
            let before = run.segment.words();
            for size in SIZES {
                run.send(0, *size, true);
                run.receive(1, *size, false);
                run.transfer(1, false, 0, (*size).min(OPEN));
                if !single_copy {
                    run.transfer(1, true, 0, (*size).min(OPEN));
                }
            }
            run.ends.iter().for_each(|end| end.progress());
            lively.extend(run.segment.lines_that_differ(&before));
        }
        lively.sort_unstable();
        lively.dedup();
        target.lively = lively;
        target
    }

    fn connect(&self, mode: Mode) -> Run {
        Segment::wait_until_none();
        let anywhere = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        let bound = self.accepter.bind(anywhere, false).expect("an address is free");
        let listener = self.accepter.listen(&bound, 4, mode).expect("nobody listens there");
        let from = self.asker.bind(anywhere, false).expect("an address is free");
        let one = self.asker.connect(&from, bound.address, mode).expect("somebody listens");
        let request = until(self.accepter.bell(), || match listener.poll() {
            Poll::Ready(request) => Some(request.expect("the listener is good")),
            Poll::Pending => None,
        });
        let other = request.accept().expect("the other side is there");
        while one.established().is_pending() {
            std::thread::yield_now();
        }
        let open = [Block::new(OPEN), Block::new(OPEN)];
        let ends = [one, other];
        let remotes = [0, 1].map(|end: usize| {
            let access = Access { read: true, write: true };
            let rdma = ends[end].rdma().expect("it has remote memory");
            let key = rdma.expose(open[end].region(), access).expect("it is connected");
            Remote { key, length: OPEN as u64, access }
        });
        Run { ends, segment: Segment::find(), remotes, open, data: Vec::new() }
    }

    fn run(&self, mut choices: Given<'_>) {
        let mode = if choices.once_in(2) { Mode::Stream } else { Mode::Messages };
        let mut run = self.connect(mode);
        for _ in 0..STEPS {
            if choices.is_empty() {
                break;
            }
            self.step(&mut run, &mut choices);
        }
        for end in [0, 1] {
            run.receive(end, 1000, false);
            run.look(end);
            run.ends[end].progress();
        }
        run.end();
    }

    fn step(&self, run: &mut Run, choices: &mut Given<'_>) {
        let end = choices.below(2);
        match choices.below(16) {
            0..6 => self.spoil(run, choices),
            6 | 7 => run.send(end, SIZES[choices.below(SIZES.len())], choices.once_in(2)),
            8..11 => run.receive(end, SIZES[choices.below(SIZES.len())], choices.once_in(4)),
            11 | 12 => {
                let offset = choices.next() % (OPEN as u64 + 2);
                let write = choices.once_in(2) && !self.single_copy;
                run.transfer(end, write, offset, SIZES[choices.below(SIZES.len())]);
            }
            13 => run.look(end),
            14 if choices.once_in(4) => run.ends[end].finish(),
            14 => run.withdraw(end),
            _ if choices.once_in(8) => run.ends[end].close(Ending::Graceful),
            _ => run.ends[end].progress(),
        }
    }

    /// Writes a word somewhere: mostly where there is one that is used.
    fn spoil(&self, run: &Run, choices: &mut Given<'_>) {
        let at = if choices.once_in(8) {
            choices.next() as usize * 16 % run.segment.len()
        } else {
            let line = self.lively[choices.below(self.lively.len())];
            line + choices.below(16) * 4
        };
        let before = run.segment.get(at);
        let value = match choices.below(8) {
            0 => 0,
            1 => u32::MAX,
            2 => before.wrapping_add(1),
            3 => before.wrapping_sub(1),
            4 => before ^ 1 << choices.below(32),
            5 => 1 << choices.below(32),
            6 => run.segment.get(self.lively[choices.below(self.lively.len())]),
            _ => choices.next() as u32,
        };
        run.segment.set(at, value);
    }
}

impl Run {
    /// Memory for one operation, which stays as long as the connection may use it.
    fn block(&mut self, size: usize) -> &Block {
        self.data.push(Block::new(size));
        &self.data[self.data.len() - 1]
    }

    fn send(&mut self, end: usize, size: usize, lend: bool) {
        let data = Gather::of(self.block(size).region());
        let mut at = 0;
        while let Ok(Sent::Part(count)) = self.ends[end].send(&data, at, lend) {
            assert!(count > 0 && count <= size - at, "{count} of {} bytes were sent", size - at);
            at += count;
        }
    }

    fn receive(&mut self, end: usize, size: usize, peek: bool) {
        let room = Scatter::of(self.block(size).region());
        if let Ok(Received::Bytes { count, .. }) = self.ends[end].receive(&room, 0, peek) {
            assert!(count <= size, "{count} bytes were received into {size}");
        }
    }

    fn transfer(&mut self, end: usize, write: bool, offset: u64, size: usize) {
        let region = self.block(size).region();
        let Some(rdma) = self.ends[end].rdma() else { return };
        let remote = &self.remotes[1 - end];
        // Refused or failed, it is for the connection alone.
        let _ = if write {
            rdma.write(&Gather::of(region), remote, offset)
        } else {
            rdma.read(&Scatter::of(region), remote, offset)
        };
        self.ends[1 - end].progress();
        self.ends[end].progress();
        while rdma.finished().is_some() {}
    }

    fn look(&self, end: usize) {
        let end = &self.ends[end];
        let _ = (end.ready(), end.available(), end.released(), end.drained(), end.established());
    }

    fn withdraw(&self, end: usize) {
        if let Some(rdma) = self.ends[end].rdma() {
            let _ = rdma.withdraw(self.remotes[end].key);
        }
    }

    /// Ends the connection; then nothing may have been written beside the memory that was given.
    fn end(self) {
        let Self { ends, segment, open, data, .. } = self;
        ends.iter().for_each(|end| end.close(Ending::Abortive));
        drop((ends, segment));
        for block in open.iter().chain(&data) {
            assert!(block.is_intact(), "memory beside a block of {} bytes was written", block.len());
        }
    }
}

thread_local! {
    static TARGETS: RefCell<Option<[Target; 2]>> = const { RefCell::new(None) };
}

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    TARGETS.with_borrow_mut(|targets| {
        let targets = targets.get_or_insert_with(|| [false, true].map(Target::new));
        targets[usize::from(which & 1)].run(Given(rest));
    });
});
