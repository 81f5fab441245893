//! What dispatch is measured with: two providers that do next to nothing, and peers beside them that do the same without
//! the generated code. All of it in one library, because thread-locals cost more in a loaded one than in a program.
//!
//! The work of every variant is one store of the flags. What the interface demands of each (the byte count, the code, the
//! pending result of an overlapped call) the peers do as well.

mod peers;
mod providers;
