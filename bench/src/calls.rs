//! The measured calls: loops around nothing but the call, which an instruction counter recognises by name.

use std::ptr;

use wsp::ffi;

use crate::library::{Library, Recv, Send};
use crate::variant::{Callee, Function, Mode, Variant};

/// The arguments of one call, in memory, as a caller's compiler would spill them.
#[repr(C)]
struct Arguments<F> {
    socket: ffi::SOCKET,
    buffers: ffi::LPWSABUF,
    count: u32,
    bytes: ffi::LPDWORD,
    flags: F,
    overlapped: ffi::LPWSAOVERLAPPED,
    routine: ffi::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    thread: ffi::LPWSATHREADID,
    errno: ffi::LPINT,
}

/// What the pointers point to. On cache lines of its own, so that two callers do not meet.
#[repr(C, align(128))]
struct Memory {
    data: [u8; 64],
    buffer: ffi::WSABUF,
    overlapped: ffi::WSAOVERLAPPED,
    bytes: u32,
    flags: u32,
    errno: i32,
}

/// One caller: its memory, its socket and whom it calls.
pub struct Caller<'l> {
    library: &'l Library,
    variant: Variant,
    socket: ffi::SOCKET,
    memory: Box<Memory>,
}

// SAFETY: the pointers in the memory point into that memory, which moves with the caller.
unsafe impl std::marker::Send for Caller<'_> {}

/// Declares the loops of one function. They are never inlined and keep their names: the counter is switched on by them.
/// The arguments are read anew for each call, since the callee may have changed them.
macro_rules! loops {
    ($direct:ident, $table:ident, $type:ty, $flags:ty, $member:ident) => {
        #[unsafe(no_mangle)]
        #[inline(never)]
        unsafe extern "C" fn $direct(function: $type, call: *const Arguments<$flags>, calls: u64) {
            for _ in 0..calls {
                // SAFETY: the caller of the loop vouches for the arguments.
                unsafe {
                    let a = &*call;
                    function(
                        a.socket,
                        a.buffers,
                        a.count,
                        a.bytes,
                        a.flags,
                        a.overlapped,
                        a.routine,
                        a.thread,
                        a.errno,
                    );
                }
            }
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        unsafe extern "C" fn $table(table: *const ffi::WSPPROC_TABLE, call: *const Arguments<$flags>, calls: u64) {
            for _ in 0..calls {
                // SAFETY: the caller of the loop vouches for the table and the arguments.
                unsafe {
                    let Some(function) = (*table).$member else { return };
                    let a = &*call;
                    function(
                        a.socket,
                        a.buffers,
                        a.count,
                        a.bytes,
                        a.flags,
                        a.overlapped,
                        a.routine,
                        a.thread,
                        a.errno,
                    );
                }
            }
        }
    };
}
loops!(measured_send_direct, measured_send_table, Send, u32, lpWSPSend);
loops!(measured_recv_direct, measured_recv_table, Recv, *mut u32, lpWSPRecv);

impl<'l> Caller<'l> {
    /// A caller with a socket of its own.
    ///
    /// # Errors
    /// The provider refuses to open one.
    pub fn new(library: &'l Library, variant: Variant) -> Result<Self, String> {
        let socket = match variant.callee {
            Callee::Winsock => Library::socket(&library.winsock)?,
            Callee::San => Library::socket(&library.san)?,
            _ => 0x1234,
        };
        // SAFETY: all zero is a valid `Memory`.
        let memory: Box<Memory> = Box::new(unsafe { std::mem::zeroed() });
        Ok(Self { library, variant, socket, memory })
    }

    /// Calls so many times, inside one of the measured loops.
    pub fn run(&mut self, calls: u64) {
        let memory: *mut Memory = &raw mut *self.memory;
        let library = self.library;
        let table: *const ffi::WSPPROC_TABLE = match self.variant.callee {
            Callee::Direct => ptr::null(),
            Callee::Table => &raw const library.bare_table,
            Callee::ByHand => &raw const library.by_hand,
            Callee::Checked => &raw const library.checked,
            Callee::Winsock => &raw const library.winsock,
            Callee::San => &raw const library.san,
        };
        // SAFETY: the arguments point into `memory`, which outlives the calls; the functions are those of the loaded library.
        unsafe {
            match (self.variant.function, table.is_null()) {
                (Function::Send, true) => measured_send_direct(library.bare.0, &self.arguments(memory, 0), calls),
                (Function::Send, false) => measured_send_table(table, &self.arguments(memory, 0), calls),
                (Function::Recv, direct) => {
                    let call = self.arguments(memory, &raw mut (*memory).flags);
                    if direct {
                        measured_recv_direct(library.bare.1, &call, calls);
                    } else {
                        measured_recv_table(table, &call, calls);
                    }
                }
            }
        }
    }

    /// Calls once and says whether the outcome is the one that the variant must have.
    ///
    /// # Errors
    /// The call came out differently: what is measured is not what is meant.
    pub fn verify(&mut self) -> Result<(), String> {
        (self.memory.errno, self.memory.bytes) = (-1, 0);
        self.run(1);
        let expected = match self.variant.mode {
            Mode::Synchronous => (0, 1),
            Mode::Overlapped => (wsp::code::WSA_IO_PENDING, 0),
        };
        let found = (self.memory.errno, self.memory.bytes);
        if found == expected {
            return Ok(());
        }
        Err(format!("{}: code and byte count are {found:?} instead of {expected:?}", self.variant))
    }

    fn arguments<F>(&self, memory: *mut Memory, flags: F) -> Arguments<F> {
        let overlapped = self.variant.mode == Mode::Overlapped;
        // SAFETY: members of the memory behind a good pointer.
        unsafe {
            (*memory).buffer = ffi::WSABUF { len: 64, buf: (&raw mut (*memory).data).cast() };
            Arguments {
                socket: self.socket,
                buffers: &raw mut (*memory).buffer,
                count: 1,
                bytes: &raw mut (*memory).bytes,
                flags,
                overlapped: if overlapped { &raw mut (*memory).overlapped } else { ptr::null_mut() },
                routine: None,
                thread: ptr::null_mut(),
                errno: &raw mut (*memory).errno,
            }
        }
    }
}
