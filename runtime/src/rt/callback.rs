//! Callbacks that a caller passes, callable in safe code.

use core::marker::PhantomData;
use core::ptr;

use crate::ffi;

/// A callback and the value that travels with it.
#[derive(Clone, Copy)]
pub struct Callback<'a, F> {
    function: F,
    context: usize,
    call: PhantomData<&'a ()>,
}

impl<F> core::fmt::Debug for Callback<'_, F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Callback(context {:#x})", self.context)
    }
}

impl<F> Callback<'_, Option<F>> {
    /// Lifts a callback that may not be NULL.
    ///
    /// # Safety
    /// The function must be callable, with `context`, during the call.
    pub const unsafe fn new(function: Option<F>, context: usize) -> Self {
        Self { function, context, call: PhantomData }
    }

    /// Lifts a callback that may be NULL.
    ///
    /// # Safety
    /// As for [`new`](Self::new).
    pub unsafe fn optional(function: Option<F>, context: usize) -> Option<Self> {
        // SAFETY: the caller's contract.
        function.map(|function| unsafe { Self::new(Some(function), context) })
    }
}

impl<F: Copy> Callback<'_, F> {
    /// The function as C has it.
    pub fn function(self) -> F {
        self.function
    }

    /// The value that travels with it.
    pub fn context(self) -> usize {
        self.context
    }
}

/// What a condition function is told of a connection request.
#[derive(Debug, Default)]
pub struct ConnectRequest<'a> {
    /// The peer's address, as a `sockaddr`; empty if unknown.
    pub caller: &'a [u8],
    /// Data that came with the request.
    pub caller_data: &'a [u8],
    /// The local address that the peer connected to, as a `sockaddr`.
    pub callee: &'a [u8],
}

/// What a condition function said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Accept the connection.
    Accept,
    /// Refuse it.
    Reject,
    /// Leave it waiting.
    Defer,
    /// Something that is none of these; the group it chose counts too.
    Invalid,
}

impl Callback<'_, ffi::LPCONDITIONPROC> {
    /// Asks the caller about a connection request. `reply` is the room for data that goes back with an acceptance; what was
    /// put there is returned beside the verdict, as its length.
    ///
    /// Hold no lock and leave no state half-changed: the function may call the provider.
    pub fn ask(self, request: &ConnectRequest<'_>, reply: &mut [u8]) -> (Verdict, usize) {
        let Some(function) = self.function else {
            return (Verdict::Accept, 0);
        };
        let mut caller = buffer(request.caller);
        let mut caller_data = buffer(request.caller_data);
        let mut callee = buffer(request.callee);
        let mut answer = ffi::WSABUF { len: clamp(reply.len()), buf: reply.as_mut_ptr().cast() };
        let mut group = 0;
        let present = |buffer: &mut ffi::WSABUF| {
            if buffer.len == 0 { ptr::null_mut() } else { ptr::from_mut(buffer) }
        };
        let (caller, caller_data) = (present(&mut caller), present(&mut caller_data));
        // SAFETY: callable by the contract of `new`; all pointers are to locals or to the caller's slices.
        let said = unsafe {
            function(
                caller,
                caller_data,
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut callee,
                &raw mut answer,
                &raw mut group,
                self.context,
            )
        };
        let verdict = match said {
            _ if group != 0 => Verdict::Invalid,
            ffi::CF_ACCEPT => Verdict::Accept,
            ffi::CF_REJECT => Verdict::Reject,
            ffi::CF_DEFER => Verdict::Defer,
            _ => Verdict::Invalid,
        };
        (verdict, (answer.len as usize).min(reply.len()))
    }
}

fn buffer(bytes: &[u8]) -> ffi::WSABUF {
    ffi::WSABUF { len: clamp(bytes.len()), buf: bytes.as_ptr().cast_mut().cast() }
}

fn clamp(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
