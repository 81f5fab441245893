//! Arrays of buffers that a caller passes.

use core::fmt;
use core::marker::PhantomData;

use super::memory::{BadAddress, Bytes, BytesOut, Pod, read};
use crate::ffi;

/// An entry of a buffer array: where, and how long.
pub trait BufferEntry: Pod {
    /// Pointer and length.
    fn parts(&self) -> (*mut u8, usize);

    /// Pointer and length, if the pointer is in user space or the length 0.
    ///
    /// # Errors
    /// It is not.
    #[inline(always)]
    fn good_parts(&self) -> Result<(*mut u8, usize), BadAddress> {
        let (pointer, length) = self.parts();
        if super::addr::fits(super::addr::span(pointer as usize)) || length == 0 {
            Ok((pointer, length))
        } else {
            Err(BadAddress)
        }
    }
}

impl BufferEntry for ffi::WSABUF {
    #[inline(always)]
    fn parts(&self) -> (*mut u8, usize) {
        (self.buf.cast(), self.len as usize)
    }
}

impl BufferEntry for ffi::WSABUFEX {
    #[inline(always)]
    fn parts(&self) -> (*mut u8, usize) {
        (self.buf.cast(), self.len as usize)
    }
}

/// Does this entry of an array surely name memory in user space? One comparison; [`buffers_fit`] decides.
///
/// # Safety
/// The entry must be readable.
#[inline(always)]
pub unsafe fn buffer_fits<B: BufferEntry>(entry: *const B) -> bool {
    // SAFETY: the caller's contract.
    let (pointer, _) = unsafe { read(entry) }.parts();
    super::addr::fits_apart(pointer as usize)
}

/// Does each entry of the array name memory in user space, or nothing?
///
/// # Safety
/// The array must be readable.
pub unsafe fn buffers_fit<B: BufferEntry>(entries: *const B, count: usize) -> bool {
    // SAFETY: `at` is below the count, up to which the caller vouches for the array.
    (0..count).all(|at| unsafe { read(entries.add(at)) }.good_parts().is_ok())
}

macro_rules! buffers {
    ($(#[$doc:meta])* $name:ident, $item:ident) => {
        $(#[$doc])*
        pub struct $name<'a, B> {
            entries: *const B,
            count: usize,
            call: PhantomData<&'a [B]>,
        }

        impl<B> Clone for $name<'_, B> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<B> Copy for $name<'_, B> {}

        impl<B> fmt::Debug for $name<'_, B> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?}, {})"), self.entries, self.count)
            }
        }

        impl<'a, B: BufferEntry> $name<'a, B> {
            /// Lifts an array of which [`buffers_fit`] holds.
            ///
            /// # Safety
            /// The array and what it names must be good during the call.
            #[inline(always)]
            pub const unsafe fn new(entries: *const B, count: usize) -> Self {
                Self { entries, count, call: PhantomData }
            }

            /// How many buffers.
            pub fn count(self) -> usize {
                self.count
            }

            /// How many bytes in all.
            pub fn total(self) -> usize {
                self.iter().fold(0, |sum, piece| sum.saturating_add(piece.size()))
            }

            /// The array's entries themselves, copied.
            pub fn entries(self) -> impl Iterator<Item = B> + 'a {
                (0..self.count).map(move |at| self.entry(at))
            }

            /// The buffers in order.
            pub fn iter(self) -> impl Iterator<Item = $item<'a>> + 'a {
                self.entries().map(|entry| {
                    let (pointer, length) = entry.parts();
                    // SAFETY: `new`'s contract.
                    unsafe { $item::new(pointer, length) }
                })
            }

            #[inline(always)]
            fn entry(self, at: usize) -> B {
                // SAFETY: `at` is below the count that the caller vouched for.
                unsafe { read(self.entries.add(at)) }
            }
        }
    };
}

buffers!(
    /// Buffers with the data to send.
    Buffers, Bytes
);
buffers!(
    /// Buffers to receive into.
    BuffersOut, BytesOut
);

trait Extent {
    fn size(&self) -> usize;
}

impl Extent for Bytes<'_> {
    fn size(&self) -> usize {
        self.len()
    }
}

impl Extent for BytesOut<'_> {
    fn size(&self) -> usize {
        self.capacity()
    }
}

impl<B: BufferEntry> Buffers<'_, B> {
    /// Copies the data from `offset` on (counted over all buffers), as much as fits. Returns how much.
    pub fn copy_to(self, mut offset: usize, to: &mut [u8]) -> usize {
        let mut done = 0;
        for piece in self.iter() {
            if offset >= piece.len() {
                offset -= piece.len();
                continue;
            }
            done += piece.copy_to(offset, &mut to[done..]);
            offset = 0;
        }
        done
    }
}

impl<B: BufferEntry> BuffersOut<'_, B> {
    /// Copies data to `offset` (counted over all buffers) and on, buffer after buffer. Returns how much fitted.
    pub fn copy_from(self, mut offset: usize, from: &[u8]) -> usize {
        let mut done = 0;
        for piece in self.iter() {
            if offset >= piece.capacity() {
                offset -= piece.capacity();
                continue;
            }
            done += piece.copy_from(offset, &from[done..]);
            offset = 0;
        }
        done
    }
}
