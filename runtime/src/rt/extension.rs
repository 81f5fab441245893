//! Handing extension functions out by GUID.

use super::memory::{Bytes, BytesOut};
use crate::ffi;

/// What a profile has for a GUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// The function's address.
    Pointer(usize),
    /// The profile has such a function, this provider does not offer it.
    LeftOut,
    /// No extension function of the profile; the provider may know it.
    Unknown,
}

/// What became of a request for an extension function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The pointer was stored; its size in bytes.
    Given(usize),
    /// Not offered by this provider.
    LeftOut,
    /// A buffer is missing or too small.
    Short,
    /// Not an extension function of the profile: the provider is to be asked.
    NotOurs,
}

/// Looks the GUID up and stores the pointer.
pub fn extension_door(guid: Bytes<'_>, pointer: BytesOut<'_>, lookup: fn(&ffi::GUID) -> Extension) -> Door {
    let Some(guid) = guid.read::<ffi::GUID>() else {
        return Door::Short;
    };
    match lookup(&guid) {
        Extension::Pointer(address) => match pointer.write(address) {
            Ok(()) => Door::Given(size_of::<usize>()),
            Err(_) => Door::Short,
        },
        Extension::LeftOut => Door::LeftOut,
        Extension::Unknown => Door::NotOurs,
    }
}

/// Are these the same GUID?
pub fn same_guid(one: &ffi::GUID, other: &ffi::GUID) -> bool {
    (one.Data1, one.Data2, one.Data3, one.Data4) == (other.Data1, other.Data2, other.Data3, other.Data4)
}
