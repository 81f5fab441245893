//! Values that are in one register.
//!
//! The short path of a thunk has to do with the few registers that a call leaves it; each more is saved and restored. Left to
//! itself the compiler keeps the parts of an address, or a constant for several comparisons, in registers of their own, and
//! loads an atomic word before it compares it.

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

/// As [`settled`], for a reference.
#[inline(always)]
pub fn settled_ref<T>(value: &T) -> &T {
    let address = settled_address(value);
    // SAFETY: it is what it was.
    unsafe {
        std::hint::assert_unchecked(!address.is_null());
        &*address
    }
}

/// The number one, as if the compiler did not know. What was found to be one need not be kept to be passed on.
#[cfg(not(loom))]
#[inline(always)]
pub fn one() -> u32 {
    settled(1) as u32
}

/// Does the value have a bit from this one on?
#[cfg(all(not(loom), target_pointer_width = "64"))]
#[inline(always)]
pub fn reaches<const BIT: u32>(value: usize) -> bool {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        // SAFETY: changes a copy of the value alone.
        unsafe {
            std::arch::asm!(
                "shr {value}, {bit}",
                "jnz {found}",
                value = inout(reg) value => _,
                bit = const BIT,
                found = label { return true },
                options(nomem, nostack),
            );
        }
        false
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        value >> BIT != 0
    }
}
