//! A caller's memory as typed arguments.
//!
//! C callers may pass memory that is misaligned or that several arguments share, and other threads may change it meanwhile.
//! So no reference to it is ever made: everything is copied in and out by unaligned reads and writes.

use core::marker::PhantomData;
use core::sync::atomic::{AtomicUsize, Ordering, fence};
use core::{fmt, ptr};

use super::buffers::BufferEntry as _;
use crate::ffi;

/// Plain data: any bits are a valid value.
///
/// # Safety
/// Implement it only for types made of integers, raw pointers, nullable functions and arrays of them.
pub unsafe trait Pod: Copy + 'static {}

macro_rules! pod {
    ($($ty:ty),*) => { $(
        // SAFETY: an integer.
        unsafe impl Pod for $ty {}
    )* };
}
pod!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

// SAFETY: a raw pointer.
unsafe impl<T: 'static> Pod for *mut T {}

/// Reads through a caller's pointer.
///
/// # Safety
/// It must be readable.
#[inline(always)]
pub unsafe fn read<T: Copy>(from: *const T) -> T {
    // SAFETY: the caller's contract.
    unsafe { from.read_unaligned() }
}

/// Writes through a caller's pointer; NULL is left alone.
///
/// # Safety
/// It must be NULL or writable.
#[inline(always)]
pub unsafe fn store<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the caller's contract.
        unsafe { to.write_unaligned(value) };
    }
}

/// Stores a caller's word that another thread may be polling with [`acquire`], which then sees all that was stored before.
///
/// # Safety
/// It must be writable. Meanwhile others may only read it, by [`acquire`].
#[inline]
pub unsafe fn release(to: *mut usize, value: usize) {
    if to.is_aligned() {
        // SAFETY: the caller's contract, and it is aligned.
        unsafe { AtomicUsize::from_ptr(to) }.store(value, Ordering::Release);
    } else {
        // No atomic access has such an address.
        fence(Ordering::Release);
        // SAFETY: the caller's contract.
        unsafe { to.write_unaligned(value) };
    }
}

/// Reads a word that another thread may be storing with [`release`].
///
/// # Safety
/// It must be readable. Meanwhile others may store only by [`release`].
#[inline]
pub unsafe fn acquire(from: *const usize) -> usize {
    if from.is_aligned() {
        // SAFETY: the caller's contract, and it is aligned. A load does not write, so it need not be writable.
        return unsafe { AtomicUsize::from_ptr(from.cast_mut()) }.load(Ordering::Acquire);
    }
    // SAFETY: the caller's contract.
    let value = unsafe { from.read_unaligned() };
    fence(Ordering::Acquire);
    value
}

/// The room that the caller gave is too small. `?` turns it into `WSAEFAULT` where a function documents that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSmall {
    /// What would have been needed, in the unit of the argument.
    pub needed: usize,
}

/// A buffer names memory outside user space. `?` turns it into `WSAEFAULT` where a function documents that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadAddress;

macro_rules! one {
    ($(#[$doc:meta])* $name:ident, $pointer:ty, $make:ty) => {
        $(#[$doc])*
        pub struct $name<'a, T> {
            pointer: $pointer,
            call: PhantomData<&'a T>,
        }

        impl<T> Clone for $name<'_, T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<'_, T> {}

        impl<T> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.pointer)
            }
        }

        impl<T> $name<'_, T> {
            /// Lifts a pointer.
            ///
            /// # Safety
            /// It must be good for one `T` during the call.
            #[inline(always)]
            pub const unsafe fn new(pointer: $make) -> Self {
                Self { pointer, call: PhantomData }
            }

            /// The address, for telling structures apart.
            pub fn address(self) -> usize {
                self.pointer as usize
            }
        }
    };
}

one!(
    /// A structure that the caller passes.
    In, *const T, *const T
);
one!(
    /// Room for a structure that the caller wants.
    Out, *mut T, *mut T
);
one!(
    /// A structure that the caller passes and gets back changed.
    InOut, *mut T, *mut T
);

impl<T: Pod> In<'_, T> {
    /// A copy of the structure.
    #[inline]
    pub fn read(self) -> T {
        // SAFETY: `new`'s contract.
        unsafe { read(self.pointer) }
    }

    /// A copy of one member: `member(|info| &raw const (*info).dwCatalogEntryId)`.
    ///
    /// # Safety
    /// The closure must give the address of a member of what it is given.
    #[inline(always)]
    pub unsafe fn member<M: Copy>(self, of: impl FnOnce(*const T) -> *const M) -> M {
        // SAFETY: a member of a readable structure is readable.
        unsafe { read(of(self.pointer)) }
    }

    /// A copy of one word, which another thread may be storing with [`release`].
    ///
    /// # Safety
    /// The closure must give the address of a member of what it is given.
    #[inline]
    pub unsafe fn polled(self, of: impl FnOnce(*const T) -> *const usize) -> usize {
        // SAFETY: a member of a readable structure is readable.
        unsafe { acquire(of(self.pointer)) }
    }
}

impl<T: Pod> Out<'_, T> {
    /// Stores the structure.
    pub fn write(self, value: T) {
        // SAFETY: `new`'s contract.
        unsafe { store(self.pointer, value) };
    }

    /// The structure's present contents, for those who change members and [`write`](Self::write) it back.
    pub fn read(self) -> T {
        // SAFETY: `new`'s contract; memory that can be written can be read, and any bits are a `T`.
        unsafe { read(self.pointer) }
    }
}

impl<T: Pod> InOut<'_, T> {
    /// A copy of the structure.
    pub fn read(self) -> T {
        // SAFETY: `new`'s contract.
        unsafe { read(self.pointer) }
    }

    /// Stores the structure.
    pub fn write(self, value: T) {
        // SAFETY: `new`'s contract.
        unsafe { store(self.pointer, value) };
    }
}

impl<'a> In<'a, ffi::WSABUF> {
    /// The bytes that the buffer names.
    ///
    /// # Errors
    /// It names memory outside user space.
    pub fn bytes(self) -> Result<Bytes<'a>, BadAddress> {
        let (pointer, length) = self.read().good_parts()?;
        // SAFETY: by the interface's contract a buffer names memory that is good during the call.
        Ok(unsafe { Bytes::new(pointer, length) })
    }
}

impl<'a> InOut<'a, ffi::WSABUF> {
    /// Room for as many bytes as the buffer names.
    ///
    /// # Errors
    /// It names memory outside user space.
    pub fn room(self) -> Result<BytesOut<'a>, BadAddress> {
        let (pointer, length) = self.read().good_parts()?;
        // SAFETY: by the interface's contract a buffer names memory that is good during the call.
        Ok(unsafe { BytesOut::new(pointer, length) })
    }
}

/// Bytes that the caller passes.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a> {
    pointer: *const u8,
    length: usize,
    call: PhantomData<&'a [u8]>,
}

impl Bytes<'_> {
    /// Lifts a pointer and a length.
    ///
    /// # Safety
    /// The memory must be readable during the call. NULL counts as no bytes.
    #[inline(always)]
    pub const unsafe fn new(pointer: *const u8, length: usize) -> Self {
        Self { pointer, length, call: PhantomData }
    }

    /// How many bytes.
    #[inline]
    pub fn len(self) -> usize {
        if self.pointer.is_null() { 0 } else { self.length }
    }

    /// Are there none?
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Where they are: for a transport that moves them by its own means. Good during the call only.
    pub fn as_ptr(self) -> *const u8 {
        self.pointer
    }

    /// Copies from `offset` on, as much as there is and fits. Returns how much.
    pub fn copy_to(self, offset: usize, to: &mut [u8]) -> usize {
        let count = self.len().saturating_sub(offset).min(to.len());
        if count > 0 {
            // SAFETY: `count` bytes from `offset` on are in the caller's memory; `to` is ours, so they do not overlap.
            unsafe { ptr::copy_nonoverlapping(self.pointer.add(offset), to.as_mut_ptr(), count) };
        }
        count
    }

    /// A copy of all bytes.
    pub fn to_vec(self) -> Vec<u8> {
        let mut copy = vec![0; self.len()];
        self.copy_to(0, &mut copy);
        copy
    }

    /// A structure from the beginning of the bytes; `None` if they are too few.
    pub fn read<T: Pod>(self) -> Option<T> {
        // SAFETY: enough bytes, and any bits are a `T`.
        (self.len() >= size_of::<T>()).then(|| unsafe { read(self.pointer.cast()) })
    }
}

/// Room for bytes.
#[derive(Debug, Clone, Copy)]
pub struct BytesOut<'a> {
    pointer: *mut u8,
    length: usize,
    call: PhantomData<&'a mut [u8]>,
}

impl<'a> BytesOut<'a> {
    /// Lifts a pointer and a length.
    ///
    /// # Safety
    /// The memory must be writable during the call. NULL counts as no room.
    #[inline(always)]
    pub const unsafe fn new(pointer: *mut u8, length: usize) -> Self {
        Self { pointer, length, call: PhantomData }
    }

    /// How many bytes fit.
    #[inline]
    pub fn capacity(self) -> usize {
        if self.pointer.is_null() { 0 } else { self.length }
    }

    /// Where the room is: for a transport that fills it by its own means. Good during the call only.
    pub fn as_mut_ptr(self) -> *mut u8 {
        self.pointer
    }

    /// Copies to `offset` and on, as much as fits. Returns how much.
    pub fn copy_from(self, offset: usize, from: &[u8]) -> usize {
        let count = self.capacity().saturating_sub(offset).min(from.len());
        if count > 0 {
            // SAFETY: `count` bytes from `offset` on are in the caller's room; `from` is ours, so they do not overlap.
            unsafe { ptr::copy_nonoverlapping(from.as_ptr(), self.pointer.add(offset), count) };
        }
        count
    }

    /// What is in the room before anything is put there, for arguments that go in and come out.
    pub fn contents(self) -> Bytes<'a> {
        // SAFETY: `new`'s contract; memory that can be written can be read.
        unsafe { Bytes::new(self.pointer, self.length) }
    }

    /// Stores a structure at the beginning.
    ///
    /// # Errors
    /// The room is too small; nothing is written.
    pub fn write<T: Pod>(self, value: T) -> Result<(), TooSmall> {
        if self.capacity() < size_of::<T>() {
            return Err(TooSmall { needed: size_of::<T>() });
        }
        // SAFETY: enough room.
        unsafe { store(self.pointer.cast(), value) };
        Ok(())
    }
}

/// Room for bytes whose length variable holds the capacity at first and the size in the end.
#[derive(Debug, Clone, Copy)]
pub struct SizedOut<'a> {
    room: BytesOut<'a>,
    size: *mut i32,
}

impl SizedOut<'_> {
    /// Lifts a pointer and the pointer to its length, a 32-bit variable.
    ///
    /// # Safety
    /// The variable must be good, and as much memory as it says must be writable during the call.
    #[inline(always)]
    pub unsafe fn new<L>(pointer: *mut u8, length: *mut L) -> Self {
        const { assert!(size_of::<L>() == 4) };
        let size = length.cast::<i32>();
        // SAFETY: the caller's contract. A negative length is no room.
        let capacity = unsafe { read(size) };
        // SAFETY: the caller's contract.
        let room = unsafe { BytesOut::new(pointer, usize::try_from(capacity).unwrap_or(0)) };
        Self { room, size }
    }

    /// How many bytes fit.
    pub fn capacity(self) -> usize {
        self.room.capacity()
    }

    /// Stores the bytes and their number.
    ///
    /// # Errors
    /// The room is too small; then only the needed number is stored.
    pub fn put(self, bytes: &[u8]) -> Result<(), TooSmall> {
        self.set_size(bytes.len());
        if bytes.len() > self.capacity() {
            return Err(TooSmall { needed: bytes.len() });
        }
        self.room.copy_from(0, bytes);
        Ok(())
    }

    /// Stores a structure and its size.
    ///
    /// # Errors
    /// As for [`put`](Self::put).
    pub fn put_value<T: Pod>(self, value: T) -> Result<(), TooSmall> {
        self.set_size(size_of::<T>());
        self.room.write(value)
    }

    fn set_size(self, size: usize) {
        // SAFETY: `new`'s contract.
        unsafe { store(self.size, i32::try_from(size).unwrap_or(i32::MAX)) };
    }
}

/// Room for zero-terminated UTF-16 whose length variable counts units: capacity at first, the size with the zero in the end.
#[derive(Debug, Clone, Copy)]
pub struct WideOut<'a> {
    pointer: *mut u16,
    capacity: usize,
    size: *mut i32,
    call: PhantomData<&'a mut [u16]>,
}

impl WideOut<'_> {
    /// Lifts a pointer and the pointer to its length, a 32-bit variable.
    ///
    /// # Safety
    /// The variable must be good, and as much memory as it says must be writable during the call.
    #[inline(always)]
    pub unsafe fn new<L>(pointer: *mut u16, length: *mut L) -> Self {
        const { assert!(size_of::<L>() == 4) };
        let size = length.cast::<i32>();
        // SAFETY: the caller's contract. A negative length is no room.
        let capacity = usize::try_from(unsafe { read(size) }).unwrap_or(0);
        Self { pointer, capacity, size, call: PhantomData }
    }

    /// How many UTF-16 units fit, the terminating zero included.
    pub fn capacity(self) -> usize {
        self.capacity
    }

    /// Stores the text, a zero and the number of units of both.
    ///
    /// # Errors
    /// The room is too small; then only the needed number is stored.
    pub fn put(self, text: &str) -> Result<(), TooSmall> {
        let units: Vec<u16> = text.encode_utf16().chain(Some(0)).collect();
        // SAFETY: `new`'s contract.
        unsafe { store(self.size, i32::try_from(units.len()).unwrap_or(i32::MAX)) };
        if units.len() > self.capacity || self.pointer.is_null() {
            return Err(TooSmall { needed: units.len() });
        }
        for (at, unit) in units.into_iter().enumerate() {
            // SAFETY: within the room.
            unsafe { self.pointer.add(at).write_unaligned(unit) };
        }
        Ok(())
    }
}

/// Zero-terminated UTF-16 that the caller passes.
#[derive(Debug, Clone, Copy)]
pub struct WideStr<'a> {
    pointer: *const u16,
    call: PhantomData<&'a [u16]>,
}

impl WideStr<'_> {
    /// Longest text that is read; what is longer is cut, so that a missing zero cannot lead through all of memory.
    const LIMIT: usize = 32 * 1024;

    /// Lifts a pointer.
    ///
    /// # Safety
    /// The text must be readable up to its zero during the call.
    #[inline(always)]
    pub const unsafe fn new(pointer: *const u16) -> Self {
        Self { pointer, call: PhantomData }
    }

    /// The text; what is not UTF-16 becomes U+FFFD.
    pub fn to_string_lossy(self) -> String {
        let mut units = Vec::new();
        for at in 0..Self::LIMIT {
            // SAFETY: no zero was found before `at`, so the text goes on there.
            match unsafe { read(self.pointer.add(at)) } {
                0 => break,
                unit => units.push(unit),
            }
        }
        String::from_utf16_lossy(&units)
    }
}
