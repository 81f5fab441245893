//! Providers made from the spec that do nothing but touch their arguments and answer as they are told.

use std::cell::Cell;

use wsp::rt::{
    BufferEntry, Buffers, BuffersOut, Bytes, BytesOut, Callback, Code, ErrorList, In, InOut, Opened, Out, Outcome,
    Overlapped, Pod, SizedOut, SocketSet, WideOut, WideStr,
};

include!(concat!(env!("OUT_DIR"), "/probe.rs"));

/// What a probe answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// With a sample of every result.
    Done,
    /// With this code, or the fallback if the function does not list it.
    Fail(i32),
    /// That the operation is pending. What cannot be pending is done.
    Pending,
    /// By a panic.
    Panic,
}

thread_local! {
    static ANSWER: Cell<Answer> = const { Cell::new(Answer::Done) };
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

/// Makes the probes answer so on this thread while `body` runs.
pub fn answer_with<R>(answer: Answer, body: impl FnOnce() -> R) -> R {
    let before = ANSWER.replace(answer);
    let result = body();
    ANSWER.set(before);
    result
}

/// How many calls have reached a probe on this thread.
pub fn asked() -> usize {
    ASKED.get()
}

/// The panics of probes are of this type.
#[derive(Debug)]
pub struct Told;

/// Keeps the panics of probes from the error output, once for the process.
pub fn silence_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Told>() {
                hook(info);
            }
        }));
    });
}

fn answer<T: Sample, E: ErrorList>() -> Result<T, E> {
    ASKED.set(ASKED.get() + 1);
    match ANSWER.get() {
        Answer::Done => Ok(T::sample()),
        Answer::Pending => Ok(T::pending()),
        Answer::Fail(code) => Err(E::or_fallback(Code(code))),
        Answer::Panic => std::panic::panic_any(Told),
    }
}

/// The answer of a function that cannot fail: it can only be done, or panic.
fn answer_always<T: Sample>() -> Result<T, std::convert::Infallible> {
    ASKED.set(ASKED.get() + 1);
    match ANSWER.get() {
        Answer::Panic => std::panic::panic_any(Told),
        _ => Ok(T::sample()),
    }
}

fn start<T, E: ErrorList>(make: impl FnOnce() -> T) -> Result<T, E> {
    match ANSWER.get() {
        Answer::Done | Answer::Pending => Ok(make()),
        Answer::Fail(code) => Err(E::or_fallback(Code(code))),
        Answer::Panic => std::panic::panic_any(Told),
    }
}

/// A result to answer with.
pub trait Sample: Sized {
    /// One that is easily told from nothing.
    fn sample() -> Self;
    /// The operation goes on, if it can.
    fn pending() -> Self {
        Self::sample()
    }
}

macro_rules! samples {
    ($($ty:ty: $value:expr),*) => { $(
        impl Sample for $ty {
            fn sample() -> Self {
                $value
            }
        }
    )* };
}
samples!(
    (): (), u32: 0x51, i32: 0x52, usize: 0x53, Opened<()>: Opened::New(()),
    wsp::ffi::WSAPROTOCOL_INFOW: wsp::rt::zeroed(), wsp::ffi::WSANETWORKEVENTS: wsp::rt::zeroed()
);

impl<T> Sample for *mut T {
    fn sample() -> Self {
        std::ptr::null_mut()
    }
}

impl<T: Sample> Sample for Outcome<T> {
    fn sample() -> Self {
        Self::Done(T::sample())
    }

    fn pending() -> Self {
        Self::Pending
    }
}

/// Reads all that comes in and writes all that goes out, so that a wrong length or address shows.
pub trait Touch {
    /// Does so.
    fn touch(&self);
}

macro_rules! nothing {
    ($($ty:ty),*) => { $(
        impl Touch for $ty {
            fn touch(&self) {}
        }
    )* };
}
nothing!(u16, u32, u64, i32, i64, usize, isize);

impl<T> Touch for *mut T {
    fn touch(&self) {}
}

impl<T> Touch for *const T {
    fn touch(&self) {}
}

impl<T: Touch> Touch for Option<T> {
    fn touch(&self) {
        if let Some(inner) = self {
            inner.touch();
        }
    }
}

impl<T: Pod> Touch for In<'_, T> {
    fn touch(&self) {
        std::hint::black_box(self.read());
    }
}

impl<T: Pod> Touch for Out<'_, T> {
    fn touch(&self) {
        self.write(self.read());
    }
}

impl<T: Pod> Touch for InOut<'_, T> {
    fn touch(&self) {
        self.write(self.read());
    }
}

impl Touch for Bytes<'_> {
    fn touch(&self) {
        std::hint::black_box(self.to_vec());
    }
}

impl Touch for BytesOut<'_> {
    fn touch(&self) {
        let before = self.contents().to_vec();
        assert_eq!(self.copy_from(0, &before), before.len());
    }
}

impl Touch for SizedOut<'_> {
    fn touch(&self) {
        let _ = self.put(&vec![0; self.capacity()]);
    }
}

impl Touch for WideOut<'_> {
    fn touch(&self) {
        let _ = self.put(&"x".repeat(self.capacity().saturating_sub(1)));
    }
}

impl Touch for WideStr<'_> {
    fn touch(&self) {
        std::hint::black_box(self.to_string_lossy());
    }
}

impl<B: BufferEntry> Touch for Buffers<'_, B> {
    fn touch(&self) {
        self.iter().for_each(|piece| piece.touch());
    }
}

impl<B: BufferEntry> Touch for BuffersOut<'_, B> {
    fn touch(&self) {
        self.iter().for_each(|piece| piece.touch());
    }
}

impl Touch for SocketSet<'_> {
    fn touch(&self) {
        self.retain(|_| true);
    }
}

impl Touch for Overlapped<'_> {
    fn touch(&self) {
        std::hint::black_box(self.event());
    }
}

impl<F: Copy> Touch for Callback<'_, F> {
    fn touch(&self) {
        std::hint::black_box(self.context());
    }
}

/// The error list of one function.
#[derive(Debug)]
pub struct Errors {
    /// C name of the function.
    pub function: &'static str,
    /// All codes.
    pub codes: fn() -> Vec<i32>,
    /// From any code to one of the list.
    pub convert: fn(i32) -> i32,
}

impl Errors {
    const fn of<E: ErrorList + From<Code>>() -> Self {
        Self {
            function: E::FUNCTION,
            codes: || E::ALL.iter().map(|error| error.code()).collect(),
            convert: |code| E::from(Code(code)).code(),
        }
    }
}
