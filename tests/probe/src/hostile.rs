//! Calls with hostile arguments: NULL, addresses below 64 KiB and outside user space, misaligned memory, odd lengths, values
//! that mean nothing, in every combination; whatever is readable is exactly as long as it says.
//!
//! What a call came to is checked against the declaration: failure value and code agree, and the code is one of the function's.

use crate::arguments::{UNTOUCHED, buffer};
use crate::entries::{ENTRIES, Entry, Kind, Parameter};
use crate::guarded::Guarded;
use crate::host::{NO_SOCKET, Started, upcalls};

/// Where decisions come from: a generator, or the bytes of a fuzzer.
pub trait Choices {
    /// Some number.
    fn next(&mut self) -> u64;

    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// A generator (SplitMix64): the same numbers for the same seed.
#[derive(Debug, Clone)]
pub struct Seeded(pub u64);

impl Choices for Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// A fuzzer's bytes, two per decision; when they are used up, zeros.
#[derive(Debug, Clone)]
pub struct Given<'a>(pub &'a [u8]);

impl Given<'_> {
    /// Is nothing left?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Choices for Given<'_> {
    fn next(&mut self) -> u64 {
        let (now, later) = self.0.split_at(self.0.len().min(2));
        self.0 = later;
        now.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }
}

/// What is wrong with a call's outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The function.
    pub function: &'static str,
    /// The words it was called with.
    pub words: Vec<usize>,
    /// What does not agree.
    pub problem: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({:x?}): {}", self.function, self.words, self.problem)
    }
}

/// Calls one provider, again and again.
pub struct Caller {
    provider: Started,
    sockets: Vec<usize>,
    memory: Guarded,
}

/// Sockets that are open at a time.
const SOCKETS: usize = 8;

impl Caller {
    /// Calls this provider.
    pub fn new(provider: Started) -> Self {
        Self { provider, sockets: Vec::new(), memory: Guarded::new() }
    }

    /// The entries that this provider has.
    pub fn entries(&self) -> Vec<&'static Entry> {
        ENTRIES.iter().filter(|entry| entry.profile == self.provider.profile()).collect()
    }

    /// Sees to it that there are sockets; an earlier call may have cleaned the provider up. To be called before each call.
    ///
    /// # Panics
    /// The provider does not start or makes no socket.
    pub fn prepare(&mut self, choices: &mut impl Choices) {
        if self.sockets.len() >= SOCKETS && choices.once_in(8) {
            let socket = self.sockets.swap_remove(choices.below(SOCKETS));
            self.provider.close(socket);
        }
        if self.sockets.len() < SOCKETS {
            let socket = self.provider.try_socket().unwrap_or_else(|| {
                self.sockets.clear();
                self.provider.start();
                self.provider.socket()
            });
            self.sockets.push(socket);
        }
    }

    /// One call. The memory of its arguments is free again when it returns, so it is for providers that keep nothing.
    ///
    /// # Errors
    /// What it came to is not as declared.
    pub fn call(&mut self, entry: &'static Entry, choices: &mut impl Choices) -> Result<(), Finding> {
        self.memory.clear();
        let counts: Vec<usize> = entry.params.iter().map(|_| count(choices)).collect();
        let mut words = Vec::with_capacity(entry.params.len());
        for (at, parameter) in entry.params.iter().enumerate() {
            words.push(self.word(entry, at, parameter, &counts, choices));
        }
        if let Some(at) = entry.errno.filter(|_| choices.once_in(2)) {
            words[at] = self.memory.place(&UNTOUCHED.to_ne_bytes());
        }
        // An extension function is asked for on a socket that works.
        let socket = self.sockets.first().copied().unwrap_or(NO_SOCKET);
        wsp::rt::set_last_error(0);
        // SAFETY: every address is NULL, outside user space, or of memory that is as long as the arguments say.
        let result = unsafe { self.provider.call(entry, &words, socket) };
        result.map_or(Ok(()), |result| judge(entry, &words, result))
    }

    fn word(
        &mut self,
        entry: &Entry,
        at: usize,
        parameter: &Parameter,
        counts: &[usize],
        choices: &mut impl Choices,
    ) -> usize {
        match parameter.kind {
            Kind::Number(_) => number(parameter, choices),
            Kind::Socket => self.socket(choices),
            Kind::Callback => pick(choices, callback as *const () as usize),
            Kind::Count { of } => counts[of],
            Kind::Upcalls { by_value: true } => self.memory.place(&upcalls("WSPUPCALLTABLE")),
            kind => match bad(choices) {
                Some(address) => address,
                None => {
                    let content = self.content(kind, counts[at], counts, choices);
                    let is_code = entry.errno == Some(at);
                    self.memory.place(if is_code { &content[..4] } else { &content })
                }
            },
        }
    }

    fn socket(&self, choices: &mut impl Choices) -> usize {
        match choices.below(8) {
            0 => [NO_SOCKET, 0, usize::MAX, usize::MAX - 1][choices.below(4)],
            1 => choices.next() as usize,
            _ => self.sockets.get(choices.below(SOCKETS)).copied().unwrap_or(NO_SOCKET),
        }
    }

    /// What lies behind a good address.
    fn content(&mut self, kind: Kind, units: usize, counts: &[usize], choices: &mut impl Choices) -> Vec<u8> {
        match kind {
            Kind::Structure { size } | Kind::Record { size } => bytes(size.max(4), choices),
            Kind::Units { unit, .. } => bytes(unit * units, choices),
            Kind::Room { of } => room(counts[of], choices).to_ne_bytes().to_vec(),
            Kind::Upcalls { .. } => upcalls("WSPUPCALLTABLEEX"),
            Kind::Text => {
                let mut text = bytes(2 * units, choices);
                text.extend([0, 0]);
                text
            }
            Kind::Set => {
                let mut set = units.to_ne_bytes().to_vec();
                (0..units).for_each(|_| set.extend(self.socket(choices).to_ne_bytes()));
                set
            }
            Kind::Buffers { entry, count } => {
                let mut entries = Vec::new();
                for _ in 0..count.map_or(1, |_| units) {
                    entries.extend(self.entry_of_buffers(entry, choices));
                }
                entries
            }
            Kind::Number(_) | Kind::Socket | Kind::Callback | Kind::Count { .. } => Vec::new(),
        }
    }

    fn entry_of_buffers(&mut self, size: usize, choices: &mut impl Choices) -> Vec<u8> {
        let length = count(choices);
        match bad(choices) {
            Some(address) => buffer(size, length, address),
            None => {
                let address = self.memory.place(&vec![0x42; length]);
                buffer(size, length, address)
            }
        }
    }
}

/// How many units: few, usual sizes and their neighbours, rarely many.
fn count(choices: &mut impl Choices) -> usize {
    const USUAL: &[usize] = &[0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 28, 32, 64, 65, 128, 256];
    USUAL[choices.below(USUAL.len())]
}

/// The capacity that is said to be at a pointer: what there is, or less, or nothing that makes sense.
fn room(units: usize, choices: &mut impl Choices) -> u32 {
    match choices.below(8) {
        0 => 0,
        1 => u32::MAX,
        2 => 1 << 31,
        3 => units as u32 / 2,
        _ => units as u32,
    }
}

/// A bad address: NULL often, otherwise from below 64 KiB or beyond user space.
fn bad(choices: &mut impl Choices) -> Option<usize> {
    const BAD: &[usize] = &[
        1,
        0x1000,
        0xFFFF,
        0x8000_0000_0000,
        0x8000_0000_FFFF,
        0x8000_0001_0000,
        0xFFFF_8000_0000_0000,
        usize::MAX - 7,
        usize::MAX,
    ];
    match choices.below(10) {
        0 => Some(0),
        1 => Some(BAD[choices.below(BAD.len())]),
        _ => None,
    }
}

/// The good value, or a bad address.
fn pick(choices: &mut impl Choices, good: usize) -> usize {
    bad(choices).unwrap_or(good)
}

fn number(parameter: &Parameter, choices: &mut impl Choices) -> usize {
    const EDGES: &[usize] = &[0, 1, 2, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, usize::MAX];
    let values = parameter.values;
    match choices.below(8) {
        0 => choices.next() as usize,
        1 | 2 => EDGES[choices.below(EDGES.len())],
        3 if !values.is_empty() => (0..3).fold(0, |all, _| all | values[choices.below(values.len())]),
        _ if values.is_empty() => choices.below(4),
        _ => values[choices.below(values.len())],
    }
}

fn bytes(length: usize, choices: &mut impl Choices) -> Vec<u8> {
    let pattern = choices.next().to_ne_bytes();
    let blank = choices.once_in(2);
    pattern.iter().cycle().take(length).map(|&byte| if blank { 0 } else { byte }).collect()
}

/// Do result and code agree with the declaration?
fn judge(entry: &'static Entry, words: &[usize], result: usize) -> Result<(), Finding> {
    let mask = if entry.bits < 64 { (1 << entry.bits) - 1 } else { u64::MAX };
    let result = result as u64 & mask;
    let report = |problem: String| Err(Finding { function: entry.function, words: words.to_vec(), problem });
    if entry.last_error {
        let (failed, code) = (entry.failure == Some(result), wsp::rt::last_error());
        let fits = if failed { entry.codes.contains(&code) } else { code == 0 };
        return if fits { Ok(()) } else { report(format!("returned {result:#x} with the last error {code}")) };
    }
    let Some(at) = entry.errno else {
        let code = result as i32;
        let fits = code == 0 || entry.codes.contains(&code);
        return if fits { Ok(()) } else { report(format!("returned {code}, which it does not list")) };
    };
    let failed = entry.failure == Some(result);
    if !(0x1_0000..0x8000_0000_0000).contains(&words[at]) {
        return if failed { Ok(()) } else { report(format!("returned {result:#x} without an address for a code")) };
    }
    // SAFETY: an address in user space is one of ours, of at least four bytes.
    let code = unsafe { std::ptr::with_exposed_provenance::<i32>(words[at]).read_unaligned() };
    match (failed, code) {
        (false, 0) => Ok(()),
        (false, code) => report(format!("returned {result:#x} and stored {code}")),
        (true, code) if entry.codes.contains(&code) => Ok(()),
        (true, UNTOUCHED) => report("failed and stored no code".into()),
        (true, code) => report(format!("failed with {code}, which it does not list")),
    }
}

/// Stands for any callback: does nothing and returns 0.
extern "system" fn callback() -> usize {
    0
}
