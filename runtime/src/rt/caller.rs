//! What the caller's side passes and gets.

use core::fmt;
use core::marker::PhantomData;
use core::ptr;

use super::code::{Code, FromCode};
use super::memory::Pod;
use crate::ffi;

/// All bits zero.
pub fn zeroed<T: Initial>() -> T {
    T::initial()
}

/// What a result is before the call stores it.
pub trait Initial {
    /// Zero, NULL.
    fn initial() -> Self;
}

impl<T: Pod> Initial for T {
    fn initial() -> Self {
        // SAFETY: any bits are a valid value of plain data.
        unsafe { core::mem::zeroed() }
    }
}

impl Initial for ffi::LPBLOCKINGCALLBACK {
    fn initial() -> Self {
        None
    }
}

/// Why a call through somebody's table failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError<E> {
    /// With a code that the function documents.
    Documented(E),
    /// With a code that it does not document (0: none was stored).
    Undocumented(Code),
    /// There is no such function in the table.
    Absent(&'static str),
}

impl<E: FromCode> CallError<E> {
    /// Sorts a reported code.
    pub fn reported(code: i32) -> Self {
        E::from_code(code).map_or(Self::Undocumented(Code(code)), Self::Documented)
    }
}

impl<E: super::code::ErrorList> CallError<E> {
    /// The number, if one was reported.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Documented(error) => Some(error.code()),
            Self::Undocumented(code) => Some(code.0),
            Self::Absent(_) => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Documented(error) => error.fmt(f),
            Self::Undocumented(Code(0)) => f.write_str("failed without a code"),
            Self::Undocumented(code) => write!(f, "failed with {code}, which the function does not document"),
            Self::Absent(name) => write!(f, "the table has no {name}"),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> core::error::Error for CallError<E> {}

impl FromCode for core::convert::Infallible {
    fn from_code(_: i32) -> Option<Self> {
        None
    }
}

/// Room for something of variable size, and its size in the end.
#[derive(Debug)]
pub struct Room<'a, T> {
    buffer: &'a mut [T],
    /// At first the capacity; after the call what the function stored: the size, or the size needed.
    pub size: u32,
}

impl<'a, T> Room<'a, T> {
    /// All of the buffer.
    pub fn new(buffer: &'a mut [T]) -> Self {
        let size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        Self { buffer, size }
    }

    /// What the function stored.
    pub fn filled(&self) -> &[T] {
        &self.buffer[..(self.size as usize).min(self.buffer.len())]
    }

    /// Pointer and length variable, for the call.
    pub fn split(&mut self) -> (*mut T, *mut u32) {
        (self.buffer.as_mut_ptr(), &raw mut self.size)
    }

    /// The same for room that may be left out.
    pub fn split_optional(room: Option<&mut Self>) -> (*mut T, *mut u32) {
        room.map_or((ptr::null_mut(), ptr::null_mut()), Self::split)
    }
}

/// A buffer with data to send, laid out as C has it.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Piece<'a, B> {
    raw: B,
    data: PhantomData<&'a [u8]>,
}

/// A buffer to receive into, laid out as C has it.
#[repr(transparent)]
pub struct PieceMut<'a, B> {
    raw: B,
    data: PhantomData<&'a mut [u8]>,
}

impl<'a> Piece<'a, ffi::WSABUF> {
    /// A buffer of these bytes; of more than `u32::MAX` the first so many.
    pub fn new(data: &'a [u8]) -> Self {
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Self { raw: ffi::WSABUF { len, buf: data.as_ptr().cast_mut().cast() }, data: PhantomData }
    }
}

impl<'a> PieceMut<'a, ffi::WSABUF> {
    /// A buffer of this room; of more than `u32::MAX` bytes the first so many.
    pub fn new(data: &'a mut [u8]) -> Self {
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Self { raw: ffi::WSABUF { len, buf: data.as_mut_ptr().cast() }, data: PhantomData }
    }
}

impl<'a> Piece<'a, ffi::WSABUFEX> {
    /// A buffer of these bytes, with the handle of their registration.
    pub fn registered(data: &'a [u8], handle: usize) -> Self {
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Self { raw: ffi::WSABUFEX { len, buf: data.as_ptr().cast_mut().cast(), handle }, data: PhantomData }
    }
}

impl<'a> PieceMut<'a, ffi::WSABUFEX> {
    /// A buffer of this room, with the handle of its registration.
    pub fn registered(data: &'a mut [u8], handle: usize) -> Self {
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Self { raw: ffi::WSABUFEX { len, buf: data.as_mut_ptr().cast(), handle }, data: PhantomData }
    }
}

// For memory that an operation uses after the call: named by its place, as a reference would promise that nobody else writes.

impl Piece<'_, ffi::WSABUF> {
    /// A buffer of so many bytes; of more than `u32::MAX` the first so many.
    ///
    /// # Safety
    /// The memory must stay good for reading until the operation that the piece is passed for has ended.
    pub const unsafe fn at(start: *mut u8, length: usize) -> Self {
        Self { raw: ffi::WSABUF { len: saturated(length), buf: start.cast() }, data: PhantomData }
    }
}

impl PieceMut<'_, ffi::WSABUF> {
    /// A buffer of so many bytes; of more than `u32::MAX` the first so many.
    ///
    /// # Safety
    /// The memory must stay good for writing until the operation that the piece is passed for has ended.
    pub const unsafe fn at(start: *mut u8, length: usize) -> Self {
        Self { raw: ffi::WSABUF { len: saturated(length), buf: start.cast() }, data: PhantomData }
    }
}

impl Piece<'_, ffi::WSABUFEX> {
    /// A buffer of so many bytes, with the handle of their registration; of more than `u32::MAX` the first so many.
    ///
    /// # Safety
    /// The memory must stay good, for the access that it was registered for, until the operation that the piece is passed for has ended.
    pub const unsafe fn registered_at(start: *mut u8, length: usize, handle: usize) -> Self {
        Self { raw: ffi::WSABUFEX { len: saturated(length), buf: start.cast(), handle }, data: PhantomData }
    }
}

const fn saturated(length: usize) -> u32 {
    if length > u32::MAX as usize { u32::MAX } else { length as u32 }
}

impl<B: fmt::Debug> fmt::Debug for Piece<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

/// The overlapped part of a call.
#[derive(Clone, Copy)]
pub struct OverlappedCall {
    /// The record, or NULL for a call that is not overlapped.
    pub operation: *mut ffi::WSAOVERLAPPED,
    /// The completion routine.
    pub routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    /// The thread that the routine runs on.
    pub thread: *mut ffi::WSATHREADID,
}

impl OverlappedCall {
    /// Not overlapped.
    pub const NONE: Self = Self { operation: ptr::null_mut(), routine: None, thread: ptr::null_mut() };
}

/// A set of sockets that may be larger than the header's.
#[derive(Debug, Clone, Default)]
pub struct FdSet {
    /// Count (in the first word's first four bytes), then the descriptors.
    words: Vec<usize>,
}

impl FdSet {
    /// A set of these sockets.
    pub fn new(sockets: &[usize]) -> Self {
        let mut set = Self { words: vec![0] };
        set.words.extend_from_slice(sockets);
        set.set_count(u32::try_from(sockets.len()).unwrap_or(u32::MAX));
        set
    }

    /// The sockets that are in it.
    pub fn sockets(&self) -> &[usize] {
        let count = self.words.first().map_or(0, |word| {
            let mut count = [0; 4];
            count.copy_from_slice(&word.to_ne_bytes()[..4]);
            u32::from_ne_bytes(count) as usize
        });
        self.words.get(1..=count).unwrap_or_default()
    }

    /// The set as C has it.
    pub fn as_mut_ptr(&mut self) -> *mut ffi::fd_set {
        if self.words.is_empty() {
            self.words.push(0);
        }
        self.words.as_mut_ptr().cast()
    }

    fn set_count(&mut self, count: u32) {
        let mut word = [0; size_of::<usize>()];
        word[..4].copy_from_slice(&count.to_ne_bytes());
        self.words[0] = usize::from_ne_bytes(word);
    }
}

const _: () = assert!(core::mem::offset_of!(ffi::fd_set, fd_array) == size_of::<usize>());
