//! Memory that peers may reach, by key and never by address.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::buffers::Region;
use super::fault::Fault;

/// What a peer may do with memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// It may be read.
    pub read: bool,
    /// It may be written.
    pub write: bool,
}

/// What a peer's descriptor names, as this side knows it. The peer checks all of it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    /// The key that the peer's transport gave it.
    pub key: u64,
    /// How many bytes.
    pub length: u64,
    /// What is allowed.
    pub access: Access,
}

/// The memory that one connection opens to its peer: what a transport's agent serves requests from.
///
/// Keys count up and are never used twice, so one that is late names nothing.
#[derive(Debug, Default)]
pub struct Exposures {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    newest: u64,
    open: HashMap<u64, (Region, Access)>,
}

impl Exposures {
    /// Opens memory. Returns its key.
    pub fn expose(&self, region: Region, access: Access) -> u64 {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.newest += 1;
        let key = table.newest;
        table.open.insert(key, (region, access));
        key
    }

    /// Closes memory. Whoever is copying has finished when this returns.
    ///
    /// # Errors
    /// [`Fault::BadClaim`] if the key is not in use.
    pub fn withdraw(&self, key: u64) -> Result<(), Fault> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.open.remove(&key).map(drop).ok_or(Fault::BadClaim)
    }

    /// Closes all of it.
    pub fn withdraw_all(&self) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).open.clear();
    }

    /// Is nothing open?
    pub fn is_empty(&self) -> bool {
        self.table.read().unwrap_or_else(PoisonError::into_inner).open.is_empty()
    }

    /// Writes what a peer sent.
    ///
    /// # Errors
    /// [`Fault::Access`] if the key is not in use, the memory is not open for writing, or any byte lies outside; nothing is
    /// written.
    pub fn write(&self, key: u64, offset: u64, data: &[u8]) -> Result<(), Fault> {
        self.with(
            key,
            offset,
            data.len(),
            |access| access.write,
            |part| {
                part.copy_from(0, data);
            },
        )
    }

    /// Reads what a peer wants.
    ///
    /// # Errors
    /// [`Fault::Access`] if the key is not in use, the memory is not open for reading, or any byte lies outside.
    pub fn read(&self, key: u64, offset: u64, to: &mut [u8]) -> Result<(), Fault> {
        self.with(
            key,
            offset,
            to.len(),
            |access| access.read,
            |part| {
                part.copy_to(0, to);
            },
        )
    }

    /// Runs `body` on a part of open memory, which stays open meanwhile.
    ///
    /// # Errors
    /// [`Fault::Access`] as for [`write`](Self::write).
    pub fn with(
        &self,
        key: u64,
        offset: u64,
        length: usize,
        allowed: impl FnOnce(Access) -> bool,
        body: impl FnOnce(Region),
    ) -> Result<(), Fault> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let (region, access) = table.open.get(&key).ok_or(Fault::Access)?;
        let offset = usize::try_from(offset).map_err(|_| Fault::Access)?;
        let part = region.part(offset, length).filter(|_| allowed(*access)).ok_or(Fault::Access)?;
        body(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOTH: Access = Access { read: true, write: true };

    fn region(block: &mut [u8]) -> Region {
        // SAFETY: the block outlives the exposure in every test.
        unsafe { Region::new(block.as_mut_ptr(), block.len()) }
    }

    proptest! {
        #[test]
        fn no_offset_and_length_reach_outside(offset: u64, near in 0_u64..40, length in 0_usize..40, wild: bool) {
            let mut block = [0_u8; 48];
            let exposures = Exposures::default();
            let key = exposures.expose(region(&mut block[8..40]), BOTH);
            let offset = if wild { offset } else { near };
            let inside = offset.checked_add(length as u64).is_some_and(|end| end <= 32);
            prop_assert_eq!(exposures.write(key, offset, &vec![1; length]).is_ok(), inside);
            prop_assert!(block[..8].iter().chain(&block[40..]).all(|byte| *byte == 0));
            prop_assert_eq!(block.iter().filter(|byte| **byte == 1).count(), if inside { length } else { 0 });
        }
    }

    #[test]
    fn access_is_what_was_allowed_and_ends_with_the_key() {
        let mut block = [0_u8; 4];
        let exposures = Exposures::default();
        let read_only = exposures.expose(region(&mut block), Access { read: true, write: false });
        assert_eq!(exposures.write(read_only, 0, &[1]), Err(Fault::Access));
        assert_eq!(exposures.read(read_only, 0, &mut [0; 4]), Ok(()));
        assert_eq!(exposures.withdraw(read_only), Ok(()));
        assert_eq!(exposures.withdraw(read_only), Err(Fault::BadClaim));
        assert_eq!(exposures.read(read_only, 0, &mut [0; 1]), Err(Fault::Access));
        assert!(exposures.expose(region(&mut block), BOTH) > read_only);
        exposures.withdraw_all();
        assert!(exposures.is_empty());
    }
}
