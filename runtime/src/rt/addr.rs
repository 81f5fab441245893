//! Which addresses can be a caller's: by comparison alone, without touching memory.

/// Lowest address that can belong to a program: the first 64 KiB are never mapped.
const LOWEST: usize = 0x1_0000;

/// Bits of a user-space address. On 64-bit Windows and Linux (x86-64, and Windows on ARM64) user space ends below 2^47;
/// Linux on ARM64 has 48 bits. On 32-bit targets any address from 64 KiB up may be user space.
#[cfg(all(target_pointer_width = "64", any(windows, target_arch = "x86_64")))]
const BITS: u32 = 47;
#[cfg(all(target_pointer_width = "64", not(any(windows, target_arch = "x86_64"))))]
const BITS: u32 = 48;

/// The address as a distance from the lowest good one. Distances may be ORed together before [`fits`] is asked: an address
/// below the lowest wraps round and sets the high bits.
#[inline(always)]
pub const fn span(address: usize) -> usize {
    address.wrapping_sub(LOWEST)
}

/// Do all addresses whose [`span`]s were ORed together lie in user space?
#[inline(always)]
#[cfg(target_pointer_width = "64")]
pub const fn fits(spans: usize) -> bool {
    spans >> BITS == 0
}

/// Do all addresses whose [`span`]s were ORed together lie in user space? An address below 64 KiB wraps into the last
/// 64 KiB, where no user memory is either; ORing several may refuse a good set, never accept a bad one.
#[inline(always)]
#[cfg(target_pointer_width = "32")]
pub const fn fits(spans: usize) -> bool {
    spans < usize::MAX - 0xFFFF
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
        assert!(!fits(span(0xFFFF_8000_0000_0000)));
        for good in [0x1_0000, 0x7FFE_0000] {
            assert!(fits(span(good)), "{good:#x}");
        }
        let local = 0_u8;
        assert!(fits(span(&raw const local as usize)));
    }

    #[test]
    fn one_bad_address_spoils_the_union() {
        assert!(fits(span(0x1_0000) | span(0x20_0000)));
        assert!(!fits(span(0x1_0000) | span(8)));
    }
}
