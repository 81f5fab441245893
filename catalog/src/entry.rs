//! One item of the catalog.

use std::fmt;

use uuid::Uuid;
use wsp::ffi;

use crate::info;

/// Bytes of an item as the registry keeps it.
pub const PACKED: usize = PATH + info::SIZE;
/// Bytes of its path, the terminating zero included.
pub const PATH: usize = 260;

/// One item of the catalog: the path of a provider's library and what the provider offers. It keeps the 888 bytes as they were, what stands
/// behind the zero of a string included.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry(Box<[u8; PACKED]>);

/// Why there cannot be such an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The path has no place in the item.
    #[error("the path is {0} bytes long, and the catalog keeps at most {max}: put the library somewhere shorter", max = PATH - 1)]
    PathTooLong(usize),
    /// The item keeps ANSI, and which ANSI depends on the machine.
    #[error(
        "the path `{0}` has characters beyond ASCII, which the catalog cannot be trusted to keep: use another folder or the short (8.3) name"
    )]
    PathNotAscii(String),
    /// The path is empty or has a zero inside.
    #[error("the path is empty or holds a zero character")]
    PathInvalid,
}

impl Entry {
    /// An entry of this path (in which `%NAME%` stands for an environment variable) and this description.
    ///
    /// # Errors
    /// When the path is empty, longer than 259 bytes, or not ASCII.
    pub fn new(path: &str, description: &ffi::WSAPROTOCOL_INFOW) -> Result<Self, EntryError> {
        let mut entry = Self(Box::new([0; PACKED]));
        entry.set_info(description);
        entry.set_path(path)?;
        Ok(entry)
    }

    /// An entry that the system tells of; of a path that has no place in it as much as fits.
    #[cfg(windows)]
    pub(crate) fn told(path: &str, description: &ffi::WSAPROTOCOL_INFOW) -> Self {
        let mut entry = Self(Box::new([0; PACKED]));
        entry.set_info(description);
        let bytes = path.as_bytes();
        let length = bytes.len().min(PATH - 1);
        entry.0[..length].copy_from_slice(&bytes[..length]);
        entry
    }

    /// An entry that was kept as these bytes.
    pub fn from_packed(bytes: [u8; PACKED]) -> Self {
        Self(Box::new(bytes))
    }

    /// The bytes as they are kept.
    pub fn packed(&self) -> &[u8; PACKED] {
        &self.0
    }

    /// The path up to its zero, `%NAME%` unexpanded. Bytes beyond ASCII that are not UTF-8 are shown as Latin-1.
    pub fn path(&self) -> String {
        let bytes = &self.0[..PATH];
        let text = &bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(PATH)];
        match std::str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(_) => text.iter().map(|byte| char::from(*byte)).collect(),
        }
    }

    /// Replaces the path.
    ///
    /// # Errors
    /// When the path is empty, longer than 259 bytes, or not ASCII.
    pub fn set_path(&mut self, path: &str) -> Result<(), EntryError> {
        if path.is_empty() || path.contains('\0') {
            return Err(EntryError::PathInvalid);
        }
        if !path.is_ascii() {
            return Err(EntryError::PathNotAscii(path.to_owned()));
        }
        if path.len() >= PATH {
            return Err(EntryError::PathTooLong(path.len()));
        }
        self.0[..PATH].fill(0);
        self.0[..path.len()].copy_from_slice(path.as_bytes());
        Ok(())
    }

    /// The description, as `WSPStartup` is given it.
    pub fn info(&self) -> ffi::WSAPROTOCOL_INFOW {
        info::decode(self.description())
    }

    /// Replaces the description.
    pub fn set_info(&mut self, description: &ffi::WSAPROTOCOL_INFOW) {
        self.0[PATH..].copy_from_slice(&info::encode(description));
    }

    pub(crate) fn description(&self) -> &[u8; info::SIZE] {
        self.0.last_chunk().expect("an item is longer than its description")
    }

    /// Its number in the catalog.
    pub fn id(&self) -> u32 {
        info::id(self.description())
    }

    /// Gives it another number.
    pub fn set_id(&mut self, id: u32) {
        self.change(|info| info.dwCatalogEntryId = id);
    }

    /// Identifies the provider, which may have several entries.
    pub fn provider(&self) -> Uuid {
        info::provider(self.description())
    }

    /// Makes it an entry of another provider.
    pub fn set_provider(&mut self, provider: Uuid) {
        self.change(|info| info.ProviderId = info::guid(provider));
    }

    /// The numbers of the entries that this one is a chain of, topmost first; empty for what is no chain.
    pub fn chain(&self) -> Vec<u32> {
        let info = self.info();
        match usize::try_from(info.ProtocolChain.ChainLen) {
            Ok(length @ 2..) => info.ProtocolChain.ChainEntries.iter().copied().take(length).collect(),
            _ => Vec::new(),
        }
    }

    /// Its name for people.
    pub fn name(&self) -> String {
        let info = self.info();
        let length = info.szProtocol.iter().position(|unit| *unit == 0).unwrap_or(info.szProtocol.len());
        String::from_utf16_lossy(&info.szProtocol[..length])
    }

    /// Changes the description.
    pub fn change(&mut self, change: impl FnOnce(&mut ffi::WSAPROTOCOL_INFOW)) {
        let mut info = self.info();
        change(&mut info);
        self.set_info(&info);
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id())
            .field("provider", &self.provider())
            .field("chain", &self.chain())
            .field("path", &self.path())
            .field("name", &self.name())
            .finish()
    }
}
