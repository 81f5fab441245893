//! The entry points of a provider as data, and calling them with machine words.

include!(concat!(env!("OUT_DIR"), "/fuzz_entries.rs"));

/// Most parameters that a function has.
pub const MOST: usize = 12;

/// The entry of a function.
pub fn find(profile: &str, function: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.profile == profile && entry.function == function)
}

impl Entry {
    /// Profile and function: `winsock.WSPSend`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.profile, self.function)
    }
}

/// Calls a function whose parameters and result are integers or pointers, one machine word each. A narrower result stands in
/// the low bits of what is returned; the others mean nothing.
///
/// # Safety
/// `function` is the address of a function with as many such parameters, and the words are good for it.
///
/// # Panics
/// There are more than [`MOST`] words.
#[cfg(target_arch = "x86_64")]
pub unsafe fn invoke(function: usize, words: &[usize]) -> usize {
    macro_rules! by_arity {
        ($($arity:literal: $($at:literal)*;)*) => {
            match words.len() {
                $($arity => {
                    type Raw = unsafe extern "system" fn($(one!($at)),*) -> usize;
                    // SAFETY: the caller says that it is a function of so many words. On x86-64 every integer and pointer is
                    // passed in a register or slot of eight bytes, whatever its width, so a narrower parameter finds itself
                    // in the low bits of its word.
                    let function = unsafe { core::mem::transmute::<usize, Raw>(function) };
                    // SAFETY: the caller's contract.
                    unsafe { function($(words[$at]),*) }
                })*
                more => panic!("no function has {more} parameters"),
            }
        };
    }
    macro_rules! one {
        ($at:literal) => {
            usize
        };
    }
    by_arity! {
        0: ;
        1: 0;
        2: 0 1;
        3: 0 1 2;
        4: 0 1 2 3;
        5: 0 1 2 3 4;
        6: 0 1 2 3 4 5;
        7: 0 1 2 3 4 5 6;
        8: 0 1 2 3 4 5 6 7;
        9: 0 1 2 3 4 5 6 7 8;
        10: 0 1 2 3 4 5 6 7 8 9;
        11: 0 1 2 3 4 5 6 7 8 9 10;
        12: 0 1 2 3 4 5 6 7 8 9 10 11;
    }
}
