//! A value that is in a register.

/// The same value, of which the compiler knows no more how it came about, so that it has it in one register at this place.
///
/// The short path of a thunk has to do with the few registers that a call leaves it; each more is saved and restored. Left to
/// itself the compiler keeps several parts of an address, or a constant for all comparisons, in registers of their own.
#[inline(always)]
pub fn settled(value: usize) -> usize {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"), not(miri)))]
    {
        let mut value = value;
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"), not(miri))))]
    value
}
