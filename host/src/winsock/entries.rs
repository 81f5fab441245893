//! The catalog: which providers there are, in order, and which of them a socket call means.

use std::path::{Path, PathBuf};

use wsp::rt::Startable;
use wsp::{code, ffi, winsock};

use crate::session::stream_entry;
use crate::upcalls::catalog;

/// Where a provider comes from.
#[derive(Debug, Clone)]
pub(super) enum Module {
    /// Its library.
    File(PathBuf),
    /// This program: its start-up function.
    Linked(winsock::StartupPointer),
}

/// A catalog entry: a protocol, and the provider that has it.
#[derive(Clone)]
pub struct Entry {
    pub(super) info: ffi::WSAPROTOCOL_INFOW,
    pub(super) module: Module,
}

impl Entry {
    /// An entry for the provider in this library. Entries of one provider have the same `ProviderId`; the number of each entry
    /// is its own. Environment strings such as `%SystemRoot%` in the path are replaced when the library is loaded.
    pub fn new(info: ffi::WSAPROTOCOL_INFOW, library: impl AsRef<Path>) -> Self {
        Self { info, module: Module::File(library.as_ref().to_owned()) }
    }

    /// An entry for a provider that is linked into this program, by its type.
    pub fn linked<P: Startable<winsock::StartupPointer>>(info: ffi::WSAPROTOCOL_INFOW) -> Self {
        Self { info, module: Module::Linked(P::STARTUP) }
    }

    /// An entry for a provider that is linked into this program, by its start-up function.
    ///
    /// # Safety
    /// The function must keep to the interface.
    pub unsafe fn linked_by(info: ffi::WSAPROTOCOL_INFOW, startup: winsock::StartupPointer) -> Self {
        Self { info, module: Module::Linked(startup) }
    }

    /// The protocol of an entry for TCP over IPv4 that protocol 0 selects too, with a number and a `ProviderId` that no other
    /// entry in this process has.
    pub fn tcp() -> ffi::WSAPROTOCOL_INFOW {
        let mut info = stream_entry();
        info.dwProviderFlags = ffi::PFL_MATCHES_PROTOCOL_ZERO;
        catalog::identify(&mut info);
        info
    }

    /// Its protocol.
    pub fn info(&self) -> &ffi::WSAPROTOCOL_INFOW {
        &self.info
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.info.dwCatalogEntryId
    }

    /// Does `WSAEnumProtocols` show it?
    pub(super) fn is_visible(&self) -> bool {
        self.info.dwProviderFlags & ffi::PFL_HIDDEN == 0 && self.is_protocol()
    }

    /// A layer's own entry, of chain length 0, is no protocol that a socket could have.
    pub(super) fn is_protocol(&self) -> bool {
        self.info.ProtocolChain.ChainLen != 0
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({}, {:?})", self.id(), self.module)
    }
}

/// What a program asks for when it names no entry. Zero means any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub family: i32,
    pub socket_type: i32,
    pub protocol: i32,
}

impl Wanted {
    /// The entries that match, in the catalog's order, or the code that says what nobody has.
    pub fn among<'a>(self, entries: &'a [Entry]) -> Result<Vec<&'a Entry>, i32> {
        type Test = fn(Wanted, &ffi::WSAPROTOCOL_INFOW) -> bool;
        let steps: [(Test, i32); 3] = [
            (Self::has_family, code::WSAEAFNOSUPPORT),
            (Self::has_type, code::WSAESOCKTNOSUPPORT),
            (Self::has_protocol, code::WSAEPROTONOSUPPORT),
        ];
        let mut left: Vec<&'a Entry> = entries.iter().filter(|entry| entry.is_protocol()).collect();
        for (test, code) in steps {
            left.retain(|entry| test(self, &entry.info));
            if left.is_empty() {
                // Known to some entry, but not together with the rest.
                let known = entries.iter().any(|entry| test(self, &entry.info));
                let together = known && code == code::WSAEPROTONOSUPPORT;
                return Err(if together { code::WSAEPROTOTYPE } else { code });
            }
        }
        Ok(left)
    }

    fn has_family(self, info: &ffi::WSAPROTOCOL_INFOW) -> bool {
        self.family == ffi::AF_UNSPEC || self.family == info.iAddressFamily
    }

    fn has_type(self, info: &ffi::WSAPROTOCOL_INFOW) -> bool {
        self.socket_type == 0 || self.socket_type == info.iSocketType
    }

    /// Protocol 0 selects only entries that say so; an entry may stand for a range.
    fn has_protocol(self, info: &ffi::WSAPROTOCOL_INFOW) -> bool {
        let last = info.iProtocol.saturating_add(info.iProtocolMaxOffset);
        if self.protocol == 0 && info.dwProviderFlags & ffi::PFL_MATCHES_PROTOCOL_ZERO != 0 {
            return true;
        }
        (info.iProtocol..=last).contains(&self.protocol)
    }
}

/// The path with the values of the environment strings (`%NAME%`) in it. A name without a value stays as it is.
pub(super) fn expanded(path: &Path, value: impl Fn(&str) -> Option<String>) -> PathBuf {
    let Some(text) = path.to_str() else { return path.to_owned() };
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        match after.split_once('%').and_then(|(name, after)| Some((value(name)?, after))) {
            Some((value, after)) => {
                out.push_str(&value);
                rest = after;
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    PathBuf::from(out)
}

/// The entry of this number.
pub(super) fn numbered(entries: &[Entry], id: u32) -> Option<&Entry> {
    entries.iter().find(|entry| entry.id() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(family: i32, socket_type: i32, protocol: i32, flags: u32) -> Entry {
        let mut info = Entry::tcp();
        (info.iAddressFamily, info.iSocketType, info.iProtocol) = (family, socket_type, protocol);
        info.dwProviderFlags = flags;
        Entry::new(info, "none")
    }

    fn found(entries: &[Entry], family: i32, socket_type: i32, protocol: i32) -> Result<Vec<u32>, i32> {
        let wanted = Wanted { family, socket_type, protocol };
        wanted.among(entries).map(|found| found.into_iter().map(Entry::id).collect())
    }

    #[test]
    fn entries_match_by_family_type_and_protocol() {
        let zero = ffi::PFL_MATCHES_PROTOCOL_ZERO;
        let mut chain = entry(2, 1, 6, zero);
        chain.info.ProtocolChain.ChainLen = 0;
        let mut raw = entry(2, 3, 0, 0);
        raw.info.iProtocolMaxOffset = 255;
        let all = [chain, entry(2, 2, 17, zero), entry(2, 1, 6, 0), entry(2, 1, 6, zero | ffi::PFL_HIDDEN), raw];
        let ids: Vec<u32> = all.iter().map(Entry::id).collect();
        assert_eq!(found(&all, 2, 1, 6), Ok(vec![ids[2], ids[3]]), "in order, and no layer");
        assert_eq!(found(&all, 2, 1, 0), Ok(vec![ids[3]]), "only what says that 0 selects it");
        assert_eq!(found(&all, 0, 0, 0), Ok(vec![ids[1], ids[3], ids[4]]));
        assert_eq!(found(&all, 2, 3, 89), Ok(vec![ids[4]]), "a range");
        assert_eq!(found(&all, 2, 0, 17), Ok(vec![ids[1], ids[4]]));
        assert_eq!(found(&all, 23, 1, 6), Err(code::WSAEAFNOSUPPORT));
        assert_eq!(found(&all, 2, 5, 6), Err(code::WSAESOCKTNOSUPPORT));
        assert_eq!(found(&all, 2, 1, 300), Err(code::WSAEPROTONOSUPPORT));
        assert_eq!(found(&all, 2, 1, 17), Err(code::WSAEPROTOTYPE), "known, but not of this type");
        assert_eq!(found(&[], 0, 0, 0), Err(code::WSAEAFNOSUPPORT));
    }

    #[test]
    fn environment_strings_are_replaced_and_others_stay() {
        let value = |name: &str| (name == "Root").then(|| "/sys".to_owned());
        for (path, expected) in [
            ("%Root%/a.dll", "/sys/a.dll"),
            ("x%Root%%Root%", "x/sys/sys"),
            ("%Unknown%/a", "%Unknown%/a"),
            ("%Unknown%Root%", "%Unknown/sys"),
            ("100%", "100%"),
            ("plain", "plain"),
        ] {
            assert_eq!(expanded(Path::new(path), value), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn hidden_entries_and_layers_are_not_shown() {
        assert!(entry(2, 1, 6, 0).is_visible());
        assert!(!entry(2, 1, 6, ffi::PFL_HIDDEN).is_visible());
    }
}
