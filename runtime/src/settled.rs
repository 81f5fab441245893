//! Values that are in one register.
//!
//! The short path of a thunk has to do with the few registers that a call leaves it; each more is saved and restored. Left to
//! itself the compiler keeps the parts of an address, or a constant for several comparisons, in registers of their own.

/// The same value, of which the compiler knows no more how it came about: so it has it, whole, in a register.
#[cfg(not(loom))]
#[inline(always)]
pub fn settled(value: usize) -> usize {
    settled_address(std::ptr::without_provenance::<u8>(value)).addr()
}

/// As [`settled`], for an address.
#[inline(always)]
pub fn settled_address<T>(address: *const T) -> *const T {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"), not(miri)))]
    {
        let mut address = address;
        // SAFETY: no instruction at all.
        #[allow(clippy::pointers_in_nomem_asm_block, reason = "the address is kept, not followed")]
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) address, options(pure, nomem, nostack, preserves_flags));
        }
        address
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"), not(miri))))]
    address
}
