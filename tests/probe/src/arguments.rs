//! Good arguments for any function, in memory of exactly the size that they state.

use wsp_codegen::model::{AllowedSet, Direction, Function, Length, Profile};

use crate::entries::{Entry, Kind, Parameter};
use crate::host;

/// Units behind a pointer whose length is stated, unless more are needed.
const UNITS: usize = 32;
/// Entries in an array of buffers.
const ENTRIES: usize = 2;
/// What a number is when nothing is said of it: as a version it is 2.2.
const NUMBER: usize = host::VERSION as usize;
/// What an error code is before the call.
pub const UNTOUCHED: i32 = 0x5EAD_BEEF;

/// Bytes of their own allocation, no longer than they are.
#[derive(Debug)]
struct Memory {
    bytes: Box<[u8]>,
    skew: usize,
}

impl Memory {
    /// The bytes, `skew` bytes behind the alignment that the allocator gives.
    fn new(content: &[u8], skew: usize) -> Self {
        let bytes = std::iter::repeat_n(0, skew).chain(content.iter().copied()).collect();
        Self { bytes, skew }
    }

    fn address(&self) -> usize {
        // An exposed address, since it travels as a number.
        self.bytes.as_ptr().expose_provenance() + self.skew
    }
}

/// The arguments of one call, and the memory that they point to.
#[derive(Debug)]
pub struct Arguments {
    /// One word for each parameter.
    pub words: Vec<usize>,
    memory: Vec<Memory>,
    errno: Option<usize>,
}

/// A function with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The function.
    pub function: &'a Function,
    /// The same, as data for calling.
    pub entry: &'a Entry,
}

impl Subject<'_> {
    /// Arguments that the function must not refuse, on this socket. All memory lies `skew` bytes off its alignment.
    pub fn good(&self, socket: usize, skew: usize) -> Arguments {
        let mut arguments = Arguments { words: Vec::new(), memory: Vec::new(), errno: None };
        for (at, parameter) in self.entry.params.iter().enumerate() {
            let word = self.word(&mut arguments, at, parameter, socket, skew);
            if self.function.params[at].errno {
                arguments.errno = Some(word);
            }
            arguments.words.push(word);
        }
        arguments
    }

    fn word(&self, arguments: &mut Arguments, at: usize, parameter: &Parameter, socket: usize, skew: usize) -> usize {
        let mut place = |content: &[u8]| arguments.place(content, skew);
        match parameter.kind {
            Kind::Number(_) => self.number(at),
            Kind::Socket => socket,
            Kind::Callback => callback as *const () as usize,
            Kind::Count { of } => self.units(of),
            Kind::Room { of } => {
                let units = self.units(of) as u32;
                place(&units.to_ne_bytes())
            }
            Kind::Upcalls { .. } => place(&host::upcalls(&self.profile.upcalls)),
            Kind::Structure { size } => {
                let mut content = vec![0; size];
                let value = if self.function.params[at].errno { UNTOUCHED as usize } else { self.number_behind(at) };
                let bytes = value.to_ne_bytes();
                let count = size.min(if size > 8 { 0 } else { 8 });
                content[..count].copy_from_slice(&bytes[..count]);
                place(&content)
            }
            Kind::Units { unit, .. } => place(&vec![0; unit * self.units(at)]),
            Kind::Buffers { entry, count } => {
                let count = count.map_or(1, |_| self.units(at));
                let mut content = Vec::new();
                for _ in 0..count {
                    let data = place(&[0x42; UNITS]);
                    content.extend(buffer(entry, UNITS, data));
                }
                place(&content)
            }
            Kind::Set => {
                let mut content = 1_usize.to_ne_bytes().to_vec();
                content.extend(socket.to_ne_bytes());
                place(&content)
            }
            Kind::Text => place(&[b'a', 0, b'b', 0, 0, 0]),
            Kind::Record { size } => place(&vec![0; size]),
        }
    }

    /// How many units a pointer's memory has: the least that is allowed, or more.
    fn units(&self, at: usize) -> usize {
        let least = match &self.function.params[at].length {
            Some(Length::Counted { minimum: Some((least, _)), .. }) => *least as usize,
            _ => 0,
        };
        let usual = if matches!(self.entry.params[at].kind, Kind::Buffers { .. }) { ENTRIES } else { UNITS };
        least.max(usual)
    }

    /// A value that is allowed.
    fn number(&self, at: usize) -> usize {
        let Some(allowed) = &self.function.params[at].allowed else { return NUMBER };
        let value = match &allowed.set {
            AllowedSet::Values(values) => values.first().map_or(0, |value| value.value),
            AllowedSet::Flags(_) => 0,
            AllowedSet::Range(low, _) => low.value,
            AllowedSet::Constant(value) => value.value,
        };
        value as usize
    }

    /// What a number that is passed by address is at first.
    fn number_behind(&self, at: usize) -> usize {
        let param = &self.function.params[at];
        if param.allowed.is_some() || param.direction == Direction::In { self.number(at) } else { 0 }
    }
}

impl Arguments {
    /// Puts bytes into memory of their own and gives its address.
    pub fn place(&mut self, content: &[u8], skew: usize) -> usize {
        let memory = Memory::new(content, skew);
        let address = memory.address();
        self.memory.push(memory);
        address
    }

    /// The error code that the call told: what it stored, or [`UNTOUCHED`]; the last error where there is no parameter for it.
    pub fn errno(&self) -> i32 {
        let Some(address) = self.errno else { return wsp::rt::last_error() };
        // SAFETY: it is the address of four bytes of `memory`.
        unsafe { std::ptr::with_exposed_provenance::<i32>(address).read_unaligned() }
    }
}

/// An entry of an array of buffers: length, address, and zeros.
pub fn buffer(size: usize, length: usize, address: usize) -> Vec<u8> {
    let mut content = length.to_ne_bytes().to_vec();
    content.extend(address.to_ne_bytes());
    content.resize(size, 0);
    content
}

/// Stands for any callback; no probe calls it.
extern "system" fn callback() {}
