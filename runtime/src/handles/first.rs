//! The slot that a thread's look-ups use first: one thread-local word, which the hot path of every call reads.

pub(super) use imp::{first, set_first};

use super::hazard::Slot;

/// A slot that always seems to be taken.
#[cfg(not(loom))]
static TAKEN: Slot = Slot::new(std::ptr::without_provenance_mut(1));

#[cfg(not(loom))]
pub(super) const fn taken() -> &'static Slot {
    &TAKEN
}
#[cfg(loom)]
pub(super) fn taken() -> &'static Slot {
    Box::leak(Box::new(Slot::new(std::ptr::without_provenance_mut(1))))
}

/// In a loaded library the compiler reaches a thread-local by a call that may change every register a call may, so that each
/// thunk would save its arguments first. The processor's ABI also has a call that changes none but its result, by "TLS
/// descriptor"; compilers use it when asked, which an author's build is not. What it gives is the variable's distance from the
/// thread's own address. Where the loader found room among the thread-locals of the program for the library's (120 bytes where
/// nothing is linked but this crate; glibc keeps 512 for all that are loaded later), that is one number for all threads: it is
/// kept, and look-ups make no call at all. Where it found none every look-up is the long one: as right, and some 250
/// instructions slower.
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri), not(loom)))]
mod imp {
    use std::arch::{asm, global_asm};

    use super::{Slot, TAKEN};

    /// The variable's name. Two versions of this crate in one library have one each.
    macro_rules! name {
        () => {
            concat!(
                "wsp_first_slot_",
                env!("CARGO_PKG_VERSION_MAJOR"),
                "_",
                env!("CARGO_PKG_VERSION_MINOR"),
                "_",
                env!("CARGO_PKG_VERSION_PATCH")
            )
        };
    }

    // A thread-local `&'static Slot` that begins as `&TAKEN`. Other crates' copies of the inlined look-up name it too.
    global_asm!(
        concat!(".pushsection .tdata.", name!(), ",\"awT\",@progbits"),
        concat!(".globl ", name!()),
        concat!(".hidden ", name!()),
        concat!(".type ", name!(), ",@object"),
        concat!(".size ", name!(), ",8"),
        ".p2align 3",
        concat!(name!(), ":"),
        ".quad {taken}",
        ".popsection",
        // The variable's distance from the thread's own address, or 0 while that is not known, or not the same for all threads.
        // A thread's own address is at distance 0 by the ABI, so what is found there is a word that is not null: a slot that is
        // taken.
        concat!(".pushsection .bss.", name!(), "_distance,\"aw\",@nobits"),
        concat!(".globl ", name!(), "_distance"),
        concat!(".hidden ", name!(), "_distance"),
        concat!(".type ", name!(), "_distance,@object"),
        concat!(".size ", name!(), "_distance,8"),
        ".p2align 3",
        concat!(name!(), "_distance:"),
        ".zero 8",
        ".popsection",
        taken = sym TAKEN,
        options(att_syntax),
    );

    /// The calling thread's first slot, taken or not.
    #[inline(always)]
    pub(in super::super) fn first() -> Option<&'static Slot> {
        let slot: *const Slot;
        // SAFETY: at the distance is a `&'static Slot` that only this thread reaches; at distance 0, the thread's own address,
        // which is valid as long as the thread is, and holds itself. Nothing but the result is changed.
        unsafe {
            asm!(
                concat!("movq ", name!(), "_distance(%rip), {slot}"),
                "movq %fs:({slot}), {slot}",
                slot = out(reg) slot,
                options(att_syntax, nostack, preserves_flags, readonly),
            );
            std::hint::assert_unchecked(!slot.is_null());
            Some(&*slot)
        }
    }

    /// Makes `slot` the calling thread's first.
    #[cold]
    pub(in super::super) fn set_first(slot: &'static Slot) {
        let (descriptor, distance): (*const [isize; 2], isize);
        // SAFETY: the sequence that the ABI gives: it leaves the variable's distance from the thread's own address in rax and
        // changes nothing else but flags. What is stored is a `&'static Slot`, and only this thread reaches the variable.
        unsafe {
            asm!(
                concat!("leaq ", name!(), "@tlsdesc(%rip), %rax"),
                "movq %rax, {descriptor}",
                concat!("callq *", name!(), "@tlscall(%rax)"),
                "movq {slot}, %fs:(%rax)",
                slot = in(reg) slot,
                descriptor = out(reg) descriptor,
                out("rax") distance,
                // The first access of a thread may allocate, in which older C libraries keep only general registers.
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(att_syntax),
            );
        }
        // In a program linkers make something shorter of the sequence: then the first instruction gives the distance itself.
        // Else the second word of the descriptor is the distance, if that is the same for all threads, or an address. Distances
        // of that kind are below 0, and addresses are not.
        // SAFETY: if it is not the distance it is the descriptor's address, and nobody writes to one that has been used.
        let is_same_for_all =
            distance < 0 && (descriptor.addr().cast_signed() == distance || unsafe { (*descriptor)[1] } == distance);
        if is_same_for_all {
            // SAFETY: one aligned word, to which all threads write the same.
            unsafe {
                asm!(
                    concat!("movq {distance}, ", name!(), "_distance(%rip)"),
                    distance = in(reg) distance,
                    options(att_syntax, nostack, preserves_flags),
                );
            }
        }
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", not(miri), not(loom))))]
mod imp {
    use std::cell::Cell;

    use super::super::sync::thread_local;
    use super::{Slot, taken};

    #[cfg(not(loom))]
    thread_local!(static FIRST: Cell<&'static Slot> = const { Cell::new(taken()) });
    #[cfg(loom)]
    thread_local!(static FIRST: Cell<&'static Slot> = Cell::new(taken()));

    /// The calling thread's first slot, taken or not.
    #[inline(always)]
    pub(in super::super) fn first() -> Option<&'static Slot> {
        FIRST.try_with(Cell::get).ok()
    }

    /// Makes `slot` the calling thread's first.
    pub(in super::super) fn set_first(slot: &'static Slot) {
        // An error means that the thread is exiting: then `first` fails as well.
        let _ = FIRST.try_with(|first| first.set(slot));
    }
}
