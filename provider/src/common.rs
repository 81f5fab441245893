//! Words that all processes see that have one socket.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use wsp::transport::{COMMON, Common, Fault};

use crate::os::Descriptor;
use crate::os::memory::{self, Mapping};
use crate::place::{Place, Shared};

/// A page: no system maps less.
const SIZE: usize = 4096;

/// The words, from the start of the page.
#[derive(Debug)]
#[repr(C)]
struct Words([AtomicU64; COMMON]);

// SAFETY: atomics only.
unsafe impl Shared for Words {}

/// The words, and the memory that they are in.
#[derive(Debug)]
pub struct Page {
    file: Descriptor,
    words: Place<Words>,
}

impl Page {
    /// New words, all 0.
    ///
    /// # Errors
    /// [`Fault::NoBuffers`] and whatever else keeps the system from giving memory.
    pub fn create() -> Result<Arc<dyn Common>, Fault> {
        Self::map(memory::create("wsp-socket", SIZE)?)
    }

    /// Words that another process has passed.
    ///
    /// # Errors
    /// [`Fault::BadClaim`] if it is no such memory.
    pub fn adopt(file: Descriptor) -> Result<Arc<dyn Common>, Fault> {
        memory::check(&file, SIZE).map_err(|_| Fault::BadClaim)?;
        Self::map(file)
    }

    fn map(file: Descriptor) -> Result<Arc<dyn Common>, Fault> {
        let words = Place::new(&Arc::new(Mapping::new(&file, SIZE)?), 0);
        Ok(Arc::new(Self { file, words }))
    }

    /// Another descriptor of words that [`create`](Self::create) or [`adopt`](Self::adopt) made.
    ///
    /// # Errors
    /// [`Fault::NotSupported`] for words of another make.
    pub fn duplicate(common: &dyn Common) -> Result<Descriptor, Fault> {
        let common: &dyn std::any::Any = common;
        let page = common.downcast_ref::<Self>().ok_or(Fault::NotSupported)?;
        memory::duplicate(&page.file)
    }
}

impl Common for Page {
    fn words(&self) -> &[AtomicU64; COMMON] {
        &self.words.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn who_adopts_them_sees_the_same_words() {
        let ours = Page::create().unwrap();
        let theirs = Page::adopt(Page::duplicate(&*ours).unwrap()).unwrap();
        ours.words()[COMMON - 1].store(7, Ordering::Relaxed);
        assert_eq!(theirs.words()[COMMON - 1].load(Ordering::Relaxed), 7);
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(Page::adopt(file.into()).err(), Some(Fault::BadClaim), "no memory of that kind");
    }
}
