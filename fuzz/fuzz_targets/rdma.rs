//! Descriptors and registrations as a peer or a host may forge them, over both transports: cut, lengthened, with words and bits changed,
//! late, and given to the wrong side. Some get the word of check that goes with what they say, so that it is the owner who has to
//! refuse them.
//!
//! What succeeds must be a transfer that the owner's registration allows, and all memory is afterwards as the transfers that succeeded
//! have left it.
#![no_main]

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use wsp::ffi;
use wsp::rt::{OverlappedCall, Piece, Room};
use wsp_fuzz::{Block, tag};
use wsp_host::switch::{SanHost, SanNotify, SanOperation, SanProvider, SanSocket};
use wsp_probe::hostile::{Choices, Given};
use wsp_provider::shm::Shm;
use wsp_provider::tcp::Tcp;

/// Most steps of one input.
const STEPS: usize = 24;
/// Sizes of memory and of transfers.
const SIZES: &[usize] = &[1, 16, 40_000];
const ACCESS: &[u32] = &[ffi::MEM_READ, ffi::MEM_WRITE, ffi::MEM_READWRITE];
const DESCRIPTOR: usize = 32;

/// The two ends of a connection, which all inputs have to leave as it was.
struct Target {
    ends: [Arc<SanSocket>; 2],
    /// The ends' addresses, as the words of check have them.
    names: [u64; 2],
    /// A descriptor of an earlier input.
    late: Vec<u8>,
    _provider: SanProvider,
}

/// Memory that an end has opened to the other.
struct Open {
    owner: usize,
    access: u32,
    block: Block,
    descriptor: Vec<u8>,
    /// What has to be in it.
    expected: Vec<u8>,
    live: bool,
}

/// Memory that an end has registered for its own use.
struct Local {
    owner: usize,
    block: Block,
    handle: ffi::HANDLE,
    live: bool,
}

impl Target {
    fn new(provider: SanProvider) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free.expect("an address is free").port());
        let (client, server) = provider.connected_pair(address).expect("the ends connect");
        let ends = [client, server].map(Arc::new);
        // Who was given one descriptor knows what all are checked by.
        let sample = open(&ends, 1, ffi::MEM_READ, 16);
        let server = tag::name(address);
        let names = [tag::other_end(&sample.descriptor, server), server];
        ends[1].deregister_rdma(&sample.descriptor).expect("it was given out");
        Self { ends, names, late: sample.descriptor, _provider: provider }
    }

    fn run(&mut self, mut choices: Given<'_>) {
        let mut run = Run { target: self, open: Vec::new(), local: Vec::new() };
        for owner in [1, 0] {
            let access = ACCESS[choices.below(3)];
            run.open.push(open(&self.ends, owner, access, SIZES[choices.below(SIZES.len())]));
            run.register(owner);
        }
        for _ in 0..STEPS {
            if choices.is_empty() {
                break;
            }
            run.step(&mut choices);
            run.check();
        }
        self.late = run.end();
        self.ends[0].send_blocking(b"x").expect("the connection is as it was");
        assert_eq!(self.ends[1].recv_blocking(&mut [0; 4]), Ok(1));
    }
}

/// Opens memory to the other end.
fn open(ends: &[Arc<SanSocket>; 2], owner: usize, access: u32, size: usize) -> Open {
    let block = Block::new(size);
    let mut descriptor = vec![0; DESCRIPTOR];
    let register = &ends[owner].provider().extensions().register_rdma;
    let mut room = Room::new(&mut descriptor);
    register
        .register_rdma_memory(ends[owner].raw(), block.bytes(), access, &mut room)
        .expect("there is room for a descriptor");
    let expected = block.bytes().to_vec();
    Open { owner, access, block, descriptor, expected, live: true }
}

/// One input.
struct Run<'a> {
    target: &'a Target,
    open: Vec<Open>,
    local: Vec<Local>,
}

impl Run<'_> {
    fn register(&mut self, owner: usize) {
        let block = Block::new(SIZES[1]);
        let handle = self.target.ends[owner].register(block.bytes(), ffi::MEM_READ).expect("memory is registered");
        self.local.push(Local { owner, block, handle, live: true });
    }

    fn step(&mut self, choices: &mut Given<'_>) {
        let side = choices.below(2);
        match choices.below(16) {
            0..9 => self.transfer(side, choices),
            9..11 => self.close(side, choices),
            11 => {
                let (access, size) = (ACCESS[choices.below(3)], SIZES[choices.below(SIZES.len())]);
                self.open.push(open(&self.target.ends, side, access, size));
            }
            12 => self.register(side),
            13 => self.deregister(side, choices),
            _ => self.write_registered(side, choices),
        }
    }

    /// A descriptor that somebody was given, and whatever a forger makes of it.
    fn descriptor(&self, choices: &mut Given<'_>) -> Vec<u8> {
        let at = choices.below(self.open.len() + 1);
        let open = self.open.get(at);
        let mut bytes = open.map_or(&self.target.late, |open| &open.descriptor).clone();
        for _ in 0..choices.below(3) {
            match choices.below(5) {
                0 => bytes.truncate(choices.below(DESCRIPTOR + 1)),
                1 => bytes.extend(choices.next().to_le_bytes()),
                2 if !bytes.is_empty() => {
                    let bit = choices.below(bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
                3 if bytes.len() >= DESCRIPTOR => {
                    let at = 4 * choices.below(DESCRIPTOR / 4);
                    let value = [0, 1, 2, 3, u32::MAX, choices.next() as u32];
                    bytes[at..at + 4].copy_from_slice(&value[choices.below(value.len())].to_le_bytes());
                }
                _ => {
                    let owner = open.map_or(1, |open| open.owner);
                    tag::repair(&mut bytes, self.target.names[owner], self.target.names[1 - owner]);
                }
            }
        }
        bytes
    }

    /// Reads or writes by a descriptor.
    fn transfer(&mut self, side: usize, choices: &mut Given<'_>) {
        let descriptor = self.descriptor(choices);
        let size = SIZES[choices.below(SIZES.len())];
        let offset = [0, 0, 1, 15, 39_999, u32::MAX, choices.next() as u32][choices.below(7)];
        let (write, socket) = (choices.once_in(2), &self.target.ends[side]);
        let data = vec![choices.next() as u8; size];
        let operation = if write {
            socket.rdma_write(&data, &descriptor, offset, SanNotify::Polled)
        } else {
            socket.rdma_read(size, &descriptor, offset, SanNotify::Polled)
        };
        let done = end(&operation);
        let needed = if write { ffi::MEM_WRITE } else { ffi::MEM_READ };
        let range = offset as usize..offset as usize + size;
        let named = self.named(side, &descriptor);
        let allowed = named.filter(|open| open.access & needed != 0 && range.end <= open.expected.len());
        let is_good = allowed.as_ref().is_some_and(|open| open.descriptor == descriptor);
        if !done {
            assert!(!is_good, "a transfer that is allowed was refused");
            return;
        }
        let open = allowed.unwrap_or_else(|| panic!("{range:?} was reached by {descriptor:x?}"));
        if write {
            open.expected[range].copy_from_slice(&data);
        } else {
            assert_eq!(operation.memory(), Some(&open.expected[range]));
        }
    }

    /// The open memory of the other end that has a descriptor's key.
    fn named(&mut self, side: usize, descriptor: &[u8]) -> Option<&mut Open> {
        let key = descriptor.get(8..16)?;
        self.open.iter_mut().find(|open| open.live && open.owner != side && &open.descriptor[8..16] == key)
    }

    /// Takes a descriptor back.
    fn close(&mut self, side: usize, choices: &mut Given<'_>) {
        let descriptor = self.descriptor(choices);
        let done = self.target.ends[side].deregister_rdma(&descriptor).is_ok();
        let named = descriptor.get(..DESCRIPTOR).and_then(|descriptor| {
            self.open.iter_mut().find(|open| open.live && open.owner == side && open.descriptor == descriptor)
        });
        assert_eq!(done, named.is_some(), "{descriptor:x?} was taken back");
        if let Some(open) = named {
            open.live = false;
        }
    }

    fn handle(&self, choices: &mut Given<'_>) -> ffi::HANDLE {
        match choices.below(4) {
            0 => choices.next() as ffi::HANDLE,
            1 => self.local[choices.below(self.local.len())].block.bytes().as_ptr() as ffi::HANDLE,
            _ => self.local[choices.below(self.local.len())].handle,
        }
    }

    fn deregister(&mut self, side: usize, choices: &mut Given<'_>) {
        let handle = self.handle(choices);
        let done = self.target.ends[side].deregister(handle).is_ok();
        let named = self.local.iter_mut().find(|local| local.live && local.owner == side && local.handle == handle);
        assert_eq!(done, named.is_some(), "registration {handle} was taken back");
        if let Some(local) = named {
            local.live = false;
        }
    }

    /// Writes from memory that may be registered.
    fn write_registered(&mut self, side: usize, choices: &mut Given<'_>) {
        let (handle, from) = (self.handle(choices), choices.below(self.local.len()));
        let count = 1 + choices.below(SIZES[1]);
        let descriptor = self.open[choices.below(self.open.len())].descriptor.clone();
        let socket = &self.target.ends[side];
        let pieces = [Piece::registered(&self.local[from].block.bytes()[..count], handle)];
        let function = &socket.provider().extensions().rdma_write;
        // SAFETY: not overlapped, so nothing is used after the call.
        let outcome = unsafe { function.rdma_write(socket.raw(), &pieces, &descriptor, 0, 0, OverlappedCall::NONE) };
        let done = outcome.is_ok();
        let local = &self.local[from];
        let is_registered = local.live && local.owner == side && local.handle == handle;
        let data = local.block.bytes()[..count].to_vec();
        // Both ends count their keys alike: the writer's own descriptor may have the key of one that it was given.
        let target = self.named(side, &descriptor).filter(|open| open.descriptor == descriptor);
        let allowed = target.filter(|open| open.access & ffi::MEM_WRITE != 0 && count <= open.expected.len());
        assert_eq!(done, is_registered && allowed.is_some(), "registration {handle}, {descriptor:x?}: {outcome:?}");
        if let Some(open) = allowed.filter(|_| done) {
            open.expected[..count].copy_from_slice(&data);
        }
    }

    /// All memory is as it has to be.
    fn check(&self) {
        for open in &self.open {
            assert!(open.block.is_intact(), "memory beside what was opened was written");
            assert!(open.block.bytes() == open.expected, "memory was written that no transfer was allowed to write");
        }
    }

    /// Takes everything back; the memory goes with this value. Returns a descriptor that is good no longer.
    fn end(self) -> Vec<u8> {
        let ends = &self.target.ends;
        for open in self.open.iter().filter(|open| open.live) {
            ends[open.owner].deregister_rdma(&open.descriptor).expect("it was given out");
        }
        for local in self.local.iter().filter(|local| local.live) {
            ends[local.owner].deregister(local.handle).expect("it was registered");
        }
        self.open[0].descriptor.clone()
    }
}

/// Waits for the end of a transfer. Returns whether it went well.
fn end(operation: &SanOperation) -> bool {
    loop {
        match operation.result(false) {
            Ok(None) => std::thread::yield_now(),
            ended => return ended.is_ok(),
        }
    }
}

thread_local! {
    static TARGETS: RefCell<Option<[Target; 2]>> = const { RefCell::new(None) };
}

fn targets() -> [Target; 2] {
    let host = SanHost::new();
    let providers = [host.start_type::<Shm>(), host.start_type::<Tcp>()];
    providers.map(|provider| Target::new(provider.expect("the provider starts")))
}

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    TARGETS.with_borrow_mut(|made| made.get_or_insert_with(targets)[usize::from(which & 1)].run(Given(rest)));
});
