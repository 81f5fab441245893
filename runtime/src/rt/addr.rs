//! Which addresses can be a caller's: by comparison alone, without touching memory.

use core::hint::cold_path;

#[cfg(target_pointer_width = "64")]
use crate::settled::{reaches, settled};

/// Lowest address that can belong to a program: the first 64 KiB are never mapped.
const LOWEST: usize = 0x1_0000;

/// Bits of a user-space address. On 64-bit Windows and Linux (x86-64, and Windows on ARM64) user space ends below 2^47;
/// Linux on ARM64 has 48 bits. On 32-bit targets any address from 64 KiB up may be user space.
#[cfg(all(target_pointer_width = "64", any(windows, target_arch = "x86_64")))]
const BITS: u32 = 47;
#[cfg(all(target_pointer_width = "64", not(any(windows, target_arch = "x86_64"))))]
const BITS: u32 = 48;

/// The address together with its distance from the lowest good one. A distance below 0 wraps round and sets the high bits; the
/// address itself sets them if it lies just above user space, where the distance does not.
#[inline(always)]
pub const fn span(address: usize) -> usize {
    address.wrapping_sub(LOWEST) | address
}

/// The [`span`] of an address that may be NULL if `other` is given: then `other` stands for it.
#[inline(always)]
pub const fn span_or(address: usize, other: usize) -> usize {
    span(if address == 0 { other } else { address })
}

/// Does the address with this [`span`] lie in user space?
#[inline(always)]
pub fn fits(span: usize) -> bool {
    all_fit([span])
}

/// Is the address one of the lowest, but not NULL? One that may be NULL and is not low lies in user space if it [fits](all_fit)
/// itself, without its span.
#[inline(always)]
pub const fn is_low(address: usize) -> bool {
    address.wrapping_sub(1) < LOWEST - 1
}

/// Is the address NULL, or does it lie in user space?
#[inline(always)]
pub fn fits_if_given(address: usize) -> bool {
    if address == 0 {
        // Not that it were rare: the hint keeps this a branch of its own.
        cold_path();
        return true;
    }
    fits_apart(address)
}

/// Does the address lie in user space? For an address that is looked at apart from others: asked as for all at once, one
/// register would hold the bound for every comparison of a thunk.
#[inline(always)]
pub fn fits_apart(address: usize) -> bool {
    #[cfg(target_pointer_width = "64")]
    return !reaches::<BITS>(span(address));
    #[cfg(target_pointer_width = "32")]
    fits(span(address))
}

/// Do all addresses with these [`span`]s lie in user space? One comparison: each bit that none may have, none has.
///
/// The first is settled, or the compiler would look at an even number of them in vectors, and be slower.
#[inline(always)]
#[cfg(target_pointer_width = "64")]
pub fn all_fit<const N: usize>(mut spans: [usize; N]) -> bool {
    spans[0] = settled(spans[0]);
    spans.into_iter().fold(0, |union, span| union | span) >> BITS == 0
}

/// Do all addresses with these [`span`]s lie in user space? An address below 64 KiB wraps into the last 64 KiB, where no user
/// memory is either.
#[inline(always)]
#[cfg(target_pointer_width = "32")]
pub fn all_fit<const N: usize>(spans: [usize; N]) -> bool {
    spans.into_iter().fold(true, |fit, span| fit & (span < usize::MAX - 0xFFFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_and_kernel_addresses_do_not_fit() {
        for bad in [0, 1, 0xFFFF, usize::MAX, usize::MAX - 0xFFF] {
            assert!(!fits(span(bad)), "{bad:#x}");
        }
        #[cfg(target_pointer_width = "64")]
        for bad in [0xFFFF_8000_0000_0000, 1 << BITS, (1 << BITS) + 0xFFFF, (1 << BITS) + 0x1_0000] {
            assert!(!fits(span(bad)), "{bad:#x}");
        }
        for good in [0x1_0000, 0x7FFE_0000] {
            assert!(fits(span(good)), "{good:#x}");
        }
        let local = 0_u8;
        assert!(fits(span(&raw const local as usize)));
    }

    #[test]
    fn one_bad_address_spoils_all() {
        assert!(all_fit([span(GOOD), span(0x20_0000)]));
        assert!(!all_fit([span(GOOD), span(BAD)]));
        assert!(!all_fit([span(usize::MAX), span(GOOD)]));
    }

    const GOOD: usize = 0x1_0000;
    const BAD: usize = 8;

    #[test]
    fn null_counts_as_good_only_where_it_may_be_passed() {
        assert!(fits_if_given(0));
        assert!(fits_if_given(GOOD));
        assert!(!fits_if_given(BAD));
        assert!(!fits_if_given(usize::MAX));
    }

    #[test]
    fn low_addresses_are_told_from_null() {
        for (address, low) in [(0, false), (1, true), (BAD, true), (GOOD - 1, true), (GOOD, false), (usize::MAX, false)]
        {
            assert_eq!(is_low(address), low, "{address:#x}");
            assert_eq!(fits_if_given(address), !low && all_fit([address]), "{address:#x}");
        }
    }

    #[test]
    fn another_address_stands_for_null_and_for_nothing_else() {
        assert!(fits(span_or(0, GOOD)));
        assert!(fits(span_or(GOOD, 0)));
        assert!(!fits(span_or(0, 0)));
        assert!(!fits(span_or(0, BAD)));
        assert!(!fits(span_or(BAD, GOOD)));
    }
}
